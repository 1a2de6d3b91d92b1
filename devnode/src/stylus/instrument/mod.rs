//! Instrumentation: the passes that make a program pay for what it does.
//!
//! In order: start mover ([`start`]), ink meter ([`ink`]), dynamic meter ([`dynamic`]), depth checker
//! ([`depth`]), heap bound ([`heap`]). Each sees the output of the one before; only the ink meter prices
//! instructions, so what later passes insert is free, while the depth checker sees what earlier ones
//! inserted. Source: Nitro `crates/prover/src/programs/mod.rs`.

mod depth;
mod dynamic;
mod encode;
mod globals;
mod heap;
mod ink;
mod pipeline;
mod prices;
mod start;

pub(crate) use globals::{ADDED as ADDED_GLOBALS, NAMES as GLOBAL_NAMES};
pub(crate) use pipeline::{check_depths, instrument};
