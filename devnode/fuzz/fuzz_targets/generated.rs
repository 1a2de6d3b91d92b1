//! A valid program made of a stranger's bytes, run with input of a stranger.

#![no_main]

#[path = "../generate.rs"]
mod generate;
#[path = "../harness.rs"]
#[allow(dead_code)] // each target uses its part of the harness
mod harness;

libfuzzer_sys::fuzz_target!(|case: (&[u8], &[u8])| {
    let (input, bytes) = case;
    harness::executing(&generate::program(bytes), input);
});
