//! Objects nothing refers to: found, and removed once they are old enough.
//!
//! An upload that was killed can also leave what never became an object. In a folder these are files beside
//! the objects, which go with the orphans. S3 and its like keep unfinished uploads out of sight and have a
//! lifecycle rule for them ("abort incomplete multipart uploads"), which every bucket should have.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;

use super::{ObjectName, Storage, StorageError, StoredObject};

/// What a collection removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Objects nothing referred to.
    pub orphans: Vec<StoredObject>,
    /// Files of uploads that were never finished.
    pub unfinished: usize,
}

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
    ) -> Result<Collected, E> {
        let mut removed = Collected::default();
        for orphan in self.orphans(min_age, now, &is_referenced).await? {
            if !is_referenced(&orphan.name).await? {
                self.delete(&orphan.name).await?;
                removed.orphans.push(orphan);
            }
        }
        if let Some(folder) = self.folder() {
            removed.unfinished = remove_unfinished(folder, min_age, now)?;
        }
        Ok(removed)
    }
}

/// Removes what killed uploads left in a folder.
fn remove_unfinished(
    folder: &Path,
    min_age: Duration,
    now: SystemTime,
) -> Result<usize, StorageError> {
    let failed =
        |error: std::io::Error| StorageError::Failed(format!("{}: {error}", folder.display()));
    let mut removed = 0;
    for path in unfinished(folder).map_err(failed)? {
        let modified = std::fs::metadata(&path)
            .and_then(|meta| meta.modified())
            .map_err(failed)?;
        if now.duration_since(modified).unwrap_or_default() >= min_age {
            std::fs::remove_file(&path).map_err(failed)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Files `<record id>/<digest>#<number>`: object_store's local backend writes there before it renames.
fn unfinished(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for record in std::fs::read_dir(folder)? {
        let record = record?;
        if !record.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(record.path())? {
            let file = file?;
            if is_unfinished(&record.file_name(), &file.file_name()) {
                found.push(file.path());
            }
        }
    }
    Ok(found)
}

fn is_unfinished(record: &std::ffi::OsStr, file: &std::ffi::OsStr) -> bool {
    let (Some(record), Some(file)) = (record.to_str(), file.to_str()) else {
        return false;
    };
    file.split_once('#').is_some_and(|(digest, number)| {
        let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        numbered && format!("{record}/{digest}").parse::<ObjectName>().is_ok()
    })
}
