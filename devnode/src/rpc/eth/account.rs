//! Balances, nonces, code and storage.

use std::sync::Arc;

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_serde::JsonStorageKey;

use crate::rpc::{context::Context, error::RpcResult, module::Module};

pub(super) fn register(module: &mut Module<Context>) {
    module.register("eth_getBalance", balance);
    module.register("eth_getTransactionCount", nonce);
    module.register("eth_getCode", code);
    module.register("eth_getStorageAt", storage);
    // The node holds no keys, as Nitro does not.
    module.register("eth_accounts", |_, (): ()| async { Ok([Address::ZERO; 0]) });
}

async fn balance(context: Arc<Context>, (address, block): (Address, BlockId)) -> RpcResult<U256> {
    Ok(context
        .chain
        .read(move |chain| chain.balance(address, block))
        .await??)
}

async fn nonce(context: Arc<Context>, (address, block): (Address, BlockId)) -> RpcResult<U64> {
    let nonce = context
        .chain
        .read(move |chain| chain.nonce(address, block))
        .await??;
    Ok(U64::from(nonce))
}

async fn code(context: Arc<Context>, (address, block): (Address, BlockId)) -> RpcResult<Bytes> {
    Ok(context
        .chain
        .read(move |chain| chain.code(address, block))
        .await??)
}

async fn storage(
    context: Arc<Context>,
    (address, slot, block): (Address, JsonStorageKey, BlockId),
) -> RpcResult<B256> {
    let slot = slot.as_b256().into();
    Ok(context
        .chain
        .read(move |chain| chain.storage(address, slot, block))
        .await??)
}
