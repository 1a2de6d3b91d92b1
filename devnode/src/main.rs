//! `chartseal-devnode`: a Stylus development chain as a process of its own.
//!
//! Exit codes: 0 after SIGINT or SIGTERM, 1 when the node cannot start or fails, 2 for wrong flags.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}\nremedy: {}", failure.remedy());
            ExitCode::FAILURE
        }
    }
}
