//! Files of a profile that are whole or as they were: written aside, synced, then renamed.

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::failure::{Failure, Outcome};

/// Replaces a file, or makes it; only the user may read it. Its folder must be there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Outcome {
    replace(path, bytes).map_err(Failure::file(path))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut aside = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    aside.write_all(bytes)?;
    aside.as_file().sync_all()?;
    aside.persist(path).map_err(|error| error.error)?;
    Ok(())
}
