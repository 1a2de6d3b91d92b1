//! Giving access, and changing it.

use alloy_primitives::{Address, B256};
use serde::Serialize;

use super::deed::Deed;
use super::error::{Obstacle, RecordsError, Result};
use super::job::{Job, request_id};
use super::keys::public_key;
use super::party::{Party, Receipt};
use super::session::Session;
use crate::chain::{AccessLevel, Grant, Purpose, Role, Snapshot, User};
use crate::crypto::key::EncryptionPublicKey;
use crate::identity::{AddressBook, Fingerprint, KeyCheck};

/// What is checked about somebody before anything is encrypted for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caution {
    /// That the registry's key is the pinned one.
    Key,
    /// Also that somebody trusted vouches for the role, unless it is that of a patient.
    KeyAndRole,
}

/// Access for one person or many.
#[derive(Clone, Debug)]
pub struct Share {
    /// The record.
    pub id: B256,
    /// To whom.
    pub users: Vec<Address>,
    /// What they may do.
    pub level: AccessLevel,
    /// What for.
    pub purpose: Purpose,
    /// Until when, Unix seconds; `None` for ever.
    pub expires: Option<u64>,
    /// Share also with people whose role nobody trusted vouches for.
    pub unvouched: bool,
}

/// Access that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shared {
    /// The record.
    pub id: B256,
    /// To whom.
    pub granted: Vec<Party>,
    /// The transactions: one for each 64 people.
    pub receipts: Vec<Receipt>,
}

/// New terms of a grant; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewTerms {
    /// What they may do.
    pub level: Option<AccessLevel>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Until when, Unix seconds; `Some(None)` for ever.
    pub expires: Option<Option<u64>>,
}

impl Session {
    /// Gives access to a record, 64 people in a transaction.
    ///
    /// A key that is seen for the first time is pinned in the address book; strangers are entered under a name made of
    /// their address.
    ///
    /// # Errors
    /// [`RecordsError::Blocked`], with everybody who stands in the way; [`RecordsError::NotOwner`];
    /// [`RecordsError::Yourself`]; [`RecordsError::Chain`].
    pub async fn share(&self, share: &Share) -> Result<Shared> {
        let Share {
            id,
            level,
            purpose,
            expires,
            ..
        } = *share;
        if share.users.is_empty() {
            return Err(RecordsError::Nobody);
        }
        if share.users.contains(&self.me()) {
            return Err(RecordsError::Yourself);
        }
        let request = request_id(("share", id, &share.users, level, purpose, expires))?;
        let done = match self.earlier(request).await? {
            Some(done) => done,
            None => {
                let current = self.own(id).await?;
                let caution = if share.unvouched {
                    Caution::Key
                } else {
                    Caution::KeyAndRole
                };
                let users = self
                    .recipients(&current.snapshot, &share.users, caution)
                    .await?;
                let (key, epoch) = (self.key_now(&current).await?, current.entry.epoch);
                let grant = |(user, known): &(Address, User)| {
                    let key = self.wrap_key(&key, id, epoch, *user, known)?;
                    Ok(Grant {
                        record: id,
                        user: *user,
                        level,
                        purpose,
                        expires,
                        epoch,
                        key,
                    })
                };
                let grants = users.iter().map(grant).collect::<Result<_>>()?;
                self.perform(Job::plain(request, Deed::Share { grants }))
                    .await?
            }
        };
        let book = self.profile.people()?;
        let granted = share
            .users
            .iter()
            .map(|user| self.party_in(&book, *user))
            .collect();
        Ok(Shared {
            id,
            granted,
            receipts: done.receipts,
        })
    }

    /// Changes the terms of a grant; the key stays.
    ///
    /// # Errors
    /// [`RecordsError::NoGrant`], [`RecordsError::NotOwner`], [`RecordsError::Chain`].
    pub async fn change_access(
        &self,
        id: B256,
        user: Address,
        terms: NewTerms,
    ) -> Result<Vec<Receipt>> {
        self.own(id).await?;
        let grants = self.history.grants_of(id)?;
        let Some(held) = grants.into_iter().find(|grant| grant.user == user) else {
            return Err(RecordsError::NoGrant {
                id,
                user: self.party(user)?,
            });
        };
        self.perform_plain(Deed::UpdateAccess {
            id,
            user,
            level: terms.level.unwrap_or(held.level),
            purpose: terms.purpose.unwrap_or(held.purpose),
            expires: terms.expires.unwrap_or(held.expires),
        })
        .await
    }

    /// Looks up the keys of people that something is to be encrypted for, and checks them.
    pub(super) async fn recipients(
        &self,
        snapshot: &Snapshot<'_>,
        addresses: &[Address],
        caution: Caution,
    ) -> Result<Vec<(Address, User)>> {
        let book = self.profile.people()?;
        let users = snapshot.users(addresses).await?;
        let vouched = match caution {
            Caution::Key => Vec::new(),
            Caution::KeyAndRole => self.vouchers(snapshot, &book, addresses).await?,
        };
        let (mut found, mut new, mut obstacles) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (address, user)) in addresses.iter().zip(users).enumerate() {
            let person = self.party_in(&book, *address);
            let Some(user) = user else {
                obstacles.push(Obstacle::NotRegistered(person));
                continue;
            };
            let key = public_key(&user.key)?;
            match book.check_key(address, &key) {
                KeyCheck::Verified | KeyCheck::Pinned => {}
                KeyCheck::FirstUse => new.push((*address, key)),
                KeyCheck::Changed { pinned, given } => {
                    obstacles.push(Obstacle::KeyChanged {
                        person: person.clone(),
                        pinned,
                        given,
                    });
                }
            }
            let vouch =
                |vouches: &Vec<(Party, Role)>| vouches.iter().any(|(_, role)| *role == user.role);
            if caution == Caution::KeyAndRole
                && user.role != Role::Patient
                && !vouched.get(at).is_some_and(vouch)
            {
                obstacles.push(Obstacle::Unvouched {
                    person,
                    role: user.role,
                });
            }
            found.push((*address, user));
        }
        if !obstacles.is_empty() {
            return Err(RecordsError::Blocked(obstacles));
        }
        self.pin(&new)?;
        Ok(found)
    }

    /// For each address, whom the user trusts and who vouches for it now, and as what. The user's own word counts.
    pub(super) async fn vouchers(
        &self,
        snapshot: &Snapshot<'_>,
        book: &AddressBook,
        addresses: &[Address],
    ) -> Result<Vec<Vec<(Party, Role)>>> {
        let mut trusted = vec![self.me()];
        trusted.extend(
            book.people()
                .iter()
                .filter(|person| person.trusted_voucher)
                .map(|person| person.address),
        );
        let pairs: Vec<_> = addresses
            .iter()
            .flat_map(|user| trusted.iter().map(move |voucher| (*voucher, *user)))
            .collect();
        let vouches = snapshot.vouches(&pairs).await?;
        let now = snapshot.block().timestamp;
        let by_user = pairs
            .chunks(trusted.len())
            .zip(vouches.chunks(trusted.len()));
        Ok(by_user
            .map(|(pairs, vouches)| {
                let held = pairs
                    .iter()
                    .zip(vouches)
                    .filter_map(|((voucher, _), vouch)| {
                        let vouch =
                            vouch.filter(|vouch| vouch.expires.is_none_or(|end| end > now))?;
                        Some((self.party_in(book, *voucher), vouch.role))
                    });
                held.collect()
            })
            .collect())
    }

    /// Pins keys that were seen for the first time.
    fn pin(&self, new: &[(Address, EncryptionPublicKey)]) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        Ok(self.profile.change_people(|people| {
            for (address, key) in new {
                if people.by_address(address).is_none() {
                    let name = format!("account {}", &format!("{address:x}")[..10]);
                    people.add(&name, None, *address)?;
                }
                // Another process may have pinned it since: then it was the same key or the next use refuses.
                if people.check_key(address, key) == KeyCheck::FirstUse {
                    people.pin(address, key)?;
                }
            }
            Ok(())
        })?)
    }

    /// Whether the registry's key of a user is not the pinned one.
    pub(super) fn key_changed(
        &self,
        book: &AddressBook,
        address: Address,
        user: &User,
    ) -> Result<Option<Fingerprint>> {
        let key = public_key(&user.key)?;
        Ok(match book.check_key(&address, &key) {
            KeyCheck::Changed { given, .. } => Some(given),
            _ => None,
        })
    }

    pub(super) fn party_in(&self, book: &AddressBook, address: Address) -> Party {
        let name = book.by_address(&address).map(|person| person.name.clone());
        Party {
            address,
            name,
            you: address == self.me(),
        }
    }
}
