//! A Stylus development chain in one process, with Nitro's gas.
//!
//! For development and tests only: it has one block producer, no consensus and no peers.

pub mod accounts;
pub mod chain;
pub mod evm;
mod node;
mod rpc;
pub mod stylus;

pub use node::{Config, DEFAULT_PORT, Devnode, NodeError};
