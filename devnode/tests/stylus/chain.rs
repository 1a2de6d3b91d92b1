//! A chain of maps: the [`EvmApi`] of these tests.

use std::collections::{HashMap, HashSet};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use chartseal_devnode::stylus::api::{
    CallKind, CallOutcome, CallRequest, CreateOutcome, CreateRequest, EvmApi, Flush, Pages, Refused,
};
use chartseal_devnode::stylus::gas::{
    CallGas, CallTarget, CreateGas, FlushMeter, SlotState, account_code_gas, account_touch_gas,
    storage_load_gas, storage_write,
};
use chartseal_devnode::stylus::{
    Activated, ActivationParams, Environment, Frame, Outcome, Program, ProgramCosts, Status,
    StylusParams, activate, call_program,
};

/// EIP-170.
const MAX_CODE_SIZE: u64 = 24_576;

/// What an address does when it is called.
#[derive(Clone)]
pub(crate) enum Contract {
    /// Runs a program.
    Program(Box<(Program, ProgramCosts)>),
    /// Uses this much gas, or all, and answers with these bytes.
    Fixed {
        gas: u64,
        success: bool,
        output: Bytes,
    },
}

/// The whole state of a transaction.
#[derive(Clone, Default)]
pub(crate) struct Chain {
    pub(crate) params: StylusParams,
    pub(crate) environment: Environment,
    pub(crate) is_static: bool,
    pub(crate) contracts: HashMap<Address, Contract>,
    pub(crate) codes: HashMap<Address, Bytes>,
    pub(crate) balances: HashMap<Address, U256>,
    pub(crate) storage: HashMap<(Address, B256), B256>,
    pub(crate) original: HashMap<(Address, B256), B256>,
    pub(crate) transient: HashMap<(Address, B256), B256>,
    pub(crate) warm_slots: HashSet<(Address, B256)>,
    pub(crate) warm_accounts: HashSet<Address>,
    pub(crate) refund: i64,
    pub(crate) pages: Pages,
    pub(crate) logs: Vec<(Vec<B256>, Bytes)>,
    pub(crate) lines: Vec<String>,
    pub(crate) calls: Vec<CallRequest>,
    pub(crate) creations: Vec<CreateRequest>,
    /// What the next creation does: its gas, and an address or revert data.
    pub(crate) creation: Option<(u64, Result<Address, Bytes>)>,
    pub(crate) depth: usize,
}

impl Chain {
    /// A chain at the default parameters, with distinct values everywhere.
    pub(crate) fn new() -> Self {
        let environment = Environment {
            block_basefee: U256::from(100_000_000u64),
            block_coinbase: Address::repeat_byte(0xc0),
            block_gas_limit: 1 << 50,
            block_number: 7,
            block_timestamp: 1_800_000_000,
            chain_id: 412_346,
            contract_address: Address::repeat_byte(0xaa),
            msg_sender: Address::repeat_byte(0x5e),
            msg_value: U256::from(31),
            msg_reentrant: true,
            tx_gas_price: U256::from(200_000_000u64),
            tx_origin: Address::repeat_byte(0x01),
        };
        Self {
            environment,
            ..Self::default()
        }
    }

    /// Activates a program in the text format.
    pub(crate) fn activate(&self, wat: &str) -> Activated {
        let wasm = wat::parse_str(wat).expect("the text format is valid");
        activate(&wasm, &self.activation()).expect("the program is acceptable")
    }

    /// Activation on this chain with ample gas.
    pub(crate) fn activation(&self) -> ActivationParams {
        ActivationParams {
            stylus: self.params,
            debug: true,
            open_pages: self.pages.open,
            gas: u64::MAX,
        }
    }

    /// Installs a program at an address.
    pub(crate) fn install(&mut self, address: Address, wat: &str) {
        let Activated { program, costs, .. } = self.activate(wat);
        self.contracts
            .insert(address, Contract::Program(Box::new((program, costs))));
    }

    /// Runs a program without its start costs.
    pub(crate) fn run(&mut self, program: &Program, calldata: &[u8], gas: u64) -> Outcome {
        let frame = self.frame(Bytes::copy_from_slice(calldata), gas);
        let params = self.params;
        chartseal_devnode::stylus::run(program, &frame, &params, self)
    }

    /// Compiles and runs a program in the text format.
    pub(crate) fn run_wat(&mut self, wat: &str, calldata: &[u8], gas: u64) -> Outcome {
        let program = self.activate(wat).program;
        self.run(&program, calldata, gas)
    }

    /// Calls an installed program as a transaction does.
    pub(crate) fn enter(&mut self, address: Address, calldata: Bytes, gas: u64) -> Outcome {
        match self.contracts.get(&address).cloned() {
            Some(Contract::Program(program)) => {
                let (program, costs) = *program;
                let frame = self.frame(calldata, gas);
                let params = self.params;
                self.depth += 1;
                let outcome = call_program(&program, &costs, false, frame, &params, self);
                self.depth -= 1;
                outcome
            }
            Some(Contract::Fixed {
                gas: used,
                success,
                output,
            }) => Outcome {
                status: if success {
                    Status::Success
                } else {
                    Status::Revert
                },
                output,
                gas_left: gas.saturating_sub(used),
            },
            None => Outcome {
                status: Status::Success,
                output: Bytes::new(),
                gas_left: gas,
            },
        }
    }

    fn frame(&self, calldata: Bytes, gas: u64) -> Frame {
        Frame {
            calldata,
            gas,
            environment: self.environment.clone(),
        }
    }

    fn slot(&self, key: B256) -> (Address, B256) {
        (self.environment.contract_address, key)
    }

    /// Sets a slot as the transaction finds it.
    pub(crate) fn preset(&mut self, key: B256, value: B256) {
        let slot = self.slot(key);
        self.storage.insert(slot, value);
        self.original.insert(slot, value);
    }

    fn write_protected(&self) -> Result<(), Refused> {
        if self.is_static { Err(Refused) } else { Ok(()) }
    }
}

impl EvmApi for Chain {
    fn storage_load(&mut self, key: B256) -> (B256, u64) {
        let slot = self.slot(key);
        let cold = self.warm_slots.insert(slot);
        (
            self.storage.get(&slot).copied().unwrap_or_default(),
            storage_load_gas(cold),
        )
    }

    fn storage_flush(&mut self, dirty: &[(B256, B256)], gas_left: u64) -> Flush {
        let mut meter = FlushMeter::new(gas_left);
        for (key, value) in dirty {
            if self.is_static {
                return meter.write_protected();
            }
            let slot = self.slot(*key);
            let state = SlotState {
                cold: self.warm_slots.insert(slot),
                original: self.original.get(&slot).copied().unwrap_or_default(),
                current: self.storage.get(&slot).copied().unwrap_or_default(),
            };
            let (gas, refund) = storage_write(state, *value);
            if !meter.pay(gas) {
                break;
            }
            self.refund += refund;
            self.storage.insert(slot, *value);
        }
        meter.finish()
    }

    fn transient_load(&mut self, key: B256) -> B256 {
        self.transient
            .get(&self.slot(key))
            .copied()
            .unwrap_or_default()
    }

    fn transient_store(&mut self, key: B256, value: B256) -> Result<(), Refused> {
        self.write_protected()?;
        self.transient.insert(self.slot(key), value);
        Ok(())
    }

    fn call(&mut self, request: CallRequest) -> CallOutcome {
        self.calls.push(request.clone());
        let nothing = |gas_cost| CallOutcome {
            success: false,
            gas_cost,
            return_data: Bytes::new(),
        };
        if self.is_static && !request.value.is_zero() {
            return nothing(0);
        }
        let target = CallTarget {
            cold: self.warm_accounts.insert(request.target),
            sends_value: !request.value.is_zero(),
            empty: !self.contracts.contains_key(&request.target),
        };
        let Some(gas) = CallGas::plan(target, request.gas_left, request.gas_requested) else {
            return nothing(request.gas_left);
        };
        if self.depth >= 1_024 {
            return nothing(gas.cost(gas.given));
        }
        let (environment, was_static) = (self.environment.clone(), self.is_static);
        self.is_static |= request.kind == CallKind::Static;
        if request.kind != CallKind::Delegate {
            self.environment.msg_sender = environment.contract_address;
            self.environment.contract_address = request.target;
            self.environment.msg_value = request.value;
        }
        let outcome = self.enter(request.target, request.calldata, gas.given);
        (self.environment, self.is_static) = (environment, was_static);
        CallOutcome {
            success: outcome.status == Status::Success,
            gas_cost: gas.cost(outcome.gas_left),
            return_data: outcome.output,
        }
    }

    fn create(&mut self, request: CreateRequest) -> Result<CreateOutcome, Refused> {
        self.write_protected()?;
        let gas = CreateGas::plan(
            request.init_code.len(),
            request.salt.is_some(),
            request.gas_left,
        )
        .ok_or(Refused)?;
        self.creations.push(request);
        let (used, result) = self.creation.clone().unwrap_or((0, Err(Bytes::new())));
        let gas_cost = gas.cost(gas.given.saturating_sub(used));
        Ok(match result {
            Ok(address) => CreateOutcome {
                address: Some(address),
                gas_cost,
                return_data: Bytes::new(),
            },
            Err(return_data) => CreateOutcome {
                address: None,
                gas_cost,
                return_data,
            },
        })
    }

    fn emit_log(&mut self, topics: Vec<B256>, data: Bytes) -> Result<(), Refused> {
        self.write_protected()?;
        self.logs.push((topics, data));
        Ok(())
    }

    fn account_balance(&mut self, address: Address) -> (U256, u64) {
        let gas = account_touch_gas(self.warm_accounts.insert(address));
        (
            self.balances.get(&address).copied().unwrap_or_default(),
            gas,
        )
    }

    fn account_code(&mut self, address: Address, gas_left: u64) -> (Bytes, u64) {
        let gas = account_code_gas(self.warm_accounts.insert(address), MAX_CODE_SIZE);
        if gas_left < gas {
            return (Bytes::new(), gas);
        }
        (self.codes.get(&address).cloned().unwrap_or_default(), gas)
    }

    fn account_codehash(&mut self, address: Address) -> (B256, u64) {
        let gas = account_touch_gas(self.warm_accounts.insert(address));
        (
            self.codes.get(&address).map(keccak256).unwrap_or_default(),
            gas,
        )
    }

    fn pages(&self) -> Pages {
        self.pages
    }

    fn set_pages(&mut self, pages: Pages) {
        self.pages = pages;
    }

    fn console(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }
}
