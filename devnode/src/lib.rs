//! A Stylus development chain in one process, with Nitro's gas.
//!
//! For development and tests only: it has one block producer, no consensus and no peers.

pub mod chain;
pub mod evm;
pub mod stylus;
