//! Objects nothing refers to: found, and removed once they are old enough.

use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;

use super::{ObjectName, Storage, StorageError, StoredObject};

impl Storage {
    /// Objects at least `min_age` old at `now` that `is_referenced` does not know.
    ///
    /// An upload comes before the transaction that refers to it, so `min_age` must be longer than any
    /// interrupted command may wait to be resumed; a day is a good choice.
    ///
    /// # Errors
    /// Those of the listing and of `is_referenced`.
    pub async fn orphans<E: From<StorageError>>(
        &self,
        min_age: Duration,
        now: SystemTime,
        is_referenced: impl AsyncFn(&ObjectName) -> Result<bool, E>,
    ) -> Result<Vec<StoredObject>, E> {
        let mut found = Vec::new();
        let mut objects = self.list();
        while let Some(object) = objects.try_next().await? {
            let age = now.duration_since(object.modified).unwrap_or_default();
            if age >= min_age && !is_referenced(&object.name).await? {
                found.push(object);
            }
        }
        Ok(found)
    }

    /// Removes orphans, and says which. Each is asked about once more immediately before it goes.
    ///
    /// # Errors
    /// As [`Storage::orphans`], and those of the removal; what was removed up to then stays removed.
    pub async fn collect_orphans<E: From<StorageError>>(
        &self,
        min_age: Duration,
        now: SystemTime,
        is_referenced: impl AsyncFn(&ObjectName) -> Result<bool, E>,
    ) -> Result<Vec<StoredObject>, E> {
        let mut removed = Vec::new();
        for orphan in self.orphans(min_age, now, &is_referenced).await? {
            if !is_referenced(&orphan.name).await? {
                self.delete(&orphan.name).await?;
                removed.push(orphan);
            }
        }
        Ok(removed)
    }
}
