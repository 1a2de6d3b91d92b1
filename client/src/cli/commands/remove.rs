//! `remove`: the end of a record.

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::money::bill;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::records::Erased;

/// Remove a record for good.
///
/// Its ciphertext is deleted and nobody can open it any more. That it existed stays on the chain.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal remove \"Blood test, March\"")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,
}

impl Report for Erased {
    fn text(&self) -> String {
        let mut rows = vec![("removed", self.id.to_string())];
        rows.extend(
            self.left_behind
                .iter()
                .map(|object| ("not deleted", object.clone())),
        );
        rows.push(("paid", bill(&self.receipts)));
        fields(&rows)
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let record = session.info(id).await?;
        let title = record.title.unwrap_or_else(|| id.to_string());
        app.confirm(&format!("Remove {title} for good?"))?;
        app.tell(&session, &session.remove(id).await?).await
    }
}
