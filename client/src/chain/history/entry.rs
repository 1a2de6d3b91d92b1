//! What the lists hold.

use alloy::primitives::{Address, B256, Bytes};

use super::row::INDEX_BITS;
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

    pub(super) fn position(self) -> i64 {
        self.after.map_or(-1, |(block, index)| {
            (block as i64) << INDEX_BITS | i64::from(index)
        })
    }
}
