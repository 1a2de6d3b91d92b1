//! Executing with a tracer that watches: a mined transaction again, or a call.
//!
//! Source: go-ethereum `eth/tracers/api.go`.

use alloy_eips::BlockId;
use alloy_primitives::B256;
use alloy_rpc_types_eth::TransactionRequest;

use super::{
    call::{check_call_funds, refused},
    chain::{Chain, Target},
    config::Overrides,
    error::CallError,
    submit::message,
};
use crate::evm::{Environment, Execution, Message, Purpose, Tracer, on_executor_thread};

/// What was executed under a tracer's eyes.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Its gas limit.
    pub gas_limit: u64,
    /// What it did.
    pub execution: Execution,
}

/// A tracer that makes something of what it has seen.
pub trait Recorder: Tracer + Send {
    /// What it makes.
    type Trace: Send;

    /// Makes it, when all is executed. Called on the thread that executed, whose stack has room for
    /// a recursion over as many frames as can be nested.
    fn finish(self: Box<Self>, traced: &Traced) -> Self::Trace;
}

/// A recorder of any kind, by what it makes.
pub type AnyRecorder<T> = Box<dyn Recorder<Trace = T>>;

impl Chain {
    /// Executes a mined transaction again, on the state before it and in its own block, with the result
    /// and the gas that its receipt has. Nothing changes.
    ///
    /// # Errors
    /// [`CallError::UnknownTransaction`].
    pub fn trace_transaction<T: Send>(
        &self,
        hash: B256,
        recorder: AnyRecorder<T>,
    ) -> Result<T, CallError> {
        let mined = self
            .transactions
            .get(&hash)
            .ok_or(CallError::UnknownTransaction)?;
        let view = self.view_before(mined.block_number);
        let environment = self.environment(&view, Target::Number(mined.block_number));
        let base_fee = environment.block.basefee;
        let message = message(&mined.envelope, mined.sender, base_fee.into());
        on_executor_thread(|| watch(&environment, &message, recorder))
            .map_err(|error| CallError::Failed(format!("no thread to execute on: {error}")))?
    }

    /// Executes a request on the state of a block, as [`Self::call`] does, with a tracer.
    ///
    /// # Errors
    /// [`CallError`] if it could not begin; a failure of it is part of the trace.
    pub fn trace_call<T: Send>(
        &self,
        request: &TransactionRequest,
        at: BlockId,
        overrides: &Overrides,
        recorder: AnyRecorder<T>,
    ) -> Result<T, CallError> {
        if at.is_pending() {
            let text = "tracing on top of pending is not supported: name a block, or `latest`";
            return Err(CallError::Failed(text.into()));
        }
        let cap = self.config.call_gas_cap;
        let gas = request.gas.map_or(cap, |gas| gas.min(cap));
        self.prepared(request, at, overrides, |environment, view, prepared| {
            check_call_funds(view, prepared, gas)?;
            watch(environment, &prepared.message(gas, Purpose::Call), recorder)
        })
        .map_err(|error| match error {
            CallError::Refused(reason) => CallError::Failed(format!("tracing failed: {reason}")),
            other => other,
        })
    }
}

fn watch<T: Send>(
    environment: &Environment<'_>,
    message: &Message,
    mut recorder: AnyRecorder<T>,
) -> Result<T, CallError> {
    let execution = environment
        .trace(message, &mut *recorder)
        .map_err(refused)?;
    let gas_limit = message.tx.gas_limit;
    Ok(recorder.finish(&Traced {
        gas_limit,
        execution,
    }))
}
