//! What tests do to a chain: time, snapshots, reorganisations, accounts.

use alloy_primitives::{Address, B256, Bytes, U256};

use super::{
    block,
    chain::{Chain, Target},
    clock::Clock,
    error::ControlError,
};

/// Most blocks that one request may mine.
const MAX_MINED: u64 = 100_000;

/// A point to return to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snapshot {
    pub(super) height: u64,
    pub(super) position: usize,
    pub(super) clock: Clock,
}

impl Chain {
    /// Moves time forward by `seconds`; returns the whole offset from the wall clock.
    pub fn increase_time(&mut self, seconds: u64) -> i64 {
        self.clock.advance(seconds);
        self.clock.offset
    }

    /// Fixes the time of the next block; time runs on from there.
    ///
    /// # Errors
    /// [`ControlError::TimeInPast`] if it is before the last block's.
    pub fn set_next_block_timestamp(&mut self, time: u64) -> Result<(), ControlError> {
        self.clock.fix_next(time, self.head().header.timestamp)
    }

    /// Makes it `time` now.
    ///
    /// # Errors
    /// [`ControlError::TimeInPast`] if it is before the last block's.
    pub fn set_time(&mut self, time: u64) -> Result<(), ControlError> {
        let last = self.head().header.timestamp;
        if time < last {
            return Err(ControlError::TimeInPast {
                requested: time,
                last,
            });
        }
        self.clock.jump_to(time);
        Ok(())
    }

    /// Makes `count` empty blocks; with `interval`, time moves that many seconds from one to the next.
    ///
    /// # Errors
    /// [`ControlError::TooManyBlocks`] above 100,000.
    pub fn mine(&mut self, count: u64, interval: Option<u64>) -> Result<(), ControlError> {
        if count > MAX_MINED {
            return Err(ControlError::TooManyBlocks {
                count,
                limit: MAX_MINED,
            });
        }
        for number in 0..count {
            if number > 0 {
                self.clock.advance(interval.unwrap_or_default());
            }
            self.mine_empty();
        }
        Ok(())
    }

    fn mine_empty(&mut self) {
        let timestamp = self.clock.peek(self.head().header.timestamp);
        self.clock.fix_taken(timestamp);
        let state_root = self.next_state_root();
        let parts = self.next_parts(timestamp, state_root);
        self.append(block::build(parts));
    }

    /// Remembers the present state; returns the number to [`Self::revert`] to.
    pub fn snapshot(&mut self) -> u64 {
        let id = self.next_snapshot;
        self.next_snapshot += 1;
        let (height, position) = (self.block_number(), self.world.position());
        self.snapshots.insert(
            id,
            Snapshot {
                height,
                position,
                clock: self.clock,
            },
        );
        id
    }

    /// Returns to a snapshot, which is used up together with all later ones. `false` if there is none
    /// with this number.
    pub fn revert(&mut self, id: u64) -> bool {
        let Some(snapshot) = self.snapshots.get(&id).copied() else {
            return false;
        };
        self.snapshots.split_off(&id);
        self.rewind(snapshot.height, snapshot.position);
        self.clock = snapshot.clock;
        self.settle();
        true
    }

    /// Replaces the newest `depth` blocks by as many empty ones. Their transactions are gone, as if never
    /// sent; snapshots taken on them are dropped.
    ///
    /// # Errors
    /// [`ControlError::ReorgTooDeep`] if genesis would have to go.
    pub fn reorg(&mut self, depth: u64) -> Result<(), ControlError> {
        let height = self.block_number();
        let Some(base) = height.checked_sub(depth) else {
            return Err(ControlError::ReorgTooDeep { depth, height });
        };
        if depth == 0 {
            return Ok(());
        }
        let position = self.entry(Target::Number(base)).position;
        self.rewind(base, position);
        self.snapshots.retain(|_, snapshot| snapshot.height <= base);
        self.reorgs += 1;
        (0..depth).for_each(|_| self.mine_empty());
        Ok(())
    }

    /// Sets a balance in wei.
    pub fn set_balance(&mut self, address: Address, balance: U256) {
        self.world
            .update_account(address, |record| record.balance = balance);
        self.settle();
    }

    /// Sets the next nonce of an account.
    pub fn set_nonce(&mut self, address: Address, nonce: u64) {
        self.world
            .update_account(address, |record| record.nonce = nonce);
        self.settle();
    }

    /// Sets the code of an account.
    pub fn set_code(&mut self, address: Address, code: Bytes) {
        self.world.set_code(address, code);
        self.settle();
    }

    /// Sets a storage word of an account.
    pub fn set_storage(&mut self, address: Address, slot: U256, word: B256) {
        self.world.set_slot(address, slot, word.into());
        self.settle();
    }

    /// Makes what was changed outside a block part of the newest one.
    fn settle(&mut self) {
        let position = self.world.position();
        if let Some(head) = self.entries.last_mut() {
            head.position = position;
        }
    }
}
