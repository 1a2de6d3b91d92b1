//! A node on the loopback interface whose answers are a stranger's bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use alloy::eips::BlockId;
use alloy::rpc::types::{Filter, TransactionRequest};
use alloy_primitives::{Address, B256, Bloom, hex, keccak256};
use chartseal::chain::{Connection, Deployment, Limits, Registry, Result, Snapshot};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::harness::altered;

const REGISTRY: Address = Address::repeat_byte(9);
const LIMITS: Limits = Limits {
    timeout: Duration::from_secs(20),
    attempts: 1,
    pause: Duration::ZERO,
    answer: 1 << 16,
};
/// A receipt with a log, which is also most of a block, to be changed here and there.
static RESULT: LazyLock<String> = LazyLock::new(|| {
    let (hash, address) = (B256::with_last_byte(8), REGISTRY);
    let log = json!({
        "address": address, "topics": [hash], "data": "0x01", "blockNumber": "0x7", "blockHash": hash,
        "transactionHash": hash, "transactionIndex": "0x0", "logIndex": "0x0", "removed": false,
    });
    let receipt = json!({
        "number": "0x7", "hash": hash, "parentHash": hash, "timestamp": "0x1", "baseFeePerGas": "0x1",
        "type": "0x2", "status": "0x1", "cumulativeGasUsed": "0x5208", "gasUsed": "0x5208",
        "effectiveGasPrice": "0x5f5e100", "blockNumber": "0x7", "blockHash": hash, "transactionHash": hash,
        "transactionIndex": "0x0", "from": address, "to": null, "contractAddress": null,
        "logs": [log], "logsBloom": Bloom::ZERO,
    });
    receipt.to_string()
});

/// What the node answers.
enum Answers {
    /// As the registry's chain would.
    Honest,
    /// First byte: status and form. The rest: what it says.
    Strange(Vec<u8>),
}

static ANSWERS: Mutex<Answers> = Mutex::new(Answers::Honest);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
});

/// Address of the node, which runs as long as the process.
static URL: LazyLock<String> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up early is no concern of the node.
            let _ = serve(stream);
        }
    });
    url
});

/// Asks a node everything; its answers are `bytes`, as [`Answers::Strange`] has them. How many were understood.
pub(crate) fn replies(bytes: &[u8]) -> usize {
    // One at a time: all tests of a process share the node.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    answer(Answers::Honest);
    RUNTIME.block_on(async {
        let deployment = Deployment {
            chain: 412_346,
            registry: REGISTRY,
            code_hash: keccak256([1]),
            block: 1,
        };
        let mut connection = Connection::to(URL.parse().expect("an address"));
        connection.limits = LIMITS;
        let registry = Registry::connect(deployment, &connection, Path::new(":memory:"));
        let registry = registry.await.expect("an honest chain");
        let snapshot = registry.snapshot().await.expect("an honest block");
        answer(Answers::Strange(bytes.to_vec()));
        ask_node(&registry).await + ask_views(&snapshot).await
    })
}

fn answer(answers: Answers) {
    *ANSWERS.lock().unwrap_or_else(PoisonError::into_inner) = answers;
}

async fn ask_node(registry: &Registry) -> usize {
    let node = registry.node();
    let call = TransactionRequest::default;
    let understood = [
        sound(registry.snapshot().await),
        sound(node.chain_id().await),
        sound(node.head().await),
        sound(node.blocks(&[1, 2]).await),
        sound(node.code(REGISTRY).await),
        sound(node.balance(REGISTRY).await),
        sound(node.nonce(REGISTRY, Default::default()).await),
        sound(node.call(call(), BlockId::latest()).await),
        sound(node.estimate(call()).await),
        sound(node.send(&[0]).await),
        sound(node.receipt(B256::repeat_byte(1)).await),
        sound(node.logs(&Filter::new()).await),
    ];
    understood.into_iter().filter(|ok| *ok).count()
}

async fn ask_views(snapshot: &Snapshot<'_>) -> usize {
    let (id, user) = (B256::repeat_byte(2), Address::repeat_byte(3));
    let understood = [
        sound(snapshot.user(user).await),
        sound(snapshot.users(&[user, REGISTRY]).await),
        sound(snapshot.record(id).await),
        sound(snapshot.records(&[id, B256::ZERO]).await),
        sound(snapshot.access(id, user).await),
        sound(snapshot.wrapped_key(id, user).await),
        sound(snapshot.request(id, user).await),
        sound(snapshot.vouch(REGISTRY, user).await),
        sound(snapshot.deposit_right(REGISTRY, user).await),
    ];
    understood.into_iter().filter(|ok| *ok).count()
}

/// Whatever the answer is, it was understood, or refused with an error that says what to do.
fn sound<T>(answer: Result<T>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.remedy().is_empty());
            false
        }
    }
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, reply) = reply(&serde_json::from_slice(&body)?);
    let length = reply.len();
    write!(
        stream,
        "HTTP/1.1 {status} Any\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    )?;
    stream.write_all(&reply)
}

/// Status and body for a request.
fn reply(request: &Value) -> (u16, Vec<u8>) {
    match &*ANSWERS.lock().unwrap_or_else(PoisonError::into_inner) {
        Answers::Honest => (200, honest(request).to_string().into_bytes()),
        Answers::Strange(bytes) => {
            let (form, said) = bytes.split_first().unwrap_or((&0, &[]));
            let status = [200, 200, 200, 404, 429, 503][usize::from(*form / 5) % 6];
            (status, strange(request, form % 5, said))
        }
    }
}

fn honest(request: &Value) -> Value {
    let result = match request["method"].as_str() {
        Some("eth_chainId") => json!("0x64aba"),
        Some("eth_getCode") => json!("0x01"),
        _ => json!({
            "number": "0x7", "timestamp": "0x1",
            "hash": B256::with_last_byte(8), "parentHash": B256::with_last_byte(7),
        }),
    };
    json!({"jsonrpc": "2.0", "id": request["id"], "result": result})
}

fn strange(request: &Value, form: u8, said: &[u8]) -> Vec<u8> {
    if form == 0 {
        return said.to_vec();
    }
    if let Some(calls) = request.as_array() {
        let each: Vec<_> = calls.iter().map(|call| strange(call, form, said)).collect();
        return [&b"["[..], &each.join(&b','), b"]"].concat();
    }
    let (field, value) = match form {
        1 => ("result", said.to_vec()),
        2 => (
            "result",
            format!("\"0x{}\"", hex::encode(said)).into_bytes(),
        ),
        3 => ("result", altered(RESULT.as_bytes(), said)),
        _ => {
            let data = hex::encode(said);
            let error =
                json!({"code": 3, "message": "execution reverted", "data": format!("0x{data}")});
            ("error", error.to_string().into_bytes())
        }
    };
    let start = format!(r#"{{"jsonrpc":"2.0","id":{},"{field}":"#, request["id"]);
    [start.as_bytes(), &value, b"}"].concat()
}
