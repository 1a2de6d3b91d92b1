//! ArbOwner (0x70): the owners' settings. Free of charge for owners, closed to everybody else.
//!
//! What this chain cannot do is refused with a revert: a price for publishing on L1 other than zero,
//! and an ArbOS version other than the profile's.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface, sol};

use super::{
    super::arbos::{self, ARBOS_VERSION, Field, address_to_word, word_to_address},
    address_set::{AddressSet, CACHE_MANAGERS, CHAIN_OWNERS},
    call::{Call, Fault, Mutability, READ_GAS},
};
use crate::stylus::{
    StylusParams,
    pricing::{COST_SCALAR_PERCENT, MIN_CACHED_INIT_UNIT, MIN_INIT_UNIT},
};

sol! {
    interface ArbOwner {
        event OwnerActs(bytes4 indexed method, address indexed owner, bytes data);

        function addChainOwner(address newOwner) external;
        function removeChainOwner(address ownerToRemove) external;
        function isChainOwner(address account) external view returns (bool);
        function getAllChainOwners() external view returns (address[] memory);
        function setNetworkFeeAccount(address newNetworkFeeAccount) external;
        function getNetworkFeeAccount() external view returns (address);
        function setInfraFeeAccount(address newInfraFeeAccount) external;
        function getInfraFeeAccount() external view returns (address);
        function setL1PricePerUnit(uint256 pricePerUnit) external;
        function setL2BaseFee(uint256 priceInWei) external;
        function setMinimumL2BaseFee(uint256 priceInWei) external;
        function setCalldataPriceIncrease(bool enable) external;
        function scheduleArbOSUpgrade(uint64 newVersion, uint64 timestamp) external;
        function setInkPrice(uint32 price) external;
        function setWasmMaxStackDepth(uint32 depth) external;
        function setWasmFreePages(uint16 pages) external;
        function setWasmPageGas(uint16 gas) external;
        function setWasmPageLimit(uint16 limit) external;
        function setWasmMaxSize(uint32 size) external;
        function setWasmMinInitGas(uint8 gas, uint16 cached) external;
        function setWasmInitCostScalar(uint64 percent) external;
        function setWasmExpiryDays(uint16 days_) external;
        function setWasmKeepaliveDays(uint16 days_) external;
        function setWasmBlockCacheSize(uint16 count) external;
        function addWasmCacheManager(address manager) external;
        function removeWasmCacheManager(address manager) external;
    }
}

use ArbOwner::ArbOwnerCalls as Methods;

/// Highest ink price: it is stored in 24 bits.
const MAX_INK_PRICE: u32 = (1 << 24) - 1;

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    let supplied = call.gas_left();
    let caller = call.caller;
    call.burn(READ_GAS)?;
    if !CHAIN_OWNERS.contains(call, caller)? {
        return Err(Fault::Fatal(
            "unauthorized caller to access-controlled method".into(),
        ));
    }
    let result = call.dispatch(input, mutability, body);
    call.set_gas_left(supplied);
    if result.is_ok() {
        announce(call, input);
    }
    result
}

fn announce(call: &mut Call<'_, '_>, input: &[u8]) {
    let Ok(method) = Methods::abi_decode(input) else {
        return;
    };
    if mutability(&method) == Mutability::Write {
        let (method, owner) = (method.selector().into(), call.caller);
        call.emit_free(&ArbOwner::OwnerActs {
            method,
            owner,
            data: input.to_vec().into(),
        });
    }
}

fn mutability(method: &Methods) -> Mutability {
    match method {
        Methods::isChainOwner(_)
        | Methods::getAllChainOwners(_)
        | Methods::getNetworkFeeAccount(_)
        | Methods::getInfraFeeAccount(_) => Mutability::View,
        _ => Mutability::Write,
    }
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    use ArbOwner::*;
    Ok(match method {
        Methods::isChainOwner(arguments) => {
            let is_owner = CHAIN_OWNERS.contains(call, arguments.account)?;
            isChainOwnerCall::abi_encode_returns(&is_owner)
        }
        Methods::getAllChainOwners(_) => {
            let owners = CHAIN_OWNERS.all(call)?;
            getAllChainOwnersCall::abi_encode_returns(&owners)
        }
        Methods::getNetworkFeeAccount(_) => {
            let account = word_to_address(call.read(Field::NetworkFeeAccount.slot())?);
            getNetworkFeeAccountCall::abi_encode_returns(&account)
        }
        Methods::getInfraFeeAccount(_) => {
            let account = word_to_address(call.read(Field::InfraFeeAccount.slot())?);
            getInfraFeeAccountCall::abi_encode_returns(&account)
        }
        setter => {
            set(call, setter)?;
            Vec::new()
        }
    })
}

fn set(call: &mut Call<'_, '_>, method: Methods) -> Result<(), Fault> {
    match method {
        Methods::addChainOwner(a) => CHAIN_OWNERS.add(call, a.newOwner),
        Methods::removeChainOwner(a) => remove(call, CHAIN_OWNERS, a.ownerToRemove),
        Methods::addWasmCacheManager(a) => CACHE_MANAGERS.add(call, a.manager),
        Methods::removeWasmCacheManager(a) => remove(call, CACHE_MANAGERS, a.manager),
        Methods::setNetworkFeeAccount(a) => call.write(
            Field::NetworkFeeAccount.slot(),
            address_to_word(a.newNetworkFeeAccount),
        ),
        Methods::setInfraFeeAccount(a) => call.write(
            Field::InfraFeeAccount.slot(),
            address_to_word(a.newInfraFeeAccount),
        ),
        Methods::setL1PricePerUnit(a) => set_l1_price(call, a.pricePerUnit),
        Methods::setL2BaseFee(a) => set_base_fee(call, a.priceInWei),
        Methods::setMinimumL2BaseFee(a) => {
            set_base_fee(call, a.priceInWei)?;
            call.write(Field::MinBaseFee.slot(), a.priceInWei)
        }
        Methods::setCalldataPriceIncrease(a) => {
            call.write(Field::CalldataPriceIncrease.slot(), U256::from(a.enable))
        }
        Methods::scheduleArbOSUpgrade(a) if a.newVersion <= ARBOS_VERSION => Ok(()),
        Methods::scheduleArbOSUpgrade(_) => Err(Fault::plain()),
        parameter => set_parameter(call, parameter),
    }
}

/// Removing what is not there is an error.
fn remove(call: &mut Call<'_, '_>, set: AddressSet, member: Address) -> Result<(), Fault> {
    if !set.contains(call, member)? {
        return Err(Fault::plain());
    }
    set.remove(call, member)
}

fn set_l1_price(call: &mut Call<'_, '_>, price: U256) -> Result<(), Fault> {
    if !price.is_zero() {
        return Err(Fault::plain());
    }
    call.write(Field::L1PricePerUnit.slot(), price)
}

/// Takes effect with the next block.
fn set_base_fee(call: &mut Call<'_, '_>, price: U256) -> Result<(), Fault> {
    if price > U256::from(u64::MAX) {
        return Err(Fault::plain());
    }
    call.write(Field::BaseFee.slot(), price)
}

fn set_parameter(call: &mut Call<'_, '_>, method: Methods) -> Result<(), Fault> {
    let slot = Field::StylusParams.slot();
    call.burn(super::arb_wasm::PARAMS_GAS)?;
    let mut params = arbos::stylus_params(call.ctx);
    apply(&mut params, method).ok_or(Fault::plain())?;
    call.write(slot, arbos::pack_params(&params))
}

/// Changes one parameter; `None` if the value is out of its range.
fn apply(params: &mut StylusParams, method: Methods) -> Option<()> {
    match method {
        Methods::setInkPrice(a) if (1..=MAX_INK_PRICE).contains(&a.price) => {
            params.ink_price = a.price;
        }
        Methods::setWasmMaxStackDepth(a) => params.max_stack_depth = a.depth,
        Methods::setWasmFreePages(a) => params.free_pages = a.pages,
        Methods::setWasmPageGas(a) => params.page_gas = a.gas,
        Methods::setWasmPageLimit(a) => params.page_limit = a.limit,
        Methods::setWasmMaxSize(a) => params.max_wasm_size = a.size,
        Methods::setWasmMinInitGas(a) => {
            params.min_init_gas = units(a.gas.into(), MIN_INIT_UNIT);
            params.min_cached_init_gas = units(a.cached.into(), MIN_CACHED_INIT_UNIT);
        }
        Methods::setWasmInitCostScalar(a) => {
            params.init_cost_scalar = units(a.percent, COST_SCALAR_PERCENT);
        }
        Methods::setWasmExpiryDays(a) => params.expiry_days = a.days_,
        Methods::setWasmKeepaliveDays(a) => params.keepalive_days = a.days_,
        Methods::setWasmBlockCacheSize(a) => params.block_cache_size = a.count,
        _ => return None,
    }
    Some(())
}

/// `amount` in units, rounded up, at most 255.
fn units(amount: u64, unit: u64) -> u8 {
    u8::try_from(amount.div_ceil(unit)).unwrap_or(u8::MAX)
}
