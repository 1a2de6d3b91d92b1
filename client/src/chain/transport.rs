//! JSON-RPC over HTTP with bounds on everything: time, attempts and the bytes of an answer.

use std::error::Error as _;
use std::fmt;
use std::str::FromStr;
use std::sync::Once;
use std::task::{Context, Poll};
use std::time::Duration;

use alloy::rpc::json_rpc::{RequestPacket, ResponsePacket};
use alloy::transports::{TransportError, TransportErrorKind, TransportFut, TransportResult};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use tower::Service;
use url::Url;

use super::error::ChainError;

/// Address of a node. What is shown of it, `Debug` included, is scheme, host and port: the rest may hold an access key.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeUrl(Url);

impl NodeUrl {
    /// Scheme, host and port.
    pub fn shown(&self) -> String {
        let port = self
            .0
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        format!(
            "{}://{}{port}",
            self.0.scheme(),
            self.0.host_str().unwrap_or_default()
        )
    }

    /// The whole address, for the profile's file.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for NodeUrl {
    type Err = ChainError;

    fn from_str(text: &str) -> Result<Self, ChainError> {
        // The text itself is not repeated: it may be an address with a key and a typing mistake.
        let url = Url::parse(text).map_err(|e| ChainError::BadUrl(e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(ChainError::BadUrl(format!("{}:", url.scheme())));
        }
        Ok(Self(url))
    }
}

impl fmt::Debug for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeUrl({})", self.shown())
    }
}

/// Bounds on the traffic with a node.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time for one attempt.
    pub timeout: Duration,
    /// Attempts in all.
    pub attempts: u32,
    /// Pause after the first attempt; it doubles after each, up to [`Limits::MAX_PAUSE`].
    pub pause: Duration,
    /// Bytes of an answer at most.
    pub answer: usize,
}

impl Limits {
    /// No pause is longer, whatever the node asks for.
    pub const MAX_PAUSE: Duration = Duration::from_secs(10);

    fn pause_after(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.pause.saturating_mul(1 << attempt.min(16));
        asked
            .unwrap_or(doubled)
            .max(self.pause)
            .min(Self::MAX_PAUSE)
    }
}

impl Default for Limits {
    /// 30 s, 5 attempts from 250 ms on, 8 MiB.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            attempts: 5,
            pause: Duration::from_millis(250),
            answer: 8 << 20,
        }
    }
}

/// What went wrong below JSON-RPC.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{0}")]
    Unreachable(String),
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("HTTP status {0}")]
    Status(u16),
    #[error("an answer of more than {0} bytes")]
    TooLarge(usize),
    #[error("an answer that is no JSON-RPC message")]
    NotJsonRpc,
}

/// Whether another attempt can help, and how long to wait before it where the node says so.
enum Failure {
    Again(Fault, Option<Duration>),
    Final(Fault),
}

/// The transport. All of JSON-RPC that the client uses may be repeated: reads change nothing, and a transaction sent
/// twice is the same transaction.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    url: NodeUrl,
    limits: Limits,
}

impl Http {
    pub(super) fn new(url: NodeUrl, limits: Limits) -> Result<Self, ChainError> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // An error means that the process has chosen its provider already: then that one is used.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.timeout)
            .build()
            .map_err(|e| ChainError::Unreachable {
                node: url.shown(),
                reason: root_cause(e),
            })?;
        Ok(Self {
            client,
            url,
            limits,
        })
    }

    async fn exchange(self, request: RequestPacket) -> TransportResult<ResponsePacket> {
        let body = serde_json::to_vec(&request).map_err(TransportError::ser_err)?;
        let mut attempt = 0;
        loop {
            let (fault, asked) = match self.timed(body.clone()).await {
                Ok(answer) if !overloaded(&answer) => return Ok(answer),
                Ok(answer) if attempt + 1 >= self.limits.attempts => return Ok(answer),
                Ok(_) => (Fault::Status(429), None),
                Err(Failure::Again(fault, asked)) => (fault, asked),
                Err(Failure::Final(fault)) => return Err(TransportErrorKind::custom(fault)),
            };
            if attempt + 1 >= self.limits.attempts {
                return Err(TransportErrorKind::custom(fault));
            }
            tokio::time::sleep(self.limits.pause_after(attempt, asked)).await;
            attempt += 1;
        }
    }

    async fn timed(&self, body: Vec<u8>) -> Result<ResponsePacket, Failure> {
        let limit = self.limits.timeout;
        match tokio::time::timeout(limit, self.attempt(body)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Again(Fault::Timeout(limit), None)),
        }
    }

    async fn attempt(&self, body: Vec<u8>) -> Result<ResponsePacket, Failure> {
        let unreachable = |e| Failure::Again(Fault::Unreachable(root_cause(e)), None);
        let request = self
            .client
            .post(self.url.0.clone())
            .header("content-type", "application/json");
        let mut response = request.body(body).send().await.map_err(unreachable)?;
        let status = response.status();
        let asked = retry_after(&response);
        let mut answer = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            if answer.len() + part.len() > self.limits.answer {
                return Err(Failure::Final(Fault::TooLarge(self.limits.answer)));
            }
            answer.extend_from_slice(&part);
        }
        // Nodes give the JSON-RPC error, where they have one, along with any status.
        match serde_json::from_slice(&answer) {
            Ok(packet) => Ok(packet),
            Err(_) if status.is_success() => Err(Failure::Again(Fault::NotJsonRpc, None)),
            Err(_) if passing(status) => Err(Failure::Again(Fault::Status(status.as_u16()), asked)),
            Err(_) => Err(Failure::Final(Fault::Status(status.as_u16()))),
        }
    }
}

impl Service<RequestPacket> for Http {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}

/// A status that may pass.
fn passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// The node answered in JSON-RPC that it has too much to do.
fn overloaded(answer: &ResponsePacket) -> bool {
    answer
        .responses()
        .iter()
        .any(|r| r.payload.as_error().is_some_and(|e| e.is_retry_err()))
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// The innermost cause, which is the system's and names no address.
fn root_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.source().is_none() {
        error.to_string()
    } else {
        cause.to_string()
    }
}

#[cfg(test)]
mod tests;
