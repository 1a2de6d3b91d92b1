//! `people`: the address book, and what the registry knows about others.

mod add;
mod allow;
mod list;
mod remove;
mod trust;
mod verify;
mod vouch;

use clap::Subcommand;

use crate::cli::app::App;
use crate::cli::failure::Outcome;

/// Keep an address book, check keys, vouch for others, and let others write for you.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    List(list::Args),
    Verify(verify::Args),
    Trust(trust::Args),
    Vouch(vouch::Args),
    Allow(allow::Args),
    Remove(remove::Args),
}

impl Command {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        match self {
            Self::Add(args) => args.exec(app),
            Self::List(args) => args.exec(app).await,
            Self::Verify(args) => args.exec(app).await,
            Self::Trust(args) => args.exec(app),
            Self::Vouch(args) => args.exec(app).await,
            Self::Allow(args) => args.exec(app).await,
            Self::Remove(args) => args.exec(app),
        }
    }
}
