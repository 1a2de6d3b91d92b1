//! A call frame whose code is a Stylus program.

use alloy_primitives::{B256, Bytes, U256};
use revm::{
    context::ContextTr,
    context_interface::{Block, Cfg, LocalContextTr, Transaction},
    handler::{EvmTr, FrameData},
    interpreter::{Gas, InstructionResult, InterpreterResult},
};

use super::{
    arbos::{self, ProgramRecord},
    context::NitroContext,
    host::Host,
    machine::{Frame, NitroEvm},
    trace,
};
use crate::stylus::{
    Frame as ProgramFrame, Outcome, Program, Status, StylusParams, api::Environment, call_program,
    code,
};

/// What Nitro calls `vm.ErrDepth`: the text of a frame whose virtual stack overflowed.
const DEPTH_ERROR: &str = "max call depth exceeded";

/// Runs the program of the top frame to its end.
pub(super) fn run(evm: &mut NitroEvm<'_>) -> InterpreterResult {
    let start = Start::of(evm);
    let params = arbos::stylus_params(evm.ctx());
    let (record, program) = match prepare(evm.ctx(), &start, &params) {
        Ok(ready) => ready,
        Err(text) => return halt(evm.ctx(), start.gas, start.depth, text),
    };
    let (gas, depth) = (start.gas, start.depth);
    let mut host = Host::new(evm, start.environment.clone(), start.is_static);
    let frame = ProgramFrame {
        calldata: start.calldata,
        gas: gas.remaining(),
        environment: start.environment,
    };
    let outcome = call_program(
        &program,
        &record.costs,
        record.cached,
        frame,
        &params,
        &mut host,
    );
    let refund = host.refund();
    finish(evm.ctx(), outcome, gas, depth, refund)
}

/// What the frame was opened with.
struct Start {
    gas: Gas,
    depth: usize,
    is_static: bool,
    code_hash: B256,
    code: Bytes,
    calldata: Bytes,
    environment: Environment,
}

impl Start {
    fn of(evm: &mut NitroEvm<'_>) -> Self {
        let (ctx, frame) = evm.ctx_and_top();
        let interpreter = &mut frame.interpreter;
        // Init code has no hash on chain, so it never is an active program.
        let code_hash = match frame.data {
            FrameData::Create(_) => B256::ZERO,
            FrameData::Call(_) => interpreter.bytecode.get_or_calculate_hash(),
        };
        Self {
            gas: interpreter.gas,
            depth: frame.depth,
            is_static: interpreter.runtime_flag.is_static,
            code_hash,
            code: interpreter.bytecode.original_bytes(),
            calldata: interpreter.input.input.bytes(ctx),
            environment: environment(ctx, frame),
        }
    }
}

fn environment(ctx: &NitroContext<'_>, frame: &Frame) -> Environment {
    let input = &frame.interpreter.input;
    Environment {
        block_basefee: U256::from(ctx.block.basefee()),
        block_coinbase: ctx.block.beneficiary(),
        block_gas_limit: ctx.block.gas_limit(),
        block_number: ctx.block.number().saturating_to(),
        block_timestamp: ctx.block.timestamp().saturating_to(),
        chain_id: ctx.cfg.chain_id(),
        contract_address: input.target_address,
        msg_sender: input.caller_address,
        msg_value: input.call_value,
        msg_reentrant: ctx.chain.is_reentrant(input.target_address),
        tx_gas_price: ctx.chain.offered_price,
        tx_origin: ctx.tx.caller(),
    }
}

/// The program, if it may run. The error is the text of a failure that takes all gas.
fn prepare(
    ctx: &mut NitroContext<'_>,
    start: &Start,
    params: &StylusParams,
) -> Result<(ProgramRecord, Program), String> {
    let now = start.environment.block_timestamp;
    let record = ProgramRecord::load(ctx, start.code_hash)
        .active(now, params)
        .map_err(|inactive| inactive.to_string())?;
    let program = ctx.chain.programs.get_or_load(start.code_hash, || {
        let wasm =
            code::decompress(&start.code, params.max_wasm_size).map_err(|e| e.to_string())?;
        Program::compile(&wasm, true).map_err(|e| e.to_string())
    })?;
    Ok((record, program))
}

/// A failure that is no revert: takes all gas. At the top of the call stack its text reaches the
/// client.
fn halt(ctx: &mut NitroContext<'_>, mut gas: Gas, depth: usize, text: String) -> InterpreterResult {
    trace::fault(ctx, &text);
    if depth == 0 {
        ctx.local_mut().set_precompile_error_context(text);
    }
    gas.spend_all();
    InterpreterResult::new(InstructionResult::PrecompileError, Bytes::new(), gas)
}

fn finish(
    ctx: &mut NitroContext<'_>,
    outcome: Outcome,
    mut gas: Gas,
    depth: usize,
    refund: i64,
) -> InterpreterResult {
    gas.set_remaining(outcome.gas_left);
    match outcome.status {
        Status::Success => {
            gas.record_refund(refund);
            InterpreterResult::new(InstructionResult::Return, outcome.output, gas)
        }
        Status::Revert => InterpreterResult::new(InstructionResult::Revert, outcome.output, gas),
        Status::Failure => InterpreterResult::new(InstructionResult::Revert, Bytes::new(), gas),
        Status::OutOfInk => InterpreterResult::new(InstructionResult::OutOfGas, Bytes::new(), gas),
        Status::OutOfStack => halt(ctx, gas, depth, DEPTH_ERROR.into()),
    }
}
