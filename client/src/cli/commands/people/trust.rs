//! `people trust`: whose vouching counts.

use super::list::Shown;
use crate::cli::app::App;
use crate::cli::failure::Outcome;

/// Rely on somebody's vouching for doctors, pharmacists and others.
///
/// A hospital, a chamber or a colleague states on the registry who is a doctor. Whom of them you believe is
/// yours to say; it stays on this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal people trust \"City Hospital\"")]
pub(crate) struct Args {
    /// Their name or account
    person: String,

    /// Do not rely on them any more
    #[arg(long)]
    withdraw: bool,
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        let (profile, _) = app.profile()?;
        let person = profile.change_people(|book| {
            let address = book.find(&self.person)?.address;
            book.set_trusted_voucher(&address, !self.withdraw)?;
            book.find(&self.person).cloned()
        })?;
        app.show(&Shown(person))
    }
}
