//! AEAD_CHACHA20_POLY1305 (RFC 8439) for content, behind the traits of `aead`.
//!
//! Content is all that is long, so the time of sealing is the time of this cipher. `ring` encrypts and authenticates in
//! one pass of assembly, on any processor; where a processor has AVX-512, vectors twice as wide take less time still.
//! The crate `chacha20poly1305` has the XChaCha20-Poly1305 of everything else.

#[cfg(target_arch = "x86_64")]
mod wide;

use std::hint::black_box;

use aead::consts::{U12, U16, U32};
use aead::inout::InOutBuf;
use aead::{AeadCore, AeadInOut, Error, Key, KeyInit, KeySizeUser, Nonce, Tag, TagPosition};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce as RingNonce, UnboundKey};

use super::ChunkCipher;
#[cfg(target_arch = "x86_64")]
use wide::WideKey;

/// ChaCha20-Poly1305 under one key, which is overwritten on drop.
pub struct ChaCha20Poly1305(Engine);

/// Who does the work.
enum Engine {
    #[cfg(target_arch = "x86_64")]
    Wide(WideKey),
    Ring(Box<RingKey>),
}

impl ChunkCipher for ChaCha20Poly1305 {
    const NAME: &'static str = "AEAD_CHACHA20_POLY1305";
}

impl KeySizeUser for ChaCha20Poly1305 {
    type KeySize = U32;
}

impl KeyInit for ChaCha20Poly1305 {
    fn new(key: &Key<Self>) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(wide) = WideKey::new(&key.0) {
            return Self(Engine::Wide(wide));
        }
        Self(Engine::Ring(Box::new(RingKey::new(&key.0))))
    }
}

impl AeadCore for ChaCha20Poly1305 {
    type NonceSize = U12;
    type TagSize = U16;
    const TAG_POSITION: TagPosition = TagPosition::Postfix;
}

impl AeadInOut for ChaCha20Poly1305 {
    fn encrypt_inout_detached(
        &self,
        nonce: &Nonce<Self>,
        associated_data: &[u8],
        buffer: InOutBuf<'_, '_, u8>,
    ) -> Result<Tag<Self>, Error> {
        let text = buffer.into_out_with_copied_in();
        let tag = match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Engine::Wide(key) => key.seal(&nonce.0, associated_data, text)?,
            Engine::Ring(key) => key.seal(&nonce.0, associated_data, text)?,
        };
        Ok(tag.into())
    }

    fn decrypt_inout_detached(
        &self,
        nonce: &Nonce<Self>,
        associated_data: &[u8],
        buffer: InOutBuf<'_, '_, u8>,
        tag: &Tag<Self>,
    ) -> Result<(), Error> {
        let text = buffer.into_out_with_copied_in();
        match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Engine::Wide(key) => key.open(&nonce.0, associated_data, text, &tag.0),
            Engine::Ring(key) => key.open(&nonce.0, associated_data, text, &tag.0),
        }
    }
}

/// A key of `ring`, which calls a key less safe when its user chooses the nonces, as the chunked encryption does.
struct RingKey(LessSafeKey);

impl RingKey {
    fn new(key: &[u8; 32]) -> Self {
        Self(less_safe_key(key))
    }

    /// Encrypts `text` in place; gives the tag.
    fn seal(&self, nonce: &[u8; 12], aad: &[u8], text: &mut [u8]) -> Result<[u8; 16], Error> {
        let nonce = RingNonce::assume_unique_for_key(*nonce);
        let sealed = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(aad), text);
        let tag = sealed.map_err(|_| Error)?;
        tag.as_ref().try_into().map_err(|_| Error)
    }

    /// Decrypts `text` in place if the tag is right.
    fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), Error> {
        let nonce = RingNonce::assume_unique_for_key(*nonce);
        let opened =
            self.0
                .open_in_place_separate_tag(nonce, Aad::from(aad), (*tag).into(), text, 0..);
        opened.map(|_| ()).map_err(|_| Error)
    }
}

impl Drop for RingKey {
    fn drop(&mut self) {
        // `ring` does not wipe its keys. `black_box` keeps the compiler from leaving this out as without effect.
        self.0 = less_safe_key(&[0; 32]);
        black_box(&mut self.0);
    }
}

fn less_safe_key(key: &[u8; 32]) -> LessSafeKey {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key);
    LessSafeKey::new(key.expect("a key of this cipher has 32 bytes"))
}

#[cfg(test)]
impl ChaCha20Poly1305 {
    /// The engine for any processor, and the one that is chosen on this one.
    pub(super) fn engines(key: &[u8; 32]) -> [Self; 2] {
        let ring = Self(Engine::Ring(Box::new(RingKey::new(key))));
        [ring, Self::new(key.into())]
    }
}
