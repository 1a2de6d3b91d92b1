//! The command line: arguments, settings, prompts, tables and exit codes.
//!
//! It does no cryptography and decides nothing about records: a command parses, asks, calls one use case and
//! prints. Arguments are parsed without touching the environment ([`command`]); then they are resolved
//! against configuration files; then the command runs.
//!
//! - [`main`] is the whole program. [`command`], [`EXIT_CODES`], [`VARIABLES`] and [`CONFIG_KEYS`] describe
//!   it, for `docs/cli.md` and the test that compares the two.

mod app;
mod args;
mod commands;
mod config;
#[cfg(feature = "devnode")]
mod demo;
mod exit;
mod failure;
mod files;
mod money;
mod network;
mod output;
mod paid;
mod progress;
mod reference;
mod run;
mod secret;
mod session;
mod short;
mod stop;
mod table;
mod terminal;
mod values;

pub use args::command;
pub use exit::EXIT_CODES;
pub use reference::{CONFIG_KEYS, VARIABLES};
pub use run::main;
