//! A record with all its keys, as JSON: the form of `format-v1.json`, and what must hold of it.
//!
//! Shared by the test of the committed record and by the example `exchange`, which trades such files with an
//! implementation in another language.

use chartseal::crypto::context::{ContentContext, NoteContext, RecordRef, WrapContext};
use chartseal::crypto::envelope::{self, WrappedKey};
use chartseal::crypto::info;
use chartseal::crypto::key::RecordKey;
use chartseal::crypto::stream::{self, Digest};
use chartseal::identity::{ContactCard, Identity, Passphrase, RecoveryPhrase, keystore};
use serde_json::Value;

/// Fields by name; bytes in hexadecimal.
pub(crate) struct Vector(Value);

impl Vector {
    /// Reads the JSON.
    pub(crate) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
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

    /// Phrases give the accounts, keys and fingerprints.
    pub(crate) fn accounts_and_keys_are_the_stated_ones(&self) {
        for (identity, who) in [(self.owner(), "owner"), (self.reader(), "reader")] {
            let address = identity.account().address().into_array();
            assert_eq!(address, self.array(&format!("{who}Account")));
            let key = identity
                .encryption_key(self.number("keyVersion"))
                .unwrap()
                .public();
            assert_eq!(key.to_sec1_compressed(), self.array(&format!("{who}Key")));
            let fingerprint = identity
                .fingerprint(self.number("keyVersion"))
                .unwrap()
                .to_string();
            assert_eq!(fingerprint, self.text(&format!("{who}Fingerprint")));
        }
    }

    /// The owner derives the record key and opens object and sealed info with it.
    pub(crate) fn the_owner_opens_object_and_info(&self) {
        let key_context = self.content().key();
        let key = self.owner().record_root().record_key(&key_context);
        self.opens_with(&key);
    }

    /// The reader unwraps the record key and opens the object with it.
    pub(crate) fn the_reader_opens_the_wrapped_key_and_with_it_the_object(&self) {
        let reader = self.reader();
        let context = WrapContext {
            record: self.record(),
            epoch: self.number("epoch"),
            grantee: self.array("readerAccount"),
            key_version: self.number("keyVersion"),
        };
        let wrapped = WrappedKey {
            enc_x: self.array("wrappedEncX"),
            enc_odd: self.0["wrappedEncOdd"].as_bool().unwrap(),
            sealed: self.array("wrappedSealed"),
        };
        let pair = reader.encryption_key(self.number("keyVersion")).unwrap();
        let key = envelope::unwrap(&wrapped, &pair, &context).unwrap();
        self.opens_with(&key);
    }

    fn opens_with(&self, key: &RecordKey) {
        let context = self.content();
        let object = self.bytes("object");
        let mut content = Vec::new();
        let digest = Digest(self.array("digest"));
        stream::open(&object[..], &mut content, key, &context, &digest).unwrap();
        assert_eq!(content, self.text("content").as_bytes());
        let described = info::open(&self.bytes("sealedInfo"), key, &context).unwrap();
        assert_eq!(serde_json::to_value(described).unwrap(), self.0["info"]);
    }

    /// The owner opens the note of a request.
    pub(crate) fn the_owner_opens_the_note(&self) {
        let context = NoteContext {
            record: self.record(),
            requester: self.array("readerAccount"),
            key_version: self.number("keyVersion"),
        };
        let pair = self
            .owner()
            .encryption_key(self.number("keyVersion"))
            .unwrap();
        let note = envelope::open_note(&self.bytes("sealedNote"), &pair, &context).unwrap();
        assert_eq!(note, self.text("note"));
    }

    /// The keystore opens with its passphrase; the contact card says what it should.
    pub(crate) fn keystore_and_card_are_read(&self) {
        let passphrase = Passphrase::new(self.text("passphrase"));
        let phrase = keystore::open(&self.bytes("keystore"), &passphrase).unwrap();
        assert_eq!(phrase.words().join(" "), self.text("ownerPhrase"));
        let card: ContactCard = self.text("readerCard").parse().unwrap();
        assert_eq!(card.address.into_array(), self.array("readerAccount"));
        assert_eq!(card.key.to_sec1_compressed(), self.array("readerKey"));
        assert_eq!(card.to_text().unwrap(), self.text("readerCard"));
    }
}
