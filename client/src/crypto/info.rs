//! Sealed info: what a record is called, what it holds and where its object lies, for readers only.
//!
//! ```text
//! sealed info = version (1, = 1) ‖ nonce (24) ‖ XChaCha20-Poly1305(padded JSON) ‖ tag (16)
//! key         = HKDF-SHA256(record key, "chartseal/v1 info key" ‖ 0)
//! ad          = version (1) ‖ ContentContext
//! ```
//!
//! The nonce is random; 192 bits make repetition negligible (draft-irtf-cfrg-xchacha-03 section 3.1). The
//! JSON is padded to a multiple of 128 bytes, so that its length says little about the title.

use aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::CryptoError;
use super::context::ContentContext;
use super::key::{RecordKey, hkdf_sha256};
use super::padding::Padding;

/// Longest sealed info in bytes: 1 + 24 + 896 + 16.
pub const MAX_SEALED_LEN: usize = 1 + NONCE_LEN + TEXT.max_padded() + TAG_LEN;

const VERSION: u8 = 1;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
const KEY_LABEL: &[u8] = b"chartseal/v1 info key\0";
/// Seven blocks, so that sealed info stays within the 1,024 bytes that the registry takes (`docs/contract.md`, bounds).
const TEXT: Padding = Padding {
    what: "the record's description",
    blocks: 7,
};

/// What readers learn about a record. None of it reaches the chain in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordInfo {
    /// What people call it.
    pub title: String,
    /// Media type of the content, RFC 6838, such as `application/fhir+json`.
    pub media_type: String,
    /// Length of the content in bytes.
    pub content_len: u64,
    /// Where the objects lie, such as `s3://bucket/prefix`.
    pub locator: String,
}

/// Seals a description for one version of a record.
///
/// # Errors
/// [`CryptoError::TextTooLong`] if title, media type and locator take more than 894 bytes as JSON;
/// [`CryptoError::Randomness`].
pub fn seal(
    info: &RecordInfo,
    key: &RecordKey,
    context: &ContentContext,
) -> Result<Vec<u8>, CryptoError> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce)?;
    let json =
        Zeroizing::new(serde_json::to_vec(info).map_err(|_| CryptoError::Malformed(TEXT.what))?);
    let mut text = Zeroizing::new(TEXT.pad(&json)?);
    let tag = cipher(key)
        .encrypt_inout_detached(
            &XNonce::from(nonce),
            &associated_data(context),
            (&mut text[..]).into(),
        )
        .map_err(|_| CryptoError::CipherRefused)?;

    let mut sealed = Vec::with_capacity(MAX_SEALED_LEN);
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&text);
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens the description of one version of a record.
///
/// # Errors
/// [`CryptoError::Malformed`] for another shape or version, [`CryptoError::InfoRejected`] if key or context
/// are not the ones it was made for.
pub fn open(
    sealed: &[u8],
    key: &RecordKey,
    context: &ContentContext,
) -> Result<RecordInfo, CryptoError> {
    let malformed = || CryptoError::Malformed(TEXT.what);
    let (&version, rest) = sealed.split_first().ok_or_else(malformed)?;
    if version != VERSION || sealed.len() > MAX_SEALED_LEN {
        return Err(malformed());
    }
    let (nonce, rest) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or_else(malformed)?;
    let (text, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or_else(malformed)?;
    let mut text = Zeroizing::new(text.to_vec());
    cipher(key)
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            &associated_data(context),
            (&mut text[..]).into(),
            &(*tag).into(),
        )
        .map_err(|_| CryptoError::InfoRejected)?;
    serde_json::from_slice(TEXT.unpad(&text)?).map_err(|_| malformed())
}

fn cipher(key: &RecordKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(
        hkdf_sha256(key.expose(), &[KEY_LABEL])
            .expose_secret()
            .into(),
    )
}

fn associated_data(context: &ContentContext) -> Vec<u8> {
    let mut data = vec![VERSION];
    data.extend_from_slice(&context.to_info_bytes());
    data
}

#[cfg(test)]
mod tests;
