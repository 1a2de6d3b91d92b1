//! RFC 9180 appendix A.5.1, and envelopes in the wrong place.

use std::convert::Infallible;

use rand_chacha::rand_core::{TryCryptoRng, TryRng};

use super::*;
use crate::crypto::context::RecordRef;

mod rfc9180;

const SEED: [u8; 64] = [9; 64];

fn context() -> WrapContext {
    let record = RecordRef {
        chain_id: 412_346,
        contract: [0xc0; 20],
        record_id: [0x1d; 32],
    };
    WrapContext {
        record,
        epoch: 1,
        grantee: [0x9a; 20],
        key_version: 1,
    }
}

fn note_context() -> NoteContext {
    NoteContext {
        record: context().record,
        requester: [0x7e; 20],
        key_version: 1,
    }
}

fn reader() -> EncryptionKeyPair {
    EncryptionKeyPair::from_seed(&SEED, 1).unwrap()
}

fn wrapped() -> WrappedKey {
    let key = RecordKey::from_bytes(&[0x42; 32]);
    wrap(&key, &reader().public(), &context()).unwrap()
}

#[test]
fn a_wrapped_key_opens_for_its_reader() {
    let opened = unwrap(&wrapped(), &reader(), &context()).unwrap();
    assert_eq!(opened.expose(), &[0x42; 32]);
}

#[test]
fn wrapping_twice_shares_nothing() {
    let (one, two) = (wrapped(), wrapped());
    assert_ne!(one.enc_x, two.enc_x);
    assert_ne!(one.sealed, two.sealed);
}

/// Threat 10: a wrapped key moved elsewhere.
#[test]
fn every_field_of_the_context_counts() {
    let c = context();
    let record = |change: fn(&mut RecordRef)| {
        let mut record = c.record;
        change(&mut record);
        WrapContext {
            record,
            ..context()
        }
    };
    let others = [
        record(|r| r.chain_id = 42_161),
        record(|r| r.contract[7] ^= 1),
        record(|r| r.record_id[31] ^= 0x80),
        WrapContext { epoch: 2, ..c },
        WrapContext {
            grantee: [0x9b; 20],
            ..c
        },
        WrapContext {
            key_version: 2,
            ..c
        },
    ];
    for other in others {
        let opened = unwrap(&wrapped(), &reader(), &other);
        assert!(
            matches!(opened, Err(CryptoError::EnvelopeRejected)),
            "{other:?}"
        );
    }
    let stranger = EncryptionKeyPair::from_seed(&SEED, 2).unwrap();
    assert!(matches!(
        unwrap(&wrapped(), &stranger, &c),
        Err(CryptoError::EnvelopeRejected)
    ));
}

/// Threats 1 and 9: any altered bit, and points that are none.
#[test]
fn every_altered_bit_is_refused() {
    let good = wrapped();
    let mut refused = 0;
    for bit in 0..32 * 8 {
        let mut bad = good;
        bad.enc_x[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(unwrap(&bad, &reader(), &context()).is_err());
    }
    for bit in 0..48 * 8 {
        let mut bad = good;
        bad.sealed[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(unwrap(&bad, &reader(), &context()).is_err());
    }
    let other_parity = WrappedKey {
        enc_odd: !good.enc_odd,
        ..good
    };
    refused += usize::from(unwrap(&other_parity, &reader(), &context()).is_err());
    assert_eq!(refused, 32 * 8 + 48 * 8 + 1);
    let no_point = WrappedKey {
        enc_x: [0xff; 32],
        ..good
    };
    assert!(matches!(
        unwrap(&no_point, &reader(), &context()),
        Err(CryptoError::InvalidPublicKey)
    ));
}

#[test]
fn notes_of_every_length_round_trip() {
    let owner = reader();
    for len in [0, 1, 125, 126, 127, 254, 255, MAX_NOTE_LEN] {
        let note = "é".repeat(len / 2) + &"x".repeat(len % 2);
        let sealed = seal_note(&note, &owner.public(), &note_context()).unwrap();
        assert!(sealed.len() <= MAX_SEALED_NOTE_LEN);
        assert_eq!((sealed.len() - NOTE_HEADER_LEN - TAG_LEN) % 128, 0);
        assert_eq!(open_note(&sealed, &owner, &note_context()).unwrap(), note);
    }
}

/// The registry refuses a sealed note of more than 512 bytes.
#[test]
fn the_longest_note_fits_and_one_byte_more_is_refused() {
    let owner = reader().public();
    let longest = "x".repeat(MAX_NOTE_LEN);
    let sealed = seal_note(&longest, &owner, &note_context()).unwrap();
    assert_eq!(sealed.len(), MAX_SEALED_NOTE_LEN);
    assert_eq!(MAX_SEALED_NOTE_LEN, 433);
    let error = seal_note(&(longest + "x"), &owner, &note_context()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the note takes 383 bytes, at most 382 fit"
    );
    let longer = [&sealed[..], &[0; 128]].concat();
    assert!(matches!(
        open_note(&longer, &reader(), &note_context()),
        Err(CryptoError::Malformed("the note"))
    ));
}

#[test]
fn notes_elsewhere_or_altered_are_refused() {
    let owner = reader();
    let sealed = seal_note("please", &owner.public(), &note_context()).unwrap();
    for at in 0..sealed.len() {
        let mut bad = sealed.clone();
        bad[at] ^= 1;
        assert!(
            open_note(&bad, &owner, &note_context()).is_err(),
            "byte {at}"
        );
        assert!(
            open_note(&sealed[..at], &owner, &note_context()).is_err(),
            "length {at}"
        );
    }
    assert!(open_note(&vec![0; 1 << 20], &owner, &note_context()).is_err());
    let c = note_context();
    let mut record = c.record;
    record.record_id[0] ^= 1;
    let others = [
        NoteContext { record, ..c },
        NoteContext {
            requester: [0; 20],
            ..c
        },
        NoteContext {
            key_version: 2,
            ..c
        },
    ];
    for other in others {
        assert!(open_note(&sealed, &owner, &other).is_err());
    }
}
