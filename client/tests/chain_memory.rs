//! A node that answers with as much as it can does not make the client's memory grow.
#![cfg(target_os = "linux")] // the peak is read from /proc

use std::path::Path;
use std::time::Duration;

use alloy::primitives::{Address, B256, keccak256};
use chartseal::chain::{
    ChainError, Connection, Deployment, History, Limits, Node, NodeUrl, Registry,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Blocks of the node's chain.
const BLOCKS: u64 = 12;

/// Events in each, so that an answer with one block comes close to the bound of 8 MiB.
const EVENTS: usize = 2_400;

/// Bytes of memory at most, as for every command.
const MOST: u64 = 64 << 20;

const REGISTRY: Address = Address::repeat_byte(9);

fn hash(number: u64) -> B256 {
    B256::left_padding_from(&(number + 1).to_be_bytes())
}

fn block(number: u64) -> Value {
    json!({
        "number": format!("{number:#x}"), "hash": hash(number), "timestamp": "0x1",
        "parentHash": if number == 0 { B256::ZERO } else { hash(number - 1) },
    })
}

/// Writes the events of one block without ever having them all in memory; `None` counts their bytes only.
async fn write_events(number: u64, mut to: Option<&mut TcpStream>) -> usize {
    let info = "07".repeat(1_024);
    let mut length = 0;
    for index in 0..EVENTS {
        let record = keccak256([number.to_be_bytes(), index.to_be_bytes()].concat());
        let topics = format!(
            r#"["{}","{record}","{}"]"#,
            keccak256("RecordAdded(bytes32,address,bytes28,bytes)"),
            Address::repeat_byte(1).into_word()
        );
        let digest = B256::right_padding_from(&[1; 28]);
        let (offset, size) = (64, 1_024);
        let text = format!(
            r#"{}{{"address":"{REGISTRY}","topics":{topics},"data":"{digest}{offset:064x}{size:064x}{info}",
            "blockNumber":"{number:#x}","blockHash":"{}","transactionHash":"{record}","transactionIndex":"0x1",
            "logIndex":"{index:#x}","removed":false}}"#,
            if index == 0 { "" } else { "," },
            hash(number)
        );
        length += text.len();
        if let Some(stream) = to.as_deref_mut()
            && stream.write_all(text.as_bytes()).await.is_err()
        {
            break;
        }
    }
    length
}

async fn answer(stream: &mut TcpStream, id: &Value, method: &str, params: &Value) {
    let number = |value: &Value| {
        let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
        digits
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .unwrap_or(BLOCKS)
    };
    let result = match method {
        "eth_chainId" => json!("0x64aba"),
        "eth_getCode" => json!("0x01"),
        "eth_getBlockByNumber" => block(number(&params[0])),
        "eth_getBalance" => return endless(stream).await,
        "eth_getLogs" => {
            let (from, to) = (
                number(&params[0]["fromBlock"]),
                number(&params[0]["toBlock"]),
            );
            if from == to {
                return events(stream, id, from).await;
            }
            Value::Null
        }
        other => panic!("{other}"),
    };
    let body = match result {
        Value::Null => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32005, "message": "too many results"}})
        }
        result => json!({"jsonrpc": "2.0", "id": id, "result": result}),
    };
    respond(stream, &body.to_string()).await;
}

async fn respond(stream: &mut TcpStream, body: &str) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
}

async fn events(stream: &mut TcpStream, id: &Value, number: u64) {
    let start = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":["#);
    let length = start.len() + write_events(number, None).await + 2;
    let head =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{start}");
    let _ = stream.write_all(head.as_bytes()).await;
    write_events(number, Some(stream)).await;
    let _ = stream.write_all(b"]}").await;
}

/// 2^60 bytes are announced, and sent for as long as somebody reads.
async fn endless(stream: &mut TcpStream) {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1152921504606846976\r\n\r\n";
    let _ = stream.write_all(head.as_bytes()).await;
    while stream.write_all(&[b'['; 65_536]).await.is_ok() {}
}

/// One request: a single call or a batch of calls for blocks.
async fn serve(mut stream: TcpStream) {
    let mut length = 0;
    let mut body = Vec::new();
    {
        let mut reader = BufReader::new(&mut stream);
        let mut line = String::new();
        while reader
            .read_line(&mut line)
            .await
            .is_ok_and(|count| count > 2)
        {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        body.resize(length, 0);
        if length == 0 || reader.read_exact(&mut body).await.is_err() {
            return;
        }
    }
    let request: Value = serde_json::from_slice(&body).expect("a request");
    match request.as_array() {
        None => {
            let method = request["method"].as_str().expect("a method");
            answer(&mut stream, &request["id"], method, &request["params"]).await;
        }
        Some(calls) => {
            let one = |call: &Value| {
                let number = call["params"][0].as_str().expect("a number");
                let number = u64::from_str_radix(&number[2..], 16).expect("hexadecimal");
                json!({"jsonrpc": "2.0", "id": call["id"], "result": block(number)})
            };
            respond(
                &mut stream,
                &Value::from_iter(calls.iter().map(one)).to_string(),
            )
            .await;
        }
    }
}

/// The most memory that this process ever had resident.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("the peak");
    let kib: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a number");
    kib << 10
}

async fn index(url: &NodeUrl, folder: &Path) -> u64 {
    let deployment = Deployment {
        chain: 412_346,
        registry: REGISTRY,
        code_hash: keccak256([1]),
        block: 1,
    };
    let registry = Registry::connect(
        deployment,
        &Connection::to(url.clone()),
        &folder.join("seen.db"),
    )
    .await;
    let registry = registry.expect("a registry");
    let history = History::open(folder, &deployment).expect("an index");
    history.sync(&registry, |_| ()).await.expect("a sync").added
}

#[tokio::test]
async fn memory_stays_below_64_mib() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: NodeUrl = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    let limits = Limits {
        timeout: Duration::from_secs(60),
        ..Limits::default()
    };
    let error = Node::new(&url, limits)
        .unwrap()
        .balance(REGISTRY)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ChainError::AnswerTooLarge { .. }),
        "{error:?}"
    );

    let folder = tempfile::tempdir().unwrap();
    assert_eq!(index(&url, folder.path()).await, BLOCKS * EVENTS as u64);
    let peak = peak();
    assert!(peak <= MOST, "{} MiB", peak >> 20);
}
