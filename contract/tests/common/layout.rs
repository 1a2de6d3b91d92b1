//! The storage layout as the contract documents it, computed here apart from the contract's code.
//!
//! Mappings lie as Solidity lays them out: `keccak256(key ++ slot)`
//! (<https://docs.soliditylang.org/en/latest/internals/layout_in_storage.html>). Packed words are given as bytes
//! from the most significant one.

use alloy_primitives::{Address, B256, U256, keccak256};

/// address -> 2 slots.
const USERS: u64 = 0;
/// record id -> 1 slot.
const RECORDS: u64 = 1;
/// record id -> address -> 3 slots.
const GRANTS: u64 = 2;
/// record id -> address -> 1 slot.
const REQUESTS: u64 = 3;
/// voucher -> user -> 1 slot.
const VOUCHES: u64 = 4;
/// owner -> depositor -> 1 slot.
const DEPOSIT_RIGHTS: u64 = 5;

fn entry(key: B256, mapping: B256) -> B256 {
    keccak256([key, mapping].concat())
}

fn root(slot: u64) -> B256 {
    U256::from(slot).into()
}

fn after(slot: B256, slots: u64) -> B256 {
    (U256::from_be_bytes(slot.0) + U256::from(slots)).into()
}

/// Key x, then the packed user.
pub(crate) fn user_slots(user: Address) -> [B256; 2] {
    let first = entry(user.into_word(), root(USERS));
    [first, after(first, 1)]
}

pub(crate) fn record_slot(id: B256) -> B256 {
    entry(id, root(RECORDS))
}

/// Encapsulated x, sealed key, then the packed grant.
pub(crate) fn grant_slots(id: B256, user: Address) -> [B256; 3] {
    let first = entry(user.into_word(), entry(id, root(GRANTS)));
    [first, after(first, 1), after(first, 2)]
}

pub(crate) fn request_slot(id: B256, user: Address) -> B256 {
    entry(user.into_word(), entry(id, root(REQUESTS)))
}

pub(crate) fn vouch_slot(voucher: Address, user: Address) -> B256 {
    entry(user.into_word(), entry(voucher.into_word(), root(VOUCHES)))
}

pub(crate) fn deposit_right_slot(owner: Address, depositor: Address) -> B256 {
    entry(
        depositor.into_word(),
        entry(owner.into_word(), root(DEPOSIT_RIGHTS)),
    )
}

/// A word of fields, each at its byte position, zero elsewhere.
pub(crate) fn packed(fields: &[(usize, &[u8])]) -> B256 {
    let mut word = B256::ZERO;
    for (at, bytes) in fields {
        word[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    word
}

/// A user's word with another key version (bytes 3 to 6).
pub(crate) fn with_key_version(word: B256, version: u32) -> B256 {
    with_bytes(word, 3, &version.to_be_bytes())
}

/// A record's word with another version (bytes 28 and 29).
pub(crate) fn with_version(word: B256, version: u16) -> B256 {
    with_bytes(word, 28, &version.to_be_bytes())
}

/// A record's word with another epoch (bytes 30 and 31).
pub(crate) fn with_epoch(word: B256, epoch: u16) -> B256 {
    with_bytes(word, 30, &epoch.to_be_bytes())
}

fn with_bytes(mut word: B256, at: usize, bytes: &[u8]) -> B256 {
    word[at..at + bytes.len()].copy_from_slice(bytes);
    word
}
