//! The chain as the server shares it: readers side by side, one writer, none of them on a thread
//! that answers requests, and none of them in the way of another.

use std::{
    path::PathBuf,
    sync::{Arc, RwLock},
    time::Duration,
};

use tokio::sync::{Semaphore, broadcast};

use super::error::{RpcError, RpcResult};
use crate::chain::{Chain, ChainEvent, StateFileError};

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
    /// The lock is held for the change itself only: a reader takes the chain of the moment with it,
    /// and a change that meets such a reader is made to a copy.
    chain: RwLock<Arc<Chain>>,
    /// Where every change is saved before it is answered.
    state_file: Option<PathBuf>,
    calls: Arc<Semaphore>,
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
    pub(crate) fn new(chain: Chain, state_file: Option<PathBuf>) -> Self {
        let chain = RwLock::new(Arc::new(chain));
        let calls = Arc::new(Semaphore::new(MAX_CALLS));
        Self {
            inner: Arc::new(Inner {
                chain,
                state_file,
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
        Ok(self.inner.current()?.subscribe())
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
        off_thread(move || Ok(work(&*inner.current()?))).await
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
        let calls = Arc::clone(&self.inner.calls);
        let execution = async {
            let permit = calls
                .acquire_owned()
                .await
                .map_err(|_| Unavailable::Aborted)?;
            let work = move |chain: &Chain| {
                // Held until the work ends, which may be after its caller stopped waiting.
                let _permit = permit;
                work(chain)
            };
            self.read(work).await
        };
        match tokio::time::timeout(CALL_TIMEOUT, execution).await {
            Ok(result) => Ok(result?),
            Err(_) => {
                let seconds = CALL_TIMEOUT.as_secs();
                Err(RpcError::failed(format!(
                    "execution aborted (timeout = {seconds}s)"
                )))
            }
        }
    }

    /// Changes the chain, and saves it where a state file is named.
    ///
    /// # Errors
    ///
    /// When the chain is unusable. A file that cannot be written is logged: the change is made.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Chain) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let inner = Arc::clone(&self.inner);
        off_thread(move || {
            let mut chain = inner.chain.write().map_err(|_| Unavailable::Broken)?;
            let result = work(Arc::make_mut(&mut chain));
            if let Err(error) = inner.save(&chain) {
                tracing::error!("{error}; the chain goes on, but a restart would lose this change");
            }
            Ok(result)
        })
        .await
    }

    /// Writes the state file, if there is one.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn save(&self) -> Result<(), StateFileError> {
        // What a defect left unfinished is not worth keeping; the last good save stays.
        match self.inner.current() {
            Ok(chain) => self.inner.save(&chain),
            Err(_) => Ok(()),
        }
    }
}

impl Inner {
    /// The chain of this moment.
    fn current(&self) -> Result<Arc<Chain>, Unavailable> {
        let chain = self.chain.read().map_err(|_| Unavailable::Broken)?;
        Ok(Arc::clone(&chain))
    }

    fn save(&self, chain: &Chain) -> Result<(), StateFileError> {
        self.state_file
            .as_deref()
            .map_or(Ok(()), |path| chain.save(path))
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::chain::ChainConfig;

    fn shared() -> SharedChain {
        SharedChain::new(Chain::new(ChainConfig::default()), None)
    }

    #[tokio::test]
    async fn a_slow_execution_times_out_and_is_in_nobodys_way() {
        let chain = shared();
        let (release, released) = mpsc::channel::<()>();
        let slow = chain.execute(move |chain| {
            // Ends when the test drops its end of the channel.
            let _ = released.recv();
            chain.block_number()
        });
        let others = async {
            for number in 1..=3 {
                chain
                    .write(|chain| chain.mine(1, None))
                    .await
                    .unwrap()
                    .unwrap();
                assert_eq!(chain.read(Chain::block_number).await, Ok(number));
                assert_eq!(chain.execute(Chain::block_number).await, Ok(number));
            }
        };
        let (slow, ()) = tokio::join!(slow, others);
        assert_eq!(
            slow.unwrap_err().message(),
            "execution aborted (timeout = 5s)"
        );
        drop(release);
    }

    #[tokio::test]
    async fn executions_wait_for_their_turn() {
        let chain = shared();
        let (started, starts) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(std::sync::Mutex::new(released));
        for _ in 0..MAX_CALLS + 1 {
            let (chain, started, released) = (chain.clone(), started.clone(), released.clone());
            tokio::spawn(async move {
                let work = move |_: &Chain| {
                    started.send(()).unwrap();
                    released.lock().unwrap().recv().unwrap();
                };
                chain.execute(work).await.unwrap();
                drop(chain);
            });
        }
        let starts = tokio::task::spawn_blocking(move || {
            for _ in 0..MAX_CALLS {
                starts.recv().unwrap();
            }
            assert!(starts.try_recv().is_err());
            release.send(()).unwrap();
            starts.recv().unwrap();
            (0..MAX_CALLS).for_each(|_| release.send(()).unwrap());
        });
        starts.await.unwrap();
    }

    #[tokio::test]
    async fn a_defect_in_a_change_is_said_until_the_restart() {
        let chain = shared();
        let broken = chain.write(|_| panic!("a defect, made by this test")).await;
        assert_eq!(broken, Err::<(), _>(Unavailable::Aborted));
        assert_eq!(
            chain.read(Chain::block_number).await,
            Err(Unavailable::Broken)
        );
        let read = chain.read(|_| panic!("a defect, made by this test")).await;
        assert_eq!(read, Err::<(), _>(Unavailable::Broken));
    }
}
