//! The Stylus VM: on-chain code, activation, metering, host functions, execution.
//!
//! It knows the chain only through [`EvmApi`]. Profile: ArbOS 51 (Stylus version 2).
//!
//! # Who charges what
//!
//! | cost | charged by |
//! |---|---|
//! | fixed gas of ArbWasm's `activateProgram`, data fee | the precompile |
//! | gas that depends on the module | [`activate()`] |
//! | is the program active, not expired | the caller of [`call_program`] |
//! | start of a frame, its pages, floor for its result | [`call_program`] |
//! | instructions, host functions, memory growth | [`run()`] (called by [`call_program`]) |
//! | cold and warm access, storage writes and refunds, calls, creations | the [`EvmApi`], by the rules in [`gas`]; it reports the gas and the VM buys it |
//! | logs, transient storage | the VM; the [`EvmApi`] does not charge |
//!
//! State, logs and balances changed by a frame are undone by the EVM side on everything but
//! [`Status::Success`]; page counters are not.
//!
//! # Nested frames and the native stack
//!
//! A program's call is a plain Rust call of [`EvmApi::call`], which may run [`call_program`] again.
//! Wasm-to-wasm calls use no native stack. The thread that executes transactions needs
//! [`EXECUTOR_STACK_BYTES`] of stack for 1024 nested frames.

pub mod api;
pub mod code;
pub mod gas;
pub mod pricing;

mod activate;
mod cache;
mod entry;
mod host;
mod instrument;
mod module;
mod outcome;
mod pages;
mod params;
mod program;
mod run;
mod validate;

pub use activate::{Activated, ActivationError, ActivationParams, ProgramCosts, activate};
pub use api::{Environment, EvmApi};
pub use cache::ProgramCache;
pub use entry::{EXECUTOR_STACK_BYTES, MAX_OPEN_PAGES, cached_init_gas, call_program, init_gas};
pub use outcome::{Frame, Outcome, Status};
pub use pages::exponential_price;
pub use params::StylusParams;
pub use program::Program;
pub use run::run;
