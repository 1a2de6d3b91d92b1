//! `callTracer`.

use alloy::{
    primitives::{Address, B256, Bytes, U256, address, bytes, hex},
    providers::Provider,
    rpc::types::TransactionRequest,
    sol_types::{Revert, SolError},
};
use serde_json::{Value, json};

use super::{
    ECHOING, FORWARDER, GAS, PROGRAM, REVERTING, caller_input, forwarded, install_all, quantity,
    trace, trace_call, transact,
};
use crate::support::{
    CONTRACT, install, install_at, post_json, provider, reverter, send, signer, start,
};

fn native() -> Value {
    json!({"tracer": "callTracer"})
}

fn with_logs() -> Value {
    json!({"tracer": "callTracer", "tracerConfig": {"withLog": true}})
}

/// Takes the gas out of a frame and those within it; a frame used no more than it had.
fn without_gas(mut frame: Value) -> Value {
    let object = frame.as_object_mut().unwrap();
    let [gas, used] = ["gas", "gasUsed"].map(|key| quantity(&object.remove(key).unwrap()));
    assert!(used <= gas);
    if let Some(calls) = frame.get_mut("calls").and_then(Value::as_array_mut) {
        for call in calls {
            *call = without_gas(call.take());
        }
    }
    frame
}

#[tokio::test]
async fn frames_of_evm_code_and_programs_are_nested() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    let receipt = transact(&provider, PROGRAM, caller_input()).await;
    let hash = receipt.transaction_hash;
    let frame = trace(&provider, hash, with_logs()).await;
    assert_eq!(quantity(&frame["gas"]), GAS);
    assert_eq!(quantity(&frame["gasUsed"]), receipt.gas_used);
    let payload = Bytes::from(forwarded(ECHOING, b"hi"));
    let hi = bytes!("6869");
    let wanted = json!({
        "type": "CALL", "from": signer(0).address(), "to": PROGRAM, "value": "0x0",
        "input": caller_input(), "output": hi,
        "logs": [{
            "address": PROGRAM, "topics": [B256::ZERO], "data": B256::with_last_byte(7), "position": "0x0",
        }],
        "calls": [
            {
                "type": "CALL", "from": PROGRAM, "to": FORWARDER, "value": "0x0", "input": payload,
                "output": hi,
                "calls": [{
                    "type": "CALL", "from": FORWARDER, "to": ECHOING, "value": "0x0", "input": hi,
                    "output": hi,
                }],
            },
            {
                "type": "STATICCALL", "from": PROGRAM, "to": REVERTING, "input": "0x",
                "output": "0xdeadbeef", "error": "execution reverted",
            },
            {
                "type": "DELEGATECALL", "from": PROGRAM, "to": ECHOING, "value": "0x0", "input": hi,
                "output": hi,
            },
        ],
    });
    assert_eq!(without_gas(frame.clone()), wanted);
    assert_eq!(quantity(&frame["calls"][1]["gas"]), 50_000);
    let mut bare = frame.clone();
    bare.as_object_mut().unwrap().remove("logs");
    assert_eq!(trace(&provider, hash, native()).await, bare);
    bare.as_object_mut().unwrap().remove("calls");
    let top = json!({"tracer": "callTracer", "tracerConfig": {"onlyTopCall": true}});
    assert_eq!(trace(&provider, hash, top).await, bare);
}

#[tokio::test]
async fn a_revert_has_its_reason_and_no_logs() {
    let node = start();
    let provider = provider(&node);
    install_at(&provider, FORWARDER, forwarder_that_logs()).await;
    let reason = Revert::from("not today").abi_encode();
    install(&provider, reverter(&reason)).await;
    let receipt = transact(&provider, FORWARDER, CONTRACT.into_word()).await;
    assert!(!receipt.status());
    let frame = trace(&provider, receipt.transaction_hash, with_logs()).await;
    assert_eq!(quantity(&frame["gasUsed"]), receipt.gas_used);
    let reason = Bytes::from(reason);
    let wanted = json!({
        "type": "CALL", "from": signer(0).address(), "to": FORWARDER, "value": "0x0",
        "input": CONTRACT.into_word(), "output": reason, "error": "execution reverted",
        "revertReason": "not today",
        "calls": [{
            "type": "CALL", "from": FORWARDER, "to": CONTRACT, "value": "0x0", "input": "0x",
            "output": reason, "error": "execution reverted", "revertReason": "not today",
        }],
    });
    assert_eq!(without_gas(frame), wanted);
    // The same contract, calling what succeeds: its log came first, before any call.
    install(&provider, []).await;
    let receipt = transact(&provider, FORWARDER, CONTRACT.into_word()).await;
    let frame = trace(&provider, receipt.transaction_hash, with_logs()).await;
    let log = json!({"address": FORWARDER, "topics": [], "data": "0x", "position": "0x0"});
    assert_eq!(frame["logs"], json!([log]));
}

/// LOG0 before all that the forwarder does, with its jump moved.
fn forwarder_that_logs() -> Bytes {
    let mut code = hex!("5f5fa0").to_vec();
    code.extend_from_slice(&super::forwarder());
    let jump = code.windows(3).position(|it| it == hex!("602657")).unwrap();
    code[jump + 1] += 3;
    code.into()
}

#[tokio::test]
async fn failures_have_the_texts_of_geth() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    install(&provider, [0xfe]).await;
    let receipt = transact(&provider, FORWARDER, CONTRACT.into_word()).await;
    let frame = trace(&provider, receipt.transaction_hash, native()).await;
    let inner = &frame["calls"][0];
    assert_eq!(inner["error"], "invalid opcode");
    assert_eq!(inner["gas"], inner["gasUsed"], "a failure takes all gas");
    assert_eq!(inner.get("output"), None);
    // Code of a program that was never activated, below the top.
    install(&provider, hex!("eff00000010203")).await;
    let receipt = transact(&provider, FORWARDER, CONTRACT.into_word()).await;
    let frame = trace(&provider, receipt.transaction_hash, native()).await;
    assert_eq!(frame["calls"][0]["error"], "error ProgramNotActivated()");
    assert_eq!(frame["error"], "execution reverted");
}

#[tokio::test]
async fn precompiles_creations_and_the_end_of_a_contract_are_frames() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    let identity = address!("0x0000000000000000000000000000000000000004");
    let receipt = transact(&provider, FORWARDER, forwarded(identity, b"same")).await;
    let frame = trace(&provider, receipt.transaction_hash, native()).await;
    let call = &frame["calls"][0];
    assert_eq!(call["to"], json!(identity));
    assert_eq!(call["output"], json!(Bytes::from_static(b"same")));
    assert_eq!(quantity(&call["gasUsed"]), 18);

    // Init code that sends the value it got to an heir: PUSH20 heir SELFDESTRUCT.
    let heir = Address::repeat_byte(0x4e);
    let code = Bytes::from([&[0x73], heir.as_slice(), &[0xff]].concat());
    let request = TransactionRequest {
        to: Some(alloy::primitives::TxKind::Create),
        gas: Some(GAS),
        ..TransactionRequest::default()
            .input(code.clone().into())
            .value(U256::from(5))
    };
    let receipt = send(&provider, request).await;
    let frame = trace(&provider, receipt.transaction_hash, native()).await;
    let created = receipt.contract_address.unwrap();
    let wanted = json!({
        "type": "CREATE", "from": signer(0).address(), "to": created, "value": "0x5", "input": code,
        "calls": [{"type": "SELFDESTRUCT", "from": created, "to": heir, "value": "0x5", "input": "0x"}],
    });
    assert_eq!(quantity(&frame["gasUsed"]), receipt.gas_used);
    assert_eq!(without_gas(frame), wanted);
    assert_eq!(provider.get_balance(heir).await.unwrap(), U256::from(5));
}

/// The log of an ArbOS precompile, which no instruction emits.
#[tokio::test]
async fn an_activation_shows_the_log_of_the_precompile() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    let block = provider.get_block_number().await.unwrap();
    let receipts = provider.get_block_receipts(block.into()).await.unwrap();
    let receipt = &receipts.unwrap()[0];
    let frame = trace(&provider, receipt.transaction_hash, with_logs()).await;
    assert_eq!(quantity(&frame["gasUsed"]), receipt.gas_used);
    let log = receipt.logs()[0].clone();
    assert_eq!(frame["logs"][0]["topics"], json!(log.topics()));
    assert_eq!(frame["logs"][0]["data"], json!(log.data().data));
}

#[tokio::test]
async fn a_plain_transfer_is_one_frame() {
    let node = start();
    let provider = provider(&node);
    let to = Address::repeat_byte(7);
    let request = TransactionRequest::default().to(to).value(U256::from(3));
    let receipt = send(&provider, request).await;
    let hash = receipt.transaction_hash;
    let frame = trace(&provider, hash, native()).await;
    let wanted = json!({
        "type": "CALL", "from": signer(0).address(), "to": to, "value": "0x3", "input": "0x",
    });
    assert_eq!(quantity(&frame["gasUsed"]), 21_000);
    assert_eq!(without_gas(frame), wanted);
    assert_eq!(
        trace(&provider, hash, json!({"tracer": "stylusTracer"})).await,
        json!([])
    );
    assert_eq!(
        trace(&provider, hash, json!({})).await,
        json!({"gas": 21_000, "failed": false, "returnValue": "0x", "structLogs": []})
    );
}

#[tokio::test]
async fn a_call_that_reverts_is_an_answer() {
    let node = start();
    let provider = provider(&node);
    install(&provider, reverter(&hex!("deadbeef"))).await;
    let frame = trace_call(
        &provider,
        json!({"to": CONTRACT, "gas": "0x186a0"}),
        native(),
    )
    .await;
    assert_eq!(quantity(&frame["gas"]), 100_000);
    assert_eq!(frame["error"], "execution reverted");
    assert_eq!(frame["output"], "0xdeadbeef");
    assert_eq!(frame.get("revertReason"), None);
}

/// CALL(GAS, ADDRESS, 0, 0, 0, 0, 0): hundreds of frames, one in the other.
#[tokio::test]
async fn deep_recursion_is_traced() {
    let node = start();
    let provider = provider(&node);
    install(&provider, hex!("5f5f5f5f5f305af1")).await;
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "debug_traceCall",
        "params": [{"to": CONTRACT}, "latest", native()],
    });
    let (status, text) = crate::support::post(&node, body.to_string()).await;
    assert_eq!(status, 200);
    let frames = text.matches(r#""type":"CALL""#).count();
    assert!((500..=1_025).contains(&frames), "{frames}");
    // The node is alive.
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;
    assert_eq!(post_json(&node, body).await["result"], "0x64aba");
}
