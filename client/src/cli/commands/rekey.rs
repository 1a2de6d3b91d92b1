//! `rekey`: a new key for a record.

use crate::cli::app::App;
use crate::cli::failure::Outcome;

/// Encrypt a record anew under another key; everybody who may open it gets the new one.
///
/// For a record that somebody deposited for you, whose first key was theirs, and whenever a key may have
/// been seen by others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal rekey \"Metformin prescription\"")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        app.tell(&session, &session.rekey(id, None).await?).await
    }
}
