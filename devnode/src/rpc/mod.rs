//! JSON-RPC over HTTP and WebSocket, as geth and Nitro speak it.
//!
//! A message goes through these files: `http` or `ws` read it, `dispatch` splits it into requests,
//! `module` finds the method, `params` types its parameters, and the method itself stands in the
//! file of its namespace. `objects` gives blocks, transactions and receipts their JSON shapes.

mod context;
mod debug;
mod dev;
mod dispatch;
mod error;
mod eth;
mod filters;
mod http;
mod message;
mod module;
mod net;
mod objects;
mod params;
mod server;
mod shared;
mod subscriptions;
mod tracers;
mod trail;
mod ws;

use context::Context;
use module::Module;
pub(crate) use server::serve;
pub(crate) use shared::{MAX_CALLS, SharedChain, Unavailable};

/// Adds every method of every namespace.
fn register(module: &mut Module<Context>) {
    debug::register(module);
    dev::register(module);
    eth::register(module);
    net::register(module);
}
