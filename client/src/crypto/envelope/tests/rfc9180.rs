//! RFC 9180 appendix A.5.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.

use super::*;

const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
const IKM_E: &str = "f1f1a3bc95416871539ecb51c3a8f0cf608afb40fbbe305c0a72819d35c33f1f";
const IKM_R: &str = "61092f3f56994dd424405899154a9918353e3e008171517ad576b900ddb275e7";
const SK_RM: &str = "a4d1c55836aa30f9b3fbb6ac98d338c877c2867dd3a77396d13f68d3ab150d3b";
const PK_RM: &str = concat!(
    "04a697bffde9405c992883c5c439d6cc358170b51af72812333b015621dc0f40",
    "bad9bb726f68a5c013806a790ec716ab8669f84f6b694596c2987cf35baba2a0",
    "06",
);
const ENC: &str = concat!(
    "04c07836a0206e04e31d8ae99bfd549380b072a1b1b82e563c935c095827824f",
    "c1559eac6fb9e3c70cd3193968994e7fe9781aa103f5b50e934b5b2f387e3812",
    "91",
);
const PT: &str = "4265617574792069732074727574682c20747275746820626561757479";
const AAD: &str = "436f756e742d30";
const CT: &str = concat!(
    "6469c41c5c81d3aa85432531ecf6460ec945bde1eb428cb2fedf7a29f5a685b4",
    "ccb0d057f03ea2952a27bb458b",
);

/// The "random" bytes of the vector: RFC 9180 derives the ephemeral key pair from them.
struct Fixed(Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("hpke fills a buffer")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("hpke fills a buffer")
    }

    fn try_fill_bytes(&mut self, space: &mut [u8]) -> Result<(), Infallible> {
        space.copy_from_slice(&self.0);
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

fn bytes(hex_digits: &str) -> Vec<u8> {
    hex::decode(hex_digits).unwrap()
}

#[test]
fn derive_key_pair_gives_the_published_pair() {
    let (secret, public) = DhP256HkdfSha256::derive_keypair(&bytes(IKM_R));
    assert_eq!(secret.to_bytes()[..], bytes(SK_RM));
    assert_eq!(public.to_bytes()[..], bytes(PK_RM));
}

/// The published message has associated data, which our envelopes leave empty; the suite is the same.
#[test]
fn the_suite_seals_and_opens_the_published_message() {
    let recipient = EncryptionPublicKey::from_sec1(&bytes(PK_RM)).unwrap();
    let mut text = bytes(PT);
    let mut rng = Fixed(bytes(IKM_E));
    let (enc, tag) =
        single_shot_seal_inout_detached_with_rng::<ChaCha20Poly1305, HkdfSha256, DhP256HkdfSha256>(
            &OpModeS::Base,
            &recipient.to_kem().unwrap(),
            &bytes(INFO),
            (&mut text[..]).into(),
            &bytes(AAD),
            &mut rng,
        )
        .unwrap();
    assert_eq!(enc.to_bytes()[..], bytes(ENC));
    assert_eq!([&text[..], &tag.to_bytes()].concat(), bytes(CT));

    let secret = EncryptionKeyPair::from_parts(&bytes(SK_RM), recipient);
    single_shot_open_inout_detached::<ChaCha20Poly1305, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Base,
        secret.secret(),
        &enc,
        &bytes(INFO),
        (&mut text[..]).into(),
        &bytes(AAD),
        &tag,
    )
    .unwrap();
    assert_eq!(text, bytes(PT));
}

/// Our own envelope functions, under the vector's keys: the published `enc`, travelling compressed.
#[test]
fn our_envelope_uses_the_published_encapsulation() {
    let recipient = EncryptionPublicKey::from_sec1(&bytes(PK_RM)).unwrap();
    let mut buffer = [bytes(PT), vec![0; TAG_LEN]].concat();
    let enc = seal_in_place(
        &mut buffer,
        &recipient,
        &bytes(INFO),
        &mut Fixed(bytes(IKM_E)),
    )
    .unwrap();
    assert_eq!(enc.to_sec1_uncompressed()[..], bytes(ENC));
    // The text is encrypted under the published key and nonce; only the tag depends on associated data.
    assert_eq!(buffer[..PT.len() / 2], bytes(CT)[..PT.len() / 2]);
    let (x, odd) = enc.to_compressed();
    let expanded = EncryptionPublicKey::from_compressed(&x, odd).unwrap();
    let secret = EncryptionKeyPair::from_parts(&bytes(SK_RM), recipient);
    open_in_place(&mut buffer, &expanded, &secret, &bytes(INFO)).unwrap();
    assert_eq!(buffer[..PT.len() / 2], bytes(PT));
}
