//! Header and chunks of an object.

#![no_main]

#[path = "../harness.rs"]
#[allow(dead_code)] // each target uses its part of the harness
mod harness;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| harness::object(bytes));
