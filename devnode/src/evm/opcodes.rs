//! The opcodes that behave differently on an Arbitrum chain.

use alloy_primitives::{Address, U256};
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

use super::{context::NitroContext, peek, trace};
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
    destroy(context, acting)
}

/// revm's SELFDESTRUCT, and word of it to the tracer.
fn destroy(context: Host<'_, '_>, acting: Address) -> InstructionExecResult {
    let heir = context.interpreter.stack.data().last().copied();
    let ctx = &mut *context.host;
    let balance = peek::account(ctx, acting).map_or(U256::ZERO, |account| account.balance);
    let result = host::selfdestruct(InstructionContext {
        interpreter: &mut *context.interpreter,
        host: &mut *context.host,
    });
    if let (Some(heir), Err(InstructionResult::SelfDestruct)) = (heir, &result) {
        let heir = Address::from_word(heir.into());
        trace::selfdestruct(context.host, acting, heir, balance);
    }
    result
}
