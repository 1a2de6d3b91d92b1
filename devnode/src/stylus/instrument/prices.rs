//! Which instructions a program may have, and the ink of each.

use wasmparser::{FuncType, Operator};

use crate::stylus::activate::ActivationError;
use crate::stylus::module::rejected;
use crate::stylus::pricing::op;

/// Ink of one instruction.
///
/// # Errors
/// [`ActivationError::Rejected`] for an instruction that programs may not have, dead code included.
pub(super) fn price(operator: &Operator<'_>, types: &[FuncType]) -> Result<u64, ActivationError> {
    structure(operator, types)
        .or_else(|| memory(operator))
        .or_else(|| i32_arithmetic(operator))
        .or_else(|| i64_arithmetic(operator))
        .ok_or_else(|| rejected(format!("unsupported opcode: {operator:?}")))
}

fn structure(operator: &Operator<'_>, types: &[FuncType]) -> Option<u64> {
    use Operator::*;
    Some(match operator {
        Unreachable
        | Return
        | Nop
        | I32Const { .. }
        | I64Const { .. }
        | Block { .. }
        | Loop { .. }
        | Else
        | End => op::TRIVIAL,
        Drop => op::DROP,
        Br { .. } | BrIf { .. } | If { .. } => op::BRANCH,
        BrTable { targets } => op::BR_TABLE + op::BR_TABLE_TARGET * u64::from(targets.len()),
        Select => op::SELECT,
        Call { .. } => op::CALL,
        CallIndirect { type_index, .. } => {
            let params = types
                .get(*type_index as usize)
                .map_or(0, |ty| ty.params().len());
            op::CALL_INDIRECT + op::CALL_INDIRECT_PARAM * params as u64
        }
        LocalGet { .. } | LocalTee { .. } => op::LOCAL_GET,
        LocalSet { .. } => op::LOCAL_SET,
        GlobalGet { .. } => op::GLOBAL_GET,
        GlobalSet { .. } => op::GLOBAL_SET,
        _ => return None,
    })
}

fn memory(operator: &Operator<'_>) -> Option<u64> {
    use Operator::*;
    Some(match operator {
        I32Load { .. }
        | I32Load8S { .. }
        | I32Load8U { .. }
        | I32Load16S { .. }
        | I32Load16U { .. } => op::I32_LOAD,
        I64Load { .. }
        | I64Load8S { .. }
        | I64Load8U { .. }
        | I64Load16S { .. }
        | I64Load16U { .. }
        | I64Load32S { .. }
        | I64Load32U { .. } => op::I64_LOAD,
        I32Store { .. } | I32Store8 { .. } | I32Store16 { .. } => op::I32_STORE,
        I64Store { .. } | I64Store8 { .. } | I64Store16 { .. } | I64Store32 { .. } => op::I64_STORE,
        MemorySize { .. } => op::MEMORY_SIZE,
        MemoryGrow { .. } => op::MEMORY_GROW,
        MemoryCopy { .. } | MemoryFill { .. } => op::MEMORY_BULK,
        // Floats may be moved about in dead code, as compilers leave it; running them exhausts the ink.
        F32Const { .. }
        | F64Const { .. }
        | F32Load { .. }
        | F64Load { .. }
        | F32Store { .. }
        | F64Store { .. }
        | I32ReinterpretF32
        | I64ReinterpretF64
        | F32ReinterpretI32
        | F64ReinterpretI64 => op::UNPRICED,
        _ => return None,
    })
}

fn i32_arithmetic(operator: &Operator<'_>) -> Option<u64> {
    use Operator::*;
    Some(match operator {
        I32Eqz | I32Eq | I32Ne | I32LtS | I32LtU | I32GtS | I32GtU | I32LeS | I32LeU | I32GeS
        | I32GeU => op::I32_COMPARE,
        I32Clz | I32Ctz => op::COUNT_ZEROS,
        I32Add | I32Sub | I32And | I32Or | I32Xor | I32Shl | I32ShrS | I32ShrU | I32Rotl
        | I32Rotr => op::I32_SIMPLE,
        I32Mul => op::MUL,
        I32DivS | I32DivU | I32RemS | I32RemU => op::I32_DIV,
        I32Popcnt => op::I32_POPCNT,
        I32WrapI64 | I32Extend8S | I32Extend16S => op::CONVERT,
        _ => return None,
    })
}

fn i64_arithmetic(operator: &Operator<'_>) -> Option<u64> {
    use Operator::*;
    Some(match operator {
        I64Eqz | I64Eq | I64Ne | I64LtS | I64LtU | I64GtS | I64GtU | I64LeS | I64LeU | I64GeS
        | I64GeU => op::I64_COMPARE,
        I64Clz | I64Ctz => op::COUNT_ZEROS,
        I64Add | I64Sub | I64And | I64Or | I64Xor | I64Shl | I64ShrS | I64ShrU | I64Rotl
        | I64Rotr => op::I64_SIMPLE,
        I64Mul => op::MUL,
        I64DivS | I64DivU | I64RemS | I64RemU => op::I64_DIV,
        I64Popcnt => op::I64_POPCNT,
        I64ExtendI32S | I64ExtendI32U | I64Extend8S | I64Extend16S | I64Extend32S => op::CONVERT,
        _ => return None,
    })
}
