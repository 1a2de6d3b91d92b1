//! HTTP: one POST is one message. Limits and refusals are those of go-ethereum (`rpc/http.go`).

use std::net::IpAddr;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{dispatch::Dispatcher, error::to_json, server::ServerState};

/// Longest body, bytes (go-ethereum `rpc/http.go`, `defaultBodyLimit`).
pub(super) const MAX_BODY: usize = 5 * 1024 * 1024;

/// Media types of a JSON-RPC body (go-ethereum `rpc/http.go`).
const MEDIA_TYPES: [&str; 3] = [
    "application/json",
    "application/json-rpc",
    "application/jsonrequest",
];

/// Answers one POST.
pub(super) async fn post(State(state): State<ServerState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        let text = "invalid content type, only application/json is supported";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into_response();
    }
    match read(&parts.headers, body).await {
        Err(refusal) => refusal,
        Ok(body) => answer(&state.dispatcher, &body).await,
    }
}

async fn answer(dispatcher: &Dispatcher, body: &[u8]) -> Response {
    let Some(reply) = dispatcher.answer(body, None).await else {
        return StatusCode::OK.into_response();
    };
    match to_json(&reply) {
        Ok(json) => (
            [(header::CONTENT_TYPE, MEDIA_TYPES[0])],
            String::from(json.get()),
        ),
        Err(error) => ([(header::CONTENT_TYPE, "text/plain")], error.to_string()),
    }
    .into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    MEDIA_TYPES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(media_type))
}

/// Reads at most [`MAX_BODY`] bytes. A length that is announced is judged before anything is read.
async fn read(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Response> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if let Some(length) = announced.filter(|length| *length > MAX_BODY) {
        let text = format!("content length too large ({length}>{MAX_BODY})");
        return Err((StatusCode::PAYLOAD_TOO_LARGE, text).into_response());
    }
    to_bytes(body, MAX_BODY).await.map_err(|error| {
        let text = format!("content length too large or body cut short: {error}");
        (StatusCode::PAYLOAD_TOO_LARGE, text).into_response()
    })
}

/// Refuses a request that a browser was tricked into sending: a foreign name that resolves to this
/// machine (DNS rebinding) or a foreign page. go-ethereum's `--http.vhosts` and `--ws.origins`
/// defaults allow the same: IP addresses and `localhost`.
pub(super) async fn same_machine(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !headers
        .get(header::HOST)
        .is_none_or(|host| is_local(host.to_str().unwrap_or_default()))
    {
        return (StatusCode::FORBIDDEN, "invalid host specified").into_response();
    }
    let origin = headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or_default());
    let authority = origin.map(|origin| origin.split_once("://").map_or(origin, |(_, rest)| rest));
    if !authority.is_none_or(is_local) {
        return (StatusCode::FORBIDDEN, "origin not allowed").into_response();
    }
    next.run(request).await
}

/// Whether `host[:port]` names an IP address or `localhost`.
fn is_local(authority: &str) -> bool {
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => authority,
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_addresses_and_localhost_are_local() {
        for local in [
            "localhost",
            "LOCALHOST:8547",
            "127.0.0.1:1",
            "[::1]:8547",
            "10.0.0.3",
        ] {
            assert!(is_local(local), "{local}");
        }
        for foreign in [
            "",
            "null",
            "evil.example",
            "localhost.evil.example:80",
            "127.0.0.1.evil",
        ] {
            assert!(!is_local(foreign), "{foreign}");
        }
    }
}
