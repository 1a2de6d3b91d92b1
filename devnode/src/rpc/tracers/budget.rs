//! How much a trace may hold.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::rpc::error::{RpcError, RpcResult, to_json};

/// Most bytes of a trace, as JSON counts them by and large. A call may execute 50,000,000 gas, which
/// unbounded traces turn into gigabytes.
const MAX_TRACE_BYTES: usize = 64 << 20;

/// What a trace may still hold. Once it is exceeded, nothing more is kept.
#[derive(Debug)]
pub(super) struct Budget {
    left: Option<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: Some(MAX_TRACE_BYTES),
        }
    }
}

impl Budget {
    /// Takes `bytes`; `false` if they are not there, now or before.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.left = self.left.and_then(|left| left.checked_sub(bytes));
        self.left.is_some()
    }

    /// Whether it was exceeded.
    pub(super) fn is_exceeded(&self) -> bool {
        self.left.is_none()
    }

    /// The trace as JSON, unless there was too much of it.
    pub(super) fn answer<T: Serialize>(&self, trace: &T) -> RpcResult<Box<RawValue>> {
        if self.is_exceeded() {
            let mebibytes = MAX_TRACE_BYTES >> 20;
            return Err(RpcError::failed(format!(
                "the trace has more than {mebibytes} MiB: leave out what you do not need (onlyTopCall; \
                 disableStack, disableStorage, limit), or trace a call with less gas"
            )));
        }
        to_json(trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exceeded_stays_exceeded_and_is_said() {
        let mut budget = Budget::default();
        assert!(budget.take(MAX_TRACE_BYTES));
        assert_eq!(budget.answer(&1).unwrap().get(), "1");
        assert!(!budget.take(1));
        assert!(!budget.take(0));
        let error = budget.answer(&1).unwrap_err();
        assert!(error.message().contains("more than 64 MiB"), "{error}");
    }
}
