//! The figures that Nitro's own system test asserts (`system_tests/program_ink_test.go`), in ink
//! between the readings, without the `call` instruction.

use alloy_primitives::Bytes;
use chartseal_devnode::stylus::api::Pages;
use chartseal_devnode::stylus::{Status, activate};

use crate::chain::{Chain, Contract};
use crate::probe::{ALL_GAS, Call, GAS, OUT, P0, P1, TARGET, ink, word};

/// Data that begins with the target's address.
fn target_data() -> Vec<u8> {
    let mut data = TARGET.to_vec();
    data.resize(128, 0);
    data
}

fn with_code(len: usize) -> Chain {
    let mut chain = Chain::new();
    chain.codes.insert(TARGET, Bytes::from(vec![0x60; len]));
    chain
}

#[test]
fn transient_storage() {
    let chain = &mut Chain::new();
    assert_eq!(
        ink(
            chain,
            &[],
            "",
            Call::of("transient_load_bytes32", &[P0, OUT])
        ),
        1_078_153
    );
    assert_eq!(
        ink(
            chain,
            &[],
            "",
            Call::of("transient_store_bytes32", &[P0, P1])
        ),
        1_078_153
    );
}

#[test]
fn accounts() {
    let data = target_data();
    let mut warm = Chain::new();
    warm.warm_accounts.insert(TARGET);
    assert_eq!(
        ink(
            &mut warm,
            &data,
            "",
            Call::of("account_balance", &[P0, OUT])
        ),
        1_078_153
    );
    let size = Call::i32("account_code_size", &[P0]);
    assert_eq!(ink(&mut with_code(120), &data, "", size), 33_068_073);
    let hash = Call::of("account_codehash", &[P0, OUT]);
    assert_eq!(ink(&mut with_code(120), &data, "", hash), 26_078_153);
    let code = Call::i32("account_code", &[P0, 0, 120, OUT]);
    assert_eq!(ink(&mut with_code(120), &data, "", code), 33_075_753);
    assert_eq!(ink(&mut with_code(135), &data, "", code), 33_076_203);
}

#[test]
fn arithmetic() {
    let chain = &mut Chain::new();
    let pow = Call::of("math_pow", &[P0, P1]);
    for (bytes, expected) in [(1, 61_520), (2, 79_020), (10, 219_020), (32, 604_020)] {
        let mut data = vec![0; 64];
        data[64 - bytes..].fill(0xff);
        assert_eq!(
            ink(chain, &data, "", pow),
            expected,
            "{bytes} bytes of exponent"
        );
    }
    assert_eq!(ink(chain, &[], "", Call::of("math_div", &[P0, P1])), 43_520);
    assert_eq!(ink(chain, &[], "", Call::of("math_mod", &[P0, P1])), 43_520);
    assert_eq!(
        ink(chain, &[], "", Call::of("math_add_mod", &[P0, P1, P1])),
        49_560
    );
    assert_eq!(
        ink(chain, &[], "", Call::of("math_mul_mod", &[P0, P1, P1])),
        52_660
    );
}

const LOAD: Call = Call::of("storage_load_bytes32", &[P0, OUT]);
const CACHE: Call = Call::of("storage_cache_bytes32", &[P0, P1]);
const FLUSH: Call = Call::of("storage_flush_cache", &[0]);
const FLUSH_CLEAR: Call = Call::of("storage_flush_cache", &[1]);

/// Key zero, value seven.
fn slot_data() -> Vec<u8> {
    [[0; 32], word(7).0].concat()
}

#[test]
fn storage_reads() {
    let data = slot_data();
    assert_eq!(ink(&mut Chain::new(), &data, "", LOAD), 21_068_480);
    assert_eq!(ink(&mut Chain::new(), &data, &LOAD.wat(), LOAD), 18_480);
    let cleared = format!("{} {}", LOAD.wat(), FLUSH_CLEAR.wat());
    assert_eq!(ink(&mut Chain::new(), &data, &cleared, LOAD), 1_068_480);
}

#[test]
fn storage_writes() {
    let data = slot_data();
    let new = &mut Chain::new();
    assert_eq!(ink(new, &data, "", CACHE), 18_480);
    assert_eq!(
        ink(new, &data, &CACHE.wat(), FLUSH),
        221_068_073,
        "one new slot"
    );

    let mut existing = Chain::new();
    existing.preset(word(0), word(3));
    assert_eq!(
        ink(&mut existing, &data, &CACHE.wat(), FLUSH),
        50_068_073,
        "non-zero, cold"
    );

    let rewrite = format!(
        "{} {} (i64.store (i32.const {P1}) (i64.const 9)) {}",
        CACHE.wat(),
        FLUSH.wat(),
        CACHE.wat()
    );
    let mut existing = Chain::new();
    existing.preset(word(0), word(3));
    assert_eq!(
        ink(&mut existing, &data, &rewrite, FLUSH),
        1_068_073,
        "again in one transaction"
    );

    let mut zeroed = Chain::new();
    zeroed.preset(word(0), word(3));
    let zero = [0; 64];
    assert_eq!(
        ink(&mut zeroed, &zero, &CACHE.wat(), FLUSH),
        50_068_073,
        "non-zero to zero, cold"
    );
    assert_eq!(zeroed.refund, 4_800);
}

#[test]
fn logs() {
    let cases: [(&'static [i64], u64); 7] = [
        (&[P0, 0, 0], 3_834_454),
        (&[P0, 10, 0], 4_634_454),
        (&[P0, 100, 0], 11_838_194),
        (&[P0, 132, 1], 15_589_954),
        (&[P0, 164, 2], 19_341_714),
        (&[P0, 196, 3], 23_093_474),
        (&[P0, 228, 4], 26_845_234),
    ];
    for (arguments, expected) in cases {
        let call = Call::of("emit_log", arguments);
        assert_eq!(
            ink(&mut Chain::new(), &[], "", call),
            expected,
            "{arguments:?}"
        );
    }
}

/// A chain whose target answers with `output` at a cost of `gas`.
fn with_target(gas: u64, output: usize) -> Chain {
    let mut chain = Chain::new();
    let output = Bytes::from(vec![0xab; output]);
    chain.contracts.insert(
        TARGET,
        Contract::Fixed {
            gas,
            success: true,
            output,
        },
    );
    chain.warm_accounts.insert(TARGET);
    chain
}

const STATIC_CALL: Call = Call::i32("static_call_contract", &[P0, P1, 36, ALL_GAS, OUT]);

#[test]
fn return_data() {
    let data = target_data();
    let cases: [(&'static [i64], u64); 4] = [
        (&[OUT, 0, 10], 73_113),
        (&[OUT, 0, 100], 75_153),
        (&[OUT, 0, 1_000], 102_153),
        (&[OUT, 0, 10_000], 372_153),
    ];
    for (arguments, expected) in cases {
        let chain = &mut with_target(0, arguments[2] as usize);
        let call = Call::i32("read_return_data", arguments);
        assert_eq!(
            ink(chain, &data, &STATIC_CALL.wat(), call),
            expected,
            "{arguments:?}"
        );
    }
}

/// `ArbosTest.burnArbGas(0)`: a pure precompile that costs its three words of arguments and 100 gas.
#[test]
fn calls_of_a_precompile() {
    let data = target_data();
    let calls = [
        Call::i32("call_contract", &[P0, P1, 36, P0 + 64, ALL_GAS, OUT]),
        Call::i32("delegate_call_contract", &[P0, P1, 36, ALL_GAS, OUT]),
        STATIC_CALL,
    ];
    for call in calls {
        assert_eq!(
            ink(&mut with_target(3, 0), &data, "", call),
            1_146_395,
            "{}",
            call.name
        );
    }
}

#[test]
fn hashes() {
    let cases: [(&'static [i64], u64); 3] = [
        (&[P0, 10, OUT], 121_800),
        (&[P0, 100, OUT], 163_800),
        (&[P0, 1_000, OUT], 751_800),
    ];
    for (arguments, expected) in cases {
        let call = Call::of("native_keccak256", arguments);
        assert_eq!(
            ink(&mut Chain::new(), &[], "", call),
            expected,
            "{arguments:?}"
        );
    }
}

#[test]
fn small_ones() {
    let chain = &mut Chain::new();
    assert_eq!(
        ink(chain, &[], "", Call::of("write_result", &[P0, 0])),
        41_162
    );
    assert_eq!(ink(chain, &[], "", Call::i32("msg_reentrant", &[])), 8_400);
    assert_eq!(
        ink(chain, &[], "", Call::of("pay_for_memory_grow", &[0])),
        8_400
    );
}

/// The pages of the calling program count: one is open when it buys a hundred more.
#[test]
fn memory_growth() {
    let chain = &mut Chain::new();
    chain.pages = Pages { open: 1, ever: 1 };
    assert_eq!(
        ink(chain, &[], "", Call::of("pay_for_memory_grow", &[100])),
        9_320_660_000
    );
    assert_eq!(
        chain.pages,
        Pages {
            open: 101,
            ever: 101
        }
    );
}

/// A reader of its arguments, called with four bytes. The names make it 191 bytes long, as Nitro's is.
const CALLEE: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (memory (export "memory") 1 1)
    (func $main (export "user_entrypoint") (param $calldata_len i32) (result i32)
        (call $read_args (i32.const 0))
        (call $write_result (i32.const 0) (local.get $calldata_len))
        i32.const 0))"#;

/// The end-to-end figure: a program calls a cold program that is not cached. It covers start costs,
/// block prices, two host functions, rounding up to gas and the call itself.
#[test]
fn call_of_a_program() {
    let wasm = wat::parse_str(CALLEE).expect("valid");
    let activated = activate(&wasm, &Chain::new().activation()).expect("acceptable");
    assert_eq!(wasm.len(), 191);
    assert_eq!(
        (activated.costs.init, activated.costs.cached_init),
        (34, 11)
    );
    assert_eq!(
        activated.gas_used, 64_652,
        "derived from the formula of activation gas"
    );
    let calls = [
        Call::i32("call_contract", &[P0, P1, 4, P0 + 64, ALL_GAS, OUT]),
        Call::i32("delegate_call_contract", &[P0, P1, 4, ALL_GAS, OUT]),
        Call::i32("static_call_contract", &[P0, P1, 4, ALL_GAS, OUT]),
    ];
    for call in calls {
        let mut chain = Chain::new();
        chain.pages = Pages { open: 1, ever: 1 };
        chain.install(TARGET, CALLEE);
        assert_eq!(
            ink(&mut chain, &target_data(), "", call),
            118_475_955,
            "{}",
            call.name
        );
    }
}

/// `read_args` of 4, 36 and 100 bytes, and `exit_early`, at one ink per gas so that every unit shows.
#[test]
fn arguments_and_early_exit() {
    let mut chain = Chain::new();
    chain.params.ink_price = 1;
    let program = |body: &str| {
        format!(
            r#"(module
                (import "vm_hooks" "read_args" (func $read_args (param i32)))
                (import "vm_hooks" "exit_early" (func $exit_early (param i32)))
                (memory (export "memory") 1 1)
                (func (export "user_entrypoint") (param i32) (result i32) {body} i32.const 0))"#
        )
    };
    let block_with_call = 2_450 + 1 + 3_800;
    let last_block = 2_450 + 2;
    for (len, expected) in [(4, 13_440), (36, 13_560), (100, 15_480)] {
        let wat = program("(call $read_args (i32.const 0))");
        let outcome = chain.run_wat(&wat, &vec![1; len], GAS);
        assert_eq!(
            GAS - outcome.gas_left,
            block_with_call + expected + last_block,
            "{len} bytes"
        );
    }
    let outcome = chain.run_wat(&program("(call $exit_early (i32.const 0))"), b"", GAS);
    assert_eq!(
        (outcome.status, GAS - outcome.gas_left),
        (Status::Success, block_with_call)
    );
}
