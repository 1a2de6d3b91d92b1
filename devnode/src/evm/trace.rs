//! Watching a message while it is executed.
//!
//! A [`Tracer`] hears of every frame (of EVM code, of Stylus programs, of precompiles), log, host call
//! and, if it wants to, EVM instruction. Without one, execution pays one test for each frame and for
//! each log of a program, and none for instructions.

use std::{borrow::Cow, cell::Ref};

use alloy_primitives::{Address, B256, Bytes, Log, U256};
use revm::{
    bytecode::OpCode,
    context::{ContextTr, CreateScheme},
    context_interface::{JournalTr, result::HaltReason},
    handler::FrameResult,
    interpreter::{
        CallInputs, CallScheme, CreateInputs, FrameInput, InstructionResult, SuccessOrHalt,
    },
};

use super::{context::NitroContext, execute::halt_text, peek};
use crate::stylus::api::HostCall;

/// The text of a frame that reverted. Source: go-ethereum `core/vm/errors.go`.
pub const REVERTED: &str = "execution reverted";

/// How a frame is entered; named as the opcode that does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the opcodes say it")]
pub enum FrameKind {
    Call,
    CallCode,
    DelegateCall,
    StaticCall,
    Create,
    Create2,
    SelfDestruct,
}

/// A frame that begins, whether or not any code will run in it.
#[derive(Debug)]
pub struct Enter<'f> {
    /// What entered it.
    pub kind: FrameKind,
    /// The account that calls, creates or is destroyed.
    pub from: Address,
    /// The account whose code runs, the created one, or the heir.
    pub to: Address,
    /// Wei sent along (those of the parent in a delegate call); `None` for a static call.
    pub value: Option<U256>,
    /// Gas given to it.
    pub gas: u64,
    /// Call data or init code.
    pub input: &'f [u8],
}

/// The end of the frame that was entered last and has not ended.
#[derive(Debug)]
pub struct Exit<'f> {
    /// Return data, deployed code or revert data; empty after a failure.
    pub output: &'f Bytes,
    /// Gas it used, what it called included, refunds not deducted.
    pub gas_used: u64,
    /// geth's text if it reverted or failed.
    pub error: Option<String>,
}

/// An EVM instruction that is about to be executed.
pub struct Instruction<'i> {
    /// Its place in the code.
    pub pc: usize,
    /// Its opcode.
    pub opcode: u8,
    /// Gas left.
    pub gas: u64,
    /// The account it acts for.
    pub acting: Address,
    /// What the frame has earned of the refund counter.
    pub refund: i64,
    /// The stack, top last.
    pub stack: &'i [U256],
    /// The memory of the frame.
    pub memory: Ref<'i, [u8]>,
    /// Output of the last call or creation.
    pub return_data: &'i [u8],
}

impl Instruction<'_> {
    /// Its name as geth writes it. Source: go-ethereum `core/vm/opcodes.go`.
    pub fn name(&self) -> Cow<'static, str> {
        match OpCode::new(self.opcode) {
            Some(opcode) => opcode.as_str().into(),
            None => format!("opcode {:#x} not defined", self.opcode).into(),
        }
    }
}

/// What an EVM instruction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Gas it took; that of a call includes what the callee may spend.
    pub cost: u64,
    /// The top of the stack.
    pub top: Option<U256>,
    /// geth's text if it could not be afforded or the stack did not fit.
    pub error: Option<String>,
}

/// Hears what a message does. A frame's events come between its `enter` and its `exit`.
pub trait Tracer {
    /// A frame begins.
    fn enter(&mut self, frame: &Enter<'_>);

    /// The innermost frame ends.
    fn exit(&mut self, end: Exit<'_>);

    /// The innermost frame emits a log. A revert may still undo it.
    fn log(&mut self, _log: &Log) {}

    /// A host function of the innermost frame came to an end, after the frames it opened.
    fn host_call(&mut self, _call: HostCall) {}

    /// An EVM instruction of the innermost frame is about to be executed.
    fn before(&mut self, _instruction: &Instruction<'_>) {}

    /// It was executed; a frame it opens has yet to begin.
    fn after(&mut self, _executed: Executed) {}
}

/// A tracer, and what has to be remembered for it.
pub(super) struct Trace<'a> {
    pub(super) tracer: &'a mut (dyn Tracer + 'a),
    /// Gas of each open frame.
    gas: Vec<u64>,
    /// Text of the failure that ends the innermost frame.
    fault: Option<String>,
}

impl<'a> Trace<'a> {
    pub(super) fn new(tracer: &'a mut (dyn Tracer + 'a)) -> Self {
        Self {
            tracer,
            gas: Vec::new(),
            fault: None,
        }
    }

    fn enter(&mut self, frame: &Enter<'_>) {
        self.gas.push(frame.gas);
        self.tracer.enter(frame);
    }

    fn exit(&mut self, result: InstructionResult, gas_left: u64, output: &Bytes) {
        let gas = self.gas.pop().unwrap_or_default();
        let fault = self.fault.take();
        let error = error_text(result).map(|text| fault.unwrap_or(text));
        let nothing = Bytes::new();
        let kept = result.is_ok_or_revert();
        self.tracer.exit(Exit {
            output: if kept { output } else { &nothing },
            gas_used: gas.saturating_sub(if kept { gas_left } else { 0 }),
            error,
        });
    }
}

/// geth's text for a result; `None` for a success.
fn error_text(result: InstructionResult) -> Option<String> {
    match SuccessOrHalt::<HaltReason>::from(result) {
        SuccessOrHalt::Success(_) | SuccessOrHalt::Internal(_) => None,
        SuccessOrHalt::Revert => Some(REVERTED.into()),
        SuccessOrHalt::Halt(reason) => Some(halt_text(&reason)),
        SuccessOrHalt::FatalExternalError => Some("internal error of the EVM".into()),
    }
}

/// Does `work` with the trace, if there is one, and the context without it.
pub(super) fn with<'a>(
    ctx: &mut NitroContext<'a>,
    work: impl FnOnce(&mut Trace<'a>, &mut NitroContext<'a>),
) {
    if let Some(mut trace) = ctx.chain.trace.take() {
        work(&mut trace, ctx);
        ctx.chain.trace = Some(trace);
    }
}

/// A frame is about to be opened.
pub(super) fn enter(ctx: &mut NitroContext<'_>, input: &FrameInput) {
    with(ctx, |trace, ctx| match input {
        FrameInput::Call(call) => enter_call(trace, ctx, call),
        FrameInput::Create(create) => enter_create(trace, ctx, create),
        FrameInput::Empty => {}
    });
}

fn enter_call(trace: &mut Trace<'_>, ctx: &NitroContext<'_>, call: &CallInputs) {
    let (kind, from, value) = match call.scheme {
        CallScheme::Call => (FrameKind::Call, call.caller, Some(call.value.get())),
        CallScheme::CallCode => {
            let value = Some(call.value.get());
            (FrameKind::CallCode, call.target_address, value)
        }
        CallScheme::DelegateCall => {
            let value = Some(call.value.get());
            (FrameKind::DelegateCall, call.target_address, value)
        }
        CallScheme::StaticCall => (FrameKind::StaticCall, call.caller, None),
    };
    let input = call.input.as_bytes(ctx);
    trace.enter(&Enter {
        kind,
        from,
        to: call.bytecode_address,
        value,
        gas: call.gas_limit,
        input: &input,
    });
}

fn enter_create(trace: &mut Trace<'_>, ctx: &mut NitroContext<'_>, create: &CreateInputs) {
    let from = create.caller();
    let nonce = peek::account(ctx, from).map_or(0, |account| account.nonce);
    let kind = match create.scheme() {
        CreateScheme::Create2 { .. } => FrameKind::Create2,
        CreateScheme::Create | CreateScheme::Custom { .. } => FrameKind::Create,
    };
    trace.enter(&Enter {
        kind,
        from,
        // Not `created_address`, which would keep the answer for a nonce that may yet change.
        to: match create.scheme() {
            CreateScheme::Create => from.create(nonce),
            CreateScheme::Create2 { salt } => {
                from.create2(B256::from(salt), create.init_code_hash())
            }
            CreateScheme::Custom { address } => address,
        },
        value: Some(create.value()),
        gas: create.gas_limit(),
        input: create.init_code(),
    });
}

/// The innermost frame has ended.
pub(super) fn exit(ctx: &mut NitroContext<'_>, result: &FrameResult) {
    with(ctx, |trace, _| {
        let inner = match result {
            FrameResult::Call(outcome) => &outcome.result,
            FrameResult::Create(outcome) => &outcome.result,
        };
        trace.exit(inner.result, inner.gas.remaining(), &inner.output);
    });
}

/// The logs from number `first` on are new.
pub(super) fn logs(ctx: &mut NitroContext<'_>, first: usize) {
    with(ctx, |trace, ctx| {
        let new = ctx.journal().logs().get(first..).unwrap_or_default();
        new.iter().for_each(|log| trace.tracer.log(log));
    });
}

/// The innermost frame fails for a reason that revm has no name for.
pub(super) fn fault(ctx: &mut NitroContext<'_>, text: &str) {
    if let Some(trace) = &mut ctx.chain.trace {
        trace.fault = Some(text.into());
    }
}

/// An account destroyed itself: geth shows it as a frame without gas. Source: go-ethereum
/// `core/vm/instructions.go`, `opSelfdestruct`.
pub(super) fn selfdestruct(ctx: &mut NitroContext<'_>, from: Address, to: Address, value: U256) {
    with(ctx, |trace, _| {
        trace.enter(&Enter {
            kind: FrameKind::SelfDestruct,
            from,
            to,
            value: Some(value),
            gas: 0,
            input: &[],
        });
        trace.exit(InstructionResult::SelfDestruct, 0, &Bytes::new());
    });
}
