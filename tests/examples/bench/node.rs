//! How fast the devnode is: start-up, and transactions of the registry over HTTP.

use std::time::{Duration, Instant};

use alloy::eips::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{B256, Bytes};
use alloy::providers::{DynProvider, Provider};
use alloy::signers::local::PrivateKeySigner;
use chartseal_devnode::{Config, Devnode};
use chartseal_tests::chain::TestChain;
use chartseal_tests::registry::{Registry, deploy, digest, word};

use super::gas::{SMALL_INFO, used};
use super::report::{Cell, Table, millis};

/// Transactions of the latency series, and per printed line.
const TRANSACTIONS: usize = 10_000;
const CHUNK: usize = 1_000;

/// Chain id and base fee (wei) of a devnode.
const CHAIN_ID: u64 = 412_346;
const BASE_FEE: u128 = 100_000_000;

/// Time from nothing to a node that answers.
pub(super) fn start_up() -> Table {
    let mut times: Vec<Duration> = (0..11)
        .map(|_| {
            let begun = Instant::now();
            let node = Devnode::start(Config::default()).expect("a free port");
            let took = begun.elapsed();
            drop(node);
            took
        })
        .collect();
    times.sort();
    let mut table = Table::new("Devnode: start-up", &["starts", "median, ms"]);
    table.row([times.len().into(), Cell::fixed(Some(millis(times[5])), 1)]);
    table
}

/// Time from sending a signed transaction of the registry to its receipt.
pub(super) async fn latency() -> Table {
    let chain = TestChain::start();
    let signer = chain.signer().await;
    let provider = chain.provider(signer.to_bytes());
    let registry = deploy(&provider).await;
    used(registry.register(word(1), false, 1)).await;
    let mut table = Table::new(
        "Devnode: from sending a transaction of the registry to its receipt, over HTTP",
        &["transactions", "median, ms", "slowest, ms", "a second"],
    );
    let mut sender = Sender::new(provider, signer, registry).await;
    for chunk in 0..TRANSACTIONS / CHUNK {
        let mut times = Vec::with_capacity(CHUNK);
        for index in 0..CHUNK {
            let salt = word((chunk * CHUNK + index) as u64 + 1);
            times.push(sender.add(salt, vec![7; SMALL_INFO].into()).await);
        }
        let total: Duration = times.iter().sum();
        times.sort();
        let range = format!("{} to {}", chunk * CHUNK + 1, (chunk + 1) * CHUNK);
        table.row([
            range.into(),
            Cell::fixed(Some(millis(times[CHUNK / 2])), 2),
            Cell::fixed(Some(millis(times[CHUNK - 1])), 2),
            Cell::fixed(Some(CHUNK as f64 / total.as_secs_f64()), 0),
        ]);
    }
    table
}

/// Adds records one after the other.
pub(super) struct Sender {
    provider: DynProvider,
    registry: Registry,
    wallet: EthereumWallet,
    nonce: u64,
}

impl Sender {
    /// A sender for the account of `signer`, which nobody else may use meanwhile.
    pub(super) async fn new(
        provider: DynProvider,
        signer: PrivateKeySigner,
        registry: Registry,
    ) -> Self {
        let address = signer.address();
        let nonce = provider.get_transaction_count(address).await;
        Self {
            provider,
            registry,
            wallet: signer.into(),
            nonce: nonce.expect("a nonce"),
        }
    }

    /// Signs a transaction, then takes the time of sending it and fetching its receipt.
    pub(super) async fn add(&mut self, salt: B256, info: Bytes) -> Duration {
        let call = self.registry.addRecord(salt, digest(3), info);
        let mut request = call.into_transaction_request();
        request.set_chain_id(CHAIN_ID);
        request.set_nonce(self.nonce);
        request.set_gas_limit(1_000_000);
        request.set_max_fee_per_gas(BASE_FEE);
        request.set_max_priority_fee_per_gas(0);
        self.nonce += 1;
        let signed = request.build(&self.wallet).await;
        let raw = signed.expect("a signed transaction").encoded_2718();
        let begun = Instant::now();
        let sent = self.provider.send_raw_transaction(&raw).await;
        let hash = *sent.expect("accepted").tx_hash();
        let receipt = self.provider.get_transaction_receipt(hash).await;
        let took = begun.elapsed();
        assert!(receipt.expect("an answer").expect("a receipt").status());
        took
    }
}
