//! The account that signs.

use std::fmt;

use alloy::consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718;
use alloy::primitives::{Address, B256};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use zeroize::Zeroizing;

use super::error::{ChainError, Result};
use super::journal::Attempt;

/// A secp256k1 key that signs transactions. It is wiped on drop (`k256`'s `SigningKey`), and `Debug` shows the address
/// only.
#[derive(Clone)]
pub struct Account(PrivateKeySigner);

impl Account {
    /// The account of a secret, 32 bytes big-endian.
    ///
    /// # Errors
    ///
    /// [`ChainError::BadSecret`] for zero and for what is not below the group's order.
    pub fn from_secret(secret: &Zeroizing<[u8; 32]>) -> Result<Self> {
        let signer = PrivateKeySigner::from_slice(secret.as_slice());
        signer.map(Self).map_err(|_| ChainError::BadSecret)
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.0.address()
    }

    /// Signs an EIP-1559 transaction.
    pub(super) fn sign(&self, transaction: TxEip1559) -> Result<Attempt> {
        let nonce = transaction.nonce;
        let signature = self.sign_hash(transaction.signature_hash())?;
        let signed = TxEnvelope::from(transaction.into_signed(signature));
        Ok(Attempt {
            hash: *signed.tx_hash(),
            nonce,
            raw: signed.encoded_2718().into(),
        })
    }

    fn sign_hash(&self, hash: B256) -> Result<alloy::primitives::Signature> {
        self.0
            .sign_hash_sync(&hash)
            .map_err(|e| ChainError::Signing(e.to_string()))
    }
}

impl From<PrivateKeySigner> for Account {
    fn from(signer: PrivateKeySigner) -> Self {
        Self(signer)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.address())
    }
}
