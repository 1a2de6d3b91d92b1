//! The HTTP and WebSocket server around the methods.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{Router, middleware, routing};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    time::timeout,
};

use super::{context::Context, dispatch::Dispatcher, http, shared::SharedChain, ws};

/// How long open WebSockets get to say goodbye when the node stops.
const GOODBYE: Duration = Duration::from_secs(1);

/// What every connection shares.
#[derive(Clone)]
pub(super) struct ServerState {
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) stopping: watch::Receiver<bool>,
    /// Nothing is sent: the channel closes when the last connection is gone.
    _connected: mpsc::Sender<Infallible>,
}

/// The JSON-RPC service of a chain: POST for HTTP, GET with an upgrade for WebSocket, any path.
fn app(state: ServerState) -> Router {
    let route = routing::post(http::post).get(ws::get);
    Router::new()
        .fallback_service(route.with_state(state))
        .layer(middleware::from_fn(http::same_machine))
}

/// Serves until `stopping` becomes true, the requests in flight are answered and the WebSockets
/// closed.
///
/// # Errors
///
/// When the listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    chain: SharedChain,
    stopping: watch::Receiver<bool>,
) -> io::Result<()> {
    let (connected, mut disconnected) = mpsc::channel(1);
    let app = app(ServerState {
        dispatcher: Arc::new(Dispatcher::new(Arc::new(Context::new(chain)))),
        stopping: stopping.clone(),
        _connected: connected,
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(stopped(stopping))
        .await?;
    // A peer that does not take its goodbye is left behind.
    let _ = timeout(GOODBYE, disconnected.recv()).await;
    Ok(())
}

/// Waits for the end of the node.
pub(super) async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, which ends the node too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
