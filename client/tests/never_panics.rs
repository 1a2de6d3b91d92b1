//! Threat 33: whatever bytes come from the network, the chain or a file, parsing ends in a value or an error.

use chartseal::crypto::context::{ContentContext, NoteContext, RecordRef, WrapContext};
use chartseal::crypto::envelope::{self, WrappedKey};
use chartseal::crypto::info;
use chartseal::crypto::key::{EncryptionKeyPair, EncryptionPublicKey, RecordKey};
use chartseal::crypto::stream::{self, Digest};
use chartseal::identity::{ContactCard, Fingerprint, RecoveryPhrase, keystore};
use chartseal::identity::{check_email, check_name, parse_address};
use chartseal::storage::{Locator, ObjectName};
use proptest::collection::vec;
use proptest::prelude::*;

const RECORD: RecordRef = RecordRef {
    chain_id: 1,
    contract: [2; 20],
    record_id: [3; 32],
};

fn context() -> ContentContext {
    ContentContext {
        record: RECORD,
        epoch: 1,
        version: 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn bytes_never_open(bytes in vec(any::<u8>(), 0..1_200), byte in any::<u8>()) {
        let key = RecordKey::from_bytes(&[byte; 32]);
        let expected = Digest(*blake3::hash(&bytes).as_bytes());
        prop_assert!(stream::open(&bytes[..], Vec::new(), &key, &context(), &expected).is_err());
        prop_assert!(info::open(&bytes, &key, &context()).is_err());
        let note = NoteContext { record: RECORD, requester: [4; 20], key_version: 1 };
        let pair = EncryptionKeyPair::from_seed(&[byte; 64], 1).unwrap();
        prop_assert!(envelope::open_note(&bytes, &pair, &note).is_err());
        prop_assert!(keystore::address(&bytes).is_err());
    }

    #[test]
    fn wrapped_keys_never_open(enc_x in any::<[u8; 32]>(), enc_odd in any::<bool>(), sealed in vec(any::<u8>(), 48)) {
        let sealed = <[u8; 48]>::try_from(sealed).unwrap();
        let pair = EncryptionKeyPair::from_seed(&[5; 64], 1).unwrap();
        let context = WrapContext { record: RECORD, epoch: 1, grantee: [6; 20], key_version: 1 };
        let wrapped = WrappedKey { enc_x, enc_odd, sealed };
        prop_assert!(envelope::unwrap(&wrapped, &pair, &context).is_err());
    }

    #[test]
    fn points_round_trip_or_are_refused(bytes in vec(any::<u8>(), 0..70), tag in 0_u8..8) {
        let tagged = [&[tag][..], &bytes].concat();
        for bytes in [&bytes, &tagged] {
            if let Ok(key) = EncryptionPublicKey::from_sec1(bytes) {
                let (x, odd) = key.to_compressed();
                prop_assert_eq!(EncryptionPublicKey::from_compressed(&x, odd).unwrap(), key);
            }
        }
    }

    #[test]
    fn text_is_taken_or_refused(text in any::<String>(), scheme in "(s3|gs|az|file|memory)://[a-z0-9/.%?#@:\\\\-]{0,40}") {
        for text in [&text, &scheme, &format!("chartseal-card1:{text}")] {
            if let Ok(locator) = text.parse::<Locator>() {
                prop_assert_eq!(locator.to_string().parse::<Locator>().unwrap(), locator);
            }
            prop_assert!(text.parse::<ContactCard>().is_err());
            prop_assert!(text.parse::<ObjectName>().is_err());
            prop_assert!(RecoveryPhrase::parse(text).is_err());
            prop_assert!(check_name(text).is_err() || !text.chars().any(char::is_control));
            prop_assert!(check_email(text).is_err() || text.contains('@'));
            prop_assert!(parse_address(text).is_err());
            let _ = text.parse::<Fingerprint>();
        }
    }
}
