//! The registry's storage before and after a transaction.

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};

/// All slots that are not zero.
pub(crate) type Storage = BTreeMap<B256, B256>;

/// A value that is the same for the same storage, and only then.
pub(crate) fn fingerprint(storage: &Storage) -> B256 {
    let bytes = storage
        .iter()
        .flat_map(|(slot, word)| slot.iter().chain(word.iter()).copied());
    keccak256(bytes.collect::<Vec<u8>>())
}

/// The slots that a transaction wrote, by what became of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// From zero.
    pub(crate) filled: BTreeMap<B256, B256>,
    /// From one value to another.
    pub(crate) changed: BTreeMap<B256, B256>,
    /// To zero.
    pub(crate) cleared: Vec<B256>,
}

impl Changes {
    /// From one state of the storage to the next.
    pub(crate) fn between(before: &Storage, after: &Storage) -> Self {
        let mut changes = Self::default();
        for (slot, word) in after {
            match before.get(slot) {
                None => drop(changes.filled.insert(*slot, *word)),
                Some(old) if old != word => drop(changes.changed.insert(*slot, *word)),
                Some(_) => {}
            }
        }
        let gone = before.keys().filter(|slot| !after.contains_key(*slot));
        changes.cleared = gone.copied().collect();
        changes
    }

    /// How many slots were filled, changed and cleared.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.filled.len(), self.changed.len(), self.cleared.len()]
    }
}
