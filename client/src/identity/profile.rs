//! Profiles: one folder for each identity on this machine.
//!
//! ```text
//! <base>/<name>/keystore      sealed phrase, mode 0600
//! <base>/<name>/people.json   address book, mode 0600
//! <base>/<name>/lock          held while either is changed
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use alloy_primitives::Address;

use super::files::{self, FolderLock, Publish};
use super::{AddressBook, Identity, IdentityError, Passphrase, RecoveryPhrase, keystore};

const KEYSTORE: &str = "keystore";
const PEOPLE: &str = "people.json";
/// Longest address book in bytes; some 20,000 people.
const MAX_PEOPLE_LEN: u64 = 8 << 20;

/// The folder that holds all profiles.
#[derive(Clone, Debug)]
pub struct Profiles {
    base: PathBuf,
}

impl Profiles {
    /// Profiles under `base`, which need not exist yet.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into() }
    }

    /// Names of all profiles, sorted.
    ///
    /// # Errors
    /// [`IdentityError::File`].
    pub fn list(&self) -> Result<Vec<String>, IdentityError> {
        if !self.base.exists() {
            return Ok(Vec::new());
        }
        let failed = || IdentityError::file(&self.base);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.base).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            let name = entry.file_name().into_string();
            names.extend(name.ok().filter(|_| entry.path().join(KEYSTORE).is_file()));
        }
        names.sort();
        Ok(names)
    }

    /// An existing profile.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`], [`IdentityError::Invalid`] for a name no profile can have.
    pub fn get(&self, name: &str) -> Result<Profile, IdentityError> {
        let profile = self.at(name)?;
        if profile.folder.join(KEYSTORE).is_file() {
            return Ok(profile);
        }
        Err(IdentityError::NotFound {
            what: "profile",
            name: name.to_owned(),
        })
    }

    /// Makes a profile for a phrase, new or restored. Never replaces a keystore.
    ///
    /// # Errors
    /// [`IdentityError::Exists`], [`IdentityError::WeakPassphrase`], [`IdentityError::Invalid`],
    /// [`IdentityError::File`], and those of [`keystore::seal`].
    pub fn create(
        &self,
        name: &str,
        phrase: &RecoveryPhrase,
        passphrase: &Passphrase,
    ) -> Result<Profile, IdentityError> {
        let profile = self.at(name)?;
        passphrase.check_strength(&[name])?;
        files::create_private_folder(&profile.folder)?;
        let _lock = FolderLock::acquire(&profile.folder)?;
        let path = profile.folder.join(KEYSTORE);
        if path.exists() {
            return Err(IdentityError::Exists {
                what: "profile",
                name: name.to_owned(),
            });
        }
        files::write(&path, &keystore::seal(phrase, passphrase)?, Publish::New)?;
        Ok(profile)
    }

    /// Names are folder names: lower-case letters, digits, `-` and `_`, at most 32.
    fn at(&self, name: &str) -> Result<Profile, IdentityError> {
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 32 || !name.chars().all(allowed) {
            let reason = "use 1 to 32 lower-case letters, digits, - and _";
            return Err(IdentityError::invalid("the profile name", reason));
        }
        Ok(Profile {
            name: name.to_owned(),
            folder: self.base.join(name),
        })
    }
}

/// One identity on this machine.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    folder: PathBuf,
}

impl Profile {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folder, for what other parts keep there.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its account, readable without the passphrase.
    ///
    /// # Errors
    /// [`IdentityError::KeystoreFormat`], [`IdentityError::File`].
    pub fn address(&self) -> Result<Address, IdentityError> {
        keystore::address(&self.keystore()?)
    }

    /// Opens the keystore and derives the keys.
    ///
    /// # Errors
    /// [`IdentityError::KeystoreLocked`] and the others of [`keystore::open`].
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<Identity, IdentityError> {
        Identity::from_phrase(&keystore::open(&self.keystore()?, passphrase)?)
    }

    /// Seals the keystore under another passphrase.
    ///
    /// # Errors
    /// As [`Profile::unlock`] and [`Profiles::create`]; the old keystore stays in every such case.
    pub fn change_passphrase(
        &self,
        old: &Passphrase,
        new: &Passphrase,
    ) -> Result<(), IdentityError> {
        new.check_strength(&[&self.name])?;
        let _lock = FolderLock::acquire(&self.folder)?;
        let phrase = keystore::open(&self.keystore()?, old)?;
        let sealed = keystore::seal(&phrase, new)?;
        files::write(&self.folder.join(KEYSTORE), &sealed, Publish::Replace)
    }

    /// The address book as it is now.
    ///
    /// # Errors
    /// [`IdentityError::Damaged`], [`IdentityError::File`].
    pub fn people(&self) -> Result<AddressBook, IdentityError> {
        let path = self.folder.join(PEOPLE);
        let Some(json) = files::read(&path, MAX_PEOPLE_LEN)? else {
            return Ok(AddressBook::default());
        };
        AddressBook::from_json(&json).map_err(|reason| IdentityError::Damaged { path, reason })
    }

    /// Changes the address book: reads it, lets `change` work on it, and writes it if that succeeds. Changes
    /// by several processes happen one after the other.
    ///
    /// # Errors
    /// Those of `change`, [`IdentityError::Damaged`], [`IdentityError::File`].
    pub fn change_people<T>(
        &self,
        change: impl FnOnce(&mut AddressBook) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        let _lock = FolderLock::acquire(&self.folder)?;
        let mut people = self.people()?;
        let outcome = change(&mut people)?;
        files::write(
            &self.folder.join(PEOPLE),
            &people.to_json()?,
            Publish::Replace,
        )?;
        Ok(outcome)
    }

    fn keystore(&self) -> Result<Vec<u8>, IdentityError> {
        let path = self.folder.join(KEYSTORE);
        let bytes = files::read(&path, keystore::LEN as u64)?;
        bytes.ok_or_else(|| IdentityError::NotFound {
            what: "profile",
            name: self.name.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
