//! The loop over EVM instructions of a frame that is traced: revm's own, with a look before and after
//! each of them.

use alloy_primitives::U256;
use revm::{
    context::ContextTr,
    context_interface::{JournalTr, result::HaltReason},
    interpreter::{
        FrameInput, InstructionResult, Interpreter, InterpreterAction, SuccessOrHalt,
        interpreter_types::{InputsTr, Jumps, LoopControl, MemoryTr, ReturnData},
    },
};

use super::{
    context::NitroContext,
    execute::halt_text,
    opcodes::NitroInstructions,
    trace::{self, Executed, Instruction},
};

/// Runs the frame until it ends or opens another.
pub(super) fn run<'a>(
    interpreter: &mut Interpreter,
    instructions: &NitroInstructions<'a>,
    ctx: &mut NitroContext<'a>,
) -> InterpreterAction {
    loop {
        let gas = interpreter.gas.remaining();
        let logs = ctx.journal().logs().len();
        before(interpreter, ctx);
        let stepped = interpreter.step(
            instructions.instruction_table(),
            instructions.gas_table(),
            ctx,
        );
        let stopped = stepped.err();
        if let Some(result) = stopped
            && interpreter.bytecode.action().is_none()
        {
            interpreter.halt(result);
        }
        trace::logs(ctx, logs);
        after(interpreter, ctx, gas, stopped);
        if stopped.is_some() {
            return interpreter.take_next_action();
        }
    }
}

fn before(interpreter: &Interpreter, ctx: &mut NitroContext<'_>) {
    trace::with(ctx, |trace, _| {
        let memory = &interpreter.memory;
        trace.tracer.before(&Instruction {
            pc: interpreter.bytecode.pc(),
            opcode: interpreter.bytecode.opcode(),
            gas: interpreter.gas.remaining(),
            acting: interpreter.input.target_address(),
            refund: interpreter.gas.refunded(),
            stack: interpreter.stack.data(),
            memory: memory.slice(0..memory.size()),
            return_data: interpreter.return_data.buffer(),
        });
    });
}

fn after(
    interpreter: &mut Interpreter,
    ctx: &mut NitroContext<'_>,
    gas: u64,
    stopped: Option<InstructionResult>,
) {
    let spent = gas.saturating_sub(interpreter.gas.remaining());
    let cost = spent.saturating_sub(given_to_creation(interpreter));
    let top: Option<U256> = interpreter.stack.data().last().copied();
    trace::with(ctx, |trace, _| {
        trace.tracer.after(Executed {
            cost,
            top,
            error: stopped.and_then(refusal),
        });
    });
}

/// What a creation hands on is no part of its price, other than a call's. Source: go-ethereum
/// `core/vm/instructions.go`, `opCreate`.
fn given_to_creation(interpreter: &mut Interpreter) -> u64 {
    match interpreter.bytecode.action() {
        Some(InterpreterAction::NewFrame(FrameInput::Create(create))) => create.gas_limit(),
        _ => 0,
    }
}

/// geth's text if the instruction could not begin.
fn refusal(result: InstructionResult) -> Option<String> {
    match SuccessOrHalt::<HaltReason>::from(result) {
        SuccessOrHalt::Halt(
            reason @ (HaltReason::OutOfGas(_)
            | HaltReason::StackUnderflow
            | HaltReason::StackOverflow),
        ) => Some(halt_text(&reason)),
        _ => None,
    }
}
