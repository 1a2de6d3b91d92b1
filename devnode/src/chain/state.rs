//! The world state, and the undo log that makes every past one readable.

use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256,
    map::{AddressMap, B256Map, HashMap, HashSet},
};
use revm::{
    bytecode::Bytecode,
    state::{Account, EvmState},
};

/// Balance, nonce and code of an account that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccountRecord {
    pub(super) balance: U256,
    pub(super) nonce: u64,
    pub(super) code_hash: B256,
}

impl Default for AccountRecord {
    fn default() -> Self {
        Self {
            balance: U256::ZERO,
            nonce: 0,
            code_hash: KECCAK256_EMPTY,
        }
    }
}

/// What a change replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undo {
    /// An account, `None` if it did not exist.
    Account(Address, Option<AccountRecord>),
    /// A storage word.
    Slot(Address, U256, U256),
}

/// Accounts and slots that were changed. An account with an empty set of slots was changed itself.
pub(super) type Touched = AddressMap<HashSet<U256>>;

/// Accounts, storage and code, and how they came about.
#[derive(Clone, Debug, Default)]
pub(super) struct WorldState {
    accounts: AddressMap<AccountRecord>,
    storage: AddressMap<HashMap<U256, U256>>,
    codes: B256Map<Bytecode>,
    /// Hashes of `codes` in the order they came. Codes are never removed.
    code_log: Vec<B256>,
    undo: Vec<Undo>,
}

impl WorldState {
    pub(super) fn account(&self, address: Address) -> Option<AccountRecord> {
        self.accounts.get(&address).copied()
    }

    pub(super) fn slot(&self, address: Address, slot: U256) -> U256 {
        let slots = self.storage.get(&address);
        slots
            .and_then(|slots| slots.get(&slot))
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn code(&self, hash: B256) -> Bytecode {
        self.codes.get(&hash).cloned().unwrap_or_default()
    }

    /// How many changes there were. A position to rewind to or to look back from.
    pub(super) fn position(&self) -> usize {
        self.undo.len()
    }

    /// The changes from `position` on, oldest first.
    pub(super) fn changes_since(&self, position: usize) -> &[Undo] {
        &self.undo[position..]
    }

    /// What was changed from `position` on.
    pub(super) fn touched_since(&self, position: usize) -> Touched {
        let mut touched = Touched::default();
        for undo in self.changes_since(position) {
            match undo {
                Undo::Account(address, _) => {
                    touched.entry(*address).or_default();
                }
                Undo::Slot(address, slot, _) => {
                    touched.entry(*address).or_default().insert(*slot);
                }
            }
        }
        touched
    }

    /// Takes back every change after `position`.
    pub(super) fn rewind(&mut self, position: usize) {
        for undo in self.undo.split_off(position).into_iter().rev() {
            match undo {
                Undo::Account(address, before) => self.put_account(address, before),
                Undo::Slot(address, slot, before) => self.put_slot(address, slot, before),
            }
        }
    }

    /// Replaces or removes an account; its storage stays.
    pub(super) fn set_account(&mut self, address: Address, record: Option<AccountRecord>) {
        let before = self.account(address);
        if before != record {
            self.undo.push(Undo::Account(address, before));
            self.put_account(address, record);
        }
    }

    /// Changes an account, which exists afterwards.
    pub(super) fn update_account(
        &mut self,
        address: Address,
        change: impl FnOnce(&mut AccountRecord),
    ) {
        let mut record = self.account(address).unwrap_or_default();
        change(&mut record);
        self.set_account(address, Some(record));
    }

    /// Sets the code of an account.
    pub(super) fn set_code(&mut self, address: Address, code: Bytes) {
        let code_hash = self.store_code(code);
        self.update_account(address, |record| record.code_hash = code_hash);
    }

    /// Sets a storage word.
    pub(super) fn set_slot(&mut self, address: Address, slot: U256, value: U256) {
        let before = self.slot(address, slot);
        if before != value {
            self.undo.push(Undo::Slot(address, slot, before));
            self.put_slot(address, slot, value);
        }
    }

    /// Takes over what a message did.
    pub(super) fn apply(&mut self, changes: EvmState) {
        for (address, account) in changes {
            if account.is_touched() {
                self.apply_account(address, account);
            }
        }
    }

    fn apply_account(&mut self, address: Address, account: Account) {
        if account.is_selfdestructed() {
            self.clear_storage(address);
            self.set_account(address, None);
            return;
        }
        if account.is_created() {
            self.clear_storage(address);
        }
        for (slot, value) in &account.storage {
            self.set_slot(address, *slot, value.present_value());
        }
        let info = account.info;
        if info.is_empty() {
            self.set_account(address, None);
            return;
        }
        if let Some(code) = info.code {
            self.add_code(info.code_hash, code);
        }
        let (balance, nonce, code_hash) = (info.balance, info.nonce, info.code_hash);
        self.set_account(
            address,
            Some(AccountRecord {
                balance,
                nonce,
                code_hash,
            }),
        );
    }

    fn clear_storage(&mut self, address: Address) {
        let slots: Vec<U256> = self
            .storage
            .get(&address)
            .into_iter()
            .flat_map(|slots| slots.keys().copied())
            .collect();
        for slot in slots {
            self.set_slot(address, slot, U256::ZERO);
        }
    }

    /// Keeps a code; returns its hash.
    pub(super) fn store_code(&mut self, code: Bytes) -> B256 {
        let hash = keccak256(&code);
        self.add_code(hash, analyse(code));
        hash
    }

    fn add_code(&mut self, hash: B256, code: Bytecode) {
        if hash != KECCAK256_EMPTY && self.codes.insert(hash, code).is_none() {
            self.code_log.push(hash);
        }
    }

    fn put_account(&mut self, address: Address, record: Option<AccountRecord>) {
        match record {
            Some(record) => self.accounts.insert(address, record),
            None => self.accounts.remove(&address),
        };
    }

    fn put_slot(&mut self, address: Address, slot: U256, value: U256) {
        let slots = self.storage.entry(address).or_default();
        if value.is_zero() {
            slots.remove(&slot);
        } else {
            slots.insert(slot, value);
        }
    }
}

/// Code in the form revm runs; an EIP-7702 delegation is recognised as one.
pub(super) fn analyse(code: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
}

/// A change with the value it set, as the state file keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// An account, `None` if it was removed.
    Account(Address, Option<AccountRecord>),
    /// A storage word.
    Slot(Address, U256, U256),
}

impl WorldState {
    /// The changes from `position` on with the values they set, oldest first.
    pub(super) fn values_since(&self, position: usize) -> Vec<Change> {
        let mut accounts = AddressMap::default();
        let mut slots: HashMap<(Address, U256), U256> = HashMap::default();
        // From the newest to the oldest: what the next change of a value replaced is what this one set.
        let mut changes: Vec<Change> = self
            .changes_since(position)
            .iter()
            .rev()
            .map(|undo| match undo {
                Undo::Account(address, before) => {
                    let after = accounts.insert(*address, *before);
                    Change::Account(*address, after.unwrap_or_else(|| self.account(*address)))
                }
                Undo::Slot(address, slot, before) => {
                    let after = slots.insert((*address, *slot), *before);
                    let after = after.unwrap_or_else(|| self.slot(*address, *slot));
                    Change::Slot(*address, *slot, after)
                }
            })
            .collect();
        changes.reverse();
        changes
    }

    /// Makes a change again.
    pub(super) fn replay(&mut self, change: Change) {
        match change {
            Change::Account(address, record) => self.set_account(address, record),
            Change::Slot(address, slot, value) => self.set_slot(address, slot, value),
        }
    }

    /// How many codes there are.
    pub(super) fn code_count(&self) -> usize {
        self.code_log.len()
    }

    /// The codes from number `first` on, in the order they came.
    pub(super) fn codes_since(&self, first: usize) -> Vec<Bytes> {
        self.code_log[first..]
            .iter()
            .map(|hash| self.code(*hash).original_bytes())
            .collect()
    }
}
