//! A failure as the user meets it: what happened, what to do about it, and the exit code.

use std::fmt;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::exit::Exit;
use crate::chain::ChainError;
use crate::crypto::CryptoError;
use crate::identity::IdentityError;
use crate::records::RecordsError;
use crate::storage::StorageError;

/// Why a command did not succeed. Never carries a secret.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    remedy: String,
    exit: Exit,
}

/// The outcome of a command.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
            exit,
        }
    }

    /// A value on the command line or in a configuration file is not valid.
    pub(crate) fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what, remedy)
    }

    /// A file of this machine could not be used.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| match source.kind() {
            io::ErrorKind::NotFound => Self::new(
                Exit::NotFound,
                format!("there is no file {path}"),
                "Check its name and folder.",
            ),
            io::ErrorKind::AlreadyExists => Self::new(
                Exit::File,
                format!("{path} is there already; it was left as it was"),
                "Choose another name.",
            ),
            _ => Self::new(
                Exit::File,
                format!("{path}: {source}"),
                "Check that it belongs to you and that the disk has room.",
            ),
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The same as one JSON object, for `--json`.
    pub(crate) fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Shown<'a> {
            error: &'a str,
            remedy: &'a str,
            exit: u8,
        }
        let shown = Shown {
            error: &self.what,
            remedy: &self.remedy,
            exit: self.exit as u8,
        };
        serde_json::to_string(&shown).unwrap_or_else(|_| String::from("{}"))
    }
}

/// Two lines: what happened, what to do.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\nremedy: {}", self.what, self.remedy)
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        let exit = identity_exit(&error);
        Self::new(exit, error.to_string(), error.remedy())
    }
}

fn identity_exit(error: &IdentityError) -> Exit {
    match error {
        IdentityError::NotFound { .. } => Exit::NotFound,
        IdentityError::Invalid { .. } | IdentityError::Ambiguous { .. } => Exit::Usage,
        IdentityError::File { .. } => Exit::File,
        IdentityError::Exists { .. } => Exit::Refused,
        _ => Exit::Identity,
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        Self::new(chain_exit(&error), error.to_string(), error.remedy())
    }
}

fn chain_exit(error: &ChainError) -> Exit {
    use ChainError as E;
    match error {
        E::BadUrl(_) | E::BadProgram(_) | E::TooMany { .. } => Exit::Usage,
        E::BadSecret | E::Signing(_) => Exit::Identity,
        E::NoContract { .. } | E::NoSuchEntry(_) => Exit::NotFound,
        E::WrongChain { .. }
        | E::WrongCode { .. }
        | E::Stale { .. }
        | E::NodesDisagree { .. }
        | E::Malformed(_)
        | E::DeployedOther(_) => Exit::Untrusted,
        E::Unreachable { .. }
        | E::Timeout { .. }
        | E::Http { .. }
        | E::NodeBehind { .. }
        | E::NonceTooHigh(_)
        | E::NonceTooLow(_)
        | E::AlreadyKnown
        | E::Underpriced
        | E::NoState(_)
        | E::NotFinal { .. }
        | E::Busy(_) => Exit::Unavailable,
        E::File { .. } | E::Database { .. } | E::JournalDamaged { .. } => Exit::File,
        E::Refused(_)
        | E::RefusedSilently
        | E::RefusedUnknown(_)
        | E::Program(_)
        | E::InsufficientFunds(_)
        | E::TooExpensive { .. }
        | E::ActivationTooExpensive { .. } => Exit::Refused,
        _ => Exit::Failed,
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::new(storage_exit(&error), error.to_string(), error.remedy())
    }
}

fn storage_exit(error: &StorageError) -> Exit {
    use StorageError as E;
    match error {
        E::Locator { .. } | E::Name(_) | E::TooLong(_) => Exit::Usage,
        E::NotFound(_) => Exit::NotFound,
        E::Denied(_) => Exit::Refused,
        E::WrongLength { .. } | E::SourceMismatch(_) => Exit::Untrusted,
        E::Source(_) => Exit::File,
        E::Setup(_) | E::Failed(_) => Exit::Unavailable,
    }
}

impl From<RecordsError> for Failure {
    fn from(error: RecordsError) -> Self {
        Self::new(records_exit(&error), error.to_string(), error.remedy())
    }
}

fn records_exit(error: &RecordsError) -> Exit {
    use RecordsError as E;
    match error {
        E::Identity(error) => identity_exit(error),
        E::Storage(error) => storage_exit(error),
        E::Chain(error) => chain_exit(error),
        E::NotRekeyed { source, .. } | E::Partly { source, .. } => records_exit(source),
        E::Crypto(error) => crypto_exit(error),
        E::NoSuchRecord(_) | E::NoRequest { .. } | E::NoGrant { .. } => Exit::NotFound,
        E::AmbiguousRecord { .. } | E::Nobody | E::NoStorage | E::NotAFile(_) => Exit::Usage,
        E::Removed(_)
        | E::NoAccess { .. }
        | E::NotOwner { .. }
        | E::NoKey(_)
        | E::NotRegistered
        | E::Blocked(_)
        | E::DepositNotAllowed(_)
        | E::Yourself
        | E::UnderWay(_) => Exit::Refused,
        E::LostUpdate { .. } => Exit::Conflict,
        E::EventMissing { .. } | E::ForeignKey(_) | E::FingerprintDiffers { .. } => Exit::Untrusted,
        E::FileChanged(_) | E::TargetExists(_) | E::NoFolder(_) | E::File { .. } => Exit::File,
        E::Stopped => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

/// Whatever does not open is not what its owner sealed.
fn crypto_exit(error: &CryptoError) -> Exit {
    match error {
        CryptoError::Read(_) | CryptoError::Write(_) => Exit::File,
        CryptoError::TextTooLong { .. } => Exit::Usage,
        CryptoError::Randomness(_) => Exit::Failed,
        _ => Exit::Untrusted,
    }
}
