//! The chain as the server shares it: readers side by side, one writer, none of them on a thread
//! that answers requests.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use tokio::sync::{Semaphore, broadcast};

use super::error::{RpcError, RpcResult};
use crate::chain::{Chain, ChainEvent};

/// Longest wait for an `eth_call` (go-ethereum fork of Nitro, `arbitrum/config.go`).
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Executions that only read and run at the same time. Further ones wait, so that some of the
/// runtime's blocking threads always remain for quick reads and for transactions.
pub(crate) const MAX_CALLS: usize = 4;

/// A handle on the one chain of a node. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct SharedChain {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    chain: RwLock<Chain>,
    calls: Semaphore,
}

/// Why work on the chain gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unavailable {
    /// A request ended in a defect of this program while it changed the chain.
    #[error("the chain was left unfinished by a defect in an earlier request; restart the devnode")]
    Broken,
    /// This request ended in a defect of this program, or the node stops.
    #[error("the request was not finished: the devnode has a defect or is stopping; see its log")]
    Aborted,
}

impl From<Unavailable> for RpcError {
    fn from(reason: Unavailable) -> Self {
        Self::internal(reason.to_string())
    }
}

impl SharedChain {
    pub(crate) fn new(chain: Chain) -> Self {
        let calls = Semaphore::new(MAX_CALLS);
        Self {
            inner: Arc::new(Inner {
                chain: RwLock::new(chain),
                calls,
            }),
        }
    }

    /// Hears of every change of the head from now on.
    ///
    /// # Errors
    ///
    /// When the chain is unusable.
    pub(crate) fn subscribe(&self) -> Result<broadcast::Receiver<ChainEvent>, Unavailable> {
        Ok(self
            .inner
            .chain
            .read()
            .map_err(|_| Unavailable::Broken)?
            .subscribe())
    }

    /// Runs a quick read.
    ///
    /// # Errors
    ///
    /// When the chain is unusable.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Chain) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let inner = Arc::clone(&self.inner);
        off_thread(move || inner.read(work)).await
    }

    /// Runs an execution that changes nothing, for at most 5 s.
    ///
    /// # Errors
    ///
    /// -32000 after that time (the execution itself ends by its gas cap), -32603 when the chain is
    /// unusable.
    pub(super) async fn execute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Chain) -> T + Send + 'static,
    ) -> RpcResult<T> {
        let inner = Arc::clone(&self.inner);
        let execution = async {
            let permit = self
                .inner
                .calls
                .acquire()
                .await
                .map_err(|_| Unavailable::Aborted)?;
            permit.forget();
            off_thread(move || {
                let _returned = Returned(&inner.calls);
                inner.read(work)
            })
            .await
        };
        match tokio::time::timeout(CALL_TIMEOUT, execution).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(RpcError::failed(format!(
                "execution aborted (timeout = {}s)",
                CALL_TIMEOUT.as_secs()
            ))),
        }
    }

    /// Changes the chain.
    ///
    /// # Errors
    ///
    /// When the chain is unusable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Chain) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let inner = Arc::clone(&self.inner);
        off_thread(move || {
            let mut chain = inner.chain.write().map_err(|_| Unavailable::Broken)?;
            Ok(work(&mut chain))
        })
        .await
    }
}

impl Inner {
    fn read<T>(&self, work: impl FnOnce(&Chain) -> T) -> Result<T, Unavailable> {
        Ok(work(&*self.chain.read().map_err(|_| Unavailable::Broken)?))
    }
}

/// Gives a permit back when the execution ends, which may be after its caller stopped waiting.
struct Returned<'a>(&'a Semaphore);

impl Drop for Returned<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

/// Runs `work` on a thread that may wait.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Unavailable> + Send + 'static,
) -> Result<T, Unavailable> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!("a request was not finished: {error}");
            Err(Unavailable::Aborted)
        }
    }
}
