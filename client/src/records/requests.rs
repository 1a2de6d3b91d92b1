//! Asking for access, and answering.

use alloy_primitives::{Address, B256, Bytes};
use serde::Serialize;

use super::deed::Deed;
use super::error::{RecordsError, Result};
use super::keys::public_key;
use super::party::{Party, Receipt};
use super::session::Session;
use super::share::{Caution, Share, Shared};
use crate::chain::{AccessLevel, Page, Purpose, RequestEntry};
use crate::crypto::context::NoteContext;
use crate::crypto::envelope;
use crate::identity::AddressBook;

/// Requests read at a time.
const PAGE: u32 = 1024;

/// An open request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestItem {
    /// The record.
    pub id: B256,
    /// Its title, where the user knows it.
    pub title: Option<String>,
    /// Who asks.
    pub user: Party,
    /// Who is asked.
    pub owner: Party,
    /// What is asked for.
    pub level: AccessLevel,
    /// What for.
    pub purpose: Purpose,
    /// The note, where the user is asked and it opens.
    pub note: Option<String>,
    /// When, Unix seconds.
    pub at: u64,
}

/// Requests on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// What others ask of the user.
    pub incoming: Vec<RequestItem>,
    /// What the user asks of others.
    pub outgoing: Vec<RequestItem>,
}

/// How a request is approved; what is `None` is as asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Approval {
    /// What they may do.
    pub level: Option<AccessLevel>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Until when, Unix seconds; `None` for ever.
    pub expires: Option<u64>,
    /// Approve also if nobody trusted vouches for the role.
    pub unvouched: bool,
}

impl Session {
    /// Asks a record's owner for access, with a note that only they can read.
    ///
    /// # Errors
    /// [`RecordsError::Crypto`] for a note of more than [`envelope::MAX_NOTE_LEN`] bytes; [`RecordsError::Blocked`]
    /// if the owner has no key or it changed; [`RecordsError::Yourself`]; [`RecordsError::Chain`].
    pub async fn request(
        &self,
        id: B256,
        level: AccessLevel,
        purpose: Purpose,
        note: &str,
    ) -> Result<Vec<Receipt>> {
        let current = self.current(id).await?;
        let owner = current.owner();
        if owner == self.me() {
            return Err(RecordsError::Yourself);
        }
        let note = match note.is_empty() {
            true => Bytes::new(),
            false => {
                let [(_, user)] = self
                    .recipients(&current.snapshot, &[owner], Caution::Key)
                    .await?[..]
                else {
                    return Err(RecordsError::Nobody);
                };
                let context = self.note_context(id, self.me(), user.key_version);
                envelope::seal_note(note, &public_key(&user.key)?, &context)?.into()
            }
        };
        self.perform_plain(Deed::Request {
            id,
            level,
            purpose,
            note,
        })
        .await
    }

    /// Takes the user's request back.
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn withdraw_request(&self, id: B256) -> Result<Vec<Receipt>> {
        self.perform_plain(Deed::WithdrawRequest { id }).await
    }

    /// Gives what was asked for, with the same checks as [`Session::share`].
    ///
    /// # Errors
    /// [`RecordsError::NoRequest`], and as [`Session::share`].
    pub async fn approve(&self, id: B256, user: Address, approval: Approval) -> Result<Shared> {
        let open = self.open_request(id, user).await?;
        self.share(&Share {
            id,
            users: vec![user],
            level: approval.level.unwrap_or(open.level),
            purpose: approval.purpose.unwrap_or(open.purpose),
            expires: approval.expires,
            unvouched: approval.unvouched,
        })
        .await
    }

    /// Turns a request down.
    ///
    /// # Errors
    /// [`RecordsError::NoRequest`], [`RecordsError::NotOwner`], [`RecordsError::Chain`].
    pub async fn deny(&self, id: B256, user: Address) -> Result<Vec<Receipt>> {
        self.open_request(id, user).await?;
        self.perform_plain(Deed::Deny { id, user }).await
    }

    /// The open requests that the user has made or is asked to answer.
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn requests(&self) -> Result<Requests> {
        let titles = self.titles().await?;
        let version = self
            .snapshot()
            .await?
            .user(self.me())
            .await?
            .map_or(0, |user| user.key_version);
        let book = self.profile.people()?;
        let mut requests = Requests::default();
        for entry in all(|page| {
            self.history
                .requests_to(self.me(), page)
                .map_err(Into::into)
        })? {
            let note = self.note(&entry, version)?;
            requests
                .incoming
                .push(self.request_item(&book, entry, &titles, note));
        }
        for entry in all(|page| {
            self.history
                .requests_by(self.me(), page)
                .map_err(Into::into)
        })? {
            requests
                .outgoing
                .push(self.request_item(&book, entry, &titles, None));
        }
        Ok(requests)
    }

    async fn open_request(&self, id: B256, user: Address) -> Result<crate::chain::Request> {
        let current = self.own(id).await?;
        match current.snapshot.request(id, user).await? {
            Some(open) => Ok(open),
            None => Err(RecordsError::NoRequest {
                id,
                user: self.party(user)?,
            }),
        }
    }

    /// Opens a note: it was sealed to the version of the user's key at that time, which the event does not state.
    fn note(&self, entry: &RequestEntry, newest: u32) -> Result<Option<String>> {
        for version in (1..=newest).rev() {
            let pair = self.identity.encryption_key(version)?;
            let context = self.note_context(entry.record, entry.user, version);
            if let Ok(note) = envelope::open_note(&entry.sealed_note, &pair, &context) {
                return Ok(Some(super::list::clean(&note)));
            }
        }
        Ok(None)
    }

    fn request_item(
        &self,
        book: &AddressBook,
        entry: RequestEntry,
        titles: &std::collections::HashMap<B256, String>,
        note: Option<String>,
    ) -> RequestItem {
        RequestItem {
            id: entry.record,
            title: titles.get(&entry.record).cloned(),
            user: self.party_in(book, entry.user),
            owner: self.party_in(book, entry.owner),
            level: entry.level,
            purpose: entry.purpose,
            note,
            at: entry.at.timestamp,
        }
    }

    fn note_context(&self, id: B256, requester: Address, key_version: u32) -> NoteContext {
        NoteContext {
            record: self.record_ref(id),
            requester: requester.into_array(),
            key_version,
        }
    }
}

fn all(read: impl Fn(Page) -> Result<Vec<RequestEntry>>) -> Result<Vec<RequestEntry>> {
    let mut found: Vec<RequestEntry> = Vec::new();
    let mut page = Page::first(PAGE);
    loop {
        let part = read(page)?;
        let Some(last) = part.last() else {
            return Ok(found);
        };
        page = Page::after(last.at, PAGE);
        found.extend(part);
    }
}
