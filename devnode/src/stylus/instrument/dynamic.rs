//! Third pass: `memory.fill` and `memory.copy` pay for every byte before they run.
//!
//! Source: Nitro `crates/prover/src/programs/dynamic.rs`.

use wasmparser::{BlockType, Operator};

use super::globals::AddedGlobals;
use crate::stylus::pricing::BULK_BYTE_INK;

/// Meters the length of bulk memory instructions.
#[derive(Clone, Copy, Debug)]
pub(super) struct DynamicMeter {
    pub(super) globals: AddedGlobals,
}

impl DynamicMeter {
    /// Puts a payment before each bulk instruction of `body`.
    pub(super) fn apply<'a>(&self, body: Vec<Operator<'a>>) -> Vec<Operator<'a>> {
        let mut metered = Vec::with_capacity(body.len());
        for operator in body {
            if matches!(
                operator,
                Operator::MemoryFill { .. } | Operator::MemoryCopy { .. }
            ) {
                metered.extend(self.payment());
            }
            metered.push(operator);
        }
        metered
    }

    /// Takes the length from the stack and leaves it there.
    fn payment<'a>(&self) -> impl Iterator<Item = Operator<'a>> {
        let AddedGlobals {
            ink_left, scratch, ..
        } = self.globals;
        let get_ink = Operator::GlobalGet {
            global_index: ink_left,
        };
        let get_length = Operator::GlobalGet {
            global_index: scratch,
        };
        let keep_length = [
            Operator::GlobalSet {
                global_index: scratch,
            },
            get_ink.clone(),
        ];
        let subtract = [
            get_ink.clone(),
            get_length.clone(),
            Operator::I64ExtendI32U,
            Operator::I64Const {
                value: BULK_BYTE_INK as i64,
            },
            Operator::I64Mul,
            Operator::I64Sub,
            Operator::GlobalSet {
                global_index: ink_left,
            },
        ];
        // The ink before is still on the stack: an underflow made the rest larger.
        let test = [
            get_ink,
            Operator::I64LtU,
            Operator::If {
                blockty: BlockType::Empty,
            },
        ];
        let restore = [Operator::End, get_length];
        keep_length
            .into_iter()
            .chain(subtract)
            .chain(test)
            .chain(self.globals.exhaust())
            .chain(restore)
    }
}
