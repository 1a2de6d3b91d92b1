//! `stylusTracer` and the script of cargo-stylus.

use alloy::primitives::{Address, B256, Bytes, address, hex};
use serde_json::{Value, json};

use super::{
    ECHOING, FORWARDER, GAS, PROGRAM, REVERTING, caller_input, forwarded, install_all, trace,
    trace_call, transact,
};
use crate::{
    stylus::install_program,
    support::{READER, install_at, provider, signer, start},
};

/// What cargo-stylus 0.10 sends, without the bodies of its functions.
const SCRIPT: &str = r#"{
    "hostio": function(info) { this.open.push(info); },
    "enter": function(frame) {},
    "exit": function(result) { this.open = this.stack.pop(); },
    "result": function() { return this.open; },
    "fault":  function() { return this.open; },
    stack: [],
    open: []
}"#;

/// Another program, whose test installs it.
const OTHER: Address = address!("0x00000000000000000000000000000000000c0de6");

fn native() -> Value {
    json!({"tracer": "stylusTracer"})
}

/// A step without its ink.
fn step(name: &str, args: impl AsRef<[u8]>, outs: impl AsRef<[u8]>) -> Value {
    json!({"name": name, "args": hex::encode_prefixed(args), "outs": hex::encode_prefixed(outs)})
}

/// A step with what was done in the frame it opened.
fn nest(mut step: Value, address: Address, steps: Value) -> Value {
    step["address"] = json!(address);
    step["steps"] = steps;
    step
}

/// The steps without their ink.
fn without_ink(mut steps: Value) -> Value {
    for step in steps.as_array_mut().unwrap() {
        let step = step.as_object_mut().unwrap();
        assert!(step.remove("startInk").unwrap().is_u64());
        assert!(step.remove("endInk").unwrap().is_u64());
        if let Some(inner) = step.get_mut("steps") {
            *inner = without_ink(inner.take());
        }
    }
    steps
}

/// The ink before and after a step.
fn ink(step: &Value) -> (u64, u64) {
    (
        step["startInk"].as_u64().unwrap(),
        step["endInk"].as_u64().unwrap(),
    )
}

/// Ink only gets less, in a frame and in those within it. Gives the ink after the last host call.
fn check_ink(steps: &Value) -> u64 {
    let steps = steps.as_array().unwrap();
    let (first, mut left) = ink(&steps[0]);
    assert_eq!(first, left, "the entry is free");
    for step in &steps[1..] {
        if step["name"] == "user_returned" {
            assert_eq!(ink(step), (first, first), "as Nitro gives it");
            continue;
        }
        let (start, end) = ink(step);
        let is_free = step["name"] == "exit_early";
        assert!(start <= left && (end < start || is_free), "{step}");
        if let Some(inner) = step.get("steps").and_then(Value::as_array)
            && inner
                .first()
                .is_some_and(|step| step["name"] == "user_entrypoint")
        {
            let inner = &step["steps"];
            assert!(ink(&inner[0]).0 < start);
            assert!(ink(&inner[0]).0 - check_ink(inner) < start - end);
        }
        left = end;
    }
    left
}

/// Steps of the echo.
fn echoed(payload: &[u8]) -> Value {
    json!([
        step("user_entrypoint", (payload.len() as u32).to_be_bytes(), []),
        step("read_args", [], payload),
        step("write_result", payload, []),
        step("user_returned", [], [0; 4]),
    ])
}

/// Steps of [`CALLER`].
fn expected() -> Value {
    let seven = B256::with_last_byte(7);
    let pair = [B256::ZERO, seven].concat();
    let most = u64::MAX.to_be_bytes();
    let payload = forwarded(ECHOING, b"hi");
    let call = [FORWARDER.as_slice(), &most, &[0; 32], &payload].concat();
    let static_call = [REVERTING.as_slice(), &50_000_u64.to_be_bytes()].concat();
    let delegate = [ECHOING.as_slice(), &most, b"hi"].concat();
    let through_evm = nest(step("evm_call_contract", [], []), ECHOING, echoed(b"hi"));
    json!([
        step("user_entrypoint", 74_u32.to_be_bytes(), []),
        step("read_args", [], caller_input()),
        step("storage_load_bytes32", B256::ZERO, B256::ZERO),
        step("storage_cache_bytes32", &pair, []),
        step("storage_flush_cache", [1], []),
        step("emit_log", [&1_u32.to_be_bytes()[..], &pair].concat(), []),
        nest(
            step("call_contract", call, [0, 0, 0, 2, 0]),
            FORWARDER,
            json!([through_evm])
        ),
        nest(
            step("static_call_contract", static_call, [0, 0, 0, 4, 2]),
            REVERTING,
            json!([])
        ),
        nest(
            step("delegate_call_contract", delegate, [0, 0, 0, 2, 0]),
            ECHOING,
            echoed(b"hi")
        ),
        step("read_return_data", hex!("0000000000000009"), b"hi"),
        step("write_result", b"hi", []),
        step("user_returned", [], [0; 4]),
    ])
}

#[tokio::test]
async fn host_calls_are_listed_with_arguments_results_and_ink() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    let receipt = transact(&provider, PROGRAM, caller_input()).await;
    assert!(receipt.status());
    let steps = trace(&provider, receipt.transaction_hash, native()).await;
    assert_eq!(without_ink(steps.clone()), expected());
    // Nothing is charged after the last host call, and nothing is refunded.
    assert_eq!(GAS - check_ink(&steps) / 10_000, receipt.gas_used);
    let script = json!({"tracer": SCRIPT, "timeout": "10s"});
    assert_eq!(
        trace(&provider, receipt.transaction_hash, script).await,
        steps
    );
}

/// Later transactions and changes do not matter: the state is that before the transaction.
#[tokio::test]
async fn a_transaction_is_traced_on_the_state_it_met() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    let first = transact(&provider, PROGRAM, caller_input()).await;
    let before = trace(&provider, first.transaction_hash, native()).await;
    let second = transact(&provider, PROGRAM, caller_input()).await;
    install_at(&provider, PROGRAM, READER).await;
    assert_eq!(
        trace(&provider, first.transaction_hash, native()).await,
        before
    );
    let steps = trace(&provider, second.transaction_hash, native()).await;
    assert_eq!(steps[2]["outs"], json!(B256::with_last_byte(7)));
    assert_eq!(GAS - check_ink(&steps) / 10_000, second.gas_used);
}

#[tokio::test]
async fn the_evm_above_a_program_is_a_step_of_its_own() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    let receipt = transact(&provider, FORWARDER, forwarded(ECHOING, b"abc")).await;
    let steps = trace(&provider, receipt.transaction_hash, native()).await;
    let wanted = nest(step("evm_call_contract", [], []), ECHOING, echoed(b"abc"));
    assert_eq!(without_ink(steps), json!([wanted]));
}

/// Ends with status 1, and 0xbad as its data.
const REVERTER: &str = r#"(module
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "exit_early" (func $exit_early (param i32)))
    (memory (export "memory") 1 1)
    (data (i32.const 0) "\0b\ad")
    (func (export "user_entrypoint") (param i32) (result i32)
        (call $write_result (i32.const 0) (i32.const 2))
        (call $exit_early (i32.const 1))
        unreachable))"#;

/// Traps after its first host call.
const TRAP: &str = r#"(module
    (import "vm_hooks" "msg_reentrant" (func $msg_reentrant (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param i32) (result i32)
        (drop (call $msg_reentrant))
        unreachable))"#;

#[tokio::test]
async fn programs_that_fail_are_traced_up_to_there() {
    let node = start();
    let provider = provider(&node);
    install_program(&provider, OTHER, REVERTER).await;
    let receipt = transact(&provider, OTHER, []).await;
    assert!(!receipt.status());
    let steps = trace(&provider, receipt.transaction_hash, native()).await;
    assert_eq!(GAS - check_ink(&steps) / 10_000, receipt.gas_used);
    let wanted = json!([
        step("user_entrypoint", [0; 4], []),
        step("write_result", hex!("0bad"), []),
        step("exit_early", 1_u32.to_be_bytes(), []),
        step("user_returned", [], 1_u32.to_be_bytes()),
    ]);
    assert_eq!(without_ink(steps), wanted);
    install_program(&provider, OTHER, TRAP).await;
    let receipt = transact(&provider, OTHER, []).await;
    assert!(!receipt.status());
    let steps = trace(&provider, receipt.transaction_hash, native()).await;
    let wanted = json!([
        step("user_entrypoint", [0; 4], []),
        step("msg_reentrant", [], [0; 4]),
    ]);
    assert_eq!(without_ink(steps), wanted);
}

/// Creates a contract without code (STOP), then one whose init code is invalid, and calls one with more value
/// than it has and, in a static frame, with value.
const CREATOR: &str = r#"(module
    (import "vm_hooks" "create1" (func $create1 (param i32 i32 i32 i32 i32)))
    (import "vm_hooks" "create2" (func $create2 (param i32 i32 i32 i32 i32 i32)))
    (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "account_code_size" (func $code_size (param i32) (result i32)))
    (memory (export "memory") 1 1)
    (data (i32.const 0) "\00\fe")
    (func (export "user_entrypoint") (param i32) (result i32)
        (i32.store8 (i32.const 0x13f) (i32.const 1))
        (if (i32.eqz (local.get 0)) (then
            (call $create1 (i32.const 0) (i32.const 1) (i32.const 0x100) (i32.const 0x200) (i32.const 0x300))
            (call $create2 (i32.const 1) (i32.const 1) (i32.const 0x100) (i32.const 0x120) (i32.const 0x220) (i32.const 0x300))
            (drop (call $code_size (i32.const 0x200)))))
        (drop (call $call (i32.const 0x140) (i32.const 0) (i32.const 0) (i32.const 0x120) (i64.const 0) (i32.const 0x300)))
        (i32.const 0)))"#;

#[tokio::test]
async fn creations_stand_beside_their_frames() {
    let node = start();
    let provider = provider(&node);
    install_program(&provider, OTHER, CREATOR).await;
    let call = json!({"to": OTHER, "gas": "0x4c4b40"});
    let steps = trace_call(&provider, call, native()).await;
    let (one, created) = (B256::with_last_byte(1), OTHER.create(0));
    let salted = OTHER.create2_from_code(one, [0xfe]);
    let outs = |address: Address| [address.as_slice(), &[0; 4]].concat();
    let value_call = [&[0; 28][..], one.as_slice()].concat();
    let wanted = json!([
        step("user_entrypoint", [0; 4], []),
        nest(step("evm_create1", [], []), created, json!([])),
        step("create1", [&[0; 32][..], &[0x00]].concat(), outs(created)),
        nest(step("evm_create2", [], []), salted, json!([])),
        step(
            "create2",
            [&[0; 32][..], one.as_slice(), &[0xfe]].concat(),
            outs(Address::ZERO)
        ),
        step("account_code_size", created, [0; 4]),
        // The value is not there: the frame fails at once.
        nest(
            step("call_contract", value_call, [0, 0, 0, 0, 2]),
            Address::ZERO,
            json!([])
        ),
        step("user_returned", [], [0; 4]),
    ]);
    assert_eq!(without_ink(steps), wanted);
}

/// A call that opens no frame has an address and no steps, where Nitro's tracer fails.
#[tokio::test]
async fn a_call_that_is_refused_is_traced() {
    let node = start();
    let provider = provider(&node);
    install_program(&provider, OTHER, CREATOR).await;
    // STATICCALL(GAS, OTHER, 0, 1, 0, 0): with input, the program only calls.
    let mut caller = hex!("5f5f60015f73").to_vec();
    caller.extend_from_slice(OTHER.as_slice());
    caller.extend_from_slice(&[0x5a, 0xfa]);
    let call = json!({"to": PROGRAM, "gas": "0x4c4b40"});
    let options = json!({"tracer": "stylusTracer", "stateOverrides": {
        PROGRAM.to_string(): {"code": Bytes::from(caller)},
    }});
    let steps = without_ink(trace_call(&provider, call, options).await);
    assert_eq!(steps[0]["name"], "evm_static_call_contract");
    let value_call = [&[0; 28][..], B256::with_last_byte(1).as_slice()].concat();
    let refused = step("call_contract", value_call, [0, 0, 0, 0, 2]);
    assert_eq!(
        steps[0]["steps"][1],
        nest(refused, Address::ZERO, json!([]))
    );
}

#[tokio::test]
async fn a_call_is_traced_with_overrides_and_without_a_transaction() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    let request = json!({"from": signer(0).address(), "to": PROGRAM, "data": caller_input()});
    let steps = trace_call(&provider, request.clone(), native()).await;
    assert_eq!(without_ink(steps), expected());
    let word = B256::repeat_byte(9);
    let options = json!({"tracer": "stylusTracer", "stateOverrides": {
        PROGRAM.to_string(): {"state": {B256::ZERO.to_string(): word}},
    }});
    let steps = trace_call(&provider, request, options).await;
    assert_eq!(steps[2]["outs"], json!(word));
}
