//! Checking integrity, and collecting what nothing refers to. Neither needs a record's key.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use alloy_primitives::B256;
use serde::Serialize;

use super::error::{RecordsError, Result, unwrap_io};
use super::progress::Stage;
use super::session::Session;
use super::stores::Placed;
use crate::chain::{ObjectDigest, RecordStatus};
use crate::crypto::CryptoError;
use crate::crypto::stream::{self, Digest};
use crate::storage::{Locator, ObjectName, StorageError, StoredObject};

/// An object that is what the registry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// The record.
    pub id: B256,
    /// Its version.
    pub version: u32,
    /// BLAKE3 of its object.
    pub digest: ObjectDigest,
    /// Length of the object in bytes.
    pub object_len: u64,
    /// Where it lies.
    pub locator: String,
}

/// An object that nothing refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Orphan {
    /// The record it was made for.
    pub record: B256,
    /// Its digest.
    pub digest: ObjectDigest,
    /// Its length in bytes.
    pub len: u64,
}

impl Session {
    /// Compares a record's object with the digest that the registry has. Nobody's key is needed, but the place is: the
    /// one given, or the one in the description where the user can open it, or the user's own storage.
    ///
    /// # Errors
    /// [`RecordsError::Crypto`] with the digest found if it is another object; [`RecordsError::Storage`],
    /// [`RecordsError::Chain`].
    pub async fn verify(&self, id: B256, locator: Option<&Locator>) -> Result<Verified> {
        let current = self.current(id).await?;
        let locator = match locator {
            Some(locator) => locator.to_string(),
            None => match self.info_now(&current).await {
                Ok(info) => info.locator,
                Err(_) => self.stores.own()?.to_string(),
            },
        };
        let expected = Digest(current.entry.content.digest.0);
        let name = ObjectName {
            record_id: id.0,
            digest: expected.0,
        };
        let object = self.fetch(&locator, &name).await?;
        let source = self.bridge(object, Stage::Checking);
        let hashed = tokio::task::spawn_blocking(move || stream::digest(source)).await?;
        let (found, object_len) = hashed.map_err(unwrap_io)?;
        if found != expected {
            return Err(CryptoError::DigestMismatch { expected, found }.into());
        }
        let (version, digest) = (current.entry.version, current.entry.content.digest);
        Ok(Verified {
            id,
            version,
            digest,
            object_len,
            locator,
        })
    }

    /// Finds objects that nothing refers to, at least `min_age` old, and removes them, and what is left of uploads that
    /// were killed, unless this is only a `rehearsal`.
    ///
    /// An object is kept if it is the present version of a live record, whoever owns it, or if an operation in this
    /// profile's journal needs it; and if it is younger than `min_age`, since others upload first and refer afterwards.
    /// A storage location must therefore belong to one registry.
    ///
    /// # Errors
    /// [`RecordsError::Storage`], [`RecordsError::Chain`]; what was removed until then stays removed.
    pub async fn collect_garbage(
        &self,
        locator: Option<&Locator>,
        min_age: Duration,
        rehearsal: bool,
    ) -> Result<Vec<Orphan>> {
        let locator = match locator {
            Some(locator) => locator.to_string(),
            None => self.stores.own()?.to_string(),
        };
        let storage = self.stores.at(&locator)?;
        let needed = self.needed_objects().await?;
        let is_referenced = async |name: &ObjectName| {
            self.is_referenced(&locator, &needed, name)
                .await
                .map_err(Collecting::from)
        };
        let now = SystemTime::now();
        let found = match rehearsal {
            true => storage.orphans(min_age, now, is_referenced).await,
            false => storage
                .collect_orphans(min_age, now, is_referenced)
                .await
                .map(|collected| collected.orphans),
        };
        let orphan = |object: StoredObject| Orphan {
            record: object.name.record_id.into(),
            digest: object.name.digest.into(),
            len: object.len,
        };
        let found = found.map_err(|Collecting(error)| error)?;
        Ok(found.into_iter().map(orphan).collect())
    }

    async fn is_referenced(
        &self,
        locator: &str,
        needed: &HashSet<Placed>,
        name: &ObjectName,
    ) -> Result<bool> {
        let (record, digest) = (B256::from(name.record_id), ObjectDigest::from(name.digest));
        if needed.contains(&Placed {
            locator: locator.to_owned(),
            record,
            digest,
        }) {
            return Ok(true);
        }
        let found = self.snapshot().await?.record(record).await?;
        Ok(found.status == RecordStatus::Live && found.digest == digest)
    }
}

/// Carries our error through the storage's collection.
struct Collecting(RecordsError);

impl From<StorageError> for Collecting {
    fn from(error: StorageError) -> Self {
        Self(error.into())
    }
}

impl From<RecordsError> for Collecting {
    fn from(error: RecordsError) -> Self {
        Self(error)
    }
}
