//! One error vocabulary for all cryptography.

use super::stream::Digest;

/// Why something could not be sealed or opened. `Display` says what happened, [`CryptoError::remedy`]
/// what to do about it. No variant carries a secret.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed: {0}")]
    Randomness(#[from] getrandom::Error),
    /// Not a point of P-256, or the point at infinity (SP 800-186, SEC 1 section 2.3.4).
    #[error("the encryption key is not a valid point on P-256")]
    InvalidPublicKey,
    /// The object's commitment is not the one this key gives for this salt and context.
    #[error("the key does not belong to this object")]
    WrongKey,
    /// The chunk with this number failed authentication.
    #[error("chunk {0} of the object is forged or damaged")]
    ForgedChunk(u64),
    /// The object ends where no object can end.
    #[error("the object is cut short or has bytes too many: it ends inside chunk {0}")]
    Truncated(u64),
    /// The chunk counter would reach 2^38.
    #[error("the content is longer than 4 PiB - 1 byte")]
    TooLong,
    /// The object is not the one its digest names.
    #[error("the stored object has digest {found}, the registry says {expected}")]
    DigestMismatch {
        /// Digest asked for.
        expected: Digest,
        /// Digest of what was read.
        found: Digest,
    },
    /// A wrapped key or note was made for another reader, record, epoch or chain, or was altered.
    #[error("the envelope cannot be opened with this key for this record")]
    EnvelopeRejected,
    /// The sealed info was made for another record or version, under another key, or was altered.
    #[error("the sealed description does not belong to this version of the record, or was altered")]
    InfoRejected,
    /// Text that must fit into a fixed space does not.
    #[error("{what} takes {len} bytes, at most {max} fit")]
    TextTooLong {
        /// Which text.
        what: &'static str,
        /// Bytes it needs.
        len: usize,
        /// Bytes there are.
        max: usize,
    },
    /// Sealed text was opened but does not have the form this version writes.
    #[error("{0} was opened but is not in a form this version understands")]
    Malformed(&'static str),
    /// A cipher refused its input; it does so only past its length limits.
    #[error("the cipher refused its input")]
    CipherRefused,
    /// The source of bytes failed.
    #[error("reading failed: {0}")]
    Read(#[source] std::io::Error),
    /// The target of bytes failed.
    #[error("writing failed: {0}")]
    Write(#[source] std::io::Error),
}

impl CryptoError {
    /// What the user can do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Randomness(_) => "Start the machine's random source and try again.",
            Self::InvalidPublicKey => {
                "Ask the person for a new contact card, or to register a new key."
            }
            Self::WrongKey => {
                "Ask the record's owner to grant access again; the key given to you opens another object."
            }
            Self::ForgedChunk(_) | Self::Truncated(_) | Self::DigestMismatch { .. } => {
                "Do not trust this storage: fetch the object again or from a copy; the owner can upload it again."
            }
            Self::TooLong => "Split the content into several records.",
            Self::EnvelopeRejected => {
                "Check that the profile is the one the key was granted to, or ask the owner to grant access again."
            }
            Self::InfoRejected => "Refresh the record from the chain and try again.",
            Self::TextTooLong { .. } => "Shorten it and try again.",
            Self::Malformed(_) => "Update chartseal: it may come from a newer version.",
            Self::CipherRefused => "Split the content into smaller parts.",
            Self::Read(_) => "Check that the source can be read, then try again.",
            Self::Write(_) => "Check free space and permissions of the target, then try again.",
        }
    }
}
