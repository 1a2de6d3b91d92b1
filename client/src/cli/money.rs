//! What transactions cost.

use alloy_primitives::U256;
use alloy_primitives::utils::format_ether;
use serde::Serialize;

use crate::chain;

/// A transaction and what was paid for it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Paid {
    /// The registry's function.
    pub(crate) what: String,
    pub(crate) hash: String,
    pub(crate) gas: u64,
    /// Wei; in JSON a decimal text, as it may exceed what JSON numbers hold.
    #[serde(serialize_with = "decimal")]
    pub(crate) fee: U256,
}

impl From<&chain::Outcome> for Paid {
    fn from(outcome: &chain::Outcome) -> Self {
        Self {
            what: outcome.what.clone(),
            hash: outcome.hash.to_string(),
            gas: outcome.gas_used,
            fee: outcome.fee(),
        }
    }
}

fn decimal<S: serde::Serializer>(wei: &U256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(wei)
}

/// Wei as ether, with as many decimals as it takes.
pub(crate) fn ether(wei: U256) -> String {
    let text = format_ether(wei);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{short} ETH")
}

/// What several transactions cost, in one line; nothing for none.
pub(crate) fn bill(paid: &[Paid]) -> String {
    let gas: u64 = paid.iter().map(|paid| paid.gas).sum();
    let fee = paid
        .iter()
        .fold(U256::ZERO, |sum, paid| sum.saturating_add(paid.fee));
    match paid.len() {
        0 => "nothing".to_owned(),
        1 => format!("{} ({gas} gas)", ether(fee)),
        several => format!("{} ({gas} gas in {several} transactions)", ether(fee)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_shown_without_idle_zeros() {
        assert_eq!(ether(U256::from(10u64.pow(18))), "1 ETH");
        assert_eq!(ether(U256::from(5_000_000_000_000u64)), "0.000005 ETH");
        assert_eq!(ether(U256::ZERO), "0 ETH");
        let paid = Paid {
            what: "grant".into(),
            hash: String::new(),
            gas: 2,
            fee: U256::from(10u64.pow(17)),
        };
        assert_eq!(bill(&[]), "nothing");
        assert_eq!(bill(std::slice::from_ref(&paid)), "0.1 ETH (2 gas)");
        assert_eq!(
            bill(&[paid.clone(), paid]),
            "0.2 ETH (4 gas in 2 transactions)"
        );
    }
}
