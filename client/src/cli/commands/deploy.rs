//! `deploy`: a registry of one's own.

use std::fs;
use std::path::PathBuf;

use alloy_primitives::{U256, hex};
use serde::Serialize;

use crate::chain::{
    Account, Caching, ChainError, DeployOptions, Deployed, Deployer, Journal, Limits, Node, Program,
};
use crate::cli::app::App;
use crate::cli::config::Settings;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::money::ether;
use crate::cli::network;
use crate::cli::output::Report;
use crate::cli::secret;
use crate::cli::table::{Table, fields};
use crate::identity::Profile;
use crate::records::Receipt;

/// Put a registry on a chain.
///
/// Compresses the contract, creates and activates it, checks that the chain has exactly this code, and
/// remembers its address in your profile. Anybody may use a registry; nobody has special rights in it. The
/// transactions are paid by your account, or by the one whose key is in CHARTSEAL_ACCOUNT_KEY.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: chartseal deploy --rpc http://127.0.0.1:8547 --wasm target/contract/registry.wasm")]
pub(crate) struct Args {
    /// The contract, as scripts/build-contract makes it
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/contract/registry.wasm"
    )]
    wasm: PathBuf,

    /// Deploy although your profile has a registry
    #[arg(long)]
    again: bool,

    /// File with the paying account's key in hexadecimal (otherwise CHARTSEAL_ACCOUNT_KEY, otherwise your own)
    #[arg(long, value_name = "FILE")]
    account_key_file: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    contract: String,
    chain: u64,
    code_hash: String,
    block: u64,
    cached: bool,
    activation_fee: U256,
    receipts: Vec<Receipt>,
}

impl Report for Placed {
    fn text(&self) -> String {
        let cached = if self.cached {
            "yes"
        } else {
            "no: every call pays for starting the program"
        };
        let mut text = fields(&[
            ("registry", self.contract.clone()),
            ("chain", self.chain.to_string()),
            ("code hash", self.code_hash.clone()),
            ("block", self.block.to_string()),
            ("cached", cached.to_owned()),
            ("activation", ether(self.activation_fee)),
        ]);
        let mut table = Table::new(["transaction", "gas", "fee"]);
        for receipt in &self.receipts {
            let fee = ether(U256::from(receipt.fee));
            table.row([receipt.what.clone(), receipt.gas_used.to_string(), fee]);
        }
        text.push('\n');
        text + &table.text()
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let (profile, settings) = app.profile()?;
        if let Some(contract) = settings.contract.as_deref().filter(|_| !self.again) {
            let what = format!(
                "profile {} has a registry already: {contract}",
                profile.name()
            );
            return Err(Failure::new(
                Exit::Refused,
                what,
                "Use that one, or deploy another with --again.",
            ));
        }
        let wasm = fs::read(&self.wasm).map_err(Failure::file(&self.wasm))?;
        let program = Program::from_wasm(&wasm)?;
        let account = self.account(app, &profile)?;
        let deployed = deploy(&profile, &settings, &account, &program).await?;
        network::remember(&profile, &deployed.deployment)?;
        let contract = deployed.deployment.registry.to_string();
        let rpc = settings.rpc.as_deref();
        app.home
            .remember(&profile, &[("contract", Some(&contract)), ("rpc", rpc)])?;
        app.show(&Placed::from(deployed))
    }

    /// Who pays.
    fn account(&self, app: &App, profile: &Profile) -> Outcome<Account> {
        if let Some(key) = secret::account_key(self.account_key_file.as_deref())? {
            return Ok(Account::from_secret(&key)?);
        }
        app.account(profile)
    }
}

async fn deploy(
    profile: &Profile,
    settings: &Settings,
    account: &Account,
    program: &Program,
) -> Outcome<Deployed> {
    let node = Node::new(&network::node_url(settings)?, Limits::default())?;
    let journal = Journal::open(&network::deployments(profile))?;
    let options = DeployOptions {
        cache: true,
        ..DeployOptions::default()
    };
    let deployer = Deployer::new(&node, &journal, account, options).await?;
    let payload = serde_json::json!({ "deploy": hex::encode(program.code_hash()) });
    let scope = deployer.outbox().scope();
    // A deployment that was cut off goes on where it was.
    let begun = journal
        .entries()
        .into_iter()
        .find(|entry| entry.scope == scope && entry.payload == payload);
    let entry = match begun {
        Some(entry) => entry.id,
        None => journal.begin(scope, payload)?,
    };
    let outcome = deployer.deploy(entry, program).await;
    if outcome.is_ok() || matches!(&outcome, Err(error) if is_lasting(error)) {
        journal.finish(entry)?;
    }
    Ok(outcome?)
}

/// Whether trying again would meet the same.
fn is_lasting(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::Refused(_)
            | ChainError::Program(_)
            | ChainError::Failed(_)
            | ChainError::DeployedOther(_)
    )
}

impl From<Deployed> for Placed {
    fn from(deployed: Deployed) -> Self {
        let at = deployed.deployment;
        Self {
            contract: at.registry.to_string(),
            chain: at.chain,
            code_hash: at.code_hash.to_string(),
            block: at.block,
            cached: deployed.caching == Caching::Cached,
            activation_fee: deployed.activation_fee,
            receipts: deployed.outcomes.iter().map(Receipt::from).collect(),
        }
    }
}
