//! Activation: what a module must be, what checking it costs, and what running it will cost.

use thiserror::Error;

use super::params::StylusParams;
use super::program::Program;

/// What activation works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivationParams {
    /// Stylus parameters of the chain.
    pub stylus: StylusParams,
    /// Whether the chain allows debugging: the `console` module and start functions.
    pub debug: bool,
    /// Pages the programs of this transaction hold now.
    pub open_pages: u16,
    /// Gas the activation may use.
    pub gas: u64,
}

/// Costs of a program that the chain stores at activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProgramCosts {
    /// Gas of starting it, before scaling.
    pub init: u16,
    /// Gas of starting it from the cache, before scaling.
    pub cached_init: u16,
    /// Initial memory pages.
    pub footprint: u16,
    /// Estimated bytes of native code; the data fee is paid for these.
    pub asm_bytes: u32,
}

/// A program that passed activation.
#[derive(Clone, Debug)]
pub struct Activated {
    /// The program, ready to run; put it into the [`super::ProgramCache`].
    pub program: Program,
    /// What the chain stores about it.
    pub costs: ProgramCosts,
    /// Gas used by the activation.
    pub gas_used: u64,
}

/// Why a module is not activated. In both cases the caller's gas is used up.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ActivationError {
    /// The gas did not suffice.
    #[error("out of gas during activation: give the transaction more gas")]
    OutOfGas,
    /// The module breaks a rule; the text names it.
    #[error("{0}")]
    Rejected(String),
}

/// Checks, instruments and prices the module `wasm` (decompressed).
///
/// The caller has charged the fixed gas of ArbWasm; this charges what depends on the module.
///
/// # Errors
/// [`ActivationError`] when the module is not acceptable or the gas does not suffice.
pub fn activate(wasm: &[u8], params: &ActivationParams) -> Result<Activated, ActivationError> {
    let _ = (wasm, params);
    unimplemented!("transitional: follows in the next commits of this branch")
}
