//! `audit`: what happened.

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::short;
use crate::cli::table::Table;
use crate::cli::values;
use crate::records::AuditItem;
use serde::Serialize;

/// Show what happened, as the registry recorded it.
///
/// Without a record, everything that you are part of.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal audit
  chartseal audit \"Blood test, March\"")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: Option<String>,
}

#[derive(Serialize)]
struct Trail {
    events: Vec<AuditItem>,
}

impl Report for Trail {
    fn text(&self) -> String {
        let mut table = Table::new(["when", "what", "record", "who", "whom", "details"]);
        for event in &self.events {
            let record = event.record.as_ref().map(short::id).unwrap_or_default();
            table.row([
                values::moment(event.at),
                event.event.to_owned(),
                event.title.clone().unwrap_or(record),
                event.who.as_ref().map(short::party).unwrap_or_default(),
                event.whom.as_ref().map(short::party).unwrap_or_default(),
                details(event),
            ]);
        }
        table.text_or("Nothing happened yet.")
    }
}

/// What else an event says, with the end that it sets.
fn details(event: &AuditItem) -> String {
    match (event.detail.as_str(), event.until) {
        (detail, None) => detail.to_owned(),
        ("", Some(until)) => format!("until {}", values::moment(until)),
        (detail, Some(until)) => format!("{detail}, until {}", values::moment(until)),
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let record = match &self.record {
            Some(record) => Some(session.find_record(record).await?),
            None => None,
        };
        app.show(&Trail {
            events: session.audit(record).await?,
        })
    }
}
