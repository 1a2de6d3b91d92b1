//! JSON-RPC 2.0 envelopes: single requests, batches, answers and notifications.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::error::{RpcError, RpcResult};

/// Most requests in one batch, as in go-ethereum (`node/defaults.go`).
pub(super) const MAX_BATCH: usize = 1000;

/// A parsed body: what JSON-RPC calls a request, or a batch of them.
#[derive(Debug)]
pub(super) enum Packet {
    /// One request, or what should have been one.
    Single(Result<Request, Rejected>),
    /// At least one and at most [`MAX_BATCH`] of them.
    Batch(Vec<Result<Request, Rejected>>),
}

/// One call or, without an id, one notification.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: Option<Box<RawValue>>,
    pub(super) method: String,
    pub(super) params: Option<Box<RawValue>>,
}

/// Valid JSON that is no request, and the id it is answered under.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) id: Option<Box<RawValue>>,
}

/// The members of a request before anything is required of them.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    jsonrpc: Option<String>,
    #[serde(default, borrow, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default, borrow, deserialize_with = "present")]
    params: Option<&'a RawValue>,
}

/// Keeps a member that is `null` apart from one that is missing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Packet {
    /// Splits a body into its requests without looking at their parameters.
    ///
    /// # Errors
    ///
    /// -32700 for bytes that are no JSON, -32600 for an empty or too long batch.
    pub(super) fn parse(body: &[u8]) -> RpcResult<Self> {
        let json: &RawValue = serde_json::from_slice(body).map_err(|_| RpcError::parse())?;
        if !json.get().starts_with('[') {
            return Ok(Self::Single(Request::parse(json)));
        }
        let members: Vec<&RawValue> =
            serde_json::from_str(json.get()).map_err(|_| RpcError::parse())?;
        match members.len() {
            0 => Err(RpcError::invalid_request("empty batch")),
            1..=MAX_BATCH => Ok(Self::Batch(
                members.into_iter().map(Request::parse).collect(),
            )),
            _ => Err(RpcError::invalid_request("batch too large")),
        }
    }
}

impl Request {
    fn parse(json: &RawValue) -> Result<Self, Rejected> {
        let envelope: Envelope<'_> =
            serde_json::from_str(json.get()).map_err(|_| Rejected { id: None })?;
        let id = envelope.id.map(ToOwned::to_owned);
        let id_is_plain = id
            .as_ref()
            .is_none_or(|id| !id.get().starts_with(['{', '[']));
        match (envelope.jsonrpc.as_deref(), envelope.method, id_is_plain) {
            (Some("2.0"), Some(method), true) if !method.is_empty() => Ok(Self {
                id,
                method,
                params: envelope.params.map(ToOwned::to_owned),
            }),
            (_, _, true) => Err(Rejected { id }),
            (_, _, false) => Err(Rejected { id: None }),
        }
    }
}

/// One answer.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    jsonrpc: &'static str,
    /// `null` when the request's id could not be read.
    id: Option<Box<RawValue>>,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Result(Box<RawValue>),
    Error(RpcError),
}

impl Answer {
    pub(super) fn new(id: Option<Box<RawValue>>, outcome: RpcResult<Box<RawValue>>) -> Self {
        let outcome = match outcome {
            Ok(result) => Outcome::Result(result),
            Err(error) => Outcome::Error(error),
        };
        Self {
            jsonrpc: "2.0",
            id,
            outcome,
        }
    }

    /// Bytes of its result.
    pub(super) fn length(&self) -> usize {
        match &self.outcome {
            Outcome::Result(result) => result.get().len(),
            Outcome::Error(_) => 0,
        }
    }
}

/// What goes back for one [`Packet`].
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Reply {
    Single(Answer),
    Batch(Vec<Answer>),
}

/// An event of a subscription, as go-ethereum sends it.
#[derive(Debug, Serialize)]
pub(super) struct Notification<'a, T> {
    jsonrpc: &'static str,
    method: &'static str,
    params: NotificationParams<'a, T>,
}

#[derive(Debug, Serialize)]
struct NotificationParams<'a, T> {
    subscription: &'a str,
    result: &'a T,
}

impl<'a, T: Serialize> Notification<'a, T> {
    pub(super) fn new(subscription: &'a str, result: &'a T) -> Self {
        Self {
            jsonrpc: "2.0",
            method: "eth_subscription",
            params: NotificationParams {
                subscription,
                result,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(body: &str) -> Result<Request, Rejected> {
        match Packet::parse(body.as_bytes()).unwrap() {
            Packet::Single(request) => request,
            Packet::Batch(_) => panic!("{body} is no batch"),
        }
    }

    fn rejected_id(body: &str) -> Option<String> {
        single(body).unwrap_err().id.map(|id| id.get().to_owned())
    }

    #[test]
    fn a_null_id_is_an_id_and_a_missing_one_is_none() {
        let call = single(r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#).unwrap();
        assert_eq!(call.id.unwrap().get(), "null");
        let notification = single(r#"{"jsonrpc":"2.0","method":"m","params":[1]}"#).unwrap();
        assert!(notification.id.is_none());
        assert_eq!(notification.params.unwrap().get(), "[1]");
    }

    #[test]
    fn json_that_is_no_request_keeps_its_id_where_it_has_one() {
        for body in [
            "1",
            "\"text\"",
            "null",
            "{}",
            r#"{"jsonrpc":2,"id":1,"method":"m"}"#,
        ] {
            assert_eq!(rejected_id(body), None, "{body}");
        }
        assert_eq!(
            rejected_id(r#"{"id":1,"method":"m"}"#).as_deref(),
            Some("1")
        );
        assert_eq!(
            rejected_id(r#"{"jsonrpc":"2.0","id":"a"}"#).as_deref(),
            Some("\"a\"")
        );
        assert_eq!(
            rejected_id(r#"{"jsonrpc":"2.0","id":{},"method":"m"}"#),
            None
        );
    }

    #[test]
    fn the_size_of_a_batch_is_bounded() {
        let batch = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(
            Packet::parse(b"[]").unwrap_err().to_string(),
            "empty batch (code -32600)"
        );
        assert!(Packet::parse(batch(MAX_BATCH).as_bytes()).is_ok());
        let refusal = Packet::parse(batch(MAX_BATCH + 1).as_bytes()).unwrap_err();
        assert_eq!(refusal.to_string(), "batch too large (code -32600)");
    }

    #[test]
    fn bytes_that_are_no_json_are_a_parse_error() {
        for body in [&b""[..], b"{", b"[1,]", b"\xff", b"{} {}", b"[[[[[[[["] {
            let refusal = Packet::parse(body).unwrap_err();
            assert_eq!(refusal.to_string(), "parse error (code -32700)");
        }
        let deep = "[".repeat(1_000_000);
        assert!(Packet::parse(deep.as_bytes()).is_err());
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Packet::parse(deep.as_bytes()).is_ok());
    }
}
