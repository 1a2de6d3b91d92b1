//! Objects nothing refers to: found, and removed once they are old enough.
//!
//! An upload that was killed can also leave what never became an object. In a folder these are files beside
//! the objects, which go with the orphans. S3 and its like keep unfinished uploads out of sight and have a
//! lifecycle rule for them ("abort incomplete multipart uploads"), which every bucket should have.

use std::ffi::OsStr;
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

/// Removes what killed uploads left in a folder. Uploads go on meanwhile, so files may vanish at any time.
fn remove_unfinished(
    folder: &Path,
    min_age: Duration,
    now: SystemTime,
) -> Result<usize, StorageError> {
    let mut removed = 0;
    for path in unfinished(folder)? {
        let Some(meta) = unless_gone(&path, std::fs::metadata(&path))? else {
            continue;
        };
        let modified = meta.modified().map_err(|error| failed(&path, &error))?;
        if now.duration_since(modified).unwrap_or_default() >= min_age {
            let gone = unless_gone(&path, std::fs::remove_file(&path))?;
            removed += usize::from(gone.is_some());
        }
    }
    Ok(removed)
}

fn failed(path: &Path, error: &std::io::Error) -> StorageError {
    StorageError::Failed(format!("{}: {error}", path.display()))
}

/// What an operation gave, or `None` if the file is no longer there.
fn unless_gone<T>(path: &Path, outcome: std::io::Result<T>) -> Result<Option<T>, StorageError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Files `<record id>/<digest>#<number>`: object_store's local backend writes there before it renames.
fn unfinished(folder: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let mut found = Vec::new();
    for record in entries(folder)? {
        let names = |file: &PathBuf| is_unfinished(record.file_name(), file.file_name());
        if record.is_dir() {
            found.extend(entries(&record)?.into_iter().filter(names));
        }
    }
    Ok(found)
}

/// What is in a folder; nothing if it is gone.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let Some(entries) = unless_gone(folder, std::fs::read_dir(folder))? else {
        return Ok(Vec::new());
    };
    let path = |entry: std::io::Result<std::fs::DirEntry>| entry.map(|entry| entry.path());
    entries
        .map(path)
        .collect::<std::io::Result<_>>()
        .map_err(|error| failed(folder, &error))
}

fn is_unfinished(record: Option<&OsStr>, file: Option<&OsStr>) -> bool {
    let text = |name: Option<&OsStr>| name.and_then(OsStr::to_str).map(str::to_owned);
    let (Some(record), Some(file)) = (text(record), text(file)) else {
        return false;
    };
    file.split_once('#').is_some_and(|(digest, number)| {
        let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        numbered && format!("{record}/{digest}").parse::<ObjectName>().is_ok()
    })
}
