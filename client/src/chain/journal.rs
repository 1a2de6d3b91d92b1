//! What was begun and is not finished, durably: one file for each operation.
//!
//! An entry holds the payload of a use case, opaque here, and the signed transactions that belong to it. Every change
//! is written to a temporary file, flushed, renamed over the old one, and the folder flushed, before the call returns.
//! A signed transaction is therefore on the disk before it reaches a node, and the same bytes can be sent again after
//! a crash or a lost reply.
//!
//! One process holds the journal at a time ([`Journal::open`] takes a lock that the system releases when the process
//! ends, however it ends). So nonces given out under it are unique among all processes of one profile.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use alloy::primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use super::error::{ChainError, Result};

/// Layout of the files.
const FORMAT: u32 = 1;

/// Pause between attempts to take the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// An entry's number, unique among those that are not finished.
pub type EntryId = u64;

/// Where an operation happens. An entry is only ever continued there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The chain's id.
    pub chain: u64,
    /// The account that signs.
    pub account: Address,
}

/// One signing of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its hash.
    pub hash: B256,
    /// The account's transaction counter in it.
    pub nonce: u64,
    /// The signed transaction (EIP-2718), as it is sent.
    pub raw: Bytes,
}

/// The block that a transaction is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

/// A transaction of an entry. It was signed more than once only where an earlier signing can not take effect besides
/// the later one: same nonce, or a nonce that another transaction has used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// What it does, for people: the contract's function.
    pub what: String,
    /// To whom; `None` creates a contract.
    pub to: Option<Address>,
    /// Every signing, the last one in force.
    pub attempts: Vec<Attempt>,
    /// The block it was last seen in.
    pub included: Option<Inclusion>,
    /// Whether that block counts as final.
    pub is_final: bool,
}

impl Transaction {
    /// The signing in force.
    ///
    /// # Errors
    ///
    /// [`ChainError::Malformed`] for an entry without one, which this module never writes.
    pub fn current(&self) -> Result<&Attempt> {
        self.attempts
            .last()
            .ok_or_else(|| ChainError::malformed("a journalled transaction is unsigned"))
    }
}

/// An operation that is not finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    format: u32,
    /// Its number.
    pub id: EntryId,
    /// When it began, Unix seconds.
    pub begun: u64,
    /// Where it happens.
    pub scope: Scope,
    /// The use case's own state.
    pub payload: serde_json::Value,
    /// Its transactions, in the order of sending.
    pub transactions: Vec<Transaction>,
}

/// The journal of one profile.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    _lock: File,
    entries: Mutex<BTreeMap<EntryId, Entry>>,
    /// Held from choosing a nonce until the transaction is with the node, so that they arrive in order.
    pub(super) sending: tokio::sync::Mutex<()>,
}

impl Journal {
    /// Opens the journal in `folder`, which is made if need be.
    ///
    /// # Errors
    ///
    /// [`ChainError::Busy`] when another process, or another `Journal` of this one, has it;
    /// [`ChainError::JournalDamaged`] for an entry that cannot be read; [`ChainError::File`].
    pub fn open(folder: &Path) -> Result<Self> {
        Self::open_within(folder, Duration::ZERO)
    }

    /// As [`Self::open`], but waits for up to `patience` until the journal is free. It blocks the thread.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`].
    pub fn open_within(folder: &Path, patience: Duration) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|e| file_error(folder, e))?;
        let lock = lock(&folder.join("lock"), patience)?;
        let entries = Mutex::new(read_entries(folder)?);
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
            entries,
            sending: tokio::sync::Mutex::default(),
        })
    }

    /// Begins an operation.
    ///
    /// # Errors
    ///
    /// [`ChainError::File`].
    pub fn begin(&self, scope: Scope, payload: serde_json::Value) -> Result<EntryId> {
        let mut entries = self.lock_entries();
        let id = entries.last_key_value().map_or(1, |(last, _)| last + 1);
        let begun = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_secs());
        let entry = Entry {
            format: FORMAT,
            id,
            begun,
            scope,
            payload,
            transactions: Vec::new(),
        };
        self.write(&entry)?;
        entries.insert(id, entry);
        Ok(id)
    }

    /// Replaces an operation's payload.
    ///
    /// # Errors
    ///
    /// [`ChainError::NoSuchEntry`], [`ChainError::File`]; the old payload then stays.
    pub fn set_payload(&self, id: EntryId, payload: serde_json::Value) -> Result<()> {
        self.change(id, |entry| entry.payload = payload)
    }

    /// An operation as it stands.
    ///
    /// # Errors
    ///
    /// [`ChainError::NoSuchEntry`].
    pub fn entry(&self, id: EntryId) -> Result<Entry> {
        self.lock_entries()
            .get(&id)
            .cloned()
            .ok_or(ChainError::NoSuchEntry(id))
    }

    /// All unfinished operations, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock_entries().values().cloned().collect()
    }

    /// Ends an operation: its file is deleted.
    ///
    /// # Errors
    ///
    /// [`ChainError::NoSuchEntry`], [`ChainError::File`].
    pub fn finish(&self, id: EntryId) -> Result<()> {
        let mut entries = self.lock_entries();
        if !entries.contains_key(&id) {
            return Err(ChainError::NoSuchEntry(id));
        }
        let path = self.path(id);
        fs::remove_file(&path).map_err(|e| file_error(&path, e))?;
        sync_folder(&self.folder)?;
        entries.remove(&id);
        Ok(())
    }

    /// Changes an entry, durably; memory follows the disk.
    pub(super) fn change(&self, id: EntryId, change: impl FnOnce(&mut Entry)) -> Result<()> {
        let mut entries = self.lock_entries();
        let mut entry = entries
            .get(&id)
            .cloned()
            .ok_or(ChainError::NoSuchEntry(id))?;
        change(&mut entry);
        self.write(&entry)?;
        entries.insert(id, entry);
        Ok(())
    }

    /// The lowest nonce above those of the account's transactions that are not final.
    pub(super) fn next_nonce(&self, scope: Scope) -> u64 {
        let entries = self.lock_entries();
        let pending = entries
            .values()
            .filter(|entry| entry.scope == scope)
            .flat_map(|e| &e.transactions);
        let open = pending
            .filter(|tx| !tx.is_final)
            .filter_map(|tx| tx.attempts.last());
        open.map(|attempt| attempt.nonce.saturating_add(1))
            .max()
            .unwrap_or(0)
    }

    fn lock_entries(&self) -> MutexGuard<'_, BTreeMap<EntryId, Entry>> {
        // Entries are replaced whole, so a panic elsewhere leaves none half-changed.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: EntryId) -> PathBuf {
        self.folder.join(format!("{id:010}.json"))
    }

    fn write(&self, entry: &Entry) -> Result<()> {
        let path = self.path(entry.id);
        let text = serde_json::to_vec(entry).map_err(|e| file_error(&path, e.into()))?;
        let staged = path.with_extension("tmp");
        stage(&staged, &text).map_err(|e| file_error(&staged, e))?;
        fs::rename(&staged, &path).map_err(|e| file_error(&path, e))?;
        sync_folder(&self.folder)
    }
}

fn stage(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes names in a folder durable. Windows has no such call, and needs none: NTFS journals its metadata.
fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(folder)
            .and_then(|f| f.sync_all())
            .map_err(|e| file_error(folder, e))?;
    }
    Ok(())
}

fn lock(path: &Path, patience: Duration) -> Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| file_error(path, e))?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if since.elapsed() < patience => {
                std::thread::sleep(LOCK_PAUSE)
            }
            Err(TryLockError::WouldBlock) => return Err(ChainError::Busy(path.to_owned())),
            Err(TryLockError::Error(e)) => return Err(file_error(path, e)),
        }
    }
}

fn read_entries(folder: &Path) -> Result<BTreeMap<EntryId, Entry>> {
    let mut entries = BTreeMap::new();
    for file in fs::read_dir(folder).map_err(|e| file_error(folder, e))? {
        let path = file.map_err(|e| file_error(folder, e))?.path();
        match path.extension().and_then(|e| e.to_str()) {
            Some("json") => {
                let entry = read_entry(&path)?;
                entries.insert(entry.id, entry);
            }
            // Left by a crash before the rename: the change it holds never took place.
            Some("tmp") => fs::remove_file(&path).map_err(|e| file_error(&path, e))?,
            _ => {}
        }
    }
    Ok(entries)
}

fn read_entry(path: &Path) -> Result<Entry> {
    let damaged = |reason: String| ChainError::JournalDamaged {
        path: path.to_owned(),
        reason,
    };
    let text = fs::read(path).map_err(|e| file_error(path, e))?;
    let entry: Entry = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    if entry.format != FORMAT {
        return Err(damaged(format!(
            "it has format {}, this version reads {FORMAT}",
            entry.format
        )));
    }
    if path
        .file_stem()
        .and_then(|s| s.to_str())
        .and_then(|s| s.parse().ok())
        != Some(entry.id)
    {
        return Err(damaged(format!("it is entry {}", entry.id)));
    }
    Ok(entry)
}

fn file_error(path: &Path, source: io::Error) -> ChainError {
    ChainError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SCOPE: Scope = Scope {
        chain: 412_346,
        account: Address::repeat_byte(7),
    };

    fn attempt(nonce: u64) -> Attempt {
        Attempt {
            hash: B256::repeat_byte(nonce as u8),
            nonce,
            raw: vec![1, 2, 3].into(),
        }
    }

    fn transaction(nonce: u64) -> Transaction {
        Transaction {
            what: "grant".into(),
            to: Some(Address::repeat_byte(1)),
            attempts: vec![attempt(nonce)],
            included: None,
            is_final: false,
        }
    }

    #[test]
    fn what_was_written_is_there_after_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let first = journal.begin(SCOPE, json!({"step": "upload"})).unwrap();
        let second = journal.begin(SCOPE, json!(null)).unwrap();
        journal.set_payload(first, json!({"step": "send"})).unwrap();
        journal
            .change(first, |e| e.transactions.push(transaction(4)))
            .unwrap();
        journal.finish(second).unwrap();
        let before = journal.entries();
        drop(journal);
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.entries(), before);
        assert_eq!(
            journal.entry(first).unwrap().payload,
            json!({"step": "send"})
        );
        assert_eq!(journal.next_nonce(SCOPE), 5);
        assert_eq!(journal.next_nonce(Scope { chain: 1, ..SCOPE }), 0);
        assert!(matches!(
            journal.entry(second),
            Err(ChainError::NoSuchEntry(2))
        ));
        assert!(matches!(
            journal.finish(second),
            Err(ChainError::NoSuchEntry(2))
        ));
    }

    #[test]
    fn a_second_holder_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert!(matches!(
            Journal::open(folder.path()),
            Err(ChainError::Busy(_))
        ));
        drop(journal);
        Journal::open(folder.path()).unwrap();
    }

    #[test]
    fn sixteen_holders_come_in_some_order() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|threads| {
            for _ in 0..16 {
                threads.spawn(|| {
                    let journal =
                        Journal::open_within(folder.path(), Duration::from_secs(60)).unwrap();
                    journal.begin(SCOPE, json!("one")).unwrap();
                });
            }
        });
        let ids: Vec<_> = Journal::open(folder.path())
            .unwrap()
            .entries()
            .iter()
            .map(|e| e.id)
            .collect();
        assert_eq!(ids, (1..=16).collect::<Vec<_>>());
    }

    #[test]
    fn a_crash_before_the_rename_changed_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let id = Journal::open(folder.path())
            .unwrap()
            .begin(SCOPE, json!(1))
            .unwrap();
        let staged = folder.path().join("0000000001.tmp");
        fs::write(&staged, b"{\"format\":1,\"id\":1,\"be").unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.entry(id).unwrap().payload, json!(1));
        assert!(!staged.exists());
    }

    #[test]
    fn damage_is_named_and_never_skipped() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(folder.path())
            .unwrap()
            .begin(SCOPE, json!(1))
            .unwrap();
        let path = folder.path().join("0000000001.json");
        let good = fs::read(&path).unwrap();
        let future = String::from_utf8(good.clone())
            .unwrap()
            .replace("\"format\":1", "\"format\":2");
        for bad in [&good[..good.len() / 2], b"", b"[]", future.as_bytes()] {
            fs::write(&path, bad).unwrap();
            let error = Journal::open(folder.path()).unwrap_err();
            assert!(
                matches!(&error, ChainError::JournalDamaged { path: p, .. } if *p == path),
                "{error:?}"
            );
        }
        fs::rename(&path, folder.path().join("0000000009.json")).unwrap();
        fs::write(folder.path().join("0000000009.json"), &good).unwrap();
        assert!(matches!(
            Journal::open(folder.path()),
            Err(ChainError::JournalDamaged { .. })
        ));
    }

    #[test]
    fn a_full_disk_leaves_the_old_entry() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let id = journal.begin(SCOPE, json!("old")).unwrap();
        // A folder in the place of the temporary file makes every write fail.
        fs::create_dir(folder.path().join("0000000001.tmp")).unwrap();
        assert!(matches!(
            journal.set_payload(id, json!("new")),
            Err(ChainError::File { .. })
        ));
        assert_eq!(journal.entry(id).unwrap().payload, json!("old"));
        fs::remove_dir(folder.path().join("0000000001.tmp")).unwrap();
        drop(journal);
        assert_eq!(
            Journal::open(folder.path())
                .unwrap()
                .entry(id)
                .unwrap()
                .payload,
            json!("old")
        );
    }
}
