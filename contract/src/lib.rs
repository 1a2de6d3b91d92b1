//! The Chartseal registry: who may open which health record, on Arbitrum Stylus.
//!
//! The contract keeps users with their public keys, records as digests of ciphertext, and grants that carry a
//! record's key sealed to one user. It never sees a name, a plaintext or a key. There is no administrator: a
//! record's owner decides alone, and the events are the audit trail.
//!
//! `docs/contract.md` describes every function, the storage layout and why the contract reads its arguments itself.

#![allow(
    missing_docs,
    reason = "#[entrypoint] writes a public function without docs"
)]

extern crate alloc;

use alloc::vec::Vec;

use stylus_sdk::ArbResult;
use stylus_sdk::abi::Router;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageB256, StorageMap};

use crate::state::{GrantSlots, Key, UserSlots};

mod access;
mod codec;
mod errors;
mod events;
#[cfg(feature = "export-abi")]
mod export;
#[cfg(feature = "export-abi")]
pub use export::print_from_args;
mod given;
mod interface;
mod records;
mod router;
mod state;
mod users;
mod views;

/// Items in a batch at most.
const MAX_BATCH: usize = 64;

/// The contract's storage, slot by slot as `docs/contract.md` lays it out.
#[storage]
#[entrypoint]
pub struct Registry {
    /// address -> user.
    users: StorageMap<Key, UserSlots>,
    /// record id -> [`state::Record`].
    records: StorageMap<Key, StorageB256>,
    /// record id -> address -> grant.
    grants: StorageMap<Key, StorageMap<Key, GrantSlots>>,
    /// record id -> address -> [`state::Entry`].
    requests: StorageMap<Key, StorageMap<Key, StorageB256>>,
    /// voucher -> user -> [`state::Entry`].
    vouches: StorageMap<Key, StorageMap<Key, StorageB256>>,
    /// owner -> depositor -> [`state::Entry`].
    deposit_rights: StorageMap<Key, StorageMap<Key, StorageB256>>,
}

impl Router<Registry> for Registry {
    type Storage = Self;

    fn route(registry: &mut Self, selector: u32, input: &[u8]) -> Option<ArbResult> {
        // No function takes ether.
        if !registry.vm().msg_value().is_zero() {
            return None;
        }
        let result = router::route(registry, selector.to_be_bytes(), input)?;
        Some(result.map_err(errors::Error::into_vec))
    }

    fn receive(_: &mut Self) -> Option<Result<(), Vec<u8>>> {
        None
    }

    fn fallback(_: &mut Self, _: &[u8]) -> Option<ArbResult> {
        None
    }

    fn constructor(_: &mut Self, _: &[u8]) -> Option<ArbResult> {
        None
    }
}
