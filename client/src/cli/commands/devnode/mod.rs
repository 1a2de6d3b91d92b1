//! `devnode`: a chain of one's own, for development.

mod fund;
mod start;

use clap::Subcommand;

use crate::cli::app::App;
use crate::cli::failure::Outcome;

pub(crate) use fund::send;

/// Run a Stylus chain on this machine, for development and tests.
///
/// It behaves as a Nitro devnode does: same chain id, same funded account, same gas. Everything on it is
/// play: its keys are public knowledge and it ends with the program unless --state is given.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  chartseal devnode
  chartseal devnode --port 8600 --state chain.state
  chartseal devnode fund --rpc http://127.0.0.1:8547"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    start: start::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    Fund(fund::Args),
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        match self.command {
            Some(Command::Fund(args)) => args.exec(app).await,
            None => self.start.exec(app).await,
        }
    }
}
