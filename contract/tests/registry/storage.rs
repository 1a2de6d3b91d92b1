//! The slots that each function fills, changes and clears: their number, their addresses, their bytes.
//!
//! A new slot costs more than everything else a call does, so the numbers are part of what the registry promises.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;

use crate::Machine;
use crate::common::*;

/// An owner, a user, a bystander, and a record of the owner.
struct World {
    chain: Chain<Machine>,
    owner: Address,
    user: Address,
    id: B256,
}

impl World {
    fn new() -> Self {
        let (mut chain, [owner, user, _]) = with_users(["owner", "user", "bystander"]);
        let id = add(&mut chain, owner, "a");
        Self {
            chain,
            owner,
            user,
            id,
        }
    }

    /// Makes a call that must succeed. Returns how many slots it filled, changed and cleared.
    fn slots<C: SolCall>(&mut self, sender: Address, call: C) -> [usize; 3] {
        self.chain.ok(sender, call);
        self.chain.backend.changes().counts()
    }

    /// The slots that the last call filled.
    fn filled(&self) -> BTreeMap<B256, B256> {
        self.chain.backend.changes().filled
    }

    fn request(&self) -> abi::requestAccessCall {
        abi::requestAccessCall {
            id: self.id,
            access: 2,
            purpose: 3,
            sealedNote: sealed(512),
        }
    }

    fn rekey(&self, kept: Vec<abi::Grant>) -> abi::rekeyRecordCall {
        abi::rekeyRecordCall {
            id: self.id,
            expectedVersion: 1,
            digest: digest("b"),
            sealedInfo: sealed(1024),
            kept,
        }
    }

    fn deposit(&self, for_self: abi::WrappedKey) -> abi::depositRecordCall {
        abi::depositRecordCall {
            owner: self.owner,
            salt: salt("deposit"),
            digest: digest("deposit"),
            sealedInfo: sealed(1024),
            forOwner: wrapped("for owner", 1),
            forSelf: for_self,
        }
    }
}

/// Five bytes of Unix seconds.
fn time(seconds: u64) -> [u8; 5] {
    let [_, _, _, bytes @ ..] = seconds.to_be_bytes();
    bytes
}

#[test]
fn users_fill_two_slots() {
    let mut world = World::new();
    let new = account("new");
    let register = abi::registerCall {
        keyX: coordinate("new"),
        keyOdd: true,
        role: 5,
    };
    assert_eq!(world.slots(new, register.clone()), [2, 0, 0]);
    let [key, packed_user] = user_slots(new);
    let user = |registered: u8, odd: u8, version: u8, first: u8| {
        let counters = [0, 0, 0, version, 0, 0, 0, first];
        packed(&[(0, &[registered, odd, 5]), (3, &counters)])
    };
    let expected = BTreeMap::from([(key, coordinate("new")), (packed_user, user(1, 1, 1, 1))]);
    assert_eq!(world.filled(), expected);
    let rotate = abi::rotateKeyCall {
        keyX: coordinate("newer"),
        keyOdd: false,
    };
    assert_eq!(world.slots(new, rotate), [0, 2, 0]);
    assert_eq!(world.chain.backend.slot(packed_user), user(1, 0, 2, 1));
    assert_eq!(world.slots(new, abi::deregisterCall {}), [0, 1, 1]);
    assert_eq!(world.chain.backend.slot(packed_user), user(0, 0, 2, 1));
    assert_eq!(world.slots(new, register), [1, 1, 0], "the counters stayed");
    assert_eq!(world.chain.backend.slot(packed_user), user(1, 1, 3, 3));
}

#[test]
fn vouches_fill_one_slot() {
    let mut world = World::new();
    let (owner, user) = (world.owner, world.user);
    let expires = world.chain.now + 300;
    assert_eq!(
        world.slots(
            owner,
            abi::vouchCall {
                user,
                role: 4,
                expires
            }
        ),
        [1, 0, 0]
    );
    let word = packed(&[(17, &[4, 0]), (19, &time(expires))]);
    assert_eq!(
        world.filled(),
        BTreeMap::from([(vouch_slot(owner, user), word)])
    );
    assert_eq!(
        world.slots(
            owner,
            abi::vouchCall {
                user,
                role: 1,
                expires: 0
            }
        ),
        [0, 1, 0]
    );
    assert_eq!(
        world.slots(owner, abi::withdrawVouchCall { user }),
        [0, 0, 1]
    );
}

#[test]
fn records_fill_one_slot_and_updates_none() {
    let mut world = World::new();
    let (owner, id) = (world.owner, record_id(world.owner, salt("b")));
    let call = abi::addRecordCall {
        salt: salt("b"),
        digest: digest("b"),
        sealedInfo: sealed(1024),
    };
    assert_eq!(world.slots(owner, call), [1, 0, 0]);
    let slot = record_slot(id);
    let record = |digest: Digest, version: u8, epoch: u8| {
        packed(&[(0, digest.as_slice()), (28, &[0, version, 0, epoch])])
    };
    let expected = BTreeMap::from([(slot, record(digest("b"), 1, 0))]);
    assert_eq!(world.filled(), expected);
    let call = abi::updateRecordCall {
        id,
        expectedVersion: 1,
        digest: digest("c"),
        sealedInfo: sealed(1024),
    };
    assert_eq!(world.slots(owner, call), [0, 1, 0]);
    assert_eq!(world.chain.backend.slot(slot), record(digest("c"), 2, 0));
    let rekey = abi::rekeyRecordCall {
        id,
        expectedVersion: 2,
        ..world.rekey(vec![])
    };
    assert_eq!(world.slots(owner, rekey), [0, 1, 0]);
    assert_eq!(world.chain.backend.slot(slot), record(digest("b"), 3, 1));
    assert_eq!(
        world.slots(
            owner,
            abi::removeRecordCall {
                id,
                grantees: vec![]
            }
        ),
        [0, 1, 0],
        "a tombstone"
    );
    assert_eq!(world.chain.backend.slot(slot), record(Digest::ZERO, 3, 1));
}

#[test]
fn grants_fill_three_slots() {
    let mut world = World::new();
    let (owner, user, id) = (world.owner, world.user, world.id);
    let expires = world.chain.now + 300;
    let given = abi::Grant {
        access: 2,
        purpose: 6,
        expires,
        ..terms(id, user)
    };
    assert_eq!(
        world.slots(
            owner,
            abi::grantCall {
                given: given.clone()
            }
        ),
        [3, 0, 0]
    );
    let word = |access: u8, purpose: u8, expires, epoch: u8| {
        let versions = [0, 0, 0, epoch, 0, 0, 0, 1];
        // Suite 1 with an odd ordinate: 1 * 2 + 1.
        let fields = [3, access, purpose];
        let tag = given.key.tag.as_slice();
        packed(&[
            (0, tag),
            (16, &fields),
            (19, &time(expires)),
            (24, &versions),
        ])
    };
    let slots = grant_slots(id, user);
    let words = [given.key.encX, given.key.sealedKey, word(2, 6, expires, 0)];
    assert_eq!(world.filled(), slots.into_iter().zip(words).collect());
    let update = abi::updateAccessCall {
        id,
        user,
        access: 1,
        purpose: 8,
        expires: 0,
    };
    assert_eq!(world.slots(owner, update), [0, 1, 0]);
    assert_eq!(world.chain.backend.slot(slots[2]), word(1, 8, 0, 0));
    let kept = abi::Grant {
        epoch: 1,
        ..given.clone()
    };
    assert_eq!(world.slots(owner, world.rekey(vec![kept])), [0, 2, 0]);
    assert_eq!(world.chain.backend.slot(slots[2]), word(2, 6, expires, 1));
    assert_eq!(world.slots(owner, abi::revokeCall { id, user }), [0, 0, 3]);
    let many = [user, account("bystander")].map(|user| abi::Grant {
        epoch: 1,
        ..terms(id, user)
    });
    let call = abi::grantManyCall {
        given: many.to_vec(),
    };
    assert_eq!(world.slots(owner, call), [6, 0, 0]);
}

#[test]
fn requests_fill_one_slot() {
    let mut world = World::new();
    let (owner, user, id) = (world.owner, world.user, world.id);
    assert_eq!(world.slots(user, world.request()), [1, 0, 0]);
    let word = packed(&[(17, &[2, 3]), (19, &time(world.chain.now))]);
    assert_eq!(
        world.filled(),
        BTreeMap::from([(request_slot(id, user), word)])
    );
    world.chain.now += 1;
    assert_eq!(world.slots(user, world.request()), [0, 1, 0]);
    assert_eq!(
        world.slots(user, abi::withdrawRequestCall { id }),
        [0, 0, 1]
    );
    world.slots(user, world.request());
    assert_eq!(
        world.slots(owner, abi::denyRequestCall { id, user }),
        [0, 0, 1]
    );
    world.slots(user, world.request());
    let grant = abi::grantCall {
        given: terms(id, user),
    };
    assert_eq!(world.slots(owner, grant), [3, 0, 1], "a grant settles it");
}

#[test]
fn removing_clears_what_it_is_given() {
    let mut world = World::new();
    let (owner, user, id) = (world.owner, world.user, world.id);
    let bystander = account("bystander");
    let given = [user, bystander].map(|user| terms(id, user)).to_vec();
    world.slots(owner, abi::grantManyCall { given });
    world.slots(user, world.request());
    let call = abi::removeRecordCall {
        id,
        grantees: vec![user],
    };
    assert_eq!(
        world.slots(owner, call),
        [0, 1, 4],
        "three of the grant, the request"
    );
    for slot in grant_slots(id, bystander) {
        assert!(
            !world.chain.backend.slot(slot).is_zero(),
            "nothing else is cleared"
        );
    }
}

#[test]
fn deposit_rights_fill_one_slot() {
    let mut world = World::new();
    let (owner, depositor) = (world.owner, world.user);
    let expires = world.chain.now + 300;
    let call = abi::allowDepositsCall { depositor, expires };
    assert_eq!(world.slots(owner, call), [1, 0, 0]);
    let word = packed(&[(17, &[1, 0]), (19, &time(expires))]);
    let slot = deposit_right_slot(owner, depositor);
    assert_eq!(world.filled(), BTreeMap::from([(slot, word)]));
    assert_eq!(
        world.slots(depositor, world.deposit(no_key())),
        [4, 0, 0],
        "record and grant"
    );
    assert_eq!(
        world.slots(owner, abi::disallowDepositsCall { depositor }),
        [0, 0, 1]
    );
}

#[test]
fn a_deposit_fills_the_grants_that_it_gives() {
    let mut world = World::new();
    let (owner, depositor) = (world.owner, world.user);
    world.slots(
        owner,
        abi::allowDepositsCall {
            depositor,
            expires: 0,
        },
    );
    let call = world.deposit(wrapped("for self", 1));
    assert_eq!(world.slots(depositor, call), [7, 0, 0]);
    let id = deposited_id(depositor, owner, salt("deposit"));
    let versions = [0, 0, 0, 0, 0, 0, 0, 1];
    for (user, key, access, purpose) in [
        (owner, wrapped("for owner", 1), 2, 7),
        (depositor, wrapped("for self", 1), 1, 1),
    ] {
        let fields = [3, access, purpose];
        let word = packed(&[(0, key.tag.as_slice()), (16, &fields), (24, &versions)]);
        let words = [key.encX, key.sealedKey, word];
        assert_eq!(
            grant_slots(id, user).map(|slot| world.chain.backend.slot(slot)),
            words
        );
    }
    let record = world.chain.view(abi::recordOfCall { id });
    assert_eq!(record.owner, owner, "the owner owns it");
}

#[test]
fn reading_and_logging_write_nothing() {
    let mut world = World::new();
    let (owner, id) = (world.owner, world.id);
    assert_eq!(
        world.slots(owner, abi::logAccessCall { id, purpose: 7 }),
        [0; 3]
    );
    assert_eq!(
        world.slots(owner, abi::grantManyCall { given: vec![] }),
        [0; 3]
    );
    assert_eq!(world.slots(owner, abi::recordOfCall { id }), [0; 3]);
    let empty = Bytes::new();
    let outcome = world.chain.send(owner, &empty);
    assert_eq!(
        (outcome.result, world.chain.backend.changes().counts()),
        (Err(vec![]), [0; 3])
    );
}
