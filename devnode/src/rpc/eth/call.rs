//! Executions that leave no trace.

use std::sync::Arc;

use alloy_eips::BlockId;
use alloy_primitives::{Bytes, U64};
use alloy_rpc_types_eth::{
    AccessListResult, BlockOverrides, TransactionRequest, state::StateOverride,
};

use crate::{
    chain::Overrides,
    rpc::{context::Context, error::RpcResult, module::Module},
};

pub(super) fn register(module: &mut Module<Context>) {
    module.register("eth_call", call);
    module.register("eth_estimateGas", estimate_gas);
    module.register("eth_createAccessList", create_access_list);
}

type CallParams = (
    TransactionRequest,
    Option<BlockId>,
    Option<StateOverride>,
    Option<BlockOverrides>,
);

async fn call(
    context: Arc<Context>,
    (request, block, state, overridden): CallParams,
) -> RpcResult<Bytes> {
    let overrides = Overrides {
        state,
        block: overridden,
    };
    let block = block.unwrap_or_default();
    Ok(context
        .chain
        .execute(move |chain| chain.call(&request, block, &overrides))
        .await??)
}

async fn estimate_gas(
    context: Arc<Context>,
    (request, block, state, overridden): CallParams,
) -> RpcResult<U64> {
    let overrides = Overrides {
        state,
        block: overridden,
    };
    let block = block.unwrap_or_else(BlockId::pending);
    let estimate = context
        .chain
        .execute(move |chain| chain.estimate_gas(&request, block, &overrides));
    Ok(U64::from(estimate.await??))
}

async fn create_access_list(
    context: Arc<Context>,
    (request, block): (TransactionRequest, Option<BlockId>),
) -> RpcResult<AccessListResult> {
    let block = block.unwrap_or_else(BlockId::pending);
    Ok(context
        .chain
        .execute(move |chain| chain.create_access_list(&request, block))
        .await??)
}
