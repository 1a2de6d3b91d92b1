//! One error vocabulary for identities, keystores and address books.

use std::path::{Path, PathBuf};

use crate::crypto::CryptoError;

/// Why an identity could not be made, opened or changed. `Display` says what happened,
/// [`IdentityError::remedy`] what to do about it. No variant carries a secret.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The recovery phrase has another number of words.
    #[error("the recovery phrase has {0} words, it needs 24")]
    WordCount(usize),
    /// A word is not on the BIP-39 English list; words count from 1.
    #[error("word {0} of the recovery phrase is not on the word list")]
    UnknownWord(usize),
    /// All words exist but do not belong together.
    #[error("the words of the recovery phrase do not fit together: its checksum is wrong")]
    PhraseChecksum,
    /// The passphrase is too easy to guess; the text says why.
    #[error("the passphrase is too weak: {0}")]
    WeakPassphrase(String),
    /// The passphrase could not be taken from where it should come from.
    #[error("no passphrase from {from}: {reason}")]
    NoPassphrase {
        /// File or environment variable.
        from: String,
        /// What is wrong.
        reason: String,
    },
    /// Wrong passphrase, or the keystore was altered; an attacker must not learn which.
    #[error("the keystore does not open with this passphrase")]
    KeystoreLocked,
    /// The keystore is damaged or from another program.
    #[error("the keystore is not readable: {0}")]
    KeystoreFormat(&'static str),
    /// Key derivation failed for want of memory.
    #[error("the key derivation could not run: {0}")]
    KeyDerivation(argon2::Error),
    /// Profile, person, card or address text is not acceptable.
    #[error("{what} is not valid: {reason}")]
    Invalid {
        /// Which text.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such thing.
    #[error("there is no {what} named {name:?}")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// Name asked for.
        name: String,
    },
    /// There is one already.
    #[error("there is already a {what} named {name:?}")]
    Exists {
        /// Kind of thing.
        what: &'static str,
        /// Name asked for.
        name: String,
    },
    /// More than one person fits.
    #[error("{name:?} could be any of: {candidates}")]
    Ambiguous {
        /// Name asked for.
        name: String,
        /// Who fits.
        candidates: String,
    },
    /// A file operation failed.
    #[error("{path}: {source}")]
    File {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is damaged.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Cryptography failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl IdentityError {
    /// What the user can do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::WordCount(_) => "Enter all 24 words, with spaces between them.",
            Self::UnknownWord(_) => "Compare that word with your written copy.",
            Self::PhraseChecksum => {
                "Compare every word and their order with your written copy; one differs."
            }
            Self::WeakPassphrase(_) => {
                "Choose four or more unrelated words, or a longer passphrase."
            }
            Self::NoPassphrase { .. } => {
                "Check the file or variable, or enter the passphrase when asked."
            }
            Self::KeystoreLocked => {
                "Try the passphrase again; if it is lost, restore the profile from the recovery phrase."
            }
            Self::KeystoreFormat(_) | Self::Damaged { .. } => {
                "Restore the file from a backup, or the profile from the recovery phrase."
            }
            Self::KeyDerivation(_) => "Free some memory and try again.",
            Self::Invalid { .. } => "Correct it and try again.",
            Self::NotFound { .. } => "List what there is and check the spelling.",
            Self::Exists { .. } => "Choose another name.",
            Self::Ambiguous { .. } => "Use the full name or the address.",
            Self::File { .. } => "Check that the path exists, has free space and belongs to you.",
            Self::Crypto(error) => error.remedy(),
        }
    }

    pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(super) fn invalid(what: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            what,
            reason: reason.into(),
        }
    }
}
