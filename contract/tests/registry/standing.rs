//! Who may open what: the reasons that the registry gives, and logAccess, which asks it.

use super::access::{grant, in_force, update, with_record};
use crate::common::*;

tests!(
    logging_access,
    logging_access_is_refused,
    reasons,
    rotating_keeps_access
);

fn logging_access<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(
        owner,
        grant(abi::Grant {
            purpose: 5,
            ..terms(id, user)
        }),
    );
    for version in 1..=2 {
        for purpose in [5, 2] {
            let event = abi::AccessLogged {
                id,
                user,
                purpose,
                version,
            };
            chain.emits(user, abi::logAccessCall { id, purpose }, [event.into()]);
        }
        for purpose in 1..=8 {
            let event = abi::AccessLogged {
                id,
                user: owner,
                purpose,
                version,
            };
            chain.emits(owner, abi::logAccessCall { id, purpose }, [event.into()]);
        }
        let call = abi::updateRecordCall {
            id,
            expectedVersion: version,
            digest: digest("b"),
            sealedInfo: sealed(0),
        };
        chain.ok(owner, call);
    }
}

fn logging_access_is_refused<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let call = |id, purpose| abi::logAccessCall { id, purpose };
    let unknown = unknown_id();
    chain.refuses(owner, call(unknown, 1), abi::NoSuchRecord { id: unknown });
    chain.refuses(
        user,
        call(id, 1),
        abi::NoAccess {
            id,
            user,
            reason: 2,
        },
    );
    let nobody = account("nobody");
    chain.refuses(nobody, call(id, 1), abi::NotRegistered { user: nobody });
    chain.ok(owner, grant(terms(id, user)));
    for purpose in [0, 9, 255] {
        chain.refuses(
            user,
            call(id, purpose),
            abi::InvalidPurpose { id, user, purpose },
        );
        let error = abi::InvalidPurpose {
            id,
            user: owner,
            purpose,
        };
        chain.refuses(owner, call(id, purpose), error);
    }
    for purpose in 3..=8 {
        let error = abi::PurposeNotGranted {
            id,
            purpose,
            granted: 1,
        };
        chain.refuses(user, call(id, purpose), error);
    }
}

/// Each reason with the terms that the view shows beside it.
fn reasons<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let without = |reason| abi::Access {
        access: 0,
        reason,
        purpose: 0,
        expires: 0,
        epoch: 0,
        keyVersion: 0,
    };
    assert_eq!(access_of(&mut chain, unknown_id(), owner), without(8));
    assert_eq!(access_of(&mut chain, id, user), without(2));
    assert_eq!(access_of(&mut chain, id, account("nobody")), without(6));
    assert_eq!(
        access_of(&mut chain, id, owner),
        abi::Access {
            access: 2,
            ..without(1)
        }
    );
    let expires = chain.now + 5;
    let given = abi::Grant {
        access: 2,
        purpose: 4,
        expires,
        ..terms(id, user)
    };
    chain.ok(owner, grant(given.clone()));
    chain.now = expires - 1;
    assert_eq!(access_of(&mut chain, id, user), in_force(&given));
    chain.now = expires;
    let dead = |reason| abi::Access {
        access: 0,
        reason,
        ..in_force(&given)
    };
    assert_eq!(access_of(&mut chain, id, user), dead(3));
    chain.ok(user, abi::deregisterCall {});
    assert_eq!(access_of(&mut chain, id, user), without(6));
    register(&mut chain, user);
    assert_eq!(access_of(&mut chain, id, user), dead(7));
    let rekey = abi::rekeyRecordCall {
        id,
        expectedVersion: 1,
        digest: digest("b"),
        sealedInfo: sealed(0),
        kept: vec![],
    };
    chain.ok(owner, rekey);
    assert_eq!(access_of(&mut chain, id, user), dead(4));
    chain.ok(owner, abi::deregisterCall {});
    assert_eq!(access_of(&mut chain, id, owner), without(6));
    register(&mut chain, owner);
    assert_eq!(
        access_of(&mut chain, id, owner),
        abi::Access {
            access: 2,
            ..without(1)
        }
    );
    chain.ok(
        owner,
        abi::removeRecordCall {
            id,
            grantees: vec![],
        },
    );
    for user in [owner, user, account("nobody")] {
        assert_eq!(access_of(&mut chain, id, user), without(5));
    }
}

/// A key wrapped for an older version of the user's key stays good; a new grant needs the new version.
fn rotating_keeps_access<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(owner, grant(terms(id, user)));
    chain.ok(
        user,
        abi::rotateKeyCall {
            keyX: coordinate("new"),
            keyOdd: false,
        },
    );
    assert_eq!(access_of(&mut chain, id, user), in_force(&terms(id, user)));
    chain.ok(owner, update(id, user));
    chain.refuses(
        owner,
        grant(terms(id, user)),
        abi::StaleKey {
            id,
            user,
            current: 2,
        },
    );
    let given = abi::Grant {
        key: wrapped("new", 2),
        ..terms(id, user)
    };
    chain.ok(owner, grant(given.clone()));
    assert_eq!(access_of(&mut chain, id, user), in_force(&given));
}
