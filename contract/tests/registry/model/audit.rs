//! The access list, rebuilt from events alone.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};

use super::access;
use super::views::{Views, pairs, record_users};
use crate::common::abi::IRegistryEvents as Event;
use crate::common::{Digest, abi};

/// What somebody knows who reads nothing but the registry's logs and the times of their blocks.
#[derive(Default)]
pub(super) struct Audit {
    pub(super) users: BTreeMap<Address, abi::User>,
    pub(super) records: BTreeMap<B256, abi::Record>,
    grants: BTreeMap<(B256, Address), abi::Access>,
    requests: BTreeMap<(B256, Address), abi::Request>,
    vouches: BTreeMap<(Address, Address), abi::Vouch>,
    rights: BTreeMap<(Address, Address), u64>,
}

impl Audit {
    /// Takes in an event of a block at `time`.
    pub(super) fn read(&mut self, time: u64, event: Event) {
        match event {
            Event::Registered(_) | Event::KeyRotated(_) | Event::Deregistered(_) => {
                self.read_user(event);
            }
            Event::Vouched(e) => {
                let vouch = abi::Vouch {
                    role: e.role,
                    expires: e.expires,
                };
                self.vouches.insert((e.voucher, e.user), vouch);
            }
            Event::VouchWithdrawn(e) => drop(self.vouches.remove(&(e.voucher, e.user))),
            Event::DepositsAllowed(e) => {
                self.rights.insert((e.owner, e.depositor), e.expires);
            }
            Event::DepositsDisallowed(e) => drop(self.rights.remove(&(e.owner, e.depositor))),
            Event::Granted(e) => {
                let terms = abi::Access {
                    access: e.access,
                    reason: 0,
                    purpose: e.purpose,
                    expires: e.expires,
                    epoch: e.epoch,
                    keyVersion: e.keyVersion,
                };
                self.grants.insert((e.id, e.user), terms);
                self.requests.remove(&(e.id, e.user));
            }
            Event::AccessUpdated(e) => {
                let terms = self
                    .grants
                    .get_mut(&(e.id, e.user))
                    .expect("granted before");
                (terms.access, terms.purpose, terms.expires) = (e.access, e.purpose, e.expires);
            }
            Event::Revoked(e) => drop(self.grants.remove(&(e.id, e.user))),
            Event::AccessRequested(e) => {
                let (access, purpose) = (e.access, e.purpose);
                let request = abi::Request {
                    access,
                    purpose,
                    requestedAt: time,
                };
                self.requests.insert((e.id, e.user), request);
            }
            Event::RequestWithdrawn(e) => drop(self.requests.remove(&(e.id, e.user))),
            Event::RequestDenied(e) => drop(self.requests.remove(&(e.id, e.user))),
            Event::AccessLogged(e) => {
                assert_eq!(
                    e.version, self.records[&e.id].version,
                    "logs the current version"
                );
            }
            of_record => self.read_record(of_record),
        }
    }

    fn read_user(&mut self, event: Event) {
        match event {
            Event::Registered(e) => {
                let user = abi::User {
                    registered: true,
                    role: e.role,
                    keyVersion: e.keyVersion,
                    firstKeyVersion: e.keyVersion,
                    keyOdd: e.keyOdd,
                    keyX: e.keyX,
                };
                self.users.insert(e.user, user);
            }
            Event::KeyRotated(e) => {
                let user = self.users.get_mut(&e.user).expect("registered before");
                (user.keyVersion, user.keyOdd, user.keyX) = (e.keyVersion, e.keyOdd, e.keyX);
            }
            Event::Deregistered(e) => {
                let user = self.users.get_mut(&e.user).expect("registered before");
                (user.registered, user.keyOdd, user.keyX) = (false, false, B256::ZERO);
            }
            other => unreachable!("{other:?} is of no user"),
        }
    }

    fn read_record(&mut self, event: Event) {
        let new = |owner, digest| abi::Record {
            owner,
            version: 1,
            epoch: 0,
            status: 1,
            digest,
        };
        match event {
            Event::RecordAdded(e) => drop(self.records.insert(e.id, new(e.owner, e.digest))),
            Event::RecordDeposited(e) => drop(self.records.insert(e.id, new(e.owner, e.digest))),
            Event::RecordUpdated(e) => {
                let record = self.records.get_mut(&e.id).expect("added before");
                (record.version, record.digest) = (e.version, e.digest);
            }
            Event::RecordRekeyed(e) => {
                let record = self.records.get_mut(&e.id).expect("added before");
                (record.version, record.epoch, record.digest) = (e.version, e.epoch, e.digest);
            }
            Event::RecordRemoved(e) => {
                let record = self.records.get_mut(&e.id).expect("added before");
                (record.status, record.digest) = (2, Digest::ZERO);
            }
            other => unreachable!("{other:?} is of no record"),
        }
    }

    /// Compares what it knows with what the registry answered at `now`.
    ///
    /// The requests of a removed record are left out: the event does not name those that were cleared, and nobody
    /// can answer them any more.
    pub(super) fn check(&self, answers: &Views, users: &[Address], ids: &[B256], now: u64) {
        for (user, answer) in users.iter().zip(&answers.users) {
            match self.users.get(user) {
                Some(known) => assert_eq!(known, answer, "user {user} by events alone"),
                None => assert_eq!(answer.keyVersion, 0, "{user} registered without an event"),
            }
        }
        for (id, answer) in ids.iter().zip(&answers.records) {
            match self.records.get(id) {
                Some(known) => assert_eq!(known, answer, "record {id} by events alone"),
                None => assert_eq!(answer.status, 0, "{id} was added without an event"),
            }
        }
        let of_records = record_users(users, ids).into_iter();
        for (pair, (access, request)) in
            of_records.zip(answers.accesses.iter().zip(&answers.requests))
        {
            self.check_access(pair.id, pair.user, access, now);
            self.check_request(pair.id, pair.user, request);
        }
        for (pair, (vouch, right)) in pairs(users)
            .into_iter()
            .zip(answers.vouches.iter().zip(&answers.rights))
        {
            let none = abi::Vouch {
                role: 0,
                expires: 0,
            };
            assert_eq!(
                self.vouches.get(&pair).unwrap_or(&none),
                vouch,
                "vouch by events alone"
            );
            let known = self.rights.get(&pair).copied();
            assert_eq!(
                known.unwrap_or(0),
                right.expires,
                "deposit right by events alone"
            );
            let allowed = known.is_some_and(|expires| expires == 0 || now < expires);
            assert_eq!(allowed, right.allowed, "deposit right by events alone");
        }
    }

    fn check_access(&self, id: B256, user: Address, answer: &abi::Access, now: u64) {
        let (Some(record), registered) = (self.records.get(&id), self.users.get(&user)) else {
            return assert_eq!(answer.reason, 8, "{id} by events alone");
        };
        let never = abi::User {
            registered: false,
            role: 0,
            keyVersion: 0,
            firstKeyVersion: 0,
            keyOdd: false,
            keyX: B256::ZERO,
        };
        let terms = self.grants.get(&(id, user)).cloned();
        let known = access(record, user, registered.unwrap_or(&never), terms, now);
        assert_eq!(&known, answer, "access of {user} to {id} by events alone");
    }

    fn check_request(&self, id: B256, user: Address, answer: &abi::Request) {
        if self
            .records
            .get(&id)
            .is_some_and(|record| record.status == 1)
        {
            let none = abi::Request {
                access: 0,
                purpose: 0,
                requestedAt: 0,
            };
            let known = self.requests.get(&(id, user)).unwrap_or(&none);
            assert_eq!(known, answer, "request of {user} for {id} by events alone");
        }
    }
}
