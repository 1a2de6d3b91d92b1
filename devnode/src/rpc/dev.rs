//! Helpers for tests, under the names developers know from other development nodes (Ganache's `evm_`,
//! Hardhat's `hardhat_`, Anvil's `anvil_`).

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U64, U256};
use alloy_serde::JsonStorageKey;
use serde::Deserialize;
use serde_json::Value;

use super::{
    context::Context,
    error::{RpcError, RpcResult},
    module::Module,
    params::Number,
};
use crate::chain::Chain;

pub(super) fn register(module: &mut Module<Context>) {
    for name in ["evm_snapshot", "anvil_snapshot"] {
        module.register(name, snapshot);
    }
    for name in ["evm_revert", "anvil_revert"] {
        module.register(name, revert);
    }
    for name in ["evm_increaseTime", "anvil_increaseTime"] {
        module.register(name, increase_time);
    }
    for name in ["evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp"] {
        module.register(name, set_next_block_timestamp);
    }
    module.register("evm_mine", mine_one);
    for name in ["anvil_mine", "hardhat_mine"] {
        module.register(name, mine);
    }
    module.register("anvil_reorg", reorg);
    register_setters(module);
}

fn register_setters(module: &mut Module<Context>) {
    for name in ["anvil_setBalance", "hardhat_setBalance"] {
        module.register(name, set_balance);
    }
    for name in ["anvil_setNonce", "hardhat_setNonce"] {
        module.register(name, set_nonce);
    }
    for name in ["anvil_setCode", "hardhat_setCode"] {
        module.register(name, set_code);
    }
    for name in ["anvil_setStorageAt", "hardhat_setStorageAt"] {
        module.register(name, set_storage);
    }
}

async fn snapshot(context: Arc<Context>, (): ()) -> RpcResult<U64> {
    Ok(U64::from(context.chain.write(Chain::snapshot).await?))
}

/// Whether there was such a snapshot; it and those taken after it are gone then.
async fn revert(context: Arc<Context>, (Number(id),): (Number,)) -> RpcResult<bool> {
    Ok(context.chain.write(move |chain| chain.revert(id)).await?)
}

/// The whole offset to the clock, in seconds.
async fn increase_time(context: Arc<Context>, (Number(seconds),): (Number,)) -> RpcResult<i64> {
    Ok(context
        .chain
        .write(move |chain| chain.increase_time(seconds))
        .await?)
}

async fn set_next_block_timestamp(
    context: Arc<Context>,
    (Number(time),): (Number,),
) -> RpcResult<()> {
    Ok(context
        .chain
        .write(move |chain| chain.set_next_block_timestamp(time))
        .await??)
}

/// What `evm_mine` is given: a time, or a time and a number of blocks.
#[derive(Deserialize)]
#[serde(untagged)]
enum MineOptions {
    Time(Number),
    Detailed {
        timestamp: Option<Number>,
        blocks: Option<Number>,
    },
}

/// Answers `"0x0"`, as Ganache does.
async fn mine_one(
    context: Arc<Context>,
    (options,): (Option<MineOptions>,),
) -> RpcResult<&'static str> {
    let (time, blocks) = match options {
        None => (None, None),
        Some(MineOptions::Time(time)) => (Some(time), None),
        Some(MineOptions::Detailed { timestamp, blocks }) => (timestamp, blocks),
    };
    if let Some(time) = time {
        set_next_block_timestamp(Arc::clone(&context), (time,)).await?;
    }
    mine(context, (blocks, None)).await?;
    Ok("0x0")
}

/// Mines blocks without transactions, `interval` seconds apart.
async fn mine(
    context: Arc<Context>,
    (blocks, interval): (Option<Number>, Option<Number>),
) -> RpcResult<()> {
    let blocks = blocks.map_or(1, |Number(blocks)| blocks);
    let interval = interval.map(|Number(seconds)| seconds);
    Ok(context
        .chain
        .write(move |chain| chain.mine(blocks, interval))
        .await??)
}

/// Replaces the last `depth` blocks by as many empty ones.
async fn reorg(
    context: Arc<Context>,
    (Number(depth), transactions): (Number, Option<Vec<Value>>),
) -> RpcResult<()> {
    if transactions.is_some_and(|transactions| !transactions.is_empty()) {
        return Err(RpcError::invalid_params(
            "transactions in a reorganisation are not supported: send them after it",
        ));
    }
    Ok(context
        .chain
        .write(move |chain| chain.reorg(depth))
        .await??)
}

async fn set_balance(context: Arc<Context>, (address, balance): (Address, U256)) -> RpcResult<()> {
    Ok(context
        .chain
        .write(move |chain| chain.set_balance(address, balance))
        .await?)
}

async fn set_nonce(
    context: Arc<Context>,
    (address, Number(nonce)): (Address, Number),
) -> RpcResult<()> {
    Ok(context
        .chain
        .write(move |chain| chain.set_nonce(address, nonce))
        .await?)
}

async fn set_code(context: Arc<Context>, (address, code): (Address, Bytes)) -> RpcResult<()> {
    Ok(context
        .chain
        .write(move |chain| chain.set_code(address, code))
        .await?)
}

/// Answers true, as Anvil does.
async fn set_storage(
    context: Arc<Context>,
    (address, slot, value): (Address, JsonStorageKey, JsonStorageKey),
) -> RpcResult<bool> {
    let (slot, value) = (slot.as_b256().into(), value.as_b256());
    context
        .chain
        .write(move |chain| chain.set_storage(address, slot, value))
        .await?;
    Ok(true)
}
