//! The scheme, step by step, as Boumezbeur & Zarour (2021) describe it and a little further. Every step checks
//! its result.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::cast::{self, CAST, DOCTOR, PATIENT, PHARMACIST, RESEARCHER};
use super::documents;
use super::ledger::Operation;
use super::stage::{Stage, failed, text};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::values;

const HISTORY: &str = "Medical history";
const LETTER: &str = "Discharge letter";
const IMAGES: &str = "CT of the chest";
const PRESCRIPTION: &str = "Metformin prescription";

/// Plays everything.
pub(super) fn play(stage: &mut Stage) -> Outcome {
    documents::write(stage)?;
    cast::join(stage)?;
    cast::meet(stage)?;
    cast::hospital_vouches(stage)?;
    let records = patient_adds(stage)?;
    patient_shares(stage, &records)?;
    researcher_asks(stage, &records)?;
    everybody_reads(stage, &records)?;
    doctor_updates(stage, &records)?;
    doctor_prescribes(stage)?;
    patient_revokes(stage, &records)?;
    storage_is_tampered_with(stage, &records)?;
    everything_is_on_record(stage, &records)?;
    patient_removes(stage, &records)
}

/// Ids of the patient's records.
struct Records {
    history: String,
    letter: String,
    images: String,
}

fn patient_adds(stage: &mut Stage) -> Outcome<Records> {
    stage.scene("The patient adds her history, a letter and the images");
    let mut add = |file: &str, title: &str| {
        let file = stage.file(file);
        let answer = stage.book(Operation::Add, PATIENT, &["add", &file, "--title", title])?;
        stage.check(answer["version"] == 1, &format!("{title} is version 1"))?;
        Ok::<_, Failure>(text(&answer, "id").to_owned())
    };
    let records = Records {
        history: add("history.json", HISTORY)?,
        letter: add("letter.pdf", LETTER)?,
        images: add("images.dcm", IMAGES)?,
    };
    let list = stage.act(PATIENT, &["list"])?;
    let titles: Vec<&str> = rows(&list, "records")
        .map(|record| text(record, "title"))
        .collect();
    let all = [HISTORY, LETTER, IMAGES]
        .iter()
        .all(|title| titles.contains(title));
    stage.check(all && titles.len() == 3, "her list shows the three of them")?;
    Ok(records)
}

fn patient_shares(stage: &mut Stage, records: &Records) -> Outcome {
    stage.scene(
        "She shares with the doctor (read and write) and the pharmacist (read, for 30 days)",
    );
    for record in [&records.history, &records.letter, &records.images] {
        let line = ["share", record, "Dr. Noor Haddad", "--access", "all"];
        stage.book(Operation::Share, PATIENT, &line)?;
    }
    let line = ["share", &records.history, "Piet Kramer", "--until", "30d"];
    stage.refused(PATIENT, &line, Exit::Refused)?;
    stage.say("    nobody she trusts vouches for him; she knows him and says so");
    let line = [&line[..], &["--unvouched"]].concat();
    stage.book(Operation::Share, PATIENT, &line)?;
    let line = ["access", &records.history, "Piet Kramer", "--until", "20d"];
    stage.book(Operation::ChangeAccess, PATIENT, &line)?;
    let access = stage.act(PATIENT, &["access", &records.history])?;
    let right = |name: &str| {
        rows(&access, "people")
            .find(|person| person["user"]["name"] == name)
            .cloned()
    };
    let doctor = right("Dr. Noor Haddad").is_some_and(|person| person["access"] == "all");
    let pharmacist = right("Piet Kramer")
        .is_some_and(|person| person["access"] == "read" && person["expires"].is_u64());
    stage.check(doctor && pharmacist, "the access list says so")?;
    stage.refused(
        RESEARCHER,
        &["open", &records.history, "--output", &stage.file("no")],
        Exit::Refused,
    )?;
    stage.check(!stage.path("no").exists(), "nothing was written")
}

fn researcher_asks(stage: &mut Stage, records: &Records) -> Outcome {
    stage.scene("The researcher asks for the images, is turned down, asks again and is let in");
    let ask = |note: &'static str| {
        [
            "request",
            &records.images,
            "--purpose",
            "research",
            "--note",
            note,
        ]
    };
    stage.book(Operation::Request, RESEARCHER, &ask("For the lung study"))?;
    let requests = stage.act(PATIENT, &["requests"])?;
    let seen = rows(&requests, "incoming").any(|request| request["note"] == "For the lung study");
    stage.check(seen, "the patient reads the request and its note")?;
    stage.book(
        Operation::Deny,
        PATIENT,
        &["deny", &records.images, "Remy Okafor"],
    )?;
    stage.refused(
        RESEARCHER,
        &["open", &records.images, "--output", &stage.file("no")],
        Exit::Refused,
    )?;
    stage.book(
        Operation::Request,
        RESEARCHER,
        &ask("For the lung study, approved by the ethics board"),
    )?;
    let line = [
        "approve",
        &records.images,
        "Remy Okafor",
        "--until",
        "90d",
        "--unvouched",
    ];
    stage.book(Operation::Approve, PATIENT, &line)?;
    let requests = stage.act(PATIENT, &["requests"])?;
    stage.check(
        rows(&requests, "incoming").count() == 0,
        "no request is open any more",
    )
}

fn everybody_reads(stage: &mut Stage, records: &Records) -> Outcome {
    stage.scene("Each of them reads what they may, and says so on the chain");
    reads(stage, DOCTOR, &records.images, "images.dcm", "treatment")?;
    reads(stage, DOCTOR, &records.letter, "letter.pdf", "treatment")?;
    reads(
        stage,
        PHARMACIST,
        &records.history,
        "history.json",
        "treatment",
    )?;
    reads(stage, RESEARCHER, &records.images, "images.dcm", "research")?;
    let verified = stage.act(PHARMACIST, &["verify", &records.images])?;
    let intact = verified["id"] == *records.images;
    stage.check(
        intact,
        "the pharmacist, who has no key for them, finds the images intact",
    )
}

/// Opens a record, says so on the chain, and compares the content with the document it was made from.
fn reads(stage: &mut Stage, who: &str, record: &str, original: &str, purpose: &str) -> Outcome {
    let copy = stage.path(&format!("{who}-{original}"));
    let line = [
        "open",
        record,
        "--output",
        &copy.display().to_string(),
        "--log",
        purpose,
    ];
    stage.book(Operation::Open, who, &line)?;
    let same = same(&copy, &stage.path(original))?;
    stage.check(same, &format!("{who} has {original}, byte for byte"))?;
    fs::remove_file(&copy).map_err(Failure::file(&copy))
}

fn doctor_updates(stage: &mut Stage, records: &Records) -> Outcome {
    stage.scene("The doctor adds this visit's values to the history");
    let file = stage.file("history-2.json");
    let answer = stage.book(
        Operation::Update,
        DOCTOR,
        &["update", &records.history, &file],
    )?;
    stage.check(answer["version"] == 2, "the history is version 2")?;
    let copy = stage.file("copy.json");
    stage.act(PATIENT, &["open", &records.history, "--output", &copy])?;
    let same = same(&stage.path("copy.json"), &stage.path("history-2.json"))?;
    stage.check(same, "the patient has the new history, byte for byte")
}

fn doctor_prescribes(stage: &mut Stage) -> Outcome {
    stage
        .scene("The doctor writes a prescription for the patient, who lets the pharmacist read it");
    let file = stage.file("prescription.json");
    let line = [
        "add",
        &file,
        "--title",
        PRESCRIPTION,
        "--for",
        "Ada Lovelace",
    ];
    stage.refused(DOCTOR, &line, Exit::Refused)?;
    stage.book(
        Operation::Allow,
        PATIENT,
        &["people", "allow", "Dr. Noor Haddad", "--until", "30d"],
    )?;
    let answer = stage.book(Operation::Deposit, DOCTOR, &line)?;
    let record = text(&answer, "id").to_owned();
    let line = [
        "share",
        &record,
        "Piet Kramer",
        "--until",
        "30d",
        "--unvouched",
    ];
    stage.book(Operation::Share, PATIENT, &line)?;
    reads(stage, PHARMACIST, &record, "prescription.json", "treatment")
}

fn patient_revokes(stage: &mut Stage, records: &Records) -> Outcome {
    stage.scene("The patient ends the pharmacist's access to her history: new key, new ciphertext");
    let before = stage.act(PATIENT, &["info", &records.history])?;
    let receipt = stage.book(
        Operation::Revoke,
        PATIENT,
        &["revoke", &records.history, "Piet Kramer"],
    )?;
    stage.check(
        receipt["version"] == 3,
        "the history is version 3, under a new key",
    )?;
    let after = stage.act(PATIENT, &["info", &records.history])?;
    stage.check(
        before["digest"] != after["digest"],
        "its ciphertext is another one",
    )?;
    let only = only_object(&stage.storage(), &records.history).is_ok();
    stage.check(only, "the ciphertexts of earlier versions are deleted")?;
    let target = stage.file("no");
    stage.refused(
        PHARMACIST,
        &["open", &records.history, "--output", &target],
        Exit::Refused,
    )?;
    stage.check(!stage.path("no").exists(), "nothing was written")?;
    reads(
        stage,
        DOCTOR,
        &records.history,
        "history-2.json",
        "treatment",
    )
}

fn storage_is_tampered_with(stage: &Stage, records: &Records) -> Outcome {
    stage.scene("Somebody flips one byte of the letter in the storage");
    let object = only_object(&stage.storage(), &records.letter)?;
    flip(&object)?;
    let target = stage.file("no");
    stage.refused(
        DOCTOR,
        &["open", &records.letter, "--output", &target],
        Exit::Untrusted,
    )?;
    stage.check(!stage.path("no").exists(), "nothing was written")?;
    stage.refused(PATIENT, &["verify", &records.letter], Exit::Untrusted)?;
    flip(&object)?;
    let verified = stage.act(PATIENT, &["verify", &records.letter])?;
    stage.check(
        verified["id"] == *records.letter,
        "put back, the letter is intact",
    )
}

fn everything_is_on_record(stage: &Stage, records: &Records) -> Outcome {
    stage.scene("Everybody's view of what happened");
    for (who, name, _) in CAST {
        let audit = stage.act(who, &["audit"])?;
        let events: Vec<&Value> = rows(&audit, "events").collect();
        stage.check(
            !events.is_empty(),
            &format!("{name} sees {} events", events.len()),
        )?;
        for event in events {
            stage.say(&told(event));
        }
    }
    let audit = stage.act(PATIENT, &["audit", &records.history])?;
    let events: Vec<&str> = rows(&audit, "events")
        .map(|event| text(event, "event"))
        .collect();
    let expected = [
        "RecordAdded",
        "Granted",
        "AccessUpdated",
        "AccessLogged",
        "RecordUpdated",
        "Revoked",
        "RecordRekeyed",
    ];
    let all = expected.iter().all(|event| events.contains(event));
    stage.check(all, "the history's own trail has all of its steps")
}

/// One event as a line.
fn told(event: &Value) -> String {
    let name = |who: &str| match event[who]["you"] == true {
        true => "you".to_owned(),
        false => text(&event[who], "name").to_owned(),
    };
    let until = event["until"].as_u64().map(values::moment);
    let parts = [
        text(event, "event").to_owned(),
        text(event, "title").to_owned(),
        name("who"),
        name("whom"),
        text(event, "detail").to_owned(),
        until.map(|end| format!("until {end}")).unwrap_or_default(),
    ];
    let parts: Vec<&str> = parts
        .iter()
        .filter(|part| !part.is_empty())
        .map(String::as_str)
        .collect();
    format!("      {}", parts.join(" · "))
}

fn patient_removes(stage: &mut Stage, records: &Records) -> Outcome {
    stage.scene("The patient removes the letter for good");
    stage.book(Operation::Remove, PATIENT, &["remove", &records.letter])?;
    let gone = only_object(&stage.storage(), &records.letter).is_err();
    stage.check(gone, "its ciphertext is deleted")?;
    let target = stage.file("no");
    stage.refused(
        DOCTOR,
        &["open", &records.letter, "--output", &target],
        Exit::Refused,
    )
}

fn rows<'a>(answer: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    answer[field].as_array().into_iter().flatten()
}

fn same(one: &Path, two: &Path) -> Outcome<bool> {
    let read = |path: &Path| fs::read(path).map_err(Failure::file(path));
    Ok(read(one)? == read(two)?)
}

/// The one ciphertext object of a record: `<storage>/<record id>/<digest>`.
fn only_object(storage: &Path, record: &str) -> Outcome<std::path::PathBuf> {
    let folder = storage.join(record.trim_start_matches("0x"));
    let mut objects = fs::read_dir(&folder).map_err(Failure::file(&folder))?;
    match (objects.next(), objects.next()) {
        (Some(Ok(object)), None) => Ok(object.path()),
        _ => Err(failed(
            "the record has not exactly one object in the storage",
        )),
    }
}

fn flip(path: &Path) -> Outcome {
    let mut bytes = fs::read(path).map_err(Failure::file(path))?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).map_err(Failure::file(path))
}
