//! Errors in the words geth and Nitro use, so that tools recognise them.

use std::{io, path::PathBuf};

use alloy_eips::BlockId;
use alloy_primitives::{Address, Bytes, U256};

/// Why a transaction was not accepted. JSON-RPC code -32000 for all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The bytes are no signed transaction.
    #[error("rlp: {0}")]
    Malformed(String),
    /// A blob transaction, or a type that does not exist.
    #[error("transaction type not supported")]
    UnsupportedType,
    /// The signature does not recover to an account.
    #[error("invalid sender")]
    InvalidSender,
    /// Signed for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    WrongChain {
        /// The transaction's chain id.
        have: u64,
        /// This chain's.
        want: u64,
    },
    /// The nonce was used before.
    #[error("nonce too low: address {address}, tx: {tx} state: {state}")]
    NonceTooLow {
        /// The sender.
        address: Address,
        /// Nonce of the transaction.
        tx: u64,
        /// Next nonce of the account.
        state: u64,
    },
    /// An earlier nonce is missing. Nitro waits a second for it before it gives this answer.
    #[error("nonce too high: address {address}, tx: {tx} state: {state}")]
    NonceTooHigh {
        /// The sender.
        address: Address,
        /// Nonce of the transaction.
        tx: u64,
        /// Next nonce of the account.
        state: u64,
    },
    /// The nonce cannot be raised any more (EIP-2681).
    #[error("nonce has max value: address {address}, nonce: {nonce}")]
    NonceMax {
        /// The sender.
        address: Address,
        /// Nonce of the account.
        nonce: u64,
    },
    /// The sender has code that is no delegation (EIP-3607).
    #[error("sender not an eoa: address {address}, len(code): {code_len}")]
    SenderHasCode {
        /// The sender.
        address: Address,
        /// Bytes of code it has.
        code_len: usize,
    },
    /// Tip above the fee cap.
    #[error(
        "max priority fee per gas higher than max fee per gas: address {address}, \
         maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}"
    )]
    TipAboveFeeCap {
        /// The sender.
        address: Address,
        /// `maxPriorityFeePerGas`, wei.
        tip: u128,
        /// `maxFeePerGas`, wei.
        cap: u128,
    },
    /// The offered price is under the base fee.
    #[error(
        "max fee per gas less than block base fee: address {address}, maxFeePerGas: {cap}, \
         baseFee: {base_fee}"
    )]
    FeeCapTooLow {
        /// The sender.
        address: Address,
        /// `maxFeePerGas` or `gasPrice`, wei.
        cap: u128,
        /// Base fee of the block, wei.
        base_fee: u128,
    },
    /// The balance does not cover the highest possible cost.
    #[error(
        "insufficient funds for gas * price + value: address {address} have {have} want {want}"
    )]
    InsufficientFunds {
        /// The sender.
        address: Address,
        /// Its balance, wei.
        have: U256,
        /// gas limit × fee cap + value, wei.
        want: U256,
    },
    /// The gas limit does not cover the intrinsic gas.
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGas {
        /// The gas limit.
        have: u64,
        /// The intrinsic gas.
        want: u64,
    },
    /// The init code of a create transaction is too long (EIP-3860).
    #[error("max initcode size exceeded: code size {size} limit {limit}")]
    InitCodeTooLong {
        /// Its length in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// An EIP-7702 transaction that creates.
    #[error("EIP-7702 transaction cannot be used to create contract")]
    SetCodeCreate,
    /// An EIP-7702 transaction without authorizations.
    #[error("EIP-7702 transaction with empty auth list")]
    EmptyAuthorizationList,
    /// More data than the sequencer takes.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized {
        /// Bytes of the transaction.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The gas limit is above what a block holds.
    #[error("exceeds block gas limit")]
    GasLimitTooHigh,
    /// The highest possible fee is above the node's cap.
    #[error(
        "tx fee ({:.2} ether) exceeds the configured cap ({:.2} ether)",
        f64::from(*fee) / WEI_PER_ETHER,
        *cap as f64 / WEI_PER_ETHER
    )]
    FeeAboveCap {
        /// gas limit × fee cap, wei.
        fee: U256,
        /// The cap, wei.
        cap: u128,
    },
    /// The machine failed; not the transaction's fault.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Wei in an ether, for texts.
const WEI_PER_ETHER: f64 = 1e18;

/// Why a read, call or estimate gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The execution reverted. JSON-RPC code 3, with `data`.
    #[error("{message}")]
    Reverted {
        /// `execution reverted`, with the reason where it could be decoded.
        message: String,
        /// The revert data.
        data: Bytes,
    },
    /// The execution failed without a revert: `out of gas`, `program activation failed: ...`.
    #[error("{0}")]
    Failed(String),
    /// The message could not be executed at all.
    #[error("{0}")]
    Refused(#[from] SendError),
    /// No gas up to the allowance suffices.
    #[error("gas required exceeds allowance ({0})")]
    Allowance(u64),
    /// There is no such block.
    #[error("header not found")]
    UnknownBlock(BlockId),
    /// No such transaction is mined.
    #[error("transaction not found")]
    UnknownTransaction,
    /// The parameters contradict each other.
    #[error("{0}")]
    InvalidParams(String),
}

impl CallError {
    /// The JSON-RPC error code that geth gives.
    pub const fn code(&self) -> i64 {
        match self {
            Self::Reverted { .. } => 3,
            Self::InvalidParams(_) => -32602,
            _ => -32000,
        }
    }

    /// The revert data, to be sent as the error's `data`.
    pub const fn data(&self) -> Option<&Bytes> {
        match self {
            Self::Reverted { data, .. } => Some(data),
            _ => None,
        }
    }
}

/// Why a test helper was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// Time cannot go back.
    #[error("timestamp {requested} is lower than the last block's {last}: pass a later one")]
    TimeInPast {
        /// The time asked for.
        requested: u64,
        /// Time of the last block.
        last: u64,
    },
    /// More blocks than one request may make.
    #[error("{count} blocks are too many for one request: mine at most {limit} at a time")]
    TooManyBlocks {
        /// Blocks asked for.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// The reorganisation would remove the genesis block.
    #[error("a reorganisation of {depth} blocks needs more than the {height} blocks there are")]
    ReorgTooDeep {
        /// Blocks to replace.
        depth: u64,
        /// Blocks above genesis.
        height: u64,
    },
}

/// Why a state file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// The operating system refused.
    #[error("cannot {action} the state file {path}: {source}")]
    Io {
        /// `read`, `write`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is not one of ours.
    #[error("{path} is no state file of this program; it was left as it is: name another file")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by another version.
    #[error(
        "{path} has format version {found}, this program reads version {expected}; it was left \
         as it is: name another file"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version this program reads.
        expected: u32,
    },
    /// The content does not match its checksum, or contradicts itself.
    #[error("{path} is damaged ({reason}); it was left as it is: restore it or name another file")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file belongs to a chain with another id.
    #[error("{path} is of chain {found}, not {expected}; it was left as it is: name another file")]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// Its chain id.
        found: u64,
        /// The configured one.
        expected: u64,
    },
}
