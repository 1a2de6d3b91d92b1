//! The helpers for tests: snapshots, time, blocks, accounts, reorganisations.

use alloy::{
    primitives::{Address, B256, Bytes, U64, U256},
    providers::{DynProvider, Provider},
    rpc::types::TransactionRequest,
};
use serde_json::{Value, json};

use crate::support::{CONTRACT, provider, refusal, rpc, send, signer, start};

async fn mine(provider: &DynProvider) {
    let answer: Value = rpc(provider, "evm_mine", json!([])).await.unwrap();
    assert_eq!(answer, json!("0x0"));
}

async fn head_time(provider: &DynProvider) -> u64 {
    let head = provider
        .get_block(alloy::eips::BlockId::latest())
        .await
        .unwrap()
        .unwrap();
    head.header.timestamp
}

#[tokio::test]
async fn a_snapshot_brings_everything_back_once() {
    let node = start();
    let provider = provider(&node);
    let before = provider.get_balance(signer(0).address()).await.unwrap();
    let id: U64 = rpc(&provider, "evm_snapshot", json!([])).await.unwrap();
    let receipt = send(
        &provider,
        TransactionRequest::default().to(CONTRACT).value(U256::ONE),
    )
    .await;
    assert!(
        rpc::<bool>(&provider, "evm_revert", json!([id]))
            .await
            .unwrap()
    );
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    assert_eq!(
        provider.get_balance(signer(0).address()).await.unwrap(),
        before
    );
    let gone = provider
        .get_transaction_receipt(receipt.transaction_hash)
        .await
        .unwrap();
    assert_eq!(gone, None);
    assert!(
        !rpc::<bool>(&provider, "evm_revert", json!([id]))
            .await
            .unwrap()
    );
    assert!(
        !rpc::<bool>(&provider, "anvil_revert", json!(["0xffff"]))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn time_can_be_moved_forward_only() {
    let node = start();
    let provider = provider(&node);
    mine(&provider).await;
    let start = head_time(&provider).await;
    let offset: i64 = rpc(&provider, "evm_increaseTime", json!([1000]))
        .await
        .unwrap();
    assert!(offset >= 1000);
    mine(&provider).await;
    assert!(head_time(&provider).await >= start + 1000);
    let exact = start + 5000;
    let () = rpc(&provider, "evm_setNextBlockTimestamp", json!([exact]))
        .await
        .unwrap();
    mine(&provider).await;
    assert_eq!(head_time(&provider).await, exact);
    let error = refusal(&provider, "evm_setNextBlockTimestamp", json!([start])).await;
    assert_eq!(error.code, -32000);
    assert!(error.message.contains("pass a later one"), "{error}");
    let later = exact + 7;
    let _: Value = rpc(&provider, "evm_mine", json!([later])).await.unwrap();
    assert_eq!(head_time(&provider).await, later);
}

#[tokio::test]
async fn blocks_are_mined_on_request() {
    let node = start();
    let provider = provider(&node);
    let () = rpc(&provider, "anvil_mine", json!(["0x5", "0xa"]))
        .await
        .unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 5);
    let time = |number: u64| {
        let provider = provider.clone();
        async move {
            provider
                .get_block_by_number(number.into())
                .await
                .unwrap()
                .unwrap()
                .header
                .timestamp
        }
    };
    assert_eq!(time(5).await - time(4).await, 10);
    let _: Value = rpc(&provider, "evm_mine", json!([{"blocks": 2}]))
        .await
        .unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 7);
    let error = refusal(&provider, "anvil_mine", json!(["0xffffffffffff"])).await;
    assert_eq!(error.code, -32000);
    assert!(error.message.contains("at most 100000"), "{error}");
    assert_eq!(provider.get_block_number().await.unwrap(), 7);
}

#[tokio::test]
async fn accounts_can_be_set() {
    let node = start();
    let provider = provider(&node);
    let code = Bytes::from([0x00]);
    let () = rpc(&provider, "anvil_setBalance", json!([CONTRACT, U256::MAX]))
        .await
        .unwrap();
    let () = rpc(&provider, "anvil_setNonce", json!([CONTRACT, "0x7"]))
        .await
        .unwrap();
    let () = rpc(&provider, "hardhat_setCode", json!([CONTRACT, code]))
        .await
        .unwrap();
    let word = B256::repeat_byte(8);
    let params = json!([CONTRACT, B256::with_last_byte(3), word]);
    assert!(
        rpc::<bool>(&provider, "anvil_setStorageAt", params)
            .await
            .unwrap()
    );
    assert_eq!(provider.get_balance(CONTRACT).await.unwrap(), U256::MAX);
    assert_eq!(provider.get_transaction_count(CONTRACT).await.unwrap(), 7);
    assert_eq!(provider.get_code_at(CONTRACT).await.unwrap(), code);
    let slot = U256::from(3);
    assert_eq!(
        provider.get_storage_at(CONTRACT, slot).await.unwrap(),
        U256::from_be_bytes(word.0)
    );
}

#[tokio::test]
async fn a_reorganisation_replaces_blocks_by_empty_ones() {
    let node = start();
    let provider = provider(&node);
    let to = Address::repeat_byte(7);
    let transfer = || TransactionRequest::default().to(to).value(U256::ONE);
    let kept = send(&provider, transfer()).await;
    let lost = send(&provider, transfer()).await;
    let () = rpc(&provider, "anvil_reorg", json!([1])).await.unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 2);
    assert_eq!(provider.get_balance(to).await.unwrap(), U256::ONE);
    let receipt = |hash| provider.get_transaction_receipt(hash);
    assert_eq!(receipt(lost.transaction_hash).await.unwrap(), None);
    assert_eq!(receipt(kept.transaction_hash).await.unwrap(), Some(kept));
    let head = provider
        .get_block_by_number(2.into())
        .await
        .unwrap()
        .unwrap();
    assert_ne!(Some(head.header.hash), lost.block_hash);
    assert!(head.transactions.is_empty());
    let error = refusal(&provider, "anvil_reorg", json!([3])).await;
    assert_eq!(error.code, -32000);
    let error = refusal(&provider, "anvil_reorg", json!([1, [["0x00", 0]]])).await;
    assert_eq!(error.code, -32602);
}
