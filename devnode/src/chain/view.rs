//! The state as a reader sees it: the newest, a past one, or one with overrides.

use alloy_primitives::{
    Address, B256, Bytes, U256, keccak256,
    map::{AddressMap, AddressSet, B256Map, HashMap},
};
use alloy_rpc_types_eth::state::{AccountOverride, StateOverride};
use revm::{bytecode::Bytecode, state::AccountInfo};

use super::{
    chain::Entry,
    error::CallError,
    history::{self, HISTORY_STORAGE},
    state::{AccountRecord, Undo, WorldState, analyse},
};
use crate::evm::StateReader;

/// What differs from the newest state.
#[derive(Clone, Debug, Default)]
struct Overlay {
    accounts: AddressMap<Option<AccountRecord>>,
    slots: HashMap<(Address, U256), U256>,
    /// Accounts whose words are zero unless they are in `slots`.
    replaced: AddressSet,
    codes: B256Map<Bytecode>,
}

/// A state to read.
pub(super) struct StateView<'a> {
    world: &'a WorldState,
    /// The blocks before the one that reads.
    past: &'a [Entry],
    overlay: Overlay,
}

impl<'a> StateView<'a> {
    /// The state after the change number `position`, for a block that comes after the blocks `past`.
    pub(super) fn at(world: &'a WorldState, position: usize, past: &'a [Entry]) -> Self {
        let mut overlay = Overlay::default();
        // From the newest change to the oldest: what the oldest one replaced is what was there.
        for undo in world.changes_since(position).iter().rev() {
            match undo {
                Undo::Account(address, before) => {
                    overlay.accounts.insert(*address, *before);
                }
                // Nobody reads what a test helper put there: the words come from the blocks.
                Undo::Slot(HISTORY_STORAGE, ..) => {}
                Undo::Slot(address, slot, before) => {
                    overlay.slots.insert((*address, *slot), *before);
                }
            }
        }
        Self {
            world,
            past,
            overlay,
        }
    }

    /// Replaces or patches accounts, as `eth_call` allows.
    pub(super) fn override_with(&mut self, overrides: &StateOverride) -> Result<(), CallError> {
        overrides
            .iter()
            .try_for_each(|(address, change)| self.override_account(*address, change))
    }

    fn override_account(
        &mut self,
        address: Address,
        change: &AccountOverride,
    ) -> Result<(), CallError> {
        if change.move_precompile_to.is_some() {
            let text = "movePrecompileToAddress is not supported: call the precompile where it is";
            return Err(CallError::InvalidParams(text.into()));
        }
        let mut record = self.record(address).unwrap_or_default();
        record.balance = change.balance.unwrap_or(record.balance);
        record.nonce = change.nonce.unwrap_or(record.nonce);
        if let Some(code) = &change.code {
            record.code_hash = self.add_code(code);
        }
        self.overlay.accounts.insert(address, Some(record));
        self.override_storage(address, change)
    }

    fn override_storage(
        &mut self,
        address: Address,
        change: &AccountOverride,
    ) -> Result<(), CallError> {
        let words = match (&change.state, &change.state_diff) {
            (Some(_), Some(_)) => {
                let text = format!("account {address} has both 'state' and 'stateDiff'");
                return Err(CallError::InvalidParams(text));
            }
            (Some(words), None) => {
                self.overlay.slots.retain(|(owner, _), _| *owner != address);
                self.overlay.replaced.insert(address);
                words
            }
            (None, Some(words)) => words,
            (None, None) => return Ok(()),
        };
        let words = words
            .iter()
            .map(|(slot, word)| ((address, (*slot).into()), (*word).into()));
        self.overlay.slots.extend(words);
        Ok(())
    }

    fn add_code(&mut self, code: &Bytes) -> B256 {
        let hash = keccak256(code);
        self.overlay.codes.insert(hash, analyse(code.clone()));
        hash
    }

    /// Balance, nonce and code hash; `None` if the account does not exist.
    pub(super) fn record(&self, address: Address) -> Option<AccountRecord> {
        match self.overlay.accounts.get(&address) {
            Some(record) => *record,
            None => self.world.account(address),
        }
    }
}

impl StateReader for StateView<'_> {
    fn account(&self, address: Address) -> Option<AccountInfo> {
        self.record(address).map(|record| AccountInfo {
            balance: record.balance,
            nonce: record.nonce,
            code_hash: record.code_hash,
            code: None,
            account_id: None,
        })
    }

    fn code(&self, hash: B256) -> Bytecode {
        match self.overlay.codes.get(&hash) {
            Some(code) => code.clone(),
            None => self.world.code(hash),
        }
    }

    fn storage(&self, address: Address, slot: U256) -> U256 {
        match self.overlay.slots.get(&(address, slot)) {
            Some(word) => *word,
            None if self.overlay.replaced.contains(&address) => U256::ZERO,
            None if address == HISTORY_STORAGE => history::word(self.past, slot),
            None => self.world.slot(address, slot),
        }
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        let index = usize::try_from(number).ok()?;
        self.past.get(index).map(|entry| entry.block.hash)
    }
}
