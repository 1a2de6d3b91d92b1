//! What the registry knows, and the checks that many functions share.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, LogData, U256};
use alloy_sol_types::{SolError, SolEvent};

use super::access;
use super::rule::over;
use crate::common::{Digest, FIELD_PRIME, MAX_TIME, Outcome, abi, no_key};

/// A value, or the revert data.
pub(super) type Refused<T> = Result<T, Vec<u8>>;

pub(super) fn refuse<T>(error: impl SolError) -> Refused<T> {
    Err(error.abi_encode())
}

/// The registry's state, and the transaction that it is in.
#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) users: BTreeMap<Address, abi::User>,
    pub(super) records: BTreeMap<B256, abi::Record>,
    pub(super) grants: BTreeMap<(B256, Address), abi::Grant>,
    pub(super) requests: BTreeMap<(B256, Address), abi::Request>,
    pub(super) vouches: BTreeMap<(Address, Address), abi::Vouch>,
    /// (owner, depositor) -> expiry.
    pub(super) rights: BTreeMap<(Address, Address), u64>,
    pub(super) caller: Address,
    pub(super) now: u64,
    logs: Vec<LogData>,
}

impl Model {
    /// What the call comes to; a refused one changes nothing.
    pub(super) fn call(
        &mut self,
        caller: Address,
        now: u64,
        call: &abi::IRegistryCalls,
    ) -> Outcome {
        self.now = now;
        self.caller = caller;
        let before = self.clone();
        match self.run(call) {
            Ok(data) => Outcome {
                result: Ok(data),
                logs: std::mem::take(&mut self.logs),
            },
            Err(data) => {
                *self = before;
                Outcome {
                    result: Err(data),
                    logs: vec![],
                }
            }
        }
    }

    pub(super) fn emit(&mut self, event: impl SolEvent) {
        self.logs.push(event.encode_log_data());
    }

    pub(super) fn user(&self, user: Address) -> abi::User {
        self.users.get(&user).cloned().unwrap_or(abi::User {
            registered: false,
            role: 0,
            keyVersion: 0,
            firstKeyVersion: 0,
            keyOdd: false,
            keyX: B256::ZERO,
        })
    }

    pub(super) fn record(&self, id: B256) -> abi::Record {
        self.records.get(&id).cloned().unwrap_or(abi::Record {
            owner: Address::ZERO,
            version: 0,
            epoch: 0,
            status: 0,
            digest: Digest::ZERO,
        })
    }

    pub(super) fn access(&self, id: B256, user: Address) -> abi::Access {
        let terms = self.grants.get(&(id, user)).map(|grant| abi::Access {
            access: grant.access,
            reason: 0,
            purpose: grant.purpose,
            expires: grant.expires,
            epoch: grant.epoch,
            keyVersion: grant.key.keyVersion,
        });
        access(&self.record(id), user, &self.user(user), terms, self.now)
    }

    pub(super) fn granted_key(&self, id: B256, user: Address) -> abi::GrantedKey {
        let none = abi::GrantedKey {
            key: no_key(),
            epoch: 0,
        };
        let grant = self.grants.get(&(id, user)).cloned();
        grant.map_or(none, |grant| abi::GrantedKey {
            key: grant.key,
            epoch: grant.epoch,
        })
    }

    pub(super) fn request(&self, id: B256, user: Address) -> abi::Request {
        let none = abi::Request {
            access: 0,
            purpose: 0,
            requestedAt: 0,
        };
        self.requests.get(&(id, user)).cloned().unwrap_or(none)
    }

    pub(super) fn vouch_of(&self, voucher: Address, user: Address) -> abi::Vouch {
        let none = abi::Vouch {
            role: 0,
            expires: 0,
        };
        self.vouches.get(&(voucher, user)).cloned().unwrap_or(none)
    }

    pub(super) fn right(&self, owner: Address, depositor: Address) -> abi::DepositRight {
        match self.rights.get(&(owner, depositor)) {
            None => abi::DepositRight {
                allowed: false,
                expires: 0,
            },
            Some(&expires) => abi::DepositRight {
                allowed: !over(expires, self.now),
                expires,
            },
        }
    }

    /// The user, who must be registered.
    pub(super) fn registered(&self, user: Address) -> Refused<abi::User> {
        let found = self.user(user);
        if found.registered {
            Ok(found)
        } else {
            refuse(abi::NotRegistered { user })
        }
    }

    /// The user, who must be registered and not `this` one.
    pub(super) fn other(&self, this: Address, user: Address) -> Refused<abi::User> {
        if this == user {
            refuse(abi::SelfTarget { user })
        } else {
            self.registered(user)
        }
    }

    /// The record, which must be live, for a caller who need not be registered.
    fn open(&self, id: B256) -> Refused<abi::Record> {
        let record = self.record(id);
        match record.status {
            0 => refuse(abi::NoSuchRecord { id }),
            2 => refuse(abi::RecordIsRemoved { id }),
            _ => Ok(record),
        }
    }

    /// The record, which must be live; the caller must be registered.
    pub(super) fn live(&self, id: B256) -> Refused<abi::Record> {
        let record = self.open(id)?;
        self.registered(self.caller).map(|_| record)
    }

    /// The live record, which the caller must own, registered or not.
    pub(super) fn own(&self, id: B256) -> Refused<abi::Record> {
        let (record, caller) = (self.open(id)?, self.caller);
        if record.owner == caller {
            Ok(record)
        } else {
            refuse(abi::NotOwner { id, caller })
        }
    }

    /// The live record, which the registered caller must own.
    pub(super) fn owned(&self, id: B256) -> Refused<abi::Record> {
        self.live(id)?;
        self.own(id)
    }

    /// The caller's access to a live record, which must be at least `access`.
    pub(super) fn allowed(&self, id: B256, access: u8) -> Refused<abi::Access> {
        self.live(id)?;
        let (user, found) = (self.caller, self.access(id, self.caller));
        if found.access < access {
            return refuse(abi::NoAccess {
                id,
                user,
                reason: found.reason,
            });
        }
        Ok(found)
    }

    pub(super) fn check_expiry(&self, user: Address, expires: u64) -> Refused<()> {
        if expires > MAX_TIME || over(expires, self.now) {
            return refuse(abi::InvalidExpiry { user, expires });
        }
        Ok(())
    }

    pub(super) fn check_terms(
        &self,
        id: B256,
        user: Address,
        access: u8,
        purpose: u8,
        expires: u64,
    ) -> Refused<()> {
        check_access(id, user, access)?;
        check_purpose(id, user, purpose)?;
        self.check_expiry(user, expires)
    }
}

pub(super) fn check_role(user: Address, role: u8) -> Refused<()> {
    if role == 0 || role > 6 {
        refuse(abi::InvalidRole { user, role })
    } else {
        Ok(())
    }
}

pub(super) fn check_key(user: Address, x: B256) -> Refused<()> {
    if x.is_zero() || x >= FIELD_PRIME {
        refuse(abi::InvalidKey { user, x })
    } else {
        Ok(())
    }
}

pub(super) fn check_access(id: B256, user: Address, access: u8) -> Refused<()> {
    let good = access == 1 || access == 2;
    if good {
        Ok(())
    } else {
        refuse(abi::InvalidAccess { id, user, access })
    }
}

pub(super) fn check_purpose(id: B256, user: Address, purpose: u8) -> Refused<()> {
    let bad = purpose == 0 || purpose > 8;
    if bad {
        refuse(abi::InvalidPurpose { id, user, purpose })
    } else {
        Ok(())
    }
}

pub(super) fn check_content(id: B256, digest: Digest, info: &[u8]) -> Refused<()> {
    if digest.is_zero() {
        return refuse(abi::ZeroDigest { id });
    }
    check_length(id, info.len(), 1024)
}

pub(super) fn check_length(id: B256, length: usize, limit: usize) -> Refused<()> {
    let (limit, length) = (U256::from(limit), U256::from(length));
    if length > limit {
        refuse(abi::TooLong { id, length, limit })
    } else {
        Ok(())
    }
}

pub(super) fn check_count(count: usize) -> Refused<()> {
    let (count, limit) = (U256::from(count), U256::from(64));
    if count > limit {
        refuse(abi::TooMany { count, limit })
    } else {
        Ok(())
    }
}

/// The counter's next value.
pub(super) fn next(counter: u32, end: u32, subject: B256) -> Refused<u32> {
    if counter == end {
        refuse(abi::CounterExhausted { subject })
    } else {
        Ok(counter + 1)
    }
}
