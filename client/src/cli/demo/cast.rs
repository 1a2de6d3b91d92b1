//! Who plays: making identities, registering, meeting, vouching.

use std::fs;

use super::ledger::Operation;
use super::stage::{Stage, failed, text};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};

/// Everybody, their profile, what others call them, and the role they claim.
pub(super) const CAST: [(&str, &str, &str); 5] = [
    (PATIENT, "Ada Lovelace", "patient"),
    (DOCTOR, "Dr. Noor Haddad", "doctor"),
    (PHARMACIST, "Piet Kramer", "pharmacist"),
    (RESEARCHER, "Remy Okafor", "researcher"),
    (HOSPITAL, "City Hospital", "physician"),
];
pub(super) const PATIENT: &str = "ada";
pub(super) const DOCTOR: &str = "noor";
pub(super) const PHARMACIST: &str = "piet";
pub(super) const RESEARCHER: &str = "remy";
pub(super) const HOSPITAL: &str = "hospital";

pub(super) fn join(stage: &mut Stage) -> Outcome {
    stage.scene("Everybody makes an identity; the development account pays their first fees");
    for (who, name, _) in CAST {
        let phrase = stage.file(&format!("{who}.words"));
        stage.act(who, &["init", "--name", name, "--phrase-file", &phrase])?;
        stage.act(who, &["devnode", "fund"])?;
    }
    stage.scene("The hospital puts a registry on the chain; nobody has special rights in it");
    let wasm = stage.file("registry.wasm");
    let deployed = stage.book(Operation::Deploy, HOSPITAL, &["deploy", "--wasm", &wasm])?;
    let contract = text(&deployed, "contract").to_owned();
    stage.check(contract.len() == 42, "the registry has an address")?;
    stage.refused(HOSPITAL, &["deploy", "--wasm", &wasm], Exit::Refused)?;
    stage.use_contract(&contract);
    stage.scene("Everybody registers with a key and the role they claim");
    for (who, _, role) in CAST {
        let answer = stage.book(Operation::Register, who, &["register", role])?;
        stage.check(
            answer["role"] == role,
            &format!("{who} is registered as {role}"),
        )?;
    }
    Ok(())
}

pub(super) fn meet(stage: &Stage) -> Outcome {
    stage.scene("People hand each other their contact cards");
    for (who, ..) in CAST {
        let answer = stage.act(who, &["whoami"])?;
        let path = stage.path(&format!("{who}.card"));
        fs::write(&path, text(&answer, "card")).map_err(Failure::file(&path))?;
    }
    for (who, ..) in CAST {
        for (other, name, _) in CAST.iter().filter(|(other, ..)| *other != who) {
            let card = stage.file(&format!("{other}.card"));
            let person = stage.act(who, &["people", "add", "--card", &card, "--in-person"])?;
            if person["name"] != *name || person["verified"] != true {
                return Err(failed(&format!(
                    "{who} did not get {name}'s card as it was handed over"
                )));
            }
        }
    }
    Ok(())
}

pub(super) fn hospital_vouches(stage: &mut Stage) -> Outcome {
    stage.scene("The hospital vouches for the doctor; the patient relies on the hospital");
    let line = [
        "people",
        "vouch",
        "Dr. Noor Haddad",
        "doctor",
        "--until",
        "365d",
    ];
    stage.book(Operation::Vouch, HOSPITAL, &line)?;
    stage.act(PATIENT, &["people", "trust", "City Hospital"])?;
    Ok(())
}
