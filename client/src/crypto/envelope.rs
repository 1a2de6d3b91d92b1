//! Envelopes: a record key for one reader, a note for a record's owner.
//!
//! HPKE base mode, RFC 9180, with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and ChaCha20Poly1305 (kem 0x0010,
//! kdf 0x0001, aead 0x0003), one message per encapsulation, empty associated data. HPKE's `info` binds
//! everything the envelope is about. Base mode suffices: the sender is authenticated by the transaction
//! that carries the envelope.
//!
//! The encapsulated key `enc` is a point. The registry stores it compressed, x and the parity of y; it is
//! expanded again before HPKE sees it, and a value that is no point is refused there.

use hpke::aead::{AeadTag, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open_inout_detached,
    single_shot_seal_inout_detached_with_rng,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{CryptoRng, SeedableRng};
use zeroize::Zeroizing;

use super::CryptoError;
use super::context::{NoteContext, WrapContext};
use super::key::{EncryptionKeyPair, EncryptionPublicKey, KEY_LEN, RecordKey};
use super::padding::Padding;

const TAG_LEN: usize = 16;
/// Bytes of a note's envelope before its text: x (32) and parity (1).
const NOTE_HEADER_LEN: usize = 33;
/// Three blocks: with header and tag 433 bytes, within the 512 that the registry takes (`docs/contract.md`, bounds).
const NOTE: Padding = Padding {
    what: "the note",
    blocks: 3,
};
/// Longest note in bytes of UTF-8: 382.
pub const MAX_NOTE_LEN: usize = NOTE.max_text();
/// Longest sealed note in bytes: 33 + 384 + 16.
pub const MAX_SEALED_NOTE_LEN: usize = NOTE_HEADER_LEN + NOTE.max_padded() + TAG_LEN;

type EncappedKey = <DhP256HkdfSha256 as Kem>::EncappedKey;

/// A record key sealed to one reader, in the form the registry stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// x coordinate of the encapsulated point, big-endian.
    pub enc_x: [u8; 32],
    /// Whether its y coordinate is odd.
    pub enc_odd: bool,
    /// Sealed key (32) ‖ tag (16).
    pub sealed: [u8; KEY_LEN + TAG_LEN],
}

/// Wraps a record key for one reader.
///
/// # Errors
/// [`CryptoError::Randomness`], [`CryptoError::InvalidPublicKey`].
pub fn wrap(
    key: &RecordKey,
    reader: &EncryptionPublicKey,
    context: &WrapContext,
) -> Result<WrappedKey, CryptoError> {
    let mut sealed = Zeroizing::new([0; KEY_LEN + TAG_LEN]);
    sealed[..KEY_LEN].copy_from_slice(key.expose());
    let enc = seal_in_place(&mut *sealed, reader, &context.to_bytes(), &mut random()?)?;
    let (enc_x, enc_odd) = enc.to_compressed();
    Ok(WrappedKey {
        enc_x,
        enc_odd,
        sealed: *sealed,
    })
}

/// Opens a wrapped key.
///
/// # Errors
/// [`CryptoError::InvalidPublicKey`] if the encapsulated point is none, [`CryptoError::EnvelopeRejected`] if
/// key or context are not the ones it was made for.
pub fn unwrap(
    wrapped: &WrappedKey,
    reader: &EncryptionKeyPair,
    context: &WrapContext,
) -> Result<RecordKey, CryptoError> {
    let enc = EncryptionPublicKey::from_compressed(&wrapped.enc_x, wrapped.enc_odd)?;
    let mut bytes = Zeroizing::new(wrapped.sealed);
    open_in_place(&mut *bytes, &enc, reader, &context.to_bytes())?;
    let (key, _) = bytes
        .split_first_chunk::<KEY_LEN>()
        .ok_or(CryptoError::EnvelopeRejected)?;
    Ok(RecordKey::from_bytes(key))
}

/// Seals a note to a record's owner: x (32) ‖ parity (1) ‖ sealed padded text ‖ tag (16), at most
/// [`MAX_SEALED_NOTE_LEN`].
///
/// # Errors
/// [`CryptoError::TextTooLong`] past [`MAX_NOTE_LEN`], [`CryptoError::Randomness`],
/// [`CryptoError::InvalidPublicKey`].
pub fn seal_note(
    note: &str,
    owner: &EncryptionPublicKey,
    context: &NoteContext,
) -> Result<Vec<u8>, CryptoError> {
    let mut sealed = Zeroizing::new(NOTE.pad(note.as_bytes())?);
    sealed.extend_from_slice(&[0; TAG_LEN]);
    let enc = seal_in_place(&mut sealed, owner, &context.to_bytes(), &mut random()?)?;
    let (x, odd) = enc.to_compressed();
    let mut out = Vec::with_capacity(NOTE_HEADER_LEN + sealed.len());
    out.extend_from_slice(&x);
    out.push(u8::from(odd));
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Opens a note.
///
/// # Errors
/// [`CryptoError::Malformed`] if its shape is wrong, [`CryptoError::InvalidPublicKey`],
/// [`CryptoError::EnvelopeRejected`].
pub fn open_note(
    sealed: &[u8],
    owner: &EncryptionKeyPair,
    context: &NoteContext,
) -> Result<String, CryptoError> {
    let malformed = || CryptoError::Malformed(NOTE.what);
    let (x, rest) = sealed.split_first_chunk::<32>().ok_or_else(malformed)?;
    let (&parity, body) = rest.split_first().ok_or_else(malformed)?;
    if parity > 1 || sealed.len() > MAX_SEALED_NOTE_LEN {
        return Err(malformed());
    }
    let enc = EncryptionPublicKey::from_compressed(x, parity == 1)?;
    let mut text = Zeroizing::new(body.to_vec());
    open_in_place(&mut text, &enc, owner, &context.to_bytes())?;
    let padded = &text[..text.len() - TAG_LEN];
    let note = std::str::from_utf8(NOTE.unpad(padded)?).map_err(|_| malformed())?;
    Ok(note.to_owned())
}

/// A generator seeded by the operating system, so that its failure is an error and not a panic inside hpke.
fn random() -> Result<ChaCha20Rng, CryptoError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed)?;
    Ok(ChaCha20Rng::from_seed(*seed))
}

/// HPKE `SealBase` over `buffer[..len - 16]`, tag behind it; returns the encapsulated point.
fn seal_in_place(
    buffer: &mut [u8],
    to: &EncryptionPublicKey,
    info: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<EncryptionPublicKey, CryptoError> {
    let (text, tag_space) = buffer
        .split_last_chunk_mut::<TAG_LEN>()
        .ok_or(CryptoError::CipherRefused)?;
    let (enc, tag) = single_shot_seal_inout_detached_with_rng::<
        ChaCha20Poly1305,
        HkdfSha256,
        DhP256HkdfSha256,
    >(&OpModeS::Base, &to.to_kem()?, info, text.into(), &[], rng)
    .map_err(|_| CryptoError::CipherRefused)?;
    tag_space.copy_from_slice(&tag.to_bytes());
    EncryptionPublicKey::from_sec1(&enc.to_bytes())
}

/// HPKE `OpenBase` over `buffer`; the text is its first `len - 16` bytes.
fn open_in_place(
    buffer: &mut [u8],
    enc: &EncryptionPublicKey,
    key: &EncryptionKeyPair,
    info: &[u8],
) -> Result<(), CryptoError> {
    let rejected = |_| CryptoError::EnvelopeRejected;
    let (text, tag) = buffer
        .split_last_chunk_mut::<TAG_LEN>()
        .ok_or(CryptoError::EnvelopeRejected)?;
    let enc = EncappedKey::from_bytes(&enc.to_sec1_uncompressed()).map_err(rejected)?;
    let tag = AeadTag::<ChaCha20Poly1305>::from_bytes(&tag[..]).map_err(rejected)?;
    single_shot_open_inout_detached::<ChaCha20Poly1305, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Base,
        key.secret(),
        &enc,
        info,
        text.into(),
        &[],
        &tag,
    )
    .map_err(rejected)
}

#[cfg(test)]
mod tests;
