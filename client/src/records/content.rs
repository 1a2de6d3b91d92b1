//! New content: adding a record, depositing one for somebody, setting a new version.

use alloy_primitives::{Address, B256};
use serde::Serialize;

use super::deed::Deed;
use super::error::{RecordsError, Result};
use super::job::{Done, Job, request_id};
use super::party::{Party, Receipt};
use super::seal::{NewContent, Sealing, Stamp, media_type, random_salt, title};
use super::session::Session;
use super::share::Caution;
use crate::chain::{AccessLevel, ObjectDigest, record_id};
use crate::crypto::info::RecordInfo;
use crate::crypto::key::RecordKey;

/// A version that was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    /// The record.
    pub id: B256,
    /// Its owner.
    pub owner: Party,
    /// The version set.
    pub version: u32,
    /// BLAKE3 of the object.
    pub digest: ObjectDigest,
    /// What readers see as its name.
    pub title: String,
    /// Media type of the content.
    pub media_type: String,
    /// Length of the content in bytes.
    pub content_len: u64,
    /// Where the object lies.
    pub locator: String,
    /// The transactions.
    pub receipts: Vec<Receipt>,
}

/// A record for somebody else.
#[derive(Clone, Debug)]
pub struct Deposit {
    /// Who will own it; they must have allowed it.
    pub owner: Address,
    /// The content.
    pub content: NewContent,
    /// Whether the depositor may go on reading it.
    pub keep_access: bool,
}

/// A new version.
#[derive(Clone, Debug)]
pub struct Update {
    /// The record.
    pub id: B256,
    /// The content.
    pub content: NewContent,
    /// The version that the change is based on. Default: the present one.
    pub based_on: Option<u32>,
}

impl Session {
    /// Adds a record that the user owns.
    ///
    /// # Errors
    /// [`RecordsError::NotAFile`], [`RecordsError::FileChanged`], [`RecordsError::NotRegistered`],
    /// [`RecordsError::NoStorage`], [`RecordsError::Storage`], [`RecordsError::Chain`], [`RecordsError::Stopped`].
    pub async fn add(&self, new: &NewContent) -> Result<Stored> {
        let stamp = Stamp::of(&new.file)?;
        let info = self.describe(new, &stamp)?;
        let request = request_id(("add", &stamp, &info))?;
        let done = match self.earlier(request).await? {
            Some(done) => done,
            None => {
                self.check_registered().await?;
                let salt = random_salt()?;
                let id = record_id(self.me(), self.me(), salt);
                let (key, context) = (self.own_key(id, 0), self.content_context(id, 0, 1));
                let (upload, version) = self
                    .seal(Sealing {
                        stamp,
                        info: info.clone(),
                        key,
                        context,
                    })
                    .await?;
                let deed = Deed::Add { salt, version };
                self.perform(Job {
                    upload: Some(upload),
                    ..Job::plain(request, deed)
                })
                .await?
            }
        };
        self.stored(done, info, self.me())
    }

    /// Makes a record that somebody else owns, under a key that is wrapped for them.
    ///
    /// # Errors
    /// As [`Session::add`]; [`RecordsError::DepositNotAllowed`]; [`RecordsError::Blocked`] if the owner is not
    /// registered or their key changed.
    pub async fn deposit(&self, deposit: &Deposit) -> Result<Stored> {
        let stamp = Stamp::of(&deposit.content.file)?;
        let info = self.describe(&deposit.content, &stamp)?;
        let request = request_id(("deposit", &stamp, &info, deposit.owner, deposit.keep_access))?;
        let done = match self.earlier(request).await? {
            Some(done) => done,
            None => {
                self.perform(
                    self.deposit_job(deposit, stamp, info.clone(), request)
                        .await?,
                )
                .await?
            }
        };
        self.stored(done, info, deposit.owner)
    }

    async fn deposit_job(
        &self,
        deposit: &Deposit,
        stamp: Stamp,
        info: RecordInfo,
        request: B256,
    ) -> Result<Job> {
        let owner = deposit.owner;
        let snapshot = self.snapshot().await?;
        let me = snapshot
            .user(self.me())
            .await?
            .ok_or(RecordsError::NotRegistered)?;
        let [(_, user)] = self.recipients(&snapshot, &[owner], Caution::Key).await?[..] else {
            return Err(RecordsError::Nobody);
        };
        if !snapshot.deposit_right(owner, self.me()).await?.allowed {
            return Err(RecordsError::DepositNotAllowed(self.party(owner)?));
        }
        let salt = random_salt()?;
        let id = record_id(self.me(), owner, salt);
        let key = RecordKey::generate()?;
        let for_owner = self.wrap_key(&key, id, 0, owner, &user)?;
        let for_self = match deposit.keep_access {
            true => Some(self.wrap_key(&key, id, 0, self.me(), &me)?),
            false => None,
        };
        let context = self.content_context(id, 0, 1);
        let (upload, version) = self
            .seal(Sealing {
                stamp,
                info,
                key,
                context,
            })
            .await?;
        let deed = Deed::Deposit {
            owner,
            salt,
            version,
            for_owner,
            for_self,
        };
        Ok(Job {
            upload: Some(upload),
            ..Job::plain(request, deed)
        })
    }

    /// Sets a new version of a record that the user owns or may write. The key stays; the previous version's object
    /// stays too, for those who are reading it, until the next rekey or collection.
    ///
    /// # Errors
    /// As [`Session::add`]; [`RecordsError::NoAccess`]; [`RecordsError::LostUpdate`] if somebody else was first: then
    /// nothing was changed.
    pub async fn update(&self, update: &Update) -> Result<Stored> {
        let stamp = Stamp::of(&update.content.file)?;
        let new = &update.content;
        let locator = new.locator.as_ref().map(ToString::to_string);
        let asked = (
            "update",
            &stamp,
            update.id,
            update.based_on,
            &new.title,
            &new.media_type,
            &locator,
        );
        let request = request_id(asked)?;
        let earlier = self.earlier(request).await?;
        let current = self.current(update.id).await?;
        let old = self.info_now(&current).await?;
        let info = RecordInfo {
            title: if new.title.is_some() {
                title(new)?
            } else {
                old.title
            },
            media_type: media_type(new)?,
            content_len: stamp.len,
            locator: locator.unwrap_or(old.locator),
        };
        if let Some(done) = earlier {
            return self.stored(done, info, current.owner());
        }
        self.allowed(&current, AccessLevel::All).await?;
        let (id, present) = (update.id, current.entry.version);
        let expected = update.based_on.unwrap_or(present);
        if expected != present {
            return Err(RecordsError::LostUpdate {
                id,
                current: present,
                based_on: expected,
            });
        }
        let key = self.key_now(&current).await?;
        let context = self.content_context(id, current.entry.epoch, expected.saturating_add(1));
        let (upload, version) = self
            .seal(Sealing {
                stamp,
                info: info.clone(),
                key,
                context,
            })
            .await?;
        let deed = Deed::Update {
            id,
            expected,
            version,
        };
        let done = self
            .perform(Job {
                upload: Some(upload),
                ..Job::plain(request, deed)
            })
            .await?;
        self.stored(done, info, current.owner())
    }

    fn describe(&self, new: &NewContent, stamp: &Stamp) -> Result<RecordInfo> {
        let locator = match &new.locator {
            Some(locator) => locator,
            None => self.stores.own()?,
        };
        Ok(RecordInfo {
            title: title(new)?,
            media_type: media_type(new)?,
            content_len: stamp.len,
            locator: locator.to_string(),
        })
    }

    async fn check_registered(&self) -> Result<()> {
        let user = self.snapshot().await?.user(self.me()).await?;
        user.map(drop).ok_or(RecordsError::NotRegistered)
    }

    fn stored(&self, done: Done, info: RecordInfo, owner: Address) -> Result<Stored> {
        let (number, version) = match &done.deed {
            Deed::Add { version, .. } | Deed::Deposit { version, .. } => (1, version),
            Deed::Update {
                expected, version, ..
            } => (expected.saturating_add(1), version),
            other => {
                return Err(RecordsError::Journal(format!(
                    "a {} in place of new content",
                    other.name()
                )));
            }
        };
        let id = done.deed.record(self.me()).unwrap_or_default();
        Ok(Stored {
            id,
            owner: self.party(owner)?,
            version: number,
            digest: version.digest,
            title: info.title,
            media_type: info.media_type,
            content_len: info.content_len,
            locator: info.locator,
            receipts: done.receipts,
        })
    }
}
