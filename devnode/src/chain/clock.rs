//! Time of the chain: the wall clock, moved as tests ask, never backwards.

use std::time::{SystemTime, UNIX_EPOCH};

use super::error::ControlError;

/// Where block times come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock {
    /// Seconds added to the wall clock.
    pub(super) offset: i64,
    /// Time of the next block, if a test fixed it.
    pub(super) next: Option<u64>,
}

/// Seconds since 1970 by the machine's clock.
pub(super) fn wall_clock() -> u64 {
    // A clock set before 1970 counts as 1970: block times only have to not decrease.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_secs())
}

impl Clock {
    /// The time the next block has if it is made now, `last` being the head's.
    pub(super) fn peek(&self, last: u64) -> u64 {
        let now = wall_clock().saturating_add_signed(self.offset);
        self.next.unwrap_or(now).max(last)
    }

    /// Notes that a block was made at `time`: a time fixed for it is used up, and time runs on from it.
    pub(super) fn fix_taken(&mut self, time: u64) {
        if self.next.take().is_some() {
            self.jump_to(time);
        }
    }

    /// Moves time forward.
    pub(super) fn advance(&mut self, seconds: u64) {
        self.offset = self.offset.saturating_add_unsigned(seconds);
    }

    /// Makes it `time` now.
    pub(super) fn jump_to(&mut self, time: u64) {
        let forward = i128::from(time) - i128::from(wall_clock());
        self.offset = i64::try_from(forward).unwrap_or(i64::MAX);
    }

    /// Fixes the time of the next block.
    pub(super) fn fix_next(&mut self, time: u64, last: u64) -> Result<(), ControlError> {
        if time < last {
            return Err(ControlError::TimeInPast {
                requested: time,
                last,
            });
        }
        self.next = Some(time);
        Ok(())
    }
}
