//! Events over WebSocket.

use alloy::{
    primitives::B256,
    providers::Provider,
    rpc::types::{Filter, Log},
};
use serde_json::{Value, json};

use crate::support::{CONTRACT, EMITTER, emit, install, refusal, rpc, start, ws_provider};

const RED: B256 = B256::repeat_byte(1);
const BLUE: B256 = B256::repeat_byte(2);

#[tokio::test]
async fn every_method_is_there_over_websocket() {
    let node = start();
    let provider = ws_provider(&node).await;
    assert_eq!(provider.get_chain_id().await.unwrap(), 412_346);
    install(&provider, EMITTER).await;
    assert_eq!(emit(&provider, RED).await.logs().len(), 1);
    let error = refusal(&provider, "eth_nothing", json!([])).await;
    assert_eq!(error.code, -32601);
}

#[tokio::test]
async fn new_heads_are_told_in_order() {
    let node = start();
    let provider = ws_provider(&node).await;
    let _: Value = rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let mut heads = provider.subscribe_blocks().await.unwrap();
    let () = rpc(&provider, "anvil_mine", json!([3])).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(heads.recv().await.unwrap());
    }
    assert_eq!(
        told.iter().map(|head| head.number).collect::<Vec<_>>(),
        [2, 3, 4]
    );
    assert_eq!(told[2].parent_hash, told[1].hash);
    assert_eq!(told[2].inner.hash_slow(), told[2].hash);
}

#[tokio::test]
async fn logs_are_told_to_those_whose_filter_matches() {
    let node = start();
    let provider = ws_provider(&node).await;
    install(&provider, EMITTER).await;
    emit(&provider, RED).await;
    let red = Filter::new().address(CONTRACT).event_signature(RED);
    let mut red = provider.subscribe_logs(&red).await.unwrap();
    let mut all = provider.subscribe_logs(&Filter::new()).await.unwrap();
    emit(&provider, BLUE).await;
    let receipt = emit(&provider, RED).await;
    assert_eq!(all.recv().await.unwrap().topics(), [BLUE]);
    assert_eq!(all.recv().await.unwrap().topics(), [RED]);
    assert_eq!(red.recv().await.unwrap(), receipt.logs()[0]);
    let () = rpc(&provider, "anvil_reorg", json!([1])).await.unwrap();
    let back: Log = red.recv().await.unwrap();
    assert!(back.removed);
    assert_eq!(back.transaction_hash, Some(receipt.transaction_hash));
}

#[tokio::test]
async fn subscriptions_end_on_request_and_hear_nothing_more() {
    let node = start();
    let provider = ws_provider(&node).await;
    install(&provider, EMITTER).await;
    let mut ended = provider.subscribe_logs(&Filter::new()).await.unwrap();
    // On a connection of its own: the provider that waits for receipts exchanges its subscription to heads at times.
    let watching = ws_provider(&node).await;
    let mut heads = watching.subscribe_blocks().await.unwrap();
    emit(&provider, RED).await;
    assert_eq!(ended.recv().await.unwrap().topics(), [RED]);
    provider.unsubscribe(*ended.local_id()).await.unwrap();
    emit(&provider, BLUE).await;
    assert_eq!(heads.recv().await.unwrap().number, 1);
    assert_eq!(heads.recv().await.unwrap().number, 2);
    assert!(ended.recv().await.is_err());
    let error = refusal(&provider, "eth_unsubscribe", json!(["0x1"])).await;
    assert_eq!(
        (error.code, &*error.message),
        (-32000, "subscription not found")
    );
}

#[tokio::test]
async fn unknown_events_and_wrong_parameters_are_refused() {
    let node = start();
    let provider = ws_provider(&node).await;
    let error = refusal(&provider, "eth_subscribe", json!(["weather"])).await;
    assert_eq!(error.code, -32601);
    assert_eq!(
        &*error.message,
        r#"no "weather" subscription in eth namespace"#
    );
    for params in [
        json!([]),
        json!([1]),
        json!(["logs", {"address": "0x1"}]),
        json!({}),
    ] {
        let error = refusal(&provider, "eth_subscribe", params.clone()).await;
        assert_eq!(error.code, -32602, "{params}: {error}");
    }
}

#[tokio::test]
async fn the_number_of_subscriptions_is_bounded() {
    let node = start();
    let provider = ws_provider(&node).await;
    for _ in 0..128 {
        let _: String = rpc(&provider, "eth_subscribe", json!(["newHeads"]))
            .await
            .unwrap();
    }
    let error = refusal(&provider, "eth_subscribe", json!(["newHeads"])).await;
    assert_eq!(error.code, -32000);
    assert!(
        error.message.starts_with("too many subscriptions"),
        "{error}"
    );
}

/// Far more blocks at once than any channel holds.
#[tokio::test]
async fn a_burst_of_blocks_loses_no_event() {
    let node = start();
    let provider = ws_provider(&node).await;
    let mut heads = provider
        .subscribe_blocks()
        .channel_size(4096)
        .await
        .unwrap();
    let () = rpc(&provider, "anvil_mine", json!([3000])).await.unwrap();
    for number in 1..=3000 {
        assert_eq!(heads.recv().await.unwrap().number, number);
    }
}
