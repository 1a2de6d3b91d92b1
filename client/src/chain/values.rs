//! What the registry stores, as plain Rust values.
//!
//! Sealed bytes, digests and wrapped keys are opaque here. Times are Unix seconds.

use alloy::primitives::{Address, B256, FixedBytes};
use serde::{Deserialize, Serialize};

use super::error::ChainError;

/// Defines an enum whose numbers are those of the registry.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$variant_doc])* $variant = $code,)* }

        impl $name {
            /// The registry's number for it.
            pub fn code(self) -> u8 {
                self as u8
            }
        }

        impl TryFrom<u8> for $name {
            type Error = ChainError;

            fn try_from(code: u8) -> Result<Self, ChainError> {
                match code {
                    $($code => Ok(Self::$variant),)*
                    _ => Err(ChainError::malformed(concat!("a number outside ", stringify!($name)))),
                }
            }
        }
    };
}

coded! {
    /// What a user says they are: a claim, until somebody trusted vouches for it.
    Role {
        /// A patient.
        Patient = 1,
        /// A doctor.
        Doctor = 2,
        /// A pharmacist.
        Pharmacist = 3,
        /// An analyst.
        Analyst = 4,
        /// A physician.
        Physician = 5,
        /// A researcher.
        Researcher = 6,
    }
}

coded! {
    /// What a grant allows.
    AccessLevel {
        /// Open the record.
        Read = 1,
        /// Open it and set new versions.
        All = 2,
    }
}

coded! {
    /// What a record is used for: HL7 PurposeOfUse, reduced to eight.
    Purpose {
        /// Treatment.
        Treatment = 1,
        /// Emergency treatment, which may be logged under any grant.
        Emergency = 2,
        /// Payment.
        Payment = 3,
        /// Health-care operations.
        Operations = 4,
        /// Research.
        Research = 5,
        /// Public health.
        PublicHealth = 6,
        /// The patient's own request.
        PatientRequest = 7,
        /// Legal proceedings.
        Legal = 8,
    }
}

coded! {
    /// Why a user may open a record, or may not.
    AccessReason {
        /// They hold a grant that is in force.
        Granted = 0,
        /// They own it.
        Owner = 1,
        /// They were granted nothing.
        NoGrant = 2,
        /// The grant's time is over.
        Expired = 3,
        /// The record has a newer key, which they were not given.
        StaleEpoch = 4,
        /// The owner removed the record.
        Removed = 5,
        /// They are not registered.
        NotRegistered = 6,
        /// They registered again after the grant.
        Lapsed = 7,
        /// There is no such record.
        NoSuchRecord = 8,
    }
}

coded! {
    /// The life of a record id.
    RecordStatus {
        /// Never used.
        Unknown = 0,
        /// In use.
        Live = 1,
        /// Removed for good.
        Removed = 2,
    }
}

/// The digest of a ciphertext object: BLAKE3 with 224 bits of output.
pub type ObjectDigest = FixedBytes<28>;

/// A point of P-256 in compressed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Its x coordinate, big-endian.
    pub x: B256,
    /// Whether its y coordinate is odd.
    pub odd: bool,
}

/// A user of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The role they claim.
    pub role: Role,
    /// Counts every key that the address ever registered; from 1.
    pub key_version: u32,
    /// The key version at which the current registration began.
    pub first_key_version: u32,
    /// Their encryption key.
    pub key: PublicKey,
}

/// A record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who owns it.
    pub owner: Address,
    /// 1 when added, 65,535 at most.
    pub version: u32,
    /// Raised by every new record key; 0 when added.
    pub epoch: u32,
    /// Whether it was added or removed.
    pub status: RecordStatus,
    /// Names the current version's object; zero once removed.
    pub digest: ObjectDigest,
}

/// What a user may do with a record now, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What they may do; `None` for nothing.
    pub level: Option<AccessLevel>,
    /// Why.
    pub reason: AccessReason,
    /// The grant's purpose, where there is a grant.
    pub purpose: Option<Purpose>,
    /// When the grant ends; `None` for never.
    pub expires: Option<u64>,
    /// The grant's epoch.
    pub epoch: u32,
    /// The version of the user's key that the record key is wrapped for.
    pub key_version: u32,
}

/// A record key sealed to one user. The bytes are those of HPKE (RFC 9180, base mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// 1 for DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
    pub suite: u8,
    /// Version of the user's key that it is sealed to.
    pub key_version: u32,
    /// The encapsulated point.
    pub encapsulated: PublicKey,
    /// The record key, encrypted.
    pub sealed_key: B256,
    /// Its authentication tag.
    pub tag: FixedBytes<16>,
}

impl WrappedKey {
    /// No key: what a depositor passes who keeps no access.
    pub const NONE: Self = Self {
        suite: 0,
        key_version: 0,
        encapsulated: PublicKey {
            x: B256::ZERO,
            odd: false,
        },
        sealed_key: B256::ZERO,
        tag: FixedBytes::ZERO,
    };
}

/// What an owner gives to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The record.
    pub record: B256,
    /// To whom.
    pub user: Address,
    /// What they may do.
    pub level: AccessLevel,
    /// What for.
    pub purpose: Purpose,
    /// Until when; `None` for ever.
    pub expires: Option<u64>,
    /// Epoch of the record key that is wrapped.
    pub epoch: u32,
    /// The record key for them.
    pub key: WrappedKey,
}

/// A wrapped key as the registry keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantedKey {
    /// The key.
    pub key: WrappedKey,
    /// Epoch of the record key that is wrapped.
    pub epoch: u32,
}

/// An open request for access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub level: AccessLevel,
    /// What for.
    pub purpose: Purpose,
    /// When it was made.
    pub requested_at: u64,
}

/// A statement that somebody has a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vouch {
    /// The role.
    pub role: Role,
    /// Until when; `None` for ever.
    pub expires: Option<u64>,
}

/// A right to make records for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositRight {
    /// Whether deposits are allowed now.
    pub allowed: bool,
    /// Until when; `None` for ever.
    pub expires: Option<u64>,
}
