//! Executions without a transaction: results, failures, overrides, estimates.

use std::time::Duration;

use alloy::{
    eips::BlockId,
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, U256, bytes},
    providers::Provider,
    rpc::types::{
        AccessListResult, BlockOverrides, TransactionRequest,
        state::{AccountOverride, StateOverridesBuilder},
    },
    sol_types::{Revert, SolError},
};
use serde_json::{Value, json};

use crate::support::{
    CONTRACT, LOOPER, READER, install, provider, refusal, reverter, rpc, signer, start,
};

#[tokio::test]
async fn a_revert_has_code_3_its_reason_and_its_data() {
    let node = start();
    let provider = provider(&node);
    let reason = Revert::from("not today").abi_encode();
    install(&provider, reverter(&reason)).await;
    for method in ["eth_call", "eth_estimateGas"] {
        let error = refusal(&provider, method, json!([{"to": CONTRACT}, "latest"])).await;
        assert_eq!(
            (error.code, &*error.message),
            (3, "execution reverted: not today"),
            "{method}"
        );
        assert_eq!(
            error.as_revert_data(),
            Some(Bytes::from(reason.clone())),
            "{method}"
        );
    }
    install(&provider, reverter(&[0xde, 0xad, 0xbe, 0xef])).await;
    let error = refusal(&provider, "eth_call", json!([{"to": CONTRACT}])).await;
    assert_eq!((error.code, &*error.message), (3, "execution reverted"));
    assert_eq!(error.as_revert_data(), Some(bytes!("deadbeef")));
    install(&provider, reverter(&[])).await;
    let error = refusal(&provider, "eth_call", json!([{"to": CONTRACT}])).await;
    assert_eq!((error.code, &*error.message), (3, "execution reverted"));
}

#[tokio::test]
async fn a_failure_without_revert_has_code_32000() {
    let node = start();
    let provider = provider(&node);
    install(&provider, [0xfe]).await;
    let error = refusal(&provider, "eth_call", json!([{"to": CONTRACT}])).await;
    assert_eq!(error.code, -32000);
    assert!(error.message.starts_with("invalid opcode"), "{error}");
    install(&provider, LOOPER).await;
    // With all the gas that a call may have, a busy machine runs into the time limit first.
    let error = refusal(
        &provider,
        "eth_call",
        json!([{"to": CONTRACT, "gas": "0xf4240"}]),
    )
    .await;
    assert_eq!((error.code, &*error.message), (-32000, "out of gas"));
    let error = refusal(
        &provider,
        "eth_estimateGas",
        json!([{"to": CONTRACT, "gas": "0x186a0"}]),
    )
    .await;
    assert_eq!(
        (error.code, &*error.message),
        (-32000, "gas required exceeds allowance (100000)")
    );
}

/// The gas cap of 50 M ends every call; the node answers others meanwhile.
#[tokio::test]
async fn endless_calls_end_and_do_not_hold_up_others() {
    let node = start();
    let provider = provider(&node);
    install(&provider, LOOPER).await;
    let endless = (0..8).map(|_| provider.call(TransactionRequest::default().to(CONTRACT)));
    let endless = futures_util::future::join_all(endless.map(IntoFuture::into_future));
    let others = async {
        for _ in 0..20 {
            assert_eq!(provider.get_chain_id().await.unwrap(), 412_346);
        }
    };
    let (ended, ()) = tokio::time::timeout(Duration::from_secs(60), async {
        tokio::join!(endless, others)
    })
    .await
    .unwrap();
    for result in ended {
        let error = result.unwrap_err();
        let message = &error.as_error_resp().unwrap().message;
        assert!(
            matches!(
                &**message,
                "out of gas" | "execution aborted (timeout = 5s)"
            ),
            "{message}"
        );
    }
}

#[tokio::test]
async fn data_and_input_are_the_same_field() {
    let node = start();
    let provider = provider(&node);
    // Returns the first word of the call data.
    install(&provider, [0x5f, 0x35, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]).await;
    let word = B256::repeat_byte(0x21);
    for call in [
        json!({"to": CONTRACT, "data": word}),
        json!({"to": CONTRACT, "input": word}),
        json!({"to": CONTRACT, "data": word, "input": word}),
        json!({"to": CONTRACT, "data": word, "skipL1Charging": true}),
    ] {
        let params = json!([call, "latest"]);
        assert_eq!(
            rpc::<B256>(&provider, "eth_call", params).await.unwrap(),
            word,
            "{call}"
        );
    }
    let both = json!([{"to": CONTRACT, "data": word, "input": B256::ZERO}, "latest"]);
    let error = refusal(&provider, "eth_call", both).await;
    assert_eq!(error.code, -32000);
    assert!(
        error
            .message
            .contains(r#"both "data" and "input" are set and not equal"#),
        "{error}"
    );
}

#[tokio::test]
async fn contradictory_prices_are_refused() {
    let node = start();
    let provider = provider(&node);
    let both = json!([{"to": CONTRACT, "gasPrice": "0x1", "maxFeePerGas": "0x1"}, "latest"]);
    let error = refusal(&provider, "eth_call", both).await;
    assert_eq!(
        &*error.message,
        "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"
    );
    let poor = Address::repeat_byte(0x66);
    let call = json!([{"from": poor, "to": CONTRACT, "value": "0x1"}, "latest"]);
    let error = refusal(&provider, "eth_call", call).await;
    assert_eq!(error.code, -32000);
    assert!(error.message.contains("insufficient funds"), "{error}");
}

#[tokio::test]
async fn calls_see_the_block_they_name() {
    let node = start();
    let provider = provider(&node);
    install(&provider, READER).await;
    let mined: Value = rpc(&provider, "evm_mine", json!([])).await.unwrap();
    assert_eq!(mined, json!("0x0"));
    let word = B256::repeat_byte(1);
    let before = provider.get_block_number().await.unwrap();
    let _: bool = rpc(
        &provider,
        "anvil_setStorageAt",
        json!([CONTRACT, "0x0", word]),
    )
    .await
    .unwrap();
    let _: Value = rpc(&provider, "evm_mine", json!([])).await.unwrap();
    let call = || provider.call(TransactionRequest::default().to(CONTRACT));
    assert_eq!(
        call().block(BlockId::latest()).await.unwrap(),
        Bytes::from(word)
    );
    assert_eq!(
        call().block(BlockId::pending()).await.unwrap(),
        Bytes::from(word)
    );
    let params = json!([{"to": CONTRACT}, {"blockNumber": format!("{before:#x}")}]);
    let old: B256 = rpc(&provider, "eth_call", params).await.unwrap();
    // A helper changes the state of the head itself, so the block before it keeps the old value.
    assert!(old == B256::ZERO || old == word);
    let error = refusal(&provider, "eth_call", json!([{"to": CONTRACT}, "0x63"])).await;
    assert_eq!((error.code, &*error.message), (-32000, "header not found"));
}

#[tokio::test]
async fn overrides_hold_for_one_call() {
    let node = start();
    let provider = provider(&node);
    let (one, two) = (B256::with_last_byte(1), B256::with_last_byte(2));
    install(&provider, READER).await;
    let _: bool = rpc(
        &provider,
        "anvil_setStorageAt",
        json!([CONTRACT, "0x0", one]),
    )
    .await
    .unwrap();
    let call = || provider.call(TransactionRequest::default().to(CONTRACT));
    let read = |word: B256| Bytes::from(word);
    let patch = StateOverridesBuilder::default().with_state_diff(CONTRACT, [(B256::ZERO, two)]);
    assert_eq!(call().overrides(patch.build()).await.unwrap(), read(two));
    let replace = StateOverridesBuilder::default().with_state(CONTRACT, [(one, two)]);
    assert_eq!(
        call().overrides(replace.build()).await.unwrap(),
        read(B256::ZERO)
    );
    let elsewhere = Address::repeat_byte(0x77);
    let code = StateOverridesBuilder::default()
        .with_code(elsewhere, READER)
        .with_state(elsewhere, [(B256::ZERO, two)])
        .build();
    let request = TransactionRequest::default().to(elsewhere);
    assert_eq!(
        provider.call(request).overrides(code).await.unwrap(),
        read(two)
    );
    assert_eq!(call().await.unwrap(), read(one));
    assert!(provider.get_code_at(elsewhere).await.unwrap().is_empty());
}

#[tokio::test]
async fn overrides_of_the_block_hold_for_one_call() {
    let node = start();
    let provider = provider(&node);
    // Returns the time: TIMESTAMP PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
    install(&provider, [0x42, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]).await;
    let time = 4_000_000_000u64;
    let block = BlockOverrides {
        time: Some(time),
        ..BlockOverrides::default()
    };
    let call = provider
        .call(TransactionRequest::default().to(CONTRACT))
        .with_block_overrides(block);
    assert_eq!(U256::from_be_slice(&call.await.unwrap()), U256::from(time));
}

#[tokio::test]
async fn state_and_its_patch_exclude_each_other() {
    let node = start();
    let provider = provider(&node);
    let account = AccountOverride {
        state: Some(Default::default()),
        state_diff: Some(Default::default()),
        ..AccountOverride::default()
    };
    let params = json!([{"to": CONTRACT}, "latest", {(CONTRACT.to_string()): account}]);
    let error = refusal(&provider, "eth_call", params).await;
    assert!(
        error.message.contains("has both 'state' and 'stateDiff'"),
        "{error}"
    );
}

#[tokio::test]
async fn an_estimate_is_enough_for_the_transaction() {
    let node = start();
    let provider = provider(&node);
    let transfer = TransactionRequest::default()
        .to(Address::repeat_byte(7))
        .value(U256::ONE);
    assert_eq!(provider.estimate_gas(transfer).await.unwrap(), 21_000);
    // Stores 1 in slot 0, with init code that returns it: PUSH1 1 PUSH0 SSTORE STOP.
    install(&provider, [0x60, 0x01, 0x5f, 0x55, 0x00]).await;
    let request = TransactionRequest::default()
        .to(CONTRACT)
        .with_from(signer(0).address());
    let estimate = provider.estimate_gas(request.clone()).await.unwrap();
    let exact = provider
        .send_transaction(request.clone().gas_limit(estimate))
        .await
        .unwrap();
    let receipt = exact.get_receipt().await.unwrap();
    assert!(receipt.status());
    assert!(receipt.gas_used <= estimate && estimate < 2 * receipt.gas_used);
}

#[tokio::test]
async fn an_access_list_names_what_a_call_touches() {
    let node = start();
    let provider = provider(&node);
    install(&provider, READER).await;
    let request = TransactionRequest::default().to(CONTRACT);
    let result: AccessListResult = provider.create_access_list(&request).await.unwrap();
    let touched = &result.access_list.0[0];
    assert_eq!(
        (touched.address, &touched.storage_keys[..]),
        (CONTRACT, &[B256::ZERO][..])
    );
    assert!(result.gas_used > U256::from(21_000));
    assert_eq!(result.error, None);
}
