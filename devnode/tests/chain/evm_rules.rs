//! Where the EVM of the chain differs from Ethereum's, rule by rule.

use alloy_eips::BlockId;
use alloy_primitives::{Address, TxKind, U256, hex};
use chartseal_devnode::chain::{CallError, HISTORY_STORAGE, Overrides};

use crate::support::{
    BASE_FEE, COUNTER, Harness, evm_forwarder, forward, init_code, request, stylus_code,
};

/// Code that returns the word a one-byte instruction sequence leaves on the stack.
fn returning(instructions: &[u8]) -> Vec<u8> {
    [instructions, &hex!("60005260206000f3")].concat()
}

fn word(harness: &mut Harness, instructions: &[u8]) -> U256 {
    let contract = harness.deploy(&returning(instructions));
    U256::from_be_slice(&harness.call(contract, []).unwrap())
}

#[test]
fn block_opcodes_answer_as_on_a_nitro_dev_chain() {
    let mut harness = Harness::new();
    assert_eq!(
        word(&mut harness, &[0x43]),
        U256::ZERO,
        "NUMBER is the L1 number"
    );
    assert_eq!(word(&mut harness, &[0x44]), U256::ONE, "PREVRANDAO");
    assert_eq!(
        word(&mut harness, &[0x45]),
        U256::from(1u64 << 50),
        "GASLIMIT"
    );
    assert_eq!(word(&mut harness, &[0x46]), U256::from(412_346), "CHAINID");
    let coinbase = hex!("A4B000000000000000000073657175656e636572");
    assert_eq!(
        word(&mut harness, &[0x41]),
        U256::from_be_slice(&coinbase),
        "COINBASE"
    );
    assert_eq!(
        word(&mut harness, &[0x60, 1, 0x40]),
        U256::ZERO,
        "BLOCKHASH(1)"
    );
    assert_eq!(
        word(&mut harness, &[0x60, 0, 0x49]),
        U256::ZERO,
        "BLOBHASH(0)"
    );
    assert_eq!(
        word(&mut harness, &[0x60, 1, 0x1e]),
        U256::from(255),
        "CLZ(1)"
    );
}

#[test]
fn blob_base_fee_is_no_opcode() {
    let mut harness = Harness::new();
    let contract = harness.deploy(&[0x4a, 0x00]);
    assert_eq!(
        harness.call(contract, []),
        Err(CallError::Failed("invalid opcode".into()))
    );
}

#[test]
fn gas_price_and_base_fee_agree_and_are_zero_in_a_free_call() {
    let mut harness = Harness::new();
    // SSTORE(0, GASPRICE) SSTORE(1, BASEFEE) STOP
    let contract = harness.deploy(&hex!("3a60005548600155"));
    let mut tx = harness.tx(TxKind::Call(contract), U256::ZERO, []);
    tx.max_fee_per_gas = 5 * BASE_FEE;
    tx.max_priority_fee_per_gas = 2 * BASE_FEE;
    assert!(harness.submit(tx).receipt.success);
    assert_eq!(
        harness.slot(contract, 0),
        U256::from(BASE_FEE),
        "the tip does not show"
    );
    assert_eq!(harness.slot(contract, 1), U256::from(BASE_FEE));
    assert_eq!(
        word(&mut harness, &[0x48]),
        U256::ZERO,
        "no price given, no base fee"
    );
    let contract = harness.deploy(&returning(&[0x3a]));
    let mut priced = request(harness.wallet.address, contract, []);
    priced.gas_price = Some(3 * BASE_FEE);
    let answer = harness.call_request(&priced).unwrap();
    assert_eq!(U256::from_be_slice(&answer), U256::from(BASE_FEE));
}

#[test]
fn code_may_start_with_ef_only_if_it_is_a_stylus_program() {
    let mut harness = Harness::new();
    let program = stylus_code(COUNTER);
    let address = harness.deploy(&program);
    assert_eq!(
        harness.chain.code(address, BlockId::latest()).unwrap(),
        program
    );
    for refused in [
        &[0xef][..],
        &[0xef, 0xf0, 0x00],
        &[0xef, 0x00, 0x01],
        &[0xef, 0xf0, 0x01, 0],
    ] {
        let tx = harness.tx(TxKind::Create, U256::ZERO, init_code(refused));
        let limit = tx.gas_limit;
        let mined = harness.submit(tx);
        assert!(!mined.receipt.success, "{refused:x?}");
        assert_eq!(mined.receipt.gas_used, limit, "all gas is gone");
    }
}

#[test]
fn code_of_24576_bytes_is_the_limit() {
    let mut harness = Harness::new();
    harness.deploy(&vec![0; 24_576]);
    let tx = harness.tx(TxKind::Create, U256::ZERO, init_code(&vec![0; 24_577]));
    assert!(!harness.submit(tx).receipt.success);
}

#[test]
fn deployment_costs_ordinary_creation_gas() {
    let mut harness = Harness::new();
    let runtime = [0x5b; 100];
    let init = init_code(&runtime);
    let zero = init.iter().filter(|byte| **byte == 0).count() as u64;
    let calldata = 4 * zero + 16 * (init.len() as u64 - zero);
    let words = init.len().div_ceil(32) as u64;
    let tx = harness.tx(TxKind::Create, U256::ZERO, init);
    let used = harness.submit(tx).receipt.gas_used;
    // PUSH32 DUP1 PUSH1 PUSH1 CODECOPY(3 + 4 words, 4 words of memory) PUSH1 RETURN
    let execution = 3 + 3 + 3 + 3 + (3 + 3 * 4 + 3 * 4) + 3;
    assert_eq!(used, 53_000 + calldata + 2 * words + execution + 200 * 100);
}

#[test]
fn refunds_are_capped_at_a_fifth() {
    let mut harness = Harness::new();
    // SSTORE(0, CALLDATALOAD(0)) STOP
    let contract = harness.deploy(&hex!("60003560005500"));
    let one = U256::ONE.to_be_bytes::<32>().to_vec();
    let set = harness.send(contract, U256::ZERO, one).receipt.gas_used;
    assert_eq!(set, 21_000 + 31 * 4 + 16 + 3 + 3 + 3 + 22_100);
    let cleared = harness.send(contract, U256::ZERO, []).receipt.gas_used;
    assert_eq!(cleared, 21_000 + 9 + 5_000 - 4_800);
}

#[test]
fn the_compute_cap_holds_for_transactions_and_not_for_calls() {
    let mut harness = Harness::new();
    // JUMPDEST, PUSH1 0, JUMP: spends all gas it is given
    let burner = harness.deploy(&hex!("5b600056"));
    let mut tx = harness.tx(TxKind::Call(burner), U256::ZERO, []);
    tx.gas_limit = 40_000_000;
    let mined = harness.submit(tx);
    assert!(!mined.receipt.success);
    assert_eq!(
        mined.receipt.gas_used, 32_000_000,
        "intrinsic gas included, the rest comes back"
    );
    // GAS at the start of a call is not capped
    let gas = harness.deploy(&returning(&[0x5a]));
    let answer = harness.call(gas, []).unwrap();
    assert_eq!(
        U256::from_be_slice(&answer),
        U256::from(50_000_000 - 21_000 - 2)
    );
}

#[test]
fn precompiles_are_warm_and_have_code() {
    let mut harness = Harness::new();
    let arb_sys = crate::support::precompile(0x64);
    assert_eq!(
        harness.chain.code(arb_sys, BlockId::latest()).unwrap()[..],
        [0xfe]
    );
    // BALANCE(0x64) POP STOP
    let contract = harness.deploy(&hex!("60643150"));
    assert_eq!(
        harness.send(contract, U256::ZERO, []).receipt.gas_used,
        21_000 + 3 + 100 + 2
    );
}

/// RIP-7212's example: P256VERIFY costs 6900 at ArbOS 51.
#[test]
fn p256_verification_costs_6900() {
    let harness = Harness::new();
    let verify: Address = "0x0000000000000000000000000000000000000100"
        .parse()
        .unwrap();
    let request = request(harness.wallet.address, verify, []);
    let overrides = Overrides::default();
    let gas = harness
        .chain
        .estimate_gas(&request, BlockId::latest(), &overrides)
        .unwrap();
    assert!((27_900..=28_400).contains(&gas), "{gas}");
}

#[test]
fn stylus_contracts_cannot_be_destroyed_through_a_delegate_call() {
    let mut harness = Harness::new();
    let forwarder = harness.deploy_stylus(crate::support::FORWARD);
    // SELFDESTRUCT(CALLER)
    let bomb = harness.deploy(&hex!("33ff"));
    let input = crate::support::stylus_forward(1, bomb, &[]);
    assert_eq!(
        harness.call(forwarder, input).unwrap()[..],
        [2],
        "the delegate call reverts"
    );
    let evm = harness.deploy(&evm_forwarder(0xf4));
    assert!(
        harness.call(evm, forward(bomb, &[])).is_ok(),
        "an EVM contract can be"
    );
}

/// The input of the history contract.
fn number(number: u64) -> Vec<u8> {
    U256::from(number).to_be_bytes::<32>().to_vec()
}

fn hash_of(harness: &Harness, number: u64) -> Vec<u8> {
    let block = harness.chain.block(BlockId::number(number)).unwrap();
    block.hash.to_vec()
}

/// EIP-2935 with L2 block numbers.
#[test]
fn the_history_contract_knows_the_hashes_of_past_blocks() {
    let mut harness = Harness::new();
    harness.chain.mine(5, None).unwrap();
    let code = harness
        .chain
        .code(HISTORY_STORAGE, BlockId::latest())
        .unwrap();
    assert!(!code.is_empty());
    let ask = |harness: &Harness, input: Vec<u8>| harness.call(HISTORY_STORAGE, input);
    // A call is part of block 5, whose own hash is not known in it.
    for past in 0..5 {
        let answer = ask(&harness, number(past)).unwrap();
        assert_eq!(answer.to_vec(), hash_of(&harness, past), "{past}");
        let word = harness.slot(HISTORY_STORAGE, past);
        assert_eq!(word.to_be_bytes_vec(), hash_of(&harness, past), "{past}");
    }
    assert_eq!(harness.slot(HISTORY_STORAGE, 5), U256::ZERO);
    for refused in [
        number(5),
        number(u64::MAX),
        vec![],
        vec![0; 31],
        vec![0; 33],
    ] {
        let answer = ask(&harness, refused.clone());
        assert!(
            matches!(answer, Err(CallError::Reverted { .. })),
            "{refused:x?}: {answer:?}"
        );
    }
    // A contract in block 7 sees the hash of block 6, which holds its own deployment.
    let contract = harness.deploy(&storing_the_answer());
    assert!(
        harness
            .send(contract, U256::ZERO, number(6))
            .receipt
            .success
    );
    let stored = harness.slot(contract, 0);
    assert_eq!(stored.to_be_bytes_vec(), hash_of(&harness, 6));
    // After a reorganisation its answers are those of the new blocks.
    harness.chain.reorg(3).unwrap();
    let answer = ask(&harness, number(6)).unwrap();
    assert_eq!(answer.to_vec(), hash_of(&harness, 6));
    assert_ne!(answer.to_vec(), stored.to_be_bytes_vec());
}

/// EVM code that passes its input on to the history contract and stores the word that comes back.
fn storing_the_answer() -> Vec<u8> {
    // CALLDATACOPY(0, 0, 32); STATICCALL(GAS, history, 0, 32, 0, 32); SSTORE(0, MLOAD(0))
    let mut code = hex!("602060006000376020600060206000").to_vec();
    code.push(0x73);
    code.extend_from_slice(HISTORY_STORAGE.as_slice());
    code.extend_from_slice(&hex!("5afa5060005160005500"));
    code
}

/// A cold word 2,100, a call of ArbSys 100, its reading of the state 800 and result word 3, other opcodes 172.
#[test]
fn a_look_up_in_the_history_contract_has_its_price() {
    let mut harness = Harness::new();
    harness.chain.mine(2, None).unwrap();
    let mined = harness.send(HISTORY_STORAGE, U256::ZERO, number(1));
    assert!(mined.receipt.success);
    assert_eq!(mined.receipt.gas_used, 21_000 + 31 * 4 + 16 + 3_175);
}
