//! `people allow`: leave to make records for the user.

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::paid::Paid;
use crate::cli::values::until;

/// Let somebody make records for you, such as prescriptions.
///
/// The records are yours: you say who else may read them, and you can take over their key with `rekey`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal people allow \"Dr. Noor Haddad\" --until 30d
  chartseal people allow \"Dr. Noor Haddad\" --withdraw")]
pub(crate) struct Args {
    /// Their name or account
    person: String,

    /// Until when: 2027-12-31, 2027-12-31T18:00, or a time from now such as 30d; without it, until you end it
    #[arg(long, value_name = "WHEN", value_parser = until, conflicts_with = "withdraw")]
    until: Option<u64>,

    /// Do not let them any more
    #[arg(long)]
    withdraw: bool,
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let person = session.find_person(&self.person)?;
        let receipts = if self.withdraw {
            session.disallow_deposits(person.address).await?
        } else {
            session.allow_deposits(person.address, self.until).await?
        };
        app.tell(&session, &Paid { person, receipts }).await
    }
}
