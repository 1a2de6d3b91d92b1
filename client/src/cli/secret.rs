//! Secrets come from a file, an environment variable or a prompt without echo; never from a flag.

use std::env;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;

use alloy_primitives::hex;
use zeroize::Zeroizing;

use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::terminal;
use crate::identity::{Passphrase, RecoveryPhrase};

const PASSPHRASE: &str = "CHARTSEAL_PASSPHRASE";
const PHRASE: &str = "CHARTSEAL_PHRASE";
const ACCOUNT_KEY: &str = "CHARTSEAL_ACCOUNT_KEY";
/// Longest file with a secret that is read, in bytes; 24 words have at most 216 letters and spaces.
const MAX_SECRET: u64 = 4096;

/// The passphrase of an existing keystore.
pub(crate) fn passphrase(file: Option<&Path>, question: &str) -> Outcome<Passphrase> {
    match given(file)? {
        Some(passphrase) => Ok(passphrase),
        None => Ok(Passphrase::new(&prompt(
            question,
            "--passphrase-file or CHARTSEAL_PASSPHRASE",
        )?)),
    }
}

/// A passphrase for a new keystore. Its strength is checked before it is asked for again.
pub(crate) fn new_passphrase(file: Option<&Path>, profile: &str) -> Outcome<Passphrase> {
    let known = [profile];
    if let Some(passphrase) = given(file)? {
        passphrase.check_strength(&known)?;
        return Ok(passphrase);
    }
    let from = "--passphrase-file or CHARTSEAL_PASSPHRASE";
    let typed = prompt("New passphrase (12 characters or more): ", from)?;
    let passphrase = Passphrase::new(&typed);
    passphrase.check_strength(&known)?;
    if *prompt("The same once more: ", from)? == *typed {
        return Ok(passphrase);
    }
    let what = "the two passphrases differ";
    Err(Failure::new(
        Exit::Identity,
        what,
        "Run the command again and type the same twice.",
    ))
}

fn given(file: Option<&Path>) -> Outcome<Option<Passphrase>> {
    Ok(match file {
        Some(path) => Some(Passphrase::from_file(path)?),
        None if env::var_os(PASSPHRASE).is_some() => Some(Passphrase::from_env(PASSPHRASE)?),
        None => None,
    })
}

/// The recovery phrase of a profile that is to be restored.
pub(crate) fn phrase(file: Option<&Path>) -> Outcome<RecoveryPhrase> {
    let words = match file {
        Some(path) => read(path)?,
        None => match env::var(PHRASE) {
            Ok(words) => Zeroizing::new(words),
            Err(_) => prompt(
                "The 24 words, with spaces between them: ",
                "--phrase-file or CHARTSEAL_PHRASE",
            )?,
        },
    };
    Ok(RecoveryPhrase::parse(&words)?)
}

fn read(path: &Path) -> Outcome<Zeroizing<String>> {
    let mut words = Zeroizing::new(String::new());
    let file = OpenOptions::new()
        .read(true)
        .open(path)
        .map_err(Failure::file(path))?;
    file.take(MAX_SECRET)
        .read_to_string(&mut words)
        .map_err(Failure::file(path))?;
    Ok(words)
}

/// Writes the words into a new file that only the user may read; an existing file is never replaced.
pub(crate) fn write_phrase(path: &Path, phrase: &RecoveryPhrase) -> Outcome {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let words = Zeroizing::new(format!("{}\n", phrase.words().join(" ")));
    let mut file = options.open(path).map_err(Failure::file(path))?;
    file.write_all(words.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(Failure::file(path))
}

/// Asks without echo.
fn prompt(question: &str, otherwise: &str) -> Outcome<Zeroizing<String>> {
    let remedy = format!("Run it in a terminal, or use {otherwise}.");
    if !terminal::present() {
        let what = "there is no terminal to ask for a secret on";
        return Err(Failure::new(Exit::Declined, what, remedy));
    }
    rpassword::prompt_password(question)
        .map(Zeroizing::new)
        .map_err(|error| {
            Failure::new(
                Exit::Declined,
                format!("the answer could not be read: {error}"),
                remedy,
            )
        })
}

/// The key of an account that is not the profile's own, where one is given.
pub(crate) fn account_key(file: Option<&Path>) -> Outcome<Option<Zeroizing<[u8; 32]>>> {
    let text = match file {
        Some(path) => read(path)?,
        None => match env::var(ACCOUNT_KEY) {
            Ok(text) => Zeroizing::new(text),
            Err(_) => return Ok(None),
        },
    };
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *key).map_err(|_| {
        let what = "the account's key is not 64 hexadecimal digits";
        Failure::new(
            Exit::Identity,
            what,
            "Check the file, or CHARTSEAL_ACCOUNT_KEY.",
        )
    })?;
    Ok(Some(key))
}
