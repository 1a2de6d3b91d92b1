//! One file for each command: its arguments and what it does.

mod completions;
#[cfg(feature = "devnode")]
mod demo;
mod deploy;
#[cfg(feature = "devnode")]
pub(crate) mod devnode;
mod init;
mod people;
mod restore;
mod whoami;

use clap::Subcommand;

use super::app::App;
use super::failure::Outcome;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new identity on this machine
    Init(init::Args),
    /// Bring an identity back from its 24 words
    Restore(restore::Args),
    /// Show who you are, and your contact card
    Whoami(whoami::Args),
    /// Keep an address book, check keys, vouch, and allow others to write for you
    #[command(subcommand)]
    People(people::Command),
    /// Put a registry on a chain
    Deploy(deploy::Args),
    /// Run a Stylus chain on this machine, for development and tests
    #[cfg(feature = "devnode")]
    Devnode(devnode::Args),
    /// Play the whole scheme with made-up people and documents
    #[cfg(feature = "devnode")]
    Demo(demo::Args),
    /// Print completions for a shell
    Completions(completions::Args),
}

impl Command {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        match self {
            Self::Init(args) => args.exec(app),
            Self::Restore(args) => args.exec(app),
            Self::Whoami(args) => args.exec(app),
            Self::People(command) => command.exec(app),
            Self::Deploy(args) => args.exec(app).await,
            #[cfg(feature = "devnode")]
            Self::Devnode(args) => args.exec(app).await,
            #[cfg(feature = "devnode")]
            Self::Demo(args) => args.exec(app).await,
            Self::Completions(args) => args.exec(app),
        }
    }
}
