//! Every host function: what it answers, and the ways of failing that are its own.

use alloy_primitives::{B256, Bytes, U256, hex, keccak256};
use chartseal_devnode::stylus::Status;
use chartseal_devnode::stylus::api::CallKind;

use crate::chain::{Chain, Contract};
use crate::hostio::{chain, data};
use crate::probe::{
    Call, DATA, GAS, OUT, P0, P1, P2, TARGET, measure, memory_after, module, status_of,
};

#[test]
fn environment_words() {
    let chain = Chain::new();
    let env = chain.environment.clone();
    let number = |value: U256| value.to_be_bytes::<32>().to_vec();
    let cases = [
        ("block_basefee", number(env.block_basefee)),
        ("block_coinbase", env.block_coinbase.to_vec()),
        ("contract_address", env.contract_address.to_vec()),
        ("msg_sender", env.msg_sender.to_vec()),
        ("msg_value", number(env.msg_value)),
        ("tx_gas_price", number(env.tx_gas_price)),
        ("tx_origin", env.tx_origin.to_vec()),
    ];
    for (name, expected) in cases {
        let body = format!("(call ${name} (i32.const {DATA}))");
        let found = memory_after(&mut chain.clone(), &[0xff; 40], &body, 40);
        assert_eq!(found[..expected.len()], expected, "{name}");
        assert!(
            found[expected.len()..].iter().all(|byte| *byte == 0xff),
            "{name} writes no more"
        );
    }
}

/// The i64 (or i32) result of a call.
fn result(chain: &mut Chain, call: Call) -> u64 {
    let (outcome, _) = measure(chain, &data(), "", call);
    let at = if call.keeps == Some("$i64") {
        24..32
    } else {
        16..20
    };
    let mut bytes = [0; 8];
    bytes[..at.len()].copy_from_slice(&outcome.output[at]);
    u64::from_le_bytes(bytes)
}

#[test]
fn environment_numbers() {
    let chain = &mut Chain::new();
    assert_eq!(result(chain, Call::i64("block_gas_limit", &[])), 1 << 50);
    assert_eq!(result(chain, Call::i64("block_number", &[])), 7);
    assert_eq!(
        result(chain, Call::i64("block_timestamp", &[])),
        1_800_000_000
    );
    assert_eq!(result(chain, Call::i64("chainid", &[])), 412_346);
    assert_eq!(result(chain, Call::i32("msg_reentrant", &[])), 1);
    assert_eq!(result(chain, Call::i32("tx_ink_price", &[])), 10_000);
    chain.environment.msg_reentrant = false;
    assert_eq!(result(chain, Call::i32("msg_reentrant", &[])), 0);
}

/// Gas and ink left are read after their own price; gas is rounded down.
#[test]
fn gas_and_ink_left() {
    let chain = &mut Chain::new();
    let (outcome, [before, _]) = measure(chain, &[], "", Call::i64("evm_gas_left", &[]));
    let gas = u64::from_le_bytes(outcome.output[24..32].try_into().expect("eight bytes"));
    assert_eq!(gas, (before - 2_450 - 210 - 3_800 - 8_400) / 10_000);
    let (outcome, [before, _]) = measure(chain, &[], "", Call::i64("evm_ink_left", &[]));
    let ink = u64::from_le_bytes(outcome.output[24..32].try_into().expect("eight bytes"));
    assert_eq!(ink, before - 2_450 - 210 - 3_800 - 8_400);
}

fn numbers(values: &[U256]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_be_bytes::<32>())
        .collect()
}

fn math(name: &str, operands: &[U256]) -> U256 {
    let pointers: String = (0..operands.len())
        .map(|i| format!("(i32.const {})", DATA as usize + 32 * i))
        .collect();
    let body = format!("(call ${name} {pointers})");
    let memory = memory_after(
        &mut Chain::new(),
        &numbers(operands),
        &body,
        32 * operands.len() as u32,
    );
    assert_eq!(
        memory[32..],
        numbers(operands)[32..],
        "{name} changes its first operand only"
    );
    U256::from_be_slice(&memory[..32])
}

#[test]
fn arithmetic() {
    let n = |value: u64| U256::from(value);
    let max = U256::MAX;
    assert_eq!(math("math_div", &[n(100), n(7)]), n(14));
    assert_eq!(math("math_div", &[max, U256::ZERO]), U256::ZERO);
    assert_eq!(math("math_mod", &[n(100), n(7)]), n(2));
    assert_eq!(math("math_mod", &[max, U256::ZERO]), U256::ZERO);
    assert_eq!(math("math_pow", &[n(3), n(5)]), n(243));
    assert_eq!(math("math_pow", &[n(2), n(256)]), U256::ZERO);
    assert_eq!(math("math_pow", &[U256::ZERO, U256::ZERO]), n(1));
    assert_eq!(math("math_pow", &[max, max]), max);
    assert_eq!(
        math("math_add_mod", &[max, max, n(10)]),
        n(0),
        "the sum has 257 bits"
    );
    assert_eq!(math("math_add_mod", &[n(1), n(2), U256::ZERO]), U256::ZERO);
    assert_eq!(
        math("math_mul_mod", &[max, max, n(12)]),
        n(9),
        "the product has 512 bits"
    );
    assert_eq!(math("math_mul_mod", &[n(1), n(2), U256::ZERO]), U256::ZERO);
}

#[test]
fn hashing() {
    let body = "(call $native_keccak256 (i32.const 1024) (i32.const 3) (i32.const 1056))";
    let memory = memory_after(&mut Chain::new(), b"abc", body, 64);
    let expected = hex!("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    assert_eq!(memory[32..], expected, "keccak256(\"abc\")");
}

#[test]
fn input_and_output() {
    let chain = &mut Chain::new();
    let body = "(call $read_args (i32.const 2048))
        (call $write_result (i32.const 0) (i32.const 9))
        (call $write_result (i32.const 2048) (local.get $len))";
    let outcome = chain.run_wat(&module(1, &[], body), b"the last call wins", GAS);
    assert_eq!(outcome.output.as_ref(), b"the last call wins");
    let outcome = chain.run_wat(&module(1, &[], ""), b"input", GAS);
    assert_eq!((outcome.status, outcome.output.len()), (Status::Success, 0));
}

#[test]
fn exits() {
    let result = "(call $write_result (i32.const 1024) (i32.const 4))";
    let cases = [
        (
            format!("{result} (call $exit_early (i32.const 0)) unreachable"),
            Status::Success,
        ),
        (
            format!("{result} (call $exit_early (i32.const 5)) unreachable"),
            Status::Revert,
        ),
        (format!("{result} (return (i32.const 1))"), Status::Revert),
        (format!("{result} (return (i32.const -1))"), Status::Revert),
    ];
    for (body, status) in cases {
        let outcome = Chain::new().run_wat(&module(1, b"data", &body), b"", GAS);
        assert_eq!(
            (outcome.status, outcome.output.as_ref()),
            (status, b"data".as_slice()),
            "{body}"
        );
        assert!(outcome.gas_left > GAS - 100);
    }
    let trap = format!("{result} unreachable");
    let outcome = Chain::new().run_wat(&module(1, b"data", &trap), b"", GAS);
    assert_eq!((outcome.status, outcome.output.len()), (Status::Failure, 0));
}

#[test]
fn account_code_windows() {
    let code: Vec<u8> = (0..100).collect();
    let cases = [
        (0, 100, 100),
        (0, 200, 100),
        (40, 10, 10),
        (90, 50, 10),
        (100, 1, 0),
        (500, 1, 0),
    ];
    for (offset, size, expected) in cases {
        let body = format!(
            "(i32.store8 (i32.const 1023)
                (call $account_code (i32.const 1024) (i32.const {offset}) (i32.const {size}) (i32.const 2048)))
             (call $write_result (i32.const 1023) (i32.const 2048))
             (call $exit_early (i32.const 0))"
        );
        let outcome = chain().run_wat(&module(1, &data(), &body), b"", GAS);
        let memory = &outcome.output[1 + 1_024..];
        assert_eq!(usize::from(outcome.output[0]), expected, "{offset} {size}");
        assert_eq!(memory[..expected], code[offset.min(100)..][..expected]);
        assert!(
            memory[expected..100].iter().all(|byte| *byte == 0),
            "no padding"
        );
    }
}

#[test]
fn accounts() {
    let mut chain = chain();
    assert_eq!(
        result(&mut chain, Call::i32("account_code_size", &[P0])),
        100
    );
    let hash = "(call $account_codehash (i32.const 1024) (i32.const 1056))";
    let code = chain.codes[&TARGET].clone();
    assert_eq!(
        memory_after(&mut chain, &data(), hash, 64)[32..],
        keccak256(code).0
    );
    let balance = "(call $account_balance (i32.const 1024) (i32.const 1056))";
    let balance = memory_after(&mut chain, &data(), balance, 64);
    assert_eq!(U256::from_be_slice(&balance[32..]), U256::from(123_456_789));
    let nobody = memory_after(&mut chain, &[9; 20], hash, 64);
    assert_eq!(nobody[32..], [0; 32]);
}

/// The last non-empty code is free to read again, through either function.
#[test]
fn the_last_code_is_kept() {
    let ink = |chain: &mut Chain, setup: &str, call| crate::probe::ink(chain, &data(), setup, call);
    let size = Call::i32("account_code_size", &[P0]);
    let code = Call::i32("account_code", &[P0, 0, 0, OUT]);
    let size_first = format!("{} ", size.wat());
    assert_eq!(ink(&mut chain(), &size_first, size), 68_073);
    assert_eq!(
        ink(&mut chain(), &size_first, code),
        68_073 + 5_040 + 30 * 68
    );
    // An empty code is not kept: it is warm, but the touch and the code are paid again.
    let mut empty = chain();
    empty.codes.clear();
    assert_eq!(
        ink(&mut empty, &size_first, size),
        68_073 + (100 + 700) * 10_000
    );
}

#[test]
fn code_that_cannot_be_paid_runs_out() {
    let program = chain()
        .activate(&module(
            1,
            &data(),
            &Call::i32("account_code_size", &[P0]).wat(),
        ))
        .program;
    let outcome = chain().run(&program, b"", 3_000);
    assert_eq!(
        outcome.status,
        Status::OutOfInk,
        "2600 are at hand, 3300 are due"
    );
}

#[test]
fn logs() {
    let mut chain = Chain::new();
    let body = "(call $emit_log (i32.const 1024) (i32.const 70) (i32.const 2))";
    let data: Vec<u8> = (0..70).collect();
    chain.run_wat(&module(1, &data, body), b"", GAS);
    let (topics, body) = &chain.logs[0];
    assert_eq!(
        topics[..],
        [
            B256::from_slice(&data[..32]),
            B256::from_slice(&data[32..64])
        ]
    );
    assert_eq!(body.as_ref(), &data[64..]);
}

#[test]
fn bad_logs() {
    for arguments in [
        "(i32.const 160) (i32.const 5)",
        "(i32.const 31) (i32.const 1)",
        "(i32.const 127) (i32.const 4)",
        "(i32.const 64) (i32.const -1)",
    ] {
        let body = format!("(call $emit_log (i32.const 1024) {arguments})");
        assert_eq!(
            status_of(&mut Chain::new(), &[], &body),
            Status::Failure,
            "{arguments}"
        );
    }
}

const CALL: &str = "(call $call_contract (i32.const 1024) (i32.const 1056) (i32.const 5)
    (i32.const 1088) (i64.const 40000) (i32.const 2048))";

/// Memory after a call: its result byte, the length it stored, and the return data.
fn call_results(chain: &mut Chain, call: &str) -> (u8, u32, Vec<u8>) {
    let body = format!(
        "(i32.store8 (i32.const 2052) {call})
         (i32.store (i32.const 2053) (call $return_data_size))
         (drop (call $read_return_data (i32.const 2057) (i32.const 0) (i32.const 200)))
         (call $write_result (i32.const 2048) (i32.const 209))
         (call $exit_early (i32.const 0))"
    );
    let mut input = data();
    input.resize(32, 0);
    input.extend(b"input");
    let out = chain.run_wat(&module(1, &input, &body), b"", GAS).output;
    let length = u32::from_le_bytes(out[..4].try_into().expect("four bytes"));
    assert_eq!(out[..4], out[5..9], "return_data_size agrees");
    (out[4], length, out[9..9 + length as usize].to_vec())
}

#[test]
fn calls() {
    let mut chain = chain();
    let answer = b"what the callee answers, or reverts with".to_vec();
    assert_eq!(call_results(&mut chain, CALL), (0, 40, answer.clone()));
    let request = &chain.calls[0];
    assert_eq!((request.kind, request.target), (CallKind::Call, TARGET));
    assert_eq!(
        (request.calldata.as_ref(), request.gas_requested),
        (b"input".as_slice(), 40_000)
    );
    if let Some(Contract::Fixed { success, .. }) = chain.contracts.get_mut(&TARGET) {
        *success = false;
    }
    assert_eq!(
        call_results(&mut chain, CALL),
        (2, 40, answer),
        "revert data is data too"
    );
    chain.contracts.clear();
    assert_eq!(call_results(&mut chain, CALL), (0, 0, Vec::new()));
}

/// A call that cannot be afforded takes what is there; the program has less than a gas left.
#[test]
fn a_call_that_cannot_be_afforded() {
    let program = chain()
        .activate(&module(1, &data(), &format!("{CALL} drop")))
        .program;
    let outcome = chain().run(&program, b"", 2_500);
    assert!(
        matches!(outcome.status, Status::OutOfInk | Status::Success),
        "{:?}",
        outcome.status
    );
    assert_eq!(outcome.gas_left, 0);
}

/// Memory after a creation: the address, and the length of revert data.
fn create_results(chain: &mut Chain, call: &str) -> (Vec<u8>, u32) {
    let body = format!(
        "(i64.store (i32.const 2048) (i64.const -1)) {call}
        (call $write_result (i32.const 2048) (i32.const 24)) (call $exit_early (i32.const 0))"
    );
    let out = chain
        .run_wat(&module(1, b"init code", &body), b"", GAS)
        .output;
    (
        out[..20].to_vec(),
        u32::from_le_bytes(out[20..24].try_into().expect("four bytes")),
    )
}

const CREATE1: &str = "(call $create1 (i32.const 1024) (i32.const 9) (i32.const 1056)
    (i32.const 2048) (i32.const 2068))";
const CREATE2: &str = "(call $create2 (i32.const 1024) (i32.const 9) (i32.const 1056)
    (i32.const 1024) (i32.const 2048) (i32.const 2068))";

#[test]
fn creations() {
    for (call, salted) in [(CREATE1, false), (CREATE2, true)] {
        let mut chain = chain();
        assert_eq!(create_results(&mut chain, call), (vec![0xee; 20], 0));
        let request = &chain.creations[0];
        assert_eq!(request.init_code.as_ref(), b"init code");
        assert_eq!(request.salt.is_some(), salted);
        chain.creation = Some((5_000, Err(Bytes::from_static(b"reverted"))));
        assert_eq!(create_results(&mut chain, call), (vec![0; 20], 8));
    }
}

#[test]
fn creation_prices() {
    let arguments = &[P0, 9, P1, OUT, OUT + 32];
    let reads = 2 * 16_381;
    let create1 = crate::probe::ink(&mut chain(), &[], "", Call::of("create1", arguments));
    assert_eq!(create1, 83_193 + reads + (32_000 + 5_000) * 10_000);
    let arguments = &[P0, 9, P1, P2, OUT, OUT + 32];
    let create2 = crate::probe::ink(&mut chain(), &[], "", Call::of("create2", arguments));
    assert_eq!(create2, 88_233 + reads + (32_006 + 5_000) * 10_000);
}

/// Below the base cost the whole program fails and keeps what it has.
#[test]
fn a_creation_that_cannot_start() {
    for call in [CREATE1, CREATE2] {
        let program = chain().activate(&module(1, b"init code", call)).program;
        let outcome = chain().run(&program, b"", 32_000);
        assert_eq!(outcome.status, Status::Failure);
        assert!(outcome.gas_left > 31_000);
    }
}

#[test]
fn console_lines() {
    let mut chain = Chain::new();
    let body = "(call $log_txt (i32.const 1024) (i32.const 5))
        (call $log_i32 (i32.const -7)) (call $log_i64 (i64.const -8))
        (i32.store (i32.const 0) (call $tee_i32 (i32.const 77)))
        (i64.store (i32.const 4) (call $tee_i64 (i64.const 88)))
        (call $write_result (i32.const 0) (i32.const 12))";
    let outcome = chain.run_wat(&module(1, b"hello", body), b"", GAS);
    assert_eq!(chain.lines, ["hello", "-7", "-8", "77", "88"]);
    assert_eq!(
        outcome.output.as_ref(),
        [77, 0, 0, 0, 88, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(
        crate::probe::ink(&mut chain, &[], "", Call::of("log_i32", &[1])),
        0,
        "no ink"
    );
}

/// Printing costs nothing, so a program cannot flood the log with it.
#[test]
fn console_is_bounded() {
    let mut chain = Chain::new();
    let body = "(local.set $i32 (i32.const 5000))
        loop
            (call $log_txt (i32.const 0) (i32.const 65536))
            (local.tee $i32 (i32.sub (local.get $i32) (i32.const 1)))
            br_if 0
        end";
    assert_eq!(status_of(&mut chain, &[], body), Status::Success);
    assert_eq!((chain.lines.len(), chain.lines[0].len()), (1_000, 4_096));
    let outside = "(call $log_txt (i32.const 65535) (i32.const 2))";
    assert_eq!(status_of(&mut chain, &[], outside), Status::Failure);
}

/// Pointers of a call may coincide; what it writes last stands.
#[test]
fn results_may_overlap_arguments() {
    let call = CALL.replace("(i32.const 2048)", "(i32.const 1024)");
    let body = format!("{call} drop (call $write_result (i32.const 1024) (i32.const 8))");
    let outcome = chain().run_wat(&module(1, &data(), &body), b"", GAS);
    assert_eq!(
        outcome.output.as_ref(),
        [40, 0, 0, 0, 0x7a, 0x7a, 0x7a, 0x7a]
    );
}

/// Floats can be carried from globals and locals; only constants, memory and arithmetic are closed.
#[test]
fn console_floats() {
    let wat = r#"(module
        (import "console" "log_f32" (func $log_f32 (param f32)))
        (import "console" "tee_f64" (func $tee_f64 (param f64) (result f64)))
        (memory (export "memory") 1 1)
        (global $quarter f64 (f64.const 0.25))
        (func (export "user_entrypoint") (param i32) (result i32)
            (local $zero f32)
            (call $log_f32 (local.get $zero))
            (drop (call $tee_f64 (global.get $quarter)))
            i32.const 0))"#;
    let mut chain = Chain::new();
    assert_eq!(chain.run_wat(wat, b"", GAS).status, Status::Success);
    assert_eq!(chain.lines, ["0", "0.25"]);
}

/// A host function may be called through a table, and pays as it does when called directly.
#[test]
fn host_functions_in_tables() {
    let wat = |call: &str| {
        format!(
            r#"(module
                (type $answer (func (result i64)))
                (import "vm_hooks" "chainid" (func $chainid (type $answer)))
                (memory (export "memory") 1 1)
                (table 1 funcref)
                (elem (i32.const 0) $chainid)
                (func (export "user_entrypoint") (param i32) (result i32)
                    {call}
                    i64.const 412346
                    i64.ne))"#
        )
    };
    let mut chain = Chain::new();
    chain.params.ink_price = 1;
    let mut ink = |call| {
        let outcome = chain.run_wat(&wat(call), b"", GAS);
        assert_eq!(outcome.status, Status::Success, "{call}");
        GAS - outcome.gas_left
    };
    let direct = ink("call $chainid");
    let through_table = ink("i32.const 0 call_indirect (type $answer)");
    assert_eq!(through_table - direct, 13_610 + 1 - 3_800);
}
