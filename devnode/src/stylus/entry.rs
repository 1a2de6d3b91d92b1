//! Entry and exit of a program's frame: what starting costs, the pages it holds, the floor it pays for
//! its result.
//!
//! Source: Nitro `arbos/programs/programs.go`, `CallProgram`.

use super::activate::ProgramCosts;
use super::api::{EvmApi, Pages};
use super::gas::words;
use super::outcome::{Frame, Outcome};
use super::params::StylusParams;
use super::pricing::{
    COST_SCALAR_PERCENT, MIN_CACHED_INIT_UNIT, MIN_INIT_UNIT, RETURN_QUADRATIC_DIVISOR,
    RETURN_WORD_GAS,
};
use super::program::Program;
use super::run::run;

/// Most pages that the programs of one transaction may hold at once: 128 MiB.
///
/// Nitro has no such bound before ArbOS 59, only a price: past 128 pages it is infinite. The bound
/// bites only where a transaction drove the counter past 128 in a frame that died of it, and keeps
/// such a transaction from exhausting the process. Going over it ends the frame out of gas, as the
/// bound of ArbOS 59 does.
pub const MAX_OPEN_PAGES: u16 = 2_048;

/// Native stack that a thread needs to execute transactions with 1024 nested frames: 256 MiB of address
/// space, of which only what is touched becomes memory.
pub const EXECUTOR_STACK_BYTES: usize = 256 << 20;

/// Gas of starting a program that is not cached, beside [`cached_init_gas`].
pub fn init_gas(costs: &ProgramCosts, params: &StylusParams) -> u64 {
    let least = u64::from(params.min_init_gas) * MIN_INIT_UNIT;
    least + scaled(costs.init, params.init_cost_scalar)
}

/// Gas of starting a cached program.
pub fn cached_init_gas(costs: &ProgramCosts, params: &StylusParams) -> u64 {
    let least = u64::from(params.min_cached_init_gas) * MIN_CACHED_INIT_UNIT;
    least + scaled(costs.cached_init, params.cached_cost_scalar)
}

fn scaled(cost: u16, scalar: u8) -> u64 {
    (u64::from(cost) * u64::from(scalar) * COST_SCALAR_PERCENT).div_ceil(100)
}

/// Runs a program as a call frame does: charges its start and its pages, runs it, applies the floor
/// for its result and gives its pages back.
///
/// The caller has checked that the program is active; `cached` is the flag stored by ArbWasmCache.
/// `costs` are those stored at activation. The outcome says what the EVM is to do with state and gas.
pub fn call_program(
    program: &Program,
    costs: &ProgramCosts,
    cached: bool,
    frame: Frame,
    params: &StylusParams,
    api: &mut dyn EvmApi,
) -> Outcome {
    let before = api.pages();
    let gas = frame.gas;
    let Some(rest) = gas.checked_sub(start_gas(costs, cached, before, params)) else {
        return Outcome::out_of_gas();
    };
    let after = before.with_added(costs.footprint);
    if after.open > MAX_OPEN_PAGES {
        return Outcome::out_of_gas();
    }
    api.set_pages(after);
    let outcome = run(program, &Frame { gas: rest, ..frame }, params, api);
    api.set_pages(Pages {
        open: before.open,
        ..api.pages()
    });
    charge_output(outcome, gas)
}

fn start_gas(costs: &ProgramCosts, cached: bool, pages: Pages, params: &StylusParams) -> u64 {
    // Programs of Stylus version 1 do not pay the cached part on top; none of that version can be
    // active under these parameters.
    let init = if cached { 0 } else { init_gas(costs, params) };
    let start = init + cached_init_gas(costs, params);
    pages.price(costs.footprint, params).saturating_add(start)
}

/// Return data costs at least what an EVM contract would have paid for the memory it comes from.
fn charge_output(outcome: Outcome, frame_gas: u64) -> Outcome {
    let words = words(outcome.output.len() as u64);
    let floor = RETURN_WORD_GAS * words + words * words / RETURN_QUADRATIC_DIVISOR;
    match frame_gas.checked_sub(floor) {
        Some(most) => Outcome {
            gas_left: outcome.gas_left.min(most),
            ..outcome
        },
        None => Outcome::out_of_gas(),
    }
}
