//! The state file: the whole chain, saved as it grows.
//!
//! ```text
//! header   magic (16 bytes) | version u32 | committed u64 | keccak256 of the 28 bytes before (32)
//! record*  length u64 | keccak256 of the content (32) | content: RLP of a Batch
//! ```
//!
//! Integers are big-endian. Records fill the file up to `committed`; what follows is an append that was
//! cut off, and is ignored and overwritten. A save appends one record, syncs, then moves `committed`
//! with one write and syncs again: a kill at any point leaves the chain as the last save left it. After a
//! reorganisation or a revert the file is written anew beside the old one and renamed over it. Every byte
//! up to `committed` is under a checksum, so a damaged file is told from a good one, and refused.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use alloy_primitives::keccak256;
use alloy_rlp::Decodable;

use super::{
    chain::{Chain, Target},
    clock::Clock,
    codec::{Batch, Mark},
    config::ChainConfig,
    error::StateFileError,
};

const MAGIC: &[u8; 16] = b"chartseal chain\n";
/// 2: headers have the state root. In files of version 1 it was a chained hash of the changes.
const VERSION: u32 = 2;
const HASH_BYTES: usize = 32;
/// Bytes of the header before its checksum, and with it.
const HEADER_BODY: usize = 28;
const HEADER_BYTES: usize = HEADER_BODY + HASH_BYTES;

/// What the state file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Saved {
    path: PathBuf,
    committed: u64,
    mark: Mark,
    clock: Clock,
    rewinds: u64,
}

impl Chain {
    /// Saves the chain to `path`, which is created if need be. Costs what changed since the last save to the
    /// same file, not what the chain holds. Snapshots are not saved.
    ///
    /// # Errors
    /// [`StateFileError::Io`]; the file then holds what it held before.
    pub fn save(&self, path: &Path) -> Result<(), StateFileError> {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let committed = match saved.as_ref().filter(|saved| self.continues(saved, path)) {
            Some(last) if self.is_saved(last) => return Ok(()),
            Some(last) => append(path, last.committed, &self.batch_since(last.mark))?,
            None => rewrite(path, &self.batch_since(Mark::default()))?,
        };
        *saved = Some(self.saved_as(path, committed));
        Ok(())
    }

    /// The chain that was saved to `path`.
    ///
    /// # Errors
    /// [`StateFileError`] if the file cannot be read, is none of ours, or is damaged. It is never changed.
    pub fn load(path: &Path, config: ChainConfig) -> Result<Self, StateFileError> {
        let bytes = fs::read(path).map_err(|source| io_error("read", path, source))?;
        let damaged = |reason: String| StateFileError::Damaged {
            path: path.into(),
            reason,
        };
        let committed = check_header(path, &bytes)?;
        let mut chain = Self::empty(config);
        let mut rest = &bytes[HEADER_BYTES..committed];
        while !rest.is_empty() {
            let batch = take_record(&mut rest).map_err(damaged)?;
            chain.check_chain(path, Self::batch_chain_id(&batch))?;
            chain.replay(batch).map_err(damaged)?;
        }
        if chain.entries.is_empty() {
            return Err(damaged("it has no block".into()));
        }
        // Once here, not at each request for a proof until the next block.
        chain.move_tries(chain.moment(Target::Number(chain.block_number())));
        let saved = chain.saved_as(path, committed as u64);
        chain.saved = Arc::new(Mutex::new(Some(saved)));
        Ok(chain)
    }

    fn saved_as(&self, path: &Path, committed: u64) -> Saved {
        Saved {
            path: path.into(),
            committed,
            mark: self.mark(),
            clock: self.clock,
            rewinds: self.rewinds,
        }
    }

    /// Whether the file can be brought up to date by appending to it.
    fn continues(&self, last: &Saved, path: &Path) -> bool {
        let length = fs::metadata(path).map_or(0, |file| file.len());
        last.path == path && last.rewinds == self.rewinds && length >= last.committed
    }

    fn is_saved(&self, last: &Saved) -> bool {
        last.mark == self.mark() && last.clock == self.clock
    }

    fn check_chain(&self, path: &Path, found: u64) -> Result<(), StateFileError> {
        let expected = self.config.chain_id;
        if found != expected {
            return Err(StateFileError::OtherChain {
                path: path.into(),
                found,
                expected,
            });
        }
        Ok(())
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> StateFileError {
    StateFileError::Io {
        action,
        path: path.into(),
        source,
    }
}

fn header(committed: u64) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&VERSION.to_be_bytes());
    header.extend_from_slice(&committed.to_be_bytes());
    let checksum = keccak256(&header);
    header.extend_from_slice(checksum.as_slice());
    header
}

fn record(batch: &Batch) -> Vec<u8> {
    let content = alloy_rlp::encode(batch);
    let mut record = (content.len() as u64).to_be_bytes().to_vec();
    record.extend_from_slice(keccak256(&content).as_slice());
    record.extend_from_slice(&content);
    record
}

/// Puts a record behind the committed ones; returns where they end now.
fn append(path: &Path, committed: u64, batch: &Batch) -> Result<u64, StateFileError> {
    let record = record(batch);
    let end = committed + record.len() as u64;
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(committed))?;
        file.write_all(&record)?;
        file.sync_data()?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header(end))?;
        file.sync_data()
    };
    write().map_err(|source| io_error("write", path, source))?;
    Ok(end)
}

/// Writes a file with one record and puts it in the place of the old one; returns where it ends.
fn rewrite(path: &Path, batch: &Batch) -> Result<u64, StateFileError> {
    let record = record(batch);
    let end = (HEADER_BYTES + record.len()) as u64;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let staged = path.with_file_name(name);
    let write = || -> io::Result<()> {
        let mut file = File::create(&staged)?;
        file.write_all(&header(end))?;
        file.write_all(&record)?;
        file.sync_all()?;
        fs::rename(&staged, path)?;
        sync_folder(path)
    };
    write().map_err(|source| {
        // Best effort: the error to report is the first one.
        let _ = fs::remove_file(&staged);
        io_error("write", path, source)
    })?;
    Ok(end)
}

/// Makes a rename durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Checks the header; returns where the committed records end.
fn check_header(path: &Path, bytes: &[u8]) -> Result<usize, StateFileError> {
    let foreign = || StateFileError::Foreign { path: path.into() };
    let damaged = |reason: &str| StateFileError::Damaged {
        path: path.into(),
        reason: reason.into(),
    };
    if !bytes.starts_with(MAGIC) {
        return Err(foreign());
    }
    let header = bytes
        .get(..HEADER_BYTES)
        .ok_or_else(|| damaged("its header is cut off"))?;
    let (body, checksum) = header.split_at(HEADER_BODY);
    if keccak256(body) != checksum {
        return Err(damaged("its header does not match its checksum"));
    }
    let found = u32::from_be_bytes([body[16], body[17], body[18], body[19]]);
    if found != VERSION {
        return Err(StateFileError::Version {
            path: path.into(),
            found,
            expected: VERSION,
        });
    }
    let mut committed = [0; 8];
    committed.copy_from_slice(&body[20..28]);
    usize::try_from(u64::from_be_bytes(committed))
        .ok()
        .filter(|end| (HEADER_BYTES..=bytes.len()).contains(end))
        .ok_or_else(|| damaged("its end is cut off"))
}

/// Takes the first record off `bytes`. The error says what is wrong with it.
fn take_record(bytes: &mut &[u8]) -> Result<Batch, String> {
    let cut_off = || "a record is cut off".to_owned();
    let mut length = [0; 8];
    bytes.read_exact(&mut length).map_err(|_| cut_off())?;
    let mut checksum = [0; HASH_BYTES];
    bytes.read_exact(&mut checksum).map_err(|_| cut_off())?;
    let length = usize::try_from(u64::from_be_bytes(length)).map_err(|_| cut_off())?;
    let (mut content, rest) = bytes.split_at_checked(length).ok_or_else(cut_off)?;
    if keccak256(content) != checksum {
        return Err("a record does not match its checksum".into());
    }
    *bytes = rest;
    let batch = Batch::decode(&mut content).map_err(|error| format!("a record: {error}"))?;
    if !content.is_empty() {
        return Err("a record is longer than its content".into());
    }
    Ok(batch)
}
