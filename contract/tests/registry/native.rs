//! The contract as compiled for this machine, on the SDK's test VM.

use alloy_primitives::{Address, B256, LogData, U256};
use chartseal_registry::Registry;
use stylus_sdk::abi::router_entrypoint;
use stylus_sdk::host::VM;
use stylus_sdk::testing::TestVM;
use stylus_sdk::testing::state::VMState;

use crate::common::{Backend, Changes, Message, Outcome, Storage, fingerprint};

/// The test VM with what it lacks of a chain: a revert undoes storage and logs.
pub(crate) struct Native {
    vm: TestVM,
    /// The state before the last transaction.
    before: VMState,
    /// The transaction's origin where it is not the sender.
    pub(crate) origin: Option<Address>,
}

impl Native {
    /// Puts code at an account.
    pub(crate) fn set_code(&self, account: Address, code: &[u8]) {
        self.vm.set_code(account, code.to_vec());
    }

    /// All slots that are not zero.
    pub(crate) fn storage(&self) -> Storage {
        occupied(&self.vm.snapshot())
    }

    /// What the last transaction did to the storage.
    pub(crate) fn changes(&self) -> Changes {
        Changes::between(&occupied(&self.before), &self.storage())
    }
}

fn occupied(state: &VMState) -> Storage {
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
        fingerprint(&self.storage())
    }
}
