//! Storage and transient storage.

use super::hostio::{Escape, HostResult, Hostio};
use crate::stylus::api::FlushStatus;
use crate::stylus::pricing::{
    COLD_SLOAD_GAS, EVM_API_INK, HOSTIO_INK, PTR_INK, SSTORE_SENTRY_GAS,
    STORAGE_CACHE_REQUIRED_GAS, TRANSIENT_GAS,
};

pub(super) fn load(io: &mut Hostio<'_, '_>, key: u32, dest: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 2 * PTR_INK)?;
    let api_gas = io.evm_api_gas();
    io.require_gas(COLD_SLOAD_GAS + STORAGE_CACHE_REQUIRED_GAS + api_gas)?;
    let key = io.read_word(key)?;
    let host = io.host();
    let surcharge = host.storage.count_read();
    let (value, gas) = match host.storage.get(&key) {
        Some(value) => (value, surcharge),
        None => {
            let (value, gas) = host.api.storage_load(key);
            host.storage.loaded(key, value);
            (value, gas.saturating_add(surcharge + api_gas))
        }
    };
    io.buy_gas(gas)?;
    io.write(dest, value.as_slice())
}

pub(super) fn cache(io: &mut Hostio<'_, '_>, key: u32, value: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 2 * PTR_INK)?;
    io.require_gas(SSTORE_SENTRY_GAS + STORAGE_CACHE_REQUIRED_GAS)?;
    let (key, value) = (io.read_word(key)?, io.read_word(value)?);
    let surcharge = io.host().storage.count_write();
    io.buy_gas(surcharge)?;
    io.host().storage.set(key, value);
    Ok(())
}

pub(super) fn flush(io: &mut Hostio<'_, '_>, clear: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + EVM_API_INK)?;
    io.require_gas(SSTORE_SENTRY_GAS)?;
    let gas_left = io.gas_left();
    let host = io.host();
    let dirty = host.storage.take_dirty(clear != 0);
    if dirty.is_empty() {
        return Ok(());
    }
    let flush = host.api.storage_flush(&dirty, gas_left);
    io.buy_gas(flush.gas_cost)?;
    match flush.status {
        FlushStatus::Written => Ok(()),
        FlushStatus::OutOfGas => io.exhaust(),
        FlushStatus::WriteProtected => Err(Escape::Failure),
    }
}

pub(super) fn transient_load(io: &mut Hostio<'_, '_>, key: u32, dest: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 2 * PTR_INK + EVM_API_INK)?;
    io.buy_gas(TRANSIENT_GAS)?;
    let key = io.read_word(key)?;
    let value = io.host().api.transient_load(key);
    io.write(dest, value.as_slice())
}

pub(super) fn transient_store(io: &mut Hostio<'_, '_>, key: u32, value: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 2 * PTR_INK + EVM_API_INK)?;
    io.buy_gas(TRANSIENT_GAS)?;
    let (key, value) = (io.read_word(key)?, io.read_word(value)?);
    Ok(io.host().api.transient_store(key, value)?)
}
