//! The demo's own chain, set up as Offchain Labs' script sets up a Nitro devnode: the development account owns
//! the chain and may keep programs in its cache.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, U256, address};
use alloy_sol_types::{SolCall, sol};
use chartseal_devnode::chain::DEV_ACCOUNT;
use chartseal_devnode::{Config, Devnode};

use crate::chain::Action;
use crate::cli::commands::devnode::send;
use crate::cli::failure::Outcome;

const ARB_DEBUG: Address = address!("00000000000000000000000000000000000000ff");
const ARB_OWNER: Address = address!("0000000000000000000000000000000000000070");

sol! {
    function becomeChainOwner() external;
    function addWasmCacheManager(address manager) external;
}

/// Starts a chain on a free port.
pub(super) async fn start(state: Option<PathBuf>, journal: &Path) -> Outcome<Devnode> {
    let node = Devnode::start(Config {
        state_file: state,
        ..Config::default()
    })?;
    let own = action(
        "becomeChainOwner",
        ARB_DEBUG,
        becomeChainOwnerCall {}.abi_encode(),
    );
    let manage = addWasmCacheManagerCall {
        manager: DEV_ACCOUNT,
    }
    .abi_encode();
    let manage = action("addWasmCacheManager", ARB_OWNER, manage);
    send(&node.url().parse()?, journal, &[own, manage]).await?;
    Ok(node)
}

fn action(what: &'static str, to: Address, data: Vec<u8>) -> Action {
    Action {
        what: what.into(),
        to: Some(to),
        value: U256::ZERO,
        data: data.into(),
    }
}
