//! Key schedule and chunk cipher of the chunked encryption.

use aead::array::typenum::Unsigned;
use aead::{AeadInOut, Key, KeyInit, KeySizeUser, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha512;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{CHUNK_LEN, CryptoError, SEALED_CHUNK_LEN, TAG_LEN};

/// Length of the random salt an object starts with, in bytes.
pub const SALT_LEN: usize = 24;
/// Length of the key commitment that follows it, in bytes.
pub const COMMITMENT_LEN: usize = 32;
/// Bytes before the first chunk.
pub const HEADER_LEN: usize = SALT_LEN + COMMITMENT_LEN;
/// Chunk numbers stay below this: 2^38 chunks of 16 KiB are 4 PiB.
pub const MAX_CHUNKS: u64 = 1 << 38;

/// An AEAD the construction can be used with: 16-byte tags, nonces of at least 8 bytes.
pub trait ChunkCipher: KeyInit + AeadInOut + Send + Sync {
    /// Name in IANA's AEAD registry; it goes into the key derivation.
    const NAME: &'static str;
}

/// Everything derived for one object.
pub(super) struct Schedule<A: ChunkCipher> {
    cipher: A,
    base_nonce: Nonce<A>,
    commitment: [u8; COMMITMENT_LEN],
}

impl<A: ChunkCipher> Schedule<A> {
    /// `key ‖ base nonce ‖ commitment = HKDF-Expand(prk = input key,
    /// info = "c2sp.org/chunked-encryption@v1+" ‖ aead ‖ 0x00 ‖ salt ‖ context)`, with SHA-512.
    pub(super) fn derive(input_key: &Key<A>, salt: &[u8; SALT_LEN], context: &[u8]) -> Self {
        let key_len = <A as KeySizeUser>::KeySize::USIZE;
        let nonce_len = A::NonceSize::USIZE;
        let mut okm = Zeroizing::new(vec![0; key_len + nonce_len + COMMITMENT_LEN]);
        let info: [&[u8]; 5] = [
            b"c2sp.org/chunked-encryption@v1+",
            A::NAME.as_bytes(),
            &[0],
            salt,
            context,
        ];
        expand_sha512(input_key, &info, &mut okm);

        let mut key = Key::<A>::default();
        let mut base_nonce = Nonce::<A>::default();
        let mut commitment = [0; COMMITMENT_LEN];
        key.copy_from_slice(&okm[..key_len]);
        base_nonce.copy_from_slice(&okm[key_len..key_len + nonce_len]);
        commitment.copy_from_slice(&okm[key_len + nonce_len..]);
        let cipher = A::new(&key);
        zeroize::Zeroize::zeroize(key.as_mut_slice());
        Self {
            cipher,
            base_nonce,
            commitment,
        }
    }

    /// The 32 bytes that bind the object to its key.
    pub(super) fn commitment(&self) -> &[u8; COMMITMENT_LEN] {
        &self.commitment
    }

    /// Checks the commitment an object carries, in constant time.
    pub(super) fn check(&self, found: &[u8; COMMITMENT_LEN]) -> Result<(), CryptoError> {
        if bool::from(self.commitment.ct_eq(found)) {
            Ok(())
        } else {
            Err(CryptoError::WrongKey)
        }
    }

    /// Base nonce XOR chunk number, big-endian and as wide as the nonce.
    pub(super) fn nonce(&self, chunk: u64) -> Result<Nonce<A>, CryptoError> {
        if chunk >= MAX_CHUNKS {
            return Err(CryptoError::TooLong);
        }
        let mut nonce = self.base_nonce.clone();
        let low = nonce.len() - size_of::<u64>();
        nonce[low..]
            .iter_mut()
            .zip(chunk.to_be_bytes())
            .for_each(|(byte, c)| *byte ^= c);
        Ok(nonce)
    }

    /// Encrypts `sealed[..len - 16]` in place and writes the tag behind it.
    pub(super) fn seal_chunk(&self, chunk: u64, sealed: &mut [u8]) -> Result<(), CryptoError> {
        let nonce = self.nonce(chunk)?;
        let (text, tag_space) = sealed
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(CryptoError::CipherRefused)?;
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce, &[], text.into())
            .map_err(|_| CryptoError::CipherRefused)?;
        tag_space.copy_from_slice(&tag);
        Ok(())
    }

    /// Authenticates `sealed` and decrypts it in place; the text is its first `len - 16` bytes.
    pub(super) fn open_chunk(&self, chunk: u64, sealed: &mut [u8]) -> Result<(), CryptoError> {
        let nonce = self.nonce(chunk)?;
        let (text, tag) = sealed
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(CryptoError::Truncated(chunk))?;
        let tag = Tag::<A>::try_from(&tag[..]).map_err(|_| CryptoError::CipherRefused)?;
        self.cipher
            .decrypt_inout_detached(&nonce, &[], text.into(), &tag)
            .map_err(|_| CryptoError::ForgedChunk(chunk))
    }

    /// Seals consecutive chunks that lie in `sealed` at a stride of [`SEALED_CHUNK_LEN`].
    pub(super) fn seal_run(&self, first: u64, sealed: &mut [u8]) -> Result<(), CryptoError> {
        numbered(first, sealed).try_for_each(|(chunk, bytes)| self.seal_chunk(chunk, bytes))
    }

    /// Opens consecutive chunks that lie in `sealed` at a stride of [`SEALED_CHUNK_LEN`].
    pub(super) fn open_run(&self, first: u64, sealed: &mut [u8]) -> Result<(), CryptoError> {
        numbered(first, sealed).try_for_each(|(chunk, bytes)| self.open_chunk(chunk, bytes))
    }
}

fn numbered(first: u64, sealed: &mut [u8]) -> impl Iterator<Item = (u64, &mut [u8])> {
    (first..).zip(sealed.chunks_mut(SEALED_CHUNK_LEN))
}

/// HKDF-Expand with SHA-512 from a key that may be shorter than the hash.
///
/// The specification feeds the input key to HKDF-Expand as it is. HMAC pads keys shorter than its block
/// (128 bytes) with zeros (RFC 2104 section 2), so padding to the 64 bytes the `hkdf` crate insists on
/// changes nothing.
fn expand_sha512(prk: &[u8], info: &[&[u8]], okm: &mut [u8]) {
    const HASH_LEN: usize = 64;
    let mut padded = Zeroizing::new([0; HASH_LEN]);
    padded[..prk.len()].copy_from_slice(prk);
    Hkdf::<Sha512>::from_prk(&*padded)
        .expect("the key has exactly the 64 bytes asked for")
        .expand_multi_info(info, okm)
        .expect("RFC 5869 section 2.3 allows up to 255 * 64 bytes, under 100 are asked for");
}

const _: () = assert!(SEALED_CHUNK_LEN == CHUNK_LEN + TAG_LEN);
