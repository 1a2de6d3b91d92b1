//! Signed transactions: what is accepted, what is refused with which words, what it costs.

use alloy_consensus::{TxEip2930, TxLegacy};
use alloy_eips::BlockId;
use alloy_primitives::{Address, TxKind, U256, hex};
use chartseal_devnode::chain::{CREATE2_FACTORY, SendError};

use crate::support::{BASE_FEE, Harness, Wallet};

const SOMEBODY: Address = Address::repeat_byte(0x77);

#[test]
fn a_transfer_costs_21000_gas_at_the_base_fee() {
    let mut harness = Harness::new();
    let before = harness.balance(harness.wallet.address);
    let mut tx = harness.tx(TxKind::Call(SOMEBODY), U256::from(5), []);
    tx.max_fee_per_gas = 3 * BASE_FEE;
    tx.max_priority_fee_per_gas = BASE_FEE;
    let mined = harness.submit(tx);
    assert!(mined.receipt.success);
    assert_eq!(mined.receipt.gas_used, 21_000);
    assert_eq!(
        mined.receipt.effective_gas_price, BASE_FEE,
        "the tip is dropped"
    );
    assert_eq!(mined.receipt.gas_used_for_l1, 0);
    let fee = U256::from(21_000 * BASE_FEE);
    assert_eq!(
        harness.balance(harness.wallet.address),
        before - fee - U256::from(5)
    );
    assert_eq!(harness.balance(SOMEBODY), U256::from(5));
    assert_eq!(
        harness.balance(Address::ZERO),
        fee,
        "the network fee account earns the base fee"
    );
}

#[test]
fn a_transaction_makes_a_block_that_knows_it() {
    let mut harness = Harness::new();
    let mined = harness.send(SOMEBODY, U256::ONE, []);
    let block = harness.chain.block(BlockId::latest()).unwrap();
    assert_eq!(block.header.number, 1);
    assert_eq!(
        block.header.parent_hash,
        harness.chain.block(BlockId::earliest()).unwrap().hash
    );
    assert_eq!(block.hash, block.header.hash_slow());
    assert_eq!(block.transactions[0].hash, mined.hash);
    assert_eq!(
        (mined.block_number, mined.block_hash, mined.index),
        (1, block.hash, 0)
    );
    assert_eq!(mined.sender, harness.wallet.address);
    assert_eq!(block.header.gas_used, 21_000);
    assert_eq!(block.header.gas_limit, 1 << 50);
    assert_eq!(block.header.mix_hash[16..24], 51u64.to_be_bytes());
    assert!(harness.chain.block(block.hash.into()).is_some());
}

#[test]
fn nonces_are_checked_with_geths_words() {
    let mut harness = Harness::new();
    let address = harness.wallet.address;
    let first = harness.tx(TxKind::Call(SOMEBODY), U256::ONE, []);
    let mut early = first.clone();
    early.nonce = 3;
    let raw = harness.wallet.sign(early);
    let error = harness.chain.send_raw_transaction(&raw).unwrap_err();
    assert_eq!(
        error,
        SendError::NonceTooHigh {
            address,
            tx: 3,
            state: 0
        }
    );
    assert_eq!(
        error.to_string(),
        format!("nonce too high: address {address}, tx: 3 state: 0")
    );
    harness.submit(first.clone());
    let raw = harness.wallet.sign(first);
    let error = harness.chain.send_raw_transaction(&raw).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("nonce too low: address {address}, tx: 0 state: 1")
    );
    assert_eq!(
        harness.chain.block_number(),
        1,
        "a refused transaction makes no block"
    );
}

#[test]
fn funds_and_fees_are_checked() {
    let mut harness = Harness::new();
    let poor = Wallet::numbered(1);
    let mut tx = harness.tx(TxKind::Call(SOMEBODY), U256::ONE, []);
    tx.gas_limit = 21_000;
    let error = harness
        .chain
        .send_raw_transaction(&poor.sign(tx.clone()))
        .unwrap_err();
    let want = U256::from(21_000 * BASE_FEE + 1);
    assert_eq!(
        error,
        SendError::InsufficientFunds {
            address: poor.address,
            have: U256::ZERO,
            want
        }
    );
    tx.max_fee_per_gas = BASE_FEE - 1;
    let raw = harness.wallet.sign(tx.clone());
    let error = harness.chain.send_raw_transaction(&raw).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("max fee per gas less than block base fee: address")
    );
    tx.max_fee_per_gas = BASE_FEE;
    tx.max_priority_fee_per_gas = BASE_FEE + 1;
    let raw = harness.wallet.sign(tx.clone());
    let error = harness.chain.send_raw_transaction(&raw).unwrap_err();
    assert!(matches!(error, SendError::TipAboveFeeCap { .. }));
    tx.max_fee_per_gas = 1_000_000_000_000_000;
    let raw = harness.wallet.sign(tx);
    let error = harness.chain.send_raw_transaction(&raw).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tx fee (21.00 ether) exceeds the configured cap (1.00 ether)"
    );
}

#[test]
fn intrinsic_gas_is_checked() {
    let mut harness = Harness::new();
    let mut tx = harness.tx(TxKind::Call(SOMEBODY), U256::ZERO, [0, 1]);
    tx.gas_limit = 21_019;
    let raw = harness.wallet.sign(tx.clone());
    let error = harness.chain.send_raw_transaction(&raw).unwrap_err();
    assert_eq!(
        error,
        SendError::IntrinsicGas {
            have: 21_019,
            want: 21_020
        }
    );
    tx.gas_limit = 21_020;
    assert_eq!(
        harness.submit(tx).receipt.gas_used,
        21_020,
        "and there is no calldata floor"
    );
}

#[test]
fn malformed_and_foreign_transactions_are_refused() {
    let mut harness = Harness::new();
    let mut send = |raw: &[u8]| harness.chain.send_raw_transaction(raw).unwrap_err();
    assert!(matches!(send(&[]), SendError::Malformed(_)));
    assert!(matches!(send(&[0x02, 0xc0]), SendError::Malformed(_)));
    assert!(matches!(send(&[0x05, 0xc0]), SendError::UnsupportedType));
    assert!(matches!(
        send(&vec![0; 95_001]),
        SendError::Oversized { .. }
    ));
    let wallet = Wallet::dev();
    let legacy = TxLegacy {
        chain_id: Some(1),
        gas_limit: 21_000,
        ..Default::default()
    };
    assert_eq!(
        send(&wallet.sign(legacy)),
        SendError::WrongChain {
            have: 1,
            want: 412_346
        }
    );
    let mut raw = wallet.sign(TxLegacy {
        chain_id: Some(412_346),
        ..Default::default()
    });
    raw.push(0);
    assert!(matches!(send(&raw), SendError::Malformed(_)));
}

#[test]
fn access_lists_warm_what_they_name() {
    let mut harness = Harness::new();
    // SLOAD(1), POP, STOP
    let contract = harness.deploy(&hex!("6001545000"));
    let cold = harness.send(contract, U256::ZERO, []).receipt.gas_used;
    let tx = TxEip2930 {
        chain_id: 412_346,
        nonce: harness.nonce(),
        gas_price: BASE_FEE,
        gas_limit: 100_000,
        to: TxKind::Call(contract),
        access_list: vec![alloy_eips::eip2930::AccessListItem {
            address: contract,
            storage_keys: vec![U256::ONE.into()],
        }]
        .into(),
        ..Default::default()
    };
    let raw = harness.wallet.sign(tx);
    let hash = harness.chain.send_raw_transaction(&raw).unwrap();
    let warm = harness.chain.transaction(&hash).unwrap().receipt.gas_used;
    assert_eq!(cold, 21_000 + 3 + 2_100 + 2);
    assert_eq!(warm, 21_000 + 2_400 + 1_900 + 3 + 100 + 2);
}

/// The published transaction of the deterministic deployment proxy; it carries no chain id.
#[test]
fn the_create2_factory_is_there_and_works() {
    let mut harness = Harness::new();
    let init = crate::support::init_code(&hex!("602a60005260206000f3"));
    let data = [[0u8; 32].as_slice(), &init].concat();
    let mined = harness.send(CREATE2_FACTORY, U256::ZERO, data);
    assert!(mined.receipt.success);
    let created = CREATE2_FACTORY.create2_from_code([0; 32], &init);
    assert_eq!(harness.call(created, []).unwrap()[31], 0x2a);
}

#[test]
fn legacy_transactions_without_chain_id_are_accepted() {
    let mut harness = Harness::new();
    let tx = TxLegacy {
        chain_id: None,
        gas_price: BASE_FEE,
        gas_limit: 21_000,
        to: TxKind::Call(SOMEBODY),
        ..Default::default()
    };
    let raw = harness.wallet.sign(tx);
    assert!(harness.chain.send_raw_transaction(&raw).is_ok());
}

#[test]
fn a_failed_creation_still_names_its_address() {
    let mut harness = Harness::new();
    let sender = harness.wallet.address;
    let mut tx = harness.tx(TxKind::Create, U256::ZERO, [0xfe]);
    tx.gas_limit = 60_000;
    let mined = harness.submit(tx);
    assert!(!mined.receipt.success);
    assert_eq!(mined.receipt.gas_used, 60_000);
    assert_eq!(mined.receipt.contract_address, Some(sender.create(0)));
    assert_eq!(harness.nonce(), 1);
}
