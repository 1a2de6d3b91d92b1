//! Random calls that mostly make sense.
//!
//! A step is a function and dice. What the dice mean depends on the model's state: they pick a record that exists, a
//! caller who may, the current version; and now and then something else. Zeros pick what is most ordinary, so a
//! failing history shrinks to ordinary calls.

use alloy_primitives::{Address, B256, Bytes};
use proptest::prelude::*;

use super::Model;
use crate::common::abi::IRegistryCalls as Call;
use crate::common::*;

/// A counter that histories set to its end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counter {
    KeyVersion(Address),
    Version(B256),
}

/// One step of a history.
#[derive(Clone, Debug)]
pub(super) struct Step {
    function: usize,
    dice: Vec<u8>,
}

/// Functions by how often they are called; `wind` sets a counter to its end.
const WEIGHTS: [(&str, u32); 23] = [
    ("view", 4),
    ("many", 3),
    ("wind", 1),
    ("register", 3),
    ("rotateKey", 3),
    ("deregister", 2),
    ("vouch", 3),
    ("withdrawVouch", 2),
    ("addRecord", 6),
    ("updateRecord", 6),
    ("rekeyRecord", 5),
    ("removeRecord", 2),
    ("allowDeposits", 5),
    ("disallowDeposits", 2),
    ("depositRecord", 6),
    ("grant", 9),
    ("grantMany", 4),
    ("updateAccess", 6),
    ("revoke", 4),
    ("requestAccess", 6),
    ("withdrawRequest", 3),
    ("denyRequest", 3),
    ("logAccess", 6),
];

/// A random step.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let weighted = WEIGHTS.iter().enumerate();
    let functions = weighted.map(|(index, (_, weight))| (*weight, Just(index)));
    let function = prop::strategy::Union::new_weighted(functions.collect());
    let dice = prop::collection::vec(any::<u8>(), 80);
    (function, dice).prop_map(|(function, dice)| Step { function, dice })
}

/// What a step comes to.
pub(super) enum Action {
    Call(Address, Box<Call>),
    Wind(Counter),
}

/// Those who call and are named; the last never calls.
pub(super) fn people() -> Vec<Address> {
    let named = (0..5).map(|number| account(&format!("user {number}")));
    named.chain([Address::ZERO, account("outsider")]).collect()
}

impl Step {
    /// Seconds since the step before.
    pub(super) fn seconds(&self) -> u64 {
        let die = u64::from(self.dice[0]);
        if die < 128 { 0 } else { die % 8 }
    }

    /// The call, or the counter to set, in the model's state.
    pub(super) fn action(&self, model: &Model) -> Action {
        let mut maker = Maker {
            model,
            dice: &self.dice[1..],
            caller: Address::ZERO,
        };
        let registered = model.users.values().filter(|user| user.registered).count();
        let function = match WEIGHTS[self.function].0 {
            _ if registered < 3 && !maker.rarely(30) => "register",
            _ if model.records.len() < 2 && !maker.rarely(60) => "addRecord",
            function => function,
        };
        if function == "wind" {
            return Action::Wind(maker.counter());
        }
        let call = maker.call(function);
        Action::Call(maker.caller, Box::new(call))
    }
}

/// Makes a call from dice.
struct Maker<'a> {
    model: &'a Model,
    dice: &'a [u8],
    caller: Address,
}

impl Maker<'_> {
    /// A die with `sides` sides, 0 once the dice are used up.
    fn roll(&mut self, sides: usize) -> usize {
        let Some((die, rest)) = self.dice.split_first() else {
            return 0;
        };
        self.dice = rest;
        usize::from(*die) % sides
    }

    /// True in about `percent` of a hundred cases.
    fn rarely(&mut self, percent: usize) -> bool {
        self.roll(256) * 100 >= (100 - percent) * 256
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let index = self.roll(from.len());
        from[index].clone()
    }

    /// One of the good values, rarely one of the bad.
    fn value<T: Clone>(&mut self, good: &[T], bad: &[T]) -> T {
        if self.rarely(4) {
            self.pick(bad)
        } else {
            self.pick(good)
        }
    }

    fn anyone(&mut self) -> Address {
        let people = people();
        let number = if self.rarely(10) {
            self.roll(people.len())
        } else {
            self.roll(5)
        };
        people[number]
    }

    /// An existing key of a map, or a made-up one.
    fn existing<K: Copy, V>(
        &mut self,
        map: &std::collections::BTreeMap<K, V>,
        other: impl FnOnce(&mut Self) -> K,
    ) -> K {
        if map.is_empty() || self.rarely(15) {
            return other(self);
        }
        let index = self.roll(map.len());
        map.keys()
            .nth(index)
            .copied()
            .unwrap_or_else(|| other(self))
    }

    fn record(&mut self) -> B256 {
        let live = self
            .model
            .records
            .iter()
            .filter(|(_, record)| record.status == 1);
        let live: Vec<B256> = live.map(|(id, _)| *id).collect();
        match self.roll(16) {
            15 => unknown_id(),
            14 => self.existing(&self.model.records, |_| unknown_id()),
            _ if live.is_empty() => unknown_id(),
            _ => self.pick(&live),
        }
    }

    fn grant_key(&mut self) -> (B256, Address) {
        self.existing(&self.model.grants, |maker| (maker.record(), maker.anyone()))
    }

    /// Makes the owner call, mostly.
    fn by_owner(&mut self, id: B256) {
        let known = self
            .model
            .records
            .get(&id)
            .filter(|_| !self.rarely(8))
            .map(|r| r.owner);
        self.caller = known.unwrap_or_else(|| self.anyone());
    }

    fn by(&mut self, caller: Address) {
        self.caller = if self.rarely(5) {
            self.anyone()
        } else {
            caller
        };
    }

    fn by_anyone(&mut self) {
        self.caller = self.anyone();
    }

    fn expires(&mut self) -> u64 {
        let now = self.model.now;
        match self.roll(16) {
            0..8 => 0,
            8..14 => now + 1 + self.roll(20) as u64,
            14 => self.pick(&[MAX_TIME, now + 1]),
            _ => self.pick(&bad_expiries(now)),
        }
    }

    fn access(&mut self) -> u8 {
        self.value(&[1, 2], &[0, 3, 255])
    }

    fn purpose(&mut self) -> u8 {
        self.value(&[1, 1, 1, 2, 3, 4, 5, 6, 7, 8], &[0, 9, 255])
    }

    fn coordinate(&mut self) -> B256 {
        let good = ["a", "b", "c", "d"].map(coordinate);
        self.value(&good, &[B256::ZERO, FIELD_PRIME, B256::repeat_byte(0xff)])
    }

    fn digest(&mut self) -> Digest {
        let good = ["a", "b", "c", "d"].map(digest);
        self.value(&good, &[Digest::ZERO])
    }

    fn sealed(&mut self, limit: usize) -> Bytes {
        let length = self.value(&[0, 5, 32, 40], &[limit, limit + 1, limit + 40]);
        sealed(length)
    }

    fn salt(&mut self) -> B256 {
        let salts = ["a", "b", "c", "d"].map(salt);
        self.pick(&salts)
    }

    fn key(&mut self, user: Address) -> abi::WrappedKey {
        let current = self.model.user(user).keyVersion;
        let version = self.value(&[current], &[0, current.wrapping_add(1)]);
        let mut key = wrapped(&format!("key {}", self.roll(256)), version);
        key.suite = self.value(&[1], &[0, 2, 255]);
        key.encOdd = self.roll(2) == 1;
        key.encX = self.coordinate();
        key
    }

    fn given(&mut self, id: B256, user: Address, epoch: u32) -> abi::Grant {
        abi::Grant {
            id,
            user,
            access: self.access(),
            purpose: self.purpose(),
            expires: self.expires(),
            epoch: self.value(&[epoch], &[epoch.wrapping_add(1), epoch.wrapping_sub(1)]),
            key: self.key(user),
        }
    }

    /// Up to three items, rarely 65.
    fn batch<T: Clone>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        match self.roll(64) {
            63 => vec![item(self); 65],
            count => (0..count % 4).map(|_| item(self)).collect(),
        }
    }

    /// Somebody other than the record's owner, mostly.
    fn grantee(&mut self, id: B256) -> Address {
        let (owner, user) = (self.model.record(id).owner, self.anyone());
        if user == owner && !self.rarely(20) {
            self.anyone()
        } else {
            user
        }
    }

    fn counter(&mut self) -> Counter {
        match self.roll(2) {
            0 => Counter::Version(self.record()),
            _ => Counter::KeyVersion(self.anyone()),
        }
    }

    fn call(&mut self, function: &str) -> Call {
        match function {
            "view" => self.view(),
            "many" => self.many(),
            "register" | "rotateKey" | "deregister" | "vouch" | "withdrawVouch" => {
                self.of_users(function)
            }
            "addRecord" | "updateRecord" | "rekeyRecord" | "removeRecord" => {
                self.of_records(function)
            }
            "allowDeposits" | "disallowDeposits" | "depositRecord" => self.of_deposits(function),
            "grant" | "grantMany" | "updateAccess" | "revoke" => self.of_grants(function),
            _ => self.of_readers(function),
        }
    }

    fn of_users(&mut self, function: &str) -> Call {
        self.by_anyone();
        match function {
            "register" => {
                let new = people()
                    .into_iter()
                    .take(5)
                    .find(|user| !self.model.user(*user).registered);
                self.caller = new.filter(|_| !self.rarely(20)).unwrap_or(self.caller);
                let role = self.value(&[1, 2, 3, 4, 5, 6], &[0, 7, 255]);
                let (key, odd) = (self.coordinate(), self.roll(2) == 1);
                Call::register(abi::registerCall {
                    keyX: key,
                    keyOdd: odd,
                    role,
                })
            }
            "rotateKey" => {
                let (key, odd) = (self.coordinate(), self.roll(2) == 1);
                Call::rotateKey(abi::rotateKeyCall {
                    keyX: key,
                    keyOdd: odd,
                })
            }
            "deregister" => Call::deregister(abi::deregisterCall {}),
            "vouch" => {
                let role = self.value(&[1, 2, 3, 4, 5, 6], &[0, 7, 255]);
                let (user, expires) = (self.anyone(), self.expires());
                Call::vouch(abi::vouchCall {
                    user,
                    role,
                    expires,
                })
            }
            _ => {
                let anyone = |maker: &mut Self| (maker.anyone(), maker.anyone());
                let (voucher, user) = self.existing(&self.model.vouches, anyone);
                self.by(voucher);
                Call::withdrawVouch(abi::withdrawVouchCall { user })
            }
        }
    }

    fn of_records(&mut self, function: &str) -> Call {
        let (digest, info) = (self.digest(), self.sealed(1024));
        if function == "addRecord" {
            self.by_anyone();
            let salt = self.salt();
            return Call::addRecord(abi::addRecordCall {
                salt,
                digest,
                sealedInfo: info,
            });
        }
        let id = self.record();
        self.by_owner(id);
        let record = self.model.record(id);
        let expected = self.value(&[record.version], &[0, record.version.wrapping_add(1)]);
        match function {
            "updateRecord" => {
                if self.rarely(50) {
                    let (_, user) = self.grant_key();
                    self.by(user);
                }
                Call::updateRecord(abi::updateRecordCall {
                    id,
                    expectedVersion: expected,
                    digest,
                    sealedInfo: info,
                })
            }
            "rekeyRecord" => {
                let epoch = record.epoch.wrapping_add(1);
                let kept = self.batch(|maker| {
                    let user = maker.grantee(id);
                    let id = if maker.rarely(4) { maker.record() } else { id };
                    maker.given(id, user, epoch)
                });
                Call::rekeyRecord(abi::rekeyRecordCall {
                    id,
                    expectedVersion: expected,
                    digest,
                    sealedInfo: info,
                    kept,
                })
            }
            _ => {
                let grantees = self.batch(Self::anyone);
                Call::removeRecord(abi::removeRecordCall { id, grantees })
            }
        }
    }

    fn of_deposits(&mut self, function: &str) -> Call {
        if function == "allowDeposits" {
            self.by_anyone();
            let (depositor, expires) = (self.anyone(), self.expires());
            return Call::allowDeposits(abi::allowDepositsCall { depositor, expires });
        }
        let anyone = |maker: &mut Self| (maker.anyone(), maker.anyone());
        let (owner, depositor) = self.existing(&self.model.rights, anyone);
        if function == "disallowDeposits" {
            self.by(owner);
            return Call::disallowDeposits(abi::disallowDepositsCall { depositor });
        }
        self.by(depositor);
        let for_self = if self.rarely(40) {
            no_key()
        } else {
            self.key(self.caller)
        };
        Call::depositRecord(abi::depositRecordCall {
            owner,
            salt: self.salt(),
            digest: self.digest(),
            sealedInfo: self.sealed(1024),
            forOwner: self.key(owner),
            forSelf: for_self,
        })
    }

    fn of_grants(&mut self, function: &str) -> Call {
        match function {
            "grant" => {
                let id = self.record();
                self.by_owner(id);
                let user = self.grantee(id);
                let given = self.given(id, user, self.model.record(id).epoch);
                Call::grant(abi::grantCall { given })
            }
            "grantMany" => {
                let first = self.record();
                self.by_owner(first);
                let given = self.batch(|maker| {
                    let id = if maker.rarely(15) {
                        maker.record()
                    } else {
                        first
                    };
                    let user = maker.grantee(id);
                    maker.given(id, user, maker.model.record(id).epoch)
                });
                Call::grantMany(abi::grantManyCall { given })
            }
            "updateAccess" => {
                let (id, user) = self.grant_key();
                self.by_owner(id);
                let (access, purpose, expires) = (self.access(), self.purpose(), self.expires());
                let call = abi::updateAccessCall {
                    id,
                    user,
                    access,
                    purpose,
                    expires,
                };
                Call::updateAccess(call)
            }
            _ => {
                let (id, user) = self.grant_key();
                self.by_owner(id);
                Call::revoke(abi::revokeCall { id, user })
            }
        }
    }

    fn of_readers(&mut self, function: &str) -> Call {
        let anything = |maker: &mut Self| (maker.record(), maker.anyone());
        match function {
            "requestAccess" => {
                let id = self.record();
                self.caller = self.grantee(id);
                let (access, purpose, note) = (self.access(), self.purpose(), self.sealed(512));
                let call = abi::requestAccessCall {
                    id,
                    access,
                    purpose,
                    sealedNote: note,
                };
                Call::requestAccess(call)
            }
            "withdrawRequest" => {
                let (id, user) = self.existing(&self.model.requests, anything);
                self.by(user);
                Call::withdrawRequest(abi::withdrawRequestCall { id })
            }
            "denyRequest" => {
                let (id, user) = self.existing(&self.model.requests, anything);
                self.by_owner(id);
                Call::denyRequest(abi::denyRequestCall { id, user })
            }
            _ => {
                let (id, user) = self.grant_key();
                self.by(user);
                let purpose = self.purpose();
                Call::logAccess(abi::logAccessCall { id, purpose })
            }
        }
    }

    fn view(&mut self) -> Call {
        let (id, user, other) = (self.record(), self.anyone(), self.anyone());
        self.by_anyone();
        match self.roll(7) {
            0 => Call::userOf(abi::userOfCall { user }),
            1 => Call::recordOf(abi::recordOfCall { id }),
            2 => Call::accessOf(abi::accessOfCall { id, user }),
            3 => Call::wrappedKeyOf(abi::wrappedKeyOfCall { id, user }),
            4 => Call::requestOf(abi::requestOfCall { id, user }),
            5 => Call::vouchOf(abi::vouchOfCall {
                voucher: other,
                user,
            }),
            _ => Call::depositRightOf(abi::depositRightOfCall {
                owner: other,
                depositor: user,
            }),
        }
    }

    fn many(&mut self) -> Call {
        self.by_anyone();
        let pair = |maker: &mut Self| abi::RecordUser {
            id: maker.record(),
            user: maker.anyone(),
        };
        match self.roll(7) {
            0 => Call::usersOf(abi::usersOfCall {
                users: self.batch(Self::anyone),
            }),
            1 => Call::recordsOf(abi::recordsOfCall {
                ids: self.batch(Self::record),
            }),
            2 => Call::accessesOf(abi::accessesOfCall {
                pairs: self.batch(pair),
            }),
            3 => Call::wrappedKeysOf(abi::wrappedKeysOfCall {
                pairs: self.batch(pair),
            }),
            4 => Call::requestsOf(abi::requestsOfCall {
                pairs: self.batch(pair),
            }),
            5 => Call::vouchesOf(abi::vouchesOfCall {
                pairs: self.batch(|maker| abi::VoucherUser {
                    voucher: maker.anyone(),
                    user: maker.anyone(),
                }),
            }),
            _ => Call::depositRightsOf(abi::depositRightsOfCall {
                pairs: self.batch(|maker| abi::OwnerDepositor {
                    owner: maker.anyone(),
                    depositor: maker.anyone(),
                }),
            }),
        }
    }
}
