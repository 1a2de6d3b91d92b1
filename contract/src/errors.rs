//! One error vocabulary: every refusal as the Solidity custom error that the interface declares.

use alloc::vec::Vec;

use alloy_primitives::B256;
use alloy_sol_types::SolError;

use crate::codec::{Account, word};
use crate::interface::IRegistry as abi;

/// Why a call was refused, as revert data. Each error names the ids it is about; the call changed nothing.
///
/// Encoding where the error arises, instead of carrying an enum to the entry point, keeps every result small.
pub(crate) struct Error(Vec<u8>);

impl Error {
    #[inline(never)]
    fn new(selector: [u8; 4], words: &[&B256]) -> Self {
        let mut data = selector.to_vec();
        for word in words {
            data.extend_from_slice(word.as_slice());
        }
        Self(data)
    }

    /// The revert data.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        self.0
    }

    /// The calldata is not an encoding of the function's arguments. Reverts without data, as Solidity does.
    pub(crate) fn malformed() -> Self {
        Self(Vec::new())
    }

    /// `user` has no key on the registry, or deregistered.
    pub(crate) fn not_registered(user: &Account) -> Self {
        Self::new(abi::NotRegistered::SELECTOR, &[user])
    }

    /// The caller is registered already.
    pub(crate) fn already_registered(user: &Account) -> Self {
        Self::new(abi::AlreadyRegistered::SELECTOR, &[user])
    }

    /// The role is not 1 to 6.
    pub(crate) fn invalid_role(user: &Account, role: u64) -> Self {
        Self::new(abi::InvalidRole::SELECTOR, &[user, &word(role)])
    }

    /// The x coordinate is zero or not below the field prime of P-256.
    pub(crate) fn invalid_key(user: &Account, x: &B256) -> Self {
        Self::new(abi::InvalidKey::SELECTOR, &[user, x])
    }

    /// The expiry is not in the future, or needs more than 40 bits.
    pub(crate) fn invalid_expiry(user: &Account, expires: u64) -> Self {
        Self::new(abi::InvalidExpiry::SELECTOR, &[user, &word(expires)])
    }

    /// The function is about another user than this one.
    pub(crate) fn self_target(user: &Account) -> Self {
        Self::new(abi::SelfTarget::SELECTOR, &[user])
    }

    /// `voucher` does not vouch for `user`.
    pub(crate) fn no_vouch(voucher: &Account, user: &Account) -> Self {
        Self::new(abi::NoVouch::SELECTOR, &[voucher, user])
    }

    /// The caller already made a record with this salt, now live or removed.
    pub(crate) fn record_exists(id: &B256) -> Self {
        Self::new(abi::RecordExists::SELECTOR, &[id])
    }

    /// No record has this id.
    pub(crate) fn no_such_record(id: &B256) -> Self {
        Self::new(abi::NoSuchRecord::SELECTOR, &[id])
    }

    /// The record was removed; its id stays taken.
    pub(crate) fn record_is_removed(id: &B256) -> Self {
        Self::new(abi::RecordIsRemoved::SELECTOR, &[id])
    }

    /// Only the record's owner may do this.
    pub(crate) fn not_owner(id: &B256, caller: &Account) -> Self {
        Self::new(abi::NotOwner::SELECTOR, &[id, caller])
    }

    /// The user may not do this with the record now, for this [`crate::access::Reason`].
    pub(crate) fn no_access(id: &B256, user: &Account, reason: u64) -> Self {
        Self::new(abi::NoAccess::SELECTOR, &[id, user, &word(reason)])
    }

    /// The digest is zero.
    pub(crate) fn zero_digest(id: &B256) -> Self {
        Self::new(abi::ZeroDigest::SELECTOR, &[id])
    }

    /// The record is at version `current`, not at the one the caller expected.
    pub(crate) fn version_conflict(id: &B256, current: u64) -> Self {
        Self::new(abi::VersionConflict::SELECTOR, &[id, &word(current)])
    }

    /// A 32-bit counter of this record or user is at its end.
    pub(crate) fn counter_exhausted(subject: &B256) -> Self {
        Self::new(abi::CounterExhausted::SELECTOR, &[subject])
    }

    /// Sealed info or a sealed note is longer than `limit` bytes.
    pub(crate) fn too_long(id: &B256, length: usize, limit: usize) -> Self {
        Self::new(
            abi::TooLong::SELECTOR,
            &[id, &word(length as u64), &word(limit as u64)],
        )
    }

    /// A batch holds more than `limit` items.
    pub(crate) fn too_many(count: usize, limit: usize) -> Self {
        Self::new(
            abi::TooMany::SELECTOR,
            &[&word(count as u64), &word(limit as u64)],
        )
    }

    /// `owner` does not allow `depositor` to deposit now.
    pub(crate) fn deposits_not_allowed(owner: &Account, depositor: &Account) -> Self {
        Self::new(abi::DepositsNotAllowed::SELECTOR, &[owner, depositor])
    }

    /// The access is not 1 or 2.
    pub(crate) fn invalid_access(id: &B256, user: &Account, access: u64) -> Self {
        Self::new(abi::InvalidAccess::SELECTOR, &[id, user, &word(access)])
    }

    /// The purpose is not 1 to 8.
    pub(crate) fn invalid_purpose(id: &B256, user: &Account, purpose: u64) -> Self {
        Self::new(abi::InvalidPurpose::SELECTOR, &[id, user, &word(purpose)])
    }

    /// The suite is not 1.
    pub(crate) fn invalid_suite(id: &B256, user: &Account, suite: u64) -> Self {
        Self::new(abi::InvalidSuite::SELECTOR, &[id, user, &word(suite)])
    }

    /// The key is wrapped for another version of the user's key than the current one.
    pub(crate) fn stale_key(id: &B256, user: &Account, current: u64) -> Self {
        Self::new(abi::StaleKey::SELECTOR, &[id, user, &word(current)])
    }

    /// The wrapped key is of another epoch of the record than the current one.
    pub(crate) fn stale_epoch(id: &B256, user: &Account, current: u64) -> Self {
        Self::new(abi::StaleEpoch::SELECTOR, &[id, user, &word(current)])
    }

    /// A grant in a rekeying names another record.
    pub(crate) fn other_record(id: &B256, given: &B256) -> Self {
        Self::new(abi::OtherRecord::SELECTOR, &[id, given])
    }

    /// The user holds no grant that this could change.
    pub(crate) fn no_grant(id: &B256, user: &Account) -> Self {
        Self::new(abi::NoGrant::SELECTOR, &[id, user])
    }

    /// The user has no open request.
    pub(crate) fn no_request(id: &B256, user: &Account) -> Self {
        Self::new(abi::NoRequest::SELECTOR, &[id, user])
    }

    /// The reader stated `purpose`, but the grant says `granted`.
    pub(crate) fn purpose_not_granted(id: &B256, purpose: u64, granted: u64) -> Self {
        let words = [id, &word(purpose), &word(granted)];
        Self::new(abi::PurposeNotGranted::SELECTOR, &words)
    }
}
