//! From a selector and its arguments to the function, and from its result to return data.

use alloc::vec::Vec;

use alloy_primitives::B256;
use alloy_sol_types::SolCall;

use crate::codec::{Args, decode};
use crate::errors::Error;
use crate::given::{Given, WrappedKey};
use crate::interface::IRegistry as abi;
use crate::records::Content;
use crate::views::{self, View};
use crate::{MAX_BATCH, Registry};

/// Calls the function of `selector` with its ABI-encoded arguments; nothing if there is no such function.
pub(crate) fn route(
    registry: &mut Registry,
    selector: [u8; 4],
    input: &[u8],
) -> Option<Result<Vec<u8>, Error>> {
    match view(selector) {
        Some((view, false)) => Some(view.one(registry, input)),
        Some((view, true)) => Some(view.many(registry, input)),
        None => write(registry, selector, input).transpose(),
    }
}

/// The view of a selector, and whether it is the batch form.
fn view(selector: [u8; 4]) -> Option<(&'static View, bool)> {
    Some(match selector {
        abi::userOfCall::SELECTOR => (&views::USER, false),
        abi::usersOfCall::SELECTOR => (&views::USER, true),
        abi::recordOfCall::SELECTOR => (&views::RECORD, false),
        abi::recordsOfCall::SELECTOR => (&views::RECORD, true),
        abi::accessOfCall::SELECTOR => (&views::ACCESS, false),
        abi::accessesOfCall::SELECTOR => (&views::ACCESS, true),
        abi::wrappedKeyOfCall::SELECTOR => (&views::WRAPPED_KEY, false),
        abi::wrappedKeysOfCall::SELECTOR => (&views::WRAPPED_KEY, true),
        abi::requestOfCall::SELECTOR => (&views::REQUEST, false),
        abi::requestsOfCall::SELECTOR => (&views::REQUEST, true),
        abi::vouchOfCall::SELECTOR => (&views::VOUCH, false),
        abi::vouchesOfCall::SELECTOR => (&views::VOUCH, true),
        abi::depositRightOfCall::SELECTOR => (&views::DEPOSIT_RIGHT, false),
        abi::depositRightsOfCall::SELECTOR => (&views::DEPOSIT_RIGHT, true),
        _ => return None,
    })
}

/// Calls the state-changing function of a selector. Those that make a record return its id.
fn write(
    registry: &mut Registry,
    selector: [u8; 4],
    input: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    match selector {
        abi::registerCall::SELECTOR => {
            let (key_x, key_odd, role) = decode(input, |a| (a.word(), a.flag(), a.u8()))?;
            registry.register(key_x, key_odd, role)?
        }
        abi::rotateKeyCall::SELECTOR => {
            let (key_x, key_odd) = decode(input, |a| (a.word(), a.flag()))?;
            registry.rotate_key(key_x, key_odd)?
        }
        abi::deregisterCall::SELECTOR => registry.deregister()?,
        abi::vouchCall::SELECTOR => {
            let (user, role, expires) = decode(input, |a| (a.account(), a.u8(), a.u64()))?;
            registry.vouch(&user, role, expires)?
        }
        abi::withdrawVouchCall::SELECTOR => {
            registry.withdraw_vouch(&decode(input, Args::account)?)?
        }
        abi::addRecordCall::SELECTOR => {
            let (salt, content) = decode(input, |a| (a.word(), content(a)))?;
            return registry.add_record(salt, &content).map(returned);
        }
        abi::updateRecordCall::SELECTOR => {
            let (id, expected, content) = decode(input, |a| (a.word(), a.u32(), content(a)))?;
            registry.update_record(id, expected, &content)?
        }
        abi::rekeyRecordCall::SELECTOR => {
            let read = |a: &mut _| (Args::word(a), a.u32(), content(a), a.array(Given::WORDS));
            let (id, expected, content, kept) = decode(input, read)?;
            registry.rekey_record(id, expected, &content, kept.at_most(MAX_BATCH)?)?
        }
        abi::removeRecordCall::SELECTOR => {
            let (id, grantees) = decode(input, |a| (a.word(), a.array(1)))?;
            registry.remove_record(id, grantees.at_most(MAX_BATCH)?)?
        }
        abi::allowDepositsCall::SELECTOR => {
            let (depositor, expires) = decode(input, |a| (a.account(), a.u64()))?;
            registry.allow_deposits(&depositor, expires)?
        }
        abi::disallowDepositsCall::SELECTOR => {
            registry.disallow_deposits(&decode(input, Args::account)?)?
        }
        abi::depositRecordCall::SELECTOR => {
            let (owner, salt, content, for_owner, for_self) = decode(input, |a| {
                (
                    a.account(),
                    a.word(),
                    content(a),
                    WrappedKey::read(a),
                    WrappedKey::read(a),
                )
            })?;
            return registry
                .deposit_record(&owner, salt, &content, &for_owner, &for_self)
                .map(returned);
        }
        abi::grantCall::SELECTOR => registry.grant(decode(input, Given::read)?)?,
        abi::grantManyCall::SELECTOR => {
            let given = decode(input, |a| a.array(Given::WORDS))?.at_most(MAX_BATCH)?;
            given.try_each(Given::read, |given| registry.grant(given))?
        }
        abi::updateAccessCall::SELECTOR => {
            let (id, user, access, purpose, expires) =
                decode(input, |a| (a.word(), a.account(), a.u8(), a.u8(), a.u64()))?;
            registry.update_access(id, &user, access, purpose, expires)?
        }
        abi::revokeCall::SELECTOR => {
            let (id, user) = decode(input, |a| (a.word(), a.account()))?;
            registry.revoke(id, &user)?
        }
        abi::requestAccessCall::SELECTOR => {
            let (id, access, purpose, note) =
                decode(input, |a| (a.word(), a.u8(), a.u8(), a.bytes()))?;
            registry.request_access(id, access, purpose, note)?
        }
        abi::withdrawRequestCall::SELECTOR => {
            registry.withdraw_request(decode(input, Args::word)?)?
        }
        abi::denyRequestCall::SELECTOR => {
            let (id, user) = decode(input, |a| (a.word(), a.account()))?;
            registry.deny_request(id, &user)?
        }
        abi::logAccessCall::SELECTOR => {
            let (id, purpose) = decode(input, |a| (a.word(), a.u8()))?;
            registry.log_access(id, purpose)?
        }
        _ => return Ok(None),
    }
    Ok(Some(Vec::new()))
}

/// The digest and sealed info that follow one another wherever a record's content is set.
fn content<'a>(args: &mut Args<'a>) -> Content<'a> {
    Content {
        digest: args.digest(),
        sealed_info: args.bytes(),
    }
}

/// A record's id as return data.
fn returned(id: B256) -> Option<Vec<u8>> {
    Some(id.to_vec())
}
