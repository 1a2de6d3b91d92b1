//! AEAD_CHACHA20_POLY1305 (RFC 8439) in the 512-bit vectors of x86-64, for processors that have them.
//!
//! The constructions are those of the RFC, with sixteen blocks of key stream and eight blocks of the authenticator side by
//! side. Nothing branches on, or indexes by, a secret.

mod chacha20;
mod poly1305;
mod vector;

use aead::Error;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use chacha20::Stream;
use poly1305::Poly1305;

/// Most bytes under one nonce: the blocks that a counter of 32 bits numbers, without block 0 (RFC 8439 section 2.8).
const MOST: u64 = (u32::MAX as u64) * 64;

/// A key, on a processor that has AVX-512 with the 52-bit multiplications (IFMA). Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct WideKey([u32; 8]);

impl WideKey {
    /// `None` on a processor without the vectors.
    pub(super) fn new(key: &[u8; 32]) -> Option<Self> {
        let able = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma");
        able.then(|| Self(words(key)))
    }

    /// Encrypts `text` in place; gives the tag.
    #[expect(unsafe_code, reason = "the compiler cannot know the processor")]
    pub(super) fn seal(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; 16], Error> {
        check_len(text.len())?;
        // SAFETY: a key is only made where the processor has both features.
        Ok(unsafe { sealed(&self.stream(nonce), aad, text) })
    }

    /// Decrypts `text` in place if the tag is right, and leaves it as it was otherwise.
    #[expect(unsafe_code, reason = "the compiler cannot know the processor")]
    pub(super) fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), Error> {
        check_len(text.len())?;
        // SAFETY: a key is only made where the processor has both features.
        unsafe { opened(&self.stream(nonce), aad, text, tag) }
    }

    fn stream(&self, nonce: &[u8; 12]) -> Stream<'_> {
        Stream {
            key: &self.0,
            nonce: words(nonce),
        }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn sealed(stream: &Stream<'_>, aad: &[u8], text: &mut [u8]) -> [u8; 16] {
    stream.apply(text);
    tag(stream, aad, text)
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn opened(
    stream: &Stream<'_>,
    aad: &[u8],
    text: &mut [u8],
    expected: &[u8; 16],
) -> Result<(), Error> {
    if !bool::from(tag(stream, aad, text).ct_eq(expected)) {
        return Err(Error);
    }
    stream.apply(text);
    Ok(())
}

/// The tag of a ciphertext and what goes with it (RFC 8439 section 2.8).
#[target_feature(enable = "avx512f,avx512ifma")]
fn tag(stream: &Stream<'_>, aad: &[u8], ciphertext: &[u8]) -> [u8; 16] {
    let mut one_time = stream.one_time_key();
    let mut authenticator = Poly1305::new(&one_time);
    one_time.zeroize();
    authenticator.update_padded(aad);
    authenticator.update_padded(ciphertext);
    authenticator.update_block(aad.len() as u128 | (ciphertext.len() as u128) << 64);
    authenticator.finalize()
}

fn check_len(len: usize) -> Result<(), Error> {
    if len as u64 > MOST {
        return Err(Error);
    }
    Ok(())
}

/// Little-endian words (RFC 8439 section 2.3).
fn words<const BYTES: usize, const WORDS: usize>(bytes: &[u8; BYTES]) -> [u32; WORDS] {
    const { assert!(BYTES == 4 * WORDS) };
    let (words, _) = bytes.as_chunks::<4>();
    std::array::from_fn(|i| u32::from_le_bytes(words[i]))
}

#[cfg(test)]
mod tests;
