//! Faults of the network, over real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::chain::node::Node;

/// What a server does with one connection.
#[derive(Clone, Debug)]
enum Reply {
    /// Answers with this.
    Text(String),
    /// Answers with this, then nothing, with the connection open.
    Stall(String),
    /// Answers with this, then closes.
    Cut(String),
}

const RESULT: &str = r#"{"jsonrpc":"2.0","id":0,"result":"0x64aba"}"#;

fn http(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn good() -> Reply {
    Reply::Text(http("200 OK", "", RESULT))
}

/// A server that gives one reply to each connection, the last one again and again. Returns its address and the number
/// of connections so far.
async fn serve(replies: Vec<Reply>) -> (NodeUrl, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret-key", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let index = counter
                .fetch_add(1, Ordering::SeqCst)
                .min(replies.len() - 1);
            tokio::spawn(reply(stream, replies[index].clone()));
        }
    });
    (url, count)
}

async fn reply(mut stream: TcpStream, reply: Reply) {
    let mut request = vec![0; 65_536];
    let _ = stream.read(&mut request).await;
    let (text, stay) = match &reply {
        Reply::Text(text) | Reply::Cut(text) => (text, false),
        Reply::Stall(text) => (text, true),
    };
    let _ = stream.write_all(text.as_bytes()).await;
    if stay {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
}

fn limits() -> Limits {
    Limits {
        timeout: Duration::from_millis(300),
        attempts: 3,
        pause: Duration::from_millis(1),
        answer: 4_096,
    }
}

/// Asks for the chain's id; the answer and the number of attempts.
async fn ask(replies: Vec<Reply>) -> (Result<u64, ChainError>, usize) {
    let (url, count) = serve(replies).await;
    let answer = Node::new(&url, limits()).unwrap().chain_id().await;
    (answer, count.load(Ordering::SeqCst))
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let faults = [
        Reply::Text(http(
            "429 Too Many Requests",
            "retry-after: 0\r\n",
            "slow down",
        )),
        Reply::Text(http("503 Service Unavailable", "", "")),
        Reply::Text(http("200 OK", "", "<html>not JSON</html>")),
        Reply::Text(http(
            "200 OK",
            "",
            r#"{"jsonrpc":"2.0","id":0,"error":{"code":429,"message":"rate limit"}}"#,
        )),
        Reply::Stall(String::new()),
        Reply::Cut(String::new()),
    ];
    for fault in faults {
        let (answer, attempts) = ask(vec![fault.clone(), good()]).await;
        assert_eq!((answer.unwrap(), attempts), (412_346, 2), "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_cut_or_stalled_anywhere_is_tried_again() {
    let whole = http("200 OK", "", RESULT);
    for at in (0..12).map(|power| (1_usize << power).min(whole.len() - 1)) {
        for fault in [
            Reply::Cut(whole[..at].into()),
            Reply::Stall(whole[..at].into()),
        ] {
            let (answer, attempts) = ask(vec![fault.clone(), good()]).await;
            assert_eq!((answer.unwrap(), attempts), (412_346, 2), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn attempts_are_bounded() {
    let (answer, attempts) = ask(vec![Reply::Stall(String::new())]).await;
    assert!(
        matches!(answer, Err(ChainError::Timeout { .. })),
        "{answer:?}"
    );
    assert_eq!(attempts, 3);
    let (answer, attempts) = ask(vec![Reply::Text(http("502 Bad Gateway", "", ""))]).await;
    assert!(
        matches!(answer, Err(ChainError::Http { status: 502, .. })),
        "{answer:?}"
    );
    assert_eq!(attempts, 3);
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    for status in ["401 Unauthorized", "404 Not Found", "301 Moved Permanently"] {
        let (answer, attempts) = ask(vec![Reply::Text(http(
            status,
            "location: http://127.0.0.1:9/\r\n",
            "",
        ))])
        .await;
        assert!(matches!(answer, Err(ChainError::Http { .. })), "{answer:?}");
        assert_eq!(attempts, 1, "{status}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let endless = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 1152921504606846976\r\n\r\n{}",
        "[".repeat(1 << 16)
    );
    let (answer, attempts) = ask(vec![Reply::Stall(endless)]).await;
    assert!(
        matches!(answer, Err(ChainError::AnswerTooLarge { limit: 4_096 })),
        "{answer:?}"
    );
    assert_eq!(attempts, 1);
}

#[tokio::test]
async fn deep_nesting_is_an_error() {
    let body = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}",
        "[".repeat(3_000)
    );
    let (answer, _) = ask(vec![Reply::Text(http("200 OK", "", &body))]).await;
    assert!(
        matches!(answer, Err(ChainError::Malformed(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_error_with_any_status_is_read() {
    let body = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"insufficient funds for transfer"}}"#;
    let (answer, _) = ask(vec![Reply::Text(http("400 Bad Request", "", body))]).await;
    assert!(
        matches!(answer, Err(ChainError::InsufficientFunds(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn errors_name_the_node_without_its_key() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/secret-key")
        .parse()
        .unwrap();
    let error = Node::new(&url, limits())
        .unwrap()
        .chain_id()
        .await
        .unwrap_err();
    assert!(matches!(error, ChainError::Unreachable { .. }), "{error:?}");
    let texts = format!("{error} {error:?}");
    assert!(
        texts.contains(&port.to_string()) && !texts.contains("secret-key"),
        "{texts}"
    );
}

#[test]
fn pauses_double_and_end() {
    let limits = Limits::default();
    let pauses: Vec<_> = (0..8)
        .map(|attempt| limits.pause_after(attempt, None).as_millis())
        .collect();
    assert_eq!(
        pauses,
        [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]
    );
    assert_eq!(
        limits.pause_after(0, Some(Duration::from_secs(3_600))),
        Limits::MAX_PAUSE
    );
    assert_eq!(limits.pause_after(99, None), Limits::MAX_PAUSE);
}
