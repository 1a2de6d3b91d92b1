//! Numbers that stand for record ids and addresses.
//!
//! Both are digests, so new ones come in no order. An index that is sorted by them is written at a page of its own for
//! nearly every event, and the longer it is, the fewer events share one. Hence only one index is, and of no more than
//! [`PREFIX`] bytes; everything else is sorted by numbers, which ascend as names appear, and grows at its end.
//!
//! A number is never given to another name. One whose events were all taken back stays, and stands for nothing.

use rusqlite::{Connection, params};

use super::schema::damage;

/// Leading bytes that the index of names has. More names than one may begin with them; they are told apart by the rest.
const PREFIX: usize = 8;

/// The number of a name; `None`, which equals nothing in SQL, where no event has named it.
pub(super) fn number(database: &Connection, name: &[u8]) -> rusqlite::Result<Option<i64>> {
    let found = between(database, name, name)?;
    Ok(found.first().copied())
}

/// The number of a name, which gets one where it has none.
pub(super) fn number_or_new(database: &Connection, name: &[u8]) -> rusqlite::Result<i64> {
    if let Some(number) = number(database, name)? {
        return Ok(number);
    }
    let sum = checksum(name);
    database
        .prepare_cached("INSERT INTO name (bytes, sum) VALUES (?1, ?2)")?
        .insert(params![name, sum])
}

/// The numbers of the names from `first` to `last`, both included.
pub(super) fn between(
    database: &Connection,
    first: &[u8],
    last: &[u8],
) -> rusqlite::Result<Vec<i64>> {
    let mut statement = database.prepare_cached(
        "SELECT number, bytes, sum FROM name WHERE substr(bytes, 1, 8) BETWEEN ?1 AND ?2",
    )?;
    let mut rows = statement.query(params![start(first), start(last)])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(|_| damage())?;
        if checksum(bytes) != row.get::<_, u32>(2)? {
            return Err(damage());
        }
        if (first..=last).contains(&bytes) {
            numbers.push(row.get(0)?);
        }
    }
    Ok(numbers)
}

fn start(name: &[u8]) -> &[u8] {
    &name[..name.len().min(PREFIX)]
}

/// CRC-32, against decay of the bytes that the index does not hold as well.
fn checksum(name: &[u8]) -> u32 {
    crc32fast::hash(name)
}
