//! Envelopes, batches, limits and refusals of the transports.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use alloy::{
    primitives::{Address, U64},
    providers::Provider,
    rpc::client::BatchRequest,
    transports::http::reqwest,
};
use serde_json::{Value, json};

use crate::support::{CONTRACT, install, post, post_json, provider, refusal, start};

fn error(code: i64, message: &str, id: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

#[tokio::test]
async fn malformed_messages_get_the_errors_of_geth_and_the_node_lives_on() {
    let node = start();
    for (body, expected) in [
        ("", error(-32700, "parse error", Value::Null)),
        ("{", error(-32700, "parse error", Value::Null)),
        ("\u{1F480}", error(-32700, "parse error", Value::Null)),
        ("[]", error(-32600, "empty batch", Value::Null)),
        ("1", error(-32600, "invalid request", Value::Null)),
        (
            r#"{"id":7,"method":"eth_chainId"}"#,
            error(-32600, "invalid request", json!(7)),
        ),
        (
            r#"{"jsonrpc":"2.0","id":[1],"method":"a"}"#,
            error(-32600, "invalid request", Value::Null),
        ),
        (
            r#"{"jsonrpc":"2.0","id":"x","method":"eth_nothing"}"#,
            error(
                -32601,
                "the method eth_nothing does not exist/is not available",
                json!("x"),
            ),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#,
            error(-32001, "notifications not supported", json!(1)),
        ),
    ] {
        assert_eq!(post_json(&node, body).await, expected, "{body}");
    }
    let alive = post_json(&node, r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#).await;
    assert_eq!(
        alive,
        json!({"jsonrpc": "2.0", "id": 1, "result": "0x64aba"})
    );
}

#[tokio::test]
async fn a_batch_is_answered_member_by_member() {
    let node = start();
    let body = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []},
        {"jsonrpc": "2.0", "method": "eth_chainId"},
        5,
        {"jsonrpc": "2.0", "id": "two", "method": "net_version", "params": null},
        {"jsonrpc": "2.0", "id": null, "method": "eth_blockNumber"},
    ]);
    let expected = json!([
        {"jsonrpc": "2.0", "id": 1, "result": "0x64aba"},
        error(-32600, "invalid request", Value::Null),
        {"jsonrpc": "2.0", "id": "two", "result": "412346"},
        {"jsonrpc": "2.0", "id": null, "result": "0x0"},
    ]);
    assert_eq!(post_json(&node, body.to_string()).await, expected);
    let only_notifications = r#"[{"jsonrpc":"2.0","method":"eth_chainId"}]"#;
    assert_eq!(post(&node, only_notifications).await, (200, String::new()));
}

/// Each member reads 24,000 bytes of code, so that a bit over 500 of them fill the answer.
#[tokio::test]
async fn a_batch_has_a_longest_answer() {
    let node = start();
    let provider = provider(&node);
    install(&provider, vec![0u8; 24_000]).await;
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "eth_getCode", "params": [CONTRACT, "latest"]
    });
    let answers = post_json(&node, Value::Array(vec![call; 600]).to_string()).await;
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 600);
    assert_eq!(answers[519]["result"].as_str().unwrap().len(), 2 + 48_000);
    assert_eq!(answers[599], error(-32003, "response too large", json!(1)));
}

#[tokio::test]
async fn alloy_can_batch() {
    let node = start();
    let provider = provider(&node);
    let mut batch = BatchRequest::new(provider.client());
    let chain_id = batch.add_call::<_, U64>("eth_chainId", &()).unwrap();
    let number = batch.add_call::<_, U64>("eth_blockNumber", &()).unwrap();
    batch.send().await.unwrap();
    assert_eq!(chain_id.await.unwrap(), U64::from(412_346));
    assert_eq!(number.await.unwrap(), U64::ZERO);
}

#[tokio::test]
async fn wrong_parameters_are_told_apart() {
    let node = start();
    let provider = provider(&node);
    let zero = Address::ZERO;
    let hash = format!("0x{}", "1".repeat(64));
    for (method, params, message) in [
        (
            "eth_getBalance",
            json!([]),
            "missing value for required argument 0",
        ),
        (
            "eth_getBalance",
            json!([zero]),
            "missing value for required argument 1",
        ),
        (
            "eth_getBalance",
            json!([null, "latest"]),
            "missing value for required argument 0",
        ),
        (
            "eth_getBalance",
            json!([zero, "latest", 1]),
            "too many arguments, want at most 2",
        ),
        (
            "eth_chainId",
            json!([1]),
            "too many arguments, want at most 0",
        ),
        ("eth_getBalance", json!({"address": zero}), "non-array args"),
        (
            "eth_getBalance",
            json!(["0x12", "latest"]),
            "invalid argument 0: ",
        ),
        (
            "eth_getBalance",
            json!([zero, "newest"]),
            "invalid argument 1: ",
        ),
        (
            "eth_getBalance",
            json!([zero, {"blockNumber": "0x0", "blockHash": hash}]),
            "invalid argument 1: ",
        ),
        (
            "eth_getStorageAt",
            json!([zero, "zz", "latest"]),
            "invalid argument 1: ",
        ),
        (
            "eth_getBlockByNumber",
            json!(["latest", "yes"]),
            "invalid argument 1: ",
        ),
        (
            "eth_getBlockByHash",
            json!(["0x12", false]),
            "invalid argument 0: ",
        ),
        ("eth_call", json!(["text"]), "invalid argument 0: "),
        ("eth_call", json!([{"to": "0x1"}]), "invalid argument 0: "),
        (
            "eth_call",
            json!([{"to": zero}, "latest", {"0x12": {}}]),
            "invalid argument 2: ",
        ),
        (
            "eth_call",
            json!([{"to": zero}, "latest", {(zero.to_string()): {"bal": "0x1"}}]),
            "invalid argument 2: ",
        ),
        (
            "eth_sendRawTransaction",
            json!([12]),
            "invalid argument 0: ",
        ),
        (
            "eth_sendRawTransaction",
            json!(["0xabc"]),
            "invalid argument 0: ",
        ),
        (
            "eth_getLogs",
            json!([{"address": "0x12"}]),
            "invalid argument 0: ",
        ),
        (
            "eth_getLogs",
            json!([{"blockHash": hash, "fromBlock": "0x0"}]),
            "invalid argument 0: ",
        ),
        ("evm_increaseTime", json!(["soon"]), "invalid argument 0: "),
    ] {
        let error = refusal(&provider, method, params.clone()).await;
        assert_eq!(error.code, -32602, "{method} {params}: {error}");
        assert!(
            error.message.starts_with(message),
            "{method} {params}: {error}"
        );
    }
}

const LIMIT: usize = 5 * 1024 * 1024;

#[tokio::test]
async fn the_longest_body_is_answered() {
    let node = start();
    let call = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    let longest = [&vec![b' '; LIMIT - call.len()][..], call].concat();
    assert_eq!(post_json(&node, longest).await["result"], "0x64aba");
}

/// The answer comes before the body is sent, so that nobody sends it in vain.
#[test]
fn a_longer_body_is_refused_by_its_length() {
    let node = start();
    let mut stream = TcpStream::connect(("127.0.0.1", node.port())).unwrap();
    let length = LIMIT + 1;
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.ends_with("content length too large (5242881>5242880)"),
        "{answer}"
    );
}

/// A chunked body does not say how long it is.
#[test]
fn a_body_without_a_length_is_cut_off_too() {
    let node = start();
    let mut stream = TcpStream::connect(("127.0.0.1", node.port())).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    )
    .unwrap();
    let chunk = [
        b"100000\r\n".to_vec(),
        vec![b' '; 0x100000],
        b"\r\n".to_vec(),
    ]
    .concat();
    for _ in 0..6 {
        // The server may have answered and closed before it has read all of it.
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

async fn status(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn http_requests_that_no_client_of_ours_makes_are_refused() {
    let node = start();
    let client = reqwest::Client::new();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    assert_eq!(status(client.get(node.url())).await, (200, String::new()));
    assert_eq!(status(client.put(node.url()).body(call)).await.0, 405);
    let untyped = status(client.post(node.url()).body(call)).await;
    assert_eq!(
        untyped,
        (
            415,
            "invalid content type, only application/json is supported".into()
        )
    );
    let typed = || {
        client
            .post(node.url())
            .header("content-type", "application/json")
            .body(call)
    };
    let foreign_host = status(typed().header("host", "evil.example")).await;
    assert_eq!(foreign_host, (403, "invalid host specified".into()));
    let foreign_page = status(typed().header("origin", "https://evil.example")).await;
    assert_eq!(foreign_page, (403, "origin not allowed".into()));
    assert_eq!(
        status(typed().header("origin", "http://localhost:3000"))
            .await
            .0,
        200
    );
    assert_eq!(
        status(
            client
                .post(format!("{}/any/path", node.url()))
                .header("content-type", "application/json; charset=utf-8")
                .body(call)
        )
        .await
        .0,
        200
    );
}
