//! The HTTP and WebSocket server around the methods.

use std::{io, sync::Arc};

use axum::{Router, middleware, routing};
use tokio::{net::TcpListener, sync::watch};

use super::{context::Context, dispatch::Dispatcher, http, shared::SharedChain, ws};

/// What every connection shares.
#[derive(Clone)]
pub(super) struct ServerState {
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) stopping: watch::Receiver<bool>,
}

/// The JSON-RPC service of a chain: POST for HTTP, GET with an upgrade for WebSocket, any path.
///
/// WebSockets are closed when `stopping` becomes true.
pub(crate) fn app(chain: SharedChain, stopping: watch::Receiver<bool>) -> Router {
    let dispatcher = Arc::new(Dispatcher::new(Arc::new(Context::new(chain))));
    let route = routing::post(http::post).get(ws::get);
    Router::new()
        .fallback_service(route.with_state(ServerState {
            dispatcher,
            stopping,
        }))
        .layer(middleware::from_fn(http::same_machine))
}

/// Serves until `stopping` becomes true and the requests in flight are answered.
///
/// # Errors
///
/// When the listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    chain: SharedChain,
    stopping: watch::Receiver<bool>,
) -> io::Result<()> {
    let app = app(chain, stopping.clone());
    axum::serve(listener, app)
        .with_graceful_shutdown(stopped(stopping))
        .await
}

/// Waits for the end of the node.
pub(super) async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, which ends the node too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
