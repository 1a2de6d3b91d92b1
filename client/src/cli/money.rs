//! What transactions cost.

use alloy_primitives::U256;
use alloy_primitives::utils::format_ether;

use crate::records::Receipt;

/// Wei as ether, with as many decimals as it takes.
pub(crate) fn ether(wei: U256) -> String {
    let text = format_ether(wei);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{short} ETH")
}

/// What several transactions cost, in one line; nothing for none.
pub(crate) fn bill(receipts: &[Receipt]) -> String {
    let gas: u64 = receipts.iter().map(|receipt| receipt.gas_used).sum();
    let fee: u128 = receipts.iter().map(|receipt| receipt.fee).sum();
    match receipts.len() {
        0 => "nothing".to_owned(),
        1 => format!("{} ({gas} gas)", ether(U256::from(fee))),
        several => format!(
            "{} ({gas} gas in {several} transactions)",
            ether(U256::from(fee))
        ),
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
        let receipt = Receipt {
            what: "grant".into(),
            tx: Default::default(),
            block: 1,
            gas_used: 2,
            fee: 10u128.pow(17),
        };
        assert_eq!(bill(&[]), "nothing");
        assert_eq!(bill(std::slice::from_ref(&receipt)), "0.1 ETH (2 gas)");
        assert_eq!(
            bill(&[receipt.clone(), receipt]),
            "0.2 ETH (4 gas in 2 transactions)"
        );
    }
}
