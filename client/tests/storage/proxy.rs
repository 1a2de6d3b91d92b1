//! A TCP proxy that breaks connections in chosen ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// What goes wrong on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// RST after so many bytes.
    Reset,
    /// FIN after so many bytes.
    Cut,
    /// Nothing more after so many bytes.
    Stall,
    /// This status for the first request instead of an answer.
    Status(u16),
}

/// Whose bytes are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    Request,
    Reply,
}

/// When things go wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) fault: Fault,
    pub(crate) direction: Direction,
    /// Bytes that pass before.
    pub(crate) after: u64,
    /// Connections it happens to; later ones are left alone.
    pub(crate) times: usize,
}

/// Starts a proxy; returns its port and how many faults are still to come.
pub(crate) async fn start(upstream: u16, plan: Plan) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let left = Arc::new(AtomicUsize::new(plan.times));
    let faults = left.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, upstream, plan, faults.clone()));
        }
    });
    (port, left)
}

async fn serve(mut client: TcpStream, upstream: u16, plan: Plan, left: Arc<AtomicUsize>) {
    let take = |n: usize| n.checked_sub(1);
    let faulty = left
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
        .is_ok();
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).await.unwrap();
    if !faulty {
        let _ = copy_bidirectional(&mut client, &mut server).await;
        return;
    }
    if let Fault::Status(code) = plan.fault {
        return refuse(&mut client, code).await;
    }
    let reached = relay(&mut client, &mut server, plan).await;
    if !reached {
        return;
    }
    match plan.fault {
        Fault::Reset => client.set_zero_linger().unwrap(),
        Fault::Stall => std::future::pending::<()>().await,
        Fault::Cut | Fault::Status(_) => (),
    }
}

/// Passes bytes both ways until the counted direction reaches its limit; false if a side ended before.
async fn relay(client: &mut TcpStream, server: &mut TcpStream, plan: Plan) -> bool {
    let (mut client_read, mut client_write) = client.split();
    let (mut server_read, mut server_write) = server.split();
    let (request, reply) = match plan.direction {
        Direction::Request => (Some(plan.after), None),
        Direction::Reply => (None, Some(plan.after)),
    };
    tokio::select! {
        reached = pump(&mut client_read, &mut server_write, request) => reached,
        reached = pump(&mut server_read, &mut client_write, reply) => reached,
    }
}

/// Copies until `limit`; true if it was reached.
async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    limit: Option<u64>,
) -> bool {
    let mut left = limit.unwrap_or(u64::MAX);
    let mut buffer = vec![0; 16 * 1024];
    while left > 0 {
        let most = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        match from.read(&mut buffer[..most]).await {
            Ok(n) if n > 0 => {
                if to.write_all(&buffer[..n]).await.is_err() {
                    return false;
                }
                left -= n as u64;
            }
            _ => return false,
        }
    }
    true
}

async fn refuse(client: &mut TcpStream, code: u16) {
    let mut buffer = vec![0; 64 * 1024];
    let _ = client.read(&mut buffer).await;
    let reply =
        format!("HTTP/1.1 {code} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = client.write_all(reply.as_bytes()).await;
    let _ = client.shutdown().await;
    // What is still on its way is read, so that the reply is not lost to a reset.
    while matches!(client.read(&mut buffer).await, Ok(n) if n > 0) {}
}
