//! A new key for a record: for those who stay, without those who go.

use std::io;
use std::thread;

use alloy_primitives::{Address, B256};
use serde::Serialize;

use super::current::Current;
use super::deed::{Deed, Version};
use super::error::{RecordsError, Result, unwrap_io};
use super::job::{Done, Job, Upload, request_id};
use super::party::{Party, Receipt};
use super::progress::Stage;
use super::seal::{keep, stage};
use super::session::Session;
use super::stores::Placed;
use crate::chain::{AccessReason, Event, Grant, ObjectDigest, Occurrence, Page, Purpose, Subject};
use crate::crypto::CryptoError;
use crate::crypto::context::ContentContext;
use crate::crypto::info::{self, RecordInfo};
use crate::crypto::key::RecordKey;
use crate::crypto::stream::{self, Digest, Summary};
use crate::storage::{Locator, ObjectName};

/// Events read at a time.
const PAGE: u32 = 4096;

/// A record under a new key, and who can open what from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rekeyed {
    /// The record.
    pub id: B256,
    /// The version set.
    pub version: u32,
    /// The epoch of its key.
    pub epoch: u32,
    /// BLAKE3 of the new object.
    pub digest: ObjectDigest,
    /// Who was removed, and what they may have kept.
    pub removed: Vec<Removed>,
    /// Who still has access.
    pub kept: Vec<Party>,
    /// Who lost access because their registered key is not the pinned one. Share with them again once their new
    /// fingerprint is confirmed.
    pub suspended: Vec<Party>,
    /// Earlier versions whose objects are in the store no more.
    pub deleted: usize,
    /// Objects that the store does not let this user delete: locator, record id and digest.
    pub left_behind: Vec<String>,
    /// The transactions.
    pub receipts: Vec<Receipt>,
}

/// What a removed person may have kept: no revocation takes back what was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Who.
    pub user: Party,
    /// What they stated on the chain to have opened.
    pub fetched: Vec<Fetched>,
    /// Every version that was within their reach, whether or not they said that they opened it.
    pub within_reach: Vec<u32>,
}

/// A reader's statement that they opened a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fetched {
    /// The version.
    pub version: u32,
    /// What for.
    pub purpose: Purpose,
    /// When, Unix seconds.
    pub at: u64,
}

impl Session {
    /// Takes access away, the whole job: revokes on the chain at once, encrypts the record under a new key, wraps that
    /// for those who stay, swaps digest and version, and deletes the old objects.
    ///
    /// # Errors
    /// [`RecordsError::NoGrant`], [`RecordsError::NotOwner`]; [`RecordsError::NotRekeyed`] if the grant is gone but
    /// the record could not be encrypted anew yet; [`RecordsError::Partly`]; [`RecordsError::Chain`],
    /// [`RecordsError::Storage`].
    pub async fn revoke(
        &self,
        id: B256,
        users: &[Address],
        locator: Option<&Locator>,
    ) -> Result<Rekeyed> {
        if users.is_empty() {
            return Err(RecordsError::Nobody);
        }
        let request = request_id(("revoke", id, users))?;
        let done = match self.earlier(request).await? {
            Some(done) => done,
            None => {
                self.check_grants(id, users).await?;
                let locator = locator.map(ToString::to_string);
                let deed = Deed::Revoke {
                    id,
                    users: users.to_vec(),
                    locator,
                };
                self.perform(Job::plain(request, deed)).await?
            }
        };
        self.rekeyed(done).await
    }

    /// Encrypts a record under a new key for those who have access now. This is also how the owner takes over a record
    /// that somebody deposited: from then on its key comes from the owner's phrase, and its object lies in the owner's
    /// storage.
    ///
    /// # Errors
    /// As [`Session::revoke`].
    pub async fn rekey(&self, id: B256, locator: Option<&Locator>) -> Result<Rekeyed> {
        let request = request_id(("rekey", id))?;
        let done = match self.earlier(request).await? {
            Some(done) => done,
            None => {
                self.perform(
                    self.rekey_job(request, id, &[], locator.map(ToString::to_string))
                        .await?,
                )
                .await?
            }
        };
        self.rekeyed(done).await
    }

    /// The next part of an operation whose transactions are done, if there is one.
    pub(super) async fn following(&self, job: &Job) -> Result<Option<Job>> {
        match &job.deed {
            Deed::Revoke { id, users, locator } => self
                .rekey_job(job.request, *id, users, locator.clone())
                .await
                .map(Some),
            _ => Ok(None),
        }
    }

    async fn check_grants(&self, id: B256, users: &[Address]) -> Result<()> {
        self.own(id).await?;
        let held = self.history.grants_of(id)?;
        match users
            .iter()
            .find(|user| !held.iter().any(|grant| grant.user == **user))
        {
            Some(user) => Err(RecordsError::NoGrant {
                id,
                user: self.party(*user)?,
            }),
            None => Ok(()),
        }
    }

    /// Seals the record under its next key; nothing outside this machine changes.
    async fn rekey_job(
        &self,
        request: B256,
        id: B256,
        removed: &[Address],
        locator: Option<String>,
    ) -> Result<Job> {
        let current = self.own(id).await?;
        let old = self.info_now(&current).await?;
        let (expected, epoch) = (current.entry.version, current.entry.epoch.saturating_add(1));
        let deposited = current.entry.creator != self.me() && current.entry.epoch == 0;
        let locator = match (locator, self.stores.own()) {
            (Some(locator), _) => locator,
            (None, Ok(own)) if deposited => own.to_string(),
            (None, _) => old.locator.clone(),
        };
        let key = self.own_key(id, epoch);
        let (kept, suspended) = self.kept(&current, removed, &key, epoch).await?;
        let obsolete = self.objects_of(&current, &old.locator).await?;
        let context = self.content_context(id, epoch, expected.saturating_add(1));
        let (upload, version) = self.reseal(&current, old, locator, key, context).await?;
        let removed = removed.to_vec();
        let deed = Deed::Rekey {
            id,
            expected,
            epoch,
            version,
            kept,
            removed,
            suspended,
        };
        Ok(Job {
            upload: Some(upload),
            obsolete,
            ..Job::plain(request, deed)
        })
    }

    /// The grants in force that go on, wrapped anew; and those that cannot, because the registry's key changed.
    async fn kept(
        &self,
        current: &Current<'_>,
        removed: &[Address],
        key: &RecordKey,
        epoch: u32,
    ) -> Result<(Vec<Grant>, Vec<Address>)> {
        let id = current.id();
        let mut held = self.history.grants_of(id)?;
        held.retain(|grant| !removed.contains(&grant.user));
        let pairs: Vec<_> = held.iter().map(|grant| (id, grant.user)).collect();
        let addresses: Vec<_> = held.iter().map(|grant| grant.user).collect();
        let accesses = current.snapshot.accesses(&pairs).await?;
        let users = current.snapshot.users(&addresses).await?;
        let book = self.profile.people()?;
        let (mut kept, mut suspended) = (Vec::new(), Vec::new());
        for ((user, access), known) in addresses.into_iter().zip(accesses).zip(users) {
            let (Some(level), Some(purpose), Some(known)) = (access.level, access.purpose, known)
            else {
                continue;
            };
            if access.reason != AccessReason::Granted {
                continue;
            }
            if self.key_changed(&book, user, &known)?.is_some() {
                suspended.push(user);
                continue;
            }
            let key = self.wrap_key(key, id, epoch, user, &known)?;
            kept.push(Grant {
                record: id,
                user,
                level,
                purpose,
                expires: access.expires,
                epoch,
                key,
            });
        }
        Ok((kept, suspended))
    }

    /// Fetches the present object and seals its content under another key, without any of it touching a disk.
    async fn reseal(
        &self,
        current: &Current<'_>,
        old: RecordInfo,
        locator: String,
        new_key: RecordKey,
        new_context: ContentContext,
    ) -> Result<(Upload, Version)> {
        let (id, entry) = (current.id(), &current.entry);
        let old_key = self.key_now(current).await?;
        let old_context = self.content_context(id, entry.epoch, entry.version);
        let digest = Digest(entry.content.digest.0);
        let object = self
            .fetch(
                &old.locator,
                &ObjectName {
                    record_id: id.0,
                    digest: digest.0,
                },
            )
            .await?;
        let source = self.bridge(object, Stage::Resealing);
        let folder = self.staging();
        tokio::task::spawn_blocking(move || {
            let mut staged = stage(&folder)?;
            let (reader, writer) = io::pipe().map_err(RecordsError::file(&folder))?;
            let (opened, sealed) = thread::scope(|scope| {
                let opening =
                    scope.spawn(|| stream::open(source, writer, &old_key, &old_context, &digest));
                let sealed = stream::seal(reader, &mut staged, &new_key, &new_context);
                (opening.join(), sealed)
            });
            let opened =
                opened.map_err(|_| RecordsError::Task("decrypting ended unexpectedly".into()))?;
            let summary = both(opened, sealed)?;
            let info = RecordInfo {
                content_len: summary.content_len,
                locator,
                ..old
            };
            let sealed_info = info::seal(&info, &new_key, &new_context)?.into();
            let version = Version {
                digest: summary.digest.0.into(),
                sealed_info,
            };
            let place = Placed {
                locator: info.locator,
                record: id,
                digest: version.digest,
            };
            Ok((keep(staged, &folder, summary.object_len, place)?, version))
        })
        .await?
    }

    /// The objects of every version up to the present one.
    ///
    /// A version whose description does not open is looked for where the present one lies.
    pub(super) async fn objects_of(
        &self,
        current: &Current<'_>,
        locator: &str,
    ) -> Result<Vec<Placed>> {
        let id = current.id();
        let wrapped = current.snapshot.wrapped_key(id, self.me()).await?;
        let deposited = match wrapped {
            Some(granted) if granted.epoch == 0 => Some(self.unwrap_key(id, &granted)?),
            _ => None,
        };
        let mut found: Vec<Placed> = Vec::new();
        let mut epoch = 0;
        for Occurrence { event, .. } in self.whole_audit(Subject::Record(id))? {
            let (version, content) = match event {
                Event::RecordAdded { content, .. } | Event::RecordDeposited { content, .. } => {
                    (1, content)
                }
                Event::RecordUpdated {
                    version, content, ..
                } => (version, content),
                Event::RecordRekeyed {
                    version,
                    epoch: next,
                    content,
                    ..
                } => {
                    epoch = next;
                    (version, content)
                }
                _ => continue,
            };
            let own = self.own_key(id, epoch);
            let key = deposited.as_ref().filter(|_| epoch == 0).unwrap_or(&own);
            let context = self.content_context(id, epoch, version);
            let described = info::open(&content.sealed_info, key, &context);
            let locator = described.map_or_else(|_| locator.to_owned(), |info| info.locator);
            let place = Placed {
                locator,
                record: id,
                digest: content.digest,
            };
            if !found.contains(&place) {
                found.push(place);
            }
        }
        Ok(found)
    }

    /// All events of a record or user.
    pub(super) fn whole_audit(&self, subject: Subject) -> Result<Vec<Occurrence>> {
        let mut all: Vec<Occurrence> = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let events = self.history.audit(subject, page)?;
            let Some(last) = events.last() else {
                return Ok(all);
            };
            page = Page::after(last.at, PAGE);
            all.extend(events);
        }
    }

    async fn rekeyed(&self, done: Done) -> Result<Rekeyed> {
        let Deed::Rekey {
            id,
            expected,
            epoch,
            version,
            kept,
            removed,
            suspended,
        } = done.deed
        else {
            return Err(RecordsError::Journal(format!(
                "a {} in place of a rekey",
                done.deed.name()
            )));
        };
        self.sync().await?;
        let audit = self.whole_audit(Subject::Record(id))?;
        let book = self.profile.people()?;
        let party = |address: &Address| self.party_in(&book, *address);
        let versions = audit
            .iter()
            .filter(|o| content_version(&o.event).is_some())
            .count();
        Ok(Rekeyed {
            id,
            version: expected.saturating_add(1),
            epoch,
            digest: version.digest,
            removed: removed
                .iter()
                .map(|user| reach(&audit, *user, party(user)))
                .collect(),
            kept: kept.iter().map(|grant| party(&grant.user)).collect(),
            suspended: suspended.iter().map(party).collect(),
            deleted: versions
                .saturating_sub(1)
                .saturating_sub(done.left_behind.len()),
            left_behind: done
                .left_behind
                .iter()
                .map(|o| format!("{}/{}", o.locator, o.name()))
                .collect(),
            receipts: done.receipts,
        })
    }
}

/// One result of two threads that fed each other. When the sealing side fails, the opening side sees a broken pipe.
fn both(
    opened: std::result::Result<Summary, CryptoError>,
    sealed: std::result::Result<Summary, CryptoError>,
) -> Result<Summary> {
    match (opened, sealed) {
        (Err(CryptoError::Write(_)), Err(error)) | (Err(error), _) | (Ok(_), Err(error)) => {
            Err(unwrap_io(error))
        }
        (Ok(_), Ok(summary)) => Ok(summary),
    }
}

/// The version that an event sets, if it sets one.
fn content_version(event: &Event) -> Option<u32> {
    match event {
        Event::RecordAdded { .. } | Event::RecordDeposited { .. } => Some(1),
        Event::RecordUpdated { version, .. } | Event::RecordRekeyed { version, .. } => {
            Some(*version)
        }
        _ => None,
    }
}

/// What was within a user's reach, from the events of a record.
fn reach(audit: &[Occurrence], user: Address, shown: Party) -> Removed {
    let (mut version, mut holds) = (0, false);
    let mut removed = Removed {
        user: shown,
        fetched: Vec::new(),
        within_reach: Vec::new(),
    };
    for Occurrence { at, event } in audit {
        if matches!(event, Event::RecordRekeyed { .. }) {
            holds = false;
        }
        version = content_version(event).unwrap_or(version);
        match event {
            Event::Granted { user: who, .. } if *who == user => holds = true,
            Event::Revoked { user: who, .. } if *who == user => holds = false,
            Event::AccessLogged {
                user: who,
                purpose,
                version,
                ..
            } if *who == user => {
                removed.fetched.push(Fetched {
                    version: *version,
                    purpose: *purpose,
                    at: at.timestamp,
                });
            }
            _ => {}
        }
        if holds && removed.within_reach.last() != Some(&version) {
            removed.within_reach.push(version);
        }
    }
    removed
}
