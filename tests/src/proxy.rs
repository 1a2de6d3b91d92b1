//! A TCP proxy before a node, that loses answers on purpose.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is lost, and what was.
#[derive(Default)]
struct Losses {
    method: Mutex<String>,
    left: AtomicU32,
    dropped: AtomicU32,
}

/// A proxy on a port of its own. It ends with the runtime.
pub struct Proxy {
    port: u16,
    losses: Arc<Losses>,
}

impl Proxy {
    /// Starts a proxy before the node at an `http://` address.
    pub async fn start(node: &str) -> Self {
        let node = node
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let losses = Arc::new(Losses::default());
        let shared = Arc::clone(&losses);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (node, losses) = (node.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    // A broken connection is what this proxy is for.
                    let _ = serve(client, &node, &losses).await;
                });
            }
        });
        Self { port, losses }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Passes the next `count` requests that contain `method` on to the node, but not the answers back.
    pub fn drop_next_replies(&self, method: &str, count: u32) {
        *self.losses.method.lock().unwrap() = method.to_owned();
        self.losses.left.store(count, Ordering::SeqCst);
    }

    /// Answers lost so far.
    pub fn dropped(&self) -> u32 {
        self.losses.dropped.load(Ordering::SeqCst)
    }
}

/// One request and one answer at a time, each with a `Content-Length`.
async fn serve(mut client: TcpStream, node: &str, losses: &Losses) -> std::io::Result<()> {
    let mut node = TcpStream::connect(node).await?;
    loop {
        let request = message(&mut client).await?;
        node.write_all(&request).await?;
        let answer = message(&mut node).await?;
        let method = losses.method.lock().unwrap().clone();
        let is_meant = String::from_utf8_lossy(&request).contains(&method);
        let take = |left: u32| left.checked_sub(1);
        if is_meant
            && losses
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
                .is_ok()
        {
            losses.dropped.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        client.write_all(&answer).await?;
    }
}

/// Reads an HTTP message whole.
async fn message(from: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let len = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let body: usize = len.map_or(0, |len| len.trim().parse().unwrap_or(0));
            if bytes.len() >= head + 4 + body {
                return Ok(bytes);
            }
        }
        if from.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}
