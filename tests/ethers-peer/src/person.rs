//! An account on the chain that works the registry.

use std::sync::Arc;
use std::time::Duration;

use ethers::abi::{Detokenize, Tokenizable};
use ethers::contract::builders::ContractCall;
use ethers::contract::{ContractError, EthEvent, parse_log};
use ethers::middleware::SignerMiddleware;
use ethers::providers::{Http, Middleware, Provider};
use ethers::signers::{LocalWallet, Signer};
use ethers::types::{Address, TransactionReceipt, TransactionRequest};

use crate::Failure;
use crate::bindings::{Registry, RegistryErrors};

/// The publicly known key of Nitro's development account.
const DEV_KEY: &str = "b6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659";
/// A tenth of an ether, in wei.
const ALLOWANCE: u64 = 100_000_000_000_000_000;
/// How often the node is asked for a receipt.
const POLLING: Duration = Duration::from_millis(50);

pub(crate) type Client = SignerMiddleware<Provider<Http>, LocalWallet>;
pub(crate) type Call<D> = ContractCall<Client, D>;

/// A new account with money, and the registry as it sees it.
pub(crate) struct Person {
    pub(crate) address: Address,
    pub(crate) registry: Registry<Client>,
}

impl Person {
    /// Makes an account and pays it from the funded one.
    pub(crate) async fn new(url: &str, registry: Address) -> Result<Self, Failure> {
        let key = std::env::var("CHARTSEAL_TEST_KEY").unwrap_or_else(|_| DEV_KEY.to_owned());
        let key: LocalWallet = key
            .trim_start_matches("0x")
            .parse()
            .map_err(|error| format!("CHARTSEAL_TEST_KEY: {error}"))?;
        let provider = Provider::<Http>::try_from(url)?.interval(POLLING);
        let bank = Client::new_with_provider_chain(provider.clone(), key).await?;
        let wallet = LocalWallet::new(&mut ethers::core::rand::thread_rng());
        let address = wallet.address();
        let payment = TransactionRequest::new().to(address).value(ALLOWANCE);
        let receipt = bank.send_transaction(payment, None).await?.await?;
        succeeded(receipt)?;
        let client = Client::new_with_provider_chain(provider, wallet).await?;
        let registry = Registry::new(registry, Arc::new(client));
        Ok(Self { address, registry })
    }
}

/// Sends a transaction; its receipt.
pub(crate) async fn send<D: Detokenize>(call: Call<D>) -> Result<TransactionReceipt, Failure> {
    let pending = call.send().await.map_err(explained)?;
    succeeded(pending.await?)
}

/// Asks a view; the answer, a tuple in the bindings, as the struct that it is in the interface.
pub(crate) async fn ask<D, T>(call: Call<D>) -> Result<T, Failure>
where
    D: Detokenize + Tokenizable,
    T: Tokenizable,
{
    let answer = call.call().await.map_err(explained)?;
    Ok(T::from_token(answer.into_token())?)
}

/// The typed error with which a call is refused, both when it is simulated and when its gas is estimated for sending.
pub(crate) async fn refusal<D: Detokenize>(call: Call<D>) -> Result<RegistryErrors, Failure> {
    let simulated = match call.call().await {
        Ok(_) => return Err("the call was not refused".into()),
        Err(error) => decoded(&error)?,
    };
    let sent = match call.send().await {
        Ok(_) => return Err("the transaction was not refused".into()),
        Err(error) => decoded(&error)?,
    };
    match simulated == sent {
        true => Ok(simulated),
        false => Err(format!("refused with {simulated:?}, then with {sent:?}").into()),
    }
}

/// The one event of a receipt.
pub(crate) fn event<E: EthEvent>(receipt: &TransactionReceipt) -> Result<E, Failure> {
    let [log] = &receipt.logs[..] else {
        return Err(format!("{} events instead of one", receipt.logs.len()).into());
    };
    Ok(parse_log(log.clone())?)
}

fn succeeded(receipt: Option<TransactionReceipt>) -> Result<TransactionReceipt, Failure> {
    let receipt = receipt.ok_or("a transaction was dropped")?;
    match receipt.status.map(|status| status.as_u64()) {
        Some(1) => Ok(receipt),
        status => Err(format!(
            "transaction {:?}: status {status:?}",
            receipt.transaction_hash
        )
        .into()),
    }
}

fn decoded(error: &ContractError<Client>) -> Result<RegistryErrors, Failure> {
    error
        .decode_contract_revert()
        .ok_or_else(|| format!("no error of the registry: {error}").into())
}

fn explained(error: ContractError<Client>) -> Failure {
    match error.decode_contract_revert::<RegistryErrors>() {
        Some(refused) => format!("refused with {refused:?}").into(),
        None => error.into(),
    }
}
