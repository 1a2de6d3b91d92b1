//! Programs that call programs.

use std::thread;

use alloy_primitives::{Address, Bytes, U256};
use chartseal_devnode::stylus::api::{CallKind, Pages};
use chartseal_devnode::stylus::{EXECUTOR_STACK_BYTES, Outcome, Status};

use crate::chain::{Chain, Contract};
use crate::probe::{DATA, GAS, module};

const PROGRAM: Address = Address::repeat_byte(0xbb);
const OTHER: Address = Address::repeat_byte(0xcc);

/// Calls the address at [`DATA`] with everything, and fails if that fails.
const CALL: &str = "(call $call_contract (i32.const 1024) (i32.const 0) (i32.const 0)
    (i32.const 2048) (i64.const -1) (i32.const 4096))";

fn caller(target: Address) -> String {
    module(1, target.as_slice(), &format!("{CALL} if unreachable end"))
}

/// A thousand and twenty-four frames of one program, each calling the next: the native stack that
/// [`EXECUTOR_STACK_BYTES`] promises is enough, in a build without optimisation too.
#[test]
fn frames_nest_1024_deep() {
    let deepest = thread::Builder::new()
        .stack_size(EXECUTOR_STACK_BYTES)
        .spawn(|| {
            let mut chain = Chain::new();
            chain.params.page_gas = 0;
            chain.params.free_pages = 2_000;
            chain.install(
                PROGRAM,
                &module(1, PROGRAM.as_slice(), &format!("{CALL} drop")),
            );
            chain.enter(PROGRAM, Bytes::new(), u64::MAX / 20_000);
            chain.calls.len()
        })
        .expect("the thread starts")
        .join()
        .expect("no overflow");
    assert_eq!(deepest, 1_024, "every frame called once, the last in vain");
}

#[test]
fn pages_are_given_back_and_remembered() {
    let mut chain = Chain::new();
    chain.install(OTHER, &module(5, b"", ""));
    chain.install(PROGRAM, &caller(OTHER));
    let outcome = chain.enter(PROGRAM, Bytes::new(), GAS);
    assert_eq!(outcome.status, Status::Success);
    assert_eq!(chain.pages, Pages { open: 0, ever: 6 });
}

/// A callee's failure keeps gas unless its ink or its stack ran out; its caller goes on.
#[test]
fn failures_below_leave_the_caller_running() {
    let cases = [
        ("(i32.const 7) (return)", Status::Revert, false),
        ("(unreachable)", Status::Failure, false),
        ("(loop (br 0))", Status::OutOfInk, true),
        ("(drop (f32.const 0))", Status::OutOfInk, true),
    ];
    for (body, status, burns) in cases {
        let mut chain = Chain::new();
        chain.install(OTHER, &module(1, b"", body));
        assert_eq!(
            chain.enter(OTHER, Bytes::new(), 3_000_000).status,
            status,
            "{body}"
        );
        let keep_result = format!(
            "{CALL} (local.set $i32)
            (i32.store (i32.const 0) (local.get $i32))
            (call $write_result (i32.const 0) (i32.const 4))"
        );
        chain.install(PROGRAM, &module(1, OTHER.as_slice(), &keep_result));
        let outcome = chain.enter(PROGRAM, Bytes::new(), 3_000_000);
        assert_eq!(outcome.status, Status::Success, "{body}");
        assert_eq!(
            outcome.output.as_ref(),
            [2, 0, 0, 0],
            "the call reports failure"
        );
        assert_eq!(
            outcome.gas_left < 100_000,
            burns,
            "{body}: {} left",
            outcome.gas_left
        );
    }
}

#[test]
fn the_callee_sees_its_own_frame() {
    let mut chain = Chain::new();
    let report = "(call $msg_sender (i32.const 1024)) (call $contract_address (i32.const 1044))
        (call $msg_value (i32.const 1064)) (call $write_result (i32.const 1024) (i32.const 72))";
    chain.install(OTHER, &module(1, b"", report));
    let me = chain.environment.contract_address;
    let sender = chain.environment.msg_sender;
    let value = chain.environment.msg_value;
    let sent = U256::from(9);
    let calls = [
        (format!("{CALL} drop"), me, OTHER, sent),
        ("(call $delegate_call_contract (i32.const 1024) (i32.const 0) (i32.const 0) (i64.const -1) \
          (i32.const 4096)) drop".to_owned(), sender, me, value),
        ("(call $static_call_contract (i32.const 1024) (i32.const 0) (i32.const 0) (i64.const -1) \
          (i32.const 4096)) drop".to_owned(), me, OTHER, U256::ZERO),
    ];
    for (call, sender, contract, value) in calls {
        let body = format!(
            "{call}
            (drop (call $read_return_data (i32.const 0) (i32.const 0) (i32.const 72)))
            (call $write_result (i32.const 0) (i32.const 72))"
        );
        let mut data = OTHER.to_vec();
        data.resize((2_048 - DATA) as usize, 0);
        data.extend(sent.to_be_bytes::<32>());
        let outcome = chain.run_wat(&module(1, &data, &body), b"", GAS);
        let expected = [
            sender.as_slice(),
            contract.as_slice(),
            &value.to_be_bytes::<32>(),
        ]
        .concat();
        assert_eq!(outcome.output.as_ref(), expected, "{call}");
    }
}

fn call_in_static_context(body: &str) -> (Outcome, Chain) {
    let mut chain = Chain::new();
    chain.is_static = true;
    chain.contracts.insert(
        OTHER,
        Contract::Fixed {
            gas: 0,
            success: true,
            output: Bytes::from_static(b"fine"),
        },
    );
    let mut data = OTHER.to_vec();
    data.resize(1_100, 1);
    let outcome = chain.run_wat(&module(1, &data, body), b"", GAS);
    (outcome, chain)
}

#[test]
fn static_frames_refuse_writes() {
    let write = "(call $storage_cache_bytes32 (i32.const 1024) (i32.const 1056))
        (call $storage_flush_cache (i32.const 0))";
    for body in [
        write,
        "(call $transient_store_bytes32 (i32.const 1024) (i32.const 1056))",
        "(call $emit_log (i32.const 1024) (i32.const 32) (i32.const 1))",
        "(call $create1 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
        "(call $create2 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
    ] {
        let (outcome, chain) = call_in_static_context(body);
        assert_eq!(outcome.status, Status::Failure, "{body}");
        assert!(outcome.gas_left > GAS / 2, "a failure keeps gas");
        assert!(chain.storage.is_empty() && chain.logs.is_empty() && chain.transient.is_empty());
    }
    let (outcome, _) = call_in_static_context("(call $storage_flush_cache (i32.const 0))");
    assert_eq!(
        outcome.status,
        Status::Success,
        "nothing to write is no write"
    );
    let (outcome, chain) =
        call_in_static_context(&format!("{CALL} i32.const 2 i32.ne if unreachable end"));
    assert_eq!(
        outcome.status,
        Status::Success,
        "a value call fails and costs nothing"
    );
    assert_eq!(chain.calls[0].kind, CallKind::Call);
}
