//! Logs, and filters to poll.

use std::sync::Arc;

use alloy_rpc_types_eth::{Filter, FilterChanges, Log};

use crate::rpc::{
    context::Context,
    error::{RpcError, RpcResult},
    filters::Kind,
    module::Module,
};

pub(super) fn register(module: &mut Module<Context>) {
    module.register("eth_getLogs", logs);
    module.register("eth_newFilter", new_filter);
    module.register("eth_newBlockFilter", new_block_filter);
    module.register("eth_getFilterChanges", changes);
    module.register("eth_getFilterLogs", filter_logs);
    module.register("eth_uninstallFilter", uninstall);
}

async fn logs(context: Arc<Context>, (filter,): (Filter,)) -> RpcResult<Vec<Log>> {
    Ok(context
        .chain
        .execute(move |chain| chain.logs(&filter))
        .await??)
}

async fn new_filter(context: Arc<Context>, (filter,): (Filter,)) -> RpcResult<String> {
    if filter.block_option.ensure_valid_block_range().is_err() {
        return Err(RpcError::invalid_params("invalid block range params"));
    }
    install(context, Kind::Logs(Box::new(filter))).await
}

async fn new_block_filter(context: Arc<Context>, (): ()) -> RpcResult<String> {
    install(context, Kind::Blocks).await
}

async fn install(context: Arc<Context>, kind: Kind) -> RpcResult<String> {
    let chain = context.chain.clone();
    chain
        .read(move |chain| context.filters.install(kind, chain))
        .await?
}

async fn changes(context: Arc<Context>, (id,): (String,)) -> RpcResult<FilterChanges> {
    let chain = context.chain.clone();
    chain
        .read(move |chain| context.filters.changes(&id, chain))
        .await?
}

async fn filter_logs(context: Arc<Context>, (id,): (String,)) -> RpcResult<Vec<Log>> {
    let filter = context.filters.criteria(&id)?;
    logs(context, (filter,)).await
}

async fn uninstall(context: Arc<Context>, (id,): (String,)) -> RpcResult<bool> {
    Ok(context.filters.uninstall(&id))
}
