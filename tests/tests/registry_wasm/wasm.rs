//! The WebAssembly program in the devnode's Stylus VM, over a map for its storage.

use std::sync::OnceLock;

use alloy_primitives::{Address, B256, Bytes, LogData, U256};
use chartseal_devnode::stylus::api::{
    CallOutcome, CallRequest, CreateOutcome, CreateRequest, Environment, EvmApi, Flush,
    FlushStatus, Pages, Refused,
};
use chartseal_devnode::stylus::{
    Activated, ActivationParams, Frame, Status, StylusParams, activate, call_program,
};
use chartseal_tests::registry;

use crate::common::{Backend, Changes, Message, Outcome, Storage, fingerprint};

/// Gas of every call: as much as a transaction may compute with on a chain.
const GAS: u64 = 32_000_000;

/// The registry's address, which it never asks for.
const REGISTRY: Address = Address::repeat_byte(0xca);

/// The storage of one registry. A call that reverts leaves nothing behind.
pub(crate) struct Wasm {
    storage: Storage,
    /// The storage before the last transaction.
    before: Storage,
    /// The transaction's origin where it is not the sender.
    pub(crate) origin: Option<Address>,
}

impl Wasm {
    /// Puts code at an account. There is nothing to do: [`Host`] ends the test of a program that looks at code.
    pub(crate) fn set_code(&self, _account: Address, _code: &[u8]) {}

    /// All slots that are not zero.
    pub(crate) fn storage(&self) -> Storage {
        self.storage.clone()
    }

    /// What the last transaction did to the storage.
    pub(crate) fn changes(&self) -> Changes {
        Changes::between(&self.before, &self.storage)
    }
}

impl Backend for Wasm {
    fn fresh() -> Self {
        Self {
            storage: Storage::new(),
            before: Storage::new(),
            origin: None,
        }
    }

    fn call(&mut self, message: &Message<'_>) -> Outcome {
        self.before = self.storage.clone();
        let environment = Environment {
            block_timestamp: message.time,
            contract_address: REGISTRY,
            msg_sender: message.sender,
            msg_value: message.value,
            tx_origin: self.origin.unwrap_or(message.sender),
            ..Environment::default()
        };
        let frame = Frame {
            calldata: Bytes::copy_from_slice(message.data),
            gas: GAS,
            environment,
        };
        let mut host = Host {
            storage: &mut self.storage,
            logs: Vec::new(),
            pages: Pages::default(),
        };
        let Activated { program, costs, .. } = program();
        let params = StylusParams::default();
        let outcome = call_program(program, costs, false, frame, &params, &mut host);
        let logs = host.logs;
        let output = outcome.output.to_vec();
        match outcome.status {
            Status::Success => Outcome {
                result: Ok(output),
                logs,
            },
            Status::Revert => {
                self.storage.clone_from(&self.before);
                let (result, logs) = (Err(output), Vec::new());
                Outcome { result, logs }
            }
            fault => panic!("the program ended in {fault:?} on {:02x?}", message.data),
        }
    }

    fn slot(&self, slot: B256) -> B256 {
        self.storage.get(&slot).copied().unwrap_or_default()
    }

    fn set_slot(&mut self, slot: B256, word: B256) {
        write(&mut self.storage, slot, word);
    }

    fn fingerprint(&self) -> B256 {
        fingerprint(&self.storage)
    }
}

fn write(storage: &mut Storage, slot: B256, word: B256) {
    if word.is_zero() {
        storage.remove(&slot);
    } else {
        storage.insert(slot, word);
    }
}

/// The program as a chain activates it.
fn program() -> &'static Activated {
    static PROGRAM: OnceLock<Activated> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let params = ActivationParams {
            stylus: StylusParams::default(),
            debug: false,
            open_pages: 0,
            gas: GAS,
        };
        activate(&registry::wasm(), &params).expect("a program that a chain activates")
    })
}

/// What the registry needs of a chain: storage and logs. It calls nobody and asks for no account, which would be a
/// fault of it.
struct Host<'a> {
    storage: &'a mut Storage,
    logs: Vec<LogData>,
    pages: Pages,
}

impl EvmApi for Host<'_> {
    fn storage_load(&mut self, key: B256) -> (B256, u64) {
        (self.storage.get(&key).copied().unwrap_or_default(), 0)
    }

    fn storage_flush(&mut self, dirty: &[(B256, B256)], _gas_left: u64) -> Flush {
        for (slot, word) in dirty {
            write(self.storage, *slot, *word);
        }
        Flush {
            status: FlushStatus::Written,
            gas_cost: 0,
        }
    }

    fn transient_load(&mut self, key: B256) -> B256 {
        unreachable!("the registry read transient slot {key}")
    }

    fn transient_store(&mut self, key: B256, _value: B256) -> Result<(), Refused> {
        unreachable!("the registry wrote transient slot {key}")
    }

    fn call(&mut self, request: CallRequest) -> CallOutcome {
        unreachable!("the registry called {}", request.target)
    }

    fn create(&mut self, _request: CreateRequest) -> Result<CreateOutcome, Refused> {
        unreachable!("the registry created a contract")
    }

    fn emit_log(&mut self, topics: Vec<B256>, data: Bytes) -> Result<(), Refused> {
        self.logs.push(LogData::new_unchecked(topics, data));
        Ok(())
    }

    fn account_balance(&mut self, address: Address) -> (U256, u64) {
        unreachable!("the registry asked for the balance of {address}")
    }

    fn account_code(&mut self, address: Address, _gas_left: u64) -> (Bytes, u64) {
        unreachable!("the registry asked for the code of {address}")
    }

    fn account_codehash(&mut self, address: Address) -> (B256, u64) {
        unreachable!("the registry asked for the code hash of {address}")
    }

    fn pages(&self) -> Pages {
        self.pages
    }

    fn set_pages(&mut self, pages: Pages) {
        self.pages = pages;
    }

    fn console(&mut self, line: &str) {
        unreachable!("the registry printed {line}")
    }
}
