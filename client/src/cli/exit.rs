//! Exit codes: what a script learns about a failure.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something failed for which there is no code of its own.
    Failed = 1,
    /// The command line or a value in it is not valid.
    Usage = 2,
    /// The profile, its keystore or its passphrase.
    Identity = 3,
    /// There is no such record, person, request or file.
    NotFound = 4,
    /// The registry or a safety rule says no.
    Refused = 5,
    /// Data, a key or a node's answer is not what it should be.
    Untrusted = 6,
    /// A node or a store cannot be reached; trying later may help.
    Unavailable = 7,
    /// Somebody else changed the record in the meantime.
    Conflict = 8,
    /// A file or folder of this machine.
    File = 9,
    /// The user answered no, or there was nobody to ask.
    Declined = 10,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Every exit code and what it means.
pub const EXIT_CODES: [(u8, &str); 11] = [
    (0, "done"),
    (1, "something failed for which there is no code of its own"),
    (2, "the command line, or a value in it, is not valid"),
    (3, "the profile, its keystore or its passphrase"),
    (4, "there is no such record, person, request or file"),
    (5, "refused: no right to do it, or a safety rule"),
    (
        6,
        "not to be trusted: data, a key or a node's answer is not what it should be",
    ),
    (
        7,
        "a node or a store cannot be reached, or did not finish; trying again may help",
    ),
    (8, "somebody else changed the record in the meantime"),
    (9, "a file or folder of this machine"),
    (
        10,
        "the question was answered with no, or there was no terminal to ask on",
    ),
];
