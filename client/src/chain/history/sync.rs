//! Bringing the index up to date.

use alloy::primitives::B256;
use alloy::rpc::types::Log;
use rusqlite::{Connection, OptionalExtension, params};

use super::History;
use super::batch::{Batch, Range};
use super::row::{self, INDEX_BITS, NewEvent};
use super::schema::{damage, unsigned};
use crate::chain::error::{ChainError, Result};
use crate::chain::event::Event;
use crate::chain::node::Block;
use crate::chain::registry::Registry;

/// Blocks asked for at first: a bound that most providers accept.
const FIRST_RANGE: u64 = 8_192;

/// Blocks asked for at most.
const LAST_RANGE: u64 = 1 << 20;

/// Events in an answer above which the next range is halved, and below a quarter of which it is doubled.
const MANY_EVENTS: usize = 2_000;

/// How often blocks may change under a sync before it gives up.
const REORGANISATIONS: u32 = 16;

/// How far a sync has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last block fetched.
    pub done: u64,
    /// The last block there is.
    pub of: u64,
}

/// What a sync did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// The last block indexed.
    pub to: u64,
    /// Events added.
    pub added: u64,
    /// Events taken back because their blocks left the chain.
    pub taken_back: u64,
}

impl History {
    /// Indexes every block up to the newest. What left the chain since the last time is taken back first.
    ///
    /// Ranges of blocks shrink where the node gives too many results or too long an answer, so that memory stays
    /// bounded, and grow again where there is little. Several are written at once. A sync that fails keeps what it
    /// fetched, and one that is cut off what it had written; the next goes on from there.
    ///
    /// # Errors
    ///
    /// What [`ChainError`] lists for nodes; [`ChainError::Malformed`] for events that the registry cannot have
    /// emitted; [`ChainError::Stale`] for a node that is behind; [`ChainError::Database`].
    pub async fn sync(
        &self,
        registry: &Registry,
        progress: impl FnMut(Progress),
    ) -> Result<SyncReport> {
        let of = registry.snapshot().await?.block().number;
        let mut report = SyncReport {
            taken_back: self.take_back(registry).await?,
            ..SyncReport::default()
        };
        let mut batch = Batch::after(self.last_block()?);
        let followed = self
            .follow(registry, of, (&mut batch, &mut report), progress)
            .await;
        if followed.is_err() {
            self.append(&mut batch)?;
        }
        followed.map(|()| report)
    }

    /// Fetches and writes every block up to `of`. Where it fails, the batch is what was not written.
    async fn follow(
        &self,
        registry: &Registry,
        mut of: u64,
        (batch, report): (&mut Batch, &mut SyncReport),
        mut progress: impl FnMut(Progress),
    ) -> Result<()> {
        let (mut range, mut changes) = (FIRST_RANGE, 0);
        loop {
            let last = batch.last();
            report.to = last.map_or(0, |(number, _)| number);
            let from = last.map_or(self.deployment.block, |_| report.to.saturating_add(1));
            if from > of && batch.is_empty() {
                return Ok(());
            }
            if from > of || batch.is_full() {
                report.added += self.append(batch)?;
                continue;
            }
            let to = of.min(from.saturating_add(range - 1));
            match self.fetch(registry, last, from, to).await {
                Ok(Some(found)) => {
                    range = next_range(range, found.events.len());
                    batch.push(found);
                    progress(Progress { done: to, of });
                }
                Ok(None) if changes < REORGANISATIONS => {
                    changes += 1;
                    report.added += self.append(batch)?;
                    report.taken_back += self.take_back(registry).await?;
                    *batch = Batch::after(self.last_block()?);
                    of = registry.snapshot().await?.block().number;
                }
                Ok(None) => return Err(ChainError::malformed("its blocks change all the time")),
                Err(error) if too_much(&error) && to > from => {
                    range = (to - from).div_ceil(2).max(1)
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for a range. `None` when blocks changed meanwhile.
    async fn fetch(
        &self,
        registry: &Registry,
        last: Option<(u64, B256)>,
        from: u64,
        to: u64,
    ) -> Result<Option<Range>> {
        let logs = registry.events(from, to).await?;
        let events = logs.iter().map(new_event).collect::<Result<Vec<_>>>()?;
        let mut numbers: Vec<u64> = events
            .iter()
            .map(|event| event.position >> INDEX_BITS)
            .collect();
        if !numbers.is_sorted() || numbers.iter().any(|number| !(from..=to).contains(number)) {
            return Err(ChainError::malformed("events outside the range asked for"));
        }
        numbers.extend([from, to]);
        numbers.sort_unstable();
        numbers.dedup();
        let mut blocks = match registry.node().blocks(&numbers).await {
            Err(ChainError::NoState(_)) => return Ok(None),
            other => other?,
        };
        if !belong_together(&logs, &blocks) || !continues(last, blocks.first()) {
            return Ok(None);
        }
        if events
            .first()
            .is_none_or(|event| event.position >> INDEX_BITS != from)
            && from != to
        {
            blocks.remove(0);
        }
        Ok(Some(Range { events, blocks }))
    }

    /// Adds a batch, unless another process has changed what it follows. Leaves an empty batch after what is indexed then.
    fn append(&self, batch: &mut Batch) -> Result<u64> {
        if batch.is_empty() {
            return Ok(0);
        }
        let added = self.write(|db| {
            if last_block(db, i64::MAX)? != batch.known() {
                return Ok(0);
            }
            let mut insert = db.prepare_cached("INSERT INTO block VALUES (?1, ?2, ?3)")?;
            for block in batch.blocks() {
                insert.execute(params![
                    block.number as i64,
                    block.hash.as_slice(),
                    block.timestamp as i64
                ])?;
            }
            for event in batch.events() {
                row::insert(db, event)?;
            }
            Ok(batch.events().len() as u64)
        })?;
        *batch = Batch::after(self.last_block()?);
        Ok(added)
    }

    /// The last block indexed.
    fn last_block(&self) -> Result<Option<(u64, B256)>> {
        self.read(|db| last_block(db, i64::MAX))
    }

    /// Takes back every block that is not on the chain any more. Returns the number of events that went with them.
    async fn take_back(&self, registry: &Registry) -> Result<u64> {
        let mut last = self.last_block()?;
        let mut changed = false;
        while let Some((number, hash)) = last {
            let found = registry.node().block(number).await?;
            if found.is_some_and(|block| block.hash == hash) {
                break;
            }
            changed = true;
            last = self.read(|db| last_block(db, number as i64 - 1))?;
        }
        if !changed {
            return Ok(0);
        }
        let keep = last.map_or(-1, |(number, _)| number as i64);
        self.write(|db| {
            let first = (keep + 1) << INDEX_BITS;
            let gone = db.execute("DELETE FROM event WHERE position >= ?1", [first])?;
            db.execute("DELETE FROM block WHERE number > ?1", [keep])?;
            Ok(gone as u64)
        })
    }
}

fn next_range(range: u64, events: usize) -> u64 {
    match events {
        n if n > MANY_EVENTS => (range / 2).max(1),
        n if n < MANY_EVENTS / 4 => (range * 2).min(LAST_RANGE),
        _ => range,
    }
}

/// Whether a smaller range can help.
fn too_much(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::TooManyResults(_)
            | ChainError::AnswerTooLarge { .. }
            | ChainError::Timeout { .. }
            | ChainError::Http {
                status: 413 | 500..=599,
                ..
            }
    )
}

fn new_event(log: &Log) -> Result<NewEvent> {
    let (Some(number), Some(index), Some(tx)) =
        (log.block_number, log.log_index, log.transaction_hash)
    else {
        return Err(ChainError::malformed("an event without its place"));
    };
    if log.removed || index >> INDEX_BITS != 0 || number >> (63 - INDEX_BITS) != 0 {
        return Err(ChainError::malformed("an event at an impossible place"));
    }
    Ok(NewEvent {
        position: number << INDEX_BITS | index,
        tx,
        topics: log.topics().iter().flatten().copied().collect(),
        data: log.data().data.to_vec(),
        event: Event::decode(log)?,
    })
}

/// Whether every event is of one of the blocks, which are in ascending order.
fn belong_together(logs: &[Log], blocks: &[Block]) -> bool {
    logs.iter().all(|log| {
        let place = blocks.binary_search_by_key(&log.block_number, |block| Some(block.number));
        place.is_ok_and(|place| log.block_hash == Some(blocks[place].hash))
    })
}

/// Whether the first block of a range follows the last one before it.
fn continues(last: Option<(u64, B256)>, first: Option<&Block>) -> bool {
    last.is_none_or(|(_, hash)| first.is_some_and(|block| block.parent == hash))
}

/// The last indexed block with at most this number.
fn last_block(database: &Connection, at_most: i64) -> rusqlite::Result<Option<(u64, B256)>> {
    let mut statement = database.prepare_cached(
        "SELECT number, hash FROM block WHERE number <= ?1 ORDER BY number DESC LIMIT 1",
    )?;
    let found: Option<(i64, Vec<u8>)> = statement
        .query_row([at_most], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, hash)) = found else {
        return Ok(None);
    };
    let hash = B256::try_from(hash.as_slice()).map_err(|_| damage())?;
    Ok(Some((unsigned(number)?, hash)))
}
