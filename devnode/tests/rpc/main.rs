//! The JSON-RPC server over real sockets, asked by alloy's provider and by hand-written bytes.

mod support;

mod blocks;
mod calls;
mod filters;
mod helpers;
mod proofs;
mod protocol;
mod sending;
mod stylus;
mod subscriptions;
mod tracing;
mod websocket;
