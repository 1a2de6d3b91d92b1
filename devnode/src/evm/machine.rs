//! The machine: revm's frames, with Stylus programs run by the Stylus VM.
//!
//! EVM frames stay in revm's own loop. A frame whose code is a Stylus program runs to its end in one
//! step; the calls it makes run their frames in a loop of their own, above it on the native stack
//! ([`NitroEvm::run_nested`]).

use revm::{
    context::{ContextTr, Evm, FrameStack},
    context_interface::JournalTr,
    handler::{
        EthFrame, EvmTr, FrameData, FrameInitOrResult, FrameResult, FrameTr, ItemOrResult,
        evm::{ContextDbError, FrameInitResult},
    },
    interpreter::{
        FrameInput, InstructionResult, InterpreterAction, interpreter::EthInterpreter,
        interpreter_action::FrameInit,
    },
};

use super::{
    context::NitroContext,
    opcodes::{NitroInstructions, instructions},
    precompiles::NitroPrecompiles,
    stylus_frame, trace, trace_run,
};
use crate::stylus::code::is_stylus_program;

/// A call frame, of EVM code or of a Stylus program.
pub(super) type Frame = EthFrame<EthInterpreter>;
type FrameError<'a> = ContextDbError<NitroContext<'a>>;

/// The EVM of the chain.
pub(super) struct NitroEvm<'a> {
    inner: Evm<NitroContext<'a>, (), NitroInstructions<'a>, NitroPrecompiles, Frame>,
}

impl<'a> NitroEvm<'a> {
    /// A machine over `context`.
    pub(super) fn new(context: NitroContext<'a>) -> Self {
        Self {
            inner: Evm::new(context, instructions(), NitroPrecompiles::new()),
        }
    }

    /// Runs a frame below the current one to its end: a call or creation made by a Stylus program.
    pub(super) fn run_nested(&mut self, input: FrameInput) -> Result<FrameResult, FrameError<'a>> {
        let base = self.inner.frame_stack.index();
        let parent = self.inner.frame_stack.get();
        let init = FrameInit {
            depth: parent.depth + 1,
            memory: parent.interpreter.memory.new_child_context(),
            frame_input: input,
        };
        let result = self.run_until(base, init);
        self.inner
            .frame_stack
            .get()
            .interpreter
            .memory
            .free_child_context();
        result
    }

    /// The context beside the frame that runs now.
    pub(super) fn ctx_and_top(&mut self) -> (&mut NitroContext<'a>, &mut Frame) {
        (&mut self.inner.ctx, self.inner.frame_stack.get())
    }

    fn run_until(
        &mut self,
        base: Option<usize>,
        init: FrameInit,
    ) -> Result<FrameResult, FrameError<'a>> {
        if let ItemOrResult::Result(result) = self.frame_init(init)? {
            return Ok(result);
        }
        loop {
            let result = match self.frame_run()? {
                ItemOrResult::Item(init) => match self.frame_init(init)? {
                    ItemOrResult::Item(_) => continue,
                    ItemOrResult::Result(result) => result,
                },
                ItemOrResult::Result(result) => result,
            };
            self.pop_finished();
            if self.inner.frame_stack.index() == base {
                return Ok(result);
            }
            self.return_to_top(result)?;
        }
    }

    fn pop_finished(&mut self) {
        if self.inner.frame_stack.get().is_finished() {
            self.inner.frame_stack.pop();
            self.inner.ctx.chain.frames.pop();
        }
    }

    fn return_to_top(&mut self, result: FrameResult) -> Result<(), FrameError<'a>> {
        self.inner
            .frame_stack
            .get()
            .return_result(&mut self.inner.ctx, result)
    }

    fn run_top(&mut self) -> InterpreterAction {
        let frame = self.inner.frame_stack.get();
        let code = frame.interpreter.bytecode.original_byte_slice();
        // Empty init code runs as one STOP here, and not at all in geth.
        let has_code = !code.is_empty();
        if is_stylus_program(code) {
            return InterpreterAction::Return(stylus_frame::run(self));
        }
        let instructions = &self.inner.instruction;
        if self.inner.ctx.chain.trace.is_some() && has_code {
            return trace_run::run(&mut frame.interpreter, instructions, &mut self.inner.ctx);
        }
        frame.interpreter.run_plain(
            instructions.instruction_table(),
            instructions.gas_table(),
            &mut self.inner.ctx,
        )
    }
}

/// The address a new frame acts for; `None` if it borrows its caller's.
fn acting_address(frame: &Frame) -> Option<alloy_primitives::Address> {
    use revm::interpreter::interpreter_types::InputsTr;
    let borrowed = match &frame.input {
        FrameInput::Call(call) => call.scheme.is_delegate_call() || call.scheme.is_call_code(),
        FrameInput::Create(_) | FrameInput::Empty => false,
    };
    (!borrowed).then(|| frame.interpreter.input.target_address())
}

/// EIP-3541 as the chain relaxes it: code may start with 0xEF if it is a Stylus program.
fn refuse_foreign_ef(frame: &Frame, action: &mut InterpreterAction) {
    let InterpreterAction::Return(result) = action else {
        return;
    };
    let deploys = matches!(frame.data, FrameData::Create(_)) && result.result.is_ok();
    if deploys && result.output.first() == Some(&0xEF) && !is_stylus_program(&result.output) {
        result.result = InstructionResult::CreateContractStartingWithEF;
    }
}

impl<'a> EvmTr for NitroEvm<'a> {
    type Context = NitroContext<'a>;
    type Instructions = NitroInstructions<'a>;
    type Precompiles = NitroPrecompiles;
    type Frame = Frame;

    fn all(
        &self,
    ) -> (
        &Self::Context,
        &Self::Instructions,
        &Self::Precompiles,
        &FrameStack<Self::Frame>,
    ) {
        self.inner.all()
    }

    fn all_mut(
        &mut self,
    ) -> (
        &mut Self::Context,
        &mut Self::Instructions,
        &mut Self::Precompiles,
        &mut FrameStack<Self::Frame>,
    ) {
        self.inner.all_mut()
    }

    fn frame_init(
        &mut self,
        init: <Frame as FrameTr>::FrameInit,
    ) -> Result<FrameInitResult<'_, Frame>, FrameError<'a>> {
        let logs = self.inner.ctx.journal().logs().len();
        trace::enter(&mut self.inner.ctx, &init.frame_input);
        if let ItemOrResult::Result(result) = self.inner.frame_init(init)? {
            trace::logs(&mut self.inner.ctx, logs);
            trace::exit(&mut self.inner.ctx, &result);
            return Ok(ItemOrResult::Result(result));
        }
        let frame = self.inner.frame_stack.get();
        self.inner.ctx.chain.frames.push(acting_address(frame));
        Ok(ItemOrResult::Item(frame))
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<Frame>, FrameError<'a>> {
        let mut action = self.run_top();
        let frame = self.inner.frame_stack.get();
        refuse_foreign_ef(frame, &mut action);
        let next = frame.process_next_action::<_, FrameError<'a>>(&mut self.inner.ctx, action)?;
        if let ItemOrResult::Result(result) = &next {
            frame.set_finished(true);
            trace::exit(&mut self.inner.ctx, result);
        }
        Ok(next)
    }

    fn frame_return_result(
        &mut self,
        result: FrameResult,
    ) -> Result<Option<FrameResult>, FrameError<'a>> {
        self.pop_finished();
        if self.inner.frame_stack.index().is_none() {
            return Ok(Some(result));
        }
        self.return_to_top(result)?;
        Ok(None)
    }
}
