//! Runs the program's own commands, as users would, and checks what they answer.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ledger::{Ledger, Operation};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};

/// Where the scenario plays.
pub(super) struct Stage {
    program: PathBuf,
    folder: PathBuf,
    rpc: String,
    contract: Option<String>,
    quiet: bool,
    pub(super) ledger: Ledger,
}

/// A command line of one person.
pub(super) type Line<'a> = &'a [&'a str];

impl Stage {
    pub(super) fn new(folder: &Path, rpc: &str, quiet: bool) -> Outcome<Self> {
        let program = std::env::current_exe().map_err(|error| {
            let what = format!("this program does not find itself: {error}");
            Failure::new(
                Exit::Failed,
                what,
                "Run it from the folder it was installed in.",
            )
        })?;
        let (folder, rpc) = (folder.to_owned(), rpc.to_owned());
        Ok(Self {
            program,
            folder,
            rpc,
            contract: None,
            quiet,
            ledger: Ledger::default(),
        })
    }

    /// A file of the stage.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The same as text, for a command line.
    pub(super) fn file(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(super) fn home(&self) -> PathBuf {
        self.path("home")
    }

    pub(super) fn storage(&self) -> PathBuf {
        self.path("storage")
    }

    /// From now on everybody uses this registry.
    pub(super) fn use_contract(&mut self, address: &str) {
        self.contract = Some(address.to_owned());
    }

    /// The registry that everybody uses; empty before there is one.
    pub(super) fn contract(&self) -> &str {
        self.contract.as_deref().unwrap_or_default()
    }

    /// Announces what comes.
    pub(super) fn scene(&self, title: &str) {
        self.say(&format!("\n{title}"));
    }

    /// One line of what happened.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            // A closed output is no reason to stop: the exit code tells how it went.
            let _ =
                std::io::Write::write_all(&mut std::io::stdout(), format!("{text}\n").as_bytes());
        }
    }

    /// Runs a command that must succeed.
    pub(super) fn act(&self, who: &str, line: Line<'_>) -> Outcome<Value> {
        Ok(self.timed(who, line)?.0)
    }

    /// Runs a command that must succeed, and books what it cost.
    pub(super) fn book(
        &mut self,
        operation: Operation,
        who: &str,
        line: Line<'_>,
    ) -> Outcome<Value> {
        let (answer, took) = self.timed(who, line)?;
        self.ledger.book(operation, &answer, took)?;
        Ok(answer)
    }

    fn timed(&self, who: &str, line: Line<'_>) -> Outcome<(Value, Duration)> {
        self.say(&format!("  $ {}", shown(who, line)));
        let begun = Instant::now();
        let output = self.run(who, line)?;
        let took = begun.elapsed();
        if output.status.success() {
            return Ok((parse(&output.stdout)?, took));
        }
        let error = parse(&output.stderr)?;
        Err(wrong(
            who,
            line,
            &format!("it failed: {}", text(&error, "error")),
        ))
    }

    /// Runs a command that must be refused with this exit code.
    pub(super) fn refused(&self, who: &str, line: Line<'_>, exit: Exit) -> Outcome {
        self.say(&format!("  $ {}", shown(who, line)));
        let output = self.run(who, line)?;
        let code = output.status.code();
        if code != Some(i32::from(exit as u8)) {
            let expected = exit as u8;
            return Err(wrong(
                who,
                line,
                &format!("it ended with {code:?} where {expected} was expected"),
            ));
        }
        let error = parse(&output.stderr)?;
        self.say(&format!(
            "    refused, as it must be: {}",
            text(&error, "error")
        ));
        Ok(())
    }

    fn run(&self, who: &str, line: Line<'_>) -> Outcome<Output> {
        let mut command = Command::new(&self.program);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("CHARTSEAL_") {
                command.env_remove(variable);
            }
        }
        command
            .args(["--json", "--yes", "--profile", who])
            .args(line)
            .env("CHARTSEAL_HOME", self.home())
            .env("CHARTSEAL_RPC", &self.rpc)
            .env(
                "CHARTSEAL_STORAGE",
                format!("file://{}", self.storage().display()),
            )
            .env("CHARTSEAL_PASSPHRASE_FILE", self.path("passphrase"));
        if let Some(contract) = &self.contract {
            command.env("CHARTSEAL_CONTRACT", contract);
        }
        if line.first() == Some(&"deploy") {
            command.env(
                "CHARTSEAL_ACCOUNT_KEY",
                chartseal_devnode::accounts::DEV_KEY.to_string(),
            );
        }
        command.output().map_err(Failure::file(&self.program))
    }

    /// Checks a step's result.
    pub(super) fn check(&self, holds: bool, what: &str) -> Outcome {
        if holds {
            self.say(&format!("    {what}"));
            return Ok(());
        }
        Err(failed(&format!("this does not hold: {what}")))
    }
}

/// A command as a user would type it.
fn shown(who: &str, line: Line<'_>) -> String {
    let quoted = line.iter().map(|word| {
        if word.contains(' ') {
            format!("\"{word}\"")
        } else {
            (*word).to_owned()
        }
    });
    format!(
        "chartseal --profile {who} {}",
        quoted.collect::<Vec<_>>().join(" ")
    )
}

fn parse(json: &[u8]) -> Outcome<Value> {
    serde_json::from_slice(json).map_err(|_| {
        let text = String::from_utf8_lossy(json);
        failed(&format!(
            "a command answered {:?} where JSON was expected",
            text.trim()
        ))
    })
}

/// A text of an answer; empty where there is none.
pub(super) fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_default()
}

fn wrong(who: &str, line: Line<'_>, what: &str) -> Failure {
    failed(&format!("{}: {what}", shown(who, line)))
}

pub(super) fn failed(what: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        what,
        "Run the demo again with --keep and look at what it left.",
    )
}
