//! `devnode fund`: play money, from the account whose key everybody knows.

use std::path::Path;

use alloy_primitives::utils::{ParseUnits, parse_units};
use alloy_primitives::{Address, Bytes, U256};
use chartseal_devnode::accounts::DEV_KEY;
use chartseal_devnode::chain::DEV_CHAIN_ID;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::chain::{Account, Action, DeployOptions, Deployer, Journal, Limits, Node, NodeUrl};
use crate::cli::app::App;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::money::ether;
use crate::cli::network;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::identity::{Profile, parse_address};
use crate::records::Receipt;

/// Send play money from the development account of a devnode.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal devnode fund --amount 5 --rpc http://127.0.0.1:8547")]
pub(super) struct Args {
    /// Who gets it: a name of the address book or an account; without it, you
    person: Option<String>,

    /// How much, in ether
    #[arg(long, default_value = "1", value_parser = amount)]
    amount: U256,
}

#[derive(Serialize)]
struct Sent {
    to: Address,
    amount: U256,
    receipts: Vec<Receipt>,
}

impl Report for Sent {
    fn text(&self) -> String {
        fields(&[("sent", ether(self.amount)), ("to", self.to.to_string())])
    }
}

fn amount(text: &str) -> Result<U256, String> {
    match parse_units(text, "ether") {
        Ok(ParseUnits::U256(wei)) if !wei.is_zero() => Ok(wei),
        _ => Err(format!("{text:?} is no amount above 0")),
    }
}

impl Args {
    pub(super) async fn exec(self, app: &App) -> Outcome {
        let (profile, settings) = app.profile()?;
        let to = match &self.person {
            Some(person) => account(&profile, person)?,
            None => profile.address()?,
        };
        let transfer = Action {
            what: "fund".into(),
            to: Some(to),
            value: self.amount,
            data: Bytes::new(),
        };
        let receipts = send(
            &network::node_url(&settings)?,
            &app.home.devnode_journal(),
            &[transfer],
        )
        .await?;
        app.show(&Sent {
            to,
            amount: self.amount,
            receipts,
        })
    }
}

/// The account of somebody in the address book, or a whole account.
fn account(profile: &Profile, wanted: &str) -> Outcome<Address> {
    if wanted.starts_with("0x") && wanted.len() == "0x".len() + 2 * Address::len_bytes() {
        return Ok(parse_address(wanted)?);
    }
    Ok(profile.people()?.find(wanted)?.address)
}

/// Sends transactions of the development account; only ever to a development chain.
pub(crate) async fn send(
    node: &NodeUrl,
    journal: &Path,
    actions: &[Action],
) -> Outcome<Vec<Receipt>> {
    let node = Node::new(node, Limits::default())?;
    let chain = node.chain_id().await?;
    if chain != DEV_CHAIN_ID {
        let what = format!("the node serves chain {chain}, which is no development chain");
        return Err(Failure::new(
            Exit::Refused,
            what,
            "Send ether to the account by other means.",
        ));
    }
    let account = Account::from_secret(&Zeroizing::new(DEV_KEY.0))?;
    let journal = Journal::open(journal)?;
    let deployer = Deployer::new(&node, &journal, &account, DeployOptions::default()).await?;
    let entry = journal.begin(deployer.outbox().scope(), serde_json::Value::Null)?;
    let outcomes = deployer.outbox().execute(entry, actions).await;
    journal.finish(entry)?;
    Ok(outcomes?.iter().map(Receipt::from).collect())
}
