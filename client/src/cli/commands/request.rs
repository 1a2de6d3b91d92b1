//! `request`: asking for access.

use crate::chain::{AccessLevel, Purpose};
use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::paid::Paid;

/// Ask a record's owner for access.
///
/// The owner sees who asks, what for, and your note, which nobody else can read.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: chartseal request 3fa9c2d1… --purpose research --note \"For the lung study\"")]
pub(crate) struct Args {
    /// The record's id
    record: String,

    /// What you ask for
    #[arg(long, value_name = "RIGHT", default_value = "read")]
    access: AccessLevel,

    /// What for
    #[arg(long, value_name = "PURPOSE", default_value = "treatment")]
    purpose: Purpose,

    /// A few words for the owner
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,

    /// Take your request back
    #[arg(long)]
    withdraw: bool,
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let receipts = if self.withdraw {
            session.withdraw_request(id).await?
        } else {
            session
                .request(id, self.access, self.purpose, &self.note)
                .await?
        };
        app.tell(
            &session,
            &Paid {
                person: session.info(id).await?.owner,
                receipts,
            },
        )
        .await
    }
}
