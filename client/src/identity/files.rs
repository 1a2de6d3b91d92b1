//! Files that are whole or absent: written aside, synced, then renamed; one writer at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::IdentityError;
use crate::crypto::CryptoError;

/// Whether a file may exist already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Publish {
    /// It must not.
    New,
    /// It is replaced.
    Replace,
}

/// Holds a folder for one process; released on drop, also when the process dies.
pub(super) struct FolderLock(
    #[expect(dead_code, reason = "the lock lives as long as the file")] File,
);

impl FolderLock {
    /// Waits until nobody else holds the folder.
    pub(super) fn acquire(folder: &Path) -> Result<Self, IdentityError> {
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        private(options.create(true).truncate(false).write(true));
        let file = options.open(&path).map_err(IdentityError::file(&path))?;
        file.lock().map_err(IdentityError::file(&path))?;
        Ok(Self(file))
    }
}

/// Creates a folder, and those above it, that only the user may look into.
pub(super) fn create_private_folder(path: &Path) -> Result<(), IdentityError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(IdentityError::file(path))
}

/// Writes a file of mode 0600 so that, whatever happens, either the old one or the whole new one is there.
pub(super) fn write(path: &Path, bytes: &[u8], publish: Publish) -> Result<(), IdentityError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let aside = aside(path)?;
    let outcome = write_aside(&aside, bytes).and_then(|()| match publish {
        // A hard link fails if the name is taken; a rename would replace what is there.
        Publish::New => fs::hard_link(&aside, path),
        Publish::Replace => fs::rename(&aside, path),
    });
    if publish == Publish::New || outcome.is_err() {
        // After a failed write there may be nothing to remove; the first error is the one to report.
        let _ = fs::remove_file(&aside);
    }
    outcome
        .and_then(|()| sync_folder(folder))
        .map_err(IdentityError::file(path))
}

/// Reads a file of at most `limit` bytes; `None` if there is none.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, IdentityError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(IdentityError::file(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(IdentityError::file(path))?;
    if bytes.len() as u64 > limit {
        let reason = format!("it is longer than {limit} bytes");
        return Err(IdentityError::Damaged {
            path: path.to_owned(),
            reason,
        });
    }
    Ok(Some(bytes))
}

/// A name beside the target that nobody else uses.
fn aside(path: &Path) -> Result<PathBuf, IdentityError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(CryptoError::from)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{:016x}", u64::from_be_bytes(random)));
    Ok(path.with_file_name(name))
}

fn write_aside(aside: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = private(options.create_new(true).write(true)).open(aside)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Mode 0600 for files that are created.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A rename or link is lasting only once the folder is synced.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
