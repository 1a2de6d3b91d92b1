//! Activation: what checking a module costs, and what running it will cost.
//!
//! Source: Nitro `crates/prover/src/programs/mod.rs` (gas) and `crates/prover/src/binary.rs` (predicted
//! costs).

use thiserror::Error;

use super::module::{Module, rejected};
use super::params::StylusParams;
use super::pricing::{
    ACTIVATION_FUNCTION, ACTIVATION_GAS_PER_MICROSECOND, ACTIVATION_INSTRUCTION, ACTIVATION_PAGE,
    ACTIVATION_SEGMENT, ACTIVATION_WASM, ASM_BASE, ASM_FUNCTION, ASM_TYPE, ASM_WASM,
    CACHED_FUNCTION, CACHED_GLOBAL, CACHED_PAGE, CACHED_SEGMENT, CACHED_TYPE, CACHED_WASM,
    INIT_FUNCTION, INIT_TYPE, INIT_WASM,
};
use super::program::{Program, prepare};

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
    if wasm.len() > params.stylus.max_wasm_size as usize {
        return Err(rejected(format!(
            "the program has {} bytes: {} at most",
            wasm.len(),
            params.stylus.max_wasm_size
        )));
    }
    let limit = params.stylus.page_limit.saturating_sub(params.open_pages);
    let prepared = prepare(wasm, params.debug, limit)?;
    let gas_used = prepared.size.activation_gas();
    if gas_used > params.gas {
        return Err(ActivationError::OutOfGas);
    }
    let costs = prepared.size.costs()?;
    Ok(Activated {
        program: prepared.compile()?,
        costs,
        gas_used,
    })
}

/// The measures of a module that its costs depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModuleSize {
    wasm: u64,
    functions: u64,
    /// Parameters and results over all defined functions.
    signatures: u64,
    globals: u64,
    pages: u64,
    /// Payload of data segments.
    data: u64,
    /// Encoded bytes of data segments.
    encoded_data: u64,
    /// Encoded bytes of element segments.
    encoded_elements: u64,
    instructions: u64,
}

impl ModuleSize {
    /// Measures a checked `module` before instrumentation, which adds `added_globals` and makes
    /// `instructions` of its bodies.
    pub(crate) fn measure(module: &Module<'_>) -> Result<Self, ActivationError> {
        let signature = |index: &u32| {
            let ty = module.types.get(*index as usize);
            ty.map_or(0, |ty| ty.params().len() + ty.results().len()) as u64
        };
        Ok(Self {
            wasm: module.wasm_len as u64,
            functions: module.functions.len() as u64,
            signatures: module.functions.iter().map(signature).sum(),
            globals: module.globals.len() as u64,
            pages: module.memory()?.initial,
            data: module
                .data
                .iter()
                .map(|segment| segment.bytes.len() as u64)
                .sum(),
            encoded_data: module
                .data
                .iter()
                .map(|segment| segment.encoded_len as u64)
                .sum(),
            encoded_elements: module.elements.iter().map(|s| s.encoded_len as u64).sum(),
            instructions: 0,
        })
    }

    /// The size after instrumentation.
    pub(crate) fn instrumented(self, instructions: u64, added_globals: u64) -> Self {
        Self {
            instructions,
            globals: self.globals + added_globals,
            ..self
        }
    }

    /// Gas of activation that depends on the module.
    fn activation_gas(&self) -> u64 {
        let microseconds = share(self.wasm, ACTIVATION_WASM)
            + share(self.functions, ACTIVATION_FUNCTION)
            + share(self.data, ACTIVATION_SEGMENT)
            + share(self.encoded_elements, ACTIVATION_SEGMENT)
            + share(self.pages, ACTIVATION_PAGE)
            + share(self.instructions, ACTIVATION_INSTRUCTION);
        ACTIVATION_GAS_PER_MICROSECOND * microseconds
    }

    fn costs(&self) -> Result<ProgramCosts, ActivationError> {
        Ok(ProgramCosts {
            init: fit("start cost", self.init())?,
            cached_init: fit("cached start cost", self.cached_init())?,
            footprint: fit("initial memory", self.pages)?,
            asm_bytes: fit("estimated native code", self.asm())?,
        })
    }

    fn asm(&self) -> u64 {
        ASM_BASE
            + share(self.functions, ASM_FUNCTION)
            + share(self.signatures, ASM_TYPE)
            + share(self.wasm, ASM_WASM)
    }

    fn cached_init(&self) -> u64 {
        share(self.functions, CACHED_FUNCTION)
            + share(self.signatures, CACHED_TYPE)
            + share(self.wasm, CACHED_WASM)
            + share(self.globals, CACHED_GLOBAL)
            + share(self.encoded_data + self.encoded_elements, CACHED_SEGMENT)
            + share(self.pages, CACHED_PAGE)
    }

    fn init(&self) -> u64 {
        share(self.functions, INIT_FUNCTION)
            + share(self.signatures, INIT_TYPE)
            + share(self.wasm, INIT_WASM)
    }
}

fn share(count: u64, (numerator, denominator): (u64, u64)) -> u64 {
    count * numerator / denominator
}

fn fit<T: TryFrom<u64>>(what: &str, value: u64) -> Result<T, ActivationError> {
    T::try_from(value).map_err(|_| {
        rejected(format!(
            "the {what} of the program, {value}, is too large: make it smaller"
        ))
    })
}
