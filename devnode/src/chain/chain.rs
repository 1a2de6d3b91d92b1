//! The chain itself: what it holds, and how a block gets onto it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, U256, map::B256Map};
use revm::{context::BlockEnv, context_interface::block::BlobExcessGasAndPrice};
use tokio::sync::broadcast;

use super::{
    block::{self, BlockParts},
    clock::{Clock, wall_clock},
    config::ChainConfig,
    control::Snapshot,
    error::CallError,
    event::ChainEvent,
    file::Saved,
    genesis,
    state::WorldState,
    state_trie::{Moment, StateTrie},
    types::{Block, MinedTransaction},
    view::StateView,
};
use crate::{
    evm::{BLOCK_GAS_LIMIT, Environment, SEQUENCER, arbos},
    stylus::ProgramCache,
};

/// How many announcements a subscriber may fall behind before it loses some.
const EVENT_BACKLOG: usize = 4_096;

/// A block, and the position in the undo log after it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) block: Arc<Block>,
    pub(super) position: usize,
}

/// A development chain. See the [module](super) for its interface.
///
/// A copy goes on as a chain of its own, and shares with the original its subscribers, its activated
/// programs and the knowledge of what is in the state file: only one of the two may be saved from then on.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(super) config: ChainConfig,
    pub(super) world: WorldState,
    /// The tries of the state, but for what was changed since they were moved last.
    pub(super) tries: StateTrie,
    /// Block `n` is at index `n`; genesis is always there.
    pub(super) entries: Vec<Entry>,
    pub(super) numbers: B256Map<u64>,
    pub(super) transactions: B256Map<Arc<MinedTransaction>>,
    pub(super) clock: Clock,
    pub(super) snapshots: BTreeMap<u64, Snapshot>,
    pub(super) next_snapshot: u64,
    /// Reorganisations so far; keeps a replaced block from getting its old hash.
    pub(super) reorgs: u64,
    /// How often history was taken back.
    pub(super) rewinds: u64,
    pub(super) events: broadcast::Sender<ChainEvent>,
    pub(super) programs: Arc<ProgramCache>,
    /// What the state file holds.
    pub(super) saved: Arc<Mutex<Option<Saved>>>,
}

/// A block to read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The block with this number.
    Number(u64),
    /// The block that would be made now.
    Pending,
}

impl Chain {
    /// A new chain with its genesis block.
    pub fn new(config: ChainConfig) -> Self {
        let world = genesis::state(&config);
        let timestamp = config.genesis_timestamp.unwrap_or_else(wall_clock);
        let mut chain = Self::empty(config);
        chain.world = world;
        if chain.config.genesis_timestamp.is_some() {
            chain.clock.jump_to(timestamp);
        }
        let genesis = block::build(BlockParts::genesis(timestamp, chain.next_state_root()));
        chain.append(genesis);
        chain
    }

    /// A chain without any block, to be filled.
    pub(super) fn empty(config: ChainConfig) -> Self {
        Self {
            config,
            world: WorldState::default(),
            tries: StateTrie::default(),
            entries: Vec::new(),
            numbers: B256Map::default(),
            transactions: B256Map::default(),
            clock: Clock::default(),
            snapshots: BTreeMap::new(),
            next_snapshot: 1,
            reorgs: 0,
            rewinds: 0,
            events: broadcast::Sender::new(EVENT_BACKLOG),
            programs: Arc::new(ProgramCache::new()),
            saved: Arc::new(Mutex::new(None)),
        }
    }

    /// The newest block.
    pub fn head(&self) -> &Arc<Block> {
        // `new` and `load` put a genesis block in, and nothing removes it.
        &self.entries[self.entries.len() - 1].block
    }

    /// EIP-155 chain id.
    pub fn chain_id(&self) -> u64 {
        self.config.chain_id
    }

    /// Number of the newest block.
    pub fn block_number(&self) -> u64 {
        self.head().header.number
    }

    /// The accounts funded at genesis. The chain holds none of their keys.
    pub fn accounts(&self) -> &[Address] {
        &self.config.accounts
    }

    /// Hears of every block added or removed from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ChainEvent> {
        self.events.subscribe()
    }

    pub(super) fn announce(&self, event: ChainEvent) {
        // The only error is that nobody listens.
        let _ = self.events.send(event);
    }

    pub(super) fn target(&self, id: BlockId) -> Result<Target, CallError> {
        let unknown = CallError::UnknownBlock(id);
        match id {
            BlockId::Hash(hash) => {
                let number = self.numbers.get(&hash.block_hash).ok_or(unknown)?;
                Ok(Target::Number(*number))
            }
            BlockId::Number(BlockNumberOrTag::Pending) => Ok(Target::Pending),
            BlockId::Number(BlockNumberOrTag::Earliest) => Ok(Target::Number(0)),
            BlockId::Number(BlockNumberOrTag::Number(number)) => {
                let exists = number <= self.block_number();
                exists.then_some(Target::Number(number)).ok_or(unknown)
            }
            // There is one producer: what is newest is also safe and final.
            BlockId::Number(_) => Ok(Target::Number(self.block_number())),
        }
    }

    pub(super) fn entry(&self, target: Target) -> &Entry {
        let last = self.entries.len() - 1;
        match target {
            Target::Number(number) => {
                &self.entries[usize::try_from(number).unwrap_or(last).min(last)]
            }
            Target::Pending => &self.entries[last],
        }
    }

    /// The moment whose state a reader of `target` sees.
    pub(super) fn moment(&self, target: Target) -> Moment {
        let position = self.entry(target).position;
        let past = match target {
            Target::Number(number) => self.blocks_before(number),
            Target::Pending => self.entries.len(),
        };
        Moment { position, past }
    }

    /// How many blocks there are before the one with this number.
    fn blocks_before(&self, number: u64) -> usize {
        let count = self.entries.len();
        usize::try_from(number).map_or(count, |number| number.min(count))
    }

    pub(super) fn view(&self, target: Target) -> StateView<'_> {
        self.view_at(self.moment(target))
    }

    pub(super) fn view_at(&self, moment: Moment) -> StateView<'_> {
        StateView::at(&self.world, moment.position, &self.entries[..moment.past])
    }

    /// The state that the block with this number was made on. What was changed outside a block counts
    /// to the one before.
    pub(super) fn view_before(&self, number: u64) -> StateView<'_> {
        let parent = self.entry(Target::Number(number.saturating_sub(1)));
        self.view_at(Moment {
            position: parent.position,
            past: self.blocks_before(number),
        })
    }

    /// The base fee of the next block.
    pub(super) fn next_base_fee(&self) -> u64 {
        self.world
            .slot(arbos::ARBOS_STATE, arbos::base_fee_slot())
            .saturating_to()
    }

    /// The block in the EVM's eyes.
    pub(super) fn block_env(&self, target: Target) -> BlockEnv {
        let head = &self.head().header;
        let (timestamp, basefee) = match target {
            Target::Pending => (self.clock.peek(head.timestamp), self.next_base_fee()),
            Target::Number(_) => {
                let header = &self.entry(target).block.header;
                (
                    header.timestamp,
                    header.base_fee_per_gas.unwrap_or_default(),
                )
            }
        };
        BlockEnv {
            number: U256::ZERO, // the L1 number: there is no L1
            beneficiary: SEQUENCER,
            timestamp: U256::from(timestamp),
            gas_limit: BLOCK_GAS_LIMIT,
            basefee,
            difficulty: U256::ONE,
            prevrandao: Some(B256::with_last_byte(1)),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
                excess_blob_gas: 0,
                blob_gasprice: 0,
            }),
            slot_num: 0,
        }
    }

    pub(super) fn environment<'a>(
        &'a self,
        view: &'a StateView<'a>,
        target: Target,
    ) -> Environment<'a> {
        let l2_block_number = match target {
            Target::Number(number) => number,
            Target::Pending => self.block_number() + 1,
        };
        Environment {
            state: view,
            programs: &self.programs,
            chain_id: self.config.chain_id,
            block: self.block_env(target),
            l2_block_number,
        }
    }

    /// What the next block has before its transactions, with the time taken from the clock.
    pub(super) fn next_parts(&mut self, timestamp: u64, state_root: B256) -> BlockParts {
        let parent = self.head();
        BlockParts {
            parent_hash: parent.hash,
            number: parent.header.number + 1,
            timestamp,
            base_fee: self.next_base_fee(),
            state_root,
            reorgs: self.reorgs,
            transaction: None,
        }
    }

    /// Puts a finished block on top and announces it.
    pub(super) fn append(&mut self, block: Block) {
        let block = Arc::new(block);
        self.insert(block.clone(), self.world.position());
        self.announce(ChainEvent::Added(block));
    }

    /// Puts a block on top and makes it findable.
    pub(super) fn insert(&mut self, block: Arc<Block>, position: usize) {
        self.numbers.insert(block.hash, block.header.number);
        for transaction in &block.transactions {
            self.transactions
                .insert(transaction.hash, transaction.clone());
        }
        self.entries.push(Entry { block, position });
    }

    /// Goes back to a block and a position in the undo log.
    pub(super) fn rewind(&mut self, height: u64, position: usize) {
        let past = self.blocks_before(height);
        self.move_tries(Moment { position, past });
        self.truncate(height);
        self.world.rewind(position);
        self.rewinds += 1;
    }

    /// Takes the blocks above `height` off the chain and announces their removal. The state is not
    /// touched.
    fn truncate(&mut self, height: u64) {
        let keep = usize::try_from(height).map_or(usize::MAX, |height| height.saturating_add(1));
        if keep >= self.entries.len() {
            return;
        }
        let mut removed: Vec<_> = self
            .entries
            .drain(keep..)
            .map(|entry| entry.block)
            .collect();
        removed.reverse();
        for block in &removed {
            self.numbers.remove(&block.hash);
            for transaction in &block.transactions {
                self.transactions.remove(&transaction.hash);
            }
        }
        self.announce(ChainEvent::Removed(removed));
    }
}
