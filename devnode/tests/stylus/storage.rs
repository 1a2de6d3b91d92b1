//! The storage cache: what it keeps, when it writes, what it costs.

use alloy_primitives::B256;
use chartseal_devnode::stylus::Status;

use crate::chain::Chain;
use crate::probe::{Call, DATA, GAS, ink, memory_after, module, word};

const LOAD: &str = "(call $storage_load_bytes32 (i32.const 1024) (i32.const 1088))";
const CACHE: &str = "(call $storage_cache_bytes32 (i32.const 1024) (i32.const 1056))";
const FLUSH: &str = "(call $storage_flush_cache (i32.const 0))";
const CLEAR: &str = "(call $storage_flush_cache (i32.const 1))";

/// Key one, value seven, and room for what is loaded.
fn data() -> Vec<u8> {
    [word(1).0, word(7).0, [0; 32]].concat()
}

/// What [`LOAD`] found last after `body`.
fn loaded(chain: &mut Chain, body: &str) -> B256 {
    B256::from_slice(&memory_after(chain, &data(), body, 96)[64..])
}

fn stored(chain: &Chain) -> B256 {
    let slot = (chain.environment.contract_address, word(1));
    chain.storage.get(&slot).copied().unwrap_or_default()
}

#[test]
fn reads_see_the_state_and_then_the_cache() {
    let mut chain = Chain::new();
    chain.preset(word(1), word(3));
    assert_eq!(loaded(&mut chain, LOAD), word(3));
    assert_eq!(loaded(&mut chain, &format!("{CACHE} {LOAD}")), word(7));
    assert_eq!(stored(&chain), word(3), "an unflushed write is lost");
}

#[test]
fn a_flush_writes() {
    let mut chain = Chain::new();
    assert_eq!(
        loaded(&mut chain, &format!("{CACHE} {FLUSH} {LOAD}")),
        word(7)
    );
    assert_eq!(stored(&chain), word(7));
}

/// Flushing what is already in the state, as far as the cache knows, costs nothing.
#[test]
fn clean_entries_are_not_written() {
    let flush = Call::of("storage_flush_cache", &[0]);
    let mut chain = Chain::new();
    chain.preset(word(1), word(7));
    let known = format!("{LOAD} {CACHE}");
    assert_eq!(
        ink(&mut chain, &data(), &known, flush),
        68_073,
        "same as the value that was loaded"
    );
    let mut chain = Chain::new();
    chain.preset(word(1), word(7));
    let unknown = 68_073 + (2_100 + 100) * 10_000;
    assert_eq!(
        ink(&mut chain, &data(), CACHE, flush),
        unknown,
        "not known to be the same"
    );
    let twice = format!("{CACHE} {FLUSH}");
    assert_eq!(
        ink(&mut Chain::new(), &data(), &twice, flush),
        68_073,
        "already written"
    );
    assert_eq!(ink(&mut Chain::new(), &data(), "", flush), 68_073, "empty");
}

#[test]
fn clearing_forgets_values_but_writes_first() {
    let mut chain = Chain::new();
    let body = format!("{CACHE} {CLEAR} (i64.store (i32.const 1048) (i64.const 0)) {LOAD}");
    let found = loaded(&mut chain, &body);
    assert_eq!(stored(&chain), word(7));
    assert_eq!(
        found,
        B256::ZERO,
        "key zero: the low bytes of the key were overwritten"
    );
}

/// Reads 33 to 128 of an instance cost 2 gas more, later ones 10; writes 9 to 64 cost 7, later ones 10.
#[test]
fn surcharges() {
    let load = Call::of("storage_load_bytes32", &[DATA as i64, DATA as i64 + 64]);
    let cache = Call::of("storage_cache_bytes32", &[DATA as i64, DATA as i64 + 32]);
    let after = |body: &str, times: u32, call| {
        let setup = format!(
            "(local.set $i32 (i32.const {times}))
            loop {body} (local.tee $i32 (i32.sub (local.get $i32) (i32.const 1))) br_if 0 end"
        );
        (ink(&mut Chain::new(), &data(), &setup, call) - 18_480) / 10_000
    };
    for (reads_before, gas) in [(31, 0), (32, 2), (127, 2), (128, 10), (1_000, 10)] {
        assert_eq!(
            after(LOAD, reads_before, load),
            gas,
            "after {reads_before} reads"
        );
    }
    for (writes_before, gas) in [(7, 0), (8, 7), (63, 7), (64, 10), (1_000, 10)] {
        assert_eq!(
            after(CACHE, writes_before, cache),
            gas,
            "after {writes_before} writes"
        );
    }
    let cleared = format!("{CACHE} {CLEAR}");
    assert_eq!(
        after(&cleared, 8, cache),
        7,
        "clearing does not reset the count"
    );
}

/// The flush of one new slot costs 22,100 gas; with one less the frame is out of ink.
#[test]
fn a_flush_that_runs_out() {
    let mut chain = Chain::new();
    let program = chain
        .activate(&module(1, &data(), &format!("{CACHE} {FLUSH}")))
        .program;
    let used = GAS - chain.clone().run(&program, b"", GAS).gas_left;
    assert_eq!(
        chain.clone().run(&program, b"", used).status,
        Status::Success
    );
    let outcome = chain.run(&program, b"", used - 1);
    assert_eq!((outcome.status, outcome.gas_left), (Status::OutOfInk, 0));
}

#[test]
fn transient_slots() {
    let mut chain = Chain::new();
    let body = "(call $transient_store_bytes32 (i32.const 1024) (i32.const 1056))
        (call $transient_load_bytes32 (i32.const 1024) (i32.const 1088))";
    assert_eq!(loaded(&mut chain, body), word(7));
    assert!(chain.storage.is_empty());
}
