//! Which records there are, with titles where the user holds the key; and who may open one.

use std::collections::HashMap;

use alloy_primitives::{Address, B256};
use serde::Serialize;

use super::error::{RecordsError, Result};
use super::party::Party;
use super::session::Session;
use crate::chain::{
    Access, AccessLevel, AccessReason, Event, GrantEntry, GrantedKey, ObjectDigest, Page, Purpose,
    RecordEntry, Snapshot, Subject,
};
use crate::crypto::info::RecordInfo;
use crate::identity::AddressBook;

/// Records read at a time.
const PAGE: u32 = 4096;

/// A record of the user's own, or one shared with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordItem {
    /// Its id.
    pub id: B256,
    /// Who owns it.
    pub owner: Party,
    /// Who made it: the owner, or a depositor.
    pub creator: Party,
    /// What it is called, where the user holds the key.
    pub title: Option<String>,
    /// Media type of the content, likewise.
    pub media_type: Option<String>,
    /// Length of the content in bytes, likewise.
    pub content_len: Option<u64>,
    /// Where the object lies, likewise.
    pub locator: Option<String>,
    /// Its version.
    pub version: u32,
    /// Its key's epoch.
    pub epoch: u32,
    /// BLAKE3 of its object.
    pub digest: ObjectDigest,
    /// Whether it was removed.
    pub removed: bool,
    /// What the user may do with it now; `None` for nothing.
    pub access: Option<AccessLevel>,
    /// Why.
    pub reason: AccessReason,
    /// What it was shared for.
    pub purpose: Option<Purpose>,
    /// Until when it is shared, Unix seconds.
    pub expires: Option<u64>,
    /// When it was made, Unix seconds.
    pub added: u64,
    /// When its content last changed, Unix seconds.
    pub changed: u64,
}

/// Somebody's access to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessItem {
    /// Who.
    pub user: Party,
    /// What they may do now; `None` for nothing.
    pub access: Option<AccessLevel>,
    /// Why.
    pub reason: AccessReason,
    /// What was granted.
    pub granted: AccessLevel,
    /// What for.
    pub purpose: Purpose,
    /// Until when, Unix seconds.
    pub expires: Option<u64>,
    /// Version of their key that the record key is wrapped for.
    pub key_version: u32,
    /// Since when these are the terms, Unix seconds.
    pub since: u64,
    /// How often they stated that they opened it.
    pub opened: usize,
}

impl Session {
    /// The user's own records and those shared with them, in the order they were made or given.
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn list(&self) -> Result<Vec<RecordItem>> {
        self.sync().await?;
        let snapshot = self.snapshot().await?;
        let book = self.profile.people()?;
        let registered = snapshot.user(self.me()).await?.is_some();
        let mut items = self.own_items(&snapshot, &book, registered).await?;
        items.extend(self.shared_items(&snapshot, &book).await?);
        Ok(items)
    }

    /// One record, whoever owns it.
    ///
    /// # Errors
    /// [`RecordsError::NoSuchRecord`], [`RecordsError::Chain`].
    pub async fn info(&self, id: B256) -> Result<RecordItem> {
        self.sync().await?;
        let snapshot = self.snapshot().await?;
        // The registry's own answer is compared with what was seen before, so that an old state is noticed.
        let record = snapshot.record(id).await?;
        let missing = || RecordsError::NoSuchRecord(id.to_string());
        let entry = self.history.record(id)?.ok_or_else(missing)?;
        if record.version != entry.version {
            return Err(RecordsError::EventMissing {
                id,
                version: record.version,
            });
        }
        let access = snapshot.access(id, self.me()).await?;
        let wrapped = snapshot.wrapped_key(id, self.me()).await?;
        let book = self.profile.people()?;
        let info = self.described(&entry, wrapped.as_ref());
        Ok(self.item(&book, entry, info, &access))
    }

    /// Who was given access to a record, and what it comes to now.
    ///
    /// # Errors
    /// [`RecordsError::NoSuchRecord`], [`RecordsError::Chain`].
    pub async fn access_list(&self, id: B256) -> Result<Vec<AccessItem>> {
        let current = self.current(id).await?;
        let grants = self.history.grants_of(id)?;
        let pairs: Vec<_> = grants.iter().map(|grant| (id, grant.user)).collect();
        let accesses = current.snapshot.accesses(&pairs).await?;
        let book = self.profile.people()?;
        let mut opened: HashMap<Address, usize> = HashMap::new();
        for occurrence in self.whole_audit(Subject::Record(id))? {
            if let Event::AccessLogged { user, .. } = occurrence.event {
                *opened.entry(user).or_default() += 1;
            }
        }
        let item = |(grant, access): (GrantEntry, Access)| AccessItem {
            user: self.party_in(&book, grant.user),
            access: access.level,
            reason: access.reason,
            granted: grant.level,
            purpose: grant.purpose,
            expires: grant.expires,
            key_version: grant.key_version,
            since: grant.changed.timestamp,
            opened: opened.get(&grant.user).copied().unwrap_or(0),
        };
        Ok(grants.into_iter().zip(accesses).map(item).collect())
    }

    /// Titles of all records that the user can name.
    pub(super) async fn titles(&self) -> Result<HashMap<B256, String>> {
        Ok(self
            .list()
            .await?
            .into_iter()
            .filter_map(|item| Some((item.id, item.title?)))
            .collect())
    }

    async fn own_items(
        &self,
        snapshot: &Snapshot<'_>,
        book: &AddressBook,
        registered: bool,
    ) -> Result<Vec<RecordItem>> {
        let mut entries: Vec<RecordEntry> = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let part = self.history.records_of(self.me(), page)?;
            let Some(last) = part.last() else { break };
            page = Page::after(last.added, PAGE);
            entries.extend(part);
        }
        // The registry keeps a key for the owner only of what others deposited.
        let deposited = |entry: &&RecordEntry| entry.creator != self.me() && entry.epoch == 0;
        let pairs: Vec<_> = entries
            .iter()
            .filter(deposited)
            .map(|entry| (entry.record, self.me()))
            .collect();
        let wrapped = snapshot.wrapped_keys(&pairs).await?;
        let keys: HashMap<B256, GrantedKey> = pairs
            .iter()
            .zip(wrapped)
            .filter_map(|((id, _), key)| Some((*id, key?)))
            .collect();
        let items = entries.into_iter().map(|entry| {
            let info = self.described(&entry, keys.get(&entry.record));
            let access = own_access(&entry, registered);
            self.item(book, entry, info, &access)
        });
        Ok(items.collect())
    }

    async fn shared_items(
        &self,
        snapshot: &Snapshot<'_>,
        book: &AddressBook,
    ) -> Result<Vec<RecordItem>> {
        let mut shared: Vec<(RecordEntry, GrantEntry)> = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let part = self.history.shared_with(self.me(), page)?;
            let Some((_, last)) = part.last() else { break };
            page = Page::after(last.changed, PAGE);
            shared.extend(part);
        }
        let pairs: Vec<_> = shared
            .iter()
            .map(|(entry, _)| (entry.record, self.me()))
            .collect();
        let accesses = snapshot.accesses(&pairs).await?;
        let keys = snapshot.wrapped_keys(&pairs).await?;
        let items =
            shared
                .into_iter()
                .zip(accesses)
                .zip(keys)
                .map(|(((entry, grant), access), key)| {
                    let info = self.described(&entry, key.as_ref());
                    let purpose = access.purpose.or(Some(grant.purpose));
                    self.item(book, entry, info, &Access { purpose, ..access })
                });
        Ok(items.collect())
    }

    /// The description, if the user holds the key that it is sealed under.
    fn described(&self, entry: &RecordEntry, wrapped: Option<&GrantedKey>) -> Option<RecordInfo> {
        let mine = entry.owner == self.me();
        let key = match wrapped {
            Some(granted) if granted.epoch == entry.epoch => {
                self.unwrap_key(entry.record, granted).ok()?
            }
            _ if mine => self.own_key(entry.record, entry.epoch),
            _ => return None,
        };
        self.open_info(entry, &key).ok()
    }

    fn item(
        &self,
        book: &AddressBook,
        entry: RecordEntry,
        info: Option<RecordInfo>,
        access: &Access,
    ) -> RecordItem {
        RecordItem {
            id: entry.record,
            owner: self.party_in(book, entry.owner),
            creator: self.party_in(book, entry.creator),
            title: info.as_ref().map(|info| clean(&info.title)),
            media_type: info.as_ref().map(|info| clean(&info.media_type)),
            content_len: info.as_ref().map(|info| info.content_len),
            locator: info.map(|info| clean(&info.locator)),
            version: entry.version,
            epoch: entry.epoch,
            digest: entry.content.digest,
            removed: entry.removed,
            access: access.level,
            reason: access.reason,
            purpose: access.purpose,
            expires: access.expires,
            added: entry.added.timestamp,
            changed: entry.changed.timestamp,
        }
    }
}

/// What an owner may do, by the registry's own rule.
fn own_access(entry: &RecordEntry, registered: bool) -> Access {
    let (level, reason) = match (entry.removed, registered) {
        (true, _) => (None, AccessReason::Removed),
        (false, false) => (None, AccessReason::NotRegistered),
        (false, true) => (Some(AccessLevel::All), AccessReason::Owner),
    };
    Access {
        level,
        reason,
        purpose: None,
        expires: None,
        epoch: entry.epoch,
        key_version: 0,
    }
}

/// Text of others without what could confuse a terminal: control characters, and those that reorder or hide text
/// (Unicode TR 36 section 2.10.2).
pub(super) fn clean(text: &str) -> String {
    let hides = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars()
        .map(|c| {
            if c.is_control() || hides(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}
