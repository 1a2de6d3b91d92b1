//! What anyone may ask: of the model, and of a chain.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use super::state::check_count;
use super::{Model, Refused};
use crate::common::abi::IRegistryCalls as Call;
use crate::common::{Backend, Chain, abi};

/// The return data of a batch view, at most 64 items.
fn many<C: SolCall<Return = Vec<T>>, I, T>(
    items: &[I],
    answer: impl Fn(&I) -> T,
) -> Refused<Vec<u8>> {
    check_count(items.len())?;
    Ok(C::abi_encode_returns(&items.iter().map(answer).collect()))
}

fn one<C: SolCall>(answer: C::Return) -> Refused<Vec<u8>> {
    Ok(C::abi_encode_returns(&answer))
}

impl Model {
    /// The return data of a view.
    pub(super) fn view(&self, call: &Call) -> Refused<Vec<u8>> {
        use abi::*;
        match call {
            Call::userOf(c) => one::<userOfCall>(self.user(c.user)),
            Call::recordOf(c) => one::<recordOfCall>(self.record(c.id)),
            Call::accessOf(c) => one::<accessOfCall>(self.access(c.id, c.user)),
            Call::wrappedKeyOf(c) => one::<wrappedKeyOfCall>(self.granted_key(c.id, c.user)),
            Call::requestOf(c) => one::<requestOfCall>(self.request(c.id, c.user)),
            Call::vouchOf(c) => one::<vouchOfCall>(self.vouch_of(c.voucher, c.user)),
            Call::depositRightOf(c) => one::<depositRightOfCall>(self.right(c.owner, c.depositor)),
            Call::usersOf(c) => many::<usersOfCall, _, _>(&c.users, |user| self.user(*user)),
            Call::recordsOf(c) => many::<recordsOfCall, _, _>(&c.ids, |id| self.record(*id)),
            Call::accessesOf(c) => {
                many::<accessesOfCall, _, _>(&c.pairs, |p| self.access(p.id, p.user))
            }
            Call::wrappedKeysOf(c) => {
                many::<wrappedKeysOfCall, _, _>(&c.pairs, |p| self.granted_key(p.id, p.user))
            }
            Call::requestsOf(c) => {
                many::<requestsOfCall, _, _>(&c.pairs, |p| self.request(p.id, p.user))
            }
            Call::vouchesOf(c) => {
                many::<vouchesOfCall, _, _>(&c.pairs, |p| self.vouch_of(p.voucher, p.user))
            }
            Call::depositRightsOf(c) => {
                many::<depositRightsOfCall, _, _>(&c.pairs, |p| self.right(p.owner, p.depositor))
            }
            write => unreachable!("{write:?} is no view"),
        }
    }
}

/// Everything that there is to see about some users and records.
#[derive(Debug, PartialEq)]
pub(super) struct Views {
    pub(super) users: Vec<abi::User>,
    pub(super) records: Vec<abi::Record>,
    pub(super) accesses: Vec<abi::Access>,
    keys: Vec<abi::GrantedKey>,
    pub(super) requests: Vec<abi::Request>,
    pub(super) vouches: Vec<abi::Vouch>,
    pub(super) rights: Vec<abi::DepositRight>,
}

/// Every record with every user.
pub(super) fn record_users(users: &[Address], ids: &[B256]) -> Vec<abi::RecordUser> {
    let of = |id| {
        users
            .iter()
            .map(move |user| abi::RecordUser { id, user: *user })
    };
    ids.iter().flat_map(|id| of(*id)).collect()
}

/// Every user with every user.
pub(super) fn pairs(users: &[Address]) -> Vec<(Address, Address)> {
    users
        .iter()
        .flat_map(|a| users.iter().map(|b| (*a, *b)))
        .collect()
}

impl Views {
    /// What the chain answers.
    pub(super) fn of_chain<B: Backend>(
        chain: &mut Chain<B>,
        users: &[Address],
        ids: &[B256],
    ) -> Self {
        let mut answers = Self {
            users: chain.ok(
                Address::ZERO,
                abi::usersOfCall {
                    users: users.to_vec(),
                },
            ),
            records: chain.ok(Address::ZERO, abi::recordsOfCall { ids: ids.to_vec() }),
            accesses: vec![],
            keys: vec![],
            requests: vec![],
            vouches: vec![],
            rights: vec![],
        };
        for pairs in record_users(users, ids).chunks(64).map(<[_]>::to_vec) {
            let call = abi::accessesOfCall {
                pairs: pairs.clone(),
            };
            answers.accesses.extend(chain.ok(Address::ZERO, call));
            let call = abi::wrappedKeysOfCall {
                pairs: pairs.clone(),
            };
            answers.keys.extend(chain.ok(Address::ZERO, call));
            answers
                .requests
                .extend(chain.ok(Address::ZERO, abi::requestsOfCall { pairs }));
        }
        for pairs in pairs(users).chunks(64) {
            let each = pairs.iter().copied();
            let call = each
                .clone()
                .map(|(voucher, user)| abi::VoucherUser { voucher, user });
            let call = abi::vouchesOfCall {
                pairs: call.collect(),
            };
            answers.vouches.extend(chain.ok(Address::ZERO, call));
            let call = each.map(|(owner, depositor)| abi::OwnerDepositor { owner, depositor });
            let call = abi::depositRightsOfCall {
                pairs: call.collect(),
            };
            answers.rights.extend(chain.ok(Address::ZERO, call));
        }
        answers
    }

    /// What the model answers.
    pub(super) fn of_model(model: &Model, users: &[Address], ids: &[B256]) -> Self {
        let both = record_users(users, ids);
        let people = pairs(users);
        Self {
            users: users.iter().map(|user| model.user(*user)).collect(),
            records: ids.iter().map(|id| model.record(*id)).collect(),
            accesses: both.iter().map(|p| model.access(p.id, p.user)).collect(),
            keys: both
                .iter()
                .map(|p| model.granted_key(p.id, p.user))
                .collect(),
            requests: both.iter().map(|p| model.request(p.id, p.user)).collect(),
            vouches: people.iter().map(|(a, b)| model.vouch_of(*a, *b)).collect(),
            rights: people.iter().map(|(a, b)| model.right(*a, *b)).collect(),
        }
    }
}
