//! One error vocabulary for storage.

use std::error::Error as _;

use super::ObjectName;

/// Why an object could not be stored, read or removed. `Display` says what happened, [`StorageError::remedy`]
/// what to do about it. `object_store` keeps credentials and signed addresses out of its messages.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Not a place objects can lie in.
    #[error("{text:?} is no storage location: {reason}")]
    Locator {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not an object's name.
    #[error(
        "{0:?} is no object name: it must be <record id>/<digest>, 64 and 56 lower-case hexadecimal digits"
    )]
    Name(String),
    /// The backend could not be set up.
    #[error("storage cannot be set up: {0}")]
    Setup(String),
    /// There is no such object.
    #[error("there is no object {0} in this storage")]
    NotFound(ObjectName),
    /// The name is taken by something of another length.
    #[error("object {name} exists with {found} bytes instead of {expected}")]
    WrongLength {
        /// Its name.
        name: ObjectName,
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// What was given to be uploaded is not the object of that name.
    #[error("the bytes given for object {0} are not the ones its name stands for")]
    SourceMismatch(ObjectName),
    /// The bytes to be uploaded could not be read.
    #[error("the object to upload cannot be read: {0}")]
    Source(#[source] std::io::Error),
    /// The object is longer than 10,000 parts of 16 MiB.
    #[error("an object of {0} bytes is too long for one upload")]
    TooLong(u64),
    /// The store knows who asks and says no, or does not know who asks.
    #[error("the storage refuses access: {0}")]
    Denied(String),
    /// The request failed, after its retries.
    #[error("the storage did not answer as it should: {0}")]
    Failed(String),
}

impl StorageError {
    /// What the user can do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Locator { .. } => {
                "Use s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder."
            }
            Self::Name(_) => "Give the record id and digest as the registry shows them.",
            Self::Setup(_) => {
                "Set the provider's environment variables (AWS_…, GOOGLE_…, AZURE_…), or create the folder."
            }
            Self::NotFound(_) => {
                "Ask the record's owner to upload it again, or check that the locator is the right one."
            }
            Self::WrongLength { .. } => {
                "Do not trust that object; its owner can remove it and upload it again."
            }
            Self::SourceMismatch(_) => "Seal the content again; the file changed in between.",
            Self::Source(_) => "Check that the file can be read, then try again.",
            Self::TooLong(_) => "Split the content into several records.",
            Self::Denied(_) => {
                "Check the credentials and the rights of this account on the bucket."
            }
            Self::Failed(_) => {
                "Check the network and free space, then run the command again: it resumes."
            }
        }
    }

    /// Whether the store, and not what was given to it, is the reason.
    pub(super) fn is_from_store(&self) -> bool {
        matches!(self, Self::NotFound(_) | Self::Denied(_) | Self::Failed(_))
    }

    pub(super) fn from_store(error: &object_store::Error, name: Option<&ObjectName>) -> Self {
        use object_store::Error;
        match (error, name) {
            (Error::NotFound { .. }, Some(name)) => Self::NotFound(*name),
            (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _) => {
                Self::Denied(chain(error))
            }
            _ => Self::Failed(chain(error)),
        }
    }

    pub(super) fn setup(error: &object_store::Error) -> Self {
        Self::Setup(chain(error))
    }
}

/// For readers: the error travels through `std::io` and can be taken out again.
impl From<StorageError> for std::io::Error {
    fn from(error: StorageError) -> Self {
        Self::other(error)
    }
}

/// An error and its causes in one line, without what a later one repeats.
fn chain(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let part = inner.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        cause = inner.source();
    }
    text
}
