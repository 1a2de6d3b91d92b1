//! The funded accounts: Nitro's development account and those of the well-known test mnemonic.
//!
//! All these keys are public knowledge. Whatever is sent to them on a public chain is lost.

use std::fmt;

use alloy_primitives::{Address, B256, b256};
use bip32::{ChildNumber, DerivationPath, XPrv};
use bip39::Mnemonic;

/// The phrase every Ethereum development tool derives its accounts from.
pub const TEST_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Most accounts derived from [`TEST_MNEMONIC`].
pub const MAX_ACCOUNTS: u32 = 1000;

/// The key of [`crate::chain::DEV_ACCOUNT`], from the README of nitro-devnode.
pub const DEV_KEY: B256 =
    b256!("0xb6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659");

/// An account whose key everybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub address: Address,
    /// Its secp256k1 key.
    pub key: B256,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (key {})", self.address, self.key)
    }
}

/// Why the accounts could not be derived.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// More than [`MAX_ACCOUNTS`] were asked for.
    #[error("{0} accounts are too many: ask for at most {MAX_ACCOUNTS}")]
    TooMany(u32),
    /// The derivation failed, which has a probability under 2^-127 for each account.
    #[error("cannot derive the test accounts: {0}")]
    Derivation(#[from] bip32::Error),
}

/// The first `count` accounts of [`TEST_MNEMONIC`], at the BIP-44 paths `m/44'/60'/0'/0/i`.
///
/// # Errors
///
/// When `count` is above [`MAX_ACCOUNTS`].
pub fn test_accounts(count: u32) -> Result<Vec<Account>, AccountError> {
    if count > MAX_ACCOUNTS {
        return Err(AccountError::TooMany(count));
    }
    let parent = parent_key()?;
    (0..count).map(|index| account(&parent, index)).collect()
}

fn parent_key() -> Result<XPrv, AccountError> {
    let mnemonic = Mnemonic::parse_normalized(TEST_MNEMONIC).map_err(|_| bip32::Error::Bip39)?;
    let path: DerivationPath = "m/44'/60'/0'/0".parse()?;
    Ok(XPrv::derive_from_path(
        &mnemonic.to_seed_normalized(""),
        &path,
    )?)
}

fn account(parent: &XPrv, index: u32) -> Result<Account, AccountError> {
    let child = parent.derive_child(ChildNumber::new(index, false)?)?;
    let point = child.private_key().verifying_key().to_sec1_point(false);
    Ok(Account {
        address: Address::from_raw_public_key(&point.as_bytes()[1..]),
        key: child.to_bytes().into(),
    })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;

    use super::*;

    /// The addresses that Hardhat and Anvil print at start.
    #[test]
    fn accounts_are_those_of_other_development_nodes() {
        let accounts = test_accounts(10).unwrap();
        assert_eq!(accounts.len(), 10);
        assert_eq!(
            accounts[0].address,
            address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
        );
        assert_eq!(
            accounts[0].key,
            b256!("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
        );
        assert_eq!(
            accounts[9].address,
            address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720")
        );
    }

    #[test]
    fn the_number_of_accounts_is_bounded() {
        assert!(test_accounts(0).unwrap().is_empty());
        assert!(matches!(
            test_accounts(MAX_ACCOUNTS + 1),
            Err(AccountError::TooMany(1001))
        ));
    }
}
