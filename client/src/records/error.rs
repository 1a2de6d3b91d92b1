//! One error vocabulary for the use cases.

use std::io;
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};

use super::party::Party;
use crate::chain::{AccessReason, ChainError, Role};
use crate::crypto::CryptoError;
use crate::identity::{Fingerprint, IdentityError};
use crate::storage::StorageError;

/// Why an operation did not succeed. `Display` says what happened, [`RecordsError::remedy`] what to do about it. No
/// variant carries a secret.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Sealing or opening failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The profile, the address book or a name.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The registry or its node.
    #[error(transparent)]
    Chain(Box<ChainError>),
    /// No record has this id, beginning of an id, or title.
    #[error("there is no record named {0:?}")]
    NoSuchRecord(String),
    /// Several records fit.
    #[error("{wanted:?} could be any of: {}", .candidates.join(", "))]
    AmbiguousRecord {
        /// What was asked for.
        wanted: String,
        /// Beginnings of the ids that fit.
        candidates: Vec<String>,
    },
    /// The owner removed the record.
    #[error("record {0} was removed by its owner")]
    Removed(B256),
    /// The user may not open it, or not write it.
    #[error("you may not {} record {id}: {}", if *.write { "change" } else { "open" }, why(*.reason))]
    NoAccess {
        /// The record.
        id: B256,
        /// Whether writing was wanted.
        write: bool,
        /// The registry's reason.
        reason: AccessReason,
    },
    /// Only the owner may do this.
    #[error("record {id} belongs to {owner}")]
    NotOwner {
        /// The record.
        id: B256,
        /// Its owner.
        owner: Address,
    },
    /// Somebody else set a new version in the meantime. Nothing local was touched.
    #[error("record {id} has version {current} now: somebody changed it since version {based_on}")]
    LostUpdate {
        /// The record.
        id: B256,
        /// The version there is.
        current: u32,
        /// The version the change was based on.
        based_on: u32,
    },
    /// The chain says one thing, the events another; the node's answers do not fit together.
    #[error(
        "the node has no event for version {version} of record {id}, which the registry says is the present one"
    )]
    EventMissing {
        /// The record.
        id: B256,
        /// The version.
        version: u32,
    },
    /// The user has no wrapped key although the registry grants access.
    #[error("the registry holds no key of record {0} for you")]
    NoKey(B256),
    /// The wrapped key is of a suite that this version does not know.
    #[error(
        "the key of record {id} is wrapped with suite {suite}, which this version does not know"
    )]
    UnknownSuite {
        /// The record.
        id: B256,
        /// The suite's number.
        suite: u8,
    },
    /// The user is not registered.
    #[error("this account is not registered")]
    NotRegistered,
    /// The registry's key for this account is not the one that the phrase gives.
    #[error(
        "the registry's key for this account, version {0}, is not the one of this profile's recovery phrase"
    )]
    ForeignKey(u32),
    /// A share, approval or deposit that a safety rule stops.
    #[error("not done: {}", .0.iter().map(Obstacle::to_string).collect::<Vec<_>>().join("; "))]
    Blocked(Vec<Obstacle>),
    /// The fingerprint compared is not that of the registry's key.
    #[error("the registry's key of {person} has fingerprint {found}, not the one you compared")]
    FingerprintDiffers {
        /// Whose key.
        person: Party,
        /// The registry's.
        found: Fingerprint,
    },
    /// The patient has not allowed this depositor.
    #[error("{0} has not allowed you to deposit records")]
    DepositNotAllowed(Party),
    /// There is no such open request.
    #[error("{user} has no open request for record {id}")]
    NoRequest {
        /// The record.
        id: B256,
        /// Who was said to ask.
        user: Party,
    },
    /// There is no such grant.
    #[error("{user} has no access to record {id}")]
    NoGrant {
        /// The record.
        id: B256,
        /// Who was said to have access.
        user: Party,
    },
    /// Nobody was named.
    #[error("nobody was named")]
    Nobody,
    /// An owner needs no grant on their own record.
    #[error("you own this record already")]
    Yourself,
    /// What should be sealed is no regular file.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The file changed while it was read.
    #[error("{} changed while it was read", .0.display())]
    FileChanged(PathBuf),
    /// There is something at the target path already.
    #[error("{} exists already", .0.display())]
    TargetExists(PathBuf),
    /// There is no such folder.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// A file of this machine.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// No place for objects is known.
    #[error("no storage is set for your records")]
    NoStorage,
    /// The user or the system asked to stop.
    #[error("stopped as asked")]
    Stopped,
    /// The grant was taken away, but the record could not be encrypted anew.
    #[error(
        "access was taken away on the chain, but record {id} could not be encrypted anew: {source}"
    )]
    NotRekeyed {
        /// The record.
        id: B256,
        /// Why not.
        source: Box<RecordsError>,
    },
    /// The first part of an operation took effect, a later one was refused.
    #[error("{done} of {of} transactions took effect, then: {source}")]
    Partly {
        /// Transactions that took effect.
        done: usize,
        /// Transactions that were to be made.
        of: usize,
        /// Why not all.
        source: Box<RecordsError>,
    },
    /// A journal entry of another version.
    #[error("an unfinished operation cannot be read: {0}")]
    Journal(String),
    /// The unfinished operation has a transaction under way.
    #[error("operation {0} has a transaction under way and cannot be given up")]
    UnderWay(u64),
    /// A thread of this process ended unexpectedly.
    #[error("an internal task ended unexpectedly: {0}")]
    Task(String),
}

/// A safety rule that stops an operation, and about whom.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Not registered, so there is no key to wrap for.
    #[error("{0} is not registered")]
    NotRegistered(Party),
    /// The registry gives another key than the pinned one.
    #[error("the key of {person} changed: {pinned} was pinned, the registry gives {given}")]
    KeyChanged {
        /// Whose.
        person: Party,
        /// Fingerprint that was pinned.
        pinned: Fingerprint,
        /// Fingerprint of the registry's key.
        given: Fingerprint,
    },
    /// Nobody whom the user trusts vouches for the role that is claimed.
    #[error("nobody you trust vouches that {person} is a {}", role_name(*.role))]
    Unvouched {
        /// Who.
        person: Party,
        /// The role claimed.
        role: Role,
    },
}

/// A role in words.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Patient => "patient",
        Role::Doctor => "doctor",
        Role::Pharmacist => "pharmacist",
        Role::Analyst => "analyst",
        Role::Physician => "physician",
        Role::Researcher => "researcher",
    }
}

fn why(reason: AccessReason) -> &'static str {
    match reason {
        AccessReason::Granted | AccessReason::Owner => "the access given is not enough",
        AccessReason::NoGrant => "you have not been given access",
        AccessReason::Expired => "your access has expired",
        AccessReason::StaleEpoch => "it has a new key that you were not given",
        AccessReason::Removed => "it was removed",
        AccessReason::NotRegistered => "you are not registered",
        AccessReason::Lapsed => "you registered again after it was given to you",
        AccessReason::NoSuchRecord => "there is no such record",
    }
}

impl RecordsError {
    /// What the user can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Crypto(error) => error.remedy(),
            Self::Identity(error) => error.remedy(),
            Self::Storage(error) => error.remedy(),
            Self::Chain(error) => error.remedy(),
            Self::NoSuchRecord(_) => {
                "List your records and check the spelling, or give the whole id."
            }
            Self::AmbiguousRecord { .. } => "Give more digits of the id.",
            Self::Removed(_) => {
                "A removed record does not come back; its owner can add it as a new one."
            }
            Self::NoAccess {
                reason: AccessReason::NotRegistered,
                ..
            }
            | Self::NotRegistered => "Register this account first.",
            Self::NoAccess { .. } | Self::NoKey(_) => "Ask the owner for access.",
            Self::NotOwner { .. } => "Only the owner can do this; ask them.",
            Self::LostUpdate { .. } => {
                "Open the new version, bring your change into it and update again; your file is untouched."
            }
            Self::EventMissing { .. } => "Wait for the node to catch up, or use another node.",
            Self::UnknownSuite { .. } | Self::Journal(_) => "Update this program and try again.",
            Self::ForeignKey(_) => "Check that the profile is the right one, or rotate the key.",
            Self::Blocked(obstacles) => blocked_remedy(obstacles),
            Self::FingerprintDiffers { .. } => {
                "Do not share with them. Ask for a new contact card in person and compare again."
            }
            Self::DepositNotAllowed(_) => "Ask the patient to allow your deposits.",
            Self::NoRequest { .. } => "Look at the open requests; it may have been settled.",
            Self::NoGrant { .. } => "Look at the record's access list.",
            Self::Nobody => "Name at least one person.",
            Self::Yourself => "Name somebody else.",
            Self::NotAFile(_) => "Give a file, not a folder, pipe or device.",
            Self::FileChanged(_) => "Wait until nothing writes to it and run the command again.",
            Self::TargetExists(_) => "Choose another name, or force it to be replaced.",
            Self::NoFolder(_) => "Create the folder or choose another one.",
            Self::File { .. } => {
                "Check that the path is right, that it belongs to you and that the disk has room."
            }
            Self::NoStorage => {
                "Set a storage location such as s3://bucket/prefix or file:///folder."
            }
            Self::Stopped => "Run the command again: it goes on from where it was stopped.",
            Self::NotRekeyed { source, .. } => source.remedy(),
            Self::Partly { .. } => {
                "Look at the record's access list, then run the command for those who are missing."
            }
            Self::UnderWay(_) => "Run any command that writes: it is taken up again.",
            Self::Task(_) => "Run the command again; if it happens again, report it as a defect.",
        }
    }

    /// Whether the same operation may succeed later, unchanged: it is kept for that.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Storage(error) => matches!(
                error,
                StorageError::Failed(_)
                    | StorageError::Denied(_)
                    | StorageError::Setup(_)
                    | StorageError::Source(_)
            ),
            Self::Chain(error) => chain_is_passing(error),
            Self::Crypto(error) => matches!(
                error,
                CryptoError::Read(_) | CryptoError::Write(_) | CryptoError::Randomness(_)
            ),
            Self::File { .. } | Self::Stopped | Self::Task(_) | Self::EventMissing { .. } => true,
            Self::NotRekeyed { source, .. } => source.is_passing(),
            _ => false,
        }
    }

    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

fn blocked_remedy(obstacles: &[Obstacle]) -> &'static str {
    let any = |is: fn(&Obstacle) -> bool| obstacles.iter().any(is);
    if any(|o| matches!(o, Obstacle::KeyChanged { .. })) {
        "Compare the new fingerprint with the person, by telephone or face to face, and confirm it in the address book."
    } else if any(|o| matches!(o, Obstacle::NotRegistered(_))) {
        "Ask them to register first, or leave them out."
    } else {
        "Make sure of who they are; then vouch for them yourself, trust a voucher, or confirm that you share all the same."
    }
}

fn chain_is_passing(error: &ChainError) -> bool {
    use ChainError as E;
    matches!(
        error,
        E::NonceTooLow(_)
            | E::NonceTooHigh(_)
            | E::AlreadyKnown
            | E::Underpriced
            | E::Stale { .. }
            | E::NodesDisagree { .. }
            | E::NodeBehind { .. }
            | E::Unreachable { .. }
            | E::Timeout { .. }
            | E::Http { .. }
            | E::AnswerTooLarge { .. }
            | E::TooManyResults(_)
            | E::NoState(_)
            | E::Node { .. }
            | E::Malformed(_)
            | E::NotFinal { .. }
            | E::Busy(_)
            | E::File { .. }
            | E::Database { .. }
    )
}

impl From<ChainError> for RecordsError {
    fn from(error: ChainError) -> Self {
        Self::Chain(Box::new(error))
    }
}

impl From<tokio::task::JoinError> for RecordsError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Task(error.to_string())
    }
}

/// A `Result` of this module.
pub type Result<T> = std::result::Result<T, RecordsError>;

/// What failed below a reader or writer, where it was one of our own errors.
pub(super) fn unwrap_io(error: CryptoError) -> RecordsError {
    match error {
        CryptoError::Read(source) | CryptoError::Write(source)
            if source.get_ref().is_some_and(|e| e.is::<Stop>()) =>
        {
            drop(source);
            RecordsError::Stopped
        }
        CryptoError::Read(source) if source.get_ref().is_some_and(|e| e.is::<StorageError>()) => {
            match source
                .into_inner()
                .map(|inner| inner.downcast::<StorageError>())
            {
                Some(Ok(error)) => RecordsError::Storage(*error),
                Some(Err(other)) => CryptoError::Read(io::Error::other(other)).into(),
                None => RecordsError::Task("a reader failed without a reason".into()),
            }
        }
        other => other.into(),
    }
}

/// How a reader says that it was asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("stopped as asked")]
pub(super) struct Stop;
