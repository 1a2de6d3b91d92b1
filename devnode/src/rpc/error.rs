//! The one error vocabulary of the JSON-RPC server: codes and messages as go-ethereum gives them,
//! because tools match on both.

use alloy_primitives::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::chain::{CallError, ControlError, SendError};

/// What a method returns.
pub(super) type RpcResult<T> = Result<T, RpcError>;

/// Code of every failure without a code of its own (go-ethereum `rpc/errors.go`).
const DEFAULT: i64 = -32_000;
/// Subscriptions on a transport without notifications (go-ethereum `rpc/errors.go`).
const NOTIFICATIONS_UNSUPPORTED: i64 = -32_001;
/// A batch with too long an answer (go-ethereum `rpc/errors.go`).
const RESPONSE_TOO_LARGE: i64 = -32_003;
/// JSON-RPC 2.0, section 5.1: the bytes are no JSON.
const PARSE: i64 = -32_700;
/// JSON-RPC 2.0, section 5.1: the JSON is no request.
const INVALID_REQUEST: i64 = -32_600;
/// JSON-RPC 2.0, section 5.1: no such method.
const METHOD_NOT_FOUND: i64 = -32_601;
/// JSON-RPC 2.0, section 5.1: parameters of the wrong number or type.
const INVALID_PARAMS: i64 = -32_602;
/// JSON-RPC 2.0, section 5.1: a failure of the server itself.
const INTERNAL: i64 = -32_603;

/// The `error` member of a JSON-RPC answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message} (code {code})")]
pub(super) struct RpcError {
    code: i64,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Bytes>,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// The text tools match on.
    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// A failure that clients tell apart by its message: code -32000.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(DEFAULT, message)
    }

    /// The bytes were no JSON: code -32700.
    pub(super) fn parse() -> Self {
        Self::new(PARSE, "parse error")
    }

    /// The JSON was no request: code -32600.
    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(INVALID_REQUEST, message)
    }

    /// No method of that name: code -32601.
    pub(super) fn method_not_found(method: &str) -> Self {
        Self::new(
            METHOD_NOT_FOUND,
            format!("the method {method} does not exist/is not available"),
        )
    }

    /// `eth_subscribe` for an event that does not exist: code -32601.
    pub(super) fn subscription_not_found(name: &str) -> Self {
        Self::new(
            METHOD_NOT_FOUND,
            format!("no {name:?} subscription in eth namespace"),
        )
    }

    /// `eth_subscribe` over HTTP: code -32001.
    pub(super) fn notifications_unsupported() -> Self {
        Self::new(NOTIFICATIONS_UNSUPPORTED, "notifications not supported")
    }

    /// The earlier answers of a batch fill what it may take: code -32003.
    pub(super) fn response_too_large() -> Self {
        Self::new(RESPONSE_TOO_LARGE, "response too large")
    }

    /// Parameters of the wrong number or type: code -32602.
    pub(super) fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(INVALID_PARAMS, message)
    }

    /// A failure of the server itself: code -32603.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(INTERNAL, message)
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        Self {
            code: error.code(),
            data: error.data().cloned(),
            message: error.to_string(),
        }
    }
}

impl From<SendError> for RpcError {
    fn from(error: SendError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<ControlError> for RpcError {
    fn from(error: ControlError) -> Self {
        Self::failed(error.to_string())
    }
}

/// Writes a method's value as JSON.
///
/// # Errors
///
/// -32603 when the value has no JSON form (none of ours is like that).
pub(super) fn to_json<T: Serialize>(value: &T) -> RpcResult<Box<RawValue>> {
    serde_json::value::to_raw_value(value).map_err(|error| RpcError::internal(error.to_string()))
}
