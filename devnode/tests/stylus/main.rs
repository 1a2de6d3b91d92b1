//! The Stylus VM against Nitro's own figures, with a chain of maps behind it.

mod activation;
mod chain;
mod depth;
mod golden;
mod hostio;
mod memory;
mod nesting;
mod opcodes;
mod probe;
mod rules;
mod storage;
