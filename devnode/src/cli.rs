//! The command line of `chartseal-devnode`: flags, what is printed at start, the end by a signal.

use std::{
    io::{self, IsTerminal, Write},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

use chartseal_devnode::{
    Config, DEFAULT_PORT, Devnode, NodeError,
    accounts::{self, Account, AccountError, MAX_ACCOUNTS},
    chain::{ChainConfig, DEV_ACCOUNT, StateFileError},
};
use clap::{Parser, value_parser};
use tokio::{
    runtime::{self, Runtime},
    signal::unix::{Signal, SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

/// A Stylus chain in one process, with Nitro's gas. For development and tests only.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Args {
    /// Port of the JSON-RPC server (HTTP and WebSocket); 0 takes a free one
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,

    /// Address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// How many accounts of the well-known test mnemonic to fund
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u32).range(..=i64::from(MAX_ACCOUNTS)))]
    accounts: u32,

    /// Mine an empty block every so many seconds (transactions have their own block at once)
    #[arg(long, value_name = "SECS", value_parser = value_parser!(u64).range(1..))]
    block_time: Option<u64>,

    /// Keep the chain in this file: loaded at start, saved after every block and at the end
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Write the log as one JSON object a line
    #[arg(long)]
    json_logs: bool,
}

/// Why the process ends with a failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Accounts(#[from] AccountError),
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
}

impl Failure {
    /// What the user can do about it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Node(NodeError::PortInUse(_)) => {
                "stop that process, or choose another port with --port (0 takes a free one)"
            }
            Self::Node(NodeError::Listen { .. }) => {
                "choose an address of this machine with --host and a free port with --port"
            }
            Self::Node(NodeError::StateInUse(_)) => "stop that devnode, or change --state",
            Self::Node(NodeError::State(StateFileError::Io { .. })) => {
                "let this user read and write that file and its folder, or change --state"
            }
            Self::Node(NodeError::State(_)) => {
                "change --state, or move the file away to start a new chain in its place"
            }
            Self::Accounts(_) => "choose another number with --accounts",
            Self::Node(_) | Self::Signals(_) => "start the devnode again; report it if it stays",
        }
    }
}

/// Runs a node until SIGINT or SIGTERM.
///
/// # Errors
///
/// When the node cannot start, or does not end well.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    start_log(args.json_logs);
    let mut signals = Signals::catch().map_err(Failure::Signals)?;
    let accounts = all_accounts(args.accounts)?;
    let node = Devnode::start(config(&args, &accounts))?;
    // A closed standard output is no reason to stop a server.
    let _ = announce(&node, &accounts, &mut io::stdout().lock());
    signals.wait();
    tracing::info!("stopping");
    Ok(node.stop()?)
}

/// Nitro's development account and the first `count` of the test mnemonic.
fn all_accounts(count: u32) -> Result<Vec<Account>, AccountError> {
    let mut all = vec![Account {
        address: DEV_ACCOUNT,
        key: accounts::DEV_KEY,
    }];
    all.extend(accounts::test_accounts(count)?);
    Ok(all)
}

fn config(args: &Args, accounts: &[Account]) -> Config {
    Config {
        host: args.host,
        port: args.port,
        chain: ChainConfig {
            accounts: accounts.iter().map(|account| account.address).collect(),
            ..ChainConfig::default()
        },
        block_time: args.block_time.map(Duration::from_secs),
        state_file: args.state.clone(),
    }
}

/// Logs to standard error; `RUST_LOG` sets what is logged.
fn start_log(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    if json {
        log.json().init();
    } else {
        log.with_ansi(io::stderr().is_terminal()).init();
    }
}

/// Prints what a developer needs to connect.
fn announce(node: &Devnode, accounts: &[Account], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "chartseal-devnode {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(
        out,
        "For development and tests only: every key below is public knowledge.\n"
    )?;
    writeln!(out, "JSON-RPC   {}", node.url())?;
    writeln!(out, "WebSocket  {}", node.ws_url())?;
    writeln!(out, "Chain id   {}\n", ChainConfig::default().chain_id)?;
    writeln!(
        out,
        "Accounts (the first is Nitro's development account, the others are from"
    )?;
    writeln!(out, "the mnemonic \"{}\")", accounts::TEST_MNEMONIC)?;
    for account in accounts {
        writeln!(out, "  {account}")?;
    }
    out.flush()
}

/// The signals that end the process. They are caught from the moment this exists.
struct Signals {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let context = runtime.enter();
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        drop(context);
        Ok(Self {
            runtime,
            interrupt,
            terminate,
        })
    }

    fn wait(&mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
        });
    }
}
