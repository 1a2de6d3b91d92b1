//! A module of a stranger, up to its activation.

#![no_main]

#[path = "../harness.rs"]
#[allow(dead_code)] // each target uses its part of the harness
mod harness;

libfuzzer_sys::fuzz_target!(|wasm: &[u8]| {
    harness::activating(wasm);
});
