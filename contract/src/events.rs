//! The audit trail: one function for each event of the interface.
//!
//! Words stand in the order that [`crate::interface`] declares; the tests decode every event with the types made
//! from the exported interface.

use alloy_primitives::B256;
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

use crate::Registry;
use crate::codec::{Account, Words, word};
use crate::interface::IRegistry as abi;
use crate::records::Content;
use crate::state::{Entry, Grant, Record, User};

impl Registry {
    /// Emits topics and data words, and after them one `bytes` value if there is one.
    #[inline(never)]
    fn emit(&self, topics: &[&B256], words: &[&B256], bytes: Option<&[u8]>) {
        let mut data = Words::with_capacity(topics.len() + words.len());
        topics.iter().chain(words).for_each(|word| data.push(word));
        if let Some(bytes) = bytes {
            data.push_bytes(words.len(), bytes);
        }
        self.vm().emit_log(&data.into_vec(), topics.len());
    }

    pub(crate) fn emit_registered(&self, address: &Account, user: &User, x: &B256) {
        let [role, version, odd] = [user.role(), user.key_version(), user.key_odd()].map(word);
        let topics = [&signature::<abi::Registered>(), address];
        self.emit(&topics, &[&role, &version, &odd, x], None);
    }

    pub(crate) fn emit_key_rotated(&self, address: &Account, user: &User, x: &B256) {
        let [version, odd] = [user.key_version(), user.key_odd()].map(word);
        self.emit(
            &[&signature::<abi::KeyRotated>(), address],
            &[&version, &odd, x],
            None,
        );
    }

    pub(crate) fn emit_deregistered(&self, address: &Account) {
        self.emit(&[&signature::<abi::Deregistered>(), address], &[], None);
    }

    pub(crate) fn emit_vouched(&self, voucher: &Account, user: &Account, role: u64, expires: u64) {
        let topics = [&signature::<abi::Vouched>(), voucher, user];
        self.emit(&topics, &[&word(role), &word(expires)], None);
    }

    pub(crate) fn emit_vouch_withdrawn(&self, voucher: &Account, user: &Account) {
        self.emit(
            &[&signature::<abi::VouchWithdrawn>(), voucher, user],
            &[],
            None,
        );
    }

    pub(crate) fn emit_record_added(&self, id: &B256, owner: &Account, content: &Content<'_>) {
        let topics = [&signature::<abi::RecordAdded>(), id, owner];
        self.emit(&topics, &[content.digest], Some(content.sealed_info));
    }

    pub(crate) fn emit_record_updated(
        &self,
        id: &B256,
        author: &Account,
        record: &Record,
        content: &Content<'_>,
    ) {
        let topics = [&signature::<abi::RecordUpdated>(), id, author];
        let version = word(record.version());
        self.emit(
            &topics,
            &[&version, content.digest],
            Some(content.sealed_info),
        );
    }

    pub(crate) fn emit_record_rekeyed(&self, id: &B256, record: &Record, content: &Content<'_>) {
        let [version, epoch] = [record.version(), record.epoch()].map(word);
        let words = [&version, &epoch, content.digest];
        self.emit(
            &[&signature::<abi::RecordRekeyed>(), id],
            &words,
            Some(content.sealed_info),
        );
    }

    pub(crate) fn emit_record_removed(&self, id: &B256) {
        self.emit(&[&signature::<abi::RecordRemoved>(), id], &[], None);
    }

    pub(crate) fn emit_deposits_allowed(&self, owner: &Account, depositor: &Account, expires: u64) {
        let topics = [&signature::<abi::DepositsAllowed>(), owner, depositor];
        self.emit(&topics, &[&word(expires)], None);
    }

    pub(crate) fn emit_deposits_disallowed(&self, owner: &Account, depositor: &Account) {
        self.emit(
            &[&signature::<abi::DepositsDisallowed>(), owner, depositor],
            &[],
            None,
        );
    }

    pub(crate) fn emit_record_deposited(
        &self,
        id: &B256,
        owner: &Account,
        depositor: &Account,
        content: &Content<'_>,
    ) {
        let topics = [&signature::<abi::RecordDeposited>(), id, owner, depositor];
        self.emit(&topics, &[content.digest], Some(content.sealed_info));
    }

    pub(crate) fn emit_granted(&self, id: &B256, user: &Account, grant: &Grant) {
        let [access, purpose, expires, epoch, key_version] = [
            grant.access(),
            grant.purpose(),
            grant.expires(),
            grant.epoch(),
            grant.key_version(),
        ]
        .map(word);
        let words = [&access, &purpose, &expires, &epoch, &key_version];
        self.emit(&[&signature::<abi::Granted>(), id, user], &words, None);
    }

    pub(crate) fn emit_access_updated(&self, id: &B256, user: &Account, grant: &Grant) {
        let [access, purpose, expires] =
            [grant.access(), grant.purpose(), grant.expires()].map(word);
        let words = [&access, &purpose, &expires];
        self.emit(
            &[&signature::<abi::AccessUpdated>(), id, user],
            &words,
            None,
        );
    }

    pub(crate) fn emit_revoked(&self, id: &B256, user: &Account) {
        self.emit(&[&signature::<abi::Revoked>(), id, user], &[], None);
    }

    pub(crate) fn emit_access_requested(
        &self,
        id: &B256,
        user: &Account,
        owner: &Account,
        request: &Entry,
        note: &[u8],
    ) {
        let topics = [&signature::<abi::AccessRequested>(), id, user, owner];
        let [access, purpose] = [request.kind(), request.purpose()].map(word);
        self.emit(&topics, &[&access, &purpose], Some(note));
    }

    pub(crate) fn emit_request_withdrawn(&self, id: &B256, user: &Account) {
        self.emit(
            &[&signature::<abi::RequestWithdrawn>(), id, user],
            &[],
            None,
        );
    }

    pub(crate) fn emit_request_denied(&self, id: &B256, user: &Account) {
        self.emit(&[&signature::<abi::RequestDenied>(), id, user], &[], None);
    }

    pub(crate) fn emit_access_logged(&self, id: &B256, user: &Account, purpose: u64, version: u64) {
        let topics = [&signature::<abi::AccessLogged>(), id, user];
        self.emit(&topics, &[&word(purpose), &word(version)], None);
    }
}

/// The first topic of an event.
///
/// Assembled from four numbers, because a program pays on every call for the bytes of its data segments, and far
/// less for constants in its code: 20 topics as data would cost 480 gas a call, cached or not.
fn signature<E: SolEvent>() -> B256 {
    const fn limb(topic: B256, at: usize) -> u64 {
        let (mut limb, mut byte) = (0, at);
        while byte < at + 8 {
            limb = limb << 8 | topic.0[byte] as u64;
            byte += 1;
        }
        limb
    }
    let limbs = const {
        let topic = E::SIGNATURE_HASH;
        (
            limb(topic, 0),
            limb(topic, 8),
            limb(topic, 16),
            limb(topic, 24),
        )
    };
    from_limbs(limbs.0, limbs.1, limbs.2, limbs.3)
}

#[inline(never)]
fn from_limbs(a: u64, b: u64, c: u64, d: u64) -> B256 {
    let mut word = B256::ZERO;
    for (bytes, limb) in word.chunks_exact_mut(8).zip([a, b, c, d]) {
        bytes.copy_from_slice(&limb.to_be_bytes());
    }
    word
}
