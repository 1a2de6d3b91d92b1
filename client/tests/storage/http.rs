//! HTTP on a port of this machine, for servers in this process.

use std::error::Error;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::HttpResponse;
use tokio::net::TcpListener;

/// Serves until the runtime of the test ends. Returns the port.
pub(crate) async fn serve<S>(service: S) -> u16
where
    S: Service<Request<Incoming>, Response = HttpResponse> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let http = Builder::new(TokioExecutor::new());
                // Broken connections are what the tests are about.
                let _ = http.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    port
}
