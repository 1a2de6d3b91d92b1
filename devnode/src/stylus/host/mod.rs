//! The host functions that programs import.
//!
//! [`table`] lists every function once, with its wasm type and its implementation; validation and
//! linking both read that list. The other modules hold the functions by theme; [`hostio`] is what they
//! work with. Charges are made in the order in which Nitro makes them, since that decides which of two
//! errors a program meets. Source: Nitro `crates/wasm-libraries/user-host-trait`.

mod account;
mod calls;
mod console;
mod context;
mod data;
mod hostio;
mod math;
mod memory;
mod state;
mod storage;
mod table;
mod trace;

pub(crate) use hostio::{Escape, Host, Meter};
pub(crate) use table::{bind, signature};

/// Module of the host functions.
pub(crate) const VM_HOOKS: &str = "vm_hooks";
/// Module of the debugging functions.
pub(crate) const CONSOLE: &str = "console";
/// The host function that charges for pages.
pub(crate) const PAY_FOR_MEMORY_GROW: &str = "pay_for_memory_grow";
