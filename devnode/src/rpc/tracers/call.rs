//! `callTracer`: the frames of an execution.
//!
//! Source: go-ethereum `eth/tracers/native/call.go`. Nitro adds `beforeEVMTransfers` and
//! `afterEVMTransfers`, which are left out.

use alloy_primitives::{Address, B256, Bytes, Log, U64, U256};
use alloy_sol_types::{Panic, Revert, SolError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Budget;
use crate::{
    chain::{Recorder, Traced},
    evm::{
        Tracer,
        trace::{Enter, Exit, FrameKind, REVERTED},
    },
    rpc::error::RpcResult,
};

/// Bytes of JSON that a frame and a log take beside their data.
const FRAME_BYTES: usize = 320;
const LOG_BYTES: usize = 480;

/// The `tracerConfig` of the tracer.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CallConfig {
    /// Only the first frame.
    only_top_call: bool,
    /// Also the logs.
    with_log: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CallFrame {
    from: Address,
    gas: U64,
    gas_used: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Address>,
    input: Bytes,
    #[serde(skip_serializing_if = "<[u8]>::is_empty")]
    output: Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revert_reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<CallFrame>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logs: Vec<CallLog>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<U256>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct CallLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    /// How many calls of the frame came before it.
    position: U64,
}

impl CallFrame {
    fn new(frame: &Enter<'_>) -> Self {
        Self {
            from: frame.from,
            gas: U64::from(frame.gas),
            gas_used: U64::ZERO,
            to: Some(frame.to),
            input: Bytes::copy_from_slice(frame.input),
            output: Bytes::new(),
            error: None,
            revert_reason: None,
            calls: Vec::new(),
            logs: Vec::new(),
            value: frame.value,
            kind: opcode(frame.kind),
        }
    }

    fn end(&mut self, end: Exit<'_>) {
        self.gas_used = U64::from(end.gas_used);
        let Some(error) = end.error else {
            self.output = end.output.clone();
            return;
        };
        if self.kind.starts_with("CREATE") {
            self.to = None;
        }
        if error == REVERTED {
            self.output = end.output.clone();
            self.revert_reason = revert_reason(end.output);
        }
        self.error = Some(error);
    }

    /// What a frame logged that failed, or one within it, never was.
    fn clear_failed_logs(&mut self, outer_failed: bool) {
        let failed = outer_failed || self.error.is_some();
        if failed {
            self.logs.clear();
        }
        for call in &mut self.calls {
            call.clear_failed_logs(failed);
        }
    }
}

const fn opcode(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Call => "CALL",
        FrameKind::CallCode => "CALLCODE",
        FrameKind::DelegateCall => "DELEGATECALL",
        FrameKind::StaticCall => "STATICCALL",
        FrameKind::Create => "CREATE",
        FrameKind::Create2 => "CREATE2",
        FrameKind::SelfDestruct => "SELFDESTRUCT",
    }
}

/// The reason within Solidity's revert data. Source: go-ethereum `accounts/abi/abi.go`, `UnpackRevert`.
fn revert_reason(data: &[u8]) -> Option<String> {
    if let Ok(revert) = Revert::abi_decode(data) {
        return Some(revert.reason);
    }
    let code = Panic::abi_decode(data).ok()?.code;
    let text = match u8::try_from(code) {
        Ok(0x00) => "generic panic",
        Ok(0x01) => "assert(false)",
        Ok(0x11) => "arithmetic underflow or overflow",
        Ok(0x12) => "division or modulo by zero",
        Ok(0x21) => "enum overflow",
        Ok(0x22) => "invalid encoded storage byte array accessed",
        Ok(0x31) => "out-of-bounds array access; popping on an empty array",
        Ok(0x32) => "out-of-bounds access of an array or bytesN",
        Ok(0x41) => "out of memory",
        Ok(0x51) => "uninitialized function",
        _ => return Some(format!("unknown panic code: {code:#x}")),
    };
    Some(text.into())
}

/// Records frames.
#[derive(Debug)]
pub(super) struct CallTracer {
    config: CallConfig,
    /// The open frames that are recorded, the innermost last.
    open: Vec<CallFrame>,
    /// The first frame, when it has ended.
    ended: Option<CallFrame>,
    /// How many frames are open, recorded or not.
    depth: usize,
    budget: Budget,
}

impl CallTracer {
    pub(super) fn new(config: CallConfig, budget: Budget) -> Self {
        Self {
            config,
            open: Vec::new(),
            ended: None,
            depth: 0,
            budget,
        }
    }

    /// Whether the frame at the present depth is left out.
    fn is_left_out(&self) -> bool {
        self.budget.is_exceeded() || (self.config.only_top_call && self.depth > 1)
    }
}

impl Tracer for CallTracer {
    fn enter(&mut self, frame: &Enter<'_>) {
        self.depth += 1;
        if !self.is_left_out() && self.budget.take(FRAME_BYTES + 2 * frame.input.len()) {
            self.open.push(CallFrame::new(frame));
        }
    }

    fn exit(&mut self, end: Exit<'_>) {
        let left_out = self.is_left_out();
        self.depth = self.depth.saturating_sub(1);
        if left_out || !self.budget.take(2 * end.output.len()) {
            return;
        }
        let Some(mut frame) = self.open.pop() else {
            return;
        };
        frame.end(end);
        match self.open.last_mut() {
            Some(outer) => outer.calls.push(frame),
            None => self.ended = Some(frame),
        }
    }

    fn log(&mut self, log: &Log) {
        if !self.config.with_log || self.is_left_out() {
            return;
        }
        if let Some(frame) = self.open.last_mut()
            && self.budget.take(LOG_BYTES + 2 * log.data.data.len())
        {
            frame.logs.push(CallLog {
                address: log.address,
                topics: log.topics().to_vec(),
                data: log.data.data.clone(),
                position: U64::from(frame.calls.len()),
            });
        }
    }
}

impl Recorder for CallTracer {
    type Trace = RpcResult<Box<RawValue>>;

    fn finish(mut self: Box<Self>, traced: &Traced) -> Self::Trace {
        if let Some(frame) = &mut self.ended {
            // The first frame is shown as the transaction, intrinsic gas and refund included.
            frame.gas = U64::from(traced.gas_limit);
            frame.gas_used = U64::from(traced.execution.gas_used);
            frame.clear_failed_logs(false);
        }
        self.budget.answer(&self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revert_reasons_are_those_of_geth() {
        let reason = |data: Vec<u8>| revert_reason(&data);
        assert_eq!(
            reason(Revert::from("not today").abi_encode()).as_deref(),
            Some("not today")
        );
        let panic = |code: u64| {
            let code = U256::from(code);
            reason(Panic { code }.abi_encode())
        };
        assert_eq!(
            panic(0x11).as_deref(),
            Some("arithmetic underflow or overflow")
        );
        assert_eq!(panic(0x1234).as_deref(), Some("unknown panic code: 0x1234"));
        assert_eq!(reason(vec![1, 2, 3, 4]), None);
        assert_eq!(reason(Vec::new()), None);
    }
}
