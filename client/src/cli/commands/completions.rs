//! `completions`: what a shell needs to complete commands and flags.

use clap_complete::Shell;

use crate::cli::app::App;
use crate::cli::args::command;
use crate::cli::failure::Outcome;

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: chartseal completions bash > ~/.local/share/bash-completion/completions/chartseal")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "chartseal", &mut script);
        app.output.raw(&String::from_utf8_lossy(&script))
    }
}
