//! `people vouch`: a statement about somebody's role.

use crate::chain::Role;
use crate::cli::app::App;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::paid::Paid;
use crate::cli::values::until;

/// State on the registry that somebody has a role.
///
/// Whoever relies on you (`people trust`) then takes them for what they say they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal people vouch \"Dr. Noor Haddad\" doctor --until 365d
  chartseal people vouch \"Dr. Noor Haddad\" --withdraw")]
pub(crate) struct Args {
    /// Their name or account
    person: String,

    /// The role that they have
    #[arg(required_unless_present = "withdraw", conflicts_with = "withdraw")]
    role: Option<Role>,

    /// Until when: 2027-12-31, 2027-12-31T18:00, or a time from now such as 365d
    #[arg(long, value_name = "WHEN", value_parser = until, conflicts_with = "withdraw")]
    until: Option<u64>,

    /// Take your statement back
    #[arg(long)]
    withdraw: bool,
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let person = session.find_person(&self.person)?;
        let receipts = match (self.withdraw, self.role) {
            (true, _) => session.withdraw_vouch(person.address).await?,
            (false, Some(role)) => session.vouch(person.address, role, self.until).await?,
            (false, None) => {
                return Err(Failure::usage(
                    "no role was given",
                    "Name the role, or add --withdraw.",
                ));
            }
        };
        app.tell(&session, &Paid { person, receipts }).await
    }
}
