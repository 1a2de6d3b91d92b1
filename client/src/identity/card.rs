//! Contact cards: name, account and encryption key, to hand over as text or as a QR code.
//!
//! ```text
//! card = "chartseal-card1:" ‖ base64url(JSON ‖ first 4 bytes of SHA-256(JSON)), no padding
//! JSON = {"name", "email"?, "address", "key" (hex, compressed), "keyVersion"}
//! ```
//!
//! A card is not secret. Whether it is genuine is for the receiver to judge: handed over in person it is as
//! good as the person; otherwise the fingerprints are compared. The hash only catches copying mistakes.

use std::str::FromStr;

use alloy_primitives::Address;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Fingerprint, IdentityError, check_email, check_name};
use crate::crypto::key::{EncryptionKeyPair, EncryptionPublicKey};

const PREFIX: &str = "chartseal-card1:";
const CHECK_LEN: usize = 4;
/// Longest card in characters; a QR code of level M holds about 2,300 bytes.
const MAX_LEN: usize = 2048;

/// What a person hands over to be shared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactCard {
    /// Name the person goes by.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Account.
    pub address: Address,
    /// Encryption key.
    pub key: EncryptionPublicKey,
    /// Version of that key.
    pub key_version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    address: Address,
    key: String,
    key_version: u32,
}

impl ContactCard {
    /// A card of one's own.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] for a name or e-mail address nobody could take over.
    pub fn new(
        name: &str,
        email: Option<&str>,
        address: Address,
        key: &EncryptionKeyPair,
    ) -> Result<Self, IdentityError> {
        check_name(name)?;
        email.map_or(Ok(()), check_email)?;
        Ok(Self {
            name: name.to_owned(),
            email: email.map(str::to_owned),
            address,
            key: key.public(),
            key_version: key.version(),
        })
    }

    /// What both sides compare.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.address, &self.key)
    }

    /// One line of text.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] if it could not be written as JSON.
    pub fn to_text(&self) -> Result<String, IdentityError> {
        let stored = Stored {
            name: self.name.clone(),
            email: self.email.clone(),
            address: self.address,
            key: alloy_primitives::hex::encode(self.key.to_sec1_compressed()),
            key_version: self.key_version,
        };
        let mut bytes = serde_json::to_vec(&stored).map_err(|error| invalid(error.to_string()))?;
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The same text as a QR code for a terminal: half blocks, dark on light, with its quiet zone.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`].
    pub fn to_qr(&self) -> Result<String, IdentityError> {
        let code = QrCode::with_error_correction_level(self.to_text()?, EcLevel::M)
            .map_err(|error| invalid(error.to_string()))?;
        // Terminals are usually dark: light modules are drawn, dark ones left out.
        let (dark, light) = (Dense1x2::Light, Dense1x2::Dark);
        Ok(code
            .render::<Dense1x2>()
            .dark_color(dark)
            .light_color(light)
            .build())
    }
}

impl FromStr for ContactCard {
    type Err = IdentityError;

    /// Reads a card; white space around or in it, as mail programs add, does not matter.
    fn from_str(text: &str) -> Result<Self, IdentityError> {
        if text.len() > 2 * MAX_LEN {
            return Err(invalid("it is too long"));
        }
        let text: String = text.split_whitespace().collect();
        let body = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| invalid("it is no contact card"))?;
        let bytes = URL_SAFE_NO_PAD
            .decode(body)
            .map_err(|_| invalid("it is cut or mistyped"))?;
        let (json, found) = bytes
            .split_last_chunk::<CHECK_LEN>()
            .ok_or_else(|| invalid("it is cut short"))?;
        if check(json) != *found {
            return Err(invalid("it is cut or mistyped"));
        }
        let stored: Stored =
            serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        stored.try_into()
    }
}

impl TryFrom<Stored> for ContactCard {
    type Error = IdentityError;

    fn try_from(stored: Stored) -> Result<Self, IdentityError> {
        check_name(&stored.name)?;
        stored.email.as_deref().map_or(Ok(()), check_email)?;
        let key = alloy_primitives::hex::decode(&stored.key)
            .map_err(|_| invalid("its key is not hexadecimal"))?;
        Ok(Self {
            key: EncryptionPublicKey::from_sec1(&key)?,
            name: stored.name,
            email: stored.email,
            address: stored.address,
            key_version: stored.key_version,
        })
    }
}

fn check(json: &[u8]) -> [u8; CHECK_LEN] {
    let hash = Sha256::digest(json);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn invalid(reason: impl Into<String>) -> IdentityError {
    IdentityError::invalid("the contact card", reason)
}

#[cfg(test)]
mod tests;
