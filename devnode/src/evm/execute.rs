//! Executing one message.

use std::{convert::Infallible, io, thread};

use alloy_primitives::{Address, Bytes, Log, U256};
use revm::{
    Context,
    context::{BlockEnv, CfgEnv, ContextTr, TxEnv},
    context_interface::{
        JournalTr,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction, Output},
    },
    database_interface::WrapDatabaseRef,
    handler::{EvmTr, Handler},
    state::EvmState,
};

use super::{
    arbos::{ARBOS_STATE, Field},
    context::{NitroContext, Purpose, StateReader, StateRef, TxScope},
    handler::NitroHandler,
    machine::NitroEvm,
    opcodes::SPEC,
    trace::{Trace, Tracer},
};
use crate::stylus::{EXECUTOR_STACK_BYTES, ProgramCache, api::Pages};

/// Where messages are executed: a state, and the block on top of it.
#[derive(Clone)]
pub struct Environment<'a> {
    /// The state before the message.
    pub state: &'a dyn StateReader,
    /// Compiled programs.
    pub programs: &'a ProgramCache,
    /// Chain id.
    pub chain_id: u64,
    /// The block, with the L1 number as its number.
    pub block: BlockEnv,
    /// The block's number on L2.
    pub l2_block_number: u64,
}

/// What is executed. Nonce, balance and fee cap of `tx` have been checked; its `gas_price` is what is
/// paid per gas: the block's base fee, or 0.
#[derive(Clone, Debug)]
pub struct Message {
    /// Sender, target, gas, value, data, access and authorization lists.
    pub tx: TxEnv,
    /// Price per gas before the tip is dropped, wei.
    pub offered_price: U256,
    /// What for.
    pub purpose: Purpose,
}

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// As intended.
    Success,
    /// With a revert; the output is the revert data.
    Reverted,
    /// With a failure that took all gas; geth's text for it.
    Failed(String),
}

/// What a message did.
#[derive(Clone, Debug)]
pub struct Execution {
    /// How it ended.
    pub status: Status,
    /// Gas used, refund deducted.
    pub gas_used: u64,
    /// Gas used before the refund.
    pub gas_peak: u64,
    /// Return or revert data.
    pub output: Bytes,
    /// The created contract, if one was.
    pub created: Option<Address>,
    /// Logs, none unless successful.
    pub logs: Vec<Log>,
    /// Accounts and slots it touched.
    pub state: EvmState,
}

/// Why a message was not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    /// The gas limit does not cover the intrinsic gas.
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGas {
        /// The gas limit.
        have: u64,
        /// The intrinsic gas.
        want: u64,
    },
    /// The machine broke a rule of its own.
    #[error("internal error of the EVM: {0}")]
    Internal(String),
}

impl Environment<'_> {
    /// Executes `message`. Must run on a thread made by [`on_executor_thread`].
    ///
    /// # Errors
    /// [`ExecuteError`] when it could not begin.
    pub fn execute(&self, message: &Message) -> Result<Execution, ExecuteError> {
        self.run(message, None)
    }

    /// Executes `message` as [`Self::execute`] does, with the same result, while `tracer` watches.
    ///
    /// # Errors
    /// [`ExecuteError`] when it could not begin.
    pub fn trace(
        &self,
        message: &Message,
        tracer: &mut dyn Tracer,
    ) -> Result<Execution, ExecuteError> {
        self.run(message, Some(Trace::new(tracer)))
    }

    fn run<'s>(
        &'s self,
        message: &Message,
        trace: Option<Trace<'s>>,
    ) -> Result<Execution, ExecuteError> {
        let mut evm = NitroEvm::new(self.context(message, trace));
        let result = NitroHandler::new().run(&mut evm).map_err(execute_error)?;
        let state = evm.ctx().journal_mut().finalize();
        Ok(Execution::new(result, state))
    }

    fn context<'s>(&'s self, message: &Message, trace: Option<Trace<'s>>) -> NitroContext<'s> {
        let db = WrapDatabaseRef(StateRef(self.state));
        let scope = TxScope {
            programs: self.programs,
            l2_block_number: self.l2_block_number,
            purpose: message.purpose,
            offered_price: message.offered_price,
            pages: Pages::default(),
            frames: Vec::new(),
            held_gas: 0,
            trace,
        };
        Context::<BlockEnv, TxEnv, CfgEnv, _>::new(db, SPEC)
            .with_block(self.block.clone())
            .with_tx(message.tx.clone())
            .with_cfg(self.cfg())
            .with_chain(scope)
    }

    fn cfg(&self) -> CfgEnv {
        let mut cfg = CfgEnv::new_with_spec(SPEC).with_chain_id(self.chain_id);
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        cfg.disable_eip3541 = true; // `machine` holds the relaxed rule
        let slot = Field::CalldataPriceIncrease.slot();
        cfg.disable_eip7623 = self.state.storage(ARBOS_STATE, slot).is_zero();
        cfg
    }
}

fn execute_error(error: EVMError<Infallible>) -> ExecuteError {
    match error {
        EVMError::Transaction(InvalidTransaction::CallGasCostMoreThanGasLimit {
            initial_gas: want,
            gas_limit: have,
        })
        | EVMError::Transaction(InvalidTransaction::GasFloorMoreThanGasLimit {
            gas_floor: want,
            gas_limit: have,
        }) => ExecuteError::IntrinsicGas { have, want },
        other => ExecuteError::Internal(other.to_string()),
    }
}

impl Execution {
    fn new(result: ExecutionResult<HaltReason>, state: EvmState) -> Self {
        let gas = *result.gas();
        let (status, output, created, logs) = match result {
            ExecutionResult::Success {
                logs,
                output: Output::Call(data),
                ..
            } => (Status::Success, data, None, logs),
            ExecutionResult::Success {
                logs,
                output: Output::Create(data, address),
                ..
            } => (Status::Success, data, address, logs),
            ExecutionResult::Revert { output, .. } => (Status::Reverted, output, None, Vec::new()),
            ExecutionResult::Halt { reason, .. } => (
                Status::Failed(halt_text(&reason)),
                Bytes::new(),
                None,
                Vec::new(),
            ),
        };
        Self {
            status,
            gas_used: gas.tx_gas_used(),
            gas_peak: gas.total_gas_spent(),
            output,
            created,
            logs,
            state,
        }
    }
}

/// geth's text for a failure. Source: go-ethereum `core/vm/errors.go`.
pub(super) fn halt_text(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".into(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode | HaltReason::NotActivated => {
            "invalid opcode".into()
        }
        HaltReason::InvalidJump => "invalid jump destination".into(),
        HaltReason::StackUnderflow => "stack underflow".into(),
        HaltReason::StackOverflow => "stack limit reached 1024 (1023)".into(),
        HaltReason::OutOfOffset => "return data out of bounds".into(),
        HaltReason::CreateCollision => "contract address collision".into(),
        HaltReason::OverflowPayment => "balance overflow".into(),
        HaltReason::PrecompileErrorWithContext(text) => text.clone(),
        HaltReason::PrecompileError => "precompile failed".into(),
        HaltReason::NonceOverflow => "nonce uint64 overflow".into(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".into(),
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".into(),
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => {
            "write protection".into()
        }
        HaltReason::OutOfFunds => "insufficient balance for transfer".into(),
        HaltReason::CallTooDeep => "max call depth exceeded".into(),
    }
}

/// Runs `work` on a thread whose stack holds 1024 nested frames.
///
/// # Errors
/// The system's, when it has no room for the thread.
pub fn on_executor_thread<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .name("executor".into())
            .stack_size(EXECUTOR_STACK_BYTES)
            .spawn_scoped(scope, work)?;
        worker
            .join()
            .or_else(|panic| std::panic::resume_unwind(panic))
    })
}
