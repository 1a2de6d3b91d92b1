//! The trace without a tracer's name: every instruction of the EVM frames.
//!
//! Source: go-ethereum `eth/tracers/logger/logger.go`, in its older form, which the RPC gives. Nitro adds
//! instructions that Stylus programs never executed, made up from their host calls; they are left out.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, hex, map::AddressMap};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Budget;
use crate::{
    chain::{Recorder, Traced},
    evm::{
        Status, Tracer,
        trace::{Enter, Executed, Exit, Instruction},
    },
    rpc::error::{RpcResult, to_json},
};

const SLOAD: u8 = 0x54;
const SSTORE: u8 = 0x55;

/// What of an instruction is listed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StepOptions {
    enable_memory: bool,
    disable_stack: bool,
    disable_storage: bool,
    enable_return_data: bool,
    /// Bytes of JSON after which no further instruction is listed; 0 is no limit of its own.
    limit: usize,
}

/// Storage words of an account, in hexadecimal.
type Words = BTreeMap<String, String>;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    pc: usize,
    op: String,
    gas: u64,
    gas_cost: u64,
    depth: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<Vec<U256>>,
    #[serde(skip_serializing_if = "<[u8]>::is_empty")]
    return_data: Bytes,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    memory: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<Words>,
    #[serde(skip_serializing_if = "is_zero")]
    refund: i64,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// What an instruction does to storage.
#[derive(Clone, Copy, Debug)]
enum Access {
    /// The slot whose word will be on top of the stack.
    Load(Address, U256),
    /// The slot and its new word.
    Store(Address, U256, U256),
}

impl Access {
    fn of(instruction: &Instruction<'_>) -> Option<Self> {
        let mut stack = instruction.stack.iter().rev().copied();
        let acting = instruction.acting;
        match instruction.opcode {
            SLOAD => Some(Self::Load(acting, stack.next()?)),
            SSTORE => Some(Self::Store(acting, stack.next()?, stack.next()?)),
            _ => None,
        }
    }
}

/// Records instructions.
#[derive(Debug)]
pub(super) struct StepTracer {
    options: StepOptions,
    /// What each open frame has earned of the refund counter.
    refunds: Vec<i64>,
    /// The instruction that is being executed.
    current: Option<(Step, Option<Access>)>,
    /// What was loaded and stored so far.
    storage: AddressMap<Words>,
    steps: Vec<Box<RawValue>>,
    /// Bytes of `steps`.
    bytes: usize,
    budget: Budget,
}

impl StepTracer {
    pub(super) fn new(options: StepOptions, budget: Budget) -> Self {
        Self {
            options,
            refunds: Vec::new(),
            current: None,
            storage: AddressMap::default(),
            steps: Vec::new(),
            bytes: 0,
            budget,
        }
    }

    fn is_full(&self) -> bool {
        let limit = self.options.limit;
        self.budget.is_exceeded() || (limit != 0 && self.bytes > limit)
    }

    /// The account's words with the one that is accessed. `top` is the top of the stack after it.
    fn words(&mut self, access: Access, top: Option<U256>) -> Option<Words> {
        let (account, slot, word) = match access {
            Access::Load(account, slot) => (account, slot, top?),
            Access::Store(account, slot, word) => (account, slot, word),
        };
        let text = |word: U256| hex::encode(B256::from(word));
        let words = self.storage.entry(account).or_default();
        words.insert(text(slot), text(word));
        Some(words.clone())
    }
}

fn chunks(memory: &[u8]) -> Vec<String> {
    memory.chunks(32).map(hex::encode).collect()
}

impl Tracer for StepTracer {
    fn enter(&mut self, _: &Enter<'_>) {
        self.refunds.push(0);
    }

    fn exit(&mut self, _: Exit<'_>) {
        self.refunds.pop();
    }

    fn before(&mut self, instruction: &Instruction<'_>) {
        if let Some(refund) = self.refunds.last_mut() {
            *refund = instruction.refund;
        }
        if self.is_full() {
            return;
        }
        let options = self.options;
        let memory = options.enable_memory.then(|| chunks(&instruction.memory));
        let step = Step {
            pc: instruction.pc,
            op: instruction.name().into_owned(),
            gas: instruction.gas,
            gas_cost: 0,
            depth: self.refunds.len(),
            error: None,
            stack: (!options.disable_stack).then(|| instruction.stack.to_vec()),
            return_data: match options.enable_return_data {
                true => Bytes::copy_from_slice(instruction.return_data),
                false => Bytes::new(),
            },
            memory: memory.unwrap_or_default(),
            storage: None,
            refund: self.refunds.iter().sum(),
        };
        let access = Access::of(instruction).filter(|_| !options.disable_storage);
        self.current = Some((step, access));
    }

    fn after(&mut self, executed: Executed) {
        let Some((mut step, access)) = self.current.take() else {
            return;
        };
        step.gas_cost = executed.cost;
        if executed.error.is_none() {
            step.storage = access.and_then(|access| self.words(access, executed.top));
        }
        step.error = executed.error;
        if let Ok(json) = to_json(&step)
            && self.budget.take(json.get().len())
        {
            self.bytes += json.get().len();
            self.steps.push(json);
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    gas: u64,
    failed: bool,
    return_value: &'a Bytes,
    struct_logs: &'a [Box<RawValue>],
}

impl Recorder for StepTracer {
    type Trace = RpcResult<Box<RawValue>>;

    fn finish(self: Box<Self>, traced: &Traced) -> Self::Trace {
        let execution = &traced.execution;
        self.budget.answer(&Answer {
            gas: execution.gas_used,
            failed: execution.status != Status::Success,
            return_value: &execution.output,
            struct_logs: &self.steps,
        })
    }
}
