//! Threat 12: one object that authenticates under two keys.
//!
//! ChaCha20-Poly1305 does not commit to its key: with two keys in hand, one block of ciphertext can be
//! solved for so that a chunk's tag holds under both (Albertini and others, "How to Abuse and Fix
//! Authenticated Encryption Without Key Commitment", 2022). The test builds such a chunk, shows that the
//! cipher takes it twice, and that the object is still accepted under at most one key.

use num_bigint::BigUint;

use super::*;
use crate::crypto::stream::schedule::COMMITMENT_LEN;

const BODY_LEN: usize = 64;

type Cipher = Schedule<ChaCha20Poly1305>;

fn prime() -> BigUint {
    (BigUint::from(1_u8) << 130) - 5_u8
}

/// Poly1305's one-time key (r, s) of chunk 0, read off the tags of chosen ciphertexts is not possible, so
/// it is taken from the first keystream block, RFC 8439 section 2.6.
fn one_time_key(key: &[u8; 32], salt: &[u8; SALT_LEN], context: &[u8]) -> (BigUint, BigUint) {
    use chacha20::cipher::{KeyIvInit, StreamCipher};
    let (aead_key, nonce) = derived(key, salt, context);
    let mut block = [0; 32];
    chacha20::ChaCha20::new(&aead_key.into(), &nonce.into()).apply_keystream(&mut block);
    let clamp = BigUint::parse_bytes(b"0ffffffc0ffffffc0ffffffc0fffffff", 16).unwrap();
    let r = BigUint::from_bytes_le(&block[..16]) & clamp;
    (r, BigUint::from_bytes_le(&block[16..]))
}

/// Key and base nonce, derived here a second time from the text of the specification.
fn derived(key: &[u8; 32], salt: &[u8; SALT_LEN], context: &[u8]) -> ([u8; 32], [u8; 12]) {
    let mut prk = [0; 64];
    prk[..32].copy_from_slice(key);
    let label: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_CHACHA20_POLY1305\0";
    let mut okm = [0; 44];
    hkdf::Hkdf::<sha2::Sha512>::from_prk(&prk)
        .unwrap()
        .expand_multi_info(&[label, salt, context], &mut okm)
        .unwrap();
    (okm[..32].try_into().unwrap(), okm[32..].try_into().unwrap())
}

/// Poly1305's polynomial over the body and the length block, before s is added.
fn polynomial(body: &[u8; BODY_LEN], r: &BigUint) -> BigUint {
    let mut lengths = [0; 16];
    lengths[8..].copy_from_slice(&(BODY_LEN as u64).to_le_bytes());
    let high = BigUint::from(1_u8) << 128;
    let step =
        |sum: BigUint, block: &[u8]| (sum + BigUint::from_bytes_le(block) + &high) * r % prime();
    body.chunks(16)
        .chain([&lengths[..]])
        .fold(BigUint::ZERO, step)
}

fn tag(body: &[u8; BODY_LEN], (r, s): &(BigUint, BigUint)) -> BigUint {
    (polynomial(body, r) + s) % (BigUint::from(1_u8) << 128)
}

/// Solves for the last block so that both tags agree; retried until the solution fits into 16 bytes.
fn collide(one: &(BigUint, BigUint), two: &(BigUint, BigUint)) -> [u8; BODY_LEN] {
    let p = prime();
    let factor = |r: &BigUint| r.modpow(&BigUint::from(2_u8), &p);
    let slope = (factor(&one.0) + &p - factor(&two.0)) % &p;
    let inverse = slope.modinv(&p).unwrap();
    for attempt in 0_u64.. {
        let mut body = [0; BODY_LEN];
        body[..8].copy_from_slice(&attempt.to_le_bytes());
        let left = polynomial(&body, &one.0) + &one.1;
        let right = polynomial(&body, &two.0) + &two.1;
        let block = ((right + &p + &p - left % &p) % &p) * &inverse % &p;
        let bytes = block.to_bytes_le();
        if bytes.len() > 16 {
            continue;
        }
        body[BODY_LEN - 16..BODY_LEN - 16 + bytes.len()].copy_from_slice(&bytes);
        if tag(&body, one) == tag(&body, two) {
            return body;
        }
    }
    unreachable!("the attempts do not end")
}

#[test]
fn an_object_for_two_keys_opens_under_one_at_most() {
    let (first, second, salt) = ([0x11; 32], [0x22; 32], [0x33; SALT_LEN]);
    let context = context().to_content_bytes();
    let keys = [first, second].map(|key| one_time_key(&key, &salt, &context));
    let body = collide(&keys[0], &keys[1]);
    let mut chunk = body.to_vec();
    let mut tag_bytes = tag(&body, &keys[0]).to_bytes_le();
    tag_bytes.resize(TAG_LEN, 0);
    chunk.extend_from_slice(&tag_bytes);

    let schedules = [first, second].map(|key| Cipher::derive(&key.into(), &salt, &context));
    for schedule in &schedules {
        assert!(
            schedule.open_chunk(0, &mut chunk.clone()).is_ok(),
            "the cipher alone takes both"
        );
    }
    let commitments: Vec<[u8; COMMITMENT_LEN]> = schedules
        .iter()
        .map(|schedule| *schedule.commitment())
        .chain([[0; 32]])
        .collect();
    for commitment in commitments {
        let object = [&salt[..], &commitment, &chunk].concat();
        let accepted = [first, second]
            .iter()
            .filter(|key| open_as(&object, &RecordKey::from_bytes(key), &super::context()).is_ok())
            .count();
        assert!(accepted <= 1, "{accepted} keys accepted");
    }
}
