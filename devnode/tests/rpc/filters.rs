//! Logs over ranges, and filters that clients poll.

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256},
    providers::{DynProvider, Provider},
    rpc::types::{Filter, Log},
};
use serde_json::{Value, json};

use crate::support::{CONTRACT, EMITTER, emit, install, provider, refusal, rpc, start};

const RED: B256 = B256::repeat_byte(1);
const BLUE: B256 = B256::repeat_byte(2);

/// Emits red, blue, red in three blocks of their own; their numbers.
async fn emit_three(provider: &DynProvider) -> Vec<u64> {
    install(provider, EMITTER).await;
    let mut numbers = Vec::new();
    for topic in [RED, BLUE, RED] {
        numbers.push(emit(provider, topic).await.block_number.unwrap());
    }
    numbers
}

fn topics(logs: &[Log]) -> Vec<B256> {
    logs.iter().map(|log| log.topics()[0]).collect()
}

#[tokio::test]
async fn logs_are_found_by_range_address_and_topic() {
    let node = start();
    let provider = provider(&node);
    let numbers = emit_three(&provider).await;
    let all = Filter::new().from_block(BlockNumberOrTag::Earliest);
    let logs = |filter: Filter| {
        let provider = provider.clone();
        async move { topics(&provider.get_logs(&filter).await.unwrap()) }
    };
    assert_eq!(logs(all.clone()).await, [RED, BLUE, RED]);
    assert_eq!(logs(all.clone().to_block(numbers[1])).await, [RED, BLUE]);
    assert_eq!(
        logs(Filter::new().from_block(numbers[1]).to_block(numbers[1])).await,
        [BLUE]
    );
    assert_eq!(logs(Filter::new()).await, [RED]);
    assert_eq!(logs(all.clone().to_block(u64::MAX)).await.len(), 3);
    assert!(
        logs(Filter::new().from_block(100).to_block(u64::MAX))
            .await
            .is_empty()
    );
    assert_eq!(logs(all.clone().event_signature(RED)).await, [RED, RED]);
    assert_eq!(
        logs(all.clone().event_signature(vec![RED, BLUE]))
            .await
            .len(),
        3
    );
    assert_eq!(logs(all.clone().address(CONTRACT)).await.len(), 3);
    assert_eq!(
        logs(all.clone().address(vec![Address::ZERO, CONTRACT]))
            .await
            .len(),
        3
    );
    assert!(logs(all.clone().address(Address::ZERO)).await.is_empty());
    assert!(logs(all.topic1(RED)).await.is_empty());
    let block = provider
        .get_block_by_number(numbers[1].into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        logs(Filter::new().at_block_hash(block.header.hash)).await,
        [BLUE]
    );
}

#[tokio::test]
async fn a_log_says_where_it_is() {
    let node = start();
    let provider = provider(&node);
    install(&provider, EMITTER).await;
    let receipt = emit(&provider, RED).await;
    let logs = provider.get_logs(&Filter::new()).await.unwrap();
    assert_eq!(logs, receipt.logs());
    assert_eq!(logs[0].address(), CONTRACT);
    assert_eq!(logs[0].block_hash, receipt.block_hash);
    assert_eq!(logs[0].block_number, receipt.block_number);
    assert_eq!(logs[0].transaction_hash, Some(receipt.transaction_hash));
    assert_eq!(logs[0].transaction_index, receipt.transaction_index);
    assert_eq!(logs[0].log_index, Some(0));
    assert!(!logs[0].removed);
}

#[tokio::test]
async fn impossible_ranges_are_refused() {
    let node = start();
    let provider = provider(&node);
    for method in ["eth_getLogs", "eth_newFilter"] {
        let params = json!([{"fromBlock": "0x5", "toBlock": "0x4"}]);
        let error = refusal(&provider, method, params).await;
        assert_eq!(
            (error.code, &*error.message),
            (-32602, "invalid block range params"),
            "{method}"
        );
    }
    let unknown = json!([{"blockHash": B256::repeat_byte(7)}]);
    let error = refusal(&provider, "eth_getLogs", unknown).await;
    assert_eq!((error.code, &*error.message), (-32000, "unknown block"));
}

#[tokio::test]
async fn a_log_filter_tells_each_log_once() {
    let node = start();
    let provider = provider(&node);
    install(&provider, EMITTER).await;
    emit(&provider, RED).await;
    let id = provider
        .new_filter(&Filter::new().event_signature(RED))
        .await
        .unwrap();
    assert!(
        provider
            .get_filter_changes::<Log>(id)
            .await
            .unwrap()
            .is_empty()
    );
    emit(&provider, RED).await;
    emit(&provider, BLUE).await;
    emit(&provider, RED).await;
    assert_eq!(
        topics(&provider.get_filter_changes(id).await.unwrap()),
        [RED, RED]
    );
    assert!(
        provider
            .get_filter_changes::<Log>(id)
            .await
            .unwrap()
            .is_empty()
    );
    // The range of this filter is that of its criteria: the latest block.
    assert_eq!(topics(&provider.get_filter_logs(id).await.unwrap()), [RED]);
    assert!(provider.uninstall_filter(id).await.unwrap());
    assert!(!provider.uninstall_filter(id).await.unwrap());
    let error = refusal(&provider, "eth_getFilterChanges", json!([id])).await;
    assert_eq!((error.code, &*error.message), (-32000, "filter not found"));
    let error = refusal(&provider, "eth_getFilterLogs", json!([id])).await;
    assert_eq!((error.code, &*error.message), (-32000, "filter not found"));
}

#[tokio::test]
async fn a_block_filter_tells_each_block_once() {
    let node = start();
    let provider = provider(&node);
    let id = provider.new_block_filter().await.unwrap();
    let () = rpc(&provider, "anvil_mine", json!(["0x3"])).await.unwrap();
    let hashes: Vec<B256> = provider.get_filter_changes(id).await.unwrap();
    assert_eq!(hashes.len(), 3);
    let head = provider
        .get_block_by_number(3.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(hashes[2], head.header.hash);
    assert!(
        provider
            .get_filter_changes::<B256>(id)
            .await
            .unwrap()
            .is_empty()
    );
    let error = refusal(&provider, "eth_getFilterLogs", json!([id])).await;
    assert_eq!(&*error.message, "filter not found");
}

#[tokio::test]
async fn a_reorganisation_takes_logs_back() {
    let node = start();
    let provider = provider(&node);
    install(&provider, EMITTER).await;
    emit(&provider, RED).await;
    let logs = provider.new_filter(&Filter::new()).await.unwrap();
    let blocks = provider.new_block_filter().await.unwrap();
    emit(&provider, BLUE).await;
    let told: Vec<Log> = provider.get_filter_changes(logs).await.unwrap();
    assert_eq!(topics(&told), [BLUE]);
    let () = rpc(&provider, "anvil_reorg", json!([2, []])).await.unwrap();
    let back: Vec<Log> = provider.get_filter_changes(logs).await.unwrap();
    assert_eq!(topics(&back), [BLUE, RED]);
    assert!(back.iter().all(|log| log.removed));
    assert_eq!(back[0].block_hash, told[0].block_hash);
    // The block of BLUE was never polled: it came and went, only its successors are left.
    let hashes: Vec<B256> = provider.get_filter_changes(blocks).await.unwrap();
    assert_eq!(hashes.len(), 2);
    assert!(
        provider
            .get_logs(&Filter::new().from_block(0))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn the_number_of_filters_is_bounded() {
    let node = start();
    let provider = provider(&node);
    for _ in 0..1000 {
        provider.new_block_filter().await.unwrap();
    }
    let error = refusal(&provider, "eth_newBlockFilter", json!([])).await;
    assert_eq!(error.code, -32000);
    assert!(
        error.message.starts_with("too many filters (at most 1000)"),
        "{error}"
    );
    let alive: Value = rpc(&provider, "eth_chainId", json!([])).await.unwrap();
    assert_eq!(alive, "0x64aba");
}
