//! The globals that instrumentation adds behind the program's own.

use wasmparser::{GlobalType, Operator, ValType};

use crate::stylus::module::{DefinedGlobal, Module};

/// Number of globals added.
pub(crate) const ADDED: u32 = 4;
/// Export names of the added globals, in order: programs cannot export names that begin like these.
pub(crate) const NAMES: [&str; ADDED as usize] = [
    "stylus_ink_left",
    "stylus_ink_status",
    "stylus_scratch_global",
    "stylus_stack_left",
];

/// Indices of the added globals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddedGlobals {
    /// i64: ink the instance has left.
    pub(crate) ink_left: u32,
    /// i32: 0, or 1 once the ink is exhausted.
    pub(crate) ink_status: u32,
    /// i32: holds an operand while it is priced.
    pub(crate) scratch: u32,
    /// i32: words of virtual stack left.
    pub(crate) stack_left: u32,
}

impl AddedGlobals {
    /// Appends the globals to `module`.
    pub(crate) fn add(module: &mut Module<'_>) -> Self {
        let first = module.globals.len() as u32;
        module
            .globals
            .push(mutable(ValType::I64, Operator::I64Const { value: 0 }));
        for _ in 1..ADDED {
            module
                .globals
                .push(mutable(ValType::I32, Operator::I32Const { value: 0 }));
        }
        Self {
            ink_left: first,
            ink_status: first + 1,
            scratch: first + 2,
            stack_left: first + 3,
        }
    }

    /// Instructions that mark the ink as exhausted and trap.
    pub(super) fn exhaust<'a>(&self) -> [Operator<'a>; 3] {
        [
            Operator::I32Const { value: 1 },
            Operator::GlobalSet {
                global_index: self.ink_status,
            },
            Operator::Unreachable,
        ]
    }
}

fn mutable<'a>(content_type: ValType, init: Operator<'a>) -> DefinedGlobal<'a> {
    DefinedGlobal {
        ty: GlobalType {
            content_type,
            mutable: true,
            shared: false,
        },
        init,
    }
}
