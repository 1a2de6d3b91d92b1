//! The registry's events, indexed once: lists and the audit trail come from here.
//!
//! One SQLite file for each chain and contract. Events are the only truth in it: what holds now is the last event of
//! its kind, so taking the last blocks back is deleting rows. The file can always be made anew from a node, and is,
//! when it is of another schema or damaged: SQLite's own check runs at opening, and every row carries a checksum that
//! is verified whenever it is read.

mod batch;
mod entry;
mod names;
mod people;
mod query;
mod row;
mod schema;
mod sync;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::error::{ChainError, Result};
use super::registry::Deployment;

pub use entry::{
    DepositEntry, GrantEntry, Moment, Occurrence, Page, RecordEntry, RequestEntry, Subject,
    UserEntry, VouchEntry,
};
pub use sync::{Progress, SyncReport};

/// The index of one registry's events.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    deployment: Deployment,
    database: Mutex<Connection>,
}

impl History {
    /// Opens the index in `folder`, or makes it. One that is damaged, of another schema or of another registry is
    /// deleted and made anew; [`History::sync`] fills it.
    ///
    /// # Errors
    ///
    /// [`ChainError::File`] and [`ChainError::Database`] when the file cannot be made.
    pub fn open(folder: &Path, deployment: &Deployment) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|source| ChainError::File {
            path: folder.to_owned(),
            source,
        })?;
        let path = folder.join(format!(
            "events-{}-{:x}.db",
            deployment.chain, deployment.registry
        ));
        let database = match schema::open(&path, deployment) {
            Ok(database) => database,
            Err(error) if schema::is_damage(&error) => {
                schema::delete(&path)?;
                schema::open(&path, deployment).map_err(|source| ChainError::Database {
                    path: path.clone(),
                    source,
                })?
            }
            Err(source) => return Err(ChainError::Database { path, source }),
        };
        Ok(Self {
            path,
            deployment: *deployment,
            database: Mutex::new(database),
        })
    }

    /// The block up to which events are indexed; `None` before the first.
    ///
    /// # Errors
    ///
    /// [`ChainError::Database`].
    pub fn synced_to(&self) -> Result<Option<u64>> {
        self.read(schema::synced_to)
    }

    /// Runs a query. Where it shows that the file is damaged, the index is emptied; the next sync fills it again.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut database = self.lock();
        work(&database).map_err(|source| self.failed(&mut database, source))
    }

    /// Runs changes, all or none.
    fn write<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut database = self.lock();
        let result = (|| {
            let transaction =
                database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })();
        result.map_err(|source| self.failed(&mut database, source))
    }

    fn failed(&self, database: &mut Connection, source: rusqlite::Error) -> ChainError {
        if schema::is_damage(&source)
            && let Err(error) = self.start_over(database)
        {
            return error;
        }
        ChainError::Database {
            path: self.path.clone(),
            source,
        }
    }

    fn start_over(&self, database: &mut Connection) -> Result<()> {
        let failed = |source| ChainError::Database {
            path: self.path.clone(),
            source,
        };
        *database = Connection::open_in_memory().map_err(failed)?;
        schema::delete(&self.path)?;
        *database = schema::open(&self.path, &self.deployment).map_err(failed)?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // Changes are transactions, so a panic elsewhere leaves nothing half-done.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
