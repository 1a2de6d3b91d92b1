//! `list`: every record one may open.

use crate::chain::AccessReason;
use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::short;
use crate::cli::table::Table;
use crate::cli::values;
use crate::records::RecordItem;
use serde::Serialize;

/// Show your records, and those of others that you may open.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal list
  chartseal list --mine")]
pub(crate) struct Args {
    /// Only your own
    #[arg(long, conflicts_with = "shared")]
    mine: bool,

    /// Only those of others
    #[arg(long)]
    shared: bool,

    /// Also those that were removed, and those whose sharing was ended
    #[arg(long)]
    all: bool,
}

#[derive(Serialize)]
struct Listed {
    records: Vec<RecordItem>,
}

impl Report for Listed {
    fn text(&self) -> String {
        let mut table = Table::new([
            "title", "id", "owner", "version", "length", "you may", "until", "changed",
        ]);
        for record in &self.records {
            table.row([
                record
                    .title
                    .clone()
                    .unwrap_or_else(|| "(not readable)".to_owned()),
                short::id(&record.id),
                short::party(&record.owner),
                record.version.to_string(),
                record.content_len.map(values::size).unwrap_or_default(),
                right(record),
                record.expires.map(values::moment).unwrap_or_default(),
                values::moment(record.changed),
            ]);
        }
        table.text_or("No records. Add one with `chartseal add`.")
    }
}

/// What the user may do with a record, or why nothing.
fn right(record: &RecordItem) -> String {
    let right = match record.access {
        Some(level) => values::level(level),
        None => values::reason(record.reason),
    };
    right.to_owned()
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let me = session.me();
        let mut records = session.list().await?;
        records.retain(|record| {
            let mine = record.owner.address == me;
            let gone = record.removed || matches!(record.reason, AccessReason::NoGrant);
            (mine || !self.mine) && (!mine || !self.shared) && (!gone || self.all)
        });
        app.show(&Listed { records })
    }
}
