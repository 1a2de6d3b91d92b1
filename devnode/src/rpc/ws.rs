//! WebSocket: messages in any number and order on one connection, and the events of its
//! subscriptions.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use serde_json::value::RawValue;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    dispatch::Dispatcher,
    error::{RpcError, to_json},
    message::Reply,
    server::{ServerState, stopped},
    shared::Unavailable,
    subscriptions::Subscriptions,
};
use crate::chain::ChainEvent;

/// Longest message, bytes (go-ethereum `rpc/websocket.go`, `wsDefaultReadLimit`).
const MAX_MESSAGE: usize = 32 * 1024 * 1024;

/// Messages of one connection that are answered at the same time; further ones wait in the socket.
const MAX_IN_FLIGHT: usize = 64;

/// Answers GET: an upgrade becomes a WebSocket, anything else is a health check, as in go-ethereum.
pub(super) async fn get(
    State(state): State<ServerState>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return StatusCode::OK.into_response();
    };
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE);
    upgrade.on_upgrade(|socket| serve(socket, state))
}

/// Serves one connection until either side ends it.
async fn serve(mut socket: WebSocket, state: ServerState) {
    tokio::select! {
        ended = exchange(&mut socket, &state.dispatcher) => match ended {
            Ok(()) => tracing::debug!("WebSocket closed by the client"),
            Err(error) => tracing::debug!("WebSocket closed: {error}"),
        },
        () = stopped(state.stopping.clone()) => {}
    }
    // The peer may be gone already; then there is nobody to say goodbye to.
    let _ = socket.send(Message::Close(None)).await;
}

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Transport(#[from] axum::Error),
    #[error("{0}")]
    Chain(#[from] Unavailable),
    #[error("{0}")]
    Answer(#[from] RpcError),
}

/// Reads messages, runs them side by side, and writes answers and events as they come.
async fn exchange(socket: &mut WebSocket, dispatcher: &Dispatcher) -> Result<(), Broken> {
    let subscriptions = Arc::new(Subscriptions::default());
    let mut events = dispatcher.context().chain.subscribe()?;
    let mut in_flight = FuturesUnordered::new();
    loop {
        tokio::select! {
            message = socket.recv(), if in_flight.len() < MAX_IN_FLIGHT => {
                let body = match message.transpose()? {
                    None | Some(Message::Close(_)) => return Ok(()),
                    Some(Message::Ping(_) | Message::Pong(_)) => continue,
                    Some(message) => message.into_data(),
                };
                in_flight.push(answer(dispatcher, body, &subscriptions));
            }
            Some(reply) = in_flight.next() => {
                if let Some(reply) = reply {
                    socket.send(text(to_json(&reply)?)).await?;
                }
            }
            () = change(&mut events), if !subscriptions.is_empty() => {
                for event in news(dispatcher, Arc::clone(&subscriptions)).await? {
                    socket.send(text(event)).await?;
                }
            }
        }
    }
}

async fn answer(
    dispatcher: &Dispatcher,
    body: Bytes,
    subscriptions: &Subscriptions,
) -> Option<Reply> {
    dispatcher.answer(&body, Some(subscriptions)).await
}

/// Waits until the chain has changed. What changed is looked up on the chain itself, so a receiver
/// that fell behind loses nothing.
async fn change(events: &mut Receiver<ChainEvent>) {
    if let Err(RecvError::Closed) = events.recv().await {
        // The chain lives as long as the server; without it there are no changes.
        std::future::pending().await
    }
}

/// The notifications that are due.
async fn news(
    dispatcher: &Dispatcher,
    subscriptions: Arc<Subscriptions>,
) -> Result<Vec<Box<RawValue>>, Broken> {
    let chain = &dispatcher.context().chain;
    Ok(chain
        .read(move |chain| subscriptions.advance(chain))
        .await??)
}

fn text(json: Box<RawValue>) -> Message {
    Message::Text(String::from(Box::<str>::from(json)).into())
}
