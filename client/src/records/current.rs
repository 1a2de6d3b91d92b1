//! A record as it is now: what the registry says, and the event that announced it.

use alloy_primitives::{Address, B256};

use super::error::{RecordsError, Result};
use super::session::Session;
use crate::chain::{AccessLevel, RecordEntry, RecordStatus, Snapshot};
use crate::crypto::info::RecordInfo;
use crate::crypto::key::RecordKey;

/// How often the index is brought up to date when the record changes meanwhile.
const ATTEMPTS: usize = 3;

/// A live record, with an index that is level with the registry.
pub(super) struct Current<'a> {
    pub(super) snapshot: Snapshot<'a>,
    pub(super) entry: RecordEntry,
}

impl Current<'_> {
    pub(super) fn id(&self) -> B256 {
        self.entry.record
    }

    pub(super) fn owner(&self) -> Address {
        self.entry.owner
    }
}

impl Session {
    /// A live record.
    ///
    /// The registry decides: owner, version, epoch and digest are its own, and the events must agree with them.
    pub(super) async fn current(&self, id: B256) -> Result<Current<'_>> {
        let mut version = 0;
        for _ in 0..ATTEMPTS {
            self.sync().await?;
            let snapshot = self.snapshot().await?;
            let record = snapshot.record(id).await?;
            match record.status {
                RecordStatus::Unknown => return Err(RecordsError::NoSuchRecord(id.to_string())),
                RecordStatus::Removed => return Err(RecordsError::Removed(id)),
                RecordStatus::Live => {}
            }
            version = record.version;
            let found = self.history.record(id)?.filter(|entry| {
                (
                    entry.owner,
                    entry.version,
                    entry.epoch,
                    entry.content.digest,
                ) == (record.owner, record.version, record.epoch, record.digest)
            });
            if let Some(entry) = found {
                return Ok(Current { snapshot, entry });
            }
        }
        Err(RecordsError::EventMissing { id, version })
    }

    /// A live record of the user's own.
    pub(super) async fn own(&self, id: B256) -> Result<Current<'_>> {
        let current = self.current(id).await?;
        if current.owner() != self.me() {
            return Err(RecordsError::NotOwner {
                id,
                owner: current.owner(),
            });
        }
        self.allowed(&current, AccessLevel::All).await?;
        Ok(current)
    }

    /// An error unless the user may read, or write, the record now.
    pub(super) async fn allowed(&self, current: &Current<'_>, level: AccessLevel) -> Result<()> {
        let access = current.snapshot.access(current.id(), self.me()).await?;
        if access.level.is_some_and(|held| held >= level) {
            return Ok(());
        }
        let write = level == AccessLevel::All;
        Err(RecordsError::NoAccess {
            id: current.id(),
            write,
            reason: access.reason,
        })
    }

    /// The key of a record's present version.
    pub(super) async fn key_now(&self, current: &Current<'_>) -> Result<RecordKey> {
        self.key_of(
            &current.snapshot,
            current.id(),
            current.owner(),
            current.entry.epoch,
        )
        .await
    }

    /// The description of a record's present version.
    pub(super) async fn info_now(&self, current: &Current<'_>) -> Result<RecordInfo> {
        let key = self.key_now(current).await?;
        self.open_info(&current.entry, &key)
    }
}
