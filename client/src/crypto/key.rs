//! Secrets and how each is derived.
//!
//! ```text
//! seed (64 bytes, BIP-39)
//!  ├─ HKDF-SHA256(seed, "chartseal/v1 record root")            -> RecordRoot
//!  │     └─ HKDF-SHA256(root, KeyContext)                      -> RecordKey of one record and epoch
//!  └─ HKDF-SHA256(seed, "chartseal/v1 encryption key" ‖ version) -> ikm
//!        └─ DeriveKeyPair(ikm), RFC 9180 section 7.1.3         -> EncryptionKeyPair of that version
//! ```
//!
//! HKDF is RFC 5869 with an empty salt. Secrets live on the heap, are wiped on drop, are never `Copy` and
//! show nothing in `Debug`.

use hkdf::Hkdf;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, Serializable};
use p256::elliptic_curve::sec1::ToSec1Point;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::CryptoError;
use super::context::KeyContext;

/// Length of a BIP-39 seed in bytes.
pub const SEED_LEN: usize = 64;
/// Length of record keys and of the record root in bytes.
pub const KEY_LEN: usize = 32;

const ROOT_LABEL: &[u8] = b"chartseal/v1 record root\0";
const ENCRYPTION_LABEL: &[u8] = b"chartseal/v1 encryption key\0";

type KemPrivateKey = <DhP256HkdfSha256 as Kem>::PrivateKey;
pub(super) type KemPublicKey = <DhP256HkdfSha256 as Kem>::PublicKey;

/// HKDF-SHA256 with an empty salt, 32 bytes out.
pub(super) fn hkdf_sha256(ikm: &[u8], info: &[&[u8]]) -> SecretBox<[u8; KEY_LEN]> {
    SecretBox::init_with_mut(|out: &mut [u8; KEY_LEN]| {
        Hkdf::<Sha256>::new(None, ikm)
            .expand_multi_info(info, out)
            .expect("RFC 5869 section 2.3 allows up to 255 * 32 bytes, 32 are asked for");
    })
}

/// The secret every key of one's own records comes from.
#[derive(Debug)]
pub struct RecordRoot(SecretBox<[u8; KEY_LEN]>);

impl RecordRoot {
    /// Derives the root from a BIP-39 seed.
    pub fn from_seed(seed: &[u8; SEED_LEN]) -> Self {
        Self(hkdf_sha256(seed, &[ROOT_LABEL]))
    }

    /// The key of one record in one epoch. The owner derives it again whenever it is needed.
    pub fn record_key(&self, context: &KeyContext) -> RecordKey {
        RecordKey(hkdf_sha256(self.0.expose_secret(), &[&context.to_bytes()]))
    }
}

/// The key one record is sealed under in one epoch.
#[derive(Debug)]
pub struct RecordKey(SecretBox<[u8; KEY_LEN]>);

impl RecordKey {
    /// A random key, for a record deposited for somebody else.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self::from_bytes(&bytes))
    }

    /// Takes over a key that was unwrapped.
    pub fn from_bytes(bytes: &[u8; KEY_LEN]) -> Self {
        Self(SecretBox::init_with_mut(|out: &mut [u8; KEY_LEN]| {
            *out = *bytes
        }))
    }

    pub(super) fn expose(&self) -> &[u8; KEY_LEN] {
        self.0.expose_secret()
    }
}

/// A P-256 public key that record keys and notes can be sealed to. Always a valid point, never infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionPublicKey(p256::PublicKey);

impl EncryptionPublicKey {
    /// From the form the registry stores: x coordinate (big-endian) and whether y is odd.
    ///
    /// # Errors
    /// [`CryptoError::InvalidPublicKey`] if no point of the curve has this x.
    pub fn from_compressed(x: &[u8; 32], odd: bool) -> Result<Self, CryptoError> {
        let mut sec1 = [0; 33];
        sec1[0] = if odd { 3 } else { 2 };
        sec1[1..].copy_from_slice(x);
        Self::from_sec1(&sec1)
    }

    /// From SEC 1 section 2.3.4, compressed (33 bytes) or not (65 bytes).
    ///
    /// # Errors
    /// [`CryptoError::InvalidPublicKey`] for anything that is not a point, and for the point at infinity.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, CryptoError> {
        let point = p256::PublicKey::from_sec1_bytes(bytes);
        Ok(Self(point.map_err(|_| CryptoError::InvalidPublicKey)?))
    }

    /// x coordinate, big-endian, and whether y is odd.
    pub fn to_compressed(&self) -> ([u8; 32], bool) {
        let sec1 = self.to_sec1_compressed();
        let mut x = [0; 32];
        x.copy_from_slice(&sec1[1..]);
        (x, sec1[0] == 3)
    }

    /// SEC 1 compressed form.
    pub fn to_sec1_compressed(&self) -> [u8; 33] {
        let mut out = [0; 33];
        out.copy_from_slice(self.0.to_sec1_point(true).as_bytes());
        out
    }

    /// SEC 1 uncompressed form, the only one RFC 9180 section 7.1.1 knows.
    pub fn to_sec1_uncompressed(&self) -> [u8; 65] {
        let mut out = [0; 65];
        out.copy_from_slice(self.0.to_sec1_point(false).as_bytes());
        out
    }

    pub(super) fn to_kem(self) -> Result<KemPublicKey, CryptoError> {
        KemPublicKey::from_bytes(&self.to_sec1_uncompressed())
            .map_err(|_| CryptoError::InvalidPublicKey)
    }
}

/// One version of a user's encryption key.
pub struct EncryptionKeyPair {
    version: u32,
    secret: KemPrivateKey,
    public: EncryptionPublicKey,
}

impl EncryptionKeyPair {
    /// Derives the key pair of one version from a BIP-39 seed, so that the phrase recovers every version.
    ///
    /// # Errors
    /// [`CryptoError::InvalidPublicKey`] is in the signature for completeness: RFC 9180 section 7.1.3 always
    /// ends with a valid key.
    pub fn from_seed(seed: &[u8; SEED_LEN], version: u32) -> Result<Self, CryptoError> {
        let ikm = hkdf_sha256(seed, &[ENCRYPTION_LABEL, &version.to_be_bytes()]);
        let (secret, public) = DhP256HkdfSha256::derive_keypair(ikm.expose_secret());
        let public = EncryptionPublicKey::from_sec1(&public.to_bytes())?;
        Ok(Self {
            version,
            secret,
            public,
        })
    }

    /// Version, as the registry counts it.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The half that is published.
    pub fn public(&self) -> EncryptionPublicKey {
        self.public
    }

    pub(super) fn secret(&self) -> &KemPrivateKey {
        &self.secret
    }

    #[cfg(test)]
    pub(super) fn from_parts(secret: &[u8], public: EncryptionPublicKey) -> Self {
        Self {
            version: 1,
            secret: KemPrivateKey::from_bytes(secret).unwrap(),
            public,
        }
    }
}

impl std::fmt::Debug for EncryptionKeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptionKeyPair")
            .field("version", &self.version)
            .field("public", &self.public)
            .field("secret", &"[REDACTED]")
            .finish()
    }
}

#[cfg(test)]
mod tests;
