//! The chain as a running Stylus program reaches it: [`EvmApi`] over revm's journal.

use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256};
use revm::{
    bytecode::Bytecode,
    context::{ContextTr, CreateScheme},
    context_interface::{JournalTr, journaled_state::AccountInfoLoad},
    handler::{EvmTr, FrameResult},
    interpreter::{
        CallInput, CallInputs, CallScheme, CallValue, CreateInputs, FrameInput, InstructionResult,
    },
};

use super::{
    context::{MAX_CODE_SIZE, NitroContext},
    machine::NitroEvm,
    peek,
};
use crate::stylus::{
    EvmApi,
    api::{
        CallKind, CallOutcome, CallRequest, CreateOutcome, CreateRequest, Environment, Flush,
        HostCall, Pages, Refused,
    },
    gas::{
        CallGas, CallTarget, CreateGas, FlushMeter, SlotState, account_code_gas, account_touch_gas,
        storage_load_gas, storage_write,
    },
};

/// The host of one frame.
pub(super) struct Host<'h, 'a> {
    evm: &'h mut NitroEvm<'a>,
    environment: Environment,
    is_static: bool,
    refund: i64,
}

impl<'h, 'a> Host<'h, 'a> {
    /// A host for the top frame of `evm`.
    pub(super) fn new(
        evm: &'h mut NitroEvm<'a>,
        environment: Environment,
        is_static: bool,
    ) -> Self {
        Self {
            evm,
            environment,
            is_static,
            refund: 0,
        }
    }

    /// What the frame and its successful calls earned of the refund counter (EIP-3529).
    pub(super) fn refund(&self) -> i64 {
        self.refund
    }

    fn ctx(&mut self) -> &mut NitroContext<'a> {
        self.evm.ctx()
    }

    fn acting(&self) -> Address {
        self.environment.contract_address
    }

    fn touch(&mut self, address: Address, with_code: bool) -> AccountInfoLoad<'_> {
        match self
            .ctx()
            .journal_mut()
            .load_account_info_skip_cold_load(address, with_code, false)
        {
            Ok(load) => load,
            // The database cannot fail and nothing was asked to be skipped.
            Err(_) => unreachable!("an in-memory account always loads"),
        }
    }

    fn slot(&mut self, key: U256) -> SlotState {
        let acting = self.acting();
        let journal = self.ctx().journal_mut();
        let Ok(load) = journal.sload(acting, key);
        let original = journal
            .evm_state()
            .get(&acting)
            .and_then(|account| account.storage.get(&key))
            .map_or(load.data, |slot| slot.original_value());
        SlotState {
            cold: load.is_cold,
            original: original.into(),
            current: load.data.into(),
        }
    }

    /// The code a call to `address` runs, and its hash: one level of EIP-7702 is followed, without
    /// warming the account it leads to.
    fn callee_code(&mut self, address: Address) -> (B256, Bytecode) {
        let load = self.touch(address, true);
        let own = (load.code_hash(), load.code.clone().unwrap_or_default());
        match own.1.eip7702_address() {
            Some(delegate) => peek::code(self.ctx(), delegate),
            None => own,
        }
    }

    fn call_inputs(&mut self, request: &CallRequest, gas_limit: u64) -> CallInputs {
        let (caller, target_address, value, scheme) = self.roles(request);
        CallInputs {
            input: CallInput::Bytes(request.calldata.clone()),
            return_memory_offset: 0..0,
            gas_limit,
            reservoir: 0,
            bytecode_address: request.target,
            known_bytecode: self.callee_code(request.target),
            target_address,
            caller,
            value,
            scheme,
            is_static: self.is_static || request.kind == CallKind::Static,
            charged_new_account_state_gas: false,
        }
    }

    /// Who calls, for whom the callee acts, with which value.
    fn roles(&self, request: &CallRequest) -> (Address, Address, CallValue, CallScheme) {
        let Environment {
            contract_address,
            msg_sender,
            msg_value,
            ..
        } = self.environment;
        match request.kind {
            CallKind::Call => {
                let value = CallValue::Transfer(request.value);
                (contract_address, request.target, value, CallScheme::Call)
            }
            CallKind::Delegate => {
                let value = CallValue::Apparent(msg_value);
                (
                    msg_sender,
                    contract_address,
                    value,
                    CallScheme::DelegateCall,
                )
            }
            CallKind::Static => {
                let value = CallValue::Transfer(U256::ZERO);
                (
                    contract_address,
                    request.target,
                    value,
                    CallScheme::StaticCall,
                )
            }
        }
    }

    /// Runs a frame below this one and keeps what it earned of the refund counter.
    fn run(&mut self, input: FrameInput) -> Ended {
        let result = match self.evm.run_nested(input) {
            Ok(result) => result,
            Err(error) => {
                // Only revm itself reports these; the transaction ends with it.
                *self.ctx().error() = Err(error);
                return Ended::failed();
            }
        };
        let ended = Ended::of(result);
        if ended.result.is_ok() {
            self.refund += ended.refund;
        }
        ended
    }
}

/// How a nested frame ended.
struct Ended {
    result: InstructionResult,
    gas_left: u64,
    refund: i64,
    output: Bytes,
    address: Option<Address>,
}

impl Ended {
    fn failed() -> Self {
        Self {
            result: InstructionResult::FatalExternalError,
            gas_left: 0,
            refund: 0,
            output: Bytes::new(),
            address: None,
        }
    }

    fn of(result: FrameResult) -> Self {
        let address = match &result {
            FrameResult::Create(outcome) => outcome.address,
            FrameResult::Call(_) => None,
        };
        let inner = result.into_interpreter_result();
        let kept = inner.result.is_ok_or_revert();
        Self {
            result: inner.result,
            gas_left: if kept { inner.gas.remaining() } else { 0 },
            refund: inner.gas.refunded(),
            output: if kept { inner.output } else { Bytes::new() },
            address,
        }
    }
}

impl EvmApi for Host<'_, '_> {
    fn storage_load(&mut self, key: B256) -> (B256, u64) {
        let acting = self.acting();
        let Ok(load) = self.ctx().journal_mut().sload(acting, key.into());
        (load.data.into(), storage_load_gas(load.is_cold))
    }

    fn storage_flush(&mut self, dirty: &[(B256, B256)], gas_left: u64) -> Flush {
        let acting = self.acting();
        let mut meter = FlushMeter::new(gas_left);
        for (key, value) in dirty {
            if self.is_static {
                return meter.write_protected();
            }
            let (cost, refund) = storage_write(self.slot((*key).into()), *value);
            if !meter.pay(cost) {
                break;
            }
            self.refund += refund;
            let Ok(_) = self
                .ctx()
                .journal_mut()
                .sstore(acting, (*key).into(), (*value).into());
        }
        meter.finish()
    }

    fn transient_load(&mut self, key: B256) -> B256 {
        let acting = self.acting();
        self.ctx().journal_mut().tload(acting, key.into()).into()
    }

    fn transient_store(&mut self, key: B256, value: B256) -> Result<(), Refused> {
        if self.is_static {
            return Err(Refused);
        }
        let acting = self.acting();
        self.ctx()
            .journal_mut()
            .tstore(acting, key.into(), value.into());
        Ok(())
    }

    fn call(&mut self, request: CallRequest) -> CallOutcome {
        let sends_value = !request.value.is_zero();
        let failed = |gas_cost| CallOutcome {
            success: false,
            gas_cost,
            return_data: Bytes::new(),
        };
        if self.is_static && sends_value {
            return failed(0);
        }
        let load = self.touch(request.target, false);
        let target = CallTarget {
            cold: load.is_cold,
            sends_value,
            empty: load.is_empty,
        };
        let Some(plan) = CallGas::plan(target, request.gas_left, request.gas_requested) else {
            return failed(request.gas_left);
        };
        let inputs = self.call_inputs(&request, plan.given);
        let ended = self.run(FrameInput::Call(Box::new(inputs)));
        CallOutcome {
            success: ended.result.is_ok(),
            gas_cost: plan.cost(ended.gas_left),
            return_data: ended.output,
        }
    }

    fn create(&mut self, request: CreateRequest) -> Result<CreateOutcome, Refused> {
        let plan = CreateGas::plan(
            request.init_code.len(),
            request.salt.is_some(),
            request.gas_left,
        );
        let plan = plan.filter(|_| !self.is_static).ok_or(Refused)?;
        let scheme = match request.salt {
            Some(salt) => CreateScheme::Create2 { salt: salt.into() },
            None => CreateScheme::Create,
        };
        let inputs = CreateInputs::new(
            self.acting(),
            scheme,
            request.endowment,
            request.init_code,
            plan.given,
            0,
        );
        let ended = self.run(FrameInput::Create(Box::new(inputs)));
        let reverted = ended.result == InstructionResult::Revert;
        Ok(CreateOutcome {
            address: ended.address.filter(|_| ended.result.is_ok()),
            gas_cost: plan.cost(ended.gas_left),
            return_data: if reverted { ended.output } else { Bytes::new() },
        })
    }

    fn emit_log(&mut self, topics: Vec<B256>, data: Bytes) -> Result<(), Refused> {
        if self.is_static {
            return Err(Refused);
        }
        let address = self.acting();
        let data = LogData::new(topics, data).ok_or(Refused)?;
        let log = Log { address, data };
        if let Some(trace) = &mut self.ctx().chain.trace {
            trace.tracer.log(&log);
        }
        self.ctx().journal_mut().log(log);
        Ok(())
    }

    fn account_balance(&mut self, address: Address) -> (U256, u64) {
        let load = self.touch(address, false);
        (load.balance, account_touch_gas(load.is_cold))
    }

    fn account_code(&mut self, address: Address, _: u64) -> (Bytes, u64) {
        let load = self.touch(address, true);
        let code = load
            .code
            .as_ref()
            .map(Bytecode::original_bytes)
            .unwrap_or_default();
        (code, account_code_gas(load.is_cold, MAX_CODE_SIZE as u64))
    }

    fn account_codehash(&mut self, address: Address) -> (B256, u64) {
        let load = self.touch(address, false);
        let hash = if load.is_empty {
            B256::ZERO
        } else {
            load.code_hash
        };
        (hash, account_touch_gas(load.is_cold))
    }

    fn pages(&self) -> Pages {
        self.evm.ctx_ref().chain.pages
    }

    fn set_pages(&mut self, pages: Pages) {
        self.ctx().chain.pages = pages;
    }

    fn console(&mut self, line: &str) {
        println!("{line}");
    }

    fn is_traced(&self) -> bool {
        self.evm.ctx_ref().chain.trace.is_some()
    }

    fn host_call(&mut self, call: HostCall) {
        if let Some(trace) = &mut self.ctx().chain.trace {
            trace.tracer.host_call(call);
        }
    }
}
