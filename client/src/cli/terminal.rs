//! The person at the terminal: questions, and words that must not stay on the screen.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};

use super::exit::Exit;
use super::failure::{Failure, Outcome};

/// Leaves the screen as it was: what is shown between the two is in no scroll-back buffer (xterm, DECSET 1049).
const ALTERNATE_SCREEN: &str = "\x1b[?1049h\x1b[H\x1b[2J";
const MAIN_SCREEN: &str = "\x1b[?1049l";

/// Whether there is somebody to ask.
pub(crate) fn present() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question that is answered with yes or no; without a terminal the answer is a failure that names
/// the flag which answers it beforehand.
pub(crate) fn confirm(question: &str) -> Outcome {
    if !present() {
        let what = format!("there is no terminal to ask: {question}");
        return Err(Failure::new(
            Exit::Declined,
            what,
            "Add --yes to answer yes beforehand.",
        ));
    }
    let answer = ask(&format!("{question} [y/N] "))?;
    if matches!(answer.to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Declined,
        "the question was answered with no",
        "Nothing was changed.",
    ))
}

/// Asks for one line of text.
pub(crate) fn ask(question: &str) -> Outcome<String> {
    let failed = |error: io::Error| {
        Failure::new(
            Exit::Declined,
            format!("no answer could be read: {error}"),
            "Run it in a terminal.",
        )
    };
    let mut err = io::stderr().lock();
    write!(err, "{question}")
        .and_then(|()| err.flush())
        .map_err(failed)?;
    let mut line = String::new();
    BufReader::new(io::stdin().lock())
        .read_line(&mut line)
        .map_err(failed)?;
    Ok(line.trim().to_owned())
}

/// Shows text that must not stay, runs `meanwhile`, and takes the text away whatever happens.
pub(crate) fn show_briefly<T>(text: &str, meanwhile: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let put = |text: &str| {
        let mut err = io::stderr().lock();
        err.write_all(text.as_bytes())
            .and_then(|()| err.flush())
            .map_err(|error| {
                let remedy = "Run it in a terminal.";
                Failure::new(
                    Exit::Declined,
                    format!("the terminal cannot be written to: {error}"),
                    remedy,
                )
            })
    };
    put(ALTERNATE_SCREEN)?;
    let outcome = put(text).and_then(|()| meanwhile());
    put(MAIN_SCREEN)?;
    outcome
}
