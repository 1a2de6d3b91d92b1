//! The newest state of each record that this profile has seen, so that an older answer is recognised.
//!
//! A node that lags, or that somebody set back on purpose, could otherwise serve a state from before an update or a
//! revocation. The file is kept apart from the index of events, which is rebuilt from a node when it is damaged.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::{ChainError, Result};
use super::node::Block;
use super::values::{Record, RecordStatus};

/// How far along a record is: its version, and whether it was removed after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Progress(u64);

impl Progress {
    pub(super) fn of(record: &Record) -> Self {
        Self::new(record.version, record.status == RecordStatus::Removed)
    }

    pub(super) fn new(version: u32, removed: bool) -> Self {
        Self(u64::from(version) * 2 + u64::from(removed))
    }

    fn version(self) -> u64 {
        self.0 / 2
    }
}

/// A record's newest known state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) progress: Progress,
    /// The block it was first seen in.
    pub(super) number: u64,
    pub(super) hash: B256,
}

/// The sightings of one registry.
#[derive(Debug)]
pub(super) struct Sightings {
    path: PathBuf,
    database: Mutex<Connection>,
    chain: u64,
    registry: Address,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS head (
        chain INTEGER NOT NULL, registry BLOB NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (chain, registry)) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS record (
        chain INTEGER NOT NULL, registry BLOB NOT NULL, id BLOB NOT NULL,
        progress INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
        PRIMARY KEY (chain, registry, id)) STRICT, WITHOUT ROWID;";

impl Sightings {
    pub(super) fn open(path: &Path, chain: u64, registry: Address) -> Result<Self> {
        let open = || {
            let database = Connection::open(path)?;
            database.busy_timeout(Duration::from_secs(10))?;
            database.pragma_update(None, "synchronous", "FULL")?;
            database.execute_batch(SCHEMA)?;
            Ok(database)
        };
        let database = open().map_err(|source| ChainError::Database {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            database: Mutex::new(database),
            chain,
            registry,
        })
    }

    /// Takes note of the newest block; refuses one more than `lag` blocks older than the highest seen.
    pub(super) fn head(&self, head: &Block, lag: u64) -> Result<()> {
        let seen = self.highest()?;
        if head.number.saturating_add(lag) < seen {
            return Err(ChainError::Stale {
                what: "block".into(),
                seen,
                found: head.number,
            });
        }
        if head.number > seen {
            self.run(|db| {
                db.execute(
                    "INSERT INTO head VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET number = max(number, ?3)",
                    params![self.chain as i64, self.registry.as_slice(), head.number as i64],
                )
            })?;
        }
        Ok(())
    }

    /// The highest block seen.
    pub(super) fn highest(&self) -> Result<u64> {
        let number: Option<i64> = self.run(|db| {
            db.query_row(
                "SELECT number FROM head WHERE chain = ?1 AND registry = ?2",
                params![self.chain as i64, self.registry.as_slice()],
                |row| row.get(0),
            )
            .optional()
        })?;
        Ok(number.unwrap_or(0) as u64)
    }

    pub(super) fn record(&self, id: B256) -> Result<Option<Sighting>> {
        self.run(|db| {
            db.query_row(
                "SELECT progress, number, hash FROM record WHERE chain = ?1 AND registry = ?2 AND id = ?3",
                params![self.chain as i64, self.registry.as_slice(), id.as_slice()],
                |row| {
                    let (progress, number): (i64, i64) = (row.get(0)?, row.get(1)?);
                    let hash: [u8; 32] = row.get(2)?;
                    Ok(Sighting { progress: Progress(progress as u64), number: number as u64, hash: hash.into() })
                },
            )
            .optional()
        })
    }

    /// Puts sightings in the place of older ones, all or none.
    pub(super) fn store(&self, sightings: &[(B256, Progress)], block: &Block) -> Result<()> {
        self.run(|db| {
            let transaction = db.unchecked_transaction()?;
            let mut insert = transaction
                .prepare("INSERT OR REPLACE INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            for (id, progress) in sightings {
                insert.execute(params![
                    self.chain as i64,
                    self.registry.as_slice(),
                    id.as_slice(),
                    progress.0 as i64,
                    block.number as i64,
                    block.hash.as_slice()
                ])?;
            }
            drop(insert);
            transaction.commit()
        })
    }

    /// The error for an answer older than a sighting.
    pub(super) fn stale(id: B256, seen: &Sighting, found: Progress) -> ChainError {
        let what = match seen.progress.0 % 2 {
            0 => format!("record {id}, version"),
            _ => format!("removal of record {id}, after version"),
        };
        ChainError::Stale {
            what,
            seen: seen.progress.version(),
            found: found.version(),
        }
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.lock()).map_err(|source| ChainError::Database {
            path: self.path.clone(),
            source,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // Every use is one statement, so a panic elsewhere leaves nothing half-done.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> Block {
        Block {
            number,
            hash: B256::repeat_byte(1),
            parent: B256::ZERO,
            timestamp: 0,
            base_fee: 0,
        }
    }

    #[test]
    fn sightings_outlive_the_process_and_keep_registries_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.db");
        let (id, registry) = (B256::repeat_byte(5), Address::repeat_byte(6));
        let sightings = Sightings::open(&path, 1, registry).unwrap();
        sightings
            .store(&[(id, Progress::new(3, false))], &block(10))
            .unwrap();
        sightings.head(&block(10), 0).unwrap();
        drop(sightings);
        let sightings = Sightings::open(&path, 1, registry).unwrap();
        let seen = sightings.record(id).unwrap().unwrap();
        assert_eq!(
            seen,
            Sighting {
                progress: Progress::new(3, false),
                number: 10,
                hash: B256::repeat_byte(1)
            }
        );
        assert!(
            Progress::new(3, true) > seen.progress
                && Progress::new(4, false) > Progress::new(3, true)
        );
        let other = Sightings::open(&path, 2, registry).unwrap();
        assert_eq!(other.record(id).unwrap(), None);
        other.head(&block(1), 0).unwrap();
    }

    #[test]
    fn a_head_may_lag_by_so_much_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let sightings = Sightings::open(&folder.path().join("seen.db"), 1, Address::ZERO).unwrap();
        sightings.head(&block(100), 5).unwrap();
        sightings.head(&block(95), 5).unwrap();
        let error = sightings.head(&block(94), 5).unwrap_err();
        assert!(
            matches!(
                error,
                ChainError::Stale {
                    seen: 100,
                    found: 94,
                    ..
                }
            ),
            "{error:?}"
        );
        sightings.head(&block(101), 5).unwrap();
        assert_eq!(sightings.highest().unwrap(), 101);
    }
}
