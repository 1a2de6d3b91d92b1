//! What a command prints: a report for people, or the same as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::exit::Exit;
use super::failure::{Failure, Outcome};
use crate::identity::confuses_terminals;

/// What a command has to say, for people. With `--json` its fields are printed instead.
pub(crate) trait Report: Serialize {
    /// The text, with a line feed after each line.
    fn text(&self) -> String;
}

/// Where reports go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a report. A reader that has gone away, as `head` does, has had enough: that is no failure.
    pub(crate) fn show(&self, report: &impl Report) -> Outcome {
        let text = if self.json {
            json(report)?
        } else {
            report.text()
        };
        write(&text)
    }

    /// Prints text that stands for itself, JSON or not: completions, a file's content.
    pub(crate) fn raw(&self, text: &str) -> Outcome {
        write(text)
    }
}

fn json(report: &impl Report) -> Outcome<String> {
    let mut text = serde_json::to_string_pretty(report).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("the answer is no JSON: {error}"),
            "Report this.",
        )
    })?;
    text.push('\n');
    Ok(text)
}

fn write(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.map_err(|error| {
            let remedy = "Check where the output goes.";
            Failure::new(
                Exit::File,
                format!("the answer could not be printed: {error}"),
                remedy,
            )
        }),
    }
}

/// Text of others without the characters that could move the cursor, hide or reorder what is shown.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if confuses_terminals(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_cannot_drive_the_terminal() {
        assert_eq!(
            plain("blood\u{1b}[2Jtest\n"),
            "blood\u{fffd}[2Jtest\u{fffd}"
        );
        assert_eq!(plain("a\u{202e}fdp.exe"), "a\u{fffd}fdp.exe");
        assert_eq!(plain("Dr. Ada Møller 李"), "Dr. Ada Møller 李");
    }
}
