//! Makes a record with all its keys for another implementation of `docs/format.md`, or checks one that it made.
//!
//! ```text
//! cargo run -p chartseal --example exchange -- make FILE CONTENT-LENGTH
//! cargo run -p chartseal --example exchange -- open FILE
//! ```
//!
//! The file has the form of `client/tests/vectors/format-v1.json`. Its keys are made for it and protect nothing;
//! `open` panics at the first thing that is not as the format says. `tests/peers/run` runs both.

#[path = "../tests/vectors/vector.rs"]
mod vector;

use std::error::Error;

use chartseal::crypto::context::{ContentContext, KeyContext, NoteContext, RecordRef, WrapContext};
use chartseal::crypto::info::{self, RecordInfo};
use chartseal::crypto::{envelope, stream};
use chartseal::identity::{ContactCard, Identity, Passphrase, RecoveryPhrase, keystore};
use serde_json::{Value, json};
use vector::Vector;

const PASSPHRASE: &str = "Ångström ﬁve staples";
const NOTE: &str = "Für die Zweitmeinung, bitte.";
const EPOCH: u32 = 2;
const VERSION: u32 = 3;
const KEY_VERSION: u32 = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["make", file, len] => {
            let record = make(len.parse()?)?;
            std::fs::write(file, serde_json::to_string_pretty(&record)?)?;
        }
        ["open", file] => check(&Vector::parse(&std::fs::read_to_string(file)?)),
        _ => return Err("usage: exchange make FILE CONTENT-LENGTH | exchange open FILE".into()),
    }
    Ok(())
}

fn check(record: &Vector) {
    record.accounts_and_keys_are_the_stated_ones();
    record.the_owner_opens_object_and_info();
    record.the_reader_opens_the_wrapped_key_and_with_it_the_object();
    record.the_owner_opens_the_note();
    record.keystore_and_card_are_read();
}

/// A person made for this file.
struct Person {
    phrase: RecoveryPhrase,
    identity: Identity,
}

impl Person {
    fn new() -> Result<Self, Box<dyn Error>> {
        let phrase = RecoveryPhrase::generate()?;
        let identity = Identity::from_phrase(&phrase)?;
        Ok(Self { phrase, identity })
    }

    fn account(&self) -> [u8; 20] {
        self.identity.account().address().into_array()
    }

    /// Adds what is stated about `who` to the record.
    fn describe(&self, who: &str, record: &mut Value) -> Result<(), Box<dyn Error>> {
        let key = self.identity.encryption_key(KEY_VERSION)?.public();
        let fingerprint = self.identity.fingerprint(KEY_VERSION)?;
        record[format!("{who}Phrase")] = self.phrase.words().join(" ").into();
        record[format!("{who}Account")] = hex::encode(self.account()).into();
        record[format!("{who}Key")] = hex::encode(key.to_sec1_compressed()).into();
        record[format!("{who}Fingerprint")] = fingerprint.to_string().into();
        Ok(())
    }
}

fn make(content_len: usize) -> Result<Value, Box<dyn Error>> {
    let record = RecordRef {
        chain_id: 42_161,
        contract: [0x0c; 20],
        record_id: [0x1d; 32],
    };
    let (owner, reader) = (Person::new()?, Person::new()?);
    let mut all = json!({
        "chainId": record.chain_id,
        "contract": hex::encode(record.contract),
        "recordId": hex::encode(record.record_id),
        "epoch": EPOCH,
        "version": VERSION,
        "keyVersion": KEY_VERSION,
        "passphrase": PASSPHRASE,
        "keystore": hex::encode(keystore::seal(&owner.phrase, &Passphrase::new(PASSPHRASE))?),
        "readerCard": card(&reader)?,
    });
    owner.describe("owner", &mut all)?;
    reader.describe("reader", &mut all)?;
    seal_content(&mut all, record, &owner, content_len)?;
    seal_for_others(&mut all, record, &owner, &reader)?;
    Ok(all)
}

fn card(reader: &Person) -> Result<String, Box<dyn Error>> {
    let key = reader.identity.encryption_key(KEY_VERSION)?;
    let address = reader.identity.account().address();
    Ok(ContactCard::new("Zoë Reader", None, address, &key)?.to_text()?)
}

fn seal_content(
    all: &mut Value,
    record: RecordRef,
    owner: &Person,
    len: usize,
) -> Result<(), Box<dyn Error>> {
    let context = ContentContext {
        record,
        epoch: EPOCH,
        version: VERSION,
    };
    let key = owner.identity.record_root().record_key(&context.key());
    let content: String = ('a'..='z').cycle().take(len).collect();
    let mut object = Vec::new();
    let summary = stream::seal(content.as_bytes(), &mut object, &key, &context)?;
    let description = RecordInfo {
        title: "Blutbild – Röntgen".to_owned(),
        media_type: "text/plain".to_owned(),
        content_len: summary.content_len,
        locator: "gs://clinic/records".to_owned(),
    };
    let sealed_info = info::seal(&description, &key, &context)?;
    all["content"] = content.into();
    all["object"] = hex::encode(object).into();
    all["digest"] = summary.digest.to_string().into();
    all["info"] = serde_json::to_value(description)?;
    all["sealedInfo"] = hex::encode(sealed_info).into();
    Ok(())
}

/// The record key for the reader, and the reader's note for the owner.
fn seal_for_others(
    all: &mut Value,
    record: RecordRef,
    owner: &Person,
    reader: &Person,
) -> Result<(), Box<dyn Error>> {
    let epoch = KeyContext {
        record,
        epoch: EPOCH,
    };
    let key = owner.identity.record_root().record_key(&epoch);
    let context = WrapContext {
        record,
        epoch: EPOCH,
        grantee: reader.account(),
        key_version: KEY_VERSION,
    };
    let to = reader.identity.encryption_key(KEY_VERSION)?.public();
    let wrapped = envelope::wrap(&key, &to, &context)?;
    let context = NoteContext {
        record,
        requester: reader.account(),
        key_version: KEY_VERSION,
    };
    let to = owner.identity.encryption_key(KEY_VERSION)?.public();
    let note = envelope::seal_note(NOTE, &to, &context)?;
    all["wrappedEncX"] = hex::encode(wrapped.enc_x).into();
    all["wrappedEncOdd"] = wrapped.enc_odd.into();
    all["wrappedSealed"] = hex::encode(wrapped.sealed).into();
    all["note"] = NOTE.into();
    all["sealedNote"] = hex::encode(note).into();
    Ok(())
}
