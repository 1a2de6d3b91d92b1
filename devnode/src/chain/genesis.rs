//! The state a new chain starts with.
//!
//! Beside the funded accounts: ArbOS, the ArbOS precompiles' accounts, the CREATE2 factory
//! (github.com/Arachnid/deterministic-deployment-proxy), the history contract of EIP-2935, and a cache manager that
//! accepts every call and does nothing. It is at an address that no account creates, so that the Nitro devnode's
//! set-up script still finds room for its own.

use alloy_primitives::{Address, Bytes, address, bytes};

use super::{config::ChainConfig, history, state::WorldState};
use crate::evm::{
    arbos,
    precompiles::{ARBOS_CONTRACT_CODE, ARBOS_CONTRACTS, genesis_cache_managers},
};

/// The deterministic deployment proxy: data = salt ‖ init code, result = the new address.
pub const CREATE2_FACTORY: Address = address!("0x4e59b44847b379578588920cA78FbF26c0B4956C");

/// Who published it, with its only transaction.
const CREATE2_FACTORY_DEPLOYER: Address = address!("0x3fAB184622Dc19b6109349B94811493BF2a45362");

const CREATE2_FACTORY_CODE: Bytes = bytes!(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);

/// A registered cache manager without behaviour.
pub const CACHE_MANAGER: Address = address!("0x00000000000000000000000000000000Cac4e001");

/// STOP: every call succeeds with empty data.
const CACHE_MANAGER_CODE: Bytes = bytes!("00");

/// The state of the genesis block.
pub(super) fn state(config: &ChainConfig) -> WorldState {
    let mut state = WorldState::default();
    for account in &config.accounts {
        state.update_account(*account, |record| record.balance = config.balance);
    }
    for contract in ARBOS_CONTRACTS {
        state.set_code(contract, Bytes::from_static(&ARBOS_CONTRACT_CODE));
    }
    state.set_code(CREATE2_FACTORY, CREATE2_FACTORY_CODE);
    state.set_code(CACHE_MANAGER, CACHE_MANAGER_CODE);
    state.set_code(history::HISTORY_STORAGE, history::CODE);
    // A nonce keeps the account of ArbOS from counting as empty (EIP-161).
    for used in [
        CREATE2_FACTORY,
        CREATE2_FACTORY_DEPLOYER,
        CACHE_MANAGER,
        history::HISTORY_STORAGE,
        arbos::ARBOS_STATE,
    ] {
        state.update_account(used, |record| record.nonce = 1);
    }
    for (slot, word) in arbos::genesis_storage() {
        state.set_slot(arbos::ARBOS_STATE, slot, word);
    }
    for (slot, word) in genesis_cache_managers(&[CACHE_MANAGER]) {
        state.set_slot(arbos::ARBOS_STATE, slot, word);
    }
    state
}
