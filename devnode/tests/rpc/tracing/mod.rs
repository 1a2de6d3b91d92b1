//! `debug_traceTransaction` and `debug_traceCall`: contracts that call each other, and what each tracer
//! shows of them.

mod calls;
mod options;
mod steps;
mod stylus;

use alloy::{
    primitives::{Address, B256, Bytes, address, hex},
    providers::DynProvider,
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use serde_json::{Value, json};

use crate::{
    stylus::{ECHO, install_program},
    support::{CONTRACT, install_at, reverter, rpc, send},
};

/// The program under test, see [`CALLER`].
const PROGRAM: Address = CONTRACT;
/// A program that gives back its call data.
const ECHOING: Address = address!("0x00000000000000000000000000000000000ec405");
/// EVM code that calls on, see [`forwarder`].
const FORWARDER: Address = address!("0x0000000000000000000000000000000000f04a4d");
/// EVM code that reverts with 0xdeadbeef.
const REVERTING: Address = address!("0x0000000000000000000000000000000000badbad");

/// Gas limit of every transaction here.
const GAS: u64 = 5_000_000;

/// Loads slot 0 and sets it to a word whose last byte is 7, logs that word with a topic of zeros, calls the
/// forwarder (address at 0, payload at 40), the reverter (20, static, at most 50,000 gas) and the echo (52,
/// delegate, payload at 72), and returns what the echo gave back.
const CALLER: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
    (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (import "vm_hooks" "emit_log" (func $emit_log (param i32 i32 i32)))
    (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "delegate_call_contract" (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "read_return_data" (func $read_return_data (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 0))
        (call $load (i32.const 0x100) (i32.const 0x200))
        (i32.store8 (i32.const 0x13f) (i32.const 7))
        (call $cache (i32.const 0x100) (i32.const 0x120))
        (call $flush (i32.const 1))
        (call $emit_log (i32.const 0x100) (i32.const 64) (i32.const 1))
        (drop (call $call (i32.const 0) (i32.const 40) (i32.const 34) (i32.const 0x100) (i64.const -1) (i32.const 0x300)))
        (drop (call $static (i32.const 20) (i32.const 0) (i32.const 0) (i64.const 50000) (i32.const 0x300)))
        (drop (call $delegate (i32.const 52) (i32.const 72) (i32.const 2) (i64.const -1) (i32.const 0x300)))
        (drop (call $read_return_data (i32.const 0x400) (i32.const 0) (i32.const 9)))
        (call $write_result (i32.const 0x400) (i32.const 2))
        (i32.const 0)))"#;

/// Input of [`CALLER`].
fn caller_input() -> Bytes {
    [
        FORWARDER.as_slice(),
        REVERTING.as_slice(),
        &forwarded(ECHOING, b"hi"),
    ]
    .concat()
    .into()
}

/// EVM code that calls the address in the first word of its input with the rest of it and all value, and
/// returns or reverts with what it gets.
fn forwarder() -> Bytes {
    // CALLDATACOPY(0, 32, CALLDATASIZE - 32); CALL(GAS, CALLDATALOAD(0), CALLVALUE, 0, CALLDATASIZE - 32, 0, 0);
    // RETURNDATACOPY(0, 0, RETURNDATASIZE); JUMPI(end, success); REVERT; end: RETURN
    hex!(
        "60203603602060003760006000602036036000346000355af13d600060003e602657\
         3d6000fd5b3d6000f3"
    )
    .into()
}

/// Input of [`forwarder`].
fn forwarded(target: Address, payload: &[u8]) -> Vec<u8> {
    [target.into_word().as_slice(), payload].concat()
}

/// Puts every contract in its place.
async fn install_all(provider: &DynProvider) {
    install_at(provider, FORWARDER, forwarder()).await;
    install_at(provider, REVERTING, reverter(&hex!("deadbeef"))).await;
    install_program(provider, ECHOING, ECHO).await;
    install_program(provider, PROGRAM, CALLER).await;
}

/// Sends a transaction with [`GAS`].
async fn transact(
    provider: &DynProvider,
    to: Address,
    input: impl Into<Bytes>,
) -> TransactionReceipt {
    let request = TransactionRequest::default()
        .to(to)
        .input(input.into().into());
    send(
        provider,
        TransactionRequest {
            gas: Some(GAS),
            ..request
        },
    )
    .await
}

async fn trace(provider: &DynProvider, hash: B256, options: Value) -> Value {
    rpc(provider, "debug_traceTransaction", json!([hash, options]))
        .await
        .unwrap()
}

async fn trace_call(provider: &DynProvider, request: Value, options: Value) -> Value {
    let params = json!([request, "latest", options]);
    rpc(provider, "debug_traceCall", params).await.unwrap()
}

/// A number that is written as a quantity.
fn quantity(value: &Value) -> u64 {
    let text = value.as_str().unwrap().strip_prefix("0x").unwrap();
    u64::from_str_radix(text, 16).unwrap()
}
