//! End-to-end tests of Chartseal over JSON-RPC.

pub mod proxy;
pub mod shorthand;
pub mod world;
