//! What runs the contract.

use alloy_primitives::{Address, B256, LogData, U256};

/// A transaction to the registry.
pub(crate) struct Message<'a> {
    pub(crate) sender: Address,
    /// Unix seconds of the block.
    pub(crate) time: u64,
    /// Wei sent along.
    pub(crate) value: U256,
    pub(crate) data: &'a [u8],
}

/// What came of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Return data, or revert data.
    pub(crate) result: Result<Vec<u8>, Vec<u8>>,
    /// The logs of this transaction; none if it reverted.
    pub(crate) logs: Vec<LogData>,
}

/// A chain with one registry on it. A transaction that reverts leaves nothing behind.
pub(crate) trait Backend {
    /// A chain with a registry that nobody has called yet.
    fn fresh() -> Self;

    /// Runs one transaction. Times never go down from one to the next.
    fn call(&mut self, message: &Message<'_>) -> Outcome;

    /// The registry's storage at `slot`.
    fn slot(&self, slot: B256) -> B256;

    /// Overwrites the registry's storage at `slot`: for counters that no test could count up to.
    fn set_slot(&mut self, slot: B256, word: B256);

    /// A value that is the same for the same storage of the registry, and only then.
    fn fingerprint(&self) -> B256;
}
