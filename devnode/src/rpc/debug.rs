//! Traces of executions, as cargo-stylus and cast ask for them.

use std::sync::Arc;

use alloy_eips::BlockId;
use alloy_primitives::B256;
use alloy_rpc_types_eth::TransactionRequest;
use serde_json::value::RawValue;

use super::{
    context::Context,
    error::RpcResult,
    module::Module,
    tracers::{self, CallOptions, TraceOptions},
};

pub(super) fn register(module: &mut Module<Context>) {
    module.register("debug_traceTransaction", transaction);
    module.register("debug_traceCall", call);
}

async fn transaction(
    context: Arc<Context>,
    (hash, options): (B256, Option<TraceOptions>),
) -> RpcResult<Box<RawValue>> {
    let recorder = tracers::recorder(&options.unwrap_or_default())?;
    context
        .chain
        .execute(move |chain| chain.trace_transaction(hash, recorder))
        .await??
}

async fn call(
    context: Arc<Context>,
    (request, block, options): (TransactionRequest, BlockId, Option<CallOptions>),
) -> RpcResult<Box<RawValue>> {
    let mut options = options.unwrap_or_default();
    let overrides = options.overrides()?;
    let recorder = tracers::recorder(&options.trace)?;
    context
        .chain
        .execute(move |chain| chain.trace_call(&request, block, &overrides, recorder))
        .await??
}
