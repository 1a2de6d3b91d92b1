//! What every operation cost, beside the figures of the scheme's first implementation.

use std::collections::BTreeMap;
use std::time::Duration;

use alloy_primitives::U256;
use serde::Serialize;
use serde_json::Value;

use super::stage::failed;
use crate::cli::failure::Outcome;
use crate::cli::money::ether;
use crate::cli::table::Table;

/// A kind of operation, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Operation {
    Deploy,
    Register,
    Vouch,
    Allow,
    Add,
    Deposit,
    Share,
    ChangeAccess,
    Request,
    Deny,
    Approve,
    Open,
    Update,
    Revoke,
    Remove,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Register => "register",
            Self::Vouch => "vouch",
            Self::Allow => "allow deposits",
            Self::Add => "add a record",
            Self::Deposit => "deposit for a patient",
            Self::Share => "share",
            Self::ChangeAccess => "change access",
            Self::Request => "request",
            Self::Deny => "deny",
            Self::Approve => "approve",
            Self::Open => "open and log",
            Self::Update => "update a record",
            Self::Revoke => "revoke and re-encrypt",
            Self::Remove => "remove a record",
        }
    }

    /// Gas of the matching function of the Solidity contract of Boumezbeur & Zarour (2021), measured with
    /// non-zero arguments on a current EVM; deployment and removal of a record as they published them.
    fn first(self) -> Option<u64> {
        match self {
            Self::Deploy => Some(957_581),
            Self::Register => Some(112_553),
            Self::Add => Some(67_041),
            Self::Share => Some(112_650),
            Self::ChangeAccess => Some(35_806),
            Self::Revoke => Some(33_372),
            Self::Remove => Some(17_141),
            _ => None,
        }
    }
}

/// One operation that was done.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    operation: Operation,
    transactions: usize,
    gas: u64,
    /// Wei.
    fee: u64,
    /// Gas of the matching operation of the first implementation.
    first_gas: Option<u64>,
    /// Wall time of the whole command in milliseconds.
    millis: u128,
}

/// All of them.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Ledger(Vec<Entry>);

impl Ledger {
    /// Books an operation by the transactions that its command reported.
    pub(super) fn book(&mut self, operation: Operation, answer: &Value, took: Duration) -> Outcome {
        let receipts = answer["receipts"].as_array();
        let receipts = receipts
            .ok_or_else(|| failed(&format!("{} reported no receipts", operation.name())))?;
        let sum = |field: &str| -> Outcome<u64> {
            let each = |receipt: &Value| receipt[field].as_u64();
            let numbers: Option<Vec<u64>> = receipts.iter().map(each).collect();
            let numbers = numbers.ok_or_else(|| failed(&format!("a receipt has no {field}")))?;
            Ok(numbers.iter().sum())
        };
        self.0.push(Entry {
            operation,
            transactions: receipts.len(),
            gas: sum("gasUsed")?,
            fee: sum("fee")?,
            first_gas: operation.first(),
            millis: took.as_millis(),
        });
        Ok(())
    }

    /// The closing table: a row for each kind of operation, with the medians of what it cost.
    pub(super) fn table(&self) -> String {
        let mut kinds: BTreeMap<Operation, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.0 {
            kinds.entry(entry.operation).or_default().push(entry);
        }
        let mut table = Table::new([
            "operation",
            "done",
            "transactions each",
            "gas",
            "fee",
            "solidity original",
            "time",
        ]);
        table.align_right(&[1, 2, 3, 4, 5, 6]);
        for (operation, entries) in kinds {
            let gas = median(entries.iter().map(|entry| u128::from(entry.gas)));
            let fee = median(entries.iter().map(|entry| u128::from(entry.fee)));
            let millis = median(entries.iter().map(|entry| entry.millis));
            let transactions = median(entries.iter().map(|entry| entry.transactions as u128));
            let first = operation.first().map(|gas| format!("{gas} gas"));
            table.row([
                operation.name().to_owned(),
                format!("{}x", entries.len()),
                transactions.to_string(),
                gas.to_string(),
                ether(U256::from(fee)),
                first.unwrap_or_default(),
                format!("{:.2} s", millis as f64 / 1e3),
            ]);
        }
        format!(
            "{}\nGas, fee and time are medians of what was done. Solidity original: gas of the matching\n\
             function of the scheme's first contract, which knew no re-encryption and no deposits.\n",
            table.text()
        )
    }
}

/// The one in the middle; 0 of nothing.
fn median(figures: impl Iterator<Item = u128>) -> u128 {
    let mut figures: Vec<u128> = figures.collect();
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
