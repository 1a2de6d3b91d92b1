//! requestAccess, withdrawRequest, denyRequest, and what settles a request.

use alloy_primitives::{Address, B256, U256};

use crate::common::*;

tests!(
    requesting,
    requesting_is_refused,
    withdrawing,
    denying,
    denying_is_refused,
    a_grant_settles_a_request,
    a_deposit_settles_no_request,
);

const MAX_NOTE: usize = 512;

/// A record of `owner` and a registered user without access.
fn with_record<B: Backend>() -> (Chain<B>, Address, Address, B256) {
    let (mut chain, [owner, user]) = with_users::<B, 2>(["owner", "user"]);
    let id = add(&mut chain, owner, "a");
    (chain, owner, user, id)
}

fn request(id: B256, access: u8, purpose: u8, note: usize) -> abi::requestAccessCall {
    abi::requestAccessCall {
        id,
        access,
        purpose,
        sealedNote: sealed(note),
    }
}

fn request_of<B: Backend>(chain: &mut Chain<B>, id: B256, user: Address) -> abi::Request {
    chain.view(abi::requestOfCall { id, user })
}

fn none() -> abi::Request {
    abi::Request {
        access: 0,
        purpose: 0,
        requestedAt: 0,
    }
}

/// A new request replaces the open one; who has access may ask for more.
fn requesting<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let cases = [(1, 1, 0), (2, 8, MAX_NOTE), (1, 2, 33)];
    for (access, purpose, note) in cases {
        chain.now += 7;
        let event = abi::AccessRequested {
            id,
            user,
            owner,
            access,
            purpose,
            sealedNote: sealed(note),
        };
        chain.emits(user, request(id, access, purpose, note), [event.into()]);
        let expected = abi::Request {
            access,
            purpose,
            requestedAt: chain.now,
        };
        assert_eq!(request_of(&mut chain, id, user), expected);
    }
    chain.ok(
        owner,
        abi::grantCall {
            given: terms(id, user),
        },
    );
    chain.ok(user, request(id, 2, 1, 0));
    assert_eq!(request_of(&mut chain, id, user).access, 2);
}

fn requesting_is_refused<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let unknown = unknown_id();
    chain.refuses(
        user,
        request(unknown, 1, 1, 0),
        abi::NoSuchRecord { id: unknown },
    );
    let nobody = account("nobody");
    chain.refuses(
        nobody,
        request(id, 1, 1, 0),
        abi::NotRegistered { user: nobody },
    );
    chain.refuses(owner, request(id, 1, 1, 0), abi::SelfTarget { user: owner });
    for access in [0, 3, 255] {
        let error = abi::InvalidAccess { id, user, access };
        chain.refuses(user, request(id, access, 1, 0), error);
    }
    for purpose in [0, 9, 255] {
        let error = abi::InvalidPurpose { id, user, purpose };
        chain.refuses(user, request(id, 1, purpose, 0), error);
    }
    for length in [MAX_NOTE + 1, 5_000] {
        let limit = U256::from(MAX_NOTE);
        let error = abi::TooLong {
            id,
            length: U256::from(length),
            limit,
        };
        chain.refuses(user, request(id, 1, 1, length), error);
    }
}

/// Taking back is always possible: after deregistering, and on a record that was removed.
fn withdrawing<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let call = abi::withdrawRequestCall { id };
    let none_open = abi::NoRequest { id, user };
    chain.refuses(user, call.clone(), none_open.clone());
    chain.ok(user, request(id, 1, 1, 0));
    chain.emits(
        user,
        call.clone(),
        [abi::RequestWithdrawn { id, user }.into()],
    );
    assert_eq!(request_of(&mut chain, id, user), none());
    chain.refuses(user, call.clone(), none_open);
    chain.ok(user, request(id, 1, 1, 0));
    chain.ok(user, abi::deregisterCall {});
    chain.ok(user, call.clone());
    register(&mut chain, user);
    chain.ok(user, request(id, 1, 1, 0));
    chain.ok(
        owner,
        abi::removeRecordCall {
            id,
            grantees: vec![],
        },
    );
    chain.ok(user, call);
}

fn denying<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    let call = abi::denyRequestCall { id, user };
    chain.ok(user, request(id, 1, 1, 0));
    chain.emits(
        owner,
        call.clone(),
        [abi::RequestDenied { id, user }.into()],
    );
    assert_eq!(request_of(&mut chain, id, user), none());
    assert_eq!(standing(&mut chain, id, user), (0, 2));
    chain.refuses(owner, call.clone(), abi::NoRequest { id, user });
    chain.ok(user, request(id, 1, 1, 0));
    chain.ok(user, abi::deregisterCall {});
    chain.ok(owner, call);
}

fn denying_is_refused<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(user, request(id, 1, 1, 0));
    let call = |id| abi::denyRequestCall { id, user };
    let unknown = unknown_id();
    chain.refuses(owner, call(unknown), abi::NoSuchRecord { id: unknown });
    chain.refuses(user, call(id), abi::NotOwner { id, caller: user });
    let nobody = account("nobody");
    chain.refuses(nobody, call(id), abi::NotRegistered { user: nobody });
    let other = abi::denyRequestCall { id, user: nobody };
    chain.refuses(owner, other, abi::NoRequest { id, user: nobody });
}

fn a_grant_settles_a_request<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(user, request(id, 2, 1, 0));
    let (_, events) = chain.run(
        owner,
        abi::grantCall {
            given: terms(id, user),
        },
    );
    assert_eq!(events.len(), 1, "the grant's own event tells");
    assert_eq!(request_of(&mut chain, id, user), none());
    chain.refuses(
        owner,
        abi::denyRequestCall { id, user },
        abi::NoRequest { id, user },
    );
    chain.ok(user, request(id, 2, 1, 0));
    let update = abi::updateAccessCall {
        id,
        user,
        access: 2,
        purpose: 1,
        expires: 0,
    };
    chain.ok(owner, update);
    assert_eq!(
        request_of(&mut chain, id, user).access,
        2,
        "new terms are no answer"
    );
    let kept = vec![abi::Grant {
        epoch: 1,
        ..terms(id, user)
    }];
    let rekey = abi::rekeyRecordCall {
        id,
        expectedVersion: 1,
        digest: digest("b"),
        sealedInfo: sealed(0),
        kept,
    };
    chain.ok(owner, rekey);
    assert_eq!(request_of(&mut chain, id, user), none());
}

/// Requests are per record: a new one has none.
fn a_deposit_settles_no_request<B: Backend>() {
    let (mut chain, owner, user, id) = with_record::<B>();
    chain.ok(user, request(id, 1, 1, 0));
    chain.ok(
        owner,
        abi::allowDepositsCall {
            depositor: user,
            expires: 0,
        },
    );
    let deposit = abi::depositRecordCall {
        owner,
        salt: salt("b"),
        digest: digest("b"),
        sealedInfo: sealed(0),
        forOwner: wrapped("a", 1),
        forSelf: wrapped("b", 1),
    };
    chain.ok(user, deposit);
    assert_eq!(request_of(&mut chain, id, user).access, 1);
}
