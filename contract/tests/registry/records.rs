//! addRecord, updateRecord, rekeyRecord, removeRecord.

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::common::*;

tests!(
    adding,
    adding_is_refused,
    updating,
    updating_is_refused,
    rekeying,
    rekeying_is_refused,
    kept_grants_are_checked,
    removing,
    removing_is_refused,
    a_removed_record_stays_removed,
    versions_end,
);

const MAX_INFO: usize = 1024;

fn record_of<B: Backend>(chain: &mut Chain<B>, id: B256) -> abi::Record {
    chain.view(abi::recordOfCall { id })
}

fn update(id: B256, expected: u32) -> abi::updateRecordCall {
    abi::updateRecordCall {
        id,
        expectedVersion: expected,
        digest: digest("new"),
        sealedInfo: sealed(3),
    }
}

fn rekey(id: B256, expected: u32, kept: Vec<abi::Grant>) -> abi::rekeyRecordCall {
    abi::rekeyRecordCall {
        id,
        expectedVersion: expected,
        digest: digest("new"),
        sealedInfo: sealed(3),
        kept,
    }
}

fn remove(id: B256, grantees: &[Address]) -> abi::removeRecordCall {
    abi::removeRecordCall {
        id,
        grantees: grantees.to_vec(),
    }
}

/// The errors of a record's content, with `call` given a digest and sealed info.
fn refuses_content<B: Backend, C: alloy_sol_types::SolCall>(
    chain: &mut Chain<B>,
    caller: Address,
    id: B256,
    call: impl Fn(Digest, Bytes) -> C,
) {
    chain.refuses(
        caller,
        call(Digest::ZERO, Bytes::new()),
        abi::ZeroDigest { id },
    );
    for length in [MAX_INFO + 1, MAX_INFO + 32, 10_000] {
        let limit = U256::from(MAX_INFO);
        let error = abi::TooLong {
            id,
            length: U256::from(length),
            limit,
        };
        chain.refuses(caller, call(digest("a"), sealed(length)), error);
    }
}

fn adding<B: Backend>() {
    let (mut chain, [owner]) = with_users::<B, 1>(["owner"]);
    for length in [0, 1, 31, 32, 33, 256, MAX_INFO] {
        let name = format!("record {length}");
        let id = record_id(owner, salt(&name));
        let (digest, info) = (digest(&name), sealed(length));
        let event = abi::RecordAdded {
            id,
            owner,
            digest,
            sealedInfo: info.clone(),
        };
        let call = abi::addRecordCall {
            salt: salt(&name),
            digest,
            sealedInfo: info,
        };
        assert_eq!(chain.emits(owner, call, [event.into()]), id);
        let expected = abi::Record {
            owner,
            version: 1,
            epoch: 0,
            status: 1,
            digest,
        };
        assert_eq!(record_of(&mut chain, id), expected);
        assert_eq!(standing(&mut chain, id, owner), (2, 1));
    }
}

fn adding_is_refused<B: Backend>() {
    let (mut chain, [owner]) = with_users::<B, 1>(["owner"]);
    let call = |digest, info| abi::addRecordCall {
        salt: salt("a"),
        digest,
        sealedInfo: info,
    };
    let user = account("stranger");
    chain.refuses(
        user,
        call(digest("a"), sealed(1)),
        abi::NotRegistered { user },
    );
    let id = record_id(owner, salt("a"));
    refuses_content(&mut chain, owner, id, call);
    add(&mut chain, owner, "a");
    chain.refuses(
        owner,
        call(digest("b"), sealed(1)),
        abi::RecordExists { id },
    );
}

fn updating<B: Backend>() {
    let (mut chain, [owner, writer]) = with_users::<B, 2>(["owner", "writer"]);
    let id = add(&mut chain, owner, "a");
    chain.ok(
        owner,
        abi::grantCall {
            given: abi::Grant {
                access: 2,
                ..terms(id, writer)
            },
        },
    );
    for (version, author, length) in [(2, owner, 0), (3, writer, MAX_INFO), (4, owner, 5)] {
        let (digest, info) = (digest(&format!("version {version}")), sealed(length));
        let event = abi::RecordUpdated {
            id,
            author,
            version,
            digest,
            sealedInfo: info.clone(),
        };
        let call = abi::updateRecordCall {
            id,
            expectedVersion: version - 1,
            digest,
            sealedInfo: info,
        };
        chain.emits(author, call, [event.into()]);
        let expected = abi::Record {
            owner,
            version,
            epoch: 0,
            status: 1,
            digest,
        };
        assert_eq!(record_of(&mut chain, id), expected);
    }
}

fn updating_is_refused<B: Backend>() {
    let (mut chain, [owner, reader]) = with_users::<B, 2>(["owner", "reader"]);
    let id = add(&mut chain, owner, "a");
    chain.ok(
        owner,
        abi::grantCall {
            given: terms(id, reader),
        },
    );
    let unknown = unknown_id();
    chain.refuses(owner, update(unknown, 1), abi::NoSuchRecord { id: unknown });
    chain.refuses(
        reader,
        update(id, 1),
        abi::NoAccess {
            id,
            user: reader,
            reason: 0,
        },
    );
    let user = account("stranger");
    chain.refuses(user, update(id, 1), abi::NotRegistered { user });
    for expected in [0, 2, u32::MAX] {
        chain.refuses(
            owner,
            update(id, expected),
            abi::VersionConflict { id, current: 1 },
        );
    }
    refuses_content(&mut chain, owner, id, |digest, info| {
        abi::updateRecordCall {
            id,
            expectedVersion: 1,
            digest,
            sealedInfo: info,
        }
    });
    chain.ok(owner, remove(id, &[]));
    chain.refuses(owner, update(id, 1), abi::RecordIsRemoved { id });
}

fn rekeying<B: Backend>() {
    let (mut chain, [owner, kept, dropped]) = with_users::<B, 3>(["owner", "kept", "dropped"]);
    let id = add(&mut chain, owner, "a");
    let grants = vec![terms(id, kept), terms(id, dropped)];
    chain.ok(owner, abi::grantManyCall { given: grants });
    chain.ok(
        owner,
        abi::updateAccessCall {
            id,
            user: dropped,
            access: 2,
            purpose: 8,
            expires: 0,
        },
    );
    let again = abi::Grant {
        epoch: 1,
        access: 2,
        purpose: 5,
        ..terms(id, kept)
    };
    let rekeyed = abi::RecordRekeyed {
        id,
        version: 2,
        epoch: 1,
        digest: digest("new"),
        sealedInfo: sealed(3),
    };
    let granted = abi::Granted {
        id,
        user: kept,
        access: 2,
        purpose: 5,
        expires: 0,
        epoch: 1,
        keyVersion: 1,
    };
    chain.emits(
        owner,
        rekey(id, 1, vec![again]),
        [rekeyed.into(), granted.into()],
    );
    let expected = abi::Record {
        owner,
        version: 2,
        epoch: 1,
        status: 1,
        digest: digest("new"),
    };
    assert_eq!(record_of(&mut chain, id), expected);
    assert_eq!(standing(&mut chain, id, kept), (2, 0));
    assert_eq!(standing(&mut chain, id, dropped), (0, 4));
    let nobody = rekey(id, 2, vec![]);
    chain.ok(owner, nobody);
    assert_eq!(standing(&mut chain, id, kept), (0, 4));
}

fn rekeying_is_refused<B: Backend>() {
    let (mut chain, [owner, writer]) = with_users::<B, 2>(["owner", "writer"]);
    let id = add(&mut chain, owner, "a");
    chain.ok(
        owner,
        abi::grantCall {
            given: abi::Grant {
                access: 2,
                ..terms(id, writer)
            },
        },
    );
    let unknown = unknown_id();
    chain.refuses(
        owner,
        rekey(unknown, 1, vec![]),
        abi::NoSuchRecord { id: unknown },
    );
    chain.refuses(
        writer,
        rekey(id, 1, vec![]),
        abi::NotOwner { id, caller: writer },
    );
    let user = account("stranger");
    chain.refuses(user, rekey(id, 1, vec![]), abi::NotRegistered { user });
    chain.refuses(
        owner,
        rekey(id, 2, vec![]),
        abi::VersionConflict { id, current: 1 },
    );
    refuses_content(&mut chain, owner, id, |digest, info| abi::rekeyRecordCall {
        id,
        expectedVersion: 1,
        digest,
        sealedInfo: info,
        kept: vec![],
    });
    chain.ok(owner, remove(id, &[]));
    chain.refuses(owner, rekey(id, 1, vec![]), abi::RecordIsRemoved { id });
}

/// Every error of a grant is an error of a rekeying that keeps it, and undoes the rekeying.
fn kept_grants_are_checked<B: Backend>() {
    let (mut chain, [owner, user]) = with_users::<B, 2>(["owner", "user"]);
    let id = add(&mut chain, owner, "a");
    let other = add(&mut chain, owner, "b");
    let good = abi::Grant {
        epoch: 1,
        ..terms(id, user)
    };
    let with = |bad| rekey(id, 1, vec![good.clone(), bad]);
    let elsewhere = abi::Grant {
        id: other,
        ..good.clone()
    };
    chain.refuses(
        owner,
        with(elsewhere),
        abi::OtherRecord { id, given: other },
    );
    let old = abi::Grant {
        epoch: 0,
        ..good.clone()
    };
    chain.refuses(
        owner,
        with(old),
        abi::StaleEpoch {
            id,
            user,
            current: 1,
        },
    );
    let own = abi::Grant {
        user: owner,
        ..good.clone()
    };
    chain.refuses(owner, with(own), abi::SelfTarget { user: owner });
    let nobody = account("nobody");
    let unregistered = abi::Grant {
        user: nobody,
        ..good.clone()
    };
    chain.refuses(
        owner,
        with(unregistered),
        abi::NotRegistered { user: nobody },
    );
    let access = abi::Grant {
        access: 3,
        ..good.clone()
    };
    chain.refuses(
        owner,
        with(access),
        abi::InvalidAccess {
            id,
            user,
            access: 3,
        },
    );
    let purpose = abi::Grant {
        purpose: 9,
        ..good.clone()
    };
    chain.refuses(
        owner,
        with(purpose),
        abi::InvalidPurpose {
            id,
            user,
            purpose: 9,
        },
    );
    let past = abi::Grant {
        expires: 1,
        ..good.clone()
    };
    chain.refuses(owner, with(past), abi::InvalidExpiry { user, expires: 1 });
    let suite = abi::Grant {
        key: abi::WrappedKey {
            suite: 2,
            ..wrapped("a", 1)
        },
        ..good.clone()
    };
    chain.refuses(owner, with(suite), abi::InvalidSuite { id, user, suite: 2 });
    let stale = abi::Grant {
        key: wrapped("a", 2),
        ..good.clone()
    };
    chain.refuses(
        owner,
        with(stale),
        abi::StaleKey {
            id,
            user,
            current: 1,
        },
    );
    let key = abi::WrappedKey {
        encX: FIELD_PRIME,
        ..wrapped("a", 1)
    };
    let point = abi::Grant {
        key,
        ..good.clone()
    };
    chain.refuses(
        owner,
        with(point),
        abi::InvalidKey {
            user,
            x: FIELD_PRIME,
        },
    );
    chain.ok(owner, rekey(id, 1, vec![good]));
}

fn removing<B: Backend>() {
    let names = ["owner", "reader", "asker", "unnamed"];
    let (mut chain, [owner, reader, asker, unnamed]) = with_users::<B, 4>(names);
    let id = add(&mut chain, owner, "a");
    let grants = [reader, unnamed].map(|user| terms(id, user)).to_vec();
    chain.ok(owner, abi::grantManyCall { given: grants });
    let ask = abi::requestAccessCall {
        id,
        access: 1,
        purpose: 1,
        sealedNote: Bytes::new(),
    };
    chain.ok(asker, ask);
    let call = remove(id, &[reader, asker, account("nobody"), reader]);
    chain.emits(owner, call, [abi::RecordRemoved { id }.into()]);
    let tombstone = abi::Record {
        owner,
        version: 1,
        epoch: 0,
        status: 2,
        digest: Digest::ZERO,
    };
    assert_eq!(record_of(&mut chain, id), tombstone);
    for user in [owner, reader, asker, unnamed, account("nobody")] {
        assert_eq!(standing(&mut chain, id, user), (0, 5));
    }
    let key = |chain: &mut Chain<B>, user| chain.view(abi::wrappedKeyOfCall { id, user });
    assert_eq!(
        key(&mut chain, reader),
        abi::GrantedKey {
            key: no_key(),
            epoch: 0
        }
    );
    let left = abi::GrantedKey {
        key: terms(id, unnamed).key,
        epoch: 0,
    };
    assert_eq!(key(&mut chain, unnamed), left, "only the named are cleared");
    let request = chain.view(abi::requestOfCall { id, user: asker });
    assert_eq!(
        request,
        abi::Request {
            access: 0,
            purpose: 0,
            requestedAt: 0
        }
    );
}

fn removing_is_refused<B: Backend>() {
    let (mut chain, [owner, writer]) = with_users::<B, 2>(["owner", "writer"]);
    let id = add(&mut chain, owner, "a");
    chain.ok(
        owner,
        abi::grantCall {
            given: abi::Grant {
                access: 2,
                ..terms(id, writer)
            },
        },
    );
    let unknown = unknown_id();
    chain.refuses(
        owner,
        remove(unknown, &[]),
        abi::NoSuchRecord { id: unknown },
    );
    chain.refuses(
        writer,
        remove(id, &[]),
        abi::NotOwner { id, caller: writer },
    );
    let user = account("stranger");
    chain.refuses(user, remove(id, &[]), abi::NotRegistered { user });
}

/// A tombstone answers everything about the record, and its id stays taken.
fn a_removed_record_stays_removed<B: Backend>() {
    let (mut chain, [owner, user]) = with_users::<B, 2>(["owner", "user"]);
    let id = add(&mut chain, owner, "a");
    chain.ok(owner, remove(id, &[]));
    let gone = abi::RecordIsRemoved { id };
    chain.refuses(owner, remove(id, &[]), gone.clone());
    chain.refuses(
        owner,
        abi::grantCall {
            given: terms(id, user),
        },
        gone.clone(),
    );
    chain.refuses(
        owner,
        abi::grantManyCall {
            given: vec![terms(id, user)],
        },
        gone.clone(),
    );
    let change = abi::updateAccessCall {
        id,
        user,
        access: 1,
        purpose: 1,
        expires: 0,
    };
    chain.refuses(owner, change, gone.clone());
    chain.refuses(owner, abi::revokeCall { id, user }, gone.clone());
    let ask = abi::requestAccessCall {
        id,
        access: 1,
        purpose: 1,
        sealedNote: Bytes::new(),
    };
    chain.refuses(user, ask, gone.clone());
    chain.refuses(owner, abi::denyRequestCall { id, user }, gone.clone());
    chain.refuses(owner, abi::logAccessCall { id, purpose: 7 }, gone);
    let call = abi::addRecordCall {
        salt: salt("a"),
        digest: digest("a"),
        sealedInfo: Bytes::new(),
    };
    chain.refuses(owner, call, abi::RecordExists { id });
}

fn versions_end<B: Backend>() {
    let (mut chain, [owner]) = with_users::<B, 1>(["owner"]);
    let id = add(&mut chain, owner, "a");
    let packed = record_slot(id);
    let exhausted = abi::CounterExhausted { subject: id };
    let end = u32::from(u16::MAX);
    chain.rewrite(packed, |word| with_version(word, u16::MAX - 1));
    chain.ok(owner, update(id, end - 1));
    assert_eq!(record_of(&mut chain, id).version, end);
    chain.refuses(owner, update(id, end), exhausted.clone());
    chain.refuses(owner, rekey(id, end, vec![]), exhausted.clone());
    // A record that was never updated but by rekeyings has the highest epoch there is.
    chain.rewrite(packed, |word| {
        with_epoch(with_version(word, u16::MAX - 1), u16::MAX - 2)
    });
    chain.ok(owner, rekey(id, end - 1, vec![]));
    let last = record_of(&mut chain, id);
    assert_eq!((last.version, last.epoch), (end, end - 1));
    assert_eq!(last.digest, digest("new"));
    chain.refuses(owner, rekey(id, end, vec![]), exhausted);
    chain.ok(owner, remove(id, &[]));
    let removed = record_of(&mut chain, id);
    assert_eq!((removed.version, removed.status), (end, 2));
}
