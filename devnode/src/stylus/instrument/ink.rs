//! Second pass: every basic block pays for itself before it runs.
//!
//! Source of the block rule: Nitro `crates/prover/src/programs/meter.rs`.

use wasmparser::{BlockType, FuncType, Operator};

use super::globals::AddedGlobals;
use super::prices::price;
use crate::stylus::activate::ActivationError;
use crate::stylus::pricing::op;

/// Meters the ink of each basic block.
#[derive(Clone, Copy, Debug)]
pub(super) struct InkMeter<'m> {
    pub(super) globals: AddedGlobals,
    pub(super) types: &'m [FuncType],
}

impl InkMeter<'_> {
    /// Puts a payment before each block of `body`.
    pub(super) fn apply<'a>(
        &self,
        body: Vec<Operator<'a>>,
    ) -> Result<Vec<Operator<'a>>, ActivationError> {
        let mut metered = Vec::with_capacity(body.len() * 2);
        let mut block = Vec::new();
        let mut cost = op::BLOCK;
        for operator in body {
            cost = cost.saturating_add(price(&operator, self.types)?);
            let ends = ends_block(&operator);
            block.push(operator);
            if ends {
                metered.extend(self.payment(cost));
                metered.append(&mut block);
                cost = op::BLOCK;
            }
        }
        // A body ends with `end`, which ends the last block.
        Ok(metered)
    }

    fn payment<'a>(&self, cost: u64) -> impl Iterator<Item = Operator<'a>> {
        let ink = self.globals.ink_left;
        let cost = Operator::I64Const { value: cost as i64 };
        let test = [
            Operator::GlobalGet { global_index: ink },
            cost.clone(),
            Operator::I64LtU,
            Operator::If {
                blockty: BlockType::Empty,
            },
        ];
        let pay = [
            Operator::End,
            Operator::GlobalGet { global_index: ink },
            cost,
            Operator::I64Sub,
            Operator::GlobalSet { global_index: ink },
        ];
        test.into_iter().chain(self.globals.exhaust()).chain(pay)
    }
}

/// Whether a basic block ends with this instruction.
fn ends_block(operator: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        operator,
        End | Else
            | Return
            | Loop { .. }
            | Br { .. }
            | BrIf { .. }
            | BrTable { .. }
            | If { .. }
            | Call { .. }
            | CallIndirect { .. }
    )
}
