//! What happened to the chain since somebody last looked: the base of filters and subscriptions.

use std::{collections::VecDeque, sync::Arc};

use alloy_eips::BlockNumberOrTag;
use alloy_rpc_types_eth::{Filter, Log};

use crate::chain::{Block, Chain};

/// How deep a reorganisation may be and still be told in full, in blocks.
const DEPTH: usize = 256;

/// The end of the chain as one observer knows it.
#[derive(Debug)]
pub(super) struct Trail {
    /// Consecutive blocks, the last one known at the back; never empty.
    known: VecDeque<Arc<Block>>,
    /// Number of the next block that is news.
    next: u64,
}

/// The difference between two looks.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Blocks that left the chain, highest first.
    pub(super) removed: Vec<Arc<Block>>,
    /// Blocks that came, lowest first.
    pub(super) added: Vec<Arc<Block>>,
}

impl Trail {
    /// A trail on which nothing is news yet.
    pub(super) fn start(chain: &Chain) -> Self {
        let next = chain.block_number() + 1;
        let known = (next.saturating_sub(DEPTH as u64)..next).filter_map(|n| block(chain, n));
        Self {
            known: known.collect(),
            next,
        }
    }

    /// What changed since the last look; afterwards it is no news any more.
    pub(super) fn advance(&mut self, chain: &Chain) -> Changes {
        let mut changes = Changes::default();
        while let Some(last) = self.known.back() {
            let number = last.header.number;
            if block(chain, number).is_some_and(|current| current.hash == last.hash) {
                break;
            }
            self.next = number;
            changes.removed.extend(self.known.pop_back());
        }
        while let Some(block) = block(chain, self.next) {
            self.next += 1;
            if self.known.len() == DEPTH {
                self.known.pop_front();
            }
            self.known.push_back(Arc::clone(&block));
            changes.added.push(block);
        }
        changes
    }
}

impl Changes {
    /// The logs among the changes that match: those that left marked as removed, then the new ones.
    pub(super) fn logs(&self, filter: &Filter) -> Vec<Log> {
        let removed = self
            .removed
            .iter()
            .flat_map(|block| block.logs(filter, true));
        let added = self
            .added
            .iter()
            .flat_map(|block| block.logs(filter, false));
        removed.chain(added).collect()
    }
}

fn block(chain: &Chain, number: u64) -> Option<Arc<Block>> {
    chain.block(BlockNumberOrTag::Number(number).into())
}
