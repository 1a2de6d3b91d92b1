//! The storage cache of a program instance.
//!
//! Source: Nitro `crates/arbutil/src/evm/storage.rs`.

use std::collections::HashMap;

use alloy_primitives::B256;

use crate::stylus::pricing::{
    CACHE_FREE_READS, CACHE_FREE_WRITES, CACHE_LOW_READS, CACHE_LOW_WRITES, CACHE_READ_HIGH_GAS,
    CACHE_READ_LOW_GAS, CACHE_WRITE_HIGH_GAS, CACHE_WRITE_LOW_GAS,
};

/// A cached slot.
#[derive(Clone, Copy, Debug)]
struct Entry {
    value: B256,
    /// Value the slot is known to have in the state.
    known: Option<B256>,
}

/// Slots that an instance has read or wants to write. Writes reach the state when they are flushed;
/// those of a program that ends without flushing are lost.
#[derive(Debug, Default)]
pub(crate) struct StorageCache {
    slots: HashMap<B256, Entry>,
    reads: u64,
    writes: u64,
}

impl StorageCache {
    /// Counts a read and gives its surcharge in gas.
    pub(super) fn count_read(&mut self) -> u64 {
        self.reads += 1;
        surcharge(
            self.reads,
            (CACHE_FREE_READS, CACHE_LOW_READS),
            (CACHE_READ_LOW_GAS, CACHE_READ_HIGH_GAS),
        )
    }

    /// Counts a write and gives its surcharge in gas.
    pub(super) fn count_write(&mut self) -> u64 {
        self.writes += 1;
        surcharge(
            self.writes,
            (CACHE_FREE_WRITES, CACHE_LOW_WRITES),
            (CACHE_WRITE_LOW_GAS, CACHE_WRITE_HIGH_GAS),
        )
    }

    /// The value of a cached slot.
    pub(super) fn get(&self, key: &B256) -> Option<B256> {
        self.slots.get(key).map(|entry| entry.value)
    }

    /// Keeps a value that was loaded from the state.
    pub(super) fn loaded(&mut self, key: B256, value: B256) {
        self.slots.insert(
            key,
            Entry {
                value,
                known: Some(value),
            },
        );
    }

    /// Replaces the value of a slot without touching the state.
    pub(super) fn set(&mut self, key: B256, value: B256) {
        self.slots
            .entry(key)
            .or_insert(Entry { value, known: None })
            .value = value;
    }

    /// Takes the entries that differ from the state, marking them as written; `clear` empties the cache.
    pub(super) fn take_dirty(&mut self, clear: bool) -> Vec<(B256, B256)> {
        let mut dirty = Vec::new();
        for (key, entry) in &mut self.slots {
            if entry.known != Some(entry.value) {
                dirty.push((*key, entry.value));
                entry.known = Some(entry.value);
            }
        }
        if clear {
            self.slots.clear();
        }
        // In Nitro the order is that of a hash map; sorted, runs are reproducible. Gas does not depend on it.
        dirty.sort_unstable();
        dirty
    }
}

/// The surcharge of access number `count`: none up to the first bound, then a low and a high one.
fn surcharge(count: u64, (free, low): (u64, u64), (low_gas, high_gas): (u64, u64)) -> u64 {
    if count <= free {
        0
    } else if count <= low {
        low_gas
    } else {
        high_gas
    }
}
