//! A TCP proxy before a node, that loses answers on purpose, or lets something happen between two of them.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to one answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The node has the request; of its answer this share in percent arrives, then the connection is cut.
    Cut(usize),
    /// As cut at the first byte; from then on no connection is served at all, until [`Proxy::heal`].
    Gone,
    /// The node has the request; nothing comes back, and the connection stays.
    Stall,
    /// This JSON-RPC request is sent to the node first.
    Before(String),
}

/// What is lost, and what was.
#[derive(Default)]
struct Losses {
    method: Mutex<String>,
    left: AtomicU32,
    dropped: AtomicU32,
    /// What happens to which exchange, counted from 1.
    fault: Mutex<Option<(u32, Fault)>>,
    exchanges: AtomicU32,
    gone: AtomicBool,
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

    /// Lets `fault` happen to the n-th exchange from now, counted from 1.
    pub fn at(&self, nth: u32, fault: Fault) {
        *self.losses.fault.lock().unwrap() = Some((nth, fault));
        self.losses.exchanges.store(0, Ordering::SeqCst);
    }

    /// No fault from now on.
    pub fn heal(&self) {
        *self.losses.fault.lock().unwrap() = None;
        self.losses.gone.store(false, Ordering::SeqCst);
    }

    /// Exchanges begun since the last [`Proxy::at`].
    pub fn exchanges(&self) -> u32 {
        self.losses.exchanges.load(Ordering::SeqCst)
    }

    /// Answers lost so far.
    pub fn dropped(&self) -> u32 {
        self.losses.dropped.load(Ordering::SeqCst)
    }
}

impl Losses {
    /// Counts an exchange, and says what happens to it.
    fn next(&self) -> Option<Fault> {
        let nth = self.exchanges.fetch_add(1, Ordering::SeqCst) + 1;
        let fault = self.fault.lock().unwrap();
        fault
            .as_ref()
            .filter(|(at, _)| *at == nth)
            .map(|(_, fault)| fault.clone())
    }
}

/// Sends a node, named by host and port, one JSON-RPC request on a connection of its own. It must not fail.
pub async fn ask(node: &str, request: &str) -> std::io::Result<()> {
    let text = format!(
        "POST / HTTP/1.1\r\nhost: {node}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{request}",
        request.len()
    );
    let mut node = TcpStream::connect(node).await?;
    node.write_all(text.as_bytes()).await?;
    let answer = message(&mut node).await?;
    assert!(
        String::from_utf8_lossy(&answer).contains("\"result\""),
        "{request}: {}",
        String::from_utf8_lossy(&answer)
    );
    Ok(())
}

/// One request and one answer at a time, each with a `Content-Length`.
async fn serve(mut client: TcpStream, url: &str, losses: &Losses) -> std::io::Result<()> {
    let mut node = TcpStream::connect(url).await?;
    loop {
        let request = message(&mut client).await?;
        if losses.gone.load(Ordering::SeqCst) {
            return Ok(());
        }
        let fault = losses.next();
        if let Some(Fault::Before(first)) = &fault {
            ask(url, first).await?;
        }
        node.write_all(&request).await?;
        let answer = message(&mut node).await?;
        match fault {
            Some(Fault::Cut(percent)) => {
                return client
                    .write_all(&answer[..answer.len() * percent / 100])
                    .await;
            }
            Some(Fault::Gone) => {
                losses.gone.store(true, Ordering::SeqCst);
                return Ok(());
            }
            Some(Fault::Stall) => std::future::pending().await,
            Some(Fault::Before(_)) | None => {}
        }
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
