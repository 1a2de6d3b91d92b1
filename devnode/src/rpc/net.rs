//! The `net` and `web3` namespaces.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes, keccak256};

use super::{context::Context, error::RpcResult, module::Module};

pub(super) fn register(module: &mut Module<Context>) {
    module.register("net_version", version);
    module.register("net_listening", |_, (): ()| async { Ok(true) });
    module.register("net_peerCount", |_, (): ()| async { Ok("0x0") });
    module.register("web3_clientVersion", |_, (): ()| async {
        Ok(client_version())
    });
    module.register("web3_sha3", sha3);
}

/// The chain id in decimal, as geth gives it.
async fn version(context: Arc<Context>, (): ()) -> RpcResult<String> {
    Ok(context
        .chain
        .read(|chain| chain.chain_id().to_string())
        .await?)
}

fn client_version() -> String {
    format!(
        "chartseal-devnode/v{}/{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS
    )
}

async fn sha3(_: Arc<Context>, (data,): (Bytes,)) -> RpcResult<B256> {
    Ok(keccak256(data))
}
