//! A whole node in this process: the chain, its server and its clock.

use std::{
    fs::{File, TryLockError},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::mpsc,
    thread::JoinHandle,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    runtime,
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    time::{Instant, MissedTickBehavior},
};

use crate::{
    chain::{Chain, ChainConfig, ChainEvent, ControlError, StateFileError},
    rpc::{self, MAX_CALLS, SharedChain, Unavailable},
};

/// JSON-RPC port of a Nitro devnode.
pub const DEFAULT_PORT: u16 = 8547;

/// How long a stop waits for executions that nobody waits for any more.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// What a node is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address to listen on. Default: 127.0.0.1.
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one, see [`Devnode::port`]. Default: 0.
    pub port: u16,
    /// The chain. An existing state file goes before its genesis.
    pub chain: ChainConfig,
    /// Interval at which a block is mined although there is no transaction. Default: never.
    /// Transactions have a block of their own, at once, in any case.
    pub block_time: Option<Duration>,
    /// The file the chain is loaded from, if it exists, and saved to after every change and at the
    /// end; a file of the same name with `.lock` beside it keeps other nodes off. Default: none, the
    /// chain ends with the process.
    pub state_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            chain: ChainConfig::default(),
            block_time: None,
            state_file: None,
        }
    }
}

/// Why a node did not start or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Another process listens there.
    #[error("port {} of {} is in use by another process", .0.port(), .0.ip())]
    PortInUse(SocketAddr),
    /// The system does not let us listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] StateFileError),
    /// Another node keeps its chain in the same file.
    #[error("the state file {} is in use by another devnode", .0.display())]
    StateInUse(PathBuf),
    /// The system gave no thread, or the server failed.
    #[error("the server failed: {0}")]
    Server(#[from] io::Error),
    /// The chain refused.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The chain is unusable after a defect.
    #[error("{0}")]
    Chain(String),
}

impl From<Unavailable> for NodeError {
    fn from(reason: Unavailable) -> Self {
        Self::Chain(reason.to_string())
    }
}

/// A running node. It stops when it is dropped or told to [`stop`](Self::stop).
///
/// It runs on threads of its own, so it can be started and used from synchronous and from
/// asynchronous code:
///
/// ```no_run
/// use chartseal_devnode::{Config, Devnode};
///
/// let node = Devnode::start(Config::default())?;
/// println!("JSON-RPC at {}", node.url());
/// let height = node.chain(|chain| chain.block_number())?;
/// assert_eq!(height, 0);
/// # Ok::<(), chartseal_devnode::NodeError>(())
/// ```
#[derive(Debug)]
pub struct Devnode {
    address: SocketAddr,
    chain: SharedChain,
    runtime: runtime::Handle,
    stopping: watch::Sender<bool>,
    /// `None` once the node was stopped.
    server: Option<JoinHandle<Result<(), NodeError>>>,
}

impl Devnode {
    /// Starts a node; it answers when this returns.
    ///
    /// # Errors
    ///
    /// When the port is taken, the state file cannot be used, or the system gives no thread.
    pub fn start(config: Config) -> Result<Self, NodeError> {
        let listener = listen(SocketAddr::new(config.host, config.port))?;
        let address = listener.local_addr()?;
        let lock = config.state_file.as_deref().map(lock).transpose()?;
        let chain = SharedChain::new(open(&config)?, config.state_file);
        chain.save()?;
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(2 * MAX_CALLS)
            .thread_name("devnode")
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (stopping, stopped) = watch::channel(false);
        let work = run(listener, chain.clone(), config.block_time, stopped);
        let last_save = chain.clone();
        let server = std::thread::Builder::new()
            .name("devnode-server".to_owned())
            .spawn(move || {
                let served = runtime.block_on(work);
                runtime.shutdown_timeout(STOP_PATIENCE);
                last_save.save()?;
                drop(lock);
                served
            })?;
        Ok(Self {
            address,
            chain,
            runtime: handle,
            stopping,
            server: Some(server),
        })
    }

    /// The HTTP endpoint.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The WebSocket endpoint.
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Reads the chain, past the server.
    ///
    /// # Errors
    ///
    /// When the chain is unusable after a defect.
    pub fn chain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Chain) -> T + Send + 'static,
    ) -> Result<T, NodeError> {
        let chain = self.chain.clone();
        self.wait_for(async move { chain.read(work).await })
    }

    /// Changes the chain, past the server.
    ///
    /// # Errors
    ///
    /// When the chain is unusable after a defect.
    pub fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Chain) -> T + Send + 'static,
    ) -> Result<T, NodeError> {
        let chain = self.chain.clone();
        self.wait_for(async move { chain.write(work).await })
    }

    /// Runs `work` on the node's threads, as the caller may be asynchronous code itself.
    fn wait_for<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Unavailable>> + Send + 'static,
    ) -> Result<T, NodeError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.runtime.spawn(async move {
            // Nobody is left to tell when the receiver is gone.
            let _ = sender.send(work.await);
        });
        Ok(receiver.recv().unwrap_or(Err(Unavailable::Aborted))?)
    }

    /// Answers the requests in flight, saves the state file and ends.
    ///
    /// # Errors
    ///
    /// When the server failed or the state file could not be written.
    pub fn stop(mut self) -> Result<(), NodeError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), NodeError> {
        let Some(server) = self.server.take() else {
            return Ok(());
        };
        self.stopping.send_replace(true);
        server.join().unwrap_or_else(|_| {
            Err(NodeError::Chain(
                "the server ended in a defect; see its log".to_owned(),
            ))
        })
    }
}

impl Drop for Devnode {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!("{error}");
        }
    }
}

fn listen(address: SocketAddr) -> Result<std::net::TcpListener, NodeError> {
    let listener = std::net::TcpListener::bind(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => NodeError::PortInUse(address),
        _ => NodeError::Listen { address, source },
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The chain of the state file, where there is one.
fn open(config: &Config) -> Result<Chain, NodeError> {
    match &config.state_file {
        // A file that cannot be asked about is opened too, for the reason why.
        Some(path) if path.try_exists().unwrap_or(true) => {
            Ok(Chain::load(path, config.chain.clone())?)
        }
        _ => Ok(Chain::new(config.chain.clone())),
    }
}

/// Keeps other nodes off the state file for as long as the result lives. The lock is on a file
/// beside it, as saving may replace the file itself.
fn lock(state_file: &Path) -> Result<File, NodeError> {
    let mut path = state_file.as_os_str().to_owned();
    path.push(".lock");
    let failed = |source| StateFileError::Io {
        action: "lock",
        path: state_file.to_owned(),
        source,
    };
    let file = File::create(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(NodeError::StateInUse(state_file.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source).into()),
    }
}

/// Serves, and mines on time, until the node is stopped.
async fn run(
    listener: std::net::TcpListener,
    chain: SharedChain,
    block_time: Option<Duration>,
    stopping: watch::Receiver<bool>,
) -> Result<(), NodeError> {
    let listener = TcpListener::from_std(listener)?;
    let reporter = tokio::spawn(report(chain.subscribe()?));
    let miner = block_time.map(|period| tokio::spawn(mine(chain.clone(), period)));
    let served = rpc::serve(listener, chain, stopping).await;
    reporter.abort();
    if let Some(miner) = miner {
        miner.abort();
    }
    Ok(served?)
}

/// Mines a block every `period`.
async fn mine(chain: SharedChain, period: Duration) {
    let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mined = chain.write(|chain| chain.mine(1, None)).await;
        if let Err(error) = mined.map_err(NodeError::from).and_then(|mined| Ok(mined?)) {
            tracing::error!("no more blocks are mined on time: {error}");
            return;
        }
    }
}

/// Logs one line for each change of the head.
async fn report(mut events: broadcast::Receiver<ChainEvent>) {
    loop {
        match events.recv().await {
            Ok(ChainEvent::Added(block)) => tracing::info!(
                number = block.header.number,
                hash = %block.hash,
                transactions = block.transactions.len(),
                gas_used = block.header.gas_used,
                "block"
            ),
            Ok(ChainEvent::Removed(blocks)) => tracing::info!(blocks = blocks.len(), "reorganised"),
            Err(RecvError::Lagged(missed)) => tracing::info!(missed, "more changes than log lines"),
            Err(RecvError::Closed) => return,
        }
    }
}
