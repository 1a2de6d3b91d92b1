//! Sets up a Nitro node in `--dev` mode, or a devnode: the development account owns the chain and may cache programs, data
//! posted to L1 costs nothing, and the CREATE2 factory is there. Safe to run again.
//!
//! ```text
//! CHARTSEAL_TEST_RPC=URL nitro_setup
//! ```
//!
//! The steps are those of Offchain Labs' nitro-devnode, but for two contracts: no stand-in for the CacheManager, since
//! the development account caches by itself, and no StylusDeployer, which only programs with a constructor need.

use std::process::ExitCode;

use alloy::primitives::{Address, Bytes, U256, address, hex};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol;
use chartseal_tests::chain::TestChain;
use chartseal_tests::registry::{ARB_DEBUG, ARB_WASM_CACHE, ArbDebug};

sol! {
    #[sol(rpc)]
    interface ArbOwner {
        function setL1PricePerUnit(uint256 pricePerUnit) external;
        function addWasmCacheManager(address manager) external;
    }

    #[sol(rpc)]
    interface ArbOwnerPublic {
        function isChainOwner(address account) external view returns (bool);
    }

    #[sol(rpc)]
    interface ArbGasInfo {
        function getL1BaseFeeEstimate() external view returns (uint256);
    }

    #[sol(rpc)]
    interface ArbWasmCache {
        function isCacheManager(address manager) external view returns (bool);
    }
}

/// Precompiles of ArbOS (docs.arbitrum.io, "Precompiles reference").
const ARB_OWNER: Address = address!("0x0000000000000000000000000000000000000070");
const ARB_OWNER_PUBLIC: Address = address!("0x000000000000000000000000000000000000006b");
const ARB_GAS_INFO: Address = address!("0x000000000000000000000000000000000000006c");

/// The deterministic deployment proxy and the one-time account that its transaction is signed by
/// (github.com/Arachnid/deterministic-deployment-proxy).
const FACTORY: Address = address!("0x4e59b44847b379578588920cA78FbF26c0B4956C");
const FACTORY_SIGNER: Address = address!("0x3fab184622dc19b6109349b94811493bf2a45362");
/// Its gas limit times its gas price: 100,000 times 100 gwei.
const FACTORY_COST: u64 = 10_000_000_000_000_000;
/// The transaction, without a chain id, so that it is the same everywhere.
const FACTORY_TRANSACTION: [u8; 167] = hex!(
    "f8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222"
    "222222222222222222222222222222222222222222222222222222222222a022222222222222222222222222222222222222222222"
    "22222222222222222222"
);

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match set_up().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "nitro_setup: {error}\nis it a Nitro node in --dev mode, with the debug namespace?"
            );
            ExitCode::FAILURE
        }
    }
}

async fn set_up() -> Outcome {
    let chain = TestChain::start();
    if chain.node.is_some() {
        return Err("no node is named: set CHARTSEAL_TEST_RPC to its address".into());
    }
    let provider = chain.provider(chain.key);
    let owner = PrivateKeySigner::from_bytes(&chain.key)?.address();
    own(&provider, owner).await?;
    set_prices(&provider).await?;
    allow_caching(&provider, owner).await?;
    add_factory(&provider).await
}

/// Reports what held already, or does it and sees that it holds.
macro_rules! ensure {
    ($what:expr, $holds:expr, $change:expr) => {
        if $holds {
            println!("{}: already so", $what);
        } else {
            let receipt = $change.await?.get_receipt().await?;
            if !receipt.status() || !$holds {
                return Err(
                    format!("{} failed, transaction {}", $what, receipt.transaction_hash).into(),
                );
            }
            println!("{}: done", $what);
        }
    };
}

async fn own(provider: &DynProvider, owner: Address) -> Outcome {
    let public = ArbOwnerPublic::new(ARB_OWNER_PUBLIC, provider);
    let debug = ArbDebug::new(ARB_DEBUG, provider);
    ensure!(
        format!("chain owner {owner}"),
        public.isChainOwner(owner).call().await?,
        debug.becomeChainOwner().send()
    );
    Ok(())
}

async fn set_prices(provider: &DynProvider) -> Outcome {
    let info = ArbGasInfo::new(ARB_GAS_INFO, provider);
    let chain = ArbOwner::new(ARB_OWNER, provider);
    ensure!(
        "L1 price 0",
        info.getL1BaseFeeEstimate().call().await?.is_zero(),
        chain.setL1PricePerUnit(U256::ZERO).send()
    );
    Ok(())
}

async fn allow_caching(provider: &DynProvider, owner: Address) -> Outcome {
    let cache = ArbWasmCache::new(ARB_WASM_CACHE, provider);
    let chain = ArbOwner::new(ARB_OWNER, provider);
    ensure!(
        format!("cache manager {owner}"),
        cache.isCacheManager(owner).call().await?,
        chain.addWasmCacheManager(owner).send()
    );
    Ok(())
}

async fn add_factory(provider: &DynProvider) -> Outcome {
    let missing =
        U256::from(FACTORY_COST).saturating_sub(provider.get_balance(FACTORY_SIGNER).await?);
    let there = !provider.get_code_at(FACTORY).await?.is_empty();
    if !there && !missing.is_zero() {
        let payment = TransactionRequest::default()
            .to(FACTORY_SIGNER)
            .value(missing);
        provider
            .send_transaction(payment)
            .await?
            .get_receipt()
            .await?;
    }
    let transaction = Bytes::from_static(&FACTORY_TRANSACTION);
    ensure!(
        format!("CREATE2 factory {FACTORY}"),
        !provider.get_code_at(FACTORY).await?.is_empty(),
        provider.send_raw_transaction(&transaction)
    );
    Ok(())
}
