//! A registry in use, with one caller of every kind, and a call of every function that suits it.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use crate::common::*;

/// One of each kind, by name; a name's account is [`account`] of it.
pub(crate) const CALLERS: [&str; 14] = [
    "owner",        // of the record
    "reader",       // holds a grant of access 1
    "writer",       // holds a grant of access 2
    "revoked",      // held a grant of access 2
    "expired",      // holds a grant of access 2 whose time is over
    "stranger",     // registered, without a grant, with an open request
    "unregistered", // never registered
    "deregistered", // holds a grant, a request, a vouch and a deposit right from before
    "lapsed",       // deregistered and registered again after the grant of access 2
    "stale",        // holds a grant of access 2 of an older epoch
    "zero",         // the zero address
    "contract",     // an account with code; holds a grant of access 1
    "depositor",    // has the owner's right to deposit
    "former",       // had it
];

/// The account of a caller.
pub(crate) fn caller(name: &str) -> Address {
    if name == "zero" {
        Address::ZERO
    } else {
        account(name)
    }
}

/// A chain with a record at version 2 and epoch 1.
pub(crate) struct World<B> {
    pub(crate) chain: Chain<B>,
    pub(crate) id: B256,
}

/// A function's name and calldata.
pub(crate) type Call = (&'static str, Vec<u8>);

fn call<C: SolCall>(call: C) -> Call {
    let name = C::SIGNATURE.split('(').next().unwrap_or_default();
    (name, call.abi_encode())
}

impl<B: Backend> World<B> {
    pub(crate) fn new() -> Self {
        let mut chain = Chain::new();
        for name in CALLERS.into_iter().chain(["bystander"]) {
            if !["unregistered", "zero"].contains(&name) {
                register(&mut chain, account(name));
            }
        }
        let id = add(&mut chain, caller("owner"), "a");
        let mut world = Self { chain, id };
        world.fill();
        world
    }

    fn fill(&mut self) {
        let (id, owner, chain) = (self.id, caller("owner"), &mut self.chain);
        chain.ok(
            owner,
            abi::grantCall {
                given: terms(id, account("stale")),
            },
        );
        let rekey = abi::rekeyRecordCall {
            id,
            expectedVersion: 1,
            digest: digest("epoch 1"),
            sealedInfo: sealed(10),
            kept: vec![],
        };
        chain.ok(owner, rekey);
        let expires = chain.now + 10;
        for (name, access, expires) in [
            ("reader", 1, 0),
            ("writer", 2, 0),
            ("revoked", 2, 0),
            ("expired", 2, expires),
            ("deregistered", 2, 0),
            ("lapsed", 2, 0),
            ("contract", 1, 0),
        ] {
            let given = abi::Grant {
                epoch: 1,
                access,
                expires,
                ..terms(id, account(name))
            };
            chain.ok(owner, abi::grantCall { given });
        }
        let bystander = account("bystander");
        for name in ["owner", "deregistered"] {
            let vouch = abi::vouchCall {
                user: bystander,
                role: 2,
                expires: 0,
            };
            chain.ok(account(name), vouch);
            let allow = abi::allowDepositsCall {
                depositor: account("depositor"),
                expires: 0,
            };
            chain.ok(account(name), allow);
        }
        for name in ["stranger", "deregistered"] {
            let note = sealed(5);
            let ask = abi::requestAccessCall {
                id,
                access: 1,
                purpose: 1,
                sealedNote: note,
            };
            chain.ok(account(name), ask);
        }
        let former = account("former");
        chain.ok(
            owner,
            abi::allowDepositsCall {
                depositor: former,
                expires: 0,
            },
        );
        chain.ok(owner, abi::disallowDepositsCall { depositor: former });
        chain.ok(
            owner,
            abi::revokeCall {
                id,
                user: account("revoked"),
            },
        );
        chain.ok(account("deregistered"), abi::deregisterCall {});
        chain.ok(account("lapsed"), abi::deregisterCall {});
        register(chain, account("lapsed"));
        chain.now = expires;
    }

    /// Each function that changes something, with arguments that are good for a caller who may call it.
    pub(crate) fn writes(&self) -> [Call; 20] {
        let (id, owner, bystander) = (self.id, caller("owner"), account("bystander"));
        let given = abi::Grant {
            epoch: 1,
            ..terms(id, bystander)
        };
        let (digest, info) = (digest("new"), sealed(40));
        [
            call(abi::registerCall {
                keyX: coordinate("new"),
                keyOdd: true,
                role: 1,
            }),
            call(abi::rotateKeyCall {
                keyX: coordinate("new"),
                keyOdd: true,
            }),
            call(abi::deregisterCall {}),
            call(abi::vouchCall {
                user: bystander,
                role: 3,
                expires: 0,
            }),
            call(abi::withdrawVouchCall { user: bystander }),
            call(abi::addRecordCall {
                salt: salt("new"),
                digest,
                sealedInfo: info.clone(),
            }),
            call(abi::updateRecordCall {
                id,
                expectedVersion: 2,
                digest,
                sealedInfo: info.clone(),
            }),
            call(abi::rekeyRecordCall {
                id,
                expectedVersion: 2,
                digest,
                sealedInfo: info.clone(),
                kept: vec![abi::Grant {
                    epoch: 2,
                    ..given.clone()
                }],
            }),
            call(abi::removeRecordCall {
                id,
                grantees: vec![account("reader"), bystander],
            }),
            call(abi::allowDepositsCall {
                depositor: bystander,
                expires: 0,
            }),
            call(abi::disallowDepositsCall {
                depositor: account("depositor"),
            }),
            call(abi::depositRecordCall {
                owner,
                salt: salt("new"),
                digest,
                sealedInfo: info.clone(),
                forOwner: wrapped("for owner", 1),
                forSelf: wrapped("for self", 1),
            }),
            call(abi::grantCall {
                given: given.clone(),
            }),
            call(abi::grantManyCall {
                given: vec![given.clone(), given],
            }),
            call(abi::updateAccessCall {
                id,
                user: account("reader"),
                access: 2,
                purpose: 1,
                expires: 0,
            }),
            call(abi::revokeCall {
                id,
                user: account("reader"),
            }),
            call(abi::requestAccessCall {
                id,
                access: 2,
                purpose: 1,
                sealedNote: info,
            }),
            call(abi::withdrawRequestCall { id }),
            call(abi::denyRequestCall {
                id,
                user: account("stranger"),
            }),
            call(abi::logAccessCall { id, purpose: 1 }),
        ]
    }

    /// Each view.
    pub(crate) fn views(&self) -> [Call; 14] {
        let (id, user, owner) = (self.id, account("reader"), account("owner"));
        let (voucher, depositor) = (owner, account("depositor"));
        let pairs = vec![
            abi::RecordUser { id, user },
            abi::RecordUser {
                id: B256::ZERO,
                user: Address::ZERO,
            },
        ];
        [
            call(abi::userOfCall { user }),
            call(abi::usersOfCall {
                users: vec![user, owner],
            }),
            call(abi::recordOfCall { id }),
            call(abi::recordsOfCall {
                ids: vec![id, B256::ZERO],
            }),
            call(abi::accessOfCall { id, user }),
            call(abi::accessesOfCall {
                pairs: pairs.clone(),
            }),
            call(abi::wrappedKeyOfCall { id, user }),
            call(abi::wrappedKeysOfCall {
                pairs: pairs.clone(),
            }),
            call(abi::requestOfCall { id, user }),
            call(abi::requestsOfCall { pairs }),
            call(abi::vouchOfCall { voucher, user }),
            call(abi::vouchesOfCall {
                pairs: vec![abi::VoucherUser { voucher, user }],
            }),
            call(abi::depositRightOfCall { owner, depositor }),
            call(abi::depositRightsOfCall {
                pairs: vec![abi::OwnerDepositor { owner, depositor }],
            }),
        ]
    }

    /// Every function with calldata that succeeds for the caller named.
    pub(crate) fn samples(&self) -> Vec<(&'static str, Call)> {
        let able = |name| match name {
            "register" => "unregistered",
            "withdrawRequest" | "requestAccess" => "stranger",
            "depositRecord" => "depositor",
            _ => "owner",
        };
        let calls = self.writes().into_iter().chain(self.views());
        calls.map(|call| (able(call.0), call)).collect()
    }
}
