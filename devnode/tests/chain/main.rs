//! The chain from the outside: signed transactions in, blocks, receipts, logs and state out.

mod control;
mod evm_rules;
mod precompiles;
mod state_file;
mod stylus;
mod support;
mod transactions;
