//! Reading: from the registry's digest to a verified file.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use serde::Serialize;
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt;
use tokio::runtime::Handle;

use super::deed::Deed;
use super::error::{RecordsError, Result, unwrap_io};
use super::job::{Job, request_id};
use super::party::Receipt;
use super::progress::Stage;
use super::seal::{Watched, sync_folder};
use super::session::Session;
use crate::chain::{AccessLevel, ObjectDigest, Purpose};
use crate::crypto::stream::{self, Digest, Summary};
use crate::storage::{ObjectName, ObjectReader};

/// Where the content goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// This file.
    File(PathBuf),
    /// A file in this folder, named by the record's title as far as a file name allows.
    Folder(PathBuf),
}

/// A record to open.
#[derive(Clone, Debug)]
pub struct Open {
    /// The record.
    pub id: B256,
    /// Where the content goes.
    pub target: Target,
    /// Whether a file that is there already is replaced.
    pub force: bool,
    /// State on the chain that the record was opened, and what for, before the content appears at the target.
    pub log: Option<Purpose>,
}

/// A record that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// The record.
    pub id: B256,
    /// The version opened.
    pub version: u32,
    /// BLAKE3 of the object, as the registry has it.
    pub digest: ObjectDigest,
    /// What readers see as its name.
    pub title: String,
    /// Media type of the content.
    pub media_type: String,
    /// Length of the content in bytes.
    pub content_len: u64,
    /// The file.
    pub path: PathBuf,
    /// The transactions.
    pub receipts: Vec<Receipt>,
}

impl Session {
    /// Opens a record: everything is verified before anything appears at the target.
    ///
    /// # Errors
    /// [`RecordsError::NoAccess`], [`RecordsError::TargetExists`], [`RecordsError::NoFolder`], [`RecordsError::Crypto`]
    /// for an object that is not the right one, [`RecordsError::Storage`], [`RecordsError::Chain`]. After any of them
    /// there is nothing new at the target.
    pub async fn open(&self, open: &Open) -> Result<Opened> {
        let current = self.current(open.id).await?;
        self.allowed(&current, AccessLevel::Read).await?;
        let entry = &current.entry;
        let key = self.key_now(&current).await?;
        let info = self.open_info(entry, &key)?;
        let path = match &open.target {
            Target::File(path) => path.clone(),
            Target::Folder(folder) => folder.join(safe_name(&info.title, open.id)),
        };
        let folder = check_target(&path, open.force)?;
        let staged = NamedTempFile::with_prefix_in(".chartseal-", &folder)
            .map_err(RecordsError::file(&folder))?;

        let digest = Digest(entry.content.digest.0);
        let name = ObjectName {
            record_id: open.id.0,
            digest: digest.0,
        };
        let object = self.fetch(&info.locator, &name).await?;
        let source = self.bridge(object, Stage::Opening);
        let context = self.content_context(open.id, entry.epoch, entry.version);
        let (staged, summary) = tokio::task::spawn_blocking(move || {
            let mut staged = staged;
            let summary =
                stream::open(source, &mut staged, &key, &context, &digest).map_err(unwrap_io)?;
            staged
                .as_file()
                .sync_all()
                .map_err(RecordsError::file(staged.path()))?;
            Ok::<(NamedTempFile, Summary), RecordsError>((staged, summary))
        })
        .await??;

        let receipts = match open.log {
            Some(purpose) => self.log_access(open.id, purpose, entry.version).await?,
            None => Vec::new(),
        };
        publish(staged, &path, &folder, open.force)?;
        Ok(Opened {
            id: open.id,
            version: entry.version,
            digest: entry.content.digest,
            title: info.title,
            media_type: info.media_type,
            content_len: summary.content_len,
            path,
            receipts,
        })
    }

    async fn log_access(&self, id: B256, purpose: Purpose, version: u32) -> Result<Vec<Receipt>> {
        let request = request_id(("log access", id, purpose, version))?;
        let done = match self.earlier(request).await? {
            Some(done) => done,
            None => {
                self.perform(Job::plain(request, Deed::LogAccess { id, purpose }))
                    .await?
            }
        };
        Ok(done.receipts)
    }

    /// Begins to read an object.
    pub(super) async fn fetch(&self, locator: &str, name: &ObjectName) -> Result<ObjectReader> {
        let storage = self.stores.at(locator)?;
        Ok(self.unless_stopped(storage.get(name)).await??)
    }

    /// An object's bytes for code that blocks; it must run on a thread of its own.
    pub(super) fn bridge(&self, object: ObjectReader, stage: Stage) -> Watched<Blocking> {
        let meter = self.meter(stage, object.object_len());
        Watched::new(
            Blocking {
                runtime: Handle::current(),
                object,
            },
            meter,
            self.stop.clone(),
        )
    }
}

/// An object read by code that blocks, on a thread that is not the runtime's.
pub(super) struct Blocking {
    runtime: Handle,
    object: ObjectReader,
}

impl Read for Blocking {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.runtime.block_on(self.object.read(space))
    }
}

/// The folder of the target, which must be there; the target must not, unless it may be replaced.
fn check_target(path: &Path, force: bool) -> Result<PathBuf> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    if !folder.is_dir() {
        return Err(RecordsError::NoFolder(folder));
    }
    if path.is_dir() || (!force && path.symlink_metadata().is_ok()) {
        return Err(RecordsError::TargetExists(path.to_owned()));
    }
    Ok(folder)
}

/// Gives a verified file its name.
fn publish(staged: NamedTempFile, path: &Path, folder: &Path, force: bool) -> Result<()> {
    let published = if force {
        staged.persist(path)
    } else {
        staged.persist_noclobber(path)
    };
    match published {
        Ok(_) => sync_folder(folder),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(RecordsError::TargetExists(path.to_owned()))
        }
        Err(error) => Err(RecordsError::file(path)(error.error)),
    }
}

/// A file name made of a title that somebody else chose: one path component, nothing hidden, nothing that a shell or
/// terminal takes for something else.
pub fn safe_name(title: &str, id: B256) -> String {
    let kept =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '(' | ')' | ',' | '+');
    let name: String = title
        .chars()
        .map(|c| if kept(c) { c } else { '_' })
        .collect();
    let name = name.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let mut short = String::new();
    for c in name.chars() {
        // File systems count bytes, at most 255.
        if short.len() + c.len_utf8() > 200 {
            break;
        }
        short.push(c);
    }
    if short.is_empty() {
        format!("record-{}", &format!("{id:x}")[..12])
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threat 32: nothing outside the target, whatever the title.
    #[test]
    fn titles_make_harmless_file_names() {
        let id = B256::repeat_byte(0xab);
        for (title, name) in [
            ("scan.dcm", "scan.dcm"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("/etc/passwd", "_etc_passwd"),
            ("..", "record-abababababab"),
            ("", "record-abababababab"),
            (".hidden", "hidden"),
            ("a\u{202e}b\u{1b}[31m\n", "a_b__31m_"),
            ("C:\\x|y", "C__x_y"),
            ("Blut 血 größe", "Blut 血 größe"),
        ] {
            assert_eq!(safe_name(title, id), name, "{title:?}");
        }
        let long = safe_name(&"界".repeat(300), id);
        assert!(long.len() <= 200 && long.chars().all(|c| c == '界'));
    }

    #[test]
    fn a_target_is_neither_a_folder_nor_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(check_target(&path, false).unwrap(), folder.path());
        std::fs::write(&path, "old").unwrap();
        assert!(matches!(
            check_target(&path, false),
            Err(RecordsError::TargetExists(_))
        ));
        check_target(&path, true).unwrap();
        assert!(matches!(
            check_target(folder.path(), true),
            Err(RecordsError::TargetExists(_))
        ));
        let nowhere = folder.path().join("none/file");
        assert!(matches!(
            check_target(&nowhere, true),
            Err(RecordsError::NoFolder(_))
        ));
    }
}
