//! Sealed info: sizes, padding, and what is refused.

use super::*;
use crate::crypto::context::RecordRef;

fn context() -> ContentContext {
    let record = RecordRef {
        chain_id: 412_346,
        contract: [0xc0; 20],
        record_id: [0x1d; 32],
    };
    ContentContext {
        record,
        epoch: 1,
        version: 1,
    }
}

fn key() -> RecordKey {
    RecordKey::from_bytes(&[0x42; 32])
}

fn info(title: &str) -> RecordInfo {
    RecordInfo {
        title: title.to_owned(),
        media_type: "application/fhir+json".to_owned(),
        content_len: u64::MAX,
        locator: "s3://clinic/records".to_owned(),
    }
}

#[test]
fn titles_of_every_length_round_trip_within_the_limit() {
    let mut fits = 0;
    for len in 0..1024 {
        match seal(&info(&"t".repeat(len)), &key(), &context()) {
            Ok(sealed) => {
                assert!(sealed.len() <= MAX_SEALED_LEN && sealed.len() <= 1024);
                assert_eq!((sealed.len() - 1 - NONCE_LEN - TAG_LEN) % 128, 0);
                let opened = open(&sealed, &key(), &context()).unwrap();
                assert_eq!(opened.title.len(), len);
                fits = len;
            }
            Err(error) => assert!(matches!(error, CryptoError::TextTooLong { max: 894, .. })),
        }
    }
    assert_eq!(fits + serde_json::to_vec(&info("")).unwrap().len(), 894);
}

/// Threat 36: a longer title shows only in steps of 128 bytes, and nothing repeats.
#[test]
fn length_and_repetition_are_hidden() {
    let sealed = |title: &str| seal(&info(title), &key(), &context()).unwrap();
    assert_eq!(sealed("x").len(), sealed("xyz").len());
    assert_ne!(sealed("x"), sealed("x"));
}

#[test]
fn every_altered_byte_and_length_is_refused() {
    let sealed = seal(&info("Blood count"), &key(), &context()).unwrap();
    for at in 0..sealed.len() {
        let mut bad = sealed.clone();
        bad[at] ^= 1;
        assert!(open(&bad, &key(), &context()).is_err(), "byte {at}");
        assert!(
            open(&sealed[..at], &key(), &context()).is_err(),
            "length {at}"
        );
    }
    let longer = [&sealed[..], &[0]].concat();
    assert!(matches!(
        open(&longer, &key(), &context()),
        Err(CryptoError::InfoRejected)
    ));
    let huge = vec![VERSION; 1 << 20];
    assert!(matches!(
        open(&huge, &key(), &context()),
        Err(CryptoError::Malformed(_))
    ));
}

#[test]
fn another_key_or_context_is_refused() {
    let sealed = seal(&info("Blood count"), &key(), &context()).unwrap();
    let c = context();
    let mut record = c.record;
    record.chain_id += 1;
    let others = [
        ContentContext { record, ..c },
        ContentContext { epoch: 2, ..c },
        ContentContext { version: 2, ..c },
    ];
    for other in others {
        assert!(matches!(
            open(&sealed, &key(), &other),
            Err(CryptoError::InfoRejected)
        ));
    }
    let bogus = RecordKey::generate().unwrap();
    assert!(matches!(
        open(&sealed, &bogus, &c),
        Err(CryptoError::InfoRejected)
    ));
}

/// Threat 33: text that is authentic but not a description, nested as deep as fits.
#[test]
fn authentic_nonsense_is_malformed() {
    let deep = "[".repeat(894);
    for text in [deep.as_bytes(), b"", b"{}", b"\xff", b"{\"title\":1}"] {
        let nonce = [1; NONCE_LEN];
        let mut padded = TEXT.pad(text).unwrap();
        let ad = associated_data(&context());
        let tag = cipher(&key())
            .encrypt_inout_detached(&XNonce::from(nonce), &ad, (&mut padded[..]).into())
            .unwrap();
        let sealed = [&[VERSION][..], &nonce, &padded, &tag].concat();
        assert!(matches!(
            open(&sealed, &key(), &context()),
            Err(CryptoError::Malformed(_))
        ));
    }
}
