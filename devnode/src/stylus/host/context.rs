//! What a frame can know of its block, its transaction and its message.

use super::hostio::{HostResult, Hostio};
use crate::stylus::pricing::{HOSTIO_INK, PTR_INK};

/// Price of a function that writes one value.
const WRITES_ONE: u64 = HOSTIO_INK + PTR_INK;

pub(super) fn evm_gas_left(io: &mut Hostio<'_, '_>) -> HostResult<u64> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(io.gas_left())
}

pub(super) fn evm_ink_left(io: &mut Hostio<'_, '_>) -> HostResult<u64> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(io.ink_left())
}

pub(super) fn block_basefee(io: &mut Hostio<'_, '_>, dest: u32) -> HostResult {
    io.buy_ink(WRITES_ONE)?;
    io.write_number(dest, io.environment().block_basefee)
}

pub(super) fn block_coinbase(io: &mut Hostio<'_, '_>, dest: u32) -> HostResult {
    io.buy_ink(WRITES_ONE)?;
    io.write(dest, io.environment().block_coinbase.as_slice())
}

pub(super) fn block_gas_limit(io: &mut Hostio<'_, '_>) -> HostResult<u64> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(io.environment().block_gas_limit)
}

pub(super) fn block_number(io: &mut Hostio<'_, '_>) -> HostResult<u64> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(io.environment().block_number)
}

pub(super) fn block_timestamp(io: &mut Hostio<'_, '_>) -> HostResult<u64> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(io.environment().block_timestamp)
}

pub(super) fn chainid(io: &mut Hostio<'_, '_>) -> HostResult<u64> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(io.environment().chain_id)
}

pub(super) fn contract_address(io: &mut Hostio<'_, '_>, dest: u32) -> HostResult {
    io.buy_ink(WRITES_ONE)?;
    io.write(dest, io.environment().contract_address.as_slice())
}

pub(super) fn msg_reentrant(io: &mut Hostio<'_, '_>) -> HostResult<u32> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(u32::from(io.environment().msg_reentrant))
}

pub(super) fn msg_sender(io: &mut Hostio<'_, '_>, dest: u32) -> HostResult {
    io.buy_ink(WRITES_ONE)?;
    io.write(dest, io.environment().msg_sender.as_slice())
}

pub(super) fn msg_value(io: &mut Hostio<'_, '_>, dest: u32) -> HostResult {
    io.buy_ink(WRITES_ONE)?;
    io.write_number(dest, io.environment().msg_value)
}

pub(super) fn tx_gas_price(io: &mut Hostio<'_, '_>, dest: u32) -> HostResult {
    io.buy_ink(WRITES_ONE)?;
    io.write_number(dest, io.environment().tx_gas_price)
}

pub(super) fn tx_ink_price(io: &mut Hostio<'_, '_>) -> HostResult<u32> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(io.host().params.ink_price)
}

pub(super) fn tx_origin(io: &mut Hostio<'_, '_>, dest: u32) -> HostResult {
    io.buy_ink(WRITES_ONE)?;
    io.write(dest, io.environment().tx_origin.as_slice())
}
