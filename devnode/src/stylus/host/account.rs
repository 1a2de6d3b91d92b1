//! Balances and code of accounts.

use alloy_primitives::{Address, Bytes};

use super::data::window;
use super::hostio::{HostResult, Hostio};
use crate::stylus::pricing::{COLD_ACCOUNT_GAS, EVM_API_INK, HOSTIO_INK, PTR_INK};

pub(super) fn balance(io: &mut Hostio<'_, '_>, address: u32, dest: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 2 * PTR_INK + EVM_API_INK)?;
    io.require_gas(COLD_ACCOUNT_GAS)?;
    let address = io.read_address(address)?;
    let (balance, gas) = io.host().api.account_balance(address);
    io.buy_gas(gas)?;
    io.write_number(dest, balance)
}

pub(super) fn code(
    io: &mut Hostio<'_, '_>,
    address: u32,
    offset: u32,
    size: u32,
    dest: u32,
) -> HostResult<u32> {
    io.buy_ink(HOSTIO_INK + EVM_API_INK)?;
    io.require_gas(COLD_ACCOUNT_GAS)?;
    let address = io.read_address(address)?;
    let code = load_code(io, address)?;
    io.pay_for_write(code.len())?;
    let part = window(&code, offset, size);
    io.write(dest, &part)?;
    Ok(part.len() as u32)
}

pub(super) fn code_size(io: &mut Hostio<'_, '_>, address: u32) -> HostResult<u32> {
    io.buy_ink(HOSTIO_INK + EVM_API_INK)?;
    io.require_gas(COLD_ACCOUNT_GAS)?;
    let address = io.read_address(address)?;
    Ok(load_code(io, address)?.len() as u32)
}

/// The code of an account; the last one that was not empty is free.
fn load_code(io: &mut Hostio<'_, '_>, address: Address) -> HostResult<Bytes> {
    let gas_left = io.gas_left();
    let host = io.host();
    if let Some((last, code)) = &host.last_code
        && *last == address
    {
        return Ok(code.clone());
    }
    let (code, gas) = host.api.account_code(address, gas_left);
    io.buy_gas(gas)?;
    if !code.is_empty() {
        io.host().last_code = Some((address, code.clone()));
    }
    Ok(code)
}

pub(super) fn codehash(io: &mut Hostio<'_, '_>, address: u32, dest: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 2 * PTR_INK + EVM_API_INK)?;
    io.require_gas(COLD_ACCOUNT_GAS)?;
    let address = io.read_address(address)?;
    let (hash, gas) = io.host().api.account_codehash(address);
    io.buy_gas(gas)?;
    io.write(dest, hash.as_slice())
}
