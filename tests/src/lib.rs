//! End-to-end tests of Chartseal over JSON-RPC: what they share.
//!
//! The tests run on a devnode of this process, or on the node that `CHARTSEAL_TEST_RPC` names with the funded key in
//! `CHARTSEAL_TEST_KEY` (default: the publicly known key of a Nitro devnode).

pub mod chain;
pub mod proxy;
pub mod registry;
pub mod shorthand;
pub mod world;
