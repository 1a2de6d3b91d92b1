//! Who may open what: the one rule.

use alloy_primitives::Address;

use crate::common::abi;

/// Whether the time of expiry has come; 0 never comes.
pub(super) fn over(expires: u64, now: u64) -> bool {
    expires != 0 && expires <= now
}

/// The access of `user` to `record` at `now`, given what they registered and the terms that they were granted last.
pub(super) fn access(
    record: &abi::Record,
    user: Address,
    registration: &abi::User,
    grant: Option<abi::Access>,
    now: u64,
) -> abi::Access {
    let nothing = |reason| abi::Access {
        access: 0,
        reason,
        purpose: 0,
        expires: 0,
        epoch: 0,
        keyVersion: 0,
    };
    match (record.status, grant) {
        (0, _) => nothing(8),
        (2, _) => nothing(5),
        _ if !registration.registered => nothing(6),
        _ if record.owner == user => abi::Access {
            access: 2,
            ..nothing(1)
        },
        (_, None) => nothing(2),
        (_, Some(terms)) => {
            let reason = if terms.epoch != record.epoch {
                4
            } else if terms.keyVersion < registration.firstKeyVersion {
                7
            } else if over(terms.expires, now) {
                3
            } else {
                0
            };
            let access = if reason == 0 { terms.access } else { 0 };
            abi::Access {
                access,
                reason,
                ..terms
            }
        }
    }
}
