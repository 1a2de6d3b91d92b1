//! The vectors against the RFC's formulas with numbers of any size, and against another implementation.

use ::chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use num_bigint::BigUint;
use proptest::prelude::*;

use super::poly1305::Poly1305;
use super::*;

/// A key, or `None` on a processor without the vectors, where nothing of this module is used either.
fn key(bytes: &[u8; 32]) -> Option<WideKey> {
    let key = WideKey::new(bytes);
    if key.is_none() {
        eprintln!("this processor has no AVX-512 with IFMA: not run");
    }
    key
}

/// The tag as RFC 8439 section 2.5 defines it. `message` consists of whole blocks.
fn tag_by_definition(one_time: &[u8; 32], message: &[u8]) -> [u8; 16] {
    let clamp = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
    let r = u128::from_le_bytes(one_time[..16].try_into().unwrap()) & clamp;
    let r = BigUint::from(r);
    let p = (BigUint::from(1_u8) << 130) - 5_u8;
    let mut sum = BigUint::ZERO;
    for block in message.chunks(16) {
        sum += BigUint::from_bytes_le(block) + (BigUint::from(1_u8) << 128);
        sum = sum * &r % &p;
    }
    sum += BigUint::from_bytes_le(&one_time[16..]);
    let mut tag = sum.to_bytes_le();
    tag.resize(17, 0);
    tag[..16].try_into().unwrap()
}

#[expect(unsafe_code, reason = "the compiler cannot know the processor")]
fn tag_by_vectors(_: &WideKey, one_time: &[u8; 32], message: &[u8]) -> [u8; 16] {
    let mut authenticator = Poly1305::new(one_time);
    // SAFETY: there is a key, so the processor has both features.
    unsafe { authenticator.update_padded(message) };
    authenticator.finalize()
}

/// RFC 8439 appendix A.3, test vectors 7 to 11: sums that reach p, pass it or come close to it.
#[test]
fn sums_at_the_edge_of_the_modulus() {
    let Some(wide) = key(&[0; 32]) else { return };
    let then = |first: u8, rest: u8| {
        let mut block = [rest; 16];
        block[0] = first;
        block
    };
    let zero = then(0, 0);
    let ones = then(0xff, 0xff);
    type Block = [u8; 16];
    let cases: [(u8, Block, &[Block], Block); 5] = [
        (2, zero, &[ones], then(3, 0)),
        (2, ones, &[then(2, 0)], then(3, 0)),
        (
            1,
            zero,
            &[ones, then(0xf0, 0xff), then(0x11, 0)],
            then(5, 0),
        ),
        (1, zero, &[ones, then(0xfb, 0xfe), then(1, 1)], zero),
        (2, zero, &[then(0xfd, 0xff)], then(0xfa, 0xff)),
    ];
    for (r, s, blocks, tag) in cases {
        let one_time = [then(r, 0), s].concat().try_into().unwrap();
        let message = blocks.concat();
        assert_eq!(tag_by_definition(&one_time, &message), tag);
        assert_eq!(tag_by_vectors(&wide, &one_time, &message), tag);
    }
}

proptest! {
    #[test]
    fn tags_are_those_of_the_definition(
        one_time in extreme(32..33),
        message in extreme(0..1500),
    ) {
        if let Some(wide) = key(&[0; 32]) {
            let one_time: [u8; 32] = one_time.try_into().unwrap();
            let whole = &message[..message.len() / 16 * 16];
            prop_assert_eq!(tag_by_definition(&one_time, whole), tag_by_vectors(&wide, &one_time, whole));
        }
    }

    #[test]
    fn the_key_stream_is_that_of_another_implementation(
        secret: [u8; 32],
        nonce: [u8; 12],
        len in 0_usize..5000,
    ) {
        if let Some(wide) = key(&secret) {
            let mut ours = vec![0; len];
            wide.seal(&nonce, b"", &mut ours).unwrap();
            let mut theirs = vec![0; len];
            let mut cipher = ::chacha20::ChaCha20::new(&secret.into(), &nonce.into());
            cipher.seek(64);
            cipher.apply_keystream(&mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }

    /// One bit anywhere, in the text, the tag or what goes with them, and nothing is decrypted.
    #[test]
    fn an_altered_message_stays_as_it_was(
        text in prop::collection::vec(any::<u8>(), 1..2000),
        at: prop::sample::Index,
        bit in 0_u8..8,
        place in 0_u8..3,
    ) {
        if let Some(wide) = key(&[5; 32]) {
            let (mut sealed, mut aad) = (text, *b"with it");
            let mut tag = wide.seal(&[6; 12], &aad, &mut sealed).unwrap();
            let altered: &mut [u8] = match place {
                0 => &mut sealed,
                1 => &mut tag,
                _ => &mut aad,
            };
            altered[at.index(altered.len())] ^= 1 << bit;
            let before = sealed.clone();
            prop_assert!(wide.open(&[6; 12], &aad, &mut sealed, &tag).is_err());
            prop_assert_eq!(sealed, before);
        }
    }
}

/// Bytes that are all zeros, all ones, few of each, or any: what makes carries run far.
fn extreme(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => Just(0xff), 1 => Just(0), 1 => any::<u8>()];
    prop_oneof![
        prop::collection::vec(Just(0xff), len.clone()),
        prop::collection::vec(byte, len.clone()),
        prop::collection::vec(any::<u8>(), len),
    ]
}

#[test]
fn no_text_is_longer_than_the_counter() {
    assert!(check_len(MOST as usize).is_ok());
    assert!(check_len(MOST as usize + 1).is_err());
}
