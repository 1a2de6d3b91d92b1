//! WebSocket messages as no well-behaved client sends them.

use std::time::Duration;

use chartseal_devnode::Devnode;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::support::start;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(node: &Devnode) -> Socket {
    connect_async(node.ws_url()).await.unwrap().0
}

/// The next message that is text, as JSON.
async fn next(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

async fn ask(socket: &mut Socket, message: impl Into<Message>) -> Value {
    socket.send(message.into()).await.unwrap();
    next(socket).await
}

#[tokio::test]
async fn malformed_messages_are_answered_and_the_connection_lives_on() {
    let node = start();
    let mut socket = connect(&node).await;
    let parse_error = json!({
        "jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "parse error"}
    });
    assert_eq!(ask(&mut socket, "{").await, parse_error);
    assert_eq!(
        ask(&mut socket, Message::binary(vec![0xff, 0x00])).await,
        parse_error
    );
    assert_eq!(
        ask(&mut socket, "[]").await["error"]["message"],
        "empty batch"
    );
    socket
        .send(Message::Ping("still there?".into()))
        .await
        .unwrap();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    assert_eq!(ask(&mut socket, call).await["result"], "0x64aba");
    let binary = Message::binary(call.as_bytes().to_vec());
    assert_eq!(ask(&mut socket, binary).await["result"], "0x64aba");
}

#[tokio::test]
async fn a_batch_may_subscribe() {
    let node = start();
    let mut socket = connect(&node).await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]},
        {"jsonrpc": "2.0", "id": 2, "method": "eth_chainId"},
    ]);
    let answers = ask(&mut socket, batch.to_string()).await;
    let id = answers[0]["result"].clone();
    assert_eq!(answers[1]["result"], "0x64aba");
    let mine = r#"{"jsonrpc":"2.0","method":"evm_mine"}"#;
    let event = ask(&mut socket, mine).await;
    assert_eq!(event["method"], "eth_subscription");
    assert_eq!(event["params"]["subscription"], id);
    assert_eq!(event["params"]["result"]["number"], "0x1");
    assert_eq!(event["params"]["result"]["l1BlockNumber"], "0x0");
}

#[tokio::test]
async fn many_messages_at_once_are_all_answered() {
    let node = start();
    let mut socket = connect(&node).await;
    for id in 0..1000 {
        let call = json!({"jsonrpc": "2.0", "id": id, "method": "eth_blockNumber"});
        socket.feed(Message::text(call.to_string())).await.unwrap();
    }
    socket.flush().await.unwrap();
    let mut answered = Vec::new();
    for _ in 0..1000 {
        answered.push(next(&mut socket).await["id"].as_u64().unwrap());
    }
    answered.sort_unstable();
    assert!(answered.into_iter().eq(0..1000));
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_connect() {
    let node = start();
    let mut request = node.ws_url().into_client_request().unwrap();
    request
        .headers_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    match connect_async(request).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn connections_are_closed_when_the_node_stops() {
    let node = start();
    let mut socket = connect(&node).await;
    assert_eq!(ask(&mut socket, "[]").await["error"]["code"], -32600);
    let stopped = tokio::task::spawn_blocking(|| node.stop());
    let end = tokio::time::timeout(Duration::from_secs(60), async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                return true;
            }
        }
        false
    });
    assert!(end.await.unwrap());
    stopped.await.unwrap().unwrap();
}
