//! grant, grantMany, updateAccess, revoke.

use alloy_primitives::{Address, B256};

use crate::common::*;

tests!(
    granting,
    granting_again_replaces,
    granting_is_refused,
    granting_many,
    granting_many_is_all_or_nothing,
    updating_access,
    updating_access_is_refused,
    updating_access_of_a_dead_grant,
    revoking,
    revoking_without_being_registered,
    revoking_is_refused,
);

/// A record of `owner` and a registered user without access.
pub(crate) fn with_record<B: Backend>() -> (Chain<B>, Address, Address, B256) {
    let (mut chain, [owner, user]) = with_users::<B, 2>(["owner", "user"]);
    let id = add(&mut chain, owner, "a");
    (chain, owner, user, id)
}

pub(crate) fn grant(given: abi::Grant) -> abi::grantCall {
    abi::grantCall { given }
}

/// The event of a grant that succeeds.
fn granted(given: &abi::Grant) -> abi::Granted {
    abi::Granted {
        id: given.id,
        user: given.user,
        access: given.access,
        purpose: given.purpose,
        expires: given.expires,
        epoch: given.epoch,
        keyVersion: given.key.keyVersion,
    }
}

/// The view of a grant in force.
pub(crate) fn in_force(given: &abi::Grant) -> abi::Access {
    abi::Access {
        access: given.access,
        reason: 0,
        purpose: given.purpose,
        expires: given.expires,
        epoch: given.epoch,
        keyVersion: given.key.keyVersion,
    }
}

fn granting<B: Backend>() {
    let (mut chain, owner, _, id) = with_record::<B>();
    let expiries = [0, chain.now + 1, MAX_TIME];
    for (access, purpose) in [1, 2]
        .into_iter()
        .flat_map(|a| (1..=8).map(move |p| (a, p)))
    {
        let user = account(&format!("user {access} {purpose}"));
        register(&mut chain, user);
        let expires = expiries[usize::from(purpose) % 3];
        let mut given = abi::Grant {
            access,
            purpose,
            expires,
            ..terms(id, user)
        };
        given.key.encOdd = purpose % 2 == 0;
        chain.emits(owner, grant(given.clone()), [granted(&given).into()]);
        assert_eq!(access_of(&mut chain, id, user), in_force(&given));
        let key = chain.view(abi::wrappedKeyOfCall { id, user });
        assert_eq!(
            key,
            abi::GrantedKey {
                key: given.key,
                epoch: 0
            }
        );
    }
}

fn granting_again_replaces<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(
        owner,
        grant(abi::Grant {
            access: 2,
            purpose: 8,
            ..terms(id, user)
        }),
    );
    let expires = chain.now + 1;
    let key = wrapped("another", 1);
    let given = abi::Grant {
        access: 1,
        purpose: 3,
        expires,
        key,
        ..terms(id, user)
    };
    chain.emits(owner, grant(given.clone()), [granted(&given).into()]);
    assert_eq!(access_of(&mut chain, id, user), in_force(&given));
    let answer = chain.view(abi::wrappedKeyOfCall { id, user });
    assert_eq!(answer.key, given.key);
}

fn granting_is_refused<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let good = terms(id, user);
    let unknown = unknown_id();
    let no_record = abi::Grant {
        id: unknown,
        ..good.clone()
    };
    chain.refuses(owner, grant(no_record), abi::NoSuchRecord { id: unknown });
    chain.refuses(
        user,
        grant(good.clone()),
        abi::NotOwner { id, caller: user },
    );
    let nobody = account("nobody");
    chain.refuses(
        nobody,
        grant(good.clone()),
        abi::NotRegistered { user: nobody },
    );
    let own = abi::Grant {
        user: owner,
        ..good.clone()
    };
    chain.refuses(owner, grant(own), abi::SelfTarget { user: owner });
    for user in [nobody, Address::ZERO] {
        let call = grant(abi::Grant {
            user,
            ..good.clone()
        });
        chain.refuses(owner, call, abi::NotRegistered { user });
    }
    for access in [0, 3, 255] {
        let call = grant(abi::Grant {
            access,
            ..good.clone()
        });
        chain.refuses(owner, call, abi::InvalidAccess { id, user, access });
    }
    for purpose in [0, 9, 255] {
        let call = grant(abi::Grant {
            purpose,
            ..good.clone()
        });
        chain.refuses(owner, call, abi::InvalidPurpose { id, user, purpose });
    }
    for expires in bad_expiries(chain.now) {
        let call = grant(abi::Grant {
            expires,
            ..good.clone()
        });
        chain.refuses(owner, call, abi::InvalidExpiry { user, expires });
    }
    for epoch in [1, u32::MAX] {
        let call = grant(abi::Grant {
            epoch,
            ..good.clone()
        });
        chain.refuses(
            owner,
            call,
            abi::StaleEpoch {
                id,
                user,
                current: 0,
            },
        );
    }
    let with = |key| {
        grant(abi::Grant {
            key,
            ..good.clone()
        })
    };
    for suite in [0, 2, 128, 255] {
        let call = with(abi::WrappedKey {
            suite,
            ..wrapped("a", 1)
        });
        chain.refuses(owner, call, abi::InvalidSuite { id, user, suite });
    }
    for version in [0, 2, u32::MAX] {
        let call = with(wrapped("a", version));
        chain.refuses(
            owner,
            call,
            abi::StaleKey {
                id,
                user,
                current: 1,
            },
        );
    }
    for x in [B256::ZERO, FIELD_PRIME, B256::repeat_byte(0xff)] {
        let call = with(abi::WrappedKey {
            encX: x,
            ..wrapped("a", 1)
        });
        chain.refuses(owner, call, abi::InvalidKey { user, x });
    }
}

fn granting_many<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let other = add(&mut chain, owner, "b");
    chain.emits(owner, abi::grantManyCall { given: vec![] }, []);
    let first = terms(id, user);
    let second = abi::Grant {
        access: 2,
        purpose: 4,
        ..terms(other, user)
    };
    let again = abi::Grant {
        purpose: 6,
        ..first.clone()
    };
    let events = [&first, &second, &again].map(|given| granted(given).into());
    let call = abi::grantManyCall {
        given: vec![first, second.clone(), again.clone()],
    };
    chain.emits(owner, call, events);
    assert_eq!(
        access_of(&mut chain, id, user),
        in_force(&again),
        "the last one holds"
    );
    assert_eq!(access_of(&mut chain, other, user), in_force(&second));
}

fn granting_many_is_all_or_nothing<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let foreign = add(&mut chain, user, "foreign");
    let bad = terms(foreign, owner);
    let call = abi::grantManyCall {
        given: vec![terms(id, user), bad],
    };
    chain.refuses(
        owner,
        call,
        abi::NotOwner {
            id: foreign,
            caller: owner,
        },
    );
    assert_eq!(standing(&mut chain, id, user), (0, 2));
    let bad = abi::Grant {
        access: 0,
        ..terms(id, user)
    };
    let call = abi::grantManyCall {
        given: vec![terms(id, user), bad],
    };
    chain.refuses(
        owner,
        call,
        abi::InvalidAccess {
            id,
            user,
            access: 0,
        },
    );
}

pub(crate) fn update(id: B256, user: Address) -> abi::updateAccessCall {
    abi::updateAccessCall {
        id,
        user,
        access: 1,
        purpose: 1,
        expires: 0,
    }
}

fn updating_access<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let given = terms(id, user);
    chain.ok(owner, grant(given.clone()));
    for (access, purpose, expires) in [(2, 8, 0), (1, 2, chain.now + 1), (2, 3, MAX_TIME)] {
        let event = abi::AccessUpdated {
            id,
            user,
            access,
            purpose,
            expires,
        };
        let call = abi::updateAccessCall {
            id,
            user,
            access,
            purpose,
            expires,
        };
        chain.emits(owner, call, [event.into()]);
        let changed = abi::Grant {
            access,
            purpose,
            expires,
            ..given.clone()
        };
        assert_eq!(access_of(&mut chain, id, user), in_force(&changed));
    }
    let key = chain.view(abi::wrappedKeyOfCall { id, user });
    assert_eq!(
        key,
        abi::GrantedKey {
            key: given.key,
            epoch: 0
        },
        "the key stays"
    );
}

fn updating_access_is_refused<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.refuses(owner, update(id, user), abi::NoGrant { id, user });
    chain.ok(owner, grant(terms(id, user)));
    let unknown = unknown_id();
    chain.refuses(
        owner,
        update(unknown, user),
        abi::NoSuchRecord { id: unknown },
    );
    chain.refuses(user, update(id, user), abi::NotOwner { id, caller: user });
    let nobody = account("nobody");
    chain.refuses(
        nobody,
        update(id, user),
        abi::NotRegistered { user: nobody },
    );
    chain.refuses(owner, update(id, owner), abi::SelfTarget { user: owner });
    chain.refuses(owner, update(id, nobody), abi::NoGrant { id, user: nobody });
    for access in [0, 3, 255] {
        let call = abi::updateAccessCall {
            access,
            ..update(id, user)
        };
        chain.refuses(owner, call, abi::InvalidAccess { id, user, access });
    }
    for purpose in [0, 9, 255] {
        let call = abi::updateAccessCall {
            purpose,
            ..update(id, user)
        };
        chain.refuses(owner, call, abi::InvalidPurpose { id, user, purpose });
    }
    for expires in bad_expiries(chain.now) {
        let call = abi::updateAccessCall {
            expires,
            ..update(id, user)
        };
        chain.refuses(owner, call, abi::InvalidExpiry { user, expires });
    }
}

/// New terms bring an expired grant back. One of an earlier registration takes them and stays dead, and one of an old
/// epoch does not take them.
fn updating_access_of_a_dead_grant<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let expires = chain.now + 1;
    chain.ok(
        owner,
        grant(abi::Grant {
            expires,
            ..terms(id, user)
        }),
    );
    chain.now = expires;
    assert_eq!(standing(&mut chain, id, user), (0, 3));
    chain.ok(owner, update(id, user));
    assert_eq!(standing(&mut chain, id, user), (1, 0));
    chain.ok(user, abi::deregisterCall {});
    chain.ok(owner, update(id, user));
    assert_eq!(standing(&mut chain, id, user), (0, 6));
    register(&mut chain, user);
    assert_eq!(standing(&mut chain, id, user), (0, 7));
    chain.ok(owner, update(id, user));
    assert_eq!(standing(&mut chain, id, user), (0, 7));
    let reading = abi::logAccessCall { id, purpose: 1 };
    chain.refuses(
        user,
        reading,
        abi::NoAccess {
            id,
            user,
            reason: 7,
        },
    );
    chain.ok(
        owner,
        grant(abi::Grant {
            key: wrapped("again", 2),
            ..terms(id, user)
        }),
    );
    let rekey = abi::rekeyRecordCall {
        id,
        expectedVersion: 1,
        digest: digest("b"),
        sealedInfo: sealed(0),
        kept: vec![],
    };
    chain.ok(owner, rekey);
    chain.refuses(owner, update(id, user), abi::NoGrant { id, user });
}

fn revoking<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(owner, grant(terms(id, user)));
    let call = abi::revokeCall { id, user };
    chain.emits(owner, call.clone(), [abi::Revoked { id, user }.into()]);
    assert_eq!(standing(&mut chain, id, user), (0, 2));
    let key = chain.view(abi::wrappedKeyOfCall { id, user });
    assert_eq!(
        key,
        abi::GrantedKey {
            key: no_key(),
            epoch: 0
        }
    );
    chain.refuses(owner, call.clone(), abi::NoGrant { id, user });
    let expires = chain.now + 1;
    chain.ok(
        owner,
        grant(abi::Grant {
            expires,
            ..terms(id, user)
        }),
    );
    chain.now = expires;
    chain.ok(owner, call.clone());
    chain.ok(owner, grant(terms(id, user)));
    chain.ok(user, abi::deregisterCall {});
    chain.ok(owner, call);
}

/// Taking access away needs no registration: an owner who deregistered can do that, and nothing else.
fn revoking_without_being_registered<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(owner, grant(terms(id, user)));
    chain.ok(owner, abi::deregisterCall {});
    chain.refuses(owner, update(id, user), abi::NotRegistered { user: owner });
    chain.refuses(
        owner,
        grant(terms(id, user)),
        abi::NotRegistered { user: owner },
    );
    let call = abi::revokeCall { id, user };
    chain.emits(owner, call.clone(), [abi::Revoked { id, user }.into()]);
    assert_eq!(standing(&mut chain, id, user), (0, 2));
    chain.refuses(owner, call, abi::NoGrant { id, user });
}

fn revoking_is_refused<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(owner, grant(terms(id, user)));
    let call = |id, user| abi::revokeCall { id, user };
    let unknown = unknown_id();
    chain.refuses(
        owner,
        call(unknown, user),
        abi::NoSuchRecord { id: unknown },
    );
    chain.refuses(user, call(id, user), abi::NotOwner { id, caller: user });
    let nobody = account("nobody");
    chain.refuses(nobody, call(id, user), abi::NotOwner { id, caller: nobody });
    chain.refuses(owner, call(id, owner), abi::SelfTarget { user: owner });
    chain.refuses(owner, call(id, nobody), abi::NoGrant { id, user: nobody });
}
