//! The data fee: what an activation pays for the native code that nodes keep.
//!
//! Source: Nitro `arbos/programs/data_pricer.go`, `util/arbmath/bips.go`.

use alloy_primitives::U256;

use super::{
    super::arbos::Field,
    call::{Call, Fault, READ_GAS},
};

/// Bytes per second by which demand falls: 2^40 bytes over a year of 8760 hours, an eighth of that.
const BYTES_PER_SECOND: u64 = 34_865;
/// Lowest price of a byte, in wei.
const MIN_PRICE: u64 = 82_928_201;
/// Demand at which the price has grown e-fold, in bytes.
const INERTIA: u64 = 21_360_419;
/// One in basis points.
const ONE_BIPS: i64 = 10_000;
/// Terms of the exponential's series.
const TERMS: i64 = 12;

/// Counts `bytes` of new native code and returns their fee in wei.
pub(super) fn charge(call: &mut Call<'_, '_>, bytes: u32) -> Result<U256, Fault> {
    let demand: u64 = call.read(Field::DataDemand.slot())?.saturating_to();
    let last: u64 = call.read(Field::DataUpdateTime.slot())?.saturating_to();
    // ArbOS also keeps the rate, the lowest price and the inertia in its state; here they are constants.
    call.burn(3 * READ_GAS)?;
    let now = call.now();
    let demand = demand_after(demand, now.saturating_sub(last), bytes);
    call.write(Field::DataDemand.slot(), U256::from(demand))?;
    call.write(Field::DataUpdateTime.slot(), U256::from(now))?;
    Ok(U256::from(fee(demand, bytes)))
}

/// Demand after it fell for `passed` seconds and rose by `bytes`. All amounts saturate at 32 bits.
fn demand_after(demand: u64, passed: u64, bytes: u32) -> u64 {
    let limit = u64::from(u32::MAX);
    let credit = (BYTES_PER_SECOND * passed.min(limit)).min(limit);
    (demand.saturating_sub(credit) + u64::from(bytes)).min(limit)
}

fn fee(demand: u64, bytes: u32) -> u64 {
    let exponent = (ONE_BIPS as u64 * demand / INERTIA) as i64;
    let multiplier = exp_bips(exponent) as u64;
    let per_byte = MIN_PRICE.saturating_mul(multiplier) / ONE_BIPS as u64;
    per_byte.saturating_mul(u64::from(bytes))
}

/// `10000 · e^(x / 10000)` by Horner's rule over the series of the exponential.
fn exp_bips(x: i64) -> i64 {
    let last = ONE_BIPS.saturating_add(x / TERMS);
    (1..TERMS).rev().fold(last, |sum, term| {
        ONE_BIPS.saturating_add(sum.saturating_mul(x) / (term * ONE_BIPS))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the formula: 514,214 bytes on a fresh chain.
    #[test]
    fn first_activation_of_a_fresh_chain() {
        let demand = demand_after(0, 1 << 30, 514_214);
        assert_eq!(ONE_BIPS as u64 * demand / INERTIA, 240);
        assert_eq!(exp_bips(240), 10_242);
        assert_eq!(fee(demand, 514_214), 43_674_798_485_482);
    }

    #[test]
    fn demand_falls_with_time() {
        assert_eq!(demand_after(1_000_000, 10, 0), 1_000_000 - 348_650);
        assert_eq!(demand_after(1_000, 10, 5), 5);
        assert_eq!(demand_after(u64::from(u32::MAX), 0, 7), u64::from(u32::MAX));
    }
}
