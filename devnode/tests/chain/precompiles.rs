//! ArbOS precompiles: answers, prices, faults.

use alloy_primitives::{Address, B256, U256, b256, keccak256};
use chartseal_devnode::chain::{CACHE_MANAGER, CallError};

use crate::support::{
    ARB_WASM, ECHO, Harness, activate_input, evm_forwarder, forward, method, precompile, request,
    stylus_code,
};

const ARB_SYS: Address = precompile(0x64);
const ARB_OWNER_PUBLIC: Address = precompile(0x6b);
const ARB_GAS_INFO: Address = precompile(0x6c);
const ARB_OWNER: Address = precompile(0x70);
const ARB_WASM_CACHE: Address = precompile(0x72);
const ARB_DEBUG: Address = precompile(0xff);

/// Gas of a call's input: 16 per byte other than zero, 4 per zero.
fn calldata_gas(input: &[u8]) -> u64 {
    input
        .iter()
        .map(|byte| if *byte == 0 { 4 } else { 16 })
        .sum()
}

/// Gas the precompile itself charged for a transaction to it.
fn charged(harness: &mut Harness, to: Address, input: Vec<u8>) -> (bool, u64) {
    let intrinsic = 21_000 + calldata_gas(&input);
    let mined = harness.send(to, U256::ZERO, input);
    (mined.receipt.success, mined.receipt.gas_used - intrinsic)
}

fn number(harness: &Harness, to: Address, signature: &str) -> U256 {
    U256::from_be_slice(&harness.call(to, method(signature, &[])).unwrap()[..32])
}

fn own(harness: &mut Harness) {
    let mined = harness.send(ARB_DEBUG, U256::ZERO, method("becomeChainOwner()", &[]));
    assert!(mined.receipt.success);
}

#[test]
fn becoming_chain_owner_costs_84264_gas_and_then_22664() {
    let mut harness = Harness::new();
    let first = harness.send(ARB_DEBUG, U256::ZERO, method("becomeChainOwner()", &[]));
    assert_eq!(first.receipt.gas_used, 84_264);
    let second = harness.send(ARB_DEBUG, U256::ZERO, method("becomeChainOwner()", &[]));
    assert_eq!(second.receipt.gas_used, 21_000 + 64 + 1_600);
    let owner = harness.wallet.address.into_word();
    let answer = harness.call(ARB_OWNER_PUBLIC, method("isChainOwner(address)", &[owner]));
    assert_eq!(answer.unwrap()[31], 1);
}

#[test]
fn views_of_arb_wasm_have_their_prices_and_defaults() {
    let mut harness = Harness::new();
    for (signature, value) in [
        ("stylusVersion()", 2u64),
        ("inkPrice()", 10_000),
        ("maxStackDepth()", 22_000),
        ("freePages()", 2),
        ("pageGas()", 1_000),
        ("pageRamp()", 620_674_314),
        ("pageLimit()", 128),
        ("initCostScalar()", 100),
        ("expiryDays()", 365),
        ("keepaliveDays()", 31),
        ("blockCacheSize()", 32),
    ] {
        assert_eq!(
            number(&harness, ARB_WASM, signature),
            U256::from(value),
            "{signature}"
        );
        let input = method(signature, &[]);
        assert_eq!(
            charged(&mut harness, ARB_WASM, input),
            (true, 903),
            "{signature}"
        );
    }
    let answer = harness.call(ARB_WASM, method("minInitGas()", &[])).unwrap();
    assert_eq!(
        (
            U256::from_be_slice(&answer[..32]),
            U256::from_be_slice(&answer[32..])
        ),
        (U256::from(8_832), U256::from(352))
    );
    assert_eq!(
        charged(&mut harness, ARB_WASM, method("minInitGas()", &[])),
        (true, 906)
    );
}

#[test]
fn questions_about_programs_have_their_prices() {
    let mut harness = Harness::new();
    let program = harness.deploy_stylus(ECHO);
    let hash = keccak256(stylus_code(ECHO));
    let by_hash = method("codehashVersion(bytes32)", &[hash]);
    assert_eq!(charged(&mut harness, ARB_WASM, by_hash), (true, 1_706));
    let by_hash = method("codehashAsmSize(bytes32)", &[hash]);
    assert_eq!(charged(&mut harness, ARB_WASM, by_hash), (true, 1_706));
    for (signature, price) in [
        ("programVersion(address)", 4_306),
        ("programMemoryFootprint(address)", 4_306),
        ("programTimeLeft(address)", 4_306),
        ("programInitGas(address)", 4_309),
    ] {
        let input = method(signature, &[program.into_word()]);
        assert_eq!(
            charged(&mut harness, ARB_WASM, input),
            (true, price),
            "{signature}"
        );
    }
    let unknown = method("codehashVersion(bytes32)", &[B256::ZERO]);
    assert_eq!(
        charged(&mut harness, ARB_WASM, unknown.clone()),
        (false, 1_706)
    );
    let error = harness.call(ARB_WASM, unknown).unwrap_err();
    assert_eq!(error.code(), 3);
    assert_eq!(
        error.to_string(),
        "execution reverted: error ProgramNotActivated()"
    );
    assert_eq!(
        error.data().unwrap()[..],
        method("ProgramNotActivated()", &[])
    );
}

#[test]
fn questions_do_not_warm_the_account() {
    let mut harness = Harness::new();
    let program = harness.deploy_stylus(ECHO);
    let input = method("programVersion(address)", &[program.into_word()]);
    let evm = harness.deploy(&evm_forwarder(0xf1));
    let alone = harness
        .send(evm, U256::ZERO, forward(ARB_WASM, &input))
        .receipt
        .gas_used;
    assert!(alone > 0);
    let list = harness
        .chain
        .create_access_list(
            &request(harness.wallet.address, ARB_WASM, input),
            alloy_eips::BlockId::latest(),
        )
        .unwrap();
    assert!(
        list.access_list
            .0
            .iter()
            .all(|item| item.address != program)
    );
}

#[test]
fn wrong_calls_lose_all_gas_and_revert_without_data() {
    let mut harness = Harness::new();
    let dev = harness.wallet.address;
    for (to, input, value) in [
        (ARB_WASM, vec![], 0),
        (ARB_WASM, vec![1, 2, 3], 0),
        (ARB_WASM, method("noSuchMethod()", &[]), 0),
        (ARB_WASM, method("codehashVersion(bytes32)", &[]), 0),
        (ARB_WASM, method("stylusVersion()", &[]), 1),
        (precompile(0x66), method("size()", &[]), 0),
    ] {
        let mut call = request(dev, to, input.clone());
        call.value = Some(U256::from(value));
        let error = harness.call_request(&call).unwrap_err();
        let expected = "execution reverted".to_owned();
        let data = Default::default();
        assert_eq!(
            error,
            CallError::Reverted {
                message: expected,
                data
            }
        );
        let mut tx = harness.tx(to.into(), U256::from(value), input);
        tx.gas_limit = 50_000;
        assert_eq!(harness.submit(tx).receipt.gas_used, 50_000);
    }
}

#[test]
fn static_and_delegate_calls_are_told_apart() {
    let mut harness = Harness::new();
    own(&mut harness);
    let fixed = harness.deploy(&evm_forwarder(0xfa));
    let lent = harness.deploy(&evm_forwarder(0xf4));
    let read = method("stylusVersion()", &[]);
    assert!(
        harness.call(fixed, forward(ARB_WASM, &read)).is_ok(),
        "a view may be static"
    );
    assert!(
        harness.call(lent, forward(ARB_WASM, &read)).is_err(),
        "nothing may be delegated"
    );
    let write = method("becomeChainOwner()", &[]);
    assert!(
        harness.call(fixed, forward(ARB_DEBUG, &write)).is_err(),
        "a write may not be static"
    );
    let pure = method(
        "mapL1SenderContractAddressToL2Alias(address,address)",
        &[B256::ZERO; 2],
    );
    assert!(
        harness.call(lent, forward(ARB_SYS, &pure)).is_ok(),
        "save what is pure"
    );
}

#[test]
fn arb_sys_knows_the_chain() {
    let mut harness = Harness::new();
    harness.send(Address::repeat_byte(1), U256::ONE, []);
    assert_eq!(number(&harness, ARB_SYS, "arbBlockNumber()"), U256::from(1));
    assert_eq!(
        number(&harness, ARB_SYS, "arbChainID()"),
        U256::from(412_346)
    );
    assert_eq!(number(&harness, ARB_SYS, "arbOSVersion()"), U256::from(106));
    let genesis = harness
        .chain
        .block(alloy_eips::BlockId::earliest())
        .unwrap()
        .hash;
    let ask = |block: u64| method("arbBlockHash(uint256)", &[U256::from(block).into()]);
    assert_eq!(harness.call(ARB_SYS, ask(0)).unwrap()[..], genesis[..]);
    let error = harness.call(ARB_SYS, ask(1)).unwrap_err();
    assert_eq!(
        error.data().unwrap()[..4],
        method("InvalidBlockNumber(uint256,uint256)", &[])
    );
    let top = method("isTopLevelCall()", &[]);
    let evm = harness.deploy(&evm_forwarder(0xf1));
    assert_eq!(harness.call(evm, forward(ARB_SYS, &top)).unwrap()[31], 1);
    let nested = forward(evm, &forward(ARB_SYS, &top));
    assert_eq!(harness.call(evm, nested).unwrap()[31], 0);
}

#[test]
fn prices_are_known() {
    let harness = Harness::new();
    assert_eq!(
        number(&harness, ARB_GAS_INFO, "getMinimumGasPrice()"),
        U256::from(100_000_000)
    );
    assert_eq!(
        number(&harness, ARB_GAS_INFO, "getL1BaseFeeEstimate()"),
        U256::ZERO
    );
    assert_eq!(
        number(&harness, ARB_GAS_INFO, "getCurrentTxL1GasFees()"),
        U256::ZERO
    );
}

#[test]
fn owners_act_for_free_and_others_not_at_all() {
    let mut harness = Harness::new();
    let set = method("setInkPrice(uint32)", &[U256::from(20_000).into()]);
    let error = harness.call(ARB_OWNER, set.clone()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unauthorized caller to access-controlled method"
    );
    own(&mut harness);
    let intrinsic = 21_000 + calldata_gas(&set);
    let mined = harness.send(ARB_OWNER, U256::ZERO, set.clone());
    assert_eq!(
        (mined.receipt.success, mined.receipt.gas_used),
        (true, intrinsic)
    );
    let acts = b256!("3c9e6a772755407311e3b35b3ee56799df8f87395941b3a658eee9e08a67ebda");
    assert_eq!(mined.receipt.logs[0].topics()[0], acts);
    assert_eq!(number(&harness, ARB_WASM, "inkPrice()"), U256::from(20_000));
    let zero = method("setInkPrice(uint32)", &[B256::ZERO]);
    let refused = harness.send(ARB_OWNER, U256::ZERO, zero.clone());
    assert!(
        !refused.receipt.success,
        "an ink price of zero is out of range"
    );
    assert_eq!(refused.receipt.gas_used, 21_000 + calldata_gas(&zero));
    let mut poor = harness.tx(ARB_OWNER.into(), U256::ZERO, set);
    poor.gas_limit = intrinsic + 2_000;
    assert!(
        !harness.submit(poor).receipt.success,
        "free, but it must be affordable"
    );
}

#[test]
fn settings_of_owners_take_effect() {
    let mut harness = Harness::new();
    own(&mut harness);
    let mut set = |signature: &str, value: U256| {
        let input = method(signature, &[value.into()]);
        harness.send(ARB_OWNER, U256::ZERO, input).receipt.success
    };
    assert!(set("setL1PricePerUnit(uint256)", U256::ZERO));
    assert!(
        !set("setL1PricePerUnit(uint256)", U256::ONE),
        "there is no L1 to pay"
    );
    assert!(set("setNetworkFeeAccount(address)", U256::from(0xfee)));
    assert!(
        !set("setWasmMinInitGas(uint8,uint16)", U256::ZERO),
        "an argument is missing"
    );
    assert!(set("setCalldataPriceIncrease(bool)", U256::ONE));
    assert!(set("setL2BaseFee(uint256)", U256::from(50_000_000)));
    assert_eq!(harness.chain.gas_price(), 50_000_000);
    let account = Address::from_word(U256::from(0xfee).into());
    let before = harness.balance(account);
    let paid = harness
        .send(Address::repeat_byte(3), U256::ONE, vec![1; 100])
        .receipt
        .clone();
    assert_eq!(
        paid.gas_used,
        21_000 + 40 * 100,
        "the calldata floor of EIP-7623"
    );
    let fee = U256::from(paid.gas_used) * U256::from(50_000_000);
    assert_eq!(harness.balance(account), before + fee);
}

#[test]
fn the_cache_flag_has_its_price_and_its_event() {
    let mut harness = Harness::new();
    let program = harness.deploy_stylus(ECHO);
    let hash = keccak256(stylus_code(ECHO));
    let input = method("cacheProgram(address)", &[program.into_word()]);
    let mut stranger = harness.tx(ARB_WASM_CACHE.into(), U256::ZERO, input.clone());
    stranger.gas_limit = 100_000;
    let refused = harness.submit(stranger).receipt.clone();
    assert_eq!((refused.success, refused.gas_used), (false, 100_000));
    own(&mut harness);
    // one function, two types, and the length of the module
    let init = 8 + 2 + wat::parse_str(ECHO).unwrap().len() as u64 * 1286 / 10_000;
    let cost = 800 + 3 + 2600 + 800 + 800 + 100 + 800 + 1756 + init + 800 + 20_000;
    assert_eq!(
        charged(&mut harness, ARB_WASM_CACHE, input.clone()),
        (true, cost)
    );
    let logs = harness.chain.head().transactions[0].receipt.logs.clone();
    let update = b256!("1bfaa29b4618e78f5b398027d530826dbb266dc976a5067f67fdad15434ecfab");
    assert_eq!(logs[0].topics()[0], update);
    assert_eq!(logs[0].topics()[2], hash);
    let cached = harness.call(ARB_WASM_CACHE, method("codehashIsCached(bytes32)", &[hash]));
    assert_eq!(cached.unwrap()[31], 1);
    let mined = harness.send(ARB_WASM_CACHE, U256::ZERO, input);
    assert!(
        mined.receipt.success && mined.receipt.logs.is_empty(),
        "nothing changes, no event"
    );
    assert!(mined.receipt.gas_used < 100_000);
    let evict = method("evictCodehash(bytes32)", &[hash]);
    assert!(
        harness
            .send(ARB_WASM_CACHE, U256::ZERO, evict)
            .receipt
            .success
    );
}

#[test]
fn a_cache_manager_is_registered_from_the_start() {
    let harness = Harness::new();
    let answer = harness
        .call(ARB_WASM_CACHE, method("allCacheManagers()", &[]))
        .unwrap();
    assert_eq!(answer[64..96], CACHE_MANAGER.into_word()[..]);
    assert!(
        harness
            .call(CACHE_MANAGER, [1, 2, 3, 4])
            .unwrap()
            .is_empty()
    );
}

#[test]
fn activation_errors_say_what_is_wrong() {
    let mut harness = Harness::new();
    let dev = harness.wallet.address;
    let activate = |harness: &Harness, program: Address| {
        let mut call = request(dev, ARB_WASM, activate_input(program));
        call.value = Some(U256::from(1_000_000_000_000_000_000u64));
        harness.call_request(&call).unwrap_err()
    };
    let error = activate(&harness, Address::repeat_byte(9));
    assert_eq!(
        error.to_string(),
        "execution reverted: error ProgramNotWasm()"
    );
    let evm = harness.deploy(&[0x00]);
    assert_eq!(activate(&harness, evm).to_string(), "execution reverted");
    let growing = r#"(module (memory (export "memory") 0)
        (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#;
    let program = harness.deploy(&stylus_code(growing));
    let error = activate(&harness, program);
    assert_eq!(error.code(), -32000);
    let text = error.to_string();
    assert!(text.starts_with("program activation failed: "), "{text}");
    assert!(text.contains("pay_for_memory_grow"), "{text}");
    let mut tx = harness.tx(ARB_WASM.into(), U256::ONE, activate_input(program));
    tx.gas_limit = 10_000_000;
    assert_eq!(
        harness.submit(tx).receipt.gas_used,
        10_000_000,
        "it takes all gas"
    );
    let good = harness.deploy(&stylus_code(ECHO));
    let error = harness.call(ARB_WASM, activate_input(good)).unwrap_err();
    assert!(
        error.to_string().contains("ProgramInsufficientValue(0, "),
        "{error}"
    );
    harness.activate(good);
    let error = activate(&harness, good);
    assert_eq!(
        error.to_string(),
        "execution reverted: error ProgramUpToDate()"
    );
}
