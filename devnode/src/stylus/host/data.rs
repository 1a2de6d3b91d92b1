//! Input, output, return data and logs.

use alloy_primitives::{B256, Bytes};

use super::hostio::{Escape, HostResult, Hostio};
use crate::stylus::pricing::{EVM_API_INK, HOSTIO_INK, LOG_BYTE_GAS, LOG_GAS, MAX_LOG_TOPICS};

pub(super) fn read_args(io: &mut Hostio<'_, '_>, ptr: u32) -> HostResult {
    let calldata = &io.frame().calldata;
    io.buy_ink(HOSTIO_INK)?;
    io.pay_for_write(calldata.len())?;
    io.write(ptr, calldata)
}

pub(super) fn write_result(io: &mut Hostio<'_, '_>, ptr: u32, len: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK)?;
    io.pay_for_read(len)?;
    io.pay_for_read(len)?;
    io.host().output = io.read(ptr, len)?;
    Ok(())
}

pub(super) fn exit_early(_: &mut Hostio<'_, '_>, status: u32) -> HostResult {
    Err(Escape::Exit(status))
}

/// The part of `data` that starts at `offset`, at most `size` bytes.
pub(super) fn window(data: &Bytes, offset: u32, size: u32) -> Bytes {
    let start = (offset as usize).min(data.len());
    let end = start.saturating_add(size as usize).min(data.len());
    data.slice(start..end)
}

pub(super) fn read_return_data(
    io: &mut Hostio<'_, '_>,
    dest: u32,
    offset: u32,
    size: u32,
) -> HostResult<u32> {
    io.buy_ink(HOSTIO_INK + EVM_API_INK)?;
    let part = window(&io.host().return_data, offset, size);
    io.pay_for_write(part.len())?;
    if !part.is_empty() {
        io.write(dest, &part)?;
    }
    Ok(part.len() as u32)
}

pub(super) fn return_data_size(io: &mut Hostio<'_, '_>) -> HostResult<u32> {
    io.buy_ink(HOSTIO_INK)?;
    Ok(io.host().return_data.len() as u32)
}

pub(super) fn emit_log(io: &mut Hostio<'_, '_>, ptr: u32, len: u32, topics: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + EVM_API_INK)?;
    if topics > MAX_LOG_TOPICS || len < 32 * topics {
        return Err(Escape::Failure);
    }
    io.pay_for_read(len)?;
    let bytes = u64::from(len - 32 * topics);
    io.buy_gas(LOG_GAS * (1 + u64::from(topics)) + LOG_BYTE_GAS * bytes)?;
    let data = Bytes::from(io.read(ptr, len)?);
    let (head, body) = (
        data.slice(..32 * topics as usize),
        data.slice(32 * topics as usize..),
    );
    let topics = head.chunks_exact(32).map(B256::from_slice).collect();
    Ok(io.host().api.emit_log(topics, body)?)
}
