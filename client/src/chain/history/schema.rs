//! The index's file: its schema, its identity, its soundness.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode, OptionalExtension, params};

use crate::chain::error::{ChainError, Result};
use crate::chain::registry::Deployment;

/// Raised whenever what the tables hold changes its meaning; an index of another version is made anew.
const VERSION: i64 = 2;

const SCHEMA: &str = "
    CREATE TABLE meta (
        chain INTEGER NOT NULL, registry BLOB NOT NULL, code_hash BLOB NOT NULL, first_block INTEGER NOT NULL
    ) STRICT;
    -- Blocks with events, and the last one of each range that was indexed.
    CREATE TABLE block (
        number INTEGER PRIMARY KEY, hash BLOB NOT NULL, timestamp INTEGER NOT NULL
    ) STRICT;
    -- Record ids and addresses, see names.rs.
    CREATE TABLE name (
        number INTEGER PRIMARY KEY, bytes BLOB NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX by_first_bytes ON name (substr(bytes, 1, 8));
    CREATE TABLE event (
        position INTEGER PRIMARY KEY, -- block * 2^20 + index of the event in the block
        tx BLOB NOT NULL,
        stream INTEGER NOT NULL,      -- what the event says something new about, see row.rs
        starts INTEGER NOT NULL,      -- 1 where it begins something, 0 where it changes or ends it
        record INTEGER, user INTEGER, party INTEGER, -- names
        version INTEGER NOT NULL, epoch INTEGER NOT NULL, key_version INTEGER NOT NULL, -- as of this event
        topics BLOB NOT NULL, data BLOB NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX by_record ON event (record, stream, position);
    CREATE INDEX by_record_and_user ON event (record, user, stream, position);
    CREATE INDEX by_user ON event (user, stream, position);
    CREATE INDEX by_party ON event (party, stream, position);";

/// Opens or makes the file. Anything that is not a sound index of this registry is an error that [`is_damage`] knows.
pub(super) fn open(path: &Path, deployment: &Deployment) -> rusqlite::Result<Connection> {
    let database = Connection::open(path)?;
    database.busy_timeout(Duration::from_secs(10))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "NORMAL")?;
    // Pages in memory, in KiB: what a list reads stays far below the bound on the whole process.
    database.pragma_update(None, "cache_size", -8_192)?;
    let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => create(&database, deployment)?,
        VERSION => check(&database, deployment)?,
        _ => return Err(damage()),
    }
    Ok(database)
}

fn create(database: &Connection, deployment: &Deployment) -> rusqlite::Result<()> {
    let transaction = database.unchecked_transaction()?;
    // Another process may have made it since the version was read.
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        transaction.execute_batch(SCHEMA)?;
        transaction.execute(
            "INSERT INTO meta VALUES (?1, ?2, ?3, ?4)",
            identity(deployment),
        )?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

fn check(database: &Connection, deployment: &Deployment) -> rusqlite::Result<()> {
    let verdict: String = database.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let same: Option<bool> = database
        .query_row(
            "SELECT chain = ?1 AND registry = ?2 AND code_hash = ?3 AND first_block = ?4 FROM meta",
            identity(deployment),
            |row| row.get(0),
        )
        .optional()?;
    if verdict == "ok" && same == Some(true) {
        Ok(())
    } else {
        Err(damage())
    }
}

fn identity(deployment: &Deployment) -> (i64, &[u8], &[u8], i64) {
    let Deployment {
        chain,
        registry,
        code_hash,
        block,
    } = deployment;
    (
        *chain as i64,
        registry.as_slice(),
        code_hash.as_slice(),
        *block as i64,
    )
}

/// The error for rows that are not what this version writes.
pub(super) fn damage() -> Error {
    Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
        Some("the index is damaged".into()),
    )
}

/// Whether an error says that the file is not a sound index, as opposed to a full disk or a missing right.
pub(super) fn is_damage(error: &Error) -> bool {
    match error {
        Error::SqliteFailure(failure, message) => match failure.code {
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::TypeMismatch
            | ErrorCode::ConstraintViolation => true,
            // A table or column that is missing.
            ErrorCode::Unknown => message.as_deref().is_some_and(|m| m.starts_with("no such")),
            _ => false,
        },
        Error::FromSqlConversionFailure(..)
        | Error::InvalidColumnType(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::QueryReturnedNoRows => true,
        _ => false,
    }
}

/// Deletes the file, and those that SQLite keeps beside it.
pub(super) fn delete(path: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let path = PathBuf::from(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(ChainError::File { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The last indexed block.
pub(super) fn synced_to(database: &Connection) -> rusqlite::Result<Option<u64>> {
    let number: Option<i64> =
        database.query_row("SELECT max(number) FROM block", params![], |row| row.get(0))?;
    number.map(unsigned).transpose()
}

/// SQLite's integers are signed; ours never are negative.
pub(super) fn unsigned(number: i64) -> rusqlite::Result<u64> {
    u64::try_from(number).map_err(|_| damage())
}
