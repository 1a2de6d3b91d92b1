//! `storage`: the place of the ciphertexts.

use clap::Subcommand;
use jiff::{Span, SpanRelativeTo};

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::short;
use crate::cli::table::Table;
use crate::cli::values;
use crate::records::Orphan;
use serde::Serialize;
use std::time::Duration;

/// Look after the storage of the ciphertexts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Gc(Gc),
}

/// Delete ciphertexts that no record refers to.
///
/// Interrupted commands can leave some behind. What is younger than --older-than is left alone: it may
/// belong to a command that is still at work.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal storage gc --dry-run
  chartseal storage gc --older-than 7d")]
pub(crate) struct Gc {
    /// Only show what would be deleted
    #[arg(long)]
    dry_run: bool,

    /// How old they must be
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = age)]
    older_than: Duration,
}

/// Reads a time such as `24h`, `7d` or `2 weeks`; days have 24 hours here.
fn age(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time: write 24h, 7d or \"2 weeks\"");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let exact = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    Duration::try_from(exact).map_err(|_| wrong())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Collected {
    deleted: bool,
    orphans: Vec<Orphan>,
}

impl Report for Collected {
    fn text(&self) -> String {
        let mut table = Table::new(["record", "digest", "length"]);
        for orphan in &self.orphans {
            table.row([
                short::id(&orphan.record),
                orphan.digest.to_string(),
                values::size(orphan.len),
            ]);
        }
        let done = if self.deleted {
            "Deleted"
        } else {
            "Would be deleted"
        };
        let count = self.orphans.len();
        format!(
            "{done}: {count}\n{}",
            table.text_or("Everything in the storage is referred to.")
        )
    }
}

impl Command {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        match self {
            Self::Gc(args) => args.exec(app).await,
        }
    }
}

impl Gc {
    async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let orphans = session
            .collect_garbage(None, self.older_than, self.dry_run)
            .await?;
        app.show(&Collected {
            deleted: !self.dry_run,
            orphans,
        })
    }
}
