//! The passes over a whole module, one function at a time.

use wasm_encoder::CodeSection;
use wasmparser::{Export, ExternalKind, FunctionBody, Operator, ValType};

use super::depth::{DepthChecker, worst_depth};
use super::dynamic::DynamicMeter;
use super::encode;
use super::globals::{AddedGlobals, NAMES};
use super::heap::HeapBound;
use super::ink::InkMeter;
use super::start::{STYLUS_START, move_start};
use crate::stylus::activate::ActivationError;
use crate::stylus::host;
use crate::stylus::module::{Module, rejected};
use crate::stylus::pricing::{MAX_BODY_INSTRUCTIONS, MAX_LOCALS};
use crate::stylus::validate::{ENTRY_POINT, MEMORY};

/// The program's exports that stay on chains without debugging, and of which the VM uses the first two.
const KEPT_EXPORTS: [&str; 3] = [ENTRY_POINT, MEMORY, STYLUS_START];

/// An instrumented module.
#[derive(Clone, Debug)]
pub(crate) struct Instrumented {
    /// Its binary.
    pub(crate) wasm: Vec<u8>,
    /// Instructions over all function bodies.
    pub(crate) instructions: u64,
    /// Exports, those of the added globals included.
    pub(crate) exports: usize,
}

/// Refuses functions that are too large for instrumentation whatever it adds, before anything allocates
/// by their operand stack: with multi-value types a few bytes can push a thousand words.
pub(crate) fn check_depths(module: &Module<'_>) -> Result<(), ActivationError> {
    for body in &module.bodies {
        locals(body)?;
        worst_depth(&operators(body)?, module)?;
    }
    Ok(())
}

/// Runs all passes over a checked `module`.
pub(crate) fn instrument(
    mut module: Module<'_>,
    debug: bool,
) -> Result<Instrumented, ActivationError> {
    move_start(&mut module, debug)?;
    if !debug {
        module
            .exports
            .retain(|export| KEPT_EXPORTS.contains(&export.name));
    }
    let globals = AddedGlobals::add(&mut module);
    let first = globals.ink_left;
    for (name, index) in NAMES.iter().zip(first..) {
        module.exports.push(Export {
            name,
            kind: ExternalKind::Global,
            index,
        });
    }
    let mut code = CodeSection::new();
    let mut instructions = 0;
    for body in &module.bodies {
        let (function, count) = instrument_function(&module, globals, body)?;
        code.function(&function);
        instructions += count;
    }
    let wasm = encode::encode(&module, &code)?;
    Ok(Instrumented {
        wasm,
        instructions,
        exports: module.exports.len(),
    })
}

fn instrument_function(
    module: &Module<'_>,
    globals: AddedGlobals,
    body: &FunctionBody<'_>,
) -> Result<(wasm_encoder::Function, u64), ActivationError> {
    let (locals, declared) = locals(body)?;
    let pay_for_memory_grow = match module.memory_is_fixed()? {
        true => None,
        false => module.import_index(host::VM_HOOKS, host::PAY_FOR_MEMORY_GROW),
    };
    let body = InkMeter {
        globals,
        types: &module.types,
    }
    .apply(operators(body)?)?;
    let body = DynamicMeter { globals }.apply(body);
    let body = DepthChecker { globals, module }.apply(body, declared)?;
    let body = HeapBound {
        globals,
        pay_for_memory_grow,
    }
    .apply(body);
    let count = check_length(body.len())?;
    Ok((encode::function(&locals, body)?, count))
}

/// Groups of declared locals, and their number.
type Locals = (Vec<(u32, ValType)>, u32);

fn locals(body: &FunctionBody<'_>) -> Result<Locals, ActivationError> {
    let mut groups = Vec::new();
    let mut declared = 0u32;
    for group in body.get_locals_reader()? {
        let (count, ty) = group?;
        declared = declared.saturating_add(count);
        groups.push((count, ty));
    }
    if declared > MAX_LOCALS {
        return Err(rejected(format!(
            "a function declares {declared} locals: {MAX_LOCALS} at most"
        )));
    }
    Ok((groups, declared))
}

fn operators<'a>(body: &FunctionBody<'a>) -> Result<Vec<Operator<'a>>, ActivationError> {
    let mut operators = Vec::new();
    for operator in body.get_operators_reader()? {
        operators.push(operator?);
        check_length(operators.len())?;
    }
    Ok(operators)
}

fn check_length(instructions: usize) -> Result<u64, ActivationError> {
    if instructions > MAX_BODY_INSTRUCTIONS {
        return Err(rejected(format!(
            "a function has more than {MAX_BODY_INSTRUCTIONS} instructions after instrumentation"
        )));
    }
    Ok(instructions as u64)
}
