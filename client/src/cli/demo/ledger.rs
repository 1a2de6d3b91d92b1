//! What every operation cost, beside the figures of the scheme's first implementation.

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

    /// The closing table.
    pub(super) fn table(&self) -> String {
        let mut entries = self.0.clone();
        entries.sort_by_key(|entry| entry.operation);
        let mut table = Table::new([
            "operation",
            "transactions",
            "gas",
            "fee",
            "solidity original",
            "time",
        ]);
        table.align_right(&[1, 2, 3, 4, 5]);
        for entry in &entries {
            table.row([
                entry.operation.name().to_owned(),
                entry.transactions.to_string(),
                entry.gas.to_string(),
                ether(U256::from(entry.fee)),
                entry
                    .first_gas
                    .map(|gas| format!("{gas} gas"))
                    .unwrap_or_default(),
                format!(
                    "{:.2} s",
                    Duration::from_millis(entry.millis as u64).as_secs_f64()
                ),
            ]);
        }
        format!(
            "{}\nSolidity original: gas of the matching function of the scheme's first contract.\n",
            table.text()
        )
    }
}
