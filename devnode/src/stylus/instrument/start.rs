//! First pass: the start function becomes an export that nobody calls.
//!
//! Source: Nitro `crates/prover/src/programs/start.rs`.

use wasmparser::{Export, ExternalKind};

use crate::stylus::activate::ActivationError;
use crate::stylus::module::{Module, rejected};

/// Export name of a moved start function.
pub(super) const STYLUS_START: &str = "stylus_start";

/// Moves the start function of `module`; chains without debugging accept none.
pub(super) fn move_start(module: &mut Module<'_>, debug: bool) -> Result<(), ActivationError> {
    let Some(index) = module.start.take() else {
        return Ok(());
    };
    if !debug {
        return Err(rejected(
            "start functions are not allowed: move the code to the entry point",
        ));
    }
    module.exports.push(Export {
        name: STYLUS_START,
        kind: ExternalKind::Func,
        index,
    });
    Ok(())
}
