//! Calls and creations.

use alloy_primitives::{Address, B256, Bytes, U256};

use super::hostio::{HostResult, Hostio};
use crate::stylus::api::{CallKind, CallRequest, CreateRequest};
use crate::stylus::pricing::{EVM_API_INK, HOSTIO_INK, PTR_INK};

/// What the three calls take alike: pointers, and the gas the program asks for.
struct Arguments {
    target: u32,
    input: u32,
    len: u32,
    /// Pointer of the value, if the call sends one.
    value: Option<u32>,
    gas: u64,
    return_len: u32,
}

/// Result of a call that ended well.
const SUCCESS: u32 = 0;
/// Result of a call that did not.
const FAILURE: u32 = 2;

pub(super) fn call_contract(
    io: &mut Hostio<'_, '_>,
    target: u32,
    input: u32,
    len: u32,
    value: u32,
    gas: u64,
    return_len: u32,
) -> HostResult<u32> {
    let value = Some(value);
    call(
        io,
        CallKind::Call,
        Arguments {
            target,
            input,
            len,
            value,
            gas,
            return_len,
        },
    )
}

pub(super) fn delegate_call_contract(
    io: &mut Hostio<'_, '_>,
    target: u32,
    input: u32,
    len: u32,
    gas: u64,
    return_len: u32,
) -> HostResult<u32> {
    let value = None;
    call(
        io,
        CallKind::Delegate,
        Arguments {
            target,
            input,
            len,
            value,
            gas,
            return_len,
        },
    )
}

pub(super) fn static_call_contract(
    io: &mut Hostio<'_, '_>,
    target: u32,
    input: u32,
    len: u32,
    gas: u64,
    return_len: u32,
) -> HostResult<u32> {
    let value = None;
    call(
        io,
        CallKind::Static,
        Arguments {
            target,
            input,
            len,
            value,
            gas,
            return_len,
        },
    )
}

fn call(io: &mut Hostio<'_, '_>, kind: CallKind, arguments: Arguments) -> HostResult<u32> {
    let Arguments {
        target,
        input,
        len,
        value,
        gas,
        return_len,
    } = arguments;
    io.buy_ink(HOSTIO_INK + 3 * PTR_INK + EVM_API_INK)?;
    io.pay_for_read(len)?;
    io.pay_for_read(len)?;
    let gas_left = io.gas_left();
    let request = CallRequest {
        kind,
        target: io.read_address(target)?,
        calldata: Bytes::from(io.read(input, len)?),
        value: value.map_or(Ok(U256::ZERO), |ptr| io.read_number(ptr))?,
        gas_left,
        gas_requested: gas.min(gas_left),
    };
    let outcome = io.host().api.call(request);
    io.buy_gas(outcome.gas_cost)?;
    io.write_length(return_len, outcome.return_data.len())?;
    io.host().return_data = outcome.return_data;
    Ok(if outcome.success { SUCCESS } else { FAILURE })
}

pub(super) fn create1(
    io: &mut Hostio<'_, '_>,
    code: u32,
    len: u32,
    endowment: u32,
    contract: u32,
    revert_len: u32,
) -> HostResult {
    io.buy_ink(HOSTIO_INK + 3 * PTR_INK + EVM_API_INK)?;
    pay_for_code(io, len)?;
    let init_code = io.read(code, len)?;
    let endowment = io.read_number(endowment)?;
    create(io, init_code, endowment, None, contract, revert_len)
}

pub(super) fn create2(
    io: &mut Hostio<'_, '_>,
    code: u32,
    len: u32,
    endowment: u32,
    salt: u32,
    contract: u32,
    revert_len: u32,
) -> HostResult {
    io.buy_ink(HOSTIO_INK + 4 * PTR_INK + EVM_API_INK)?;
    pay_for_code(io, len)?;
    let init_code = io.read(code, len)?;
    let endowment = io.read_number(endowment)?;
    let salt = io.read_word(salt)?;
    create(io, init_code, endowment, Some(salt), contract, revert_len)
}

fn pay_for_code(io: &mut Hostio<'_, '_>, len: u32) -> HostResult {
    io.pay_for_read(len)?;
    io.pay_for_read(len)
}

fn create(
    io: &mut Hostio<'_, '_>,
    init_code: Vec<u8>,
    endowment: U256,
    salt: Option<B256>,
    contract: u32,
    revert_len: u32,
) -> HostResult {
    let gas_left = io.gas_left();
    let request = CreateRequest {
        init_code: Bytes::from(init_code),
        endowment,
        salt,
        gas_left,
    };
    let outcome = io.host().api.create(request)?;
    io.buy_gas(outcome.gas_cost)?;
    io.write(
        contract,
        outcome.address.unwrap_or(Address::ZERO).as_slice(),
    )?;
    io.write_length(revert_len, outcome.return_data.len())?;
    io.host().return_data = outcome.return_data;
    Ok(())
}
