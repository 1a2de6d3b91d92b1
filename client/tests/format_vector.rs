//! The fixed example of `docs/format.md`: a change of any format or derivation shows here.

use chartseal::crypto::context::{ContentContext, KeyContext, NoteContext, RecordRef, WrapContext};
use chartseal::crypto::envelope::{self, WrappedKey};
use chartseal::crypto::info;
use chartseal::crypto::stream::{self, Digest};
use chartseal::identity::{ContactCard, Identity, Passphrase, RecoveryPhrase, keystore};
use serde_json::Value;

const VECTOR: &str = include_str!("vectors/format-v1.json");

struct Vector(Value);

impl Vector {
    fn load() -> Self {
        Self(serde_json::from_str(VECTOR).unwrap())
    }

    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap()
    }

    fn number(&self, field: &str) -> u32 {
        u32::try_from(self.0[field].as_u64().unwrap()).unwrap()
    }

    fn bytes(&self, field: &str) -> Vec<u8> {
        hex::decode(self.text(field)).unwrap()
    }

    fn array<const N: usize>(&self, field: &str) -> [u8; N] {
        self.bytes(field).try_into().unwrap()
    }

    fn owner(&self) -> Identity {
        Identity::from_phrase(&RecoveryPhrase::parse(self.text("ownerPhrase")).unwrap()).unwrap()
    }

    fn reader(&self) -> Identity {
        Identity::from_phrase(&RecoveryPhrase::parse(self.text("readerPhrase")).unwrap()).unwrap()
    }

    fn record(&self) -> RecordRef {
        RecordRef {
            chain_id: self.number("chainId").into(),
            contract: self.array("contract"),
            record_id: self.array("recordId"),
        }
    }

    fn content(&self) -> ContentContext {
        let (epoch, version) = (self.number("epoch"), self.number("version"));
        ContentContext {
            record: self.record(),
            epoch,
            version,
        }
    }
}

#[test]
fn accounts_and_keys_are_the_stated_ones() {
    let v = Vector::load();
    for (identity, who) in [(v.owner(), "owner"), (v.reader(), "reader")] {
        let address = identity.account().address().into_array();
        assert_eq!(address, v.array(&format!("{who}Account")));
        let key = identity
            .encryption_key(v.number("keyVersion"))
            .unwrap()
            .public();
        assert_eq!(key.to_sec1_compressed(), v.array(&format!("{who}Key")));
        let fingerprint = identity
            .fingerprint(v.number("keyVersion"))
            .unwrap()
            .to_string();
        assert_eq!(fingerprint, v.text(&format!("{who}Fingerprint")));
    }
}

#[test]
fn the_owner_opens_object_and_info() {
    let v = Vector::load();
    let context = v.content();
    let key_context = KeyContext {
        record: v.record(),
        epoch: context.epoch,
    };
    let key = v.owner().record_root().record_key(&key_context);
    let object = v.bytes("object");
    let mut content = Vec::new();
    let digest = Digest(v.array("digest"));
    stream::open(&object[..], &mut content, &key, &context, &digest).unwrap();
    assert_eq!(content, v.text("content").as_bytes());
    let described = info::open(&v.bytes("sealedInfo"), &key, &context).unwrap();
    assert_eq!(serde_json::to_value(described).unwrap(), v.0["info"]);
}

#[test]
fn the_reader_opens_the_wrapped_key_and_with_it_the_object() {
    let v = Vector::load();
    let reader = v.reader();
    let context = WrapContext {
        record: v.record(),
        epoch: v.number("epoch"),
        grantee: v.array("readerAccount"),
        key_version: v.number("keyVersion"),
    };
    let wrapped = WrappedKey {
        enc_x: v.array("wrappedEncX"),
        enc_odd: v.0["wrappedEncOdd"].as_bool().unwrap(),
        sealed: v.array("wrappedSealed"),
    };
    let pair = reader.encryption_key(v.number("keyVersion")).unwrap();
    let key = envelope::unwrap(&wrapped, &pair, &context).unwrap();
    info::open(&v.bytes("sealedInfo"), &key, &v.content()).unwrap();
}

#[test]
fn the_owner_opens_the_note() {
    let v = Vector::load();
    let context = NoteContext {
        record: v.record(),
        requester: v.array("readerAccount"),
        key_version: v.number("keyVersion"),
    };
    let pair = v.owner().encryption_key(v.number("keyVersion")).unwrap();
    let note = envelope::open_note(&v.bytes("sealedNote"), &pair, &context).unwrap();
    assert_eq!(note, v.text("note"));
}

#[test]
fn keystore_and_card_are_read() {
    let v = Vector::load();
    let passphrase = Passphrase::new(v.text("passphrase"));
    let phrase = keystore::open(&v.bytes("keystore"), &passphrase).unwrap();
    assert_eq!(phrase.words().join(" "), v.text("ownerPhrase"));
    let card: ContactCard = v.text("readerCard").parse().unwrap();
    assert_eq!(card.address.into_array(), v.array("readerAccount"));
    assert_eq!(card.key.to_sec1_compressed(), v.array("readerKey"));
    assert_eq!(card.to_text().unwrap(), v.text("readerCard"));
}
