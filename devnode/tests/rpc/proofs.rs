//! `eth_getProof`: every proof is checked by alloy-trie's verifier against the state root of a block's header.

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U64, U256, address, keccak256},
    providers::{DynProvider, Provider},
    rpc::types::{EIP1186AccountProofResponse as Proof, TransactionReceipt, TransactionRequest},
};
use alloy_trie::{
    EMPTY_ROOT_HASH, Nibbles, TrieAccount,
    proof::{ProofVerificationError, verify_proof},
};
use chartseal_devnode::{
    Config, Devnode,
    chain::{CREATE2_FACTORY, DEV_ACCOUNT, HISTORY_STORAGE},
};
use serde_json::{Value, json};

use crate::support::{CONTRACT, install, post_json, provider, refusal, rpc, send, signer, start};

/// Sets the slot in the first word of the call data to the second word: PUSH1 32 CALLDATALOAD PUSH0 CALLDATALOAD
/// SSTORE STOP.
const SETTER: &[u8] = &[0x60, 0x20, 0x35, 0x5f, 0x35, 0x55, 0x00];

/// Nobody.
const ABSENT: Address = address!("0x00000000000000000000000000000000deadbeef");

/// Where ArbOS keeps its state.
const ARBOS_STATE: Address = address!("0xA4B05FffffFffFFFFfFFfffFfffFFfffFfFfFFFf");

fn slot(number: u64) -> B256 {
    U256::from(number).into()
}

/// Sets a word of [`CONTRACT`] in a transaction.
async fn set(provider: &DynProvider, slot: u64, word: u64) -> TransactionReceipt {
    let words = [U256::from(slot), U256::from(word)];
    let input: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
    // Asked for each time: the filler remembers one that a revert took back.
    let nonce = provider
        .get_transaction_count(signer(0).address())
        .await
        .unwrap();
    let request = TransactionRequest::default().to(CONTRACT).nonce(nonce);
    let receipt = send(provider, request.input(Bytes::from(input).into())).await;
    assert!(receipt.status());
    receipt
}

async fn mine(provider: &DynProvider) {
    let () = rpc(provider, "anvil_mine", json!([])).await.unwrap();
}

async fn state_root(provider: &DynProvider, block: BlockId) -> B256 {
    let block = provider.get_block(block).await.unwrap().unwrap();
    block.header.state_root
}

/// The value that a proof is of; nothing if the account is said not to exist.
fn account_of(proof: &Proof) -> Option<TrieAccount> {
    let exists = proof.code_hash != B256::ZERO;
    exists.then_some(TrieAccount {
        nonce: proof.nonce,
        balance: proof.balance,
        storage_root: proof.storage_hash,
        code_hash: proof.code_hash,
    })
}

/// Checks the account and every word of a proof.
fn verify(root: B256, proof: &Proof) -> Result<(), ProofVerificationError> {
    let account = account_of(proof);
    let storage_root = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
    let path = Nibbles::unpack(keccak256(proof.address));
    let account = account.map(alloy_rlp::encode);
    verify_proof(root, path, account, &proof.account_proof)?;
    proof.storage_proof.iter().try_for_each(|word| {
        let path = Nibbles::unpack(keccak256(word.key.as_b256()));
        let value = (!word.value.is_zero()).then(|| alloy_rlp::encode(word.value));
        verify_proof(storage_root, path, value, &word.proof)
    })
}

/// A proof that fits the header of its block and says what the other methods say.
async fn proved(
    provider: &DynProvider,
    address: Address,
    slots: &[u64],
    block: impl Into<BlockId>,
) -> Proof {
    let block = block.into();
    let keys = slots.iter().map(|number| slot(*number)).collect();
    let proof = provider
        .get_proof(address, keys)
        .block_id(block)
        .await
        .unwrap();
    assert_eq!(proof.address, address);
    verify(state_root(provider, block).await, &proof).unwrap();
    let balance = provider.get_balance(address).block_id(block).await.unwrap();
    let nonce = provider
        .get_transaction_count(address)
        .block_id(block)
        .await
        .unwrap();
    assert_eq!((proof.balance, proof.nonce), (balance, nonce));
    let code = provider.get_code_at(address).block_id(block).await.unwrap();
    let exists = account_of(&proof).is_some();
    assert_eq!(
        proof.code_hash,
        if exists { keccak256(code) } else { B256::ZERO }
    );
    for (word, slot) in proof.storage_proof.iter().zip(slots) {
        let shown = provider
            .get_storage_at(address, U256::from(*slot))
            .block_id(block);
        assert_eq!(word.value, shown.await.unwrap());
    }
    proof
}

fn values(proof: &Proof) -> Vec<u64> {
    let words = proof.storage_proof.iter();
    words.map(|word| word.value.to()).collect()
}

#[tokio::test]
async fn accounts_and_words_are_proved_at_every_block() {
    let node = start();
    let provider = provider(&node);
    install(&provider, SETTER).await;
    let first = set(&provider, 1, 7).await;
    for number in 2..20 {
        set(&provider, number, number * 1_000).await;
    }
    set(&provider, 1, 0).await;
    let now = proved(&provider, CONTRACT, &[1, 2, 19, 20], BlockId::latest()).await;
    assert_eq!(values(&now), [0, 2_000, 19_000, 0]);
    assert_eq!(now.code_hash, keccak256(SETTER));
    for block in [BlockId::number(1), BlockId::hash(first.block_hash.unwrap())] {
        let then = proved(&provider, CONTRACT, &[1, 2], block).await;
        assert_eq!(values(&then), [7, 0]);
    }
    let sender = signer(0).address();
    for number in 1..=20 {
        proved(&provider, CONTRACT, &[1, number], number).await;
        assert_eq!(proved(&provider, sender, &[], number).await.nonce, number);
    }
}

/// Whether a check can fail: each proof against a root, an account, a word that are not its own.
#[tokio::test]
async fn a_proof_of_something_else_does_not_fit() {
    let node = start();
    let provider = provider(&node);
    install(&provider, SETTER).await;
    set(&provider, 1, 7).await;
    set(&provider, 2, 8).await;
    let proof = proved(&provider, CONTRACT, &[1, 3], 2).await;
    let root = state_root(&provider, 2.into()).await;
    assert!(verify(state_root(&provider, 1.into()).await, &proof).is_err());
    let changes: [fn(&mut Proof); 6] = [
        |proof| proof.balance += U256::ONE,
        |proof| proof.code_hash = KECCAK256_EMPTY,
        |proof| proof.code_hash = B256::ZERO,
        |proof| proof.storage_proof[0].value += U256::ONE,
        |proof| proof.storage_proof[0].value = U256::ZERO,
        |proof| proof.storage_proof[1].value = U256::ONE,
    ];
    for change in changes {
        let mut other = proof.clone();
        change(&mut other);
        assert!(verify(root, &other).is_err(), "{other:?}");
    }
}

#[tokio::test]
async fn absence_is_proved_in_the_form_of_geth() {
    let node = start();
    let provider = provider(&node);
    mine(&provider).await;
    let nobody = proved(&provider, ABSENT, &[0], BlockId::latest()).await;
    assert_eq!(
        (nobody.code_hash, nobody.storage_hash),
        (B256::ZERO, B256::ZERO)
    );
    assert!(!nobody.account_proof.is_empty());
    assert!(nobody.storage_proof[0].proof.is_empty());
    let without_storage = proved(&provider, DEV_ACCOUNT, &[0], BlockId::latest()).await;
    assert_eq!(without_storage.code_hash, KECCAK256_EMPTY);
    assert_eq!(without_storage.storage_hash, EMPTY_ROOT_HASH);
    assert!(without_storage.storage_proof[0].proof.is_empty());
}

/// ArbOS, its precompiles, the history of block hashes, the account that fees go to.
#[tokio::test]
async fn the_accounts_of_the_chain_itself_are_proved() {
    let node = start();
    let provider = provider(&node);
    install(&provider, SETTER).await;
    for word in 1..4 {
        set(&provider, 1, word).await;
    }
    let arb_wasm = Address::with_last_byte(0x71);
    for number in 1..=3 {
        for account in [ARBOS_STATE, arb_wasm, CREATE2_FACTORY, Address::ZERO] {
            proved(&provider, account, &[0, 1], number).await;
        }
        let history = proved(&provider, HISTORY_STORAGE, &[0, 1, 2, 3], number).await;
        for (word, block) in history.storage_proof.iter().zip(0..) {
            let hash = provider
                .get_block(BlockId::number(block))
                .await
                .unwrap()
                .unwrap()
                .header
                .hash;
            let expected = if block < number { hash } else { B256::ZERO };
            assert_eq!(
                word.value,
                U256::from_be_bytes(expected.0),
                "{block} at {number}"
            );
        }
    }
}

#[tokio::test]
async fn roots_follow_reverts_and_reorganisations() {
    let node = start();
    let provider = provider(&node);
    install(&provider, SETTER).await;
    set(&provider, 1, 1).await;
    let id: U64 = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    let before = proved(&provider, CONTRACT, &[1, 2], 1).await;
    set(&provider, 1, 2).await;
    set(&provider, 2, 2).await;
    assert_eq!(
        values(&proved(&provider, CONTRACT, &[1, 2], 3).await),
        [2, 2]
    );
    assert!(
        rpc::<bool>(&provider, "evm_revert", json!([id]))
            .await
            .unwrap()
    );
    assert_eq!(proved(&provider, CONTRACT, &[1, 2], 1).await, before);
    mine(&provider).await;
    assert_eq!(
        values(&proved(&provider, CONTRACT, &[1, 2], 2).await),
        [1, 0]
    );
    set(&provider, 2, 3).await;
    assert_eq!(
        values(&proved(&provider, CONTRACT, &[1, 2], 3).await),
        [1, 3]
    );
    let () = rpc(&provider, "anvil_reorg", json!([2])).await.unwrap();
    for number in 1..=3 {
        assert_eq!(
            values(&proved(&provider, CONTRACT, &[1, 2], number).await),
            [1, 0]
        );
        proved(&provider, HISTORY_STORAGE, &[0, 1, 2], number).await;
    }
    set(&provider, 2, 4).await;
    assert_eq!(
        values(&proved(&provider, CONTRACT, &[1, 2], 4).await),
        [1, 4]
    );
}

/// A header is finished before a helper changes the state, so the change is in the root of the next one.
#[tokio::test]
async fn what_helpers_set_is_in_the_next_root() {
    let node = start();
    let provider = provider(&node);
    let word = B256::with_last_byte(9);
    for (method, params) in [
        ("anvil_setBalance", json!([ABSENT, "0x5"])),
        ("anvil_setNonce", json!([ABSENT, "0x7"])),
        ("anvil_setCode", json!([ABSENT, Bytes::from(SETTER)])),
        ("anvil_setStorageAt", json!([ABSENT, slot(3), word])),
    ] {
        let _: Value = rpc(&provider, method, params).await.unwrap();
        let at_once = provider.get_proof(ABSENT, vec![slot(3)]).await.unwrap();
        assert!(verify(state_root(&provider, BlockId::latest()).await, &at_once).is_err());
        mine(&provider).await;
        let next = proved(&provider, ABSENT, &[3], BlockId::latest()).await;
        assert_eq!(account_of(&next), account_of(&at_once));
    }
    // Nobody can set the hashes of blocks.
    let params = json!([HISTORY_STORAGE, slot(9), word]);
    let _: Value = rpc(&provider, "anvil_setStorageAt", params).await.unwrap();
    mine(&provider).await;
    proved(&provider, HISTORY_STORAGE, &[4, 9], 4).await;
    let history = proved(&provider, HISTORY_STORAGE, &[4, 9], 5).await;
    assert!(history.storage_proof[1].value.is_zero());
    let all = proved(&provider, ABSENT, &[3], BlockId::latest()).await;
    assert_eq!((all.balance, all.nonce), (U256::from(5), 7));
    assert_eq!(values(&all), [9]);
    for (method, params) in [
        ("anvil_setBalance", json!([ABSENT, "0x0"])),
        ("anvil_setNonce", json!([ABSENT, "0x0"])),
        ("anvil_setCode", json!([ABSENT, "0x"])),
        ("anvil_setStorageAt", json!([ABSENT, slot(3), B256::ZERO])),
    ] {
        let _: Value = rpc(&provider, method, params).await.unwrap();
    }
    mine(&provider).await;
    let emptied = proved(&provider, ABSENT, &[3], BlockId::latest()).await;
    assert_eq!(account_of(&emptied), None);
}

#[tokio::test]
async fn a_chain_from_a_state_file_has_its_roots() {
    let folder = tempfile::tempdir().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = Config {
        state_file: Some(folder.path().join("chain.state")),
        ..Config::default()
    };
    let proofs = async |node: &Devnode| {
        let provider = provider(node);
        let mut proofs = Vec::new();
        // Not block 1: its header is older than the balance.
        for number in [0, 2] {
            proofs.push(proved(&provider, HISTORY_STORAGE, &[0, 1], number).await);
        }
        proofs
    };
    let node = Devnode::start(config.clone()).unwrap();
    mine(&provider(&node)).await;
    let _: Value = rpc(&provider(&node), "anvil_setBalance", json!([ABSENT, "0x5"]))
        .await
        .unwrap();
    mine(&provider(&node)).await;
    let before = proofs(&node).await;
    node.stop().unwrap();
    let node = Devnode::start(config).unwrap();
    let provider = provider(&node);
    assert_eq!(proofs(&node).await, before);
    assert_eq!(
        proved(&provider, ABSENT, &[0], 2).await.balance,
        U256::from(5)
    );
    mine(&provider).await;
    proved(&provider, HISTORY_STORAGE, &[0, 1, 2, 3], 3).await;
}

#[tokio::test]
async fn the_answer_has_the_members_of_geth_and_repeats_short_keys_as_numbers() {
    let node = start();
    let provider = provider(&node);
    install(&provider, SETTER).await;
    set(&provider, 1, 255).await;
    let keys = json!(["0x01", "1", slot(1), "0x"]);
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "eth_getProof", "params": [CONTRACT, keys, "latest"]
    });
    let answer = post_json(&node, body.to_string()).await;
    let result = answer["result"].as_object().unwrap();
    let mut members: Vec<&str> = result.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "accountProof",
            "address",
            "balance",
            "codeHash",
            "nonce",
            "storageHash",
            "storageProof"
        ]
    );
    assert_eq!(
        (&result["balance"], &result["nonce"]),
        (&json!("0x0"), &json!("0x0"))
    );
    let words = result["storageProof"].as_array().unwrap();
    let shown = |name: &str| {
        words
            .iter()
            .map(|word| word[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        shown("key"),
        [json!("0x1"), json!("0x1"), json!(slot(1)), json!("0x0")]
    );
    assert_eq!(
        shown("value"),
        [json!("0xff"), json!("0xff"), json!("0xff"), json!("0x0")]
    );
}

#[tokio::test]
async fn bad_requests_get_the_errors_of_geth() {
    let node = start();
    let provider = provider(&node);
    let hash = B256::repeat_byte(1);
    let long = format!("0x{}", "0".repeat(65));
    let too_long = format!("storage key too long (want at most 32 bytes): {long:?}");
    for (params, code, message) in [
        (json!([]), -32602, "missing value for required argument 0"),
        (
            json!([ABSENT]),
            -32602,
            "missing value for required argument 1",
        ),
        (
            json!([ABSENT, []]),
            -32602,
            "missing value for required argument 2",
        ),
        (
            json!(["0x12", [], "latest"]),
            -32602,
            "invalid argument 0: ",
        ),
        (
            json!([ABSENT, "0x1", "latest"]),
            -32602,
            "invalid argument 1: ",
        ),
        (
            json!([ABSENT, [1], "latest"]),
            -32602,
            "invalid argument 1: ",
        ),
        (
            json!([ABSENT, [], "newest"]),
            -32602,
            "invalid argument 2: ",
        ),
        (
            json!([ABSENT, [], "latest", 1]),
            -32602,
            "too many arguments, want at most 3",
        ),
        (
            json!([ABSENT, ["0xgg"], "latest"]),
            -32602,
            "invalid hex in storage key: \"0xgg\"",
        ),
        (json!([ABSENT, [long], "latest"]), -32602, &too_long),
        (
            json!([ABSENT, vec!["0x0"; 1_025], "latest"]),
            -32602,
            "too many storage keys requested (max 1024, got 1025)",
        ),
        (json!([ABSENT, [], "0x5"]), -32000, "header not found"),
        (json!([ABSENT, [], hash]), -32000, "header not found"),
    ] {
        let error = refusal(&provider, "eth_getProof", params).await;
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.starts_with(message), "{error}");
    }
    let most: Proof = rpc(
        &provider,
        "eth_getProof",
        json!([ABSENT, vec!["0x0"; 1_024], "latest"]),
    )
    .await
    .unwrap();
    assert_eq!(most.storage_proof.len(), 1_024);
}
