//! Lists, from the index alone.
//!
//! They say what the events say. What decides about access now is the registry itself: see
//! [`Snapshot`](crate::chain::Snapshot).

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Bytes};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::History;
use super::row::{COLUMNS, EventRow, INDEX_BITS, columns, read};
use super::schema::damage;
use crate::chain::error::Result;
use crate::chain::event::{Event, SealedContent};
use crate::chain::values::{AccessLevel, PublicKey, Purpose, Role};

/// When and where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The block.
    pub block: u64,
    /// Index of the event in the block.
    pub index: u32,
    /// Unix seconds of the block.
    pub timestamp: u64,
    /// The transaction.
    pub tx: B256,
}

/// An event of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// When.
    pub at: Moment,
    /// What.
    pub event: Event,
}

/// A record as its events leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordEntry {
    /// Its id.
    pub record: B256,
    /// Who owns it.
    pub owner: Address,
    /// Who made it: the owner, or a depositor.
    pub creator: Address,
    /// Its version.
    pub version: u32,
    /// Its key's epoch.
    pub epoch: u32,
    /// The version's content; the last one, for a record that was removed.
    pub content: SealedContent,
    /// Whether it was removed.
    pub removed: bool,
    /// When it was made.
    pub added: Moment,
    /// When its content last changed.
    pub changed: Moment,
}

/// A grant that was not revoked. It may have expired, or have died with an older epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantEntry {
    /// The record.
    pub record: B256,
    /// Who holds it.
    pub user: Address,
    /// What it allows.
    pub level: AccessLevel,
    /// What for.
    pub purpose: Purpose,
    /// Until when.
    pub expires: Option<u64>,
    /// Epoch of the key that is wrapped.
    pub epoch: u32,
    /// Version of the user's key that it is wrapped for.
    pub key_version: u32,
    /// When it was given or last changed.
    pub changed: Moment,
}

/// A request that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestEntry {
    /// The record.
    pub record: B256,
    /// Who asks.
    pub user: Address,
    /// Who is asked.
    pub owner: Address,
    /// What is asked for.
    pub level: AccessLevel,
    /// What for.
    pub purpose: Purpose,
    /// A note, sealed to the owner.
    pub sealed_note: Bytes,
    /// When.
    pub at: Moment,
}

/// A user who is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserEntry {
    /// The address.
    pub user: Address,
    /// The role claimed.
    pub role: Role,
    /// Counts the address's keys.
    pub key_version: u32,
    /// The encryption key.
    pub key: PublicKey,
    /// When they registered.
    pub since: Moment,
}

/// A statement about a user that was not withdrawn. It may have expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VouchEntry {
    /// Who vouches.
    pub voucher: Address,
    /// For whom.
    pub user: Address,
    /// As what.
    pub role: Role,
    /// Until when.
    pub expires: Option<u64>,
    /// Since when.
    pub at: Moment,
}

/// A right to deposit that was not taken back. It may have expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositEntry {
    /// Who allows it.
    pub owner: Address,
    /// To whom.
    pub depositor: Address,
    /// Until when.
    pub expires: Option<u64>,
    /// Since when.
    pub at: Moment,
}

/// Whose events an audit shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A record's.
    Record(B256),
    /// A user's: what they did and what was done to them.
    User(Address),
}

/// A part of a list, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Leave out what began at this moment's block and index, and before.
    pub after: Option<(u64, u32)>,
    /// Entries at most.
    pub limit: u32,
}

impl Page {
    /// The first entries.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The entries that follow the one of this moment.
    pub fn after(moment: Moment, limit: u32) -> Self {
        Self {
            after: Some((moment.block, moment.index)),
            limit,
        }
    }

    fn position(self) -> i64 {
        self.after.map_or(-1, |(block, index)| {
            (block as i64) << INDEX_BITS | i64::from(index)
        })
    }
}

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
const EVENTS: &str = concat!("SELECT ", columns!("e"), " FROM event e WHERE ");

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
                params![owner.as_slice(), page.position(), page.limit],
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
        let sql =
            format!("{RECORD} a.record >= ?1 AND a.record <= ?2 ORDER BY a.position LIMIT ?3");
        self.read(|db| list(db, &sql, params![prefix, top, limit], record_entry))
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
            let grants = params![user.as_slice(), page.position()];
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
            let grants = list(db, &sql, params![id.as_slice()], |row| {
                Ok(grant_entry(read(row, 0)?))
            })?;
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
                params![address.as_slice(), page.position(), page.limit],
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
            list(db, &sql, params![key, page.position(), page.limit], |row| {
                let row = read(row, 0)?;
                Ok(Occurrence {
                    at: moment(&row),
                    event: row.event,
                })
            })
        })
    }

    /// Everybody who is registered, by address.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn users(&self) -> Result<Vec<UserEntry>> {
        let sql = format!("{EVENTS} e.stream = 1 ORDER BY e.position");
        let mut users = BTreeMap::new();
        self.read(|db| {
            each(db, &sql, [], |row| {
                read(row, 0)
                    .map(|row| follow_user(&mut users, row))
                    .map(|()| true)
            })
        })?;
        Ok(users.into_values().collect())
    }

    /// Who vouches for a user, by address of the voucher.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn vouches_for(&self, user: Address) -> Result<Vec<VouchEntry>> {
        self.vouches("e.user = ?1", user)
    }

    /// For whom a user vouches, by address.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn vouches_by(&self, voucher: Address) -> Result<Vec<VouchEntry>> {
        self.vouches("e.party = ?1", voucher)
    }

    fn vouches(&self, whose: &str, address: Address) -> Result<Vec<VouchEntry>> {
        let sql = format!("{EVENTS} {whose} AND e.stream = 2 ORDER BY e.position");
        let mut vouches = BTreeMap::new();
        self.read(|db| {
            each(db, &sql, params![address.as_slice()], |row| {
                let row = read(row, 0)?;
                let at = moment(&row);
                match row.event {
                    Event::Vouched {
                        voucher,
                        user,
                        role,
                        expires,
                    } => {
                        vouches.insert(
                            (voucher, user),
                            VouchEntry {
                                voucher,
                                user,
                                role,
                                expires,
                                at,
                            },
                        );
                    }
                    Event::VouchWithdrawn { voucher, user } => {
                        drop(vouches.remove(&(voucher, user)))
                    }
                    _ => return Err(damage()),
                }
                Ok(true)
            })
        })?;
        Ok(vouches.into_values().collect())
    }

    /// Whom an owner allows to deposit, by address.
    ///
    /// # Errors
    ///
    /// See [`Self::records_of`].
    pub fn depositors_of(&self, owner: Address) -> Result<Vec<DepositEntry>> {
        let sql = format!("{EVENTS} e.party = ?1 AND e.stream = 5 ORDER BY e.position");
        let mut rights = BTreeMap::new();
        self.read(|db| {
            each(db, &sql, params![owner.as_slice()], |row| {
                let row = read(row, 0)?;
                let at = moment(&row);
                match row.event {
                    Event::DepositsAllowed {
                        owner,
                        depositor,
                        expires,
                    } => {
                        rights.insert(
                            depositor,
                            DepositEntry {
                                owner,
                                depositor,
                                expires,
                                at,
                            },
                        );
                    }
                    Event::DepositsDisallowed { depositor, .. } => drop(rights.remove(&depositor)),
                    _ => return Err(damage()),
                }
                Ok(true)
            })
        })?;
        Ok(rights.into_values().collect())
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
fn each(
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
    let sql = format!("{RECORD} a.record = ?1");
    database
        .prepare_cached(&sql)?
        .query_row(params![id.as_slice()], record_entry)
        .optional()
}

fn moment(row: &EventRow) -> Moment {
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

fn follow_user(users: &mut BTreeMap<Address, UserEntry>, row: EventRow) {
    let since = moment(&row);
    match row.event {
        Event::Registered {
            user,
            role,
            key_version,
            key,
        } => {
            users.insert(
                user,
                UserEntry {
                    user,
                    role,
                    key_version,
                    key,
                    since,
                },
            );
        }
        Event::KeyRotated {
            user,
            key_version,
            key,
        } => {
            if let Some(entry) = users.get_mut(&user) {
                (entry.key_version, entry.key) = (key_version, key);
            }
        }
        Event::Deregistered { user } => drop(users.remove(&user)),
        _ => {}
    }
}
