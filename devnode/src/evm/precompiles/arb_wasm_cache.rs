//! ArbWasmCache (0x72): which programs start from the cache.

use alloy_primitives::B256;
use alloy_sol_types::{SolCall, sol};

use super::{
    super::arbos::{Inactive, ProgramRecord},
    address_set::{CACHE_MANAGERS, CHAIN_OWNERS},
    arb_wasm,
    call::{Call, Fault, Mutability, READ_GAS},
};

sol! {
    interface ArbWasmCache {
        event UpdateProgramCache(address indexed manager, bytes32 indexed codehash, bool cached);

        function isCacheManager(address manager) external view returns (bool);
        function allCacheManagers() external view returns (address[] memory managers);
        function cacheProgram(address addr) external;
        function evictCodehash(bytes32 codehash) external;
        function codehashIsCached(bytes32 codehash) external view returns (bool);
    }
}

use ArbWasmCache::ArbWasmCacheCalls as Methods;

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    call.dispatch(input, mutability, body)
}

fn mutability(method: &Methods) -> Mutability {
    match method {
        Methods::cacheProgram(_) | Methods::evictCodehash(_) => Mutability::Write,
        _ => Mutability::View,
    }
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    use ArbWasmCache::*;
    Ok(match method {
        Methods::isCacheManager(arguments) => {
            let is_manager = CACHE_MANAGERS.contains(call, arguments.manager)?;
            isCacheManagerCall::abi_encode_returns(&is_manager)
        }
        Methods::allCacheManagers(_) => {
            let managers = CACHE_MANAGERS.all(call)?;
            allCacheManagersCall::abi_encode_returns(&managers)
        }
        Methods::cacheProgram(arguments) => {
            let code_hash = arb_wasm::code_hash_of(call, arguments.addr)?;
            set_cached(call, code_hash, true)?;
            Vec::new()
        }
        Methods::evictCodehash(arguments) => {
            set_cached(call, arguments.codehash, false)?;
            Vec::new()
        }
        Methods::codehashIsCached(arguments) => {
            let record = arb_wasm::load_record(call, arguments.codehash)?;
            codehashIsCachedCall::abi_encode_returns(&record.cached)
        }
    })
}

fn set_cached(call: &mut Call<'_, '_>, code_hash: B256, cached: bool) -> Result<(), Fault> {
    require_manager(call)?;
    let params = arb_wasm::load_params(call)?;
    let record = arb_wasm::load_record(call, code_hash)?;
    if cached && let Err(inactive) = record.active(call.now(), &params) {
        return Err(inactive_error(call, inactive, params.version));
    }
    if record.cached == cached {
        return Ok(());
    }
    let manager = call.caller;
    call.emit(&ArbWasmCache::UpdateProgramCache {
        manager,
        codehash: code_hash,
        cached,
    })?;
    call.burn(record.costs.init.into())?;
    call.burn(READ_GAS)?;
    arb_wasm::store(call, code_hash, &ProgramRecord { cached, ..record })
}

/// A program that was never activated counts as one of another version here.
fn inactive_error(call: &mut Call<'_, '_>, inactive: Inactive, stylus_version: u16) -> Fault {
    let inactive = match inactive {
        Inactive::NotActivated => Inactive::NeedsUpgrade {
            version: 0,
            stylus_version,
        },
        other => other,
    };
    arb_wasm::inactive_error(call, inactive)
}

/// Only cache managers and chain owners may change the cache; others lose all gas.
fn require_manager(call: &mut Call<'_, '_>) -> Result<(), Fault> {
    let caller = call.caller;
    if CACHE_MANAGERS.contains(call, caller)? || CHAIN_OWNERS.contains(call, caller)? {
        return Ok(());
    }
    Err(call.burn_out())
}
