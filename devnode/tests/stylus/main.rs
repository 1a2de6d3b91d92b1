//! The Stylus VM against Nitro's own figures, with a chain of maps behind it.

mod activation;
mod answers;
mod chain;
mod depth;
#[path = "../../fuzz/generate.rs"]
mod generate;
mod golden;
#[path = "../../fuzz/harness.rs"]
mod harness;
mod hostio;
mod machine;
mod memory;
mod nesting;
mod opcodes;
mod probe;
mod property;
mod robustness;
mod rules;
mod storage;
