//! The address book: people, their accounts and their pinned keys.

use std::collections::HashSet;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use super::{ContactCard, Fingerprint, IdentityError, check_email, check_name};
use crate::crypto::key::EncryptionPublicKey;

const VERSION: u32 = 1;
/// Fewest digits after `0x` that name a person by address.
const MIN_PREFIX: usize = 6;

/// Somebody the user knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// Name, unique in the book whatever its case.
    pub name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Account.
    pub address: Address,
    /// Fingerprint of the key this person had when it was first seen or last confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Fingerprint>,
    /// Whether the user compared the pinned fingerprint with the person.
    #[serde(default)]
    pub verified: bool,
    /// Whether the user relies on this person's vouching for professionals.
    #[serde(default)]
    pub trusted_voucher: bool,
}

/// What the address book says about a key that the registry gives for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCheck {
    /// The key is the pinned one, and its fingerprint was compared with the person.
    Verified,
    /// The key is the pinned one; nobody compared it yet.
    Pinned,
    /// No key was pinned so far.
    FirstUse,
    /// Another key than the pinned one: a new key of theirs, or somebody else's.
    Changed {
        /// Fingerprint that was pinned.
        pinned: Fingerprint,
        /// Fingerprint of the key given now.
        given: Fingerprint,
    },
}

/// All people of one profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressBook {
    people: Vec<Person>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    people: Vec<Person>,
}

impl AddressBook {
    /// Everybody, by name.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Adds somebody by name and account; a key is pinned when it is first seen.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Exists`] if name or account are in the book.
    pub fn add(
        &mut self,
        name: &str,
        email: Option<&str>,
        address: Address,
    ) -> Result<&Person, IdentityError> {
        self.insert(Person {
            name: name.to_owned(),
            email: email.map(str::to_owned),
            address,
            pinned: None,
            verified: false,
            trusted_voucher: false,
        })
    }

    /// Adds somebody from their card, whose key is pinned at once. It counts as verified only when the card
    /// came from the person's own hands.
    ///
    /// # Errors
    /// As [`AddressBook::add`].
    pub fn add_card(
        &mut self,
        card: &ContactCard,
        in_person: bool,
    ) -> Result<&Person, IdentityError> {
        self.insert(Person {
            name: card.name.clone(),
            email: card.email.clone(),
            address: card.address,
            pinned: Some(card.fingerprint()),
            verified: in_person,
            trusted_voucher: false,
        })
    }

    fn insert(&mut self, person: Person) -> Result<&Person, IdentityError> {
        check_person(&person)?;
        let taken = self
            .people
            .iter()
            .find(|known| same_name(&known.name, &person.name) || known.address == person.address);
        if let Some(known) = taken {
            return Err(IdentityError::Exists {
                what: "person",
                name: known.name.clone(),
            });
        }
        let key = person.name.to_lowercase();
        let at = self
            .people
            .partition_point(|known| known.name.to_lowercase() < key);
        self.people.insert(at, person);
        Ok(&self.people[at])
    }

    /// What [`AddressBook::insert`] checks of each person, for a sorted book as a whole.
    fn check(&self) -> Result<(), IdentityError> {
        let mut accounts = HashSet::new();
        let mut before: Option<&Person> = None;
        for person in &self.people {
            check_person(person)?;
            let twin = before.is_some_and(|before| same_name(&before.name, &person.name));
            if twin || !accounts.insert(person.address) {
                return Err(IdentityError::Exists {
                    what: "person",
                    name: person.name.clone(),
                });
            }
            before = Some(person);
        }
        Ok(())
    }

    /// The person with this name, account, or account prefix of at least six digits.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`], [`IdentityError::Ambiguous`].
    pub fn find(&self, wanted: &str) -> Result<&Person, IdentityError> {
        let fits = |person: &&Person| names(person, wanted);
        let found: Vec<&Person> = self.people.iter().filter(fits).collect();
        match found[..] {
            [person] => Ok(person),
            [] => Err(IdentityError::NotFound {
                what: "person",
                name: wanted.to_owned(),
            }),
            _ => Err(IdentityError::Ambiguous {
                name: wanted.to_owned(),
                candidates: found
                    .iter()
                    .map(|p| p.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// The person with this account.
    pub fn by_address(&self, address: &Address) -> Option<&Person> {
        self.people.iter().find(|person| person.address == *address)
    }

    /// Takes somebody out of the book.
    ///
    /// # Errors
    /// As [`AddressBook::find`].
    pub fn remove(&mut self, wanted: &str) -> Result<Person, IdentityError> {
        let address = self.find(wanted)?.address;
        let at = self
            .people
            .iter()
            .position(|person| person.address == address);
        let missing = || IdentityError::NotFound {
            what: "person",
            name: wanted.to_owned(),
        };
        Ok(self.people.remove(at.ok_or_else(missing)?))
    }

    /// Compares the key the registry gives for an account with the pinned one.
    pub fn check_key(&self, address: &Address, key: &EncryptionPublicKey) -> KeyCheck {
        let given = Fingerprint::of(address, key);
        let person = self.by_address(address);
        match person.and_then(|person| person.pinned.map(|pinned| (pinned, person.verified))) {
            None => KeyCheck::FirstUse,
            Some((pinned, true)) if pinned == given => KeyCheck::Verified,
            Some((pinned, false)) if pinned == given => KeyCheck::Pinned,
            Some((pinned, _)) => KeyCheck::Changed { pinned, given },
        }
    }

    /// Pins a key at first use. A pinned key is never replaced here: that takes [`AddressBook::verify`].
    ///
    /// # Errors
    /// [`IdentityError::NotFound`], [`IdentityError::Exists`] if a key is pinned already.
    pub fn pin(
        &mut self,
        address: &Address,
        key: &EncryptionPublicKey,
    ) -> Result<(), IdentityError> {
        let person = self.by_address_mut(address)?;
        if person.pinned.is_some() {
            return Err(IdentityError::Exists {
                what: "pinned key",
                name: person.name.clone(),
            });
        }
        person.pinned = Some(Fingerprint::of(address, key));
        Ok(())
    }

    /// Records that the user compared a fingerprint with the person; it becomes the pinned one.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`].
    pub fn verify(
        &mut self,
        address: &Address,
        compared: Fingerprint,
    ) -> Result<(), IdentityError> {
        let person = self.by_address_mut(address)?;
        person.pinned = Some(compared);
        person.verified = true;
        Ok(())
    }

    /// Says whether the user relies on this person's vouching.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`].
    pub fn set_trusted_voucher(
        &mut self,
        address: &Address,
        trusted: bool,
    ) -> Result<(), IdentityError> {
        self.by_address_mut(address)?.trusted_voucher = trusted;
        Ok(())
    }

    fn by_address_mut(&mut self, address: &Address) -> Result<&mut Person, IdentityError> {
        let missing = || IdentityError::NotFound {
            what: "person",
            name: address.to_string(),
        };
        self.people
            .iter_mut()
            .find(|person| person.address == *address)
            .ok_or_else(missing)
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, IdentityError> {
        let stored = Stored {
            version: VERSION,
            people: self.people.clone(),
        };
        serde_json::to_vec_pretty(&stored)
            .map_err(|error| IdentityError::invalid("the address book", error.to_string()))
    }

    /// Reads a stored book; everything is checked again, since a person may have edited the file.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, String> {
        let stored: Stored = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if stored.version != VERSION {
            return Err(format!(
                "it is of version {}, this is version {VERSION}",
                stored.version
            ));
        }
        let mut book = Self {
            people: stored.people,
        };
        book.people
            .sort_by_cached_key(|person| person.name.to_lowercase());
        book.check().map_err(|error| error.to_string())?;
        Ok(book)
    }
}

fn check_person(person: &Person) -> Result<(), IdentityError> {
    check_name(&person.name)?;
    person.email.as_deref().map_or(Ok(()), check_email)
}

fn same_name(one: &str, two: &str) -> bool {
    one.to_lowercase() == two.to_lowercase()
}

fn names(person: &Person, wanted: &str) -> bool {
    let Some(digits) = wanted.strip_prefix("0x") else {
        return same_name(&person.name, wanted);
    };
    let prefix = format!("0x{}", digits.to_lowercase());
    digits.len() >= MIN_PREFIX && format!("{:#x}", person.address).starts_with(&prefix)
}

#[cfg(test)]
mod tests;
