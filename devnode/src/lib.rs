//! A Stylus development chain in one process, with Nitro's gas.
//!
//! For development and tests only: it has one block producer, no consensus and no peers.
//!
//! Without the default feature `node` only [`stylus`] is there: what a chain makes of a program.

#[cfg(feature = "node")]
pub mod accounts;
#[cfg(feature = "node")]
pub mod chain;
#[cfg(feature = "node")]
pub mod evm;
#[cfg(feature = "node")]
mod node;
#[cfg(feature = "node")]
mod rpc;
pub mod stylus;

#[cfg(feature = "node")]
pub use node::{Config, DEFAULT_PORT, Devnode, NodeError};
