//! The opcodes that behave differently on an Arbitrum chain.

use revm::{
    bytecode::opcode,
    context::ContextTr,
    context_interface::JournalTr,
    handler::instructions::EthInstructions,
    interpreter::{
        Instruction, InstructionContext, InstructionExecResult, InstructionResult,
        instructions::{gas_table_spec, host, instruction_table},
        interpreter::EthInterpreter,
        interpreter_types::InputsTr,
    },
    primitives::hardfork::SpecId,
};

use super::context::NitroContext;
use crate::stylus::code::is_stylus_program;

/// The hardfork whose opcodes and prices apply at ArbOS 51.
pub(super) const SPEC: SpecId = SpecId::OSAKA;

/// The instruction table of the chain.
pub(super) type NitroInstructions<'a> = EthInstructions<EthInterpreter, NitroContext<'a>>;

type Host<'h, 'a> = InstructionContext<'h, NitroContext<'a>, EthInterpreter>;

/// Osaka's instructions, less BLOBBASEFEE, and with a SELFDESTRUCT that Stylus contracts cannot
/// reach. Source: the go-ethereum fork of Nitro, `core/vm/instructions.go`.
pub(super) fn instructions<'a>() -> NitroInstructions<'a> {
    let mut gas = gas_table_spec(SPEC);
    gas[opcode::BLOBBASEFEE as usize] = 0;
    let mut table = EthInstructions::new(instruction_table(), gas, SPEC);
    table.insert_instruction(opcode::BLOBBASEFEE, Instruction::new(blob_base_fee), 0);
    table.insert_instruction(
        opcode::SELFDESTRUCT,
        Instruction::new(selfdestruct),
        gas[opcode::SELFDESTRUCT as usize],
    );
    table
}

/// There are no blobs on the chain: the opcode is invalid and consumes all gas.
fn blob_base_fee(_: Host<'_, '_>) -> InstructionExecResult {
    Err(InstructionResult::NotActivated)
}

/// A frame that acts for a Stylus contract (through a delegate call) cannot destroy it: it reverts
/// and keeps its gas.
fn selfdestruct(context: Host<'_, '_>) -> InstructionExecResult {
    let acting = context.interpreter.input.target_address();
    let Ok(account) = context.host.journal_mut().load_account_with_code(acting);
    let is_stylus = account
        .data
        .info
        .code
        .as_ref()
        .is_some_and(|code| is_stylus_program(code.original_byte_slice()));
    if is_stylus {
        return Err(InstructionResult::Revert);
    }
    host::selfdestruct(context)
}
