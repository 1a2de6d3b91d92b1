//! `deny`: a request turned down.

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::paid::Paid;

/// Turn a request down.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal deny \"CT of the chest\" \"Remy Okafor\"")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,

    /// Who asks
    person: String,
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let person = session.find_person(&self.person)?;
        let receipts = session.deny(id, person.address).await?;
        app.tell(&session, &Paid { person, receipts }).await
    }
}
