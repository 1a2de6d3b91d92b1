//! Blocks.

use std::sync::Arc;

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, U64};

use crate::{
    chain::Block,
    rpc::{
        context::Context,
        error::RpcResult,
        module::Module,
        objects::{self, BlockObject, ReceiptObject},
    },
};

pub(super) fn register(module: &mut Module<Context>) {
    module.register("eth_chainId", chain_id);
    module.register("eth_blockNumber", number);
    module.register("eth_syncing", |_, (): ()| async { Ok(false) });
    module.register("eth_getBlockByNumber", by_number);
    module.register("eth_getBlockByHash", by_hash);
    module.register("eth_getBlockReceipts", receipts);
    module.register("eth_getBlockTransactionCountByNumber", count_by_number);
    module.register("eth_getBlockTransactionCountByHash", count_by_hash);
}

/// What `take` finds in a block; `None` when there is no such block.
pub(super) async fn find<T: Send + 'static>(
    context: &Context,
    block: impl Into<BlockId>,
    take: impl FnOnce(&Block) -> T + Send + 'static,
) -> RpcResult<Option<T>> {
    let block = block.into();
    Ok(context
        .chain
        .read(move |chain| chain.block(block).map(|block| take(&block)))
        .await?)
}

async fn chain_id(context: Arc<Context>, (): ()) -> RpcResult<U64> {
    Ok(context
        .chain
        .read(|chain| U64::from(chain.chain_id()))
        .await?)
}

async fn number(context: Arc<Context>, (): ()) -> RpcResult<U64> {
    Ok(context
        .chain
        .read(|chain| U64::from(chain.block_number()))
        .await?)
}

async fn by_number(
    context: Arc<Context>,
    (number, full): (BlockNumberOrTag, bool),
) -> RpcResult<Option<BlockObject>> {
    find(&context, number, move |block| objects::block(block, full)).await
}

async fn by_hash(
    context: Arc<Context>,
    (hash, full): (B256, bool),
) -> RpcResult<Option<BlockObject>> {
    find(&context, hash, move |block| objects::block(block, full)).await
}

async fn receipts(
    context: Arc<Context>,
    (block,): (BlockId,),
) -> RpcResult<Option<Vec<ReceiptObject>>> {
    find(&context, block, |block| {
        block
            .transactions
            .iter()
            .map(|mined| objects::receipt(mined))
            .collect()
    })
    .await
}

async fn count_by_number(
    context: Arc<Context>,
    (number,): (BlockNumberOrTag,),
) -> RpcResult<Option<U64>> {
    find(&context, number, count).await
}

async fn count_by_hash(context: Arc<Context>, (hash,): (B256,)) -> RpcResult<Option<U64>> {
    find(&context, hash, count).await
}

fn count(block: &Block) -> U64 {
    U64::from(block.transactions.len())
}
