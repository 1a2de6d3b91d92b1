//! Stylus programs on the chain: activation, calls in both directions, gas to the unit, reverts.

use alloy_consensus::TxEip7702;
use alloy_eips::eip7702::Authorization;
use alloy_primitives::{Address, U256, b256, hex, keccak256};
use chartseal_devnode::{chain::CallError, stylus::code};

use crate::support::{
    ACTIVATION_VALUE, ARB_WASM, BASE_FEE, COUNTER, ECHO, FORWARD, Harness, MARK, Wallet,
    activate_input, echo_191, evm_forwarder, forward, init_code, method, precompile, request,
    stylus_code, stylus_forward,
};

/// A new program's account with the 191-byte echo.
fn deploy_echo_191(harness: &mut Harness) -> Address {
    let program = harness.deploy(&code::compress(&echo_191()).unwrap());
    assert!(harness.activate(program).receipt.success);
    program
}

/// Derived from the published prices: 1,747,826 for any classic program and 64,652 for this module.
#[test]
fn activation_of_the_191_byte_echo_costs_1812478_gas() {
    let mut harness = Harness::new();
    let program = harness.deploy(&code::compress(&echo_191()).unwrap());
    let input = activate_input(program);
    let calldata: u64 = input
        .iter()
        .map(|byte| if *byte == 0 { 4 } else { 16 })
        .sum();
    let mined = harness.activate(program);
    assert!(mined.receipt.success);
    assert_eq!(mined.receipt.gas_used - 21_000 - calldata, 1_812_478);
}

#[test]
fn activation_pays_the_data_fee_and_returns_the_rest() {
    let mut harness = Harness::new();
    let program = harness.deploy(&stylus_code(ECHO));
    let network = harness.balance(Address::ZERO);
    let before = harness.balance(harness.wallet.address);
    let mined = harness.activate(program);
    let log = &mined.receipt.logs[0];
    assert_eq!(
        log.topics()[..],
        [
            b256!("c0e812780707128d9a180db8ee4d1c1f1300b6dd0626d577b5d9ac759b76253c"),
            keccak256(stylus_code(ECHO))
        ]
    );
    let data = &log.data.data;
    assert_eq!(data[32..64], program.into_word()[..]);
    assert_eq!(
        U256::from_be_slice(&data[96..128]),
        U256::from(2),
        "the Stylus version"
    );
    let fee = U256::from_be_slice(&data[64..96]);
    let gas = U256::from(u128::from(mined.receipt.gas_used) * BASE_FEE);
    assert_eq!(harness.balance(harness.wallet.address), before - fee - gas);
    assert_eq!(harness.balance(Address::ZERO), network + fee + gas);
    assert!(fee > U256::from(40_000_000_000_000u64) && fee < U256::from(ACTIVATION_VALUE));
}

#[test]
fn the_same_code_elsewhere_is_active_too() {
    let mut harness = Harness::new();
    harness.deploy_stylus(ECHO);
    let twin = harness.deploy(&stylus_code(ECHO));
    assert_eq!(harness.call(twin, [7]).unwrap()[..], [7]);
}

#[test]
fn a_program_that_is_not_active_takes_all_gas() {
    let mut harness = Harness::new();
    let program = harness.deploy(&stylus_code(ECHO));
    let error = harness.call(program, [1]).unwrap_err();
    assert_eq!(
        error,
        CallError::Failed("error ProgramNotActivated()".into())
    );
    assert_eq!(error.code(), -32000);
    let mut tx = harness.tx(program.into(), U256::ZERO, [1]);
    tx.gas_limit = 90_000;
    assert_eq!(harness.submit(tx).receipt.gas_used, 90_000);
    let evm = harness.deploy(&evm_forwarder(0xf1));
    let error = harness.call(evm, forward(program, &[1])).unwrap_err();
    assert!(
        error.data().unwrap().is_empty(),
        "below the top it is a failed call without data"
    );
}

#[test]
fn init_code_that_is_a_program_fails() {
    let mut harness = Harness::new();
    harness.deploy_stylus(ECHO);
    let tx = harness.tx(
        alloy_primitives::TxKind::Create,
        U256::ZERO,
        stylus_code(ECHO),
    );
    let limit = tx.gas_limit;
    let mined = harness.submit(tx);
    assert_eq!(
        (mined.receipt.success, mined.receipt.gas_used),
        (false, limit)
    );
}

#[test]
fn a_program_answers_writes_and_logs() {
    let mut harness = Harness::new();
    let counter = harness.deploy_stylus(COUNTER);
    for expected in 1..=3u64 {
        let mined = harness.send(counter, U256::ZERO, [0]);
        assert!(mined.receipt.success);
        assert_eq!(harness.slot(counter, 0), U256::from(expected));
        let log = &mined.receipt.logs[0];
        assert_eq!(log.address, counter);
        assert_eq!(log.topics()[0], MARK);
        assert_eq!(U256::from_be_slice(&log.data.data), U256::from(expected));
    }
}

/// Frame gas of the 191-byte echo with 4 bytes of input: 9229 to enter, 69,631 ink of execution.
#[test]
fn a_call_of_the_echo_costs_9236_gas() {
    let mut harness = Harness::new();
    let program = deploy_echo_191(&mut harness);
    let mined = harness.send(program, U256::ZERO, [1, 2, 3, 4]);
    assert_eq!(mined.receipt.gas_used, 21_000 + 4 * 16 + 9_236);
}

/// The three calls: import, parameters, the value argument, the number of constants.
const CALLS: [(&str, &str, &str, u64); 3] = [
    (
        "call_contract",
        "i32 i32 i32 i32 i64 i32",
        "(i32.const 0x7000)",
        6,
    ),
    ("delegate_call_contract", "i32 i32 i32 i64 i32", "", 5),
    ("static_call_contract", "i32 i32 i32 i64 i32", "", 5),
];

/// Nitro's own system test asserts 118,475,955 ink for all three kinds of call.
#[test]
fn calls_between_programs_cost_118475955_ink() {
    let mut harness = Harness::new();
    let callee = deploy_echo_191(&mut harness);
    for (import, params, value, constants) in CALLS {
        let meter = harness.deploy_stylus(&call_meter(import, params, value, 4));
        let input = [callee.as_slice(), &[1, 2, 3, 4]].concat();
        assert_eq!(
            metered_ink(&harness, meter, input, constants),
            118_475_955,
            "{import}"
        );
    }
}

/// What [`call_meter`] measured, less what the program itself spends between the readings: local.set,
/// the constants and the call; drop and the second reading's call; the reading's own charge.
fn metered_ink(harness: &Harness, meter: Address, input: Vec<u8>, constants: u64) -> u64 {
    let answer = harness.call(meter, input).unwrap();
    let ink = u64::from_le_bytes(answer[..8].try_into().unwrap());
    ink - (2_450 + 210 + constants + 3_800 + 2_450 + 9 + 3_800 + 8_400)
}

/// Reads the ink before and after a call of the address in its input, and returns the difference.
fn call_meter(import: &str, params: &str, value: &str, input_len: usize) -> String {
    format!(
        r#"(module
        (import "vm_hooks" "read_args" (func $read_args (param i32)))
        (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
        (import "vm_hooks" "evm_ink_left" (func $ink (result i64)))
        (import "vm_hooks" "{import}" (func $call (param {params}) (result i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param $len i32) (result i32) (local $before i64) (local $after i64)
            (call $read_args (i32.const 0))
            call $ink
            local.set $before
            (call $call (i32.const 0) (i32.const 20) (i32.const {input_len}) {value} (i64.const -1) (i32.const 0x9000))
            drop
            call $ink
            local.set $after
            (i64.store (i32.const 0x100) (i64.sub (local.get $before) (local.get $after)))
            (call $write_result (i32.const 0x100) (i32.const 8))
            i32.const 0))"#
    )
}

/// Nitro's own system test asserts 1,146,395 ink for a call of a pure precompile method.
#[test]
fn calls_of_a_precompile_cost_1146395_ink() {
    let mut harness = Harness::new();
    let burn = method("burnArbGas(uint256)", &[Default::default()]);
    for (import, params, value, constants) in CALLS {
        let meter = harness.deploy_stylus(&call_meter(import, params, value, burn.len()));
        let input = [precompile(0x69).as_slice(), &burn].concat();
        assert_eq!(
            metered_ink(&harness, meter, input, constants),
            1_146_395,
            "{import}"
        );
    }
}

#[test]
fn calls_go_both_ways_and_keep_their_context() {
    let mut harness = Harness::new();
    let forwarder = harness.deploy_stylus(FORWARD);
    let counter = harness.deploy_stylus(COUNTER);
    let evm = harness.deploy(&evm_forwarder(0xf1));
    let lent = harness.deploy(&evm_forwarder(0xf4));
    // Stylus -> EVM -> Stylus
    let input = stylus_forward(0, evm, &forward(counter, &[0]));
    let mined = harness.send(forwarder, U256::ZERO, input);
    assert!(mined.receipt.success);
    assert_eq!(harness.slot(counter, 0), U256::ONE);
    // EVM -> Stylus -> Stylus by delegate call: the forwarder's own storage
    let input = forward(forwarder, &stylus_forward(1, counter, &[0]));
    assert!(harness.send(evm, U256::ZERO, input).receipt.success);
    assert_eq!(harness.slot(forwarder, 0), U256::ONE);
    // EVM delegate call of a program: the EVM contract's storage
    assert!(
        harness
            .send(lent, U256::ZERO, forward(counter, &[0]))
            .receipt
            .success
    );
    assert_eq!(harness.slot(lent, 0), U256::ONE);
    assert_eq!(harness.slot(counter, 0), U256::ONE);
}

#[test]
fn a_static_call_cannot_write_however_deep() {
    let mut harness = Harness::new();
    let forwarder = harness.deploy_stylus(FORWARD);
    let counter = harness.deploy_stylus(COUNTER);
    let evm = harness.deploy(&evm_forwarder(0xf1));
    for input in [
        stylus_forward(2, counter, &[0]),
        stylus_forward(2, evm, &forward(counter, &[0])),
        stylus_forward(2, forwarder, &stylus_forward(0, counter, &[0])),
    ] {
        let answer = harness.call(forwarder, input.clone()).unwrap();
        let innermost = *answer.last().unwrap();
        assert_eq!(innermost, 2, "the call that wrote failed");
        assert!(harness.send(forwarder, U256::ZERO, input).receipt.success);
        assert_eq!(harness.slot(counter, 0), U256::ZERO);
    }
}

#[test]
fn reverts_and_traps_undo_state_and_keep_gas() {
    let mut harness = Harness::new();
    let counter = harness.deploy_stylus(COUNTER);
    let good = harness.send(counter, U256::ZERO, [0]).receipt.gas_used;
    let reverted = harness.send(counter, U256::ZERO, [1]).receipt.clone();
    assert!(!reverted.success && reverted.logs.is_empty());
    assert!(
        reverted.gas_used < good,
        "no new slot was paid for: {}",
        reverted.gas_used
    );
    let trapped = harness.send(counter, U256::ZERO, [2]).receipt.gas_used;
    assert!(trapped < good);
    assert_eq!(harness.slot(counter, 0), U256::ONE);
    let error = harness.call(counter, [1]).unwrap_err();
    assert_eq!(
        error.data().unwrap()[31],
        2,
        "revert data is what was written as the result"
    );
    let error = harness.call(counter, [2]).unwrap_err();
    assert!(error.data().unwrap().is_empty(), "a trap has no data");
}

#[test]
fn out_of_ink_takes_all_gas() {
    let mut harness = Harness::new();
    let endless = harness.deploy_stylus(
        r#"(module (memory (export "memory") 0 0)
        (func (export "user_entrypoint") (param i32) (result i32) (loop (br 0)) i32.const 0))"#,
    );
    let mut tx = harness.tx(endless.into(), U256::ZERO, []);
    tx.gas_limit = 200_000;
    let receipt = harness.submit(tx).receipt.clone();
    assert_eq!((receipt.success, receipt.gas_used), (false, 200_000));
    let mut cheap = request(harness.wallet.address, endless, []);
    cheap.gas = Some(200_000);
    assert_eq!(
        harness.call_request(&cheap),
        Err(CallError::Failed("out of gas".into()))
    );
}

#[test]
fn programs_create_contracts() {
    let mut harness = Harness::new();
    let factory = harness.deploy_stylus(
        r#"(module
        (import "vm_hooks" "read_args" (func $read_args (param i32)))
        (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
        (import "vm_hooks" "create1" (func $create1 (param i32 i32 i32 i32 i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param $len i32) (result i32)
            (call $read_args (i32.const 0))
            (call $create1 (i32.const 0) (local.get $len) (i32.const 0x8000) (i32.const 0x9000) (i32.const 0x9100))
            (call $write_result (i32.const 0x9000) (i32.const 20))
            i32.const 0))"#,
    );
    let answer = harness.call(factory, init_code(&[0x00])).unwrap();
    assert_eq!(answer[..], factory.create(1)[..]);
    assert!(
        harness
            .send(factory, U256::ZERO, init_code(&stylus_code(ECHO)))
            .receipt
            .success
    );
    let program = factory.create(1);
    assert!(harness.activate(program).receipt.success);
    assert_eq!(harness.call(program, [9]).unwrap()[..], [9]);
    let failed = harness.call(factory, [0xfe]).unwrap();
    assert_eq!(
        failed[..],
        [0; 20],
        "a failed creation gives the zero address"
    );
}

/// 1 if another frame of the same contract is open below.
const REENTRANT: &str = r#"(module
    (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "read_return_data" (func $read (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 0))
        (i32.store8 (i32.const 0x100) (call $reentrant))
        (if (i32.gt_u (local.get $len) (i32.const 19)) (then
            (drop (call $call (i32.const 0) (i32.const 20) (i32.sub (local.get $len) (i32.const 20))
                (i32.const 0x7000) (i64.const -1) (i32.const 0x9000)))
            (drop (call $read (i32.const 0x101) (i32.const 0) (i32.const 32)))))
        (call $write_result (i32.const 0x100) (i32.const 33))
        i32.const 0))"#;

#[test]
fn reentrance_is_seen_through_other_contracts_and_not_through_delegates() {
    let mut harness = Harness::new();
    let program = harness.deploy_stylus(REENTRANT);
    let evm = harness.deploy(&evm_forwarder(0xf1));
    let direct = harness.call(program, program.to_vec()).unwrap();
    assert_eq!(direct[..2], [0, 1]);
    let through = [evm.as_slice(), &forward(program, &[])].concat();
    assert_eq!(harness.call(program, through).unwrap()[..2], [0, 1]);
    let lent = harness.deploy(&evm_forwarder(0xf4));
    // The delegate frame acts for the EVM contract, which is open once only.
    assert_eq!(harness.call(lent, forward(program, &[])).unwrap()[0], 0);
}

#[test]
fn value_moves_with_a_call() {
    let mut harness = Harness::new();
    let forwarder = harness.deploy_stylus(FORWARD);
    let somebody = Address::repeat_byte(0x42);
    let input = stylus_forward(0, somebody, &[]);
    assert!(
        harness
            .send(forwarder, U256::from(77), input)
            .receipt
            .success
    );
    assert_eq!(harness.balance(somebody), U256::from(77));
    assert_eq!(harness.balance(forwarder), U256::ZERO);
}

#[test]
fn a_delegation_of_eip_7702_to_a_program_works() {
    let mut harness = Harness::new();
    let counter = harness.deploy_stylus(COUNTER);
    let owner = Wallet::numbered(7);
    let authorization = Authorization {
        chain_id: U256::from(412_346),
        address: counter,
        nonce: 0,
    };
    let signature = owner.sign_hash(authorization.signature_hash());
    let tx = TxEip7702 {
        chain_id: 412_346,
        nonce: harness.nonce(),
        gas_limit: 1_000_000,
        max_fee_per_gas: BASE_FEE,
        max_priority_fee_per_gas: 0,
        to: owner.address,
        value: U256::ZERO,
        access_list: Default::default(),
        authorization_list: vec![authorization.into_signed(signature)],
        input: [0].into(),
    };
    let raw = harness.wallet.sign(tx);
    let hash = harness.chain.send_raw_transaction(&raw).unwrap();
    assert!(harness.chain.transaction(&hash).unwrap().receipt.success);
    assert_eq!(harness.slot(owner.address, 0), U256::ONE);
    let forwarder = harness.deploy_stylus(FORWARD);
    let input = stylus_forward(0, owner.address, &[0]);
    assert!(harness.send(forwarder, U256::ZERO, input).receipt.success);
    assert_eq!(harness.slot(owner.address, 0), U256::from(2));
}

/// Calls itself as deep as it goes, and returns how many frames there were.
const DEEP: &str = r#"(module
    (import "vm_hooks" "contract_address" (func $address (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "read_return_data" (func $read (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $address (i32.const 0))
        (drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64) (i64.const -1) (i32.const 128)))
        (drop (call $read (i32.const 256) (i32.const 0) (i32.const 4)))
        (i32.store (i32.const 256) (i32.add (i32.load (i32.const 256)) (i32.const 1)))
        (call $write_result (i32.const 256) (i32.const 4))
        i32.const 0))"#;

/// Each frame holds one page; past 128 pages the price of another is infinite.
#[test]
fn a_transaction_opens_128_pages_at_most() {
    let mut harness = Harness::with_call_gas(1 << 50);
    let deep = harness.deploy_stylus(DEEP);
    let answer = harness.call(deep, []).unwrap();
    assert_eq!(u32::from_le_bytes(answer[..4].try_into().unwrap()), 128);
}

/// The call stack holds 1025 frames.
#[test]
fn frames_nest_1024_deep() {
    let mut harness = Harness::with_call_gas(1 << 50);
    // CALL(GAS, ADDRESS, 0, 0, 0, 0, 32) POP; MSTORE(0, MLOAD(0) + 1); RETURN(0, 32)
    let deep = harness.deploy(&hex!("60205f5f5f5f305af15060015f51015f5260205ff3"));
    let answer = harness.call(deep, []).unwrap();
    assert_eq!(U256::from_be_slice(&answer), U256::from(1_025));
    let forwarder = harness.deploy_stylus(FORWARD);
    let answer = harness
        .call(forwarder, stylus_forward(0, deep, &[]))
        .unwrap();
    assert_eq!(U256::from_be_slice(&answer[1..]), U256::from(1_024));
}

#[test]
fn an_activation_expires_and_can_be_kept_alive() {
    const DAY: u64 = 86_400;
    let mut harness = Harness::new();
    let program = harness.deploy_stylus(ECHO);
    let hash = keccak256(stylus_code(ECHO));
    let keep = method("codehashKeepalive(bytes32)", &[hash]);
    let mut ask = request(harness.wallet.address, ARB_WASM, keep.clone());
    ask.value = Some(U256::from(ACTIVATION_VALUE));
    let error = harness.call_request(&ask).unwrap_err();
    assert!(
        error.to_string().contains("ProgramKeepaliveTooSoon("),
        "{error}"
    );
    harness.chain.increase_time(40 * DAY);
    let kept = harness.send(ARB_WASM, U256::from(ACTIVATION_VALUE), keep);
    assert!(kept.receipt.success);
    assert_eq!(
        kept.receipt.logs[0].topics()[0],
        b256!("03802ba32e3bd489d2ab04abb93d10687e0b6883bcb091206ca75172d248f2ec")
    );
    harness.chain.increase_time(364 * DAY);
    harness.chain.mine(1, None).unwrap();
    assert!(harness.call(program, [1]).is_ok());
    harness.chain.increase_time(2 * DAY);
    harness.chain.mine(1, None).unwrap();
    let error = harness.call(program, [1]).unwrap_err();
    assert!(
        error.to_string().starts_with("error ProgramExpired("),
        "{error}"
    );
    assert!(harness.activate(program).receipt.success);
    assert!(harness.call(program, [1]).is_ok());
}

#[test]
fn the_environment_of_a_program() {
    let mut harness = Harness::new();
    let program = harness.deploy_stylus(
        r#"(module
        (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
        (import "vm_hooks" "block_number" (func $number (result i64)))
        (import "vm_hooks" "chainid" (func $chain (result i64)))
        (import "vm_hooks" "block_gas_limit" (func $limit (result i64)))
        (import "vm_hooks" "tx_gas_price" (func $price (param i32)))
        (import "vm_hooks" "block_basefee" (func $basefee (param i32)))
        (import "vm_hooks" "msg_sender" (func $sender (param i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param $len i32) (result i32)
            (i64.store (i32.const 0) (call $number))
            (i64.store (i32.const 8) (call $chain))
            (i64.store (i32.const 16) (call $limit))
            (call $price (i32.const 24))
            (call $basefee (i32.const 56))
            (call $sender (i32.const 88))
            (call $write_result (i32.const 0) (i32.const 108))
            i32.const 0))"#,
    );
    let mut priced = request(harness.wallet.address, program, []);
    priced.max_fee_per_gas = Some(3 * BASE_FEE);
    priced.max_priority_fee_per_gas = Some(BASE_FEE);
    let answer = harness.call_request(&priced).unwrap();
    let number = |at: usize| u64::from_le_bytes(answer[at..at + 8].try_into().unwrap());
    assert_eq!((number(0), number(8), number(16)), (0, 412_346, 1 << 50));
    assert_eq!(
        U256::from_be_slice(&answer[24..56]),
        U256::from(2 * BASE_FEE),
        "tip included"
    );
    assert_eq!(U256::from_be_slice(&answer[56..88]), U256::from(BASE_FEE));
    assert_eq!(answer[88..108], harness.wallet.address[..]);
}

#[test]
fn refunds_of_programs_count_for_the_transaction() {
    let mut harness = Harness::new();
    let clear = harness.deploy_stylus(
        r#"(module
        (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
        (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param $len i32) (result i32)
            (i32.store8 (i32.const 32) (local.get $len))
            (call $cache (i32.const 0) (i32.const 32))
            (call $flush (i32.const 0))
            i32.const 0))"#,
    );
    harness.send(clear, U256::ZERO, hex!("01"));
    let again = harness.send(clear, U256::ZERO, hex!("01")).receipt.gas_used;
    let cleared = harness.send(clear, U256::ZERO, []).receipt.gas_used;
    // Same value: 100 after the cold 2100. To zero: 2900 after it, and 4800 come back. One byte of
    // calldata costs 16.
    assert_eq!(again - 16 - cleared, 100 + 4_800 - 2_900);
}
