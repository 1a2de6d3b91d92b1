//! 256-bit arithmetic and hashing.

use alloy_primitives::{U256, keccak256 as hash};

use super::hostio::{HostResult, Hostio};
use crate::stylus::gas::words;
use crate::stylus::pricing::{
    ADD_MOD_INK, DIV_INK, HOSTIO_INK, KECCAK_BASE_INK, KECCAK_FREE_WORDS, KECCAK_WORD_INK,
    MUL_MOD_INK, POW_BASE_INK, POW_BYTE_INK, PTR_INK,
};

pub(super) fn div(io: &mut Hostio<'_, '_>, value: u32, divisor: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 3 * PTR_INK + DIV_INK)?;
    let (a, b) = (io.read_number(value)?, io.read_number(divisor)?);
    io.write_number(value, a.checked_div(b).unwrap_or_default())
}

pub(super) fn modulo(io: &mut Hostio<'_, '_>, value: u32, modulus: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 3 * PTR_INK + DIV_INK)?;
    let (a, b) = (io.read_number(value)?, io.read_number(modulus)?);
    io.write_number(value, a.checked_rem(b).unwrap_or_default())
}

pub(super) fn pow(io: &mut Hostio<'_, '_>, value: u32, exponent: u32) -> HostResult {
    io.buy_ink(HOSTIO_INK + 3 * PTR_INK)?;
    let (base, exponent) = (io.read_number(value)?, io.read_number(exponent)?);
    // 33 less the leading zero bytes: one more than the bytes the exponent takes.
    io.buy_ink(POW_BASE_INK + POW_BYTE_INK * (exponent.byte_len() as u64 + 1))?;
    io.write_number(value, base.wrapping_pow(exponent))
}

pub(super) fn add_mod(
    io: &mut Hostio<'_, '_>,
    value: u32,
    addend: u32,
    modulus: u32,
) -> HostResult {
    io.buy_ink(HOSTIO_INK + 4 * PTR_INK + ADD_MOD_INK)?;
    let (a, b, m) = three(io, value, addend, modulus)?;
    io.write_number(value, a.add_mod(b, m))
}

pub(super) fn mul_mod(
    io: &mut Hostio<'_, '_>,
    value: u32,
    multiplier: u32,
    modulus: u32,
) -> HostResult {
    io.buy_ink(HOSTIO_INK + 4 * PTR_INK + MUL_MOD_INK)?;
    let (a, b, m) = three(io, value, multiplier, modulus)?;
    io.write_number(value, a.mul_mod(b, m))
}

fn three(io: &Hostio<'_, '_>, a: u32, b: u32, c: u32) -> HostResult<(U256, U256, U256)> {
    Ok((io.read_number(a)?, io.read_number(b)?, io.read_number(c)?))
}

pub(super) fn keccak256(io: &mut Hostio<'_, '_>, input: u32, len: u32, output: u32) -> HostResult {
    let extra = words(u64::from(len)).saturating_sub(KECCAK_FREE_WORDS);
    io.buy_ink(KECCAK_BASE_INK + KECCAK_WORD_INK * extra)?;
    let digest = hash(io.slice(input, len)?);
    io.write(output, digest.as_slice())
}
