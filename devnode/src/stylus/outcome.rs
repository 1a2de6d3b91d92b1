//! How a frame of a program begins and ends.

use alloy_primitives::Bytes;

use super::api::Environment;

/// What a frame starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Input of the program.
    pub calldata: Bytes,
    /// Gas of the call frame.
    pub gas: u64,
    /// Block, transaction and message data.
    pub environment: Environment,
}

/// How a program ended, and what the EVM makes of it.
///
/// Source: Nitro `crates/stylus/src/run.rs`, `arbos/programs/programs.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The entry point returned 0, or `exit_early(0)`: success with data.
    Success,
    /// The entry point returned something else, or `exit_early` with something else: revert with data.
    Revert,
    /// A trap or a refused host call: revert without data; the frame keeps its gas.
    Failure,
    /// Ink or gas ran out: out of gas; nothing is left.
    OutOfInk,
    /// The virtual stack overflowed: a depth error; nothing is left.
    OutOfStack,
}

/// What a frame ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How the program ended.
    pub status: Status,
    /// Result or revert data; empty unless the status is success or revert.
    pub output: Bytes,
    /// Gas handed back to the caller, 0 after [`Status::OutOfInk`] and [`Status::OutOfStack`].
    pub gas_left: u64,
}

impl Outcome {
    /// The outcome of a trap: a revert without data that keeps `gas_left`.
    pub(crate) fn failure(gas_left: u64) -> Self {
        Self {
            status: Status::Failure,
            output: Bytes::new(),
            gas_left,
        }
    }

    /// The outcome of a frame that ran out of gas.
    pub fn out_of_gas() -> Self {
        Self {
            status: Status::OutOfInk,
            output: Bytes::new(),
            gas_left: 0,
        }
    }
}
