//! The registry's events, as plain Rust values.

use alloy::primitives::{Address, B256, Bytes};
use alloy::rpc::types::Log;
use alloy::sol_types::SolEventInterface;

use super::abi::IRegistry::IRegistryEvents as Abi;
use super::error::{ChainError, Result};
use super::seen::Progress;
use super::translate::expiry;
use super::values::{AccessLevel, ObjectDigest, PublicKey, Purpose, Role};

/// Bytes of sealed info at most (the registry's bound).
const MAX_INFO: usize = 1_024;

/// Bytes of a sealed note at most (the registry's bound).
const MAX_NOTE: usize = 512;

/// A version's content as an event carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedContent {
    /// Digest of the ciphertext object.
    pub digest: ObjectDigest,
    /// Title, size and place, sealed.
    pub sealed_info: Bytes,
}

/// What happened. The ids are what [`Occurrence`](super::Occurrence) holds beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // fields are those of the same names in `values`
pub enum Event {
    /// A user registered.
    Registered {
        user: Address,
        role: Role,
        key_version: u32,
        key: PublicKey,
    },
    /// A user replaced their key.
    KeyRotated {
        user: Address,
        key_version: u32,
        key: PublicKey,
    },
    /// A user ended their registration.
    Deregistered { user: Address },
    /// Somebody vouched for a user.
    Vouched {
        voucher: Address,
        user: Address,
        role: Role,
        expires: Option<u64>,
    },
    /// Somebody took that back.
    VouchWithdrawn { voucher: Address, user: Address },
    /// An owner added a record.
    RecordAdded {
        record: B256,
        owner: Address,
        content: SealedContent,
    },
    /// Somebody set a new version.
    RecordUpdated {
        record: B256,
        author: Address,
        version: u32,
        content: SealedContent,
    },
    /// The owner set a new version under a new key.
    RecordRekeyed {
        record: B256,
        version: u32,
        epoch: u32,
        content: SealedContent,
    },
    /// The owner removed the record.
    RecordRemoved { record: B256 },
    /// An owner allowed deposits.
    DepositsAllowed {
        owner: Address,
        depositor: Address,
        expires: Option<u64>,
    },
    /// An owner took that back.
    DepositsDisallowed { owner: Address, depositor: Address },
    /// Somebody made a record for its owner.
    RecordDeposited {
        record: B256,
        owner: Address,
        depositor: Address,
        content: SealedContent,
    },
    /// The owner gave access.
    Granted {
        record: B256,
        user: Address,
        level: AccessLevel,
        purpose: Purpose,
        expires: Option<u64>,
        epoch: u32,
        key_version: u32,
    },
    /// The owner changed a grant's terms.
    AccessUpdated {
        record: B256,
        user: Address,
        level: AccessLevel,
        purpose: Purpose,
        expires: Option<u64>,
    },
    /// The owner took a grant away.
    Revoked { record: B256, user: Address },
    /// A user asked for access.
    AccessRequested {
        record: B256,
        user: Address,
        owner: Address,
        level: AccessLevel,
        purpose: Purpose,
        sealed_note: Bytes,
    },
    /// A user took the request back.
    RequestWithdrawn { record: B256, user: Address },
    /// The owner turned the request down.
    RequestDenied { record: B256, user: Address },
    /// A user stated that they opened a version.
    AccessLogged {
        record: B256,
        user: Address,
        purpose: Purpose,
        version: u32,
    },
}

impl Event {
    /// Reads an event of the registry.
    ///
    /// # Errors
    ///
    /// [`ChainError::Malformed`] for what the registry cannot have emitted.
    pub(super) fn decode(log: &Log) -> Result<Self> {
        Self::from_raw(log.topics(), &log.data().data)
    }

    /// Reads an event of the registry from the topics and the data of its log.
    ///
    /// # Errors
    ///
    /// [`ChainError::Malformed`] for what the registry cannot have emitted.
    pub fn from_raw(topics: &[B256], data: &[u8]) -> Result<Self> {
        let event = Abi::decode_raw_log(topics, data)
            .map_err(|_| ChainError::malformed("an event that the registry does not emit"))?;
        Self::from_abi(event)
    }

    fn from_abi(event: Abi) -> Result<Self> {
        Ok(match event {
            Abi::Registered(e) => Self::Registered {
                user: e.user,
                role: e.role.try_into()?,
                key_version: e.keyVersion,
                key: PublicKey {
                    x: e.keyX,
                    odd: e.keyOdd,
                },
            },
            Abi::KeyRotated(e) => {
                let key = PublicKey {
                    x: e.keyX,
                    odd: e.keyOdd,
                };
                Self::KeyRotated {
                    user: e.user,
                    key_version: e.keyVersion,
                    key,
                }
            }
            Abi::Deregistered(e) => Self::Deregistered { user: e.user },
            Abi::Vouched(e) => Self::Vouched {
                voucher: e.voucher,
                user: e.user,
                role: e.role.try_into()?,
                expires: expiry(e.expires),
            },
            Abi::VouchWithdrawn(e) => Self::VouchWithdrawn {
                voucher: e.voucher,
                user: e.user,
            },
            Abi::DepositsAllowed(e) => Self::DepositsAllowed {
                owner: e.owner,
                depositor: e.depositor,
                expires: expiry(e.expires),
            },
            Abi::DepositsDisallowed(e) => Self::DepositsDisallowed {
                owner: e.owner,
                depositor: e.depositor,
            },
            other => Self::about_record(other)?,
        })
    }

    fn about_record(event: Abi) -> Result<Self> {
        Ok(match event {
            Abi::RecordAdded(e) => Self::RecordAdded {
                record: e.id,
                owner: e.owner,
                content: content(e.digest, e.sealedInfo)?,
            },
            Abi::RecordUpdated(e) => Self::RecordUpdated {
                record: e.id,
                author: e.author,
                version: e.version,
                content: content(e.digest, e.sealedInfo)?,
            },
            Abi::RecordRekeyed(e) => Self::RecordRekeyed {
                record: e.id,
                version: e.version,
                epoch: e.epoch,
                content: content(e.digest, e.sealedInfo)?,
            },
            Abi::RecordRemoved(e) => Self::RecordRemoved { record: e.id },
            Abi::RecordDeposited(e) => Self::RecordDeposited {
                record: e.id,
                owner: e.owner,
                depositor: e.depositor,
                content: content(e.digest, e.sealedInfo)?,
            },
            other => Self::about_access(other)?,
        })
    }

    fn about_access(event: Abi) -> Result<Self> {
        Ok(match event {
            Abi::Granted(e) => Self::Granted {
                record: e.id,
                user: e.user,
                level: e.access.try_into()?,
                purpose: e.purpose.try_into()?,
                expires: expiry(e.expires),
                epoch: e.epoch,
                key_version: e.keyVersion,
            },
            Abi::AccessUpdated(e) => Self::AccessUpdated {
                record: e.id,
                user: e.user,
                level: e.access.try_into()?,
                purpose: e.purpose.try_into()?,
                expires: expiry(e.expires),
            },
            Abi::Revoked(e) => Self::Revoked {
                record: e.id,
                user: e.user,
            },
            Abi::AccessRequested(e) => Self::AccessRequested {
                record: e.id,
                user: e.user,
                owner: e.owner,
                level: e.access.try_into()?,
                purpose: e.purpose.try_into()?,
                sealed_note: bounded(e.sealedNote, MAX_NOTE)?,
            },
            Abi::RequestWithdrawn(e) => Self::RequestWithdrawn {
                record: e.id,
                user: e.user,
            },
            Abi::RequestDenied(e) => Self::RequestDenied {
                record: e.id,
                user: e.user,
            },
            Abi::AccessLogged(e) => Self::AccessLogged {
                record: e.id,
                user: e.user,
                purpose: e.purpose.try_into()?,
                version: e.version,
            },
            _ => return Err(ChainError::malformed("an event of an unknown kind")),
        })
    }

    /// How far along this puts a record.
    pub(super) fn progress(&self) -> Option<(B256, Progress)> {
        match self {
            Self::RecordAdded { record, .. } | Self::RecordDeposited { record, .. } => {
                Some((*record, Progress::new(1, false)))
            }
            Self::RecordUpdated {
                record, version, ..
            }
            | Self::RecordRekeyed {
                record, version, ..
            } => Some((*record, Progress::new(*version, false))),
            _ => None,
        }
    }
}

fn content(digest: ObjectDigest, sealed_info: Bytes) -> Result<SealedContent> {
    Ok(SealedContent {
        digest,
        sealed_info: bounded(sealed_info, MAX_INFO)?,
    })
}

fn bounded(bytes: Bytes, limit: usize) -> Result<Bytes> {
    if bytes.len() > limit {
        return Err(ChainError::malformed(format!(
            "an event with {} sealed bytes",
            bytes.len()
        )));
    }
    Ok(bytes)
}
