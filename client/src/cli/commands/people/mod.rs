//! `people`: the address book, and what the registry knows about others.

mod add;
mod list;
mod remove;
mod trust;
mod verify;

use clap::Subcommand;

use crate::cli::app::App;
use crate::cli::failure::Outcome;

/// What to do with the address book.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add somebody by contact card or by account
    Add(add::Args),
    /// Show everybody
    List(list::Args),
    /// Compare somebody's fingerprint with them
    Verify(verify::Args),
    /// Rely on somebody's vouching for doctors, pharmacists and others
    Trust(trust::Args),
    /// Take somebody out of the address book
    Remove(remove::Args),
}

impl Command {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        match self {
            Self::Add(args) => args.exec(app),
            Self::List(args) => args.exec(app),
            Self::Verify(args) => args.exec(app),
            Self::Trust(args) => args.exec(app),
            Self::Remove(args) => args.exec(app),
        }
    }
}
