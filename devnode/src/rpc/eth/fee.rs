//! Prices.

use std::sync::Arc;

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::U128;
use alloy_rpc_types_eth::FeeHistory;

use crate::rpc::{context::Context, error::RpcResult, module::Module, params::Number};

pub(super) fn register(module: &mut Module<Context>) {
    module.register("eth_gasPrice", gas_price);
    module.register("eth_maxPriorityFeePerGas", max_priority_fee);
    module.register("eth_feeHistory", fee_history);
}

async fn gas_price(context: Arc<Context>, (): ()) -> RpcResult<U128> {
    Ok(context
        .chain
        .read(|chain| U128::from(chain.gas_price()))
        .await?)
}

async fn max_priority_fee(context: Arc<Context>, (): ()) -> RpcResult<U128> {
    Ok(context
        .chain
        .read(|chain| U128::from(chain.max_priority_fee()))
        .await?)
}

async fn fee_history(
    context: Arc<Context>,
    (Number(count), newest, percentiles): (Number, BlockNumberOrTag, Option<Vec<f64>>),
) -> RpcResult<FeeHistory> {
    let percentiles = percentiles.unwrap_or_default();
    let history = context
        .chain
        .read(move |chain| chain.fee_history(count, newest, &percentiles));
    Ok(history.await??)
}
