//! What the storage slots hold: each packed word in one place.
//!
//! A slot costs 2,100 gas to read and 22,100 to fill, so every word is packed by hand, read whole and written
//! whole. Positions count bytes from the most significant one.

use alloy_primitives::{B256, U256};
use stylus_sdk::crypto;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageB256, StorageKey};

use crate::codec::Account;

/// A word as the key of a mapping: a record id or an account.
///
/// A plain `B256` is one too, but joins itself to the mapping's slot byte by byte, which costs each look-up 40 gas.
pub(crate) struct Key(B256);

impl From<&B256> for Key {
    fn from(word: &B256) -> Self {
        Self(*word)
    }
}

impl From<&Account> for Key {
    fn from(account: &Account) -> Self {
        Self(**account)
    }
}

impl StorageKey for Key {
    fn to_slot(&self, root: B256) -> U256 {
        crypto::keccak([self.0.0, root.0].as_flattened()).into()
    }
}

/// The two slots of a user.
#[storage]
pub(crate) struct UserSlots {
    /// x coordinate of the P-256 encryption key; zero while not registered.
    pub(crate) key_x: StorageB256,
    /// [`User`].
    pub(crate) user: StorageB256,
}

/// The three slots of a grant.
#[storage]
pub(crate) struct GrantSlots {
    /// x coordinate of the encapsulated point.
    pub(crate) enc_x: StorageB256,
    /// The record key, encrypted.
    pub(crate) sealed_key: StorageB256,
    /// [`Grant`].
    pub(crate) grant: StorageB256,
}

/// A packed word: for each field its getter, setter, byte position and width in bytes, as a big-endian number.
macro_rules! packed {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $get:ident, $set:ident: $at:literal, $width:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(crate) B256);

        impl $name {
            $(
                $(#[$field_doc])*
                pub(crate) fn $get(&self) -> u64 {
                    read(&self.0, $at, $width)
                }

                /// The word with this field set.
                pub(crate) fn $set(mut self, value: u64) -> Self {
                    write(&mut self.0, $at, $width, value);
                    self
                }
            )*
        }
    };
}

packed! {
    /// A user apart from the key's x coordinate.
    User {
        /// 1 while the address is registered.
        registered, with_registered: 0, 1;
        /// Parity of the key's y coordinate.
        key_odd, with_key_odd: 1, 1;
        /// The claimed role, 1 to 6.
        role, with_role: 2, 1;
        /// Counts every key that the address ever registered.
        key_version, with_key_version: 3, 4;
        /// The key version at which the current registration began.
        first_key_version, with_first_key_version: 7, 4;
    }
}

packed! {
    /// A record. Its digest fills bytes 0 to 27; its owner is part of its id ([`owner_of`]).
    Record {
        /// 1 when added, raised by every update and rekeying; 0 for a record that was never added.
        version, with_version: 28, 2;
        /// Raised by every rekeying, so always below the version.
        epoch, with_epoch: 30, 2;
    }
}

/// Bytes of a digest: BLAKE3 with 224 bits of output, which leaves a slot room for the two counters.
pub(crate) const DIGEST: usize = 28;

/// [`Record::status`] of a record that was never added.
pub(crate) const UNKNOWN: u64 = 0;
/// [`Record::status`] of a record that can be used.
pub(crate) const LIVE: u64 = 1;
/// [`Record::status`] of a record whose owner removed it.
pub(crate) const REMOVED: u64 = 2;

/// The highest version: a record's counters have 16 bits.
pub(crate) const MAX_VERSION: u64 = u16::MAX as u64;

impl Record {
    /// [`UNKNOWN`], [`LIVE`] or [`REMOVED`]: a live record's digest is not zero.
    pub(crate) fn status(&self) -> u64 {
        if self.version() == 0 {
            UNKNOWN
        } else if self.digest().is_zero() {
            REMOVED
        } else {
            LIVE
        }
    }

    /// The digest of the ciphertext object as a `bytes28` word; zero once removed.
    pub(crate) fn digest(&self) -> B256 {
        let mut digest = self.0;
        digest[DIGEST..].fill(0);
        digest
    }

    /// The record with another digest, a `bytes28` word.
    pub(crate) fn with_digest(mut self, digest: &B256) -> Self {
        self.0[..DIGEST].copy_from_slice(&digest[..DIGEST]);
        self
    }
}

/// The id of a record: 12 bytes that bind its creator, so that nobody else can take it first, then its owner.
pub(crate) fn record_id(creator: &Account, owner: &Account, salt: &B256) -> B256 {
    let mut id: B256 = crypto::keccak([&creator[12..], &salt[..]].concat());
    id[12..].copy_from_slice(&owner[12..]);
    id
}

/// The owner of a record, by its id.
pub(crate) fn owner_of(id: &B256) -> Account {
    Account::from_low_bytes(*id)
}

packed! {
    /// A grant apart from the encapsulated x coordinate and the encrypted key; never zero.
    Grant {
        /// HPKE suite times two, plus the parity of the encapsulated point's y coordinate.
        suite_and_parity, with_suite_and_parity: 16, 1;
        /// 1 read, 2 all.
        access, with_access: 17, 1;
        /// HL7 PurposeOfUse, 1 to 8.
        purpose, with_purpose: 18, 1;
        /// Unix seconds, 0 = never.
        expires, with_expires: 19, 5;
        /// Epoch of the wrapped record key.
        epoch, with_epoch: 24, 4;
        /// Version of the user's key that it is wrapped for.
        key_version, with_key_version: 28, 4;
    }
}

impl Grant {
    /// A word that holds only the tag of a wrapped key, as a `bytes16` word carries it.
    pub(crate) fn new(tag: &B256) -> Self {
        Self(*tag)
    }

    /// The tag of the wrapped key as a `bytes16` word.
    pub(crate) fn tag(&self) -> B256 {
        let mut tag = self.0;
        tag[16..].fill(0);
        tag
    }
}

packed! {
    /// What the one-slot entries share; never zero where there is one.
    ///
    /// A request holds access, purpose and when it was made; a vouch role, 0 and expiry; a deposit right 1, 0 and
    /// expiry.
    Entry {
        /// Access, role, or 1.
        kind, with_kind: 17, 1;
        /// Purpose, or 0.
        purpose, with_purpose: 18, 1;
        /// Unix seconds.
        time, with_time: 19, 5;
    }
}

impl Entry {
    /// An entry of three values.
    pub(crate) fn new(kind: u64, purpose: u64, time: u64) -> Self {
        Self(B256::ZERO)
            .with_kind(kind)
            .with_purpose(purpose)
            .with_time(time)
    }
}

/// The largest time that the packed words hold: 40 bits of Unix seconds, the year 36812.
pub(crate) const MAX_TIME: u64 = (1 << 40) - 1;

#[inline(never)]
fn read(word: &B256, at: usize, width: usize) -> u64 {
    word[at..at + width]
        .iter()
        .fold(0, |high, byte| high << 8 | u64::from(*byte))
}

#[inline(never)]
fn write(word: &mut B256, at: usize, width: usize, value: u64) {
    word[at..at + width].copy_from_slice(&value.to_be_bytes()[8 - width..]);
}
