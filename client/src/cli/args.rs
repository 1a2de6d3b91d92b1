//! The arguments, parsed without touching anything else.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser};

use super::commands::Command;

/// Share health records under your own control.
///
/// Records are encrypted on this machine and kept in storage of your choice; a registry on a blockchain
/// says who may open them, and you are the only one who can change that.
#[derive(Debug, Parser)]
#[command(
    name = "chartseal",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "\
Records are named by the beginning of their id or by their title, people by their name in the address
book or by their address. Start with `chartseal init`, or try everything at once with `chartseal demo`."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Which of your identities to act as
    #[arg(long, global = true, value_name = "NAME", env = "CHARTSEAL_PROFILE")]
    pub(crate) profile: Option<String>,

    /// Folder of profiles and settings
    #[arg(long, global = true, value_name = "FOLDER", env = "CHARTSEAL_HOME")]
    pub(crate) home: Option<PathBuf>,

    /// Node of the chain, such as http://127.0.0.1:8547
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CHARTSEAL_RPC",
        hide_env_values = true
    )]
    pub(crate) rpc: Option<String>,

    /// Another node, which must give the same answers
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CHARTSEAL_SECOND_RPC",
        hide_env_values = true
    )]
    pub(crate) second_rpc: Option<String>,

    /// Address of the registry
    #[arg(
        long,
        global = true,
        value_name = "ADDRESS",
        env = "CHARTSEAL_CONTRACT"
    )]
    pub(crate) contract: Option<String>,

    /// Where your encrypted records lie: s3://bucket/prefix, gs://, az:// or file:///folder
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CHARTSEAL_STORAGE",
        hide_env_values = true
    )]
    pub(crate) storage: Option<String>,

    /// File whose first line is the passphrase (otherwise CHARTSEAL_PASSPHRASE, otherwise you are asked)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CHARTSEAL_PASSPHRASE_FILE"
    )]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Answer every question with yes
    #[arg(long, short = 'y', global = true)]
    pub(crate) yes: bool,

    /// Show no progress
    #[arg(long, short = 'q', global = true)]
    pub(crate) quiet: bool,
}

/// The whole command line, as clap sees it.
pub fn command() -> clap::Command {
    Arguments::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
