//! The views: one item against a batch, empty batches, and things that are not there.

use alloy_primitives::{Address, B256, Bytes};

use crate::common::*;

tests!(
    nothing_is_all_zero,
    batches_answer_in_order,
    batches_hold_64,
    empty_batches
);

/// A record with a grant and a request, a vouch and a deposit right, and the pairs to ask for.
struct World<B> {
    chain: Chain<B>,
    users: Vec<Address>,
    ids: Vec<B256>,
}

impl<B: Backend> World<B> {
    fn new() -> Self {
        let (mut chain, [owner, user, asker]) = with_users::<B, 3>(["owner", "user", "asker"]);
        let ids = vec![
            add(&mut chain, owner, "a"),
            unknown_id(),
            add(&mut chain, user, "b"),
        ];
        chain.ok(
            owner,
            abi::grantCall {
                given: terms(ids[0], user),
            },
        );
        let note = Bytes::new();
        let ask = abi::requestAccessCall {
            id: ids[0],
            access: 2,
            purpose: 3,
            sealedNote: note,
        };
        chain.ok(asker, ask);
        chain.ok(
            asker,
            abi::vouchCall {
                user,
                role: 3,
                expires: 0,
            },
        );
        chain.ok(
            owner,
            abi::allowDepositsCall {
                depositor: user,
                expires: 0,
            },
        );
        Self {
            chain,
            users: vec![asker, owner, account("nobody"), user, owner],
            ids,
        }
    }

    fn record_users(&self) -> Vec<abi::RecordUser> {
        let ids = self.ids.iter();
        ids.flat_map(|id| {
            self.users.iter().map(|user| abi::RecordUser {
                id: *id,
                user: *user,
            })
        })
        .collect()
    }

    fn user_pairs(&self) -> Vec<(Address, Address)> {
        self.users
            .iter()
            .flat_map(|a| self.users.iter().map(|b| (*a, *b)))
            .collect()
    }
}

fn nothing_is_all_zero<B: Backend>() {
    let mut chain = Chain::<B>::new();
    let (id, user, other) = (unknown_id(), account("a"), account("b"));
    let no_user = abi::User {
        registered: false,
        role: 0,
        keyVersion: 0,
        firstKeyVersion: 0,
        keyOdd: false,
        keyX: B256::ZERO,
    };
    assert_eq!(chain.view(abi::userOfCall { user }), no_user);
    let no_record = abi::Record {
        owner: Address::ZERO,
        version: 0,
        epoch: 0,
        status: 0,
        digest: Digest::ZERO,
    };
    assert_eq!(chain.view(abi::recordOfCall { id }), no_record);
    assert_eq!(standing(&mut chain, id, user), (0, 8));
    let key = chain.view(abi::wrappedKeyOfCall { id, user });
    assert_eq!(
        key,
        abi::GrantedKey {
            key: no_key(),
            epoch: 0
        }
    );
    let request = chain.view(abi::requestOfCall { id, user });
    assert_eq!(
        request,
        abi::Request {
            access: 0,
            purpose: 0,
            requestedAt: 0
        }
    );
    let vouch = chain.view(abi::vouchOfCall {
        voucher: other,
        user,
    });
    assert_eq!(
        vouch,
        abi::Vouch {
            role: 0,
            expires: 0
        }
    );
    let right = chain.view(abi::depositRightOfCall {
        owner: user,
        depositor: other,
    });
    assert_eq!(
        right,
        abi::DepositRight {
            allowed: false,
            expires: 0
        }
    );
}

fn batches_answer_in_order<B: Backend>() {
    let mut world = World::<B>::new();
    let (users, ids) = (world.users.clone(), world.ids.clone());
    let (pairs, people) = (world.record_users(), world.user_pairs());
    let chain = &mut world.chain;
    let one: Vec<_> = users
        .iter()
        .map(|user| chain.view(abi::userOfCall { user: *user }))
        .collect();
    assert_eq!(chain.view(abi::usersOfCall { users }), one);
    let one: Vec<_> = ids
        .iter()
        .map(|id| chain.view(abi::recordOfCall { id: *id }))
        .collect();
    assert_eq!(chain.view(abi::recordsOfCall { ids }), one);
    let each = pairs.iter().map(|pair| (pair.id, pair.user));
    let one = each
        .clone()
        .map(|(id, user)| chain.view(abi::accessOfCall { id, user }));
    let one: Vec<_> = one.collect();
    assert_eq!(
        chain.view(abi::accessesOfCall {
            pairs: pairs.clone()
        }),
        one
    );
    let one = each
        .clone()
        .map(|(id, user)| chain.view(abi::wrappedKeyOfCall { id, user }));
    let one: Vec<_> = one.collect();
    assert_eq!(
        chain.view(abi::wrappedKeysOfCall {
            pairs: pairs.clone()
        }),
        one
    );
    let one: Vec<_> = each
        .map(|(id, user)| chain.view(abi::requestOfCall { id, user }))
        .collect();
    assert_eq!(
        chain.view(abi::requestsOfCall {
            pairs: pairs.clone()
        }),
        one
    );
    let each = people.iter().copied();
    let one = each
        .clone()
        .map(|(voucher, user)| chain.view(abi::vouchOfCall { voucher, user }));
    let one: Vec<_> = one.collect();
    let pairs = each
        .clone()
        .map(|(voucher, user)| abi::VoucherUser { voucher, user })
        .collect();
    assert_eq!(chain.view(abi::vouchesOfCall { pairs }), one);
    let one = each
        .clone()
        .map(|(owner, depositor)| chain.view(abi::depositRightOfCall { owner, depositor }));
    let one: Vec<_> = one.collect();
    let pairs = each
        .map(|(owner, depositor)| abi::OwnerDepositor { owner, depositor })
        .collect();
    assert_eq!(chain.view(abi::depositRightsOfCall { pairs }), one);
    assert!(one.iter().any(|right| right.allowed) && !one.iter().all(|right| right.allowed));
}

fn batches_hold_64<B: Backend>() {
    let mut world = World::<B>::new();
    let users = world
        .users
        .iter()
        .copied()
        .cycle()
        .take(64)
        .collect::<Vec<_>>();
    let pairs = world
        .record_users()
        .into_iter()
        .cycle()
        .take(64)
        .collect::<Vec<_>>();
    let ids = world
        .ids
        .iter()
        .copied()
        .cycle()
        .take(64)
        .collect::<Vec<_>>();
    let chain = &mut world.chain;
    assert_eq!(
        chain
            .view(abi::usersOfCall {
                users: users.clone()
            })
            .len(),
        64
    );
    assert_eq!(chain.view(abi::recordsOfCall { ids }).len(), 64);
    assert_eq!(
        chain
            .view(abi::accessesOfCall {
                pairs: pairs.clone()
            })
            .len(),
        64
    );
    assert_eq!(
        chain
            .view(abi::wrappedKeysOfCall {
                pairs: pairs.clone()
            })
            .len(),
        64
    );
    assert_eq!(chain.view(abi::requestsOfCall { pairs }).len(), 64);
    let pairs = users.iter().map(|user| abi::VoucherUser {
        voucher: *user,
        user: *user,
    });
    assert_eq!(
        chain
            .view(abi::vouchesOfCall {
                pairs: pairs.collect()
            })
            .len(),
        64
    );
    let pairs = users.iter().map(|user| abi::OwnerDepositor {
        owner: *user,
        depositor: *user,
    });
    assert_eq!(
        chain
            .view(abi::depositRightsOfCall {
                pairs: pairs.collect()
            })
            .len(),
        64
    );
}

fn empty_batches<B: Backend>() {
    let mut chain = Chain::<B>::new();
    assert!(chain.view(abi::usersOfCall { users: vec![] }).is_empty());
    assert!(chain.view(abi::recordsOfCall { ids: vec![] }).is_empty());
    assert!(chain.view(abi::accessesOfCall { pairs: vec![] }).is_empty());
    assert!(
        chain
            .view(abi::wrappedKeysOfCall { pairs: vec![] })
            .is_empty()
    );
    assert!(chain.view(abi::requestsOfCall { pairs: vec![] }).is_empty());
    assert!(chain.view(abi::vouchesOfCall { pairs: vec![] }).is_empty());
    assert!(
        chain
            .view(abi::depositRightsOfCall { pairs: vec![] })
            .is_empty()
    );
}
