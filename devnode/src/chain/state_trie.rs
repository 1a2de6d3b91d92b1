//! The tries of a state: its accounts, and the storage of each.
//!
//! Source: Ethereum Yellow Paper, section 4.1. The trie of accounts leads from Keccak-256 of an address to the RLP of
//! nonce, balance, storage root and code hash; an account's trie of storage leads from Keccak-256 of a slot to the
//! RLP of its word. Words of zero are in no trie, nor are accounts without balance, nonce, code (EIP-161) and
//! storage.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::AddressMap};
use alloy_trie::{EMPTY_ROOT_HASH, TrieAccount};

use super::{
    state::{AccountRecord, Touched},
    trie::Trie,
    view::StateView,
};
use crate::evm::StateReader;

/// A moment in the history of the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    /// Position in the undo log.
    pub(super) position: usize,
    /// How many blocks are past, whose hashes the history contract knows.
    pub(super) past: usize,
}

/// The tries of the state at a moment.
#[derive(Clone, Debug, Default)]
pub(super) struct StateTrie {
    accounts: Trie,
    /// Of the accounts that have storage.
    storage: AddressMap<Trie>,
    moment: Moment,
}

impl StateTrie {
    /// The moment whose state it holds.
    pub(super) fn moment(&self) -> Moment {
        self.moment
    }

    /// Moves to another moment. `touched` names at least what differs there, `state` is the state there.
    pub(super) fn move_to(&mut self, moment: Moment, touched: &Touched, state: &StateView<'_>) {
        for (address, slots) in touched {
            let words = slots
                .iter()
                .map(|slot| (*slot, state.storage(*address, *slot)));
            self.set_words(*address, words);
            self.set_account(*address, state.record(*address).unwrap_or_default());
        }
        self.moment = moment;
    }

    fn set_words(&mut self, address: Address, words: impl Iterator<Item = (U256, U256)>) {
        let mut trie = self.storage.remove(&address).unwrap_or_default();
        for (slot, word) in words {
            let key = keccak256(slot.to_be_bytes::<32>());
            if word.is_zero() {
                trie.remove(key);
            } else {
                trie.insert(key, alloy_rlp::encode(word));
            }
        }
        if !trie.is_empty() {
            self.storage.insert(address, trie);
        }
    }

    fn set_account(&mut self, address: Address, record: AccountRecord) {
        let storage_root = self.storage_root(address);
        let key = keccak256(address);
        if record == AccountRecord::default() && storage_root == EMPTY_ROOT_HASH {
            self.accounts.remove(key);
            return;
        }
        let account = TrieAccount {
            nonce: record.nonce,
            balance: record.balance,
            storage_root,
            code_hash: record.code_hash,
        };
        self.accounts.insert(key, alloy_rlp::encode(account));
    }

    /// The state root.
    pub(super) fn root(&self) -> B256 {
        self.accounts.root()
    }

    /// The root of an account's storage.
    pub(super) fn storage_root(&self, address: Address) -> B256 {
        self.storage
            .get(&address)
            .map_or(EMPTY_ROOT_HASH, Trie::root)
    }

    /// The nodes that show an account, or that there is none.
    pub(super) fn prove_account(&self, address: Address) -> Vec<Bytes> {
        self.accounts.prove(keccak256(address))
    }

    /// The nodes that show a word of an account, or that it is zero; none if the account has no storage.
    pub(super) fn prove_word(&self, address: Address, slot: B256) -> Vec<Bytes> {
        let words = self.storage.get(&address);
        words
            .map(|words| words.prove(keccak256(slot)))
            .unwrap_or_default()
    }
}
