//! Transactions: sending them, and what became of them.

use std::{sync::Arc, time::Duration};

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_eth::Transaction;
use tokio::time::{Instant, timeout_at};

use super::block::find;
use crate::{
    chain::SendError,
    rpc::{
        context::Context,
        error::RpcResult,
        module::Module,
        objects::{self, ReceiptObject},
    },
};

/// How long Nitro's sequencer keeps a transaction whose nonce is too high, in the hope of the one
/// before it (`NonceFailureCacheExpiry`).
const NONCE_WAIT: Duration = Duration::from_secs(1);

pub(super) fn register(module: &mut Module<Context>) {
    module.register("eth_sendRawTransaction", send_raw);
    module.register("eth_getTransactionByHash", by_hash);
    module.register("eth_getTransactionByBlockHashAndIndex", by_block_hash);
    module.register("eth_getTransactionByBlockNumberAndIndex", by_block_number);
    module.register("eth_getTransactionReceipt", receipt);
}

/// Executes the transaction before it answers, as the sequencer does.
async fn send_raw(context: Arc<Context>, (raw,): (Bytes,)) -> RpcResult<B256> {
    let deadline = Instant::now() + NONCE_WAIT;
    let mut changes = context.chain.subscribe()?;
    loop {
        let bytes = raw.clone();
        let sent = context
            .chain
            .write(move |chain| chain.send_raw_transaction(&bytes))
            .await?;
        let waits = matches!(sent, Err(SendError::NonceTooHigh { .. }));
        // Any news, also that some were missed, is a reason to look at the nonce again.
        if !waits || timeout_at(deadline, changes.recv()).await.is_err() {
            return Ok(sent?);
        }
    }
}

async fn by_hash(context: Arc<Context>, (hash,): (B256,)) -> RpcResult<Option<Transaction>> {
    let found = context.chain.read(move |chain| {
        let mined = chain.transaction(&hash)?;
        Some(objects::transaction(&mined))
    });
    Ok(found.await?)
}

async fn receipt(context: Arc<Context>, (hash,): (B256,)) -> RpcResult<Option<ReceiptObject>> {
    let found = context.chain.read(move |chain| {
        let mined = chain.transaction(&hash)?;
        Some(objects::receipt(&mined))
    });
    Ok(found.await?)
}

async fn by_block_hash(
    context: Arc<Context>,
    (hash, index): (B256, U64),
) -> RpcResult<Option<Transaction>> {
    at(&context, hash.into(), index).await
}

async fn by_block_number(
    context: Arc<Context>,
    (number, index): (BlockNumberOrTag, U64),
) -> RpcResult<Option<Transaction>> {
    at(&context, number.into(), index).await
}

async fn at(context: &Context, block: BlockId, index: U64) -> RpcResult<Option<Transaction>> {
    let found = find(context, block, move |block| {
        let index = usize::try_from(index).ok()?;
        block
            .transactions
            .get(index)
            .map(|mined| objects::transaction(mined))
    });
    Ok(found.await?.flatten())
}
