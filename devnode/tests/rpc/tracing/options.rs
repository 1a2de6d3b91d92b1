//! Requests that cannot be met.

use alloy::primitives::{B256, hex};
use serde_json::{Value, json};

use super::transact;
use crate::support::{CONTRACT, READER, install, provider, refusal, start};

const REMEDY: &str = "use callTracer, stylusTracer, a JavaScript object with a hostio callback (answered as \
     stylusTracer), or no tracer for the EVM's instructions";

#[tokio::test]
async fn an_unknown_transaction_is_not_found() {
    let node = start();
    let provider = provider(&node);
    let params = json!([B256::repeat_byte(1), {"tracer": "callTracer"}]);
    let error = refusal(&provider, "debug_traceTransaction", params).await;
    assert_eq!(
        (error.code, &*error.message),
        (-32000, "transaction not found")
    );
}

#[tokio::test]
async fn an_unknown_tracer_is_refused_with_those_there_are() {
    let node = start();
    let provider = provider(&node);
    install(&provider, READER).await;
    let hash = transact(&provider, CONTRACT, []).await.transaction_hash;
    for (tracer, text) in [
        (
            "prestateTracer",
            "ReferenceError: prestateTracer is not defined: there is no such tracer here",
        ),
        (
            "",
            "ReferenceError:  is not defined: there is no such tracer here",
        ),
        (
            "{ step: function(log) {}, result: function() {}, fault: function() {} }",
            "this node runs no JavaScript, so it takes only tracers with a hostio callback",
        ),
    ] {
        let options = json!({"tracer": tracer});
        let error = refusal(&provider, "debug_traceTransaction", json!([hash, options])).await;
        assert_eq!(error.code, -32000);
        assert!(error.message.starts_with(text), "{error}");
        assert!(error.message.ends_with(REMEDY), "{error}");
        let params = json!([{"to": CONTRACT}, "latest", options]);
        let same = refusal(&provider, "debug_traceCall", params).await;
        assert_eq!(same.message, error.message);
    }
}

#[tokio::test]
async fn bad_options_are_refused() {
    let node = start();
    let provider = provider(&node);
    install(&provider, READER).await;
    let hash = transact(&provider, CONTRACT, []).await.transaction_hash;
    let config = json!({"tracer": "callTracer", "tracerConfig": {"withLog": "yes"}});
    let error = refusal(&provider, "debug_traceTransaction", json!([hash, config])).await;
    assert_eq!(error.code, -32000);
    assert!(
        error.message.starts_with("cannot read the tracerConfig: "),
        "{error}"
    );
    for options in [
        json!("callTracer"),
        json!({"tracer": 5}),
        json!({"limit": -1}),
        json!({"disableStack": "no"}),
    ] {
        let error = refusal(&provider, "debug_traceTransaction", json!([hash, options])).await;
        assert_eq!(error.code, -32602, "{options}");
        assert!(error.message.starts_with("invalid argument 1: "), "{error}");
    }
    let error = refusal(&provider, "debug_traceTransaction", json!([])).await;
    assert_eq!(error.code, -32602);
}

#[tokio::test]
async fn a_call_that_cannot_begin_is_refused() {
    let node = start();
    let provider = provider(&node);
    install(&provider, READER).await;
    let request = json!({"to": CONTRACT});
    let call = async |params: Value| refusal(&provider, "debug_traceCall", params).await;
    let error = call(json!([request, "pending"])).await;
    assert!(
        error
            .message
            .starts_with("tracing on top of pending is not supported"),
        "{error}"
    );
    let error = call(json!([request, "0xffff"])).await;
    assert_eq!(&*error.message, "header not found");
    let error = call(json!([request])).await;
    assert_eq!(error.code, -32602);
    let error = call(json!([request, "latest", {"txIndex": "0x0"}])).await;
    assert!(
        error.message.starts_with("txIndex is not supported: "),
        "{error}"
    );
    let poor = json!({"from": CONTRACT, "to": CONTRACT, "value": "0x1"});
    let error = call(json!([poor, "latest"])).await;
    assert_eq!(error.code, -32000);
    let text = "tracing failed: insufficient funds for gas * price + value";
    assert!(error.message.starts_with(text), "{error}");
    let error = call(json!([{"to": CONTRACT, "gas": "0x1"}, "latest"])).await;
    let text = "tracing failed: intrinsic gas too low: have 1, want 21000";
    assert_eq!(&*error.message, text);
}

/// Calls with a megabyte of input, over and over: STATICCALL(GAS, 0, 0, 2^20, 0, 0), POP, JUMP(0).
#[tokio::test]
async fn a_trace_that_grows_without_end_is_refused() {
    let node = start();
    let provider = provider(&node);
    install(&provider, hex!("5b5f5f621000005f5f5afa505f56")).await;
    let request = json!({"to": CONTRACT, "gas": "0x2625a0"});
    let options = json!({"tracer": "callTracer"});
    let error = refusal(
        &provider,
        "debug_traceCall",
        json!([request, "latest", options]),
    )
    .await;
    assert_eq!(error.code, -32000);
    assert!(
        error
            .message
            .starts_with("the trace has more than 64 MiB: "),
        "{error}"
    );
    let options = json!({"tracer": "callTracer", "tracerConfig": {"onlyTopCall": true}});
    let frame = super::trace_call(&provider, request, options).await;
    assert_eq!(frame["error"], "out of gas");
}
