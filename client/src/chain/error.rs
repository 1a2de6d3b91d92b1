//! One error vocabulary for everything that talks to the chain.

use std::path::PathBuf;
use std::time::Duration;

use alloy::primitives::{Address, B256, U256};

use super::revert::{ProgramFault, Refusal};

/// Why the chain could not be read or written. `Display` says what happened, [`ChainError::remedy`] what to do about
/// it. No variant carries a secret: of a node's address only scheme, host and port are kept, because providers put
/// their keys into the rest.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The registry refused, and says why.
    #[error("{0}")]
    Refused(Refusal),
    /// Stylus does not run the contract's program.
    #[error("{0}")]
    Program(ProgramFault),
    /// A revert without data: calldata that the contract does not understand, or a trap.
    #[error("the contract refused the call without giving a reason")]
    RefusedSilently,
    /// A revert whose data is no error of the registry.
    #[error("the contract refused the call with a reason this version does not know: {0}")]
    RefusedUnknown(String),
    /// The transaction is on the chain, changed nothing, and the cause cannot be found out any more.
    #[error("transaction {0} failed on the chain")]
    Failed(B256),
    /// The gas limit was not enough.
    #[error("the call ran out of gas")]
    OutOfGas,
    /// The account cannot pay.
    #[error("the account cannot pay for this transaction: {0}")]
    InsufficientFunds(String),
    /// The chain's price rose above what the transaction offers.
    #[error("the chain's base fee rose above what the transaction offers")]
    FeeTooLow,
    /// The base fee is above what the caller is ready to pay.
    #[error("gas costs {price} wei now, more than the limit of {limit}")]
    TooExpensive {
        /// Base fee, wei per gas.
        price: u128,
        /// The caller's limit, wei per gas.
        limit: u128,
    },
    /// Another transaction of the account has this nonce already.
    #[error("the account's transaction counter has moved on: {0}")]
    NonceTooLow(String),
    /// An earlier transaction of the account is missing.
    #[error("the node waits for an earlier transaction of this account: {0}")]
    NonceTooHigh(String),
    /// The node has this very transaction.
    #[error("the node has this transaction already")]
    AlreadyKnown,
    /// The node has another transaction with this nonce and will not give it up.
    #[error("the node holds another transaction of this account with the same number")]
    Underpriced,
    /// The node is of another chain.
    #[error("the node at {node} serves chain {found}, not chain {expected}")]
    WrongChain {
        /// Scheme, host and port.
        node: String,
        /// Chain id of the profile.
        expected: u64,
        /// Chain id that the node states.
        found: u64,
    },
    /// There is no code at the address.
    #[error("there is no contract at {address} on chain {chain}")]
    NoContract {
        /// The address.
        address: Address,
        /// The chain's id.
        chain: u64,
    },
    /// There is another contract at the address.
    #[error(
        "the contract at {address} is not the registry of this profile: its code hash is {found}, not {expected}"
    )]
    WrongCode {
        /// The address.
        address: Address,
        /// keccak256 of the code that the profile knows.
        expected: B256,
        /// keccak256 of the code that is there.
        found: B256,
    },
    /// The node answers from a state older than one already seen.
    #[error("the node's answer is out of date: {what} was seen at {seen}, the node says {found}")]
    Stale {
        /// What it is about.
        what: String,
        /// The newest number known.
        seen: u64,
        /// The number in the answer.
        found: u64,
    },
    /// Two nodes give different answers to the same question.
    #[error("{first} and {second} disagree about {what}")]
    NodesDisagree {
        /// Scheme, host and port of the first.
        first: String,
        /// Scheme, host and port of the second.
        second: String,
        /// The question.
        what: &'static str,
    },
    /// The second node has not got the first one's block in time.
    #[error("{node} has not reached block {block} yet")]
    NodeBehind {
        /// Scheme, host and port.
        node: String,
        /// The block.
        block: u64,
    },
    /// No connection, or one that broke, after all attempts.
    #[error("cannot reach the node at {node}: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        node: String,
        /// The system's reason.
        reason: String,
    },
    /// No answer in time, after all attempts.
    #[error("the node at {node} did not answer within {} s", .limit.as_secs())]
    Timeout {
        /// Scheme, host and port.
        node: String,
        /// The time limit of one attempt.
        limit: Duration,
    },
    /// The node refuses us or is overloaded.
    #[error("the node at {node} answered with HTTP status {status}")]
    Http {
        /// Scheme, host and port.
        node: String,
        /// The status.
        status: u16,
    },
    /// An answer of more bytes than are read into memory.
    #[error("the node's answer has more than {limit} bytes")]
    AnswerTooLarge {
        /// The bound.
        limit: usize,
    },
    /// The node gives only so many results at once.
    #[error("the node refuses to give so many results at once: {0}")]
    TooManyResults(String),
    /// The node does not have the state of that block.
    #[error("the node does not have the state that was asked for: {0}")]
    NoState(String),
    /// Any other answer that is an error.
    #[error("the node answered with error {code}: {message}")]
    Node {
        /// JSON-RPC code.
        code: i64,
        /// Its text, shortened.
        message: String,
    },
    /// An answer that no correct node gives.
    #[error("the node's answer makes no sense: {0}")]
    Malformed(String),
    /// A node's address that is none.
    #[error("{0:?} is not the address of a node")]
    BadUrl(String),
    /// A secret that is no secp256k1 scalar.
    #[error("the account's secret is not a valid secp256k1 key")]
    BadSecret,
    /// Signing failed.
    #[error("the transaction could not be signed: {0}")]
    Signing(String),
    /// A batch of more than the registry takes.
    #[error("{count} entries were given where at most {limit} fit into one transaction")]
    TooMany {
        /// Given.
        count: usize,
        /// Allowed.
        limit: usize,
    },
    /// The transaction is not final, and no answer came in time.
    #[error("transaction {hash} was sent but is not final after {} s", .waited.as_secs())]
    NotFinal {
        /// Hash of the transaction.
        hash: B256,
        /// How long was waited.
        waited: Duration,
    },
    /// Another process works with these files.
    #[error("another process is using {}", .0.display())]
    Busy(PathBuf),
    /// A journal entry that cannot be read.
    #[error("the journal entry {} cannot be read: {reason}", .path.display())]
    JournalDamaged {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// There is no journal entry of this number.
    #[error("the journal has no entry {0}")]
    NoSuchEntry(u64),
    /// The journal entry was made with another chain, contract or account.
    #[error("journal entry {entry} belongs to {what}")]
    OtherEntry {
        /// Its number.
        entry: u64,
        /// The chain, account or contract it was made for.
        what: String,
    },
    /// A file could not be read or written.
    #[error("{} could not be used: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The index or the file of sightings failed.
    #[error("the database {} failed: {source}", .path.display())]
    Database {
        /// Which.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// The WASM is no module, or does not fit on the chain.
    #[error("this program cannot be deployed: {0}")]
    BadProgram(String),
    /// The code that arrived on the chain is not the code that was sent.
    #[error("the code at {0} is not the code that was deployed")]
    DeployedOther(Address),
    /// Activation costs more than the caller's limit.
    #[error("activation asks for {fee} wei, more than the limit of {limit}")]
    ActivationTooExpensive {
        /// What it costs.
        fee: U256,
        /// What the caller allows.
        limit: U256,
    },
}

impl ChainError {
    /// An answer that no correct node gives.
    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed(what.into())
    }

    /// What the user can do about it, in one or two sentences.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.remedy(),
            Self::Program(fault) => fault.remedy(),
            Self::RefusedSilently => {
                "Check that the contract's address and this program's version belong together."
            }
            Self::RefusedUnknown(_) => "Update this program: the contract may be newer.",
            Self::Failed(_) => {
                "Nothing was changed. Look at the record's present state and run the command again."
            }
            Self::OutOfGas => {
                "Run the command again; if it fails again, pass fewer people or records at once."
            }
            Self::InsufficientFunds(_) => {
                "Send ether for fees to the account, then run the command again."
            }
            Self::FeeTooLow | Self::TooExpensive { .. } => {
                "Wait until the chain is cheaper, or allow a higher gas price."
            }
            Self::NonceTooLow(_) | Self::Underpriced => {
                "Another program uses the same account. Wait until it is done and run the command again."
            }
            Self::NonceTooHigh(_) | Self::AlreadyKnown => {
                "Wait a moment and run the command again."
            }
            Self::WrongChain { .. } => {
                "Set the node's address to one that serves the profile's chain."
            }
            Self::NoContract { .. } => {
                "Check the contract's address, and deploy the registry if there is none on this chain."
            }
            Self::WrongCode { .. } => {
                "Do not go on: ask whoever gave you the address, or set up a profile for the other contract."
            }
            Self::Stale { .. } => {
                "Wait for the node to catch up, or use another node. On a development chain that was reset, set up a new profile."
            }
            Self::NodesDisagree { .. } => {
                "One of the two nodes is wrong. Do not go on; find out which, and replace it."
            }
            Self::NodeBehind { .. } => "Wait a moment and try again, or name another second node.",
            Self::Unreachable { .. } | Self::Timeout { .. } => {
                "Check the network and the node's address, then run the command again."
            }
            Self::Http {
                status: 401 | 403, ..
            } => "Check the access key in the node's address.",
            Self::Http { .. } => "Wait a minute and run the command again, or use another node.",
            Self::AnswerTooLarge { .. }
            | Self::TooManyResults(_)
            | Self::Node { .. }
            | Self::Malformed(_) => "Try again; if it stays so, use another node.",
            Self::NoState(_) => {
                "The newest block may just have been replaced: run the command again; if it stays so, use another node."
            }
            Self::BadUrl(_) => {
                "Give an address such as http://127.0.0.1:8547 or https://host/path."
            }
            Self::BadSecret | Self::Signing(_) => "Restore the profile from its recovery phrase.",
            Self::TooMany { .. } => "Pass them in several parts.",
            Self::NotFinal { .. } => {
                "It is kept in the journal: run the command again to go on waiting for it."
            }
            Self::Busy(_) => "Wait until the other command has ended, then run this one again.",
            Self::JournalDamaged { .. } => {
                "Restore the file from a backup, or move it away after checking the record's state on the chain."
            }
            Self::NoSuchEntry(_) => "List the unfinished operations to see their numbers.",
            Self::OtherEntry { .. } => {
                "Switch to the profile that began the operation and resume it there."
            }
            Self::File { .. } => "Check that the disk has room and that the folder can be written.",
            Self::Database { .. } => {
                "Check that the disk has room and that the folder can be written, then run the command again."
            }
            Self::BadProgram(_) => {
                "Build the contract with scripts/build-contract and deploy that file."
            }
            Self::DeployedOther(_) => {
                "Do not use this address. Deploy again through a node you trust."
            }
            Self::ActivationTooExpensive { .. } => {
                "Allow a higher fee, or wait: the fee falls with time."
            }
        }
    }
}

/// A `Result` of this module.
pub type Result<T> = std::result::Result<T, ChainError>;
