//! From a file to a sealed object in the staging folder.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use alloy_primitives::B256;
use serde::Serialize;
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;

use super::deed::Version;
use super::error::{RecordsError, Result, Stop, unwrap_io};
use super::job::Upload;
use super::progress::{Meter, Stage};
use super::session::Session;
use super::stores::Placed;
use crate::crypto::context::ContentContext;
use crate::crypto::info::{self, RecordInfo};
use crate::crypto::key::RecordKey;
use crate::crypto::stream;
use crate::identity::IdentityError;
use crate::storage::Locator;

/// Longest title in characters.
const MAX_TITLE: usize = 120;

/// A file that becomes a version of a record.
#[derive(Clone, Debug)]
pub struct NewContent {
    /// The file.
    pub file: PathBuf,
    /// What readers see as its name. Default: the file's name, or for an update the record's title.
    pub title: Option<String>,
    /// Media type, RFC 6838. Default: by the file's name.
    pub media_type: Option<String>,
    /// Where the object goes. Default: where the user's records lie, or for an update where the record lies.
    pub locator: Option<Locator>,
}

impl NewContent {
    /// A file with all defaults.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            file: path.into(),
            title: None,
            media_type: None,
            locator: None,
        }
    }
}

/// A regular file as it was when the operation began; also part of what identifies a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Stamp {
    path: PathBuf,
    pub(super) len: u64,
    modified: u128,
}

impl Stamp {
    /// Looks at a file without opening it, which for a pipe would wait for ever.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let found = fs::metadata(path).map_err(RecordsError::file(path))?;
        if !found.is_file() {
            return Err(RecordsError::NotAFile(path.to_owned()));
        }
        let modified = found
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            path: path.canonicalize().map_err(RecordsError::file(path))?,
            len: found.len(),
            modified: modified.unwrap_or_default().as_nanos(),
        })
    }

    fn open(&self) -> Result<File> {
        let file = File::open(&self.path).map_err(RecordsError::file(&self.path))?;
        if file
            .metadata()
            .map_err(RecordsError::file(&self.path))?
            .is_file()
        {
            Ok(file)
        } else {
            Err(RecordsError::NotAFile(self.path.clone()))
        }
    }

    /// An error if the file is not any more what it was.
    fn check_unchanged(&self, read: u64) -> Result<()> {
        if read == self.len && Self::of(&self.path)? == *self {
            return Ok(());
        }
        Err(RecordsError::FileChanged(self.path.clone()))
    }
}

/// What is sealed, under which key, for which version.
pub(super) struct Sealing {
    pub(super) stamp: Stamp,
    pub(super) info: RecordInfo,
    pub(super) key: RecordKey,
    pub(super) context: ContentContext,
}

impl Session {
    /// Seals a file and its description. When this returns, the object is durably in the staging folder.
    pub(super) async fn seal(&self, sealing: Sealing) -> Result<(Upload, Version)> {
        let meter = self.meter(Stage::Sealing, sealing.stamp.len);
        let (stop, folder) = (self.stop.clone(), self.staging());
        tokio::task::spawn_blocking(move || {
            let Sealing {
                stamp,
                info,
                key,
                context,
            } = sealing;
            let mut staged = stage(&folder)?;
            // One byte more than expected is read, so that a file that grew is noticed.
            let source = Watched::new(stamp.open()?.take(stamp.len.saturating_add(1)), meter, stop);
            let summary = stream::seal(source, &mut staged, &key, &context).map_err(unwrap_io)?;
            stamp.check_unchanged(summary.content_len)?;
            let sealed_info = info::seal(&info, &key, &context)?.into();
            let version = Version {
                digest: summary.digest.0.into(),
                sealed_info,
            };
            let place = Placed {
                locator: info.locator,
                record: context.record.record_id.into(),
                digest: version.digest,
            };
            Ok((keep(staged, &folder, summary.object_len, place)?, version))
        })
        .await?
    }
}

/// A file in the staging folder that goes away unless it is kept. Mode 0600.
pub(super) fn stage(folder: &Path) -> Result<NamedTempFile> {
    fs::create_dir_all(folder).map_err(RecordsError::file(folder))?;
    NamedTempFile::with_prefix_in("object-", folder).map_err(RecordsError::file(folder))
}

/// Makes a staged file durable.
pub(super) fn keep(
    staged: NamedTempFile,
    folder: &Path,
    len: u64,
    place: Placed,
) -> Result<Upload> {
    staged
        .as_file()
        .sync_all()
        .map_err(RecordsError::file(staged.path()))?;
    let (_, path) = staged
        .keep()
        .map_err(|error| RecordsError::file(folder)(error.error))?;
    sync_folder(folder)?;
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Upload { file, len, place })
}

/// Makes names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(folder)
            .and_then(|f| f.sync_all())
            .map_err(RecordsError::file(folder))?;
    }
    Ok(())
}

/// A random salt for a new record's id.
pub(super) fn random_salt() -> Result<B256> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(crate::crypto::CryptoError::from)?;
    Ok(salt.into())
}

/// The title to use: the one given, or the file's name.
pub(super) fn title(new: &NewContent) -> Result<String> {
    let title = match &new.title {
        Some(title) => title.trim().to_owned(),
        None => new
            .file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    let wrong = |reason: &str| {
        Err(IdentityError::Invalid {
            what: "the title",
            reason: reason.into(),
        }
        .into())
    };
    if title.is_empty() || title.chars().any(char::is_control) {
        return wrong("it is empty or has control characters in it");
    }
    if title.chars().count() > MAX_TITLE {
        return wrong("it is longer than 120 characters");
    }
    Ok(title)
}

/// The media type to use: the one given, or one by the file's name.
pub(super) fn media_type(new: &NewContent) -> Result<String> {
    let Some(given) = &new.media_type else {
        return Ok(mime_guess::from_path(&new.file)
            .first_or_octet_stream()
            .essence_str()
            .to_owned());
    };
    let token = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    let shaped = given.len() <= 127
        && given
            .split_once('/')
            .is_some_and(|(kind, sub)| token(kind) && token(sub));
    if shaped {
        return Ok(given.clone());
    }
    let reason = "it is not of the form type/subtype".to_owned();
    Err(IdentityError::Invalid {
        what: "the media type",
        reason,
    }
    .into())
}

/// A reader that tells how far it is, and fails when the user asks to stop.
pub(super) struct Watched<R> {
    inner: R,
    meter: Meter,
    stop: CancellationToken,
    done: u64,
}

impl<R: Read> Watched<R> {
    pub(super) fn new(inner: R, meter: Meter, stop: CancellationToken) -> Self {
        Self {
            inner,
            meter,
            stop,
            done: 0,
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other(Stop));
        }
        let read = self.inner.read(space)?;
        self.done += read as u64;
        self.meter.at(self.done);
        Ok(read)
    }
}
