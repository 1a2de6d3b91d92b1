//! One event as a row: what it is indexed under, and how it is read back.

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::names;
use super::schema::{damage, unsigned};
use crate::chain::event::Event;

/// Bits of a position that count events within a block.
pub(super) const INDEX_BITS: u32 = 20;

/// What an event says something new about: the last event of a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// A user's registration and key.
    User = 1,
    /// A voucher's statement about a user.
    Vouch = 2,
    /// A record's content.
    Content = 3,
    /// A record's end.
    Removal = 4,
    /// An owner's leave for a depositor.
    DepositRight = 5,
    /// A user's grant on a record.
    Grant = 6,
    /// A user's request for a record.
    Request = 7,
    /// A user's use of a record.
    Use = 8,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) stream: Stream,
    pub(super) starts: bool,
    pub(super) record: Option<B256>,
    /// The user that it is about, or who acted.
    pub(super) user: Option<Address>,
    /// The record's owner, or the voucher.
    pub(super) party: Option<Address>,
}

impl Keys {
    pub(super) fn of(event: &Event) -> Self {
        let (stream, record, user, party) = Self::columns(event);
        let starts = matches!(
            event,
            Event::Registered { .. }
                | Event::Vouched { .. }
                | Event::RecordAdded { .. }
                | Event::RecordDeposited { .. }
                | Event::DepositsAllowed { .. }
                | Event::Granted { .. }
                | Event::AccessRequested { .. }
        );
        Self {
            stream,
            starts,
            record,
            user,
            party,
        }
    }

    fn columns(event: &Event) -> (Stream, Option<B256>, Option<Address>, Option<Address>) {
        use Event as E;
        match *event {
            E::Registered { user, .. } | E::KeyRotated { user, .. } | E::Deregistered { user } => {
                (Stream::User, None, Some(user), None)
            }
            E::Vouched { voucher, user, .. } | E::VouchWithdrawn { voucher, user } => {
                (Stream::Vouch, None, Some(user), Some(voucher))
            }
            E::RecordAdded { record, owner, .. } => {
                (Stream::Content, Some(record), Some(owner), Some(owner))
            }
            E::RecordDeposited {
                record,
                owner,
                depositor,
                ..
            } => (Stream::Content, Some(record), Some(depositor), Some(owner)),
            E::RecordUpdated { record, author, .. } => {
                (Stream::Content, Some(record), Some(author), None)
            }
            E::RecordRekeyed { record, .. } => (Stream::Content, Some(record), None, None),
            E::RecordRemoved { record } => (Stream::Removal, Some(record), None, None),
            E::DepositsAllowed {
                owner, depositor, ..
            }
            | E::DepositsDisallowed { owner, depositor } => {
                (Stream::DepositRight, None, Some(depositor), Some(owner))
            }
            E::Granted { record, user, .. }
            | E::AccessUpdated { record, user, .. }
            | E::Revoked { record, user } => (Stream::Grant, Some(record), Some(user), None),
            E::AccessRequested {
                record,
                user,
                owner,
                ..
            } => (Stream::Request, Some(record), Some(user), Some(owner)),
            E::RequestWithdrawn { record, user } | E::RequestDenied { record, user } => {
                (Stream::Request, Some(record), Some(user), None)
            }
            E::AccessLogged { record, user, .. } => (Stream::Use, Some(record), Some(user), None),
        }
    }
}

/// The names in an event's keys, by their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Named {
    record: Option<i64>,
    user: Option<i64>,
    party: Option<i64>,
}

impl Named {
    fn of(database: &Connection, keys: &Keys) -> rusqlite::Result<Self> {
        let number = |name: &[u8]| names::number_or_new(database, name);
        Ok(Self {
            record: keys.record.map(|id| number(id.as_slice())).transpose()?,
            user: keys.user.map(|user| number(user.as_slice())).transpose()?,
            party: keys
                .party
                .map(|party| number(party.as_slice()))
                .transpose()?,
        })
    }
}

/// Numbers as of an event; what the event does not state goes on from the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) version: u32,
    pub(super) epoch: u32,
    pub(super) key_version: u32,
}

/// A row of the table of events, verified.
#[derive(Clone, Debug)]
pub(super) struct EventRow {
    pub(super) position: u64,
    /// Unix seconds of its block.
    pub(super) timestamp: u64,
    pub(super) tx: B256,
    pub(super) numbers: Numbers,
    pub(super) event: Event,
}

/// An event on its way into the table.
#[derive(Clone, Debug)]
pub(super) struct NewEvent {
    pub(super) position: u64,
    pub(super) tx: B256,
    pub(super) topics: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) event: Event,
}

/// The columns that [`read`] expects, of the table with this alias.
macro_rules! columns {
    ($alias:literal) => {
        concat!(
            $alias,
            ".position, ",
            $alias,
            ".tx, ",
            $alias,
            ".version, ",
            $alias,
            ".epoch, ",
            $alias,
            ".key_version, ",
            $alias,
            ".topics, ",
            $alias,
            ".data, ",
            $alias,
            ".sum, ",
            $alias,
            ".record, ",
            $alias,
            ".user, ",
            $alias,
            ".party, (SELECT timestamp FROM block WHERE number = ",
            $alias,
            ".position >> 20)"
        )
    };
}
pub(super) use columns;

/// How many those are.
pub(super) const COLUMNS: usize = 12;

/// Inserts an event after all those before it.
pub(super) fn insert(database: &Connection, new: &NewEvent) -> rusqlite::Result<()> {
    let keys = Keys::of(&new.event);
    let named = Named::of(database, &keys)?;
    let numbers = numbers(database, &new.event, &named)?;
    let sum = checksum(
        new.position,
        new.tx,
        &numbers,
        (keys.stream, &named),
        &new.topics,
        &new.data,
    );
    database
        .prepare_cached(
            "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            new.position as i64,
            new.tx.as_slice(),
            keys.stream as i64,
            keys.starts,
            named.record,
            named.user,
            named.party,
            numbers.version,
            numbers.epoch,
            numbers.key_version,
            new.topics,
            new.data,
            sum
        ])?;
    Ok(())
}

fn numbers(database: &Connection, event: &Event, named: &Named) -> rusqlite::Result<Numbers> {
    let before = |stream: Stream| last_numbers(database, stream, named);
    Ok(match *event {
        Event::RecordAdded { .. } | Event::RecordDeposited { .. } => Numbers {
            version: 1,
            ..Numbers::default()
        },
        Event::RecordUpdated { version, .. } => Numbers {
            version,
            ..before(Stream::Content)?
        },
        Event::RecordRekeyed { version, epoch, .. } => Numbers {
            version,
            epoch,
            key_version: 0,
        },
        Event::RecordRemoved { .. } => before(Stream::Content)?,
        Event::Granted {
            epoch, key_version, ..
        } => Numbers {
            version: 0,
            epoch,
            key_version,
        },
        Event::AccessUpdated { .. } => before(Stream::Grant)?,
        Event::Registered { key_version, .. } | Event::KeyRotated { key_version, .. } => Numbers {
            key_version,
            ..Numbers::default()
        },
        Event::Deregistered { .. } => before(Stream::User)?,
        Event::AccessLogged { version, .. } => Numbers {
            version,
            ..Numbers::default()
        },
        _ => Numbers::default(),
    })
}

fn last_numbers(database: &Connection, stream: Stream, named: &Named) -> rusqlite::Result<Numbers> {
    let read = |row: &Row<'_>| {
        Ok(Numbers {
            version: row.get(0)?,
            epoch: row.get(1)?,
            key_version: row.get(2)?,
        })
    };
    let found = match (stream, named.record, named.user) {
        (Stream::Content, Some(record), _) => database
            .prepare_cached(
                "SELECT version, epoch, key_version FROM event WHERE record = ?1 AND stream = 3
                 ORDER BY position DESC LIMIT 1",
            )?
            .query_row(params![record], read)
            .optional()?,
        (Stream::Grant, Some(record), Some(user)) => database
            .prepare_cached(
                "SELECT version, epoch, key_version FROM event WHERE record = ?1 AND stream = 6 AND user = ?2
                 ORDER BY position DESC LIMIT 1",
            )?
            .query_row(params![record, user], read)
            .optional()?,
        (_, _, Some(user)) => database
            .prepare_cached(
                "SELECT version, epoch, key_version FROM event WHERE user = ?1 AND stream = 1
                 ORDER BY position DESC LIMIT 1",
            )?
            .query_row(params![user], read)
            .optional()?,
        _ => None,
    };
    Ok(found.unwrap_or_default())
}

/// Reads the columns from `at` on, and verifies them.
pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<EventRow> {
    let position = unsigned(row.get(at)?)?;
    let tx = B256::from(row.get::<_, [u8; 32]>(at + 1)?);
    let numbers = Numbers {
        version: row.get(at + 2)?,
        epoch: row.get(at + 3)?,
        key_version: row.get(at + 4)?,
    };
    let (topics, data) = (
        blob(row, at + 5)?.unwrap_or_default(),
        blob(row, at + 6)?.unwrap_or_default(),
    );
    let words: Vec<B256> = topics
        .chunks(32)
        .filter_map(|word| B256::try_from(word).ok())
        .collect();
    let event = Event::from_raw(&words, data).map_err(|_| damage())?;
    let named = Named {
        record: row.get(at + 8)?,
        user: row.get(at + 9)?,
        party: row.get(at + 10)?,
    };
    let about = (Keys::of(&event).stream, &named);
    let sum: u32 = row.get(at + 7)?;
    if sum != checksum(position, tx, &numbers, about, topics, data) {
        return Err(damage());
    }
    let timestamp = unsigned(row.get(at + 11)?)?;
    Ok(EventRow {
        position,
        timestamp,
        tx,
        numbers,
        event,
    })
}

fn blob<'a>(row: &'a Row<'_>, at: usize) -> rusqlite::Result<Option<&'a [u8]>> {
    row.get_ref(at)?.as_blob_or_null().map_err(|_| damage())
}

/// CRC-32 over everything in a row: against decay, not against malice, which the file's owner alone could have.
fn checksum(
    position: u64,
    tx: B256,
    numbers: &Numbers,
    (stream, named): (Stream, &Named),
    topics: &[u8],
    data: &[u8],
) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&position.to_be_bytes());
    sum.update(tx.as_slice());
    for number in [
        numbers.version,
        numbers.epoch,
        numbers.key_version,
        stream as u32,
    ] {
        sum.update(&number.to_be_bytes());
    }
    for name in [named.record, named.user, named.party] {
        // No name has the number 0.
        sum.update(&name.unwrap_or_default().to_be_bytes());
    }
    sum.update(topics);
    sum.update(data);
    sum.finalize()
}
