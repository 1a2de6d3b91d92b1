//! `people remove`: out of the address book.

use super::list::Shown;
use crate::cli::app::App;
use crate::cli::failure::Outcome;

/// Take somebody out of the address book.
///
/// What you shared with them stays shared: end that with `chartseal revoke`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal people remove \"Ada Lovelace\"")]
pub(crate) struct Args {
    /// Their name or account
    person: String,
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        let (profile, _) = app.profile()?;
        let name = profile.people()?.find(&self.person)?.name.clone();
        app.confirm(&format!("Take {name} out of the address book?"))?;
        app.show(&Shown(
            profile.change_people(|book| book.remove(&self.person))?,
        ))
    }
}
