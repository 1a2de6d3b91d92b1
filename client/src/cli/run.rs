//! From arguments to an exit code.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use super::app::App;
use super::args::Arguments;
use super::exit::Exit;
use super::failure::{Failure, Outcome};
use crate::records::RecordsError;

/// Runs the program. The one place where exit codes are decided.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let json = arguments.global.json;
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if json => report(&failure.to_json(), failure.exit()),
        Err(failure) => report(&failure.to_string(), failure.exit()),
    }
}

/// Help and version are answers; anything else that clap says is a refusal.
fn usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell when the output is closed.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => Exit::Usage.into(),
    }
}

fn report(text: &str, exit: Exit) -> ExitCode {
    // As above.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes());
    exit.into()
}

fn run(arguments: Arguments) -> Outcome {
    let app = App::new(arguments.global)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        let what = format!("the system gave no threads: {error}");
        Failure::new(Exit::Failed, what, "Close some programs and try again.")
    })?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            biased;
            outcome = arguments.command.exec(&app) => outcome,
            () = app.overdue.cancelled() => Err(RecordsError::Stopped.into()),
        }
    });
    // Whatever a thread still does may be cut off anywhere: it is taken up again.
    runtime.shutdown_background();
    outcome
}
