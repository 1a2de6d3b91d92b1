//! `resume`: what was interrupted.

use serde::Serialize;

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::short;
use crate::cli::table::Table;
use crate::cli::values;
use crate::records::{Resumed, Unfinished};

/// Finish what was interrupted.
///
/// Every command that writes does so by itself before it begins; this does nothing else. What cannot be
/// finished, because a record has changed since, can be given up.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal resume --list
  chartseal resume
  chartseal resume --give-up 3")]
pub(crate) struct Args {
    /// Only show what is unfinished
    #[arg(long, conflicts_with = "give_up")]
    list: bool,

    /// Give this operation up
    #[arg(long, value_name = "NUMBER")]
    give_up: Option<u64>,
}

#[derive(Serialize)]
struct Waiting {
    unfinished: Vec<Unfinished>,
}

impl Report for Waiting {
    fn text(&self) -> String {
        let mut table = Table::new(["number", "operation", "record", "begun"]);
        for waiting in &self.unfinished {
            table.row([
                waiting.id.to_string(),
                waiting.operation.to_owned(),
                waiting.record.as_ref().map(short::id).unwrap_or_default(),
                values::moment(waiting.begun),
            ]);
        }
        table.text_or("Nothing is unfinished.")
    }
}

#[derive(Serialize)]
struct TakenUp {
    operation: &'static str,
    record: Option<String>,
    problem: Option<String>,
}

#[derive(Serialize)]
struct Done {
    resumed: Vec<TakenUp>,
}

impl Report for Done {
    fn text(&self) -> String {
        let mut table = Table::new(["operation", "record", "outcome"]);
        for each in &self.resumed {
            let outcome = each.problem.as_deref().unwrap_or("done");
            table.row([
                each.operation,
                each.record.as_deref().unwrap_or_default(),
                outcome,
            ]);
        }
        table.text_or("Nothing was unfinished.")
    }
}

impl From<Resumed> for TakenUp {
    fn from(resumed: Resumed) -> Self {
        Self {
            operation: resumed.operation,
            record: resumed.record.as_ref().map(short::id),
            problem: resumed.problem.map(|problem| problem.to_string()),
        }
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        if let Some(number) = self.give_up {
            session.give_up(number).await?;
        } else if !self.list {
            let resumed = session
                .resume()
                .await?
                .into_iter()
                .map(TakenUp::from)
                .collect();
            return app.tell(&session, &Done { resumed }).await;
        }
        app.tell(
            &session,
            &Waiting {
                unfinished: session.unfinished().await?,
            },
        )
        .await
    }
}
