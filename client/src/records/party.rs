//! People and receipts, as outcomes show them.

use std::fmt;

use alloy_primitives::{Address, B256};
use serde::Serialize;

use crate::chain::Outcome;

/// An account, and the name that the user knows it by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Party {
    /// The account.
    pub address: Address,
    /// Name in the address book; `None` for strangers.
    pub name: Option<String>,
    /// Whether it is the user.
    pub you: bool,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            _ if self.you => write!(f, "you ({})", self.address),
            Some(name) => write!(f, "{name} ({})", self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

/// A transaction that took effect, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The registry's function.
    pub what: String,
    /// Hash of the transaction.
    pub tx: B256,
    /// Its block.
    pub block: u64,
    /// Gas used in all.
    pub gas_used: u64,
    /// Wei paid.
    pub fee: u128,
}

impl From<&Outcome> for Receipt {
    fn from(outcome: &Outcome) -> Self {
        Self {
            what: outcome.what.clone(),
            tx: outcome.hash,
            block: outcome.block.number,
            gas_used: outcome.gas_used,
            fee: u128::from(outcome.gas_used).saturating_mul(outcome.gas_price),
        }
    }
}
