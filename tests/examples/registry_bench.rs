//! What the registry costs and how fast the devnode is, over JSON-RPC; printed as Markdown.
//!
//! `scripts/bench` builds what this needs and runs it.

use std::time::{Duration, Instant};

use alloy::contract::{CallBuilder, CallDecoder};
use alloy::eips::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::Bytes;
use alloy::providers::{DynProvider, Provider};
use chartseal_devnode::{Config, Devnode};
use chartseal_tests::chain::TestChain;
use chartseal_tests::registry::{
    IRegistry, Registry, cache, deploy, read_grant, word, wrapped_key,
};

/// Transactions of the latency series, and per printed line.
const TRANSACTIONS: usize = 10_000;
const CHUNK: usize = 1_000;
/// Bytes of sealed info: the smallest padded size, and the largest allowed.
const SMALL_INFO: usize = 128;
const LARGE_INFO: usize = 1_024;

/// Chain id and base fee (wei) of a devnode.
const CHAIN_ID: u64 = 412_346;
const BASE_FEE: u128 = 100_000_000;

/// Gas of the seed contract's matching operation with real inputs on a current EVM (docs/contract.md).
mod seed {
    pub(super) const CREATE_USER: u64 = 112_553;
    pub(super) const CREATE_DOC: u64 = 67_041;
    pub(super) const ADD_ACCESS: u64 = 112_650;
    pub(super) const UPDATE_ACCESS: u64 = 35_806;
    pub(super) const DELETE_ACCESS: u64 = 33_372;
    pub(super) const REMOVE_USER: u64 = 33_516;
}

#[tokio::main]
async fn main() {
    start_up();
    let uncached = gas(false).await;
    let cached = gas(true).await;
    println!(
        "\n| operation | gas, program cached | gas, not cached | seed contract | ratio, cached |"
    );
    println!("|---|---:|---:|---:|---:|");
    for (cached, uncached) in cached.iter().zip(&uncached) {
        let (name, gas, seed) = *cached;
        let seed_columns = seed.map_or("| | |".to_owned(), |seed| {
            format!("| {seed} | {:.2} |", gas as f64 / seed as f64)
        });
        println!("| {name} | {gas} | {} {seed_columns}", uncached.1);
    }
    latency().await;
}

/// Time from nothing to a node that answers.
fn start_up() {
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
    println!(
        "devnode start-up: median {:.1} ms of {} starts",
        millis(times[5]),
        times.len()
    );
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

type Measured = (&'static str, u64, Option<u64>);

/// Gas of every state-changing function, start-up included.
async fn gas(cached: bool) -> Vec<Measured> {
    let chain = TestChain::start();
    let (owner, owner_address) = chain.account().await;
    let registry = deploy(&owner).await;
    if cached {
        cache(&chain, *registry.address()).await;
    }
    let (reader, reader_address) = chain.account().await;
    let theirs = IRegistry::new(*registry.address(), reader);
    let info = |bytes| Bytes::from(vec![0xa5; bytes]);

    let mut table = vec![
        (
            "register",
            used(registry.register(word(1), false, 1)).await,
            Some(seed::CREATE_USER),
        ),
        (
            "rotateKey",
            used(registry.rotateKey(word(1), true)).await,
            None,
        ),
    ];
    used(theirs.register(word(1), false, 2)).await;
    let vouch = used(registry.vouch(reader_address, 2, 0)).await;
    table.push(("vouch", vouch, None));

    let addition = registry.addRecord(word(2), word(3), info(SMALL_INFO));
    let id = addition.call().await.expect("an id");
    table.push((
        "addRecord, 128 bytes of info",
        used(addition).await,
        Some(seed::CREATE_DOC),
    ));
    let addition = used(registry.addRecord(word(4), word(3), info(LARGE_INFO))).await;
    table.push(("addRecord, 1,024 bytes of info", addition, None));
    let update = used(registry.updateRecord(id, 1, word(5), info(SMALL_INFO))).await;
    table.push(("updateRecord", update, None));

    let request = used(theirs.requestAccess(id, 1, 1, info(SMALL_INFO))).await;
    table.push(("requestAccess", request, None));
    used(theirs.withdrawRequest(id)).await;
    let grant = used(registry.grant(read_grant(id, reader_address, 0))).await;
    table.push(("grant", grant, Some(seed::ADD_ACCESS)));
    let update = used(registry.updateAccess(id, reader_address, 2, 5, 0)).await;
    table.push(("updateAccess", update, Some(seed::UPDATE_ACCESS)));
    table.push(("logAccess", used(theirs.logAccess(id, 5)).await, None));

    let kept = vec![read_grant(id, reader_address, 1)];
    let rekey = used(registry.rekeyRecord(id, 2, word(6), info(SMALL_INFO), kept)).await;
    table.push(("rekeyRecord, one kept", rekey, None));
    let revoke = used(registry.revoke(id, reader_address)).await;
    table.push(("revoke", revoke, Some(seed::DELETE_ACCESS)));

    table.push((
        "allowDeposits",
        used(theirs.allowDeposits(owner_address, 0)).await,
        None,
    ));
    // The owner rotated, so keys for them are of version 2.
    let (for_self, for_owner) = (with_version(2), wrapped_key(8));
    let content = info(SMALL_INFO);
    let deposit = registry.depositRecord(
        reader_address,
        word(7),
        word(8),
        content,
        for_owner,
        for_self,
    );
    table.push(("depositRecord, both keys", used(deposit).await, None));
    let removal = used(registry.removeRecord(id, vec![reader_address])).await;
    table.push(("removeRecord", removal, None));
    table.push((
        "deregister",
        used(theirs.deregister()).await,
        Some(seed::REMOVE_USER),
    ));
    table
}

fn with_version(version: u32) -> IRegistry::WrappedKey {
    IRegistry::WrappedKey {
        keyVersion: version,
        ..wrapped_key(9)
    }
}

/// Sends a call; the gas it used.
async fn used<D: CallDecoder>(call: CallBuilder<&DynProvider, D>) -> u64 {
    let receipt = call
        .send()
        .await
        .expect("accepted")
        .get_receipt()
        .await
        .expect("its receipt");
    assert!(receipt.status());
    receipt.gas_used
}

/// Time from sending a signed transaction of the registry to its receipt.
async fn latency() {
    let chain = TestChain::start();
    let signer = chain.signer().await;
    let (provider, address) = (chain.provider(signer.to_bytes()), signer.address());
    let registry = deploy(&provider).await;
    used(registry.register(word(1), false, 1)).await;
    println!("\n| transactions | median from send to receipt, ms | slowest, ms |\n|---|---:|---:|");
    let nonce = provider
        .get_transaction_count(address)
        .await
        .expect("a nonce");
    let mut sender = Sender {
        provider,
        registry,
        wallet: signer.into(),
        nonce,
        salt: 0,
    };
    for chunk in 0..TRANSACTIONS / CHUNK {
        let mut times = Vec::with_capacity(CHUNK);
        for _ in 0..CHUNK {
            times.push(sender.send().await);
        }
        times.sort();
        let (first, last) = (chunk * CHUNK + 1, (chunk + 1) * CHUNK);
        let (median, slowest) = (millis(times[CHUNK / 2]), millis(times[CHUNK - 1]));
        println!("| {first} to {last} | {median:.2} | {slowest:.2} |");
    }
}

/// Adds records one after the other.
struct Sender {
    provider: DynProvider,
    registry: Registry,
    wallet: EthereumWallet,
    nonce: u64,
    salt: u64,
}

impl Sender {
    /// Signs a transaction, then takes the time of sending it and fetching its receipt.
    async fn send(&mut self) -> Duration {
        self.salt += 1;
        let call = self
            .registry
            .addRecord(word(self.salt), word(3), vec![7; SMALL_INFO].into());
        let mut request = call.into_transaction_request();
        request.set_chain_id(CHAIN_ID);
        request.set_nonce(self.nonce);
        request.set_gas_limit(1_000_000);
        request.set_max_fee_per_gas(BASE_FEE);
        request.set_max_priority_fee_per_gas(0);
        self.nonce += 1;
        let raw = request
            .build(&self.wallet)
            .await
            .expect("a signed transaction")
            .encoded_2718();
        let begun = Instant::now();
        let sent = self
            .provider
            .send_raw_transaction(&raw)
            .await
            .expect("accepted");
        let receipt = self.provider.get_transaction_receipt(*sent.tx_hash()).await;
        let took = begun.elapsed();
        assert!(receipt.expect("an answer").expect("a receipt").status());
        took
    }
}
