//! A patient with records, two people who read some of them, and what must hold after every fault.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cli_support::Clinic;
use crate::keystore;

const PASSPHRASE: &str = "kettle orbit marigold seven";

/// Content that spans several chunks.
pub(crate) const LENGTH: usize = 150_000;

/// The exit code for a lack of rights.
pub(crate) const REFUSED: i32 = 5;

/// What is interrupted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operation {
    Add,
    Update,
    Revoke,
}

/// A chain, a registry, a storage.
pub(crate) struct Practice {
    pub(crate) clinic: Clinic,
}

/// A patient, for whom one operation is done again and again. Each round makes one record, or one version.
pub(crate) struct Patient<'a> {
    pub(crate) practice: &'a Practice,
    pub(crate) name: String,
    operation: Operation,
    /// Storage of their own, so that what lies there can be counted.
    pub(crate) storage: PathBuf,
}

impl Practice {
    pub(crate) fn open() -> Self {
        let clinic = Clinic::open(PASSPHRASE);
        let practice = Self { clinic };
        for reader in ["bea", "cleo"] {
            practice.joins(reader);
        }
        practice
    }

    fn joins(&self, who: &str) {
        self.clinic.joins(who, "patient");
        let words = fs::read_to_string(self.clinic.path(&format!("{who}.words"))).unwrap();
        let keystore = self.profile(who).join("keystore");
        keystore::make_cheap(&keystore, words.trim(), PASSPHRASE);
    }

    pub(crate) fn profile(&self, who: &str) -> PathBuf {
        self.clinic.path("home").join("profiles").join(who)
    }

    /// The account of somebody.
    fn address(&self, who: &str) -> String {
        let card = self.clinic.must(who, &["whoami"]);
        card["address"].as_str().unwrap().to_owned()
    }

    /// A patient whose operation is going to be interrupted. Unless it adds, they have a record that bea and cleo read.
    pub(crate) fn patient(&self, name: &str, operation: Operation) -> Patient<'_> {
        self.joins(name);
        let storage = self.clinic.path(&format!("storage-{name}"));
        fs::create_dir(&storage).unwrap();
        let patient = Patient {
            practice: self,
            name: name.to_owned(),
            operation,
            storage,
        };
        if operation != Operation::Add {
            for reader in ["bea", "cleo"] {
                let address = self.address(reader);
                patient.must(&["people", "add", reader, &address]);
            }
            let file = patient.file(0);
            patient.must(&["add", text(&file), "--title", "record"]);
            patient.must(&["share", "record", "bea", "cleo", "--unvouched"]);
        }
        patient
    }
}

impl Patient<'_> {
    /// A command of theirs.
    pub(crate) fn command(&self, line: &[&str]) -> Command {
        let mut command = self.practice.clinic.command(&self.name, line);
        command.env(
            "CHARTSEAL_STORAGE",
            format!("file://{}", self.storage.display()),
        );
        command
    }

    /// Runs a command that must succeed.
    pub(crate) fn must(&self, line: &[&str]) -> Value {
        answer(&mut self.command(line), line)
    }

    /// The file of a round; of the same content whenever it is asked for.
    pub(crate) fn file(&self, round: usize) -> PathBuf {
        let path = self.practice.clinic.path(&format!("{}-{round}", self.name));
        if !path.exists() {
            fs::write(&path, content(round)).unwrap();
        }
        path
    }

    /// What a round needs before it.
    pub(crate) fn prepare(&self, round: usize) {
        if self.operation == Operation::Revoke && round > 1 {
            self.must(&["share", "record", "cleo", "--unvouched"]);
        }
    }

    /// The command of a round.
    pub(crate) fn line(&self, round: usize) -> Vec<String> {
        let file = text(&self.file(round)).to_owned();
        match self.operation {
            Operation::Add => vec!["add".into(), file, "--title".into(), title(round)],
            Operation::Update => vec!["update".into(), "record".into(), file],
            Operation::Revoke => vec!["revoke".into(), "record".into(), "cleo".into()],
        }
    }

    /// Operations in the journal.
    pub(crate) fn unfinished(&self) -> usize {
        let journal = self.practice.profile(&self.name).join("journal");
        files(&journal)
            .iter()
            .filter(|name| name.ends_with(".json"))
            .count()
    }

    fn records(&self) -> Vec<Value> {
        let list = self.must(&["list", "--mine"]);
        list["records"].as_array().unwrap().clone()
    }

    /// What must hold after a round, however it went: one new version, which opens for those who may open it and
    /// nobody else, and nothing left over.
    pub(crate) fn check(&self, round: usize, how: &str) {
        let profile = self.practice.profile(&self.name);
        assert_eq!(files(&profile.join("staged")), [""; 0], "{how}: staged");
        assert_eq!(files(&profile.join("journal")), ["lock"], "{how}: journal");
        let records = self.records();
        let objects = match self.operation {
            Operation::Add => {
                assert_eq!(records.len(), round, "{how}: records");
                self.opens_as(&self.command(&["open", &title(round)]), round, how);
                round
            }
            Operation::Update => {
                assert_eq!(records[0]["version"], round + 1, "{how}: version");
                self.opens_for_all(&records[0], &["bea", "cleo"], round, how);
                round + 1
            }
            Operation::Revoke => {
                assert_eq!(records[0]["version"], round + 1, "{how}: version");
                assert_eq!(records[0]["epoch"], round, "{how}: epoch");
                self.opens_for_all(&records[0], &["bea"], 0, how);
                let id = records[0]["id"].as_str().unwrap();
                let out = self.practice.clinic.run("cleo", &["open", id]);
                assert_eq!(out.status.code(), Some(REFUSED), "{how}: {out:?}");
                1
            }
        };
        assert_eq!(self.objects(), objects, "{how}: objects");
    }

    /// The record's present content opens for its owner and for these people.
    fn opens_for_all(&self, record: &Value, readers: &[&str], round: usize, how: &str) {
        let id = record["id"].as_str().unwrap();
        self.opens_as(&self.command(&["open", id]), round, how);
        for reader in readers {
            let command = self.practice.clinic.command(reader, &["open", id]);
            self.opens_as(&command, round, how);
        }
    }

    fn opens_as(&self, command: &Command, round: usize, how: &str) {
        let target = self.practice.clinic.path(&format!("{}-opened", self.name));
        let mut open = again(command);
        open.arg("--output").arg(&target).arg("--replace");
        answer(&mut open, how);
        let is_same = fs::read(&target).unwrap() == content(round);
        assert!(is_same, "{how}: another content was opened");
    }

    /// Complete objects in the storage.
    pub(crate) fn objects(&self) -> usize {
        let names = files(&self.storage);
        names
            .iter()
            .flat_map(|record| files(&self.storage.join(record)))
            // Names with `#` are uploads that did not finish.
            .filter(|name| !name.contains('#'))
            .count()
    }

    /// Collection finds earlier versions, which nothing refers to any more, and nothing else; and clears uploads away
    /// that were cut off.
    pub(crate) fn collects_no_more(&self) {
        let (before, kept) = match self.operation {
            Operation::Add => (self.objects(), self.objects()),
            Operation::Update | Operation::Revoke => (self.objects(), 1),
        };
        let collected = self.must(&["storage", "gc", "--older-than", "0s"]);
        let orphans = collected["orphans"].as_array().unwrap();
        assert_eq!(orphans.len(), before - kept, "{orphans:?}");
        assert_eq!(self.objects(), kept);
        let left = files(&self.storage)
            .iter()
            .map(|record| files(&self.storage.join(record)).len())
            .sum::<usize>();
        assert_eq!(left, kept, "uploads that were cut off are left");
        let waiting = self.must(&["resume", "--list"]);
        assert_eq!(waiting["unfinished"], Value::Array(Vec::new()));
    }
}

/// The same command, to be changed or run once more.
pub(crate) fn again(command: &Command) -> Command {
    let mut same = Command::new(command.get_program());
    same.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => same.env(name, value),
            None => same.env_remove(name),
        };
    }
    same
}

/// Runs a command that must succeed.
pub(crate) fn answer(command: &mut Command, how: impl std::fmt::Debug) -> Value {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{how:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A line as commands take it.
pub(crate) fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

/// Names in a folder, sorted; none if it is not there.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Bytes that differ from round to round.
pub(crate) fn content(round: usize) -> Vec<u8> {
    (0..LENGTH)
        .map(|at| (at / 251 + at * 7 + round * 13) as u8)
        .collect()
}

fn title(round: usize) -> String {
    format!("record {round} of many")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
