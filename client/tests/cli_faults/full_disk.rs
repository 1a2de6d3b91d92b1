//! Threat 27: the disk is full from the n-th write on, for every n: of the profile's disk, the storage's, the target's.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::practice::{Operation, Practice, again, answer, content, files, words};
use crate::tracer::{self, Fault, Run};

/// The exit code for files of this machine.
const FILE: i32 = 9;

/// The exit code for a storage that does not work, be it a folder of this machine.
const UNAVAILABLE: i32 = 7;

/// Runs a command as people do, not as scripts do, on a disk that is full from the n-th write on. Nothing if it needed
/// fewer; else whether it failed, and if so, that it said why in two lines.
fn fails_when_full(command: &Command, nth: usize, below: &Path, how: &str) -> Option<bool> {
    let mut plain = again(command);
    plain.arg("--quiet");
    let Run {
        hit, code, stderr, ..
    } = tracer::run(&without_json(&plain), Fault::Full(nth, below));
    let hit = hit?;
    if code == Some(0) {
        println!("{how}: {hit}: succeeds all the same");
        return Some(false);
    }
    let lines: Vec<_> = stderr.lines().collect();
    let [what, remedy] = lines[..] else {
        panic!("{how}: {hit}: not two lines: {stderr}");
    };
    assert!(what.starts_with("error: "), "{how}: {hit}: {what}");
    let names_it = remedy.contains("room") || remedy.contains("space");
    assert!(
        remedy.starts_with("remedy: ") && names_it,
        "{how}: {hit}: {stderr}"
    );
    let expected = [FILE, UNAVAILABLE];
    assert!(
        code.is_some_and(|code| expected.contains(&code)),
        "{how}: {hit}: {code:?}: {stderr}"
    );
    Some(true)
}

fn without_json(command: &Command) -> Command {
    let mut plain = Command::new(command.get_program());
    plain.args(command.get_args().filter(|arg| *arg != "--json"));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => plain.env(name, value),
            None => plain.env_remove(name),
        };
    }
    plain
}

/// Returns how many times it failed.
fn sweep(practice: &Practice, operation: Operation, of_storage: bool) {
    let name = format!("{operation:?}-{of_storage}").to_lowercase();
    let patient = practice.patient(&name, operation);
    let below = match of_storage {
        true => patient.storage.clone(),
        false => practice.profile(&name),
    };
    let (mut failed, mut resumed) = (0, 0);
    for round in 1.. {
        patient.prepare(round);
        let line = patient.line(round);
        let how = format!("{operation:?} on a disk full at write {round}");
        let command = patient.command(&words(&line));
        let is_failure = fails_when_full(&command, round, &below, &how);
        resumed += usize::from(patient.unfinished() > 0);
        if is_failure == Some(true) {
            failed += 1;
            answer(&mut again(&command), &how);
        }
        patient.check(round, &how);
        if is_failure.is_none() {
            break;
        }
    }
    patient.collects_no_more();
    let disk = if of_storage { "storage" } else { "profile" };
    println!(
        "{operation:?}, the disk of the {disk} full: {failed} failures, each told in two lines and made good by the \
         same command once there was room; {resumed} of them from the journal"
    );
    assert!(failed > 0, "{operation:?}");
}

#[test]
fn row_27_add_survives_a_full_disk() {
    if tracer::is_allowed() {
        let practice = Practice::open();
        sweep(&practice, Operation::Add, true);
        sweep(&practice, Operation::Add, false);
    }
}

#[test]
fn row_27_update_survives_a_full_disk() {
    if tracer::is_allowed() {
        let practice = Practice::open();
        sweep(&practice, Operation::Update, true);
        sweep(&practice, Operation::Update, false);
    }
}

#[test]
fn row_27_open_leaves_no_part_of_a_file() {
    if !tracer::is_allowed() {
        return;
    }
    let practice = Practice::open();
    let patient = practice.patient("ada", Operation::Update);
    let folder = practice.clinic.path("target");
    fs::create_dir(&folder).unwrap();
    let target = folder.join("opened");
    let line = ["open", "record", "--output", target.to_str().unwrap()];
    let mut failed = 0;
    for nth in 1.. {
        let how = format!("open on a disk full at write {nth}");
        match fails_when_full(&patient.command(&line), nth, &folder, &how) {
            Some(true) => {
                failed += 1;
                assert_eq!(files(&folder), [""; 0], "{how}");
            }
            Some(false) | None => break,
        }
    }
    assert_eq!(fs::read(&target).unwrap(), content(0));
    assert_eq!(files(&folder), ["opened"]);
    println!("open: {failed} failures, none of which left a file");
    assert!(failed > 1);
}
