//! Being a user: registration and keys; statements about others; leave to deposit.

use alloy_primitives::{Address, U256};
use serde::Serialize;

use super::deed::Deed;
use super::error::{RecordsError, Result};
use super::keys::public_key;
use super::party::{Party, Receipt};
use super::session::Session;
use crate::chain::{Event, Page, PublicKey, Role, Subject, User};
use crate::crypto::key::EncryptionKeyPair;
use crate::identity::{ContactCard, Fingerprint, KeyCheck, Person};

/// Events read at a time.
const PAGE: u32 = 4096;

/// Who the user is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoAmI {
    /// Name of the profile.
    pub profile: String,
    /// The account.
    pub address: Address,
    /// Wei that it has for fees.
    pub balance: U256,
    /// What the registry knows; `None` before registering.
    pub registration: Option<Registration>,
}

/// A registration of the user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// The role claimed.
    pub role: Role,
    /// Version of the encryption key.
    pub key_version: u32,
    /// What others compare.
    pub fingerprint: Fingerprint,
}

/// Somebody of the address book, as the registry sees them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Acquaintance {
    /// The entry in the address book.
    #[serde(flatten)]
    pub person: Person,
    /// The role claimed; `None` if not registered.
    pub role: Option<Role>,
    /// Version of their encryption key.
    pub key_version: Option<u32>,
    /// Fingerprint of the registry's key.
    pub fingerprint: Option<Fingerprint>,
    /// Whether the registry gives another key than the pinned one.
    pub key_changed: bool,
    /// Whom the user trusts, and who vouches for the role that is claimed.
    pub vouched_by: Vec<Party>,
}

impl Session {
    /// Registers the account with the next version of its encryption key.
    ///
    /// # Errors
    /// [`RecordsError::Chain`], also when it is registered already.
    pub async fn register(&self, role: Role) -> Result<Vec<Receipt>> {
        let pair = self
            .identity
            .encryption_key(self.next_key_version().await?)?;
        self.perform_plain(Deed::Register {
            key: registry_key(&pair),
            role,
        })
        .await
    }

    /// Replaces the encryption key by its next version. What was wrapped for older ones stays readable.
    ///
    /// # Errors
    /// [`RecordsError::Chain`], [`RecordsError::NotRegistered`].
    pub async fn rotate_key(&self) -> Result<Vec<Receipt>> {
        let me = self
            .snapshot()
            .await?
            .user(self.me())
            .await?
            .ok_or(RecordsError::NotRegistered)?;
        let pair = self
            .identity
            .encryption_key(me.key_version.saturating_add(1))?;
        self.perform_plain(Deed::RotateKey {
            key: registry_key(&pair),
        })
        .await
    }

    /// Ends the registration, and with it access to everything of others.
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn deregister(&self) -> Result<Vec<Receipt>> {
        self.perform_plain(Deed::Deregister).await
    }

    /// Who the user is.
    ///
    /// # Errors
    /// [`RecordsError::Chain`]; [`RecordsError::ForeignKey`] if the registered key is not the phrase's.
    pub async fn who_am_i(&self) -> Result<WhoAmI> {
        let user = self.snapshot().await?.user(self.me()).await?;
        let registration = match user {
            Some(user) => Some(self.registration(&user)?),
            None => None,
        };
        Ok(WhoAmI {
            profile: self.profile.name().to_owned(),
            address: self.me(),
            balance: self.registry.node().balance(self.me()).await?,
            registration,
        })
    }

    fn registration(&self, user: &User) -> Result<Registration> {
        let pair = self.identity.encryption_key(user.key_version)?;
        if registry_key(&pair) != user.key {
            return Err(RecordsError::ForeignKey(user.key_version));
        }
        let fingerprint = self.identity.fingerprint(user.key_version)?;
        Ok(Registration {
            role: user.role,
            key_version: user.key_version,
            fingerprint,
        })
    }

    /// A card with the registered key, to hand to others.
    ///
    /// # Errors
    /// [`RecordsError::NotRegistered`]; [`RecordsError::Identity`] for a name nobody could take over.
    pub async fn contact_card(&self, name: &str, email: Option<&str>) -> Result<ContactCard> {
        let user = self
            .snapshot()
            .await?
            .user(self.me())
            .await?
            .ok_or(RecordsError::NotRegistered)?;
        self.registration(&user)?;
        let pair = self.identity.encryption_key(user.key_version)?;
        Ok(ContactCard::new(name, email, self.me(), &pair)?)
    }

    /// States on the chain that somebody has a role, until `expires` (Unix seconds; `None` for ever).
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn vouch(
        &self,
        user: Address,
        role: Role,
        expires: Option<u64>,
    ) -> Result<Vec<Receipt>> {
        self.perform_plain(Deed::Vouch {
            user,
            role,
            expires,
        })
        .await
    }

    /// Takes that statement back.
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn withdraw_vouch(&self, user: Address) -> Result<Vec<Receipt>> {
        self.perform_plain(Deed::WithdrawVouch { user }).await
    }

    /// Lets somebody make records that the user owns, until `expires` (Unix seconds; `None` for ever).
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn allow_deposits(
        &self,
        depositor: Address,
        expires: Option<u64>,
    ) -> Result<Vec<Receipt>> {
        self.perform_plain(Deed::AllowDeposits { depositor, expires })
            .await
    }

    /// Takes that leave back.
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn disallow_deposits(&self, depositor: Address) -> Result<Vec<Receipt>> {
        self.perform_plain(Deed::DisallowDeposits { depositor })
            .await
    }

    /// Everybody in the address book, as the registry sees them.
    ///
    /// # Errors
    /// [`RecordsError::Chain`], [`RecordsError::Identity`].
    pub async fn people(&self) -> Result<Vec<Acquaintance>> {
        let book = self.profile.people()?;
        let snapshot = self.snapshot().await?;
        let addresses: Vec<_> = book.people().iter().map(|person| person.address).collect();
        let users = snapshot.users(&addresses).await?;
        let vouched = self.vouchers(&snapshot, &book, &addresses).await?;
        let mut found = Vec::with_capacity(addresses.len());
        for ((person, user), vouches) in book.people().iter().zip(users).zip(vouched) {
            let key = user.map(|user| public_key(&user.key)).transpose()?;
            let role = user.map(|user| user.role);
            let vouched_by = vouches
                .into_iter()
                .filter(|(_, as_role)| Some(*as_role) == role);
            found.push(Acquaintance {
                person: person.clone(),
                role,
                key_version: user.map(|user| user.key_version),
                fingerprint: key.map(|key| Fingerprint::of(&person.address, &key)),
                key_changed: key.is_some_and(|key| {
                    matches!(
                        book.check_key(&person.address, &key),
                        KeyCheck::Changed { .. }
                    )
                }),
                vouched_by: vouched_by.map(|(voucher, _)| voucher).collect(),
            });
        }
        Ok(found)
    }

    /// Confirms that the registry's key of somebody is theirs: `compared` is the fingerprint that the two compared.
    /// It becomes the pinned one.
    ///
    /// # Errors
    /// [`RecordsError::FingerprintDiffers`]; [`RecordsError::Blocked`] if they are not registered;
    /// [`RecordsError::Identity`] if they are not in the address book.
    pub async fn verify_person(&self, address: Address, compared: Fingerprint) -> Result<()> {
        let person = self.party(address)?;
        let user = self.snapshot().await?.user(address).await?;
        let Some(user) = user else {
            return Err(RecordsError::Blocked(vec![
                super::error::Obstacle::NotRegistered(person),
            ]));
        };
        let found = Fingerprint::of(&address, &public_key(&user.key)?);
        if found != compared {
            return Err(RecordsError::FingerprintDiffers { person, found });
        }
        Ok(self
            .profile
            .change_people(|people| people.verify(&address, compared))?)
    }

    /// The version that a new registration's key gets: versions never restart, also after deregistering.
    async fn next_key_version(&self) -> Result<u32> {
        self.sync().await?;
        let mut last = 0;
        let mut page = Page::first(PAGE);
        loop {
            let events = self.history.audit(Subject::User(self.me()), page)?;
            for occurrence in &events {
                if let Event::Registered {
                    user, key_version, ..
                }
                | Event::KeyRotated {
                    user, key_version, ..
                } = occurrence.event
                    && user == self.me()
                {
                    last = key_version;
                }
            }
            match events.last() {
                Some(occurrence) => page = Page::after(occurrence.at, PAGE),
                None => return Ok(last.saturating_add(1)),
            }
        }
    }
}

fn registry_key(pair: &EncryptionKeyPair) -> PublicKey {
    let (x, odd) = pair.public().to_compressed();
    PublicKey { x: x.into(), odd }
}
