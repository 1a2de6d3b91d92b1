//! A node's answers.

#![no_main]

#[path = "../harness.rs"]
#[allow(dead_code)] // each target uses its part of the harness
mod harness;
#[path = "../node.rs"]
mod node;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    node::replies(bytes);
});
