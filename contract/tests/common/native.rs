//! The contract as compiled for this machine, on the SDK's test VM.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, LogData, U256, keccak256};
use chartseal_registry::Registry;
use stylus_sdk::abi::router_entrypoint;
use stylus_sdk::host::VM;
use stylus_sdk::testing::TestVM;
use stylus_sdk::testing::state::VMState;

use super::{Backend, Message, Outcome};

/// The test VM with what it lacks of a chain: a revert undoes storage and logs.
pub(crate) struct Native {
    vm: TestVM,
    /// The state before the last transaction.
    before: VMState,
    /// The transaction's origin where it is not the sender.
    pub(crate) origin: Option<Address>,
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
    /// How many slots were filled, changed and cleared.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.filled.len(), self.changed.len(), self.cleared.len()]
    }
}

impl Native {
    /// Puts code at an account.
    pub(crate) fn set_code(&self, account: Address, code: &[u8]) {
        self.vm.set_code(account, code.to_vec());
    }

    /// All slots that are not zero.
    pub(crate) fn storage(&self) -> BTreeMap<B256, B256> {
        occupied(&self.vm.snapshot())
    }

    /// What the last transaction did to the storage.
    pub(crate) fn changes(&self) -> Changes {
        let (before, after) = (occupied(&self.before), self.storage());
        let mut changes = Changes::default();
        for (slot, word) in &after {
            match before.get(slot) {
                None => drop(changes.filled.insert(*slot, *word)),
                Some(old) if old != word => drop(changes.changed.insert(*slot, *word)),
                Some(_) => {}
            }
        }
        changes.cleared = before
            .into_keys()
            .filter(|slot| !after.contains_key(slot))
            .collect();
        changes
    }
}

fn occupied(state: &VMState) -> BTreeMap<B256, B256> {
    let words = state.storage.iter().filter(|(_, word)| !word.is_zero());
    words
        .map(|(slot, word)| (B256::from(*slot), *word))
        .collect()
}

impl Backend for Native {
    fn fresh() -> Self {
        let vm = TestVM::new();
        Self {
            before: vm.snapshot(),
            vm,
            origin: None,
        }
    }

    fn call(&mut self, message: &Message<'_>) -> Outcome {
        self.vm.set_sender(message.sender);
        self.vm.set_tx_origin(self.origin.unwrap_or(message.sender));
        self.vm.set_block_timestamp(message.time);
        self.vm.set_value(message.value);
        self.vm.clear_mocks();
        self.before = self.vm.snapshot();
        let host = VM {
            host: Box::new(self.vm.clone()),
        };
        let result = router_entrypoint::<Registry, Registry>(message.data.to_vec(), host);
        if result.is_err() {
            self.vm = TestVM::from(self.before.clone());
        }
        let logs = self.vm.get_emitted_logs().into_iter();
        let logs = logs
            .map(|(topics, data)| LogData::new_unchecked(topics, data.into()))
            .collect();
        Outcome { result, logs }
    }

    fn slot(&self, slot: B256) -> B256 {
        self.vm.get_storage(slot.into())
    }

    fn set_slot(&mut self, slot: B256, word: B256) {
        self.vm.set_storage(U256::from_be_bytes(slot.0), word);
    }

    fn fingerprint(&self) -> B256 {
        let storage = self.storage();
        let bytes = storage
            .iter()
            .flat_map(|(slot, word)| slot.iter().chain(word.iter()).copied());
        keccak256(bytes.collect::<Vec<u8>>())
    }
}
