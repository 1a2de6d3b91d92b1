//! Fourth pass: every call takes its frame from a virtual stack.
//!
//! Source: Nitro `crates/prover/src/programs/depth.rs`. The depth is the one Nitro simulates, which is
//! not quite that of the wasm specification; and a branch to the function's outermost label leaves the
//! frame without giving it back, as in Nitro.

use wasmparser::{BlockType, FuncType, Operator};

use super::globals::AddedGlobals;
use crate::stylus::activate::ActivationError;
use crate::stylus::module::{Module, rejected};
use crate::stylus::pricing::{FRAME_OVERHEAD, MAX_FRAME_SIZE, MAX_OPERAND_DEPTH};

/// Bounds the depth of calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct DepthChecker<'m, 'a> {
    pub(super) globals: AddedGlobals,
    pub(super) module: &'m Module<'a>,
}

impl DepthChecker<'_, '_> {
    /// Lets `body`, a function with `locals` declared locals, take its frame at entry and give it back
    /// before every `return`; its end becomes a `return`.
    pub(super) fn apply<'a>(
        &self,
        body: Vec<Operator<'a>>,
        locals: u32,
    ) -> Result<Vec<Operator<'a>>, ActivationError> {
        let size = frame_size(worst_depth(&body, self.module)?, locals)?;
        let mut checked = Vec::with_capacity(body.len() + 32);
        checked.extend(self.take(size));
        let last = body.len().saturating_sub(1);
        for (position, operator) in body.into_iter().enumerate() {
            let is_return = matches!(operator, Operator::Return);
            if is_return || position == last {
                checked.extend(self.give_back(size));
            }
            if position == last && !is_return {
                checked.push(Operator::Return);
            }
            checked.push(operator);
        }
        Ok(checked)
    }

    fn take<'a>(&self, size: i32) -> [Operator<'a>; 12] {
        let global_index = self.globals.stack_left;
        [
            Operator::GlobalGet { global_index },
            Operator::I32Const { value: size },
            Operator::I32LeU,
            Operator::If {
                blockty: BlockType::Empty,
            },
            Operator::I32Const { value: 0 },
            Operator::GlobalSet { global_index },
            Operator::Unreachable,
            Operator::End,
            Operator::GlobalGet { global_index },
            Operator::I32Const { value: size },
            Operator::I32Sub,
            Operator::GlobalSet { global_index },
        ]
    }

    fn give_back<'a>(&self, size: i32) -> [Operator<'a>; 4] {
        let global_index = self.globals.stack_left;
        [
            Operator::GlobalGet { global_index },
            Operator::I32Const { value: size },
            Operator::I32Add,
            Operator::GlobalSet { global_index },
        ]
    }
}

/// Words of a frame: operands, declared locals and a fixed part.
fn frame_size(worst: u32, locals: u32) -> Result<i32, ActivationError> {
    let size = worst.saturating_add(locals).saturating_add(FRAME_OVERHEAD);
    if size > MAX_FRAME_SIZE {
        return Err(rejected(format!(
            "a frame of {size} words is too large: {MAX_FRAME_SIZE} at most"
        )));
    }
    Ok(size as i32)
}

/// The most words the operand stack of `body` may hold.
///
/// # Errors
/// [`ActivationError::Rejected`] past [`MAX_OPERAND_DEPTH`].
pub(super) fn worst_depth(
    body: &[Operator<'_>],
    module: &Module<'_>,
) -> Result<u32, ActivationError> {
    let mut depth = Depth {
        now: 0,
        worst: 0,
        scopes: vec![0],
    };
    for operator in body {
        depth.step(operator, module);
        if depth.worst > MAX_OPERAND_DEPTH {
            return Err(rejected(format!(
                "a function needs more than {MAX_OPERAND_DEPTH} words of operand stack"
            )));
        }
    }
    Ok(depth.worst)
}

/// The simulated operand stack.
struct Depth {
    now: u32,
    worst: u32,
    scopes: Vec<u32>,
}

impl Depth {
    fn push(&mut self, count: usize) {
        self.now = self.now.saturating_add(count as u32);
        self.worst = self.worst.max(self.now);
    }

    fn pop(&mut self, count: usize) {
        self.now = self.now.saturating_sub(count as u32);
    }

    /// Results first, parameters second: the order Nitro has.
    fn apply_type(&mut self, ty: Option<&FuncType>) {
        if let Some(ty) = ty {
            self.push(ty.results().len());
            self.pop(ty.params().len());
        }
    }

    fn enter(&mut self, block: BlockType, module: &Module<'_>) {
        match block {
            BlockType::Empty => {}
            BlockType::Type(_) => self.push(1),
            BlockType::FuncType(index) => self.apply_type(module.types.get(index as usize)),
        }
        self.scopes.push(self.now);
    }

    fn step(&mut self, operator: &Operator<'_>, module: &Module<'_>) {
        use Operator::*;
        match operator {
            Block { blockty } | Loop { blockty } => self.enter(*blockty, module),
            If { blockty } => {
                self.pop(1);
                self.enter(*blockty, module);
            }
            Else => self.now = self.scopes.last().copied().unwrap_or_default(),
            End => self.now = self.scopes.pop().unwrap_or_default(),
            Call { function_index } => self.apply_type(module.function_type(*function_index)),
            CallIndirect { type_index, .. } => {
                self.apply_type(module.types.get(*type_index as usize));
                self.pop(1);
            }
            other => match effect(other) {
                Effect::Push => self.push(1),
                Effect::Pop(count) => self.pop(count),
                Effect::None => {}
            },
        }
    }
}

enum Effect {
    Push,
    Pop(usize),
    None,
}

fn effect(operator: &Operator<'_>) -> Effect {
    use Operator::*;
    match operator {
        LocalGet { .. }
        | GlobalGet { .. }
        | MemorySize { .. }
        | I32Const { .. }
        | I64Const { .. }
        | F32Const { .. }
        | F64Const { .. } => Effect::Push,
        Drop | BrIf { .. } | BrTable { .. } | LocalSet { .. } | GlobalSet { .. } => Effect::Pop(1),
        I32Eq | I32Ne | I32LtS | I32LtU | I32GtS | I32GtU | I32LeS | I32LeU | I32GeS | I32GeU
        | I64Eq | I64Ne | I64LtS | I64LtU | I64GtS | I64GtU | I64LeS | I64LeU | I64GeS | I64GeU
        | I32Add | I32Sub | I32Mul | I32DivS | I32DivU | I32RemS | I32RemU | I32And | I32Or
        | I32Xor | I32Shl | I32ShrS | I32ShrU | I32Rotl | I32Rotr | I64Add | I64Sub | I64Mul
        | I64DivS | I64DivU | I64RemS | I64RemU | I64And | I64Or | I64Xor | I64Shl | I64ShrS
        | I64ShrU | I64Rotl | I64Rotr => Effect::Pop(1),
        Select => Effect::Pop(2),
        I32Store { .. }
        | I64Store { .. }
        | F32Store { .. }
        | F64Store { .. }
        | I32Store8 { .. }
        | I32Store16 { .. }
        | I64Store8 { .. }
        | I64Store16 { .. }
        | I64Store32 { .. } => Effect::Pop(2),
        MemoryFill { .. } | MemoryCopy { .. } => Effect::Pop(3),
        _ => Effect::None,
    }
}
