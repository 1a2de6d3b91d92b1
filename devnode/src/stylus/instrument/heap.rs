//! Fifth pass: `memory.grow` pays for its pages before it runs.
//!
//! Source: Nitro `crates/prover/src/programs/heap.rs`.

use wasmparser::Operator;

use super::globals::AddedGlobals;

/// Calls the host function that charges for pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeapBound {
    pub(super) globals: AddedGlobals,
    /// Function index of `pay_for_memory_grow`; `None` when memory can never grow.
    pub(super) pay_for_memory_grow: Option<u32>,
}

impl HeapBound {
    /// Puts a payment before each `memory.grow` of `body`.
    pub(super) fn apply<'a>(&self, body: Vec<Operator<'a>>) -> Vec<Operator<'a>> {
        let Some(function_index) = self.pay_for_memory_grow else {
            return body;
        };
        let scratch = self.globals.scratch;
        let mut bound = Vec::with_capacity(body.len());
        for operator in body {
            if matches!(operator, Operator::MemoryGrow { .. }) {
                bound.extend([
                    Operator::GlobalSet {
                        global_index: scratch,
                    },
                    Operator::GlobalGet {
                        global_index: scratch,
                    },
                    Operator::GlobalGet {
                        global_index: scratch,
                    },
                    Operator::Call { function_index },
                ]);
            }
            bound.push(operator);
        }
        bound
    }
}
