//! A module of a stranger, run with input of a stranger.

#![no_main]

#[path = "../harness.rs"]
#[allow(dead_code)] // each target uses its part of the harness
mod harness;

libfuzzer_sys::fuzz_target!(|case: (&[u8], &[u8])| {
    let (input, wasm) = case;
    harness::executing(wasm, input);
});
