//! Every host function: that it succeeds, that its pointers and lengths are checked, that it runs out.

use alloy_primitives::{Address, B256, Bytes, U256};
use chartseal_devnode::stylus::Status;

use crate::chain::{Chain, Contract};
use crate::probe::{ALL_GAS, Call, GAS, OUT, P0, P1, P2, TARGET, module, word};

/// Every function of `vm_hooks` with arguments that succeed, and which of them are pointers.
const ALL: [(Call, &[usize]); 42] = [
    (Call::of("read_args", &[P0]), &[0]),
    (Call::of("write_result", &[P0, 64]), &[0]),
    (Call::of("exit_early", &[0]), &[]),
    (Call::of("storage_load_bytes32", &[P0, OUT]), &[0, 1]),
    (Call::of("storage_cache_bytes32", &[P0, P1]), &[0, 1]),
    (Call::of("storage_flush_cache", &[0]), &[]),
    (Call::of("transient_load_bytes32", &[P0, OUT]), &[0, 1]),
    (Call::of("transient_store_bytes32", &[P0, P1]), &[0, 1]),
    (
        Call::i32("call_contract", &[P0, P1, 36, P2, ALL_GAS, OUT]),
        &[0, 1, 3, 5],
    ),
    (
        Call::i32("delegate_call_contract", &[P0, P1, 36, ALL_GAS, OUT]),
        &[0, 1, 4],
    ),
    (
        Call::i32("static_call_contract", &[P0, P1, 36, ALL_GAS, OUT]),
        &[0, 1, 4],
    ),
    (
        Call::of("create1", &[P0, 20, P1, OUT, OUT + 32]),
        &[0, 2, 3, 4],
    ),
    (
        Call::of("create2", &[P0, 20, P1, P2, OUT, OUT + 32]),
        &[0, 2, 3, 4, 5],
    ),
    (Call::i32("read_return_data", &[OUT, 0, 32]), &[]),
    (Call::i32("return_data_size", &[]), &[]),
    (Call::of("emit_log", &[P0, 64, 1]), &[0]),
    (Call::of("account_balance", &[P0, OUT]), &[0, 1]),
    (Call::i32("account_code", &[P0, 0, 64, OUT]), &[0, 3]),
    (Call::i32("account_code_size", &[P0]), &[0]),
    (Call::of("account_codehash", &[P0, OUT]), &[0, 1]),
    (Call::i64("evm_gas_left", &[]), &[]),
    (Call::i64("evm_ink_left", &[]), &[]),
    (Call::of("block_basefee", &[OUT]), &[0]),
    (Call::of("block_coinbase", &[OUT]), &[0]),
    (Call::i64("block_gas_limit", &[]), &[]),
    (Call::i64("block_number", &[]), &[]),
    (Call::i64("block_timestamp", &[]), &[]),
    (Call::i64("chainid", &[]), &[]),
    (Call::of("contract_address", &[OUT]), &[0]),
    (Call::of("math_div", &[P0, P1]), &[0, 1]),
    (Call::of("math_mod", &[P0, P1]), &[0, 1]),
    (Call::of("math_pow", &[P0, P1]), &[0, 1]),
    (Call::of("math_add_mod", &[P0, P1, P2]), &[0, 1, 2]),
    (Call::of("math_mul_mod", &[P0, P1, P2]), &[0, 1, 2]),
    (Call::i32("msg_reentrant", &[]), &[]),
    (Call::of("msg_sender", &[OUT]), &[0]),
    (Call::of("msg_value", &[OUT]), &[0]),
    (Call::of("native_keccak256", &[P0, 32, OUT]), &[0, 2]),
    (Call::of("tx_gas_price", &[OUT]), &[0]),
    (Call::i32("tx_ink_price", &[]), &[]),
    (Call::of("tx_origin", &[OUT]), &[0]),
    (Call::of("pay_for_memory_grow", &[1]), &[]),
];

/// A chain on which every call of [`ALL`] succeeds.
pub(crate) fn chain() -> Chain {
    let mut chain = Chain::new();
    let output = Bytes::from_static(b"what the callee answers, or reverts with");
    chain.contracts.insert(
        TARGET,
        Contract::Fixed {
            gas: 7,
            success: true,
            output,
        },
    );
    chain
        .codes
        .insert(TARGET, Bytes::from((0..100).collect::<Vec<u8>>()));
    chain.balances.insert(TARGET, U256::from(123_456_789));
    chain.creation = Some((5_000, Ok(Address::repeat_byte(0xee))));
    chain
}

/// Data that begins with the target's address; the rest is zero.
pub(crate) fn data() -> Vec<u8> {
    TARGET.to_vec()
}

fn run(call: &Call, arguments: &[i64]) -> Status {
    let arguments: String = arguments
        .iter()
        .map(|value| match i32::try_from(*value) {
            Ok(value) => format!("(i32.const {value}) "),
            Err(_) => format!("(i64.const {value}) "),
        })
        .collect();
    let keep = if call.keeps.is_some() { "drop" } else { "" };
    let body = format!("{arguments} (call ${}) {keep}", call.name);
    let outcome = chain().run_wat(&module(1, &data(), &body), b"calldata", GAS);
    if outcome.status == Status::Failure {
        assert!(
            outcome.gas_left > GAS / 2,
            "{}: a failure keeps gas",
            call.name
        );
        assert!(outcome.output.is_empty());
    }
    outcome.status
}

#[test]
fn every_function_succeeds() {
    for (call, _) in ALL {
        assert_eq!(run(&call, call.arguments), Status::Success, "{}", call.name);
    }
}

/// Each pointer in turn is the end of memory, one byte before it, and the end of the address space.
#[test]
fn every_pointer_is_checked() {
    for (call, pointers) in ALL {
        for pointer in pointers {
            for at in [65_536, 65_535, i64::from(i32::MIN), -1, -32] {
                let mut arguments = call.arguments.to_vec();
                arguments[*pointer] = at;
                let status = run(&call, &arguments);
                assert_eq!(
                    status,
                    Status::Failure,
                    "{} argument {pointer} at {at}",
                    call.name
                );
            }
        }
    }
}

/// Lengths that pass the end of memory or wrap around the address space.
#[test]
fn every_length_is_checked() {
    let cases = [
        (
            Call::of("write_result", &[P0, 65_536 - P0 + 1]),
            Status::Failure,
        ),
        (Call::of("write_result", &[P0, -1]), Status::Failure),
        (
            Call::of("write_result", &[P0, 65_536 - P0]),
            Status::Success,
        ),
        (Call::of("write_result", &[65_536, 0]), Status::Success),
        (Call::of("emit_log", &[P0, -1, 0]), Status::Failure),
        (
            Call::of("native_keccak256", &[P0, -1, OUT]),
            Status::Failure,
        ),
        (
            Call::i32("call_contract", &[P0, P1, -1, P2, ALL_GAS, OUT]),
            Status::Failure,
        ),
        (
            Call::of("create1", &[P0, -1, P1, OUT, OUT]),
            Status::Failure,
        ),
        (
            Call::of("create2", &[P0, -1, P1, P2, OUT, OUT]),
            Status::Failure,
        ),
        (
            Call::i32("read_return_data", &[OUT, 0, -1]),
            Status::Success,
        ),
        (
            Call::i32("read_return_data", &[OUT, -1, -1]),
            Status::Success,
        ),
        (
            Call::i32("account_code", &[P0, -1, -1, OUT]),
            Status::Success,
        ),
    ];
    for (call, expected) in cases {
        assert_eq!(
            run(&call, call.arguments),
            expected,
            "{} {:?}",
            call.name,
            call.arguments
        );
    }
}

/// With all the ink a call takes it runs out nowhere; with one less it runs out.
#[test]
fn every_function_can_run_out_of_ink() {
    for (call, _) in ALL {
        let keep = if call.keeps.is_some() { "drop" } else { "" };
        let constants: String = Call {
            keeps: None,
            ..call
        }
        .wat();
        // `exit_early` is free; the block after the call is what runs out for the others.
        let body = format!("{constants} {keep}");
        let wat = module(1, &data(), &body);
        let mut at_unit_price = chain();
        at_unit_price.params.ink_price = 1;
        let program = at_unit_price.activate(&wat).program;
        let status = |gas| at_unit_price.clone().run(&program, b"calldata", gas).status;
        assert_eq!(status(GAS), Status::Success, "{}", call.name);
        let least = least_gas(|gas| status(gas) == Status::Success);
        assert_eq!(
            status(least - 1),
            Status::OutOfInk,
            "{} with {}",
            call.name,
            least - 1
        );
        // A little more than the block that calls: nothing for the function itself.
        let call_only = 2_450 + call.arguments.len() as u64 + 3_800;
        if call.name != "exit_early" {
            assert_eq!(status(call_only), Status::OutOfInk, "{}", call.name);
        }
    }
}

fn least_gas(enough: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, GAS);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle
        } else {
            low = middle
        }
    }
    high
}

/// Functions that demand gas to be at hand without taking it.
#[test]
fn required_gas() {
    let cases = [
        (
            Call::of("storage_load_bytes32", &[P0, OUT]),
            18_480,
            2_100 + 10 + 5,
        ),
        (
            Call::of("storage_cache_bytes32", &[P0, P1]),
            18_480,
            2_300 + 10,
        ),
        (Call::of("storage_flush_cache", &[0]), 68_073, 2_300),
        (Call::of("account_balance", &[P0, OUT]), 78_153, 2_600),
        (Call::of("account_codehash", &[P0, OUT]), 78_153, 2_600),
    ];
    for (call, ink, gas) in cases {
        let mut chain = chain();
        chain.warm_accounts.insert(TARGET);
        chain
            .warm_slots
            .insert((chain.environment.contract_address, word(0)));
        let mut key = data();
        key.resize(64, 0);
        chain.warm_slots.insert((
            chain.environment.contract_address,
            B256::from_slice(&key[..32]),
        ));
        let program = chain.activate(&module(1, &key, &call.wat())).program;
        let before_call = 2_450 + call.arguments.len() as u64 + 3_800 + ink;
        let least = before_call.div_ceil(10_000) + gas;
        // The block is paid out of the fraction of a gas that rounding up leaves, or of what is required.
        let status = |gas| chain.clone().run(&program, b"", gas).status;
        assert_eq!(status(least), Status::Success, "{}", call.name);
        assert_eq!(
            status(before_call / 10_000 + gas),
            Status::OutOfInk,
            "{}",
            call.name
        );
    }
}
