//! Hashes of past blocks for contracts: EIP-2935, as ArbOS has it since version 40.
//!
//! ArbOS keeps 393,168 hashes, and the contract counts L2 blocks: it asks ArbSys for their number, because NUMBER is
//! that of L1 (Nitro, `ArbOS 40` release notes and `params/protocol_params.go`). Nitro writes a hash into the
//! contract's storage at the start of every block. Here the words are looked up in the chain instead, so they are
//! right after a reorganisation and take no room.

use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_primitives::{Address, Bytes, U256, bytes};

use super::chain::Entry;

/// The contract's address.
pub const HISTORY_STORAGE: Address = HISTORY_STORAGE_ADDRESS;

/// How many hashes are kept.
const WINDOW: u64 = 393_168;

/// The contract of EIP-2935 with ArbSys's number in place of NUMBER, and ArbOS's window.
pub(super) const CODE: Bytes = bytes!(
    "3373fffffffffffffffffffffffffffffffffffffffe14606057" // the system calls: go to set
    "60203603605c57" // the input is not one word: refuse
    "5f35" // number
    "63a3b1b31d5f5260205f6004601c60645afa15605c57" // arbBlockNumber() of 0x64 into memory, or refuse
    "5f51" // current, number
    "60018103" "8211605c57" // number > current - 1: refuse
    "819003" "6205ffd010605c57" // window < current - number: refuse
    "6205ffd0900654" // the word at number % window
    "5f5260205ff3" // return it
    "5b5f5ffd" // refuse
    "5b5f356205ffd06001" // set: the input, window, 1
    "63a3b1b31d5f5260205f6004601c60645afa15605c57" // arbBlockNumber() again
    "5f51030655" "00" // the input at (current - 1) % window
);

/// The slot of the hash of the block with this number.
pub(super) fn slot(number: usize) -> U256 {
    U256::from(number as u64 % WINDOW)
}

/// The contract's word at `slot`, for a block that comes after the blocks `past`.
pub(super) fn word(past: &[Entry], slot: U256) -> U256 {
    let newest = past.len() as u64;
    let first = slot.saturating_to::<u64>();
    if first >= newest.min(WINDOW) {
        return U256::ZERO;
    }
    // The newest block of those that share the slot.
    let number = first + (newest - 1 - first) / WINDOW * WINDOW;
    past.get(number as usize)
        .map_or(U256::ZERO, |entry| entry.block.hash.into())
}
