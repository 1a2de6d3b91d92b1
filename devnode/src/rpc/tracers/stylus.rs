//! `stylusTracer`: the host calls of Stylus programs, nested as their calls are.
//!
//! Source: Nitro `execution/gethexec/stylus_tracer.go`. cargo-stylus shows it (`trace`) and runs
//! programs against it (`replay`, `usertrace`).

use alloy_primitives::{Address, Bytes};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Budget;
use crate::{
    chain::{Recorder, Traced},
    evm::{
        Tracer,
        trace::{Enter, Exit, FrameKind},
    },
    rpc::error::RpcResult,
    stylus::api::HostCall,
};

/// Bytes of JSON that a step takes beside its arguments and results.
const STEP_BYTES: usize = 160;

/// A host call, or a frame that no host call opened.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    name: &'static str,
    args: Bytes,
    outs: Bytes,
    start_ink: u64,
    end_ink: u64,
    /// The account whose code was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    /// What the callee did.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<Step>>,
}

/// Records host calls.
#[derive(Debug)]
pub(super) struct StylusTracer {
    /// The steps of each open frame, the innermost last.
    frames: Vec<Vec<Step>>,
    /// The steps of the first frame, when it has ended.
    ended: Vec<Step>,
    budget: Budget,
}

impl StylusTracer {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            frames: Vec::new(),
            ended: Vec::new(),
            budget,
        }
    }

    fn push(&mut self, step: Step) {
        if let Some(steps) = self.frames.last_mut() {
            steps.push(step);
        }
    }

    /// The callee of a call and what it did: the frame that was entered last, if the call opened one.
    /// A call that could not be afforded, or that sends value in a static frame, opens none; Nitro's
    /// own tracer gives up there ("trace inconsistency").
    fn callee(&mut self, opened: &str, args: &Bytes) -> (Option<Address>, Option<Vec<Step>>) {
        if let Some(steps) = self.frames.last_mut()
            && let Some(frame) = steps.pop_if(|step| step.name == opened)
        {
            return (frame.address, frame.steps);
        }
        (args.get(..20).map(Address::from_slice), Some(Vec::new()))
    }
}

/// The name of a frame as long as no host call is known to have opened it.
///
/// Nitro has no name for CALLCODE; cargo-stylus reads any that begins with `evm_`.
const fn frame_name(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Call => "evm_call_contract",
        FrameKind::CallCode => "evm_call_code",
        FrameKind::DelegateCall => "evm_delegate_call_contract",
        FrameKind::StaticCall => "evm_static_call_contract",
        FrameKind::Create => "evm_create1",
        FrameKind::Create2 => "evm_create2",
        FrameKind::SelfDestruct => "evm_self_destruct",
    }
}

/// The name of the frame that a host call of this name opens and takes the place of. A creation's frame
/// stays beside it, as in Nitro.
fn opened_by(name: &str) -> Option<&'static str> {
    match name {
        "call_contract" => Some(frame_name(FrameKind::Call)),
        "delegate_call_contract" => Some(frame_name(FrameKind::DelegateCall)),
        "static_call_contract" => Some(frame_name(FrameKind::StaticCall)),
        _ => None,
    }
}

impl Tracer for StylusTracer {
    fn enter(&mut self, frame: &Enter<'_>) {
        if self.budget.take(STEP_BYTES) {
            self.push(Step {
                name: frame_name(frame.kind),
                args: Bytes::new(),
                outs: Bytes::new(),
                start_ink: 0,
                end_ink: 0,
                address: Some(frame.to),
                steps: Some(Vec::new()),
            });
            self.frames.push(Vec::new());
        }
    }

    fn exit(&mut self, _: Exit<'_>) {
        if self.budget.is_exceeded() {
            return;
        }
        let steps = self.frames.pop().unwrap_or_default();
        match self.frames.last_mut().and_then(|outer| outer.last_mut()) {
            Some(frame) => frame.steps = Some(steps),
            None => self.ended = steps,
        }
    }

    fn host_call(&mut self, call: HostCall) {
        let bytes = 2 * (call.args.len() + call.outs.len());
        if !self.budget.take(STEP_BYTES + bytes) {
            return;
        }
        let (address, steps) = match opened_by(call.name) {
            Some(opened) => self.callee(opened, &call.args),
            None => (None, None),
        };
        self.push(Step {
            name: call.name,
            args: call.args,
            outs: call.outs,
            start_ink: call.start_ink,
            end_ink: call.end_ink,
            address,
            steps,
        });
    }
}

impl Recorder for StylusTracer {
    type Trace = RpcResult<Box<RawValue>>;

    fn finish(self: Box<Self>, _: &Traced) -> Self::Trace {
        self.budget.answer(&self.ended)
    }
}
