//! Test helpers, history, calls and their overrides, logs and announcements.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256, map::HashMap};
use alloy_rpc_types_eth::{
    Filter, TransactionRequest,
    state::{AccountOverride, StateOverride},
};
use chartseal_devnode::chain::{
    CallError, Chain, ChainConfig, ChainEvent, ControlError, Overrides,
};

use crate::support::{
    ARB_WASM, BASE_FEE, COUNTER, ECHO, Harness, MARK, activate_input, request, stylus_code,
};

const SOMEBODY: Address = Address::repeat_byte(0x77);

fn at(number: u64) -> BlockId {
    BlockId::number(number)
}

#[test]
fn history_is_complete() {
    let mut harness = Harness::new();
    // SSTORE(0, CALLDATALOAD(0)) STOP
    let contract = harness.deploy(&hex!("60003560005500"));
    for value in 1..=5u8 {
        harness.send(
            contract,
            U256::from(value),
            B256::with_last_byte(value).to_vec(),
        );
    }
    for value in 1..=5u8 {
        let block = at(1 + u64::from(value));
        let word = harness.chain.storage(contract, U256::ZERO, block).unwrap();
        assert_eq!(word, B256::with_last_byte(value));
        let balance = harness.chain.balance(contract, block).unwrap();
        assert_eq!(balance, U256::from((1..=value).map(u64::from).sum::<u64>()));
        let nonce = harness.chain.nonce(harness.wallet.address, block).unwrap();
        assert_eq!(nonce, 1 + u64::from(value));
    }
    assert!(harness.chain.code(contract, at(0)).unwrap().is_empty());
    let unknown = harness.chain.balance(contract, at(99)).unwrap_err();
    assert_eq!(unknown.to_string(), "header not found");
}

#[test]
fn calls_see_the_block_they_name() {
    let mut harness = Harness::new();
    // return TIMESTAMP
    let clock = harness.deploy(&hex!("4260005260206000f3"));
    harness.chain.increase_time(1000);
    harness.chain.mine(1, None).unwrap();
    let ask = |block: BlockId| {
        let request = request(SOMEBODY, clock, []);
        U256::from_be_slice(
            &harness
                .chain
                .call(&request, block, &Overrides::default())
                .unwrap(),
        )
    };
    let time = |block: BlockId| harness.chain.block(block).unwrap().header.timestamp;
    assert_eq!(ask(at(1)), U256::from(time(at(1))));
    assert_eq!(ask(at(2)), U256::from(time(at(2))));
    assert!(time(at(2)) >= time(at(1)) + 1000);
}

#[test]
fn time_only_goes_forward() {
    let mut harness = Harness::new();
    let last = harness.chain.head().header.timestamp;
    harness.chain.set_next_block_timestamp(last + 500).unwrap();
    harness.chain.mine(1, None).unwrap();
    assert_eq!(harness.chain.head().header.timestamp, last + 500);
    let error = harness.chain.set_next_block_timestamp(last).unwrap_err();
    assert_eq!(
        error,
        ControlError::TimeInPast {
            requested: last,
            last: last + 500
        }
    );
    harness.chain.mine(3, Some(10)).unwrap();
    let now = harness.chain.head().header.timestamp;
    assert!((last + 520..last + 530).contains(&now), "{now}");
    assert!(harness.chain.mine(u64::MAX, None).is_err());
}

#[test]
fn a_snapshot_brings_everything_back() {
    let mut harness = Harness::new();
    let contract = harness.deploy(&hex!("60003560005500"));
    harness.send(contract, U256::ONE, B256::with_last_byte(1).to_vec());
    let before = harness.chain.head().hash;
    let balance = harness.balance(harness.wallet.address);
    let id = harness.chain.snapshot();
    harness.chain.set_balance(SOMEBODY, U256::from(9));
    let lost = harness.send(contract, U256::ONE, B256::with_last_byte(2).to_vec());
    harness.chain.increase_time(10_000);
    assert!(harness.chain.revert(id));
    assert_eq!(harness.chain.head().hash, before);
    assert_eq!(harness.slot(contract, 0), U256::ONE);
    assert_eq!(harness.balance(harness.wallet.address), balance);
    assert_eq!(harness.balance(SOMEBODY), U256::ZERO);
    assert!(harness.chain.transaction(&lost.hash).is_none());
    assert!(!harness.chain.revert(id), "a snapshot is used up");
    harness.send(contract, U256::ONE, B256::with_last_byte(3).to_vec());
    assert_eq!(
        harness.chain.storage(contract, U256::ZERO, at(2)).unwrap()[31],
        1
    );
}

#[test]
fn helpers_change_accounts() {
    let mut harness = Harness::new();
    harness.chain.set_balance(SOMEBODY, U256::from(5));
    harness.chain.set_nonce(SOMEBODY, 8);
    harness
        .chain
        .set_code(SOMEBODY, Bytes::from_static(&hex!("5f545f5260205ff3")));
    harness
        .chain
        .set_storage(SOMEBODY, U256::ZERO, B256::with_last_byte(0x99));
    assert_eq!(harness.balance(SOMEBODY), U256::from(5));
    assert_eq!(
        harness.chain.nonce(SOMEBODY, BlockId::pending()).unwrap(),
        8
    );
    assert_eq!(harness.call(SOMEBODY, []).unwrap()[31], 0x99);
}

#[test]
fn a_reorganisation_drops_transactions_and_keeps_the_height() {
    let mut harness = Harness::new();
    let kept = harness.send(SOMEBODY, U256::ONE, []);
    let dropped = harness.send(SOMEBODY, U256::ONE, []);
    harness.chain.mine(1, None).unwrap();
    let old: Vec<_> = (0..=3)
        .map(|n| harness.chain.block(at(n)).unwrap().hash)
        .collect();
    let snapshot = harness.chain.snapshot();
    let mut events = harness.chain.subscribe();
    harness.chain.reorg(2).unwrap();
    let new: Vec<_> = (0..=3)
        .map(|n| harness.chain.block(at(n)).unwrap().hash)
        .collect();
    assert_eq!(old[..2], new[..2]);
    assert!(
        old[2] != new[2] && old[3] != new[3],
        "even an empty block gets another hash"
    );
    assert!(harness.chain.transaction(&kept.hash).is_some());
    assert!(harness.chain.transaction(&dropped.hash).is_none());
    assert!(harness.chain.block(old[2].into()).is_none());
    assert_eq!(harness.balance(SOMEBODY), U256::ONE);
    assert_eq!(harness.nonce(), 1);
    assert!(!harness.chain.revert(snapshot), "its block is gone");
    let ChainEvent::Removed(removed) = events.try_recv().unwrap() else {
        panic!("no removal")
    };
    assert_eq!(
        removed.iter().map(|b| b.hash).collect::<Vec<_>>(),
        [old[3], old[2]]
    );
    for hash in &new[2..] {
        let ChainEvent::Added(block) = events.try_recv().unwrap() else {
            panic!("no addition")
        };
        assert_eq!(block.hash, *hash);
    }
    let error = harness.chain.reorg(4).unwrap_err();
    assert_eq!(
        error,
        ControlError::ReorgTooDeep {
            depth: 4,
            height: 3
        }
    );
}

#[test]
fn logs_are_found_by_address_topics_and_range() {
    let mut harness = Harness::new();
    let counter = harness.deploy_stylus(COUNTER);
    let other = harness.deploy(&stylus_code(COUNTER));
    for contract in [counter, other, counter] {
        harness.send(contract, U256::ZERO, [0]);
    }
    let head = harness.chain.block_number();
    let all = Filter::new()
        .from_block(0)
        .to_block(BlockNumberOrTag::Latest);
    let topic = MARK;
    let found = harness
        .chain
        .logs(&all.clone().event_signature(topic))
        .unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].block_number, Some(head - 2));
    assert_eq!(found[0].log_index, Some(0));
    let found = harness
        .chain
        .logs(&all.clone().address(counter).event_signature(topic))
        .unwrap();
    assert_eq!(found.len(), 2);
    assert!(
        harness
            .chain
            .logs(&all.clone().topic1(topic))
            .unwrap()
            .is_empty()
    );
    let one = harness.chain.block(BlockId::latest()).unwrap().hash;
    assert_eq!(
        harness
            .chain
            .logs(&Filter::new().at_block_hash(one))
            .unwrap()
            .len(),
        1
    );
    assert!(
        harness
            .chain
            .logs(&Filter::new().at_block_hash(B256::ZERO))
            .is_err()
    );
    assert!(
        harness
            .chain
            .logs(&Filter::new().from_block(5).to_block(4))
            .is_err()
    );
    assert_eq!(
        harness.chain.logs(&Filter::new()).unwrap().len(),
        1,
        "the newest block only"
    );
}

/// What cargo-stylus does before it deploys: an activation on a random address whose code is given in
/// the call, by a random sender with a balance of 2^256 - 1.
#[test]
fn activation_can_be_tried_with_overrides() {
    let harness = Harness::new();
    let program = Address::repeat_byte(0x51);
    let sender = Address::repeat_byte(0x52);
    let mut state = StateOverride::default();
    let code = Bytes::from(stylus_code(ECHO));
    state.insert(
        sender,
        AccountOverride {
            balance: Some(U256::MAX),
            ..Default::default()
        },
    );
    state.insert(
        program,
        AccountOverride {
            code: Some(code),
            ..Default::default()
        },
    );
    let overrides = Overrides {
        state: Some(state),
        block: None,
    };
    let mut request = request(sender, ARB_WASM, activate_input(program));
    request.value = Some(U256::from(1_000_000_000_000_000_000u64));
    let answer = harness
        .chain
        .call(&request, BlockId::latest(), &overrides)
        .unwrap();
    assert_eq!(U256::from_be_slice(&answer[..32]), U256::from(2));
    assert!(U256::from_be_slice(&answer[32..]) > U256::ZERO);
    assert!(
        harness
            .chain
            .code(program, BlockId::latest())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn state_can_be_replaced_or_patched_for_a_call() {
    let mut harness = Harness::new();
    // return SLOAD(CALLDATALOAD(0))
    let contract = harness.deploy(&hex!("5f35545f5260205ff3"));
    for slot in [1, 2] {
        harness
            .chain
            .set_storage(contract, U256::from(slot), B256::with_last_byte(9));
    }
    let words = HashMap::from_iter([(B256::with_last_byte(1), B256::with_last_byte(5))]);
    let read = |slot: u8, change: AccountOverride| {
        let request = request(SOMEBODY, contract, B256::with_last_byte(slot).to_vec());
        let state = Some(StateOverride::from_iter([(contract, change)]));
        let overrides = Overrides { state, block: None };
        harness
            .chain
            .call(&request, BlockId::latest(), &overrides)
            .map(|answer| answer[31])
    };
    let patch = AccountOverride {
        state_diff: Some(words.clone()),
        ..Default::default()
    };
    assert_eq!((read(1, patch.clone()), read(2, patch)), (Ok(5), Ok(9)));
    let whole = AccountOverride {
        state: Some(words.clone()),
        ..Default::default()
    };
    assert_eq!((read(1, whole.clone()), read(2, whole)), (Ok(5), Ok(0)));
    let both = AccountOverride {
        state: Some(words.clone()),
        state_diff: Some(words),
        ..Default::default()
    };
    assert!(matches!(read(1, both), Err(CallError::InvalidParams(_))));
}

#[test]
fn estimates_suffice_and_are_close() {
    let mut harness = Harness::new();
    let counter = harness.deploy_stylus(COUNTER);
    let sender = harness.wallet.address;
    let estimate = |harness: &Harness, to: Address, input: Vec<u8>| {
        let request = request(sender, to, input);
        harness
            .chain
            .estimate_gas(&request, BlockId::pending(), &Overrides::default())
    };
    assert_eq!(estimate(&harness, SOMEBODY, vec![]), Ok(21_000));
    let gas = estimate(&harness, counter, vec![0]).unwrap();
    let mut tx = harness.tx(counter.into(), U256::ZERO, [0]);
    tx.gas_limit = gas;
    let receipt = harness.submit(tx).receipt.clone();
    assert!(receipt.success);
    assert!(
        gas as f64 <= receipt.gas_used as f64 * 1.1,
        "{gas} for {}",
        receipt.gas_used
    );
    let error = estimate(&harness, counter, vec![1]).unwrap_err();
    assert_eq!(error.code(), 3);
    let burner = harness.deploy(&hex!("5b600056"));
    let error = estimate(&harness, burner, vec![]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "gas required exceeds allowance (50000000)"
    );
}

#[test]
fn estimates_with_a_price_look_at_the_balance() {
    let harness = Harness::new();
    let mut request = request(SOMEBODY, ARB_WASM, [1, 2, 3, 4]);
    request.gas_price = Some(BASE_FEE);
    let ask = |request: &TransactionRequest| {
        let overrides = Overrides::default();
        harness
            .chain
            .estimate_gas(request, BlockId::pending(), &overrides)
            .unwrap_err()
    };
    assert_eq!(
        ask(&request).to_string(),
        "gas required exceeds allowance (0)"
    );
    request.value = Some(U256::ONE);
    let error = ask(&request).to_string();
    assert!(
        error.starts_with("insufficient funds for gas * price + value: address"),
        "{error}"
    );
}

#[test]
fn revert_reasons_are_decoded() {
    let mut harness = Harness::new();
    let data = hex!(
        "08c379a0"
        "0000000000000000000000000000000000000000000000000000000000000020"
        "0000000000000000000000000000000000000000000000000000000000000004"
        "6e6f706500000000000000000000000000000000000000000000000000000000"
    );
    // CODECOPY(0, 10, 100) REVERT(0, 100)
    let code = [hex!("6064600a5f3960645ffd").as_slice(), &data].concat();
    let contract = harness.deploy(&code);
    let error = harness.call(contract, []).unwrap_err();
    assert_eq!(error.to_string(), "execution reverted: nope");
    assert_eq!(error.data().unwrap()[..], data);
}

#[test]
fn fee_history_is_flat() {
    let mut harness = Harness::new();
    harness.send(SOMEBODY, U256::ONE, []);
    let latest = BlockNumberOrTag::Latest;
    let history = harness.chain.fee_history(10, latest, &[20.0]).unwrap();
    assert_eq!(history.oldest_block, 0);
    assert_eq!(history.base_fee_per_gas, [BASE_FEE; 3]);
    assert_eq!(history.reward, Some(vec![vec![0]; 2]));
    assert_eq!(history.gas_used_ratio, [0.0, 0.003]);
    assert!(harness.chain.fee_history(1, latest, &[50.0, 20.0]).is_err());
    assert!(harness.chain.fee_history(1, latest, &[101.0]).is_err());
    assert_eq!(harness.chain.gas_price(), BASE_FEE);
    assert_eq!(harness.chain.max_priority_fee(), 0);
}

#[test]
fn node_interface_answers_in_calls_only() {
    let harness = Harness::new();
    let node = Address::with_last_byte(0xc8);
    let selector = &keccak256("gasEstimateComponents(address,bool,bytes)")[..4];
    let input = [
        selector,
        SOMEBODY.into_word().as_slice(),
        &[0; 32],
        B256::with_last_byte(0x60).as_slice(),
        &[0; 32],
    ]
    .concat();
    let answer = harness.call(node, input).unwrap();
    let word = |index: usize| U256::from_be_slice(&answer[32 * index..32 * (index + 1)]);
    assert_eq!(
        (word(0), word(1), word(3)),
        (U256::from(21_000), U256::ZERO, U256::ZERO)
    );
    assert_eq!(word(2), U256::from(BASE_FEE));
    assert!(
        harness
            .chain
            .code(node, BlockId::latest())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn genesis_time_can_be_chosen() {
    let config = ChainConfig {
        genesis_timestamp: Some(2_000_000_000),
        ..Default::default()
    };
    let mut chain = Chain::new(config);
    chain.mine(1, None).unwrap();
    let now = chain.head().header.timestamp;
    assert!((2_000_000_000..2_000_000_060).contains(&now), "{now}");
}
