//! Printing, on chains that allow debugging. Costs no ink, so it is bounded otherwise.

use super::hostio::{HostResult, Hostio};

/// Most lines one program instance prints; the rest is dropped.
const MAX_LINES: u32 = 1_000;
/// Most bytes of a line; the rest is cut off.
const MAX_LINE_BYTES: u32 = 4_096;

pub(super) fn log_txt(io: &mut Hostio<'_, '_>, ptr: u32, len: u32) -> HostResult {
    io.slice(ptr, len)?;
    // The line is not made in vain: a program may call this as often as its ink allows.
    if is_full(io) {
        return Ok(());
    }
    let text = io.slice(ptr, len.min(MAX_LINE_BYTES))?;
    let line = String::from_utf8_lossy(text).into_owned();
    print(io, || line)
}

pub(super) fn log_i32(io: &mut Hostio<'_, '_>, value: u32) -> HostResult {
    print(io, || (value as i32).to_string())
}

pub(super) fn log_i64(io: &mut Hostio<'_, '_>, value: u64) -> HostResult {
    print(io, || (value as i64).to_string())
}

pub(super) fn log_f32(io: &mut Hostio<'_, '_>, value: f32) -> HostResult {
    print(io, || value.to_string())
}

pub(super) fn log_f64(io: &mut Hostio<'_, '_>, value: f64) -> HostResult {
    print(io, || value.to_string())
}

pub(super) fn tee_i32(io: &mut Hostio<'_, '_>, value: u32) -> HostResult<u32> {
    log_i32(io, value).map(|()| value)
}

pub(super) fn tee_i64(io: &mut Hostio<'_, '_>, value: u64) -> HostResult<u64> {
    log_i64(io, value).map(|()| value)
}

pub(super) fn tee_f32(io: &mut Hostio<'_, '_>, value: f32) -> HostResult<f32> {
    log_f32(io, value).map(|()| value)
}

pub(super) fn tee_f64(io: &mut Hostio<'_, '_>, value: f64) -> HostResult<f64> {
    log_f64(io, value).map(|()| value)
}

fn print(io: &mut Hostio<'_, '_>, line: impl FnOnce() -> String) -> HostResult {
    if !is_full(io) {
        let host = io.host();
        host.console_lines += 1;
        host.api.console(&line());
    }
    Ok(())
}

/// Whether the instance has printed all it may.
fn is_full(io: &mut Hostio<'_, '_>) -> bool {
    io.host().console_lines >= MAX_LINES
}
