//! allowDeposits, disallowDeposits, depositRecord.

use alloy_primitives::{Address, B256, U256};

use crate::common::*;

tests!(
    allowing,
    allowing_is_refused,
    disallowing,
    a_right_ends_on_time,
    depositing,
    depositing_without_a_key_for_oneself,
    depositing_is_refused,
    wrapped_keys_of_a_deposit_are_checked,
    the_owner_takes_a_deposit_over,
);

fn right<B: Backend>(
    chain: &mut Chain<B>,
    owner: Address,
    depositor: Address,
) -> abi::DepositRight {
    chain.view(abi::depositRightOfCall { owner, depositor })
}

/// A chain, an owner and a depositor with the right to deposit.
fn with_right<B: Backend>() -> (Chain<B>, Address, Address) {
    let (mut chain, [owner, depositor]) = with_users::<B, 2>(["owner", "depositor"]);
    chain.ok(
        owner,
        abi::allowDepositsCall {
            depositor,
            expires: 0,
        },
    );
    (chain, owner, depositor)
}

fn deposit(owner: Address) -> abi::depositRecordCall {
    abi::depositRecordCall {
        owner,
        salt: salt("a"),
        digest: digest("a"),
        sealedInfo: sealed(33),
        forOwner: wrapped("for owner", 1),
        forSelf: wrapped("for self", 1),
    }
}

fn allowing<B: Backend>() {
    let (mut chain, [owner, depositor]) = with_users::<B, 2>(["owner", "depositor"]);
    for expires in [0, chain.now + 1, MAX_TIME] {
        let event = abi::DepositsAllowed {
            owner,
            depositor,
            expires,
        };
        let call = abi::allowDepositsCall { depositor, expires };
        chain.emits(owner, call, [event.into()]);
        let expected = abi::DepositRight {
            allowed: true,
            expires,
        };
        assert_eq!(right(&mut chain, owner, depositor), expected);
    }
    let none = abi::DepositRight {
        allowed: false,
        expires: 0,
    };
    assert_eq!(
        right(&mut chain, depositor, owner),
        none,
        "not the other way round"
    );
}

fn allowing_is_refused<B: Backend>() {
    let (mut chain, [owner, depositor]) = with_users::<B, 2>(["owner", "depositor"]);
    let call = |depositor, expires| abi::allowDepositsCall { depositor, expires };
    let stranger = account("stranger");
    chain.refuses(
        stranger,
        call(depositor, 0),
        abi::NotRegistered { user: stranger },
    );
    chain.refuses(owner, call(owner, 0), abi::SelfTarget { user: owner });
    chain.refuses(
        owner,
        call(stranger, 0),
        abi::NotRegistered { user: stranger },
    );
    for expires in bad_expiries(chain.now) {
        let error = abi::InvalidExpiry {
            user: depositor,
            expires,
        };
        chain.refuses(owner, call(depositor, expires), error);
    }
}

fn disallowing<B: Backend>() {
    let (mut chain, owner, depositor) = with_right::<B>();
    let event = abi::DepositsDisallowed { owner, depositor };
    let call = abi::disallowDepositsCall { depositor };
    chain.emits(owner, call.clone(), [event.into()]);
    let none = abi::DepositRight {
        allowed: false,
        expires: 0,
    };
    assert_eq!(right(&mut chain, owner, depositor), none);
    let error = abi::DepositsNotAllowed { owner, depositor };
    chain.refuses(owner, call, error.clone());
    chain.refuses(depositor, deposit(owner), error);
}

fn a_right_ends_on_time<B: Backend>() {
    let (mut chain, owner, depositor) = with_right::<B>();
    let expires = chain.now + 10;
    chain.ok(owner, abi::allowDepositsCall { depositor, expires });
    chain.now = expires - 1;
    let until = |allowed| abi::DepositRight { allowed, expires };
    assert_eq!(right(&mut chain, owner, depositor), until(true));
    chain.ok(depositor, deposit(owner));
    chain.now = expires;
    assert_eq!(right(&mut chain, owner, depositor), until(false));
    let late = abi::depositRecordCall {
        salt: salt("b"),
        ..deposit(owner)
    };
    chain.refuses(
        depositor,
        late,
        abi::DepositsNotAllowed { owner, depositor },
    );
    chain.ok(owner, abi::disallowDepositsCall { depositor });
}

fn granted(id: B256, user: Address, access: u8, purpose: u8) -> abi::IRegistryEvents {
    abi::Granted {
        id,
        user,
        access,
        purpose,
        expires: 0,
        epoch: 0,
        keyVersion: 1,
    }
    .into()
}

fn depositing<B: Backend>() {
    let (mut chain, owner, depositor) = with_right::<B>();
    let call = deposit(owner);
    let id = deposited_id(depositor, owner, call.salt);
    let deposited = abi::RecordDeposited {
        id,
        owner,
        depositor,
        digest: call.digest,
        sealedInfo: call.sealedInfo.clone(),
    };
    let events = [
        deposited.into(),
        granted(id, owner, 2, 7),
        granted(id, depositor, 1, 1),
    ];
    assert_eq!(chain.emits(depositor, call.clone(), events), id);
    let record = chain.view(abi::recordOfCall { id });
    let expected = abi::Record {
        owner,
        version: 1,
        epoch: 0,
        status: 1,
        digest: call.digest,
    };
    assert_eq!(record, expected);
    for (user, key) in [(owner, call.forOwner), (depositor, call.forSelf)] {
        let answer = chain.view(abi::wrappedKeyOfCall { id, user });
        assert_eq!(answer, abi::GrantedKey { key, epoch: 0 });
    }
    assert_eq!(standing(&mut chain, id, owner), (2, 1));
    assert_eq!(standing(&mut chain, id, depositor), (1, 0));
}

fn depositing_without_a_key_for_oneself<B: Backend>() {
    let (mut chain, owner, depositor) = with_right::<B>();
    let call = abi::depositRecordCall {
        forSelf: no_key(),
        ..deposit(owner)
    };
    let (id, events) = chain.run(depositor, call);
    assert_eq!(events.len(), 2, "no grant but the owner's");
    assert_eq!(events[1], granted(id, owner, 2, 7));
    assert_eq!(standing(&mut chain, id, depositor), (0, 2));
}

fn depositing_is_refused<B: Backend>() {
    let (mut chain, owner, depositor) = with_right::<B>();
    let stranger = account("stranger");
    chain.refuses(
        stranger,
        deposit(owner),
        abi::NotRegistered { user: stranger },
    );
    chain.refuses(
        depositor,
        deposit(depositor),
        abi::SelfTarget { user: depositor },
    );
    chain.refuses(
        depositor,
        deposit(stranger),
        abi::NotRegistered { user: stranger },
    );
    let unasked = abi::DepositsNotAllowed {
        owner: depositor,
        depositor: owner,
    };
    chain.refuses(owner, deposit(depositor), unasked);
    let id = deposited_id(depositor, owner, salt("a"));
    let zero = abi::depositRecordCall {
        digest: Digest::ZERO,
        ..deposit(owner)
    };
    chain.refuses(depositor, zero, abi::ZeroDigest { id });
    let long = abi::depositRecordCall {
        sealedInfo: sealed(1025),
        ..deposit(owner)
    };
    let error = abi::TooLong {
        id,
        length: U256::from(1025),
        limit: U256::from(1024),
    };
    chain.refuses(depositor, long, error);
    chain.ok(depositor, deposit(owner));
    chain.refuses(depositor, deposit(owner), abi::RecordExists { id });
    chain.ok(owner, abi::deregisterCall {});
    let next = abi::depositRecordCall {
        salt: salt("b"),
        ..deposit(owner)
    };
    chain.refuses(depositor, next, abi::NotRegistered { user: owner });
}

fn wrapped_keys_of_a_deposit_are_checked<B: Backend>() {
    let (mut chain, owner, depositor) = with_right::<B>();
    let id = deposited_id(depositor, owner, salt("a"));
    let for_owner = |key| abi::depositRecordCall {
        forOwner: key,
        ..deposit(owner)
    };
    let for_self = |key| abi::depositRecordCall {
        forSelf: key,
        ..deposit(owner)
    };
    for suite in [0, 2, 255] {
        let key = abi::WrappedKey {
            suite,
            ..wrapped("a", 1)
        };
        chain.refuses(
            depositor,
            for_owner(key),
            abi::InvalidSuite {
                id,
                user: owner,
                suite,
            },
        );
    }
    for suite in [2, 255] {
        let key = abi::WrappedKey {
            suite,
            ..wrapped("a", 1)
        };
        let error = abi::InvalidSuite {
            id,
            user: depositor,
            suite,
        };
        chain.refuses(depositor, for_self(key), error);
    }
    for version in [0, 2] {
        let (key, current) = (wrapped("a", version), 1);
        let error = abi::StaleKey {
            id,
            user: owner,
            current,
        };
        chain.refuses(depositor, for_owner(key.clone()), error);
        let error = abi::StaleKey {
            id,
            user: depositor,
            current,
        };
        chain.refuses(depositor, for_self(key), error);
    }
    for x in [B256::ZERO, FIELD_PRIME] {
        let key = abi::WrappedKey {
            encX: x,
            ..wrapped("a", 1)
        };
        chain.refuses(
            depositor,
            for_owner(key.clone()),
            abi::InvalidKey { user: owner, x },
        );
        chain.refuses(
            depositor,
            for_self(key),
            abi::InvalidKey { user: depositor, x },
        );
    }
}

/// A deposit is the owner's: to rekey, and not to be lost by revoking the key that only its grant holds.
fn the_owner_takes_a_deposit_over<B: Backend>() {
    let (mut chain, owner, depositor) = with_right::<B>();
    let id = chain.ok(depositor, deposit(owner));
    chain.refuses(
        owner,
        abi::revokeCall { id, user: owner },
        abi::SelfTarget { user: owner },
    );
    let rekey = abi::rekeyRecordCall {
        id,
        expectedVersion: 1,
        digest: digest("b"),
        sealedInfo: sealed(1),
        kept: vec![],
    };
    chain.refuses(
        depositor,
        rekey.clone(),
        abi::NotOwner {
            id,
            caller: depositor,
        },
    );
    chain.ok(owner, rekey);
    assert_eq!(standing(&mut chain, id, depositor), (0, 4));
    assert_eq!(standing(&mut chain, id, owner), (2, 1));
}
