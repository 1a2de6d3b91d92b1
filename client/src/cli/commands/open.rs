//! `open`: a record's content.

use std::path::PathBuf;

use crate::chain::Purpose;
use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::money::bill;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::cli::values;
use crate::records::{Open, Opened, Target};

/// Fetch, check and decrypt a record.
///
/// Nothing is written unless all of it is what its author sealed. With --log you state on the registry that
/// you opened it, as your agreement with the patient may ask of you.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal open \"Blood test, March\"
  chartseal open 3fa9c2 --output blood.pdf --log treatment")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,

    /// Where to; without it, the record's title in this folder
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the file if there is one
    #[arg(long)]
    replace: bool,

    /// State on the registry that you opened it, and what for: the purpose you were granted, or emergency
    #[arg(long, value_name = "PURPOSE")]
    log: Option<Purpose>,
}

impl Report for Opened {
    fn text(&self) -> String {
        let mut rows = vec![
            ("record", self.id.to_string()),
            ("title", self.title.clone()),
            ("version", self.version.to_string()),
            ("kind", self.media_type.clone()),
            ("length", values::size(self.content_len)),
            ("file", self.path.display().to_string()),
        ];
        if !self.receipts.is_empty() {
            rows.push(("paid", bill(&self.receipts)));
        }
        fields(&rows)
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let target = self
            .output
            .map_or_else(|| Target::Folder(PathBuf::from(".")), Target::File);
        app.tell(
            &session,
            &session
                .open(&Open {
                    id,
                    target,
                    force: self.replace,
                    log: self.log,
                })
                .await?,
        )
        .await
    }
}
