//! State roots, and proofs against them (EIP-1186).
//!
//! The tries are kept for one moment, that of the newest block or shortly before. Those of another moment are made
//! from them by what differs, so a past state takes time with its distance, and no room.

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;
use alloy_trie::EMPTY_ROOT_HASH;

use super::{
    chain::Chain,
    error::CallError,
    history::{self, HISTORY_STORAGE},
    state::{AccountRecord, Touched},
    state_trie::{Moment, StateTrie},
    view::StateView,
};
use crate::evm::StateReader;

impl Chain {
    /// An account and some of its words, with proofs that lead from the state root to them. As in geth, an account
    /// that does not exist has the zero hash as code hash and storage hash.
    ///
    /// A change made outside a block counts to the newest block, whose header was finished before: proofs of it fit
    /// the headers of later blocks.
    ///
    /// # Errors
    /// [`CallError::UnknownBlock`].
    pub fn proof(
        &self,
        address: Address,
        keys: &[JsonStorageKey],
        at: BlockId,
    ) -> Result<EIP1186AccountProofResponse, CallError> {
        let moment = self.moment(self.target(at)?);
        let state = self.view_at(moment);
        let mut tries = self.tries.clone();
        tries.move_to(moment, &self.touched_until(moment), &state);
        Ok(account_proof(&tries, &state, address, keys))
    }

    /// The root of the state that the next block ends with.
    pub(super) fn next_state_root(&mut self) -> B256 {
        self.move_tries(Moment {
            position: self.world.position(),
            past: self.entries.len(),
        });
        self.tries.root()
    }

    /// Makes the tries those of a moment.
    pub(super) fn move_tries(&mut self, moment: Moment) {
        let touched = self.touched_until(moment);
        let past = &self.entries[..moment.past];
        let state = StateView::at(&self.world, moment.position, past);
        self.tries.move_to(moment, &touched, &state);
    }

    /// What may differ between the tries' moment and another one.
    fn touched_until(&self, moment: Moment) -> Touched {
        let held = self.tries.moment();
        let first = held.position.min(moment.position);
        let mut touched = self.world.touched_since(first);
        if held.past != moment.past {
            let blocks = held.past.min(moment.past)..held.past.max(moment.past);
            let slots = touched.entry(HISTORY_STORAGE).or_default();
            slots.extend(blocks.map(history::slot));
        }
        touched
    }
}

fn account_proof(
    tries: &StateTrie,
    state: &StateView<'_>,
    address: Address,
    keys: &[JsonStorageKey],
) -> EIP1186AccountProofResponse {
    let record = state.record(address).unwrap_or_default();
    let storage_root = tries.storage_root(address);
    let exists = record != AccountRecord::default() || storage_root != EMPTY_ROOT_HASH;
    let hash = |hash: B256| if exists { hash } else { B256::ZERO };
    EIP1186AccountProofResponse {
        address,
        balance: record.balance,
        code_hash: hash(record.code_hash),
        nonce: record.nonce,
        storage_hash: hash(storage_root),
        account_proof: tries.prove_account(address),
        storage_proof: keys
            .iter()
            .map(|key| EIP1186StorageProof {
                key: *key,
                value: state.storage(address, key.as_b256().into()),
                proof: tries.prove_word(address, key.as_b256()),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
