//! A chain to test on, with a funded account.

use alloy::network::EthereumWallet;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use chartseal_devnode::accounts::DEV_KEY;
use chartseal_devnode::{Config, Devnode};
use tokio::sync::Mutex;

/// A chain, the account that pays for everything on it, and the node if it is ours.
pub struct TestChain {
    /// JSON-RPC over HTTP.
    pub url: String,
    /// The funded key.
    pub key: B256,
    /// The node of this process; none when the tests run against another.
    pub node: Option<Devnode>,
}

/// Says that a test, or a part of it, does not run here, and why. `scripts/test e2e` collects these lines.
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    println!("skipped: {test}: {why}");
}

impl TestChain {
    /// The chain named by the environment, or a fresh devnode.
    pub fn start() -> Self {
        // Built with the rest of the workspace, the HTTP client has TLS without a default provider. An error says
        // that another test of this process was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = std::env::var("CHARTSEAL_TEST_KEY").map_or(DEV_KEY, |key| {
            key.parse().expect("CHARTSEAL_TEST_KEY: 32 bytes in hex")
        });
        if let Ok(url) = std::env::var("CHARTSEAL_TEST_RPC") {
            return Self {
                url,
                key,
                node: None,
            };
        }
        let node = Devnode::start(Config::default()).expect("a devnode on a free port");
        Self {
            url: node.url(),
            key,
            node: Some(node),
        }
    }

    /// A provider that signs with `key`.
    pub fn provider(&self, key: B256) -> DynProvider {
        let signer = PrivateKeySigner::from_bytes(&key).expect("a secp256k1 key");
        let url = self.url.parse().expect("the URL of a node");
        ProviderBuilder::new()
            .wallet(EthereumWallet::from(signer))
            .connect_http(url)
            .erased()
    }

    /// A new account with a tenth of an ether: its provider and address.
    pub async fn account(&self) -> (DynProvider, Address) {
        let signer = self.signer().await;
        (self.provider(signer.to_bytes()), signer.address())
    }

    /// The key of a new account with a tenth of an ether.
    pub async fn signer(&self) -> PrivateKeySigner {
        /// Tests of one process share the funded key, and so its next nonce.
        static PAYMENTS: Mutex<()> = Mutex::const_new(());

        let signer = PrivateKeySigner::random();
        let payment = TransactionRequest::default()
            .to(signer.address())
            .value(U256::from(100_000_000_000_000_000u64));
        let guard = PAYMENTS.lock().await;
        let funded = self.provider(self.key);
        let receipt = funded.send_transaction(payment).await.expect("a payment");
        assert!(receipt.get_receipt().await.expect("its receipt").status());
        drop(guard);
        signer
    }
}
