//! What was fetched and is not written yet.

use alloy::primitives::B256;

use super::row::NewEvent;
use crate::chain::node::Block;

/// Events, bytes of them, and ranges of blocks, from any of which on a batch is written.
///
/// What an index changes for a new event is a page that other events change too, and the more of them are written at
/// once, the fewer pages each costs. They are in memory until then, and fetched again where a process ends before.
const MANY_EVENTS: usize = 8_192;
const MANY_BYTES: usize = 4 << 20;
const MANY_RANGES: usize = 16;

/// What a range of blocks holds.
pub(super) struct Range {
    pub(super) events: Vec<NewEvent>,
    /// The blocks of the events, and the range's last.
    pub(super) blocks: Vec<Block>,
}

/// Ranges that follow each other and the last block indexed.
#[derive(Default)]
pub(super) struct Batch {
    known: Option<(u64, B256)>,
    events: Vec<NewEvent>,
    blocks: Vec<Block>,
    bytes: usize,
    ranges: usize,
}

impl Batch {
    /// An empty one, after the last block indexed.
    pub(super) fn after(known: Option<(u64, B256)>) -> Self {
        Self {
            known,
            ..Self::default()
        }
    }

    /// Number and hash of the last block indexed.
    pub(super) fn known(&self) -> Option<(u64, B256)> {
        self.known
    }

    /// Number and hash of the block that the next range has to follow.
    pub(super) fn last(&self) -> Option<(u64, B256)> {
        let fetched = self.blocks.last().map(|block| (block.number, block.hash));
        fetched.or(self.known)
    }

    pub(super) fn events(&self) -> &[NewEvent] {
        &self.events
    }

    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub(super) fn push(&mut self, mut range: Range) {
        let bytes = |event: &NewEvent| event.topics.len() + event.data.len();
        self.bytes += range.events.iter().map(bytes).sum::<usize>();
        self.ranges += 1;
        self.events.append(&mut range.events);
        self.blocks.append(&mut range.blocks);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= MANY_EVENTS || self.bytes >= MANY_BYTES || self.ranges >= MANY_RANGES
    }
}
