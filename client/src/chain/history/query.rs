//! Lists, from the index alone.
//!
//! They say what the events say. What decides about access now is the registry itself: see
//! [`Snapshot`](crate::chain::Snapshot).

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::History;
use super::entry::{GrantEntry, Moment, Occurrence, Page, RecordEntry, RequestEntry, Subject};
use super::names;
use super::row::{COLUMNS, EventRow, INDEX_BITS, columns, read};
use super::schema::damage;
use crate::chain::error::Result;
use crate::chain::event::Event;

/// A record's beginning `a` and its last content `e`.
const RECORD: &str = concat!(
    "SELECT ",
    columns!("a"),
    ", ",
    columns!("e"),
    ", EXISTS (SELECT 1 FROM event r WHERE r.record = a.record AND r.stream = 4)
     FROM event a JOIN event e ON e.position =
        (SELECT c.position FROM event c WHERE c.record = a.record AND c.stream = 3 ORDER BY c.position DESC LIMIT 1)
     WHERE a.stream = 3 AND a.starts = 1 AND "
);

/// Events `e`.
pub(super) const EVENTS: &str = concat!("SELECT ", columns!("e"), " FROM event e WHERE ");

/// Requests that no later one replaced, nobody settled, and whose record was not removed.
const OPEN_REQUESTS: &str = "e.stream = 7 AND e.starts = 1
    AND NOT EXISTS (SELECT 1 FROM event l WHERE l.record = e.record AND l.user = e.user AND l.stream = 7
        AND l.position > e.position)
    AND NOT EXISTS (SELECT 1 FROM event g WHERE g.record = e.record AND g.user = e.user AND g.stream = 6
        AND g.starts = 1 AND g.position > e.position)
    AND NOT EXISTS (SELECT 1 FROM event r WHERE r.record = e.record AND r.stream = 4)";

impl History {
    /// The records that `owner` owns, removed ones included, in the order they were made.
    ///
    /// # Errors
    ///
    /// As for every query here: [`ChainError::Database`](crate::chain::ChainError::Database). After damage the index
    /// is empty, and a sync fills it again.
    pub fn records_of(&self, owner: Address, page: Page) -> Result<Vec<RecordEntry>> {
        let sql = format!("{RECORD} a.party = ?1 AND a.position > ?2 ORDER BY a.position LIMIT ?3");
        self.read(|db| {
            list(
                db,
                &sql,
                params![
                    names::number(db, owner.as_slice())?,
                    page.position(),
                    page.limit
                ],
                record_entry,
            )
        })
    }

    /// A record.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn record(&self, id: B256) -> Result<Option<RecordEntry>> {
        self.read(|db| record(db, id))
    }

    /// The records whose id begins with these bytes, at most `limit` of them.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn records_with_prefix(&self, prefix: &[u8], limit: u32) -> Result<Vec<RecordEntry>> {
        let mut top = prefix.to_vec();
        top.resize(B256::len_bytes() + 1, 0xff);
        let mut records = self.read(|db| {
            let numbers = names::between(db, prefix, &top)?;
            let mut records = Vec::new();
            for number in numbers {
                records.extend(numbered(db, Some(number))?);
            }
            Ok(records)
        })?;
        records.sort_by_key(|record| (record.added.block, record.added.index));
        records.truncate(limit as usize);
        Ok(records)
    }

    /// The records of others that a user holds a grant on, with the grant, in the order they were given.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn shared_with(&self, user: Address, page: Page) -> Result<Vec<(RecordEntry, GrantEntry)>> {
        let sql = format!(
            "{EVENTS} e.position IN (SELECT max(position) FROM event WHERE user = ?1 AND stream = 6 GROUP BY record)
             AND e.position > ?2 ORDER BY e.position"
        );
        self.read(|db| {
            let mut found = Vec::new();
            let grants = params![names::number(db, user.as_slice())?, page.position()];
            each(db, &sql, grants, |row| {
                let Some(grant) = grant_entry(read(row, 0)?) else {
                    return Ok(true);
                };
                let record = record(db, grant.record)?.ok_or_else(damage)?;
                if record.owner != user {
                    found.push((record, grant));
                }
                Ok(found.len() < page.limit as usize)
            })?;
            Ok(found)
        })
    }

    /// The grants on a record that were not revoked; not the key that a depositor wrapped for the owner.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn grants_of(&self, id: B256) -> Result<Vec<GrantEntry>> {
        let sql = format!(
            "{EVENTS} e.position IN (SELECT max(position) FROM event WHERE record = ?1 AND stream = 6 GROUP BY user)
             ORDER BY e.position"
        );
        self.read(|db| {
            let owner = record(db, id)?.map(|record| record.owner);
            let grants = list(
                db,
                &sql,
                params![names::number(db, id.as_slice())?],
                |row| Ok(grant_entry(read(row, 0)?)),
            )?;
            Ok(grants
                .into_iter()
                .flatten()
                .filter(|grant| Some(grant.user) != owner)
                .collect())
        })
    }

    /// The open requests for an owner's records.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn requests_to(&self, owner: Address, page: Page) -> Result<Vec<RequestEntry>> {
        self.requests("e.party = ?1", owner, page)
    }

    /// A user's own open requests.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn requests_by(&self, user: Address, page: Page) -> Result<Vec<RequestEntry>> {
        self.requests("e.user = ?1", user, page)
    }

    fn requests(&self, whose: &str, address: Address, page: Page) -> Result<Vec<RequestEntry>> {
        let sql = format!(
            "{EVENTS} {whose} AND {OPEN_REQUESTS} AND e.position > ?2 ORDER BY e.position LIMIT ?3"
        );
        self.read(|db| {
            list(
                db,
                &sql,
                params![
                    names::number(db, address.as_slice())?,
                    page.position(),
                    page.limit
                ],
                request_entry,
            )
        })
    }

    /// Everything that happened to a record, or that a user had part in, oldest first.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn audit(&self, subject: Subject, page: Page) -> Result<Vec<Occurrence>> {
        let (whose, key) = match &subject {
            Subject::Record(id) => ("e.record = ?1", id.as_slice()),
            Subject::User(user) => ("(e.user = ?1 OR e.party = ?1)", user.as_slice()),
        };
        let sql = format!("{EVENTS} {whose} AND e.position > ?2 ORDER BY e.position LIMIT ?3");
        self.read(|db| {
            list(
                db,
                &sql,
                params![names::number(db, key)?, page.position(), page.limit],
                |row| {
                    let row = read(row, 0)?;
                    Ok(Occurrence {
                        at: moment(&row),
                        event: row.event,
                    })
                },
            )
        })
    }
}

fn list<T>(
    database: &Connection,
    sql: &str,
    params: impl Params,
    entry: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut entries = Vec::new();
    each(database, sql, params, |row| {
        entries.push(entry(row)?);
        Ok(true)
    })?;
    Ok(entries)
}

/// Visits rows while `visit` says so.
pub(super) fn each(
    database: &Connection,
    sql: &str,
    params: impl Params,
    mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        if !visit(row)? {
            break;
        }
    }
    Ok(())
}

fn record(database: &Connection, id: B256) -> rusqlite::Result<Option<RecordEntry>> {
    numbered(database, names::number(database, id.as_slice())?)
}

fn numbered(database: &Connection, record: Option<i64>) -> rusqlite::Result<Option<RecordEntry>> {
    let sql = format!("{RECORD} a.record = ?1");
    database
        .prepare_cached(&sql)?
        .query_row(params![record], record_entry)
        .optional()
}

pub(super) fn moment(row: &EventRow) -> Moment {
    let index = row.position & ((1 << INDEX_BITS) - 1);
    Moment {
        block: row.position >> INDEX_BITS,
        index: index as u32,
        timestamp: row.timestamp,
        tx: row.tx,
    }
}

fn record_entry(row: &Row<'_>) -> rusqlite::Result<RecordEntry> {
    let (first, last) = (read(row, 0)?, read(row, COLUMNS)?);
    let (added, changed) = (moment(&first), moment(&last));
    let (record, owner, creator) = match first.event {
        Event::RecordAdded { record, owner, .. } => (record, owner, owner),
        Event::RecordDeposited {
            record,
            owner,
            depositor,
            ..
        } => (record, owner, depositor),
        _ => return Err(damage()),
    };
    let content = match last.event {
        Event::RecordAdded { content, .. }
        | Event::RecordDeposited { content, .. }
        | Event::RecordUpdated { content, .. }
        | Event::RecordRekeyed { content, .. } => content,
        _ => return Err(damage()),
    };
    Ok(RecordEntry {
        record,
        owner,
        creator,
        version: last.numbers.version,
        epoch: last.numbers.epoch,
        content,
        removed: row.get(2 * COLUMNS)?,
        added,
        changed,
    })
}

fn grant_entry(row: EventRow) -> Option<GrantEntry> {
    let (record, user, level, purpose, expires) = match row.event {
        Event::Granted {
            record,
            user,
            level,
            purpose,
            expires,
            ..
        }
        | Event::AccessUpdated {
            record,
            user,
            level,
            purpose,
            expires,
        } => (record, user, level, purpose, expires),
        _ => return None,
    };
    let (epoch, key_version) = (row.numbers.epoch, row.numbers.key_version);
    Some(GrantEntry {
        record,
        user,
        level,
        purpose,
        expires,
        epoch,
        key_version,
        changed: moment(&row),
    })
}

fn request_entry(row: &Row<'_>) -> rusqlite::Result<RequestEntry> {
    let row = read(row, 0)?;
    let at = moment(&row);
    match row.event {
        Event::AccessRequested {
            record,
            user,
            owner,
            level,
            purpose,
            sealed_note,
        } => Ok(RequestEntry {
            record,
            user,
            owner,
            level,
            purpose,
            sealed_note,
            at,
        }),
        _ => Err(damage()),
    }
}
