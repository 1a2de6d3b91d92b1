//! Keys derived from the phrase.

use std::fmt;

use alloy_primitives::Address;
use bip32::XPrv;
use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

use super::contact::Fingerprint;
use super::{IdentityError, RecoveryPhrase};
use crate::crypto::key::{EncryptionKeyPair, RecordRoot, SEED_LEN};

/// First account of a wallet on Ethereum-like chains: BIP-44, coin type 60 (SLIP-44).
const ACCOUNT_PATH: &str = "m/44'/60'/0'/0/0";

/// The secp256k1 key that signs the user's transactions.
pub struct AccountKey {
    secret: SecretBox<[u8; 32]>,
    address: Address,
}

impl AccountKey {
    /// Derives the key any BIP-44 wallet derives from this seed.
    fn from_seed(seed: &[u8; SEED_LEN]) -> Result<Self, IdentityError> {
        let underivable =
            |_| IdentityError::invalid("the recovery phrase", "it gives no account key");
        let path = ACCOUNT_PATH.parse().map_err(underivable)?;
        let key = XPrv::derive_from_path(seed, &path).map_err(underivable)?;
        let point = key.private_key().verifying_key().to_sec1_point(false);
        let address = Address::from_raw_public_key(&point.as_bytes()[1..]);
        let bytes = Zeroizing::new(key.to_bytes());
        let secret = SecretBox::init_with_mut(|out: &mut [u8; 32]| *out = *bytes);
        Ok(Self { secret, address })
    }

    /// The account: last 20 bytes of the Keccak-256 hash of the public key.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The private scalar, for the signer that needs it. Never print, log or store it.
    pub fn expose_secret(&self) -> &[u8; 32] {
        self.secret.expose_secret()
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey({}, [REDACTED])", self.address)
    }
}

/// Everything the phrase gives: account, record root and every version of the encryption key.
pub struct Identity {
    seed: SecretBox<[u8; SEED_LEN]>,
    account: AccountKey,
    root: RecordRoot,
}

impl Identity {
    /// Derives the keys. Takes a moment: BIP-39 stretches the phrase with 2,048 rounds of PBKDF2.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] if the phrase gives no account key (probability below 2^-127, BIP-32).
    pub fn from_phrase(phrase: &RecoveryPhrase) -> Result<Self, IdentityError> {
        let seed = phrase.seed();
        let account = AccountKey::from_seed(&seed)?;
        let root = RecordRoot::from_seed(&seed);
        let seed = SecretBox::new(Box::new(*seed));
        Ok(Self {
            seed,
            account,
            root,
        })
    }

    /// The account that signs.
    pub fn account(&self) -> &AccountKey {
        &self.account
    }

    /// The root of the keys of one's own records.
    pub fn record_root(&self) -> &RecordRoot {
        &self.root
    }

    /// One version of the encryption key; the registry says which are in use.
    ///
    /// # Errors
    /// As [`EncryptionKeyPair::from_seed`].
    pub fn encryption_key(&self, version: u32) -> Result<EncryptionKeyPair, IdentityError> {
        Ok(EncryptionKeyPair::from_seed(
            self.seed.expose_secret(),
            version,
        )?)
    }

    /// What others compare to be sure of this user's key.
    ///
    /// # Errors
    /// As [`Identity::encryption_key`].
    pub fn fingerprint(&self, key_version: u32) -> Result<Fingerprint, IdentityError> {
        let key = self.encryption_key(key_version)?.public();
        Ok(Fingerprint::of(&self.account.address, &key))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, [REDACTED])", self.account.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The well-known development phrase (12 words), account 0 of every development node.
    #[test]
    fn the_development_phrase_gives_the_well_known_account() {
        let words = "test test test test test test test test test test test junk";
        let seed = bip39::Mnemonic::parse_normalized(words)
            .unwrap()
            .to_seed_normalized("");
        let key = AccountKey::from_seed(&seed).unwrap();
        assert_eq!(
            key.address().to_string(),
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        );
        assert_eq!(
            hex::encode(key.expose_secret()),
            "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
        );
    }

    /// 24 words of zero entropy, as published in many wallets' tests.
    #[test]
    fn the_zero_phrase_gives_the_published_account() {
        let identity = Identity::from_phrase(&RecoveryPhrase::from_entropy(&[0; 32])).unwrap();
        let account = identity.account();
        assert_eq!(
            account.address().to_string(),
            "0xF278cF59F82eDcf871d630F28EcC8056f25C1cdb"
        );
        assert_eq!(
            hex::encode(account.expose_secret()),
            "1053fae1b3ac64f178bcc21026fd06a3f4544ec2f35338b001f02d1d8efa3d5f"
        );
    }

    #[test]
    fn a_restored_phrase_gives_the_same_identity() {
        let phrase = RecoveryPhrase::generate().unwrap();
        let one = Identity::from_phrase(&phrase).unwrap();
        let words = phrase.words().join(" ");
        let two = Identity::from_phrase(&RecoveryPhrase::parse(&words).unwrap()).unwrap();
        assert_eq!(one.account().address(), two.account().address());
        assert_eq!(one.fingerprint(3).unwrap(), two.fingerprint(3).unwrap());
        assert_ne!(one.fingerprint(3).unwrap(), two.fingerprint(4).unwrap());
    }

    /// Threat 31: nothing secret shows in `Debug`.
    #[test]
    fn debug_shows_no_secret() {
        let phrase = RecoveryPhrase::from_entropy(&[0xab; 32]);
        let identity = Identity::from_phrase(&phrase).unwrap();
        let shown = format!("{phrase:?} {identity:?} {:?}", identity.account());
        assert!(!shown.contains(&hex::encode(identity.account().expose_secret())));
        assert!(!shown.contains("171"));
        assert!(
            phrase
                .words()
                .iter()
                .all(|word| !shown.contains(&format!(" {word} ")))
        );
    }
}
