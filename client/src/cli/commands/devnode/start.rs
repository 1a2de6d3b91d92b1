//! `devnode`: the chain itself.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use alloy_primitives::Address;
use chartseal_devnode::accounts::{self, MAX_ACCOUNTS};
use chartseal_devnode::chain::{ChainConfig, DEV_ACCOUNT};
use chartseal_devnode::{Config, DEFAULT_PORT, Devnode, NodeError};
use clap::value_parser;
use serde::Serialize;

use crate::cli::app::App;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Report;
use crate::cli::stop;
use crate::cli::table::fields;
use crate::identity::parse_address;

/// How the chain is run.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Port of the JSON-RPC server (HTTP and WebSocket); 0 takes a free one
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,

    /// Address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// How many accounts of the well-known test mnemonic to fund
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = value_parser!(u32).range(..=i64::from(MAX_ACCOUNTS)))]
    accounts: u32,

    /// Another account to fund; can be given several times
    #[arg(long, value_name = "ADDRESS")]
    fund: Vec<String>,

    /// Keep the chain in this file: loaded at start, saved after every block and at the end
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Running {
    rpc: String,
    web_socket: String,
    chain: u64,
    funded: Vec<Address>,
}

impl Report for Running {
    fn text(&self) -> String {
        let mut text = String::from("For development and tests only. Ends with Ctrl-C.\n\n");
        text += &fields(&[
            ("JSON-RPC", self.rpc.clone()),
            ("WebSocket", self.web_socket.clone()),
            ("chain", self.chain.to_string()),
        ]);
        for account in &self.funded {
            text += &format!("funded     {account}\n");
        }
        text
    }
}

impl Args {
    pub(super) async fn exec(self, app: &App) -> Outcome {
        let config = self.config()?;
        let stopped = stop::signal()?;
        let funded = config.chain.accounts.clone();
        let chain = config.chain.chain_id;
        let node = Devnode::start(config)?;
        app.show(&Running {
            rpc: node.url(),
            web_socket: node.ws_url(),
            chain,
            funded,
        })?;
        stopped.await;
        Ok(node.stop()?)
    }

    fn config(&self) -> Outcome<Config> {
        let mut funded = vec![DEV_ACCOUNT];
        let derived = accounts::test_accounts(self.accounts).map_err(|error| {
            Failure::usage(error.to_string(), "Choose another number with --accounts.")
        })?;
        funded.extend(derived.iter().map(|account| account.address));
        for address in &self.fund {
            funded.push(parse_address(address)?);
        }
        Ok(Config {
            host: self.host,
            port: self.port,
            chain: ChainConfig {
                accounts: funded,
                ..ChainConfig::default()
            },
            state_file: self.state.clone(),
            ..Config::default()
        })
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let (exit, remedy) = match &error {
            NodeError::PortInUse(_) => (
                Exit::Refused,
                "Stop that process, or choose another port with --port; 0 takes a free one.",
            ),
            NodeError::Listen { .. } => (
                Exit::Usage,
                "Choose an address of this machine with --host and a free port with --port.",
            ),
            NodeError::State(_) => (
                Exit::File,
                "Name another file with --state, or move this one away to start a new chain.",
            ),
            _ => (
                Exit::Failed,
                "Start the chain again; report it if it stays so.",
            ),
        };
        Self::new(exit, error.to_string(), remedy)
    }
}
