//! Threats 31 and 36 at the level of the program: no secret, title, file name, note or content in the clear outside
//! the user's own files: not in arguments, standard error, temporary folders, storage, or on the chain.

mod cli_support;

use std::fs;
use std::path::Path;

use cli_support::Clinic;

/// Texts that must stay with the user, each found nowhere by chance.
const MARKERS: [&str; 5] = [
    "Zq7-passphrase-marker",
    "Zq7-title-marker",
    "Zq7-file-marker",
    "Zq7-content-marker",
    "Zq7-note-marker",
];

#[test]
fn nothing_private_leaves_the_users_own_files() {
    let clinic = Clinic::open(&format!("{} kettle orbit", MARKERS[0]));
    clinic.joins("ada", "patient");
    clinic.joins("remy", "researcher");
    let file = clinic.path(&format!("{}.txt", MARKERS[2]));
    fs::write(&file, MARKERS[3].repeat(1000)).unwrap();
    let file = file.to_str().unwrap();
    let record = clinic.must("ada", &["add", file, "--title", MARKERS[1]]);
    let id = record["id"].as_str().unwrap();
    clinic.must(
        "remy",
        &["request", id, "--purpose", "research", "--note", MARKERS[4]],
    );
    let requests = clinic.must("ada", &["requests"]);
    assert!(
        requests.to_string().contains(MARKERS[4]),
        "the owner reads the note"
    );
    let second = clinic.must("ada", &["add", file, "--title", MARKERS[1]]);
    assert_ne!(
        record["digest"], second["digest"],
        "the same file twice gives different objects"
    );

    let words = fs::read_to_string(clinic.path("ada.words")).unwrap();
    let phrase: Vec<&str> = words.split_whitespace().collect();
    let pair = format!("{} {}", phrase[0], phrase[1]);
    let needles: Vec<&str> = MARKERS.iter().copied().chain([pair.as_str()]).collect();

    // What is searched is really there: the chain and the storage hold the record's id.
    let chain = clinic.chain_file();
    let id_bytes = alloy_primitives::hex::decode(id).unwrap();
    assert!(
        holds(&chain, &id_bytes),
        "the chain's file holds the record"
    );
    assert!(
        clinic
            .path("storage")
            .join(id.trim_start_matches("0x"))
            .is_dir(),
        "the storage holds the record"
    );

    for needle in needles {
        assert!(
            !holds(&chain, needle.as_bytes()),
            "{needle} is on the chain"
        );
        assert_eq!(
            found(&clinic.path("storage"), needle),
            Vec::<String>::new(),
            "in storage"
        );
        assert_eq!(
            found(&clinic.path("tmp"), needle),
            Vec::<String>::new(),
            "in temporary files"
        );
        assert_eq!(
            found(&clinic.path("home"), needle),
            Vec::<String>::new(),
            "in the profiles"
        );
        assert!(
            !clinic.heard().contains(needle),
            "{needle} on standard error"
        );
    }
}

/// Secrets are not taken from the command line at all, so they cannot be in it.
#[test]
fn no_flag_takes_a_secret() {
    let mut command = chartseal::cli::command();
    command.build();
    let mut names = Vec::new();
    flags(&command, &mut names);
    assert!(names.len() > 20);
    let secret = [
        "passphrase",
        "password",
        "phrase",
        "words",
        "key",
        "private-key",
        "secret",
        "mnemonic",
    ];
    for name in names {
        assert!(!secret.contains(&name.as_str()), "--{name} takes a secret");
    }
}

fn flags(command: &clap::Command, into: &mut Vec<String>) {
    into.extend(
        command
            .get_arguments()
            .filter_map(|arg| arg.get_long().map(str::to_owned)),
    );
    command.get_subcommands().for_each(|sub| flags(sub, into));
}

/// Files below a folder whose name or content has the text.
fn found(folder: &Path, needle: &str) -> Vec<String> {
    let mut hits = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            hits.extend(found(&path, needle));
        } else if holds(&fs::read(&path).unwrap(), needle.as_bytes()) {
            hits.push(path.display().to_string());
        }
        if path.file_name().unwrap().to_string_lossy().contains(needle) {
            hits.push(path.display().to_string());
        }
    }
    hits
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
