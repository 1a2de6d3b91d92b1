//! Front-running, griefing, and contracts as callers.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;

use crate::Machine;
use crate::common::*;
use crate::world::World;

tests!(
    a_copied_record_takes_no_id,
    a_copied_deposit_takes_no_id,
    a_copied_registration_is_its_own
);

/// An attacker sends the victim's transaction first; the victim's still succeeds, with the victim's id.
fn a_copied_record_takes_no_id<B: Backend>() {
    let (mut chain, [victim, attacker]) = with_users::<B, 2>(["victim", "attacker"]);
    let (digest, info) = (digest("a"), sealed(5));
    let call = abi::addRecordCall {
        salt: salt("a"),
        digest,
        sealedInfo: info.clone(),
    };
    let id = record_id(victim, call.salt);
    assert_ne!(chain.ok(attacker, call.clone()), id);
    assert_eq!(chain.view(abi::recordOfCall { id }).status, 0);
    let event = abi::RecordAdded {
        id,
        owner: victim,
        digest,
        sealedInfo: info,
    };
    assert_eq!(chain.emits(victim, call.clone(), [event.into()]), id);
    assert_eq!(chain.view(abi::recordOfCall { id }).owner, victim);
    chain.refuses(victim, call, abi::RecordExists { id });
}

fn a_copied_deposit_takes_no_id<B: Backend>() {
    let names = ["patient", "doctor", "attacker"];
    let (mut chain, [patient, doctor, attacker]) = with_users::<B, 3>(names);
    for depositor in [doctor, attacker] {
        chain.ok(
            patient,
            abi::allowDepositsCall {
                depositor,
                expires: 0,
            },
        );
    }
    let call = abi::depositRecordCall {
        owner: patient,
        salt: salt("a"),
        digest: digest("a"),
        sealedInfo: sealed(5),
        forOwner: wrapped("for owner", 1),
        forSelf: wrapped("for self", 1),
    };
    let id = deposited_id(doctor, patient, call.salt);
    assert_ne!(chain.ok(attacker, call.clone()), id);
    assert_eq!(chain.ok(doctor, call.clone()), id);
    let own = abi::addRecordCall {
        salt: call.salt,
        digest: call.digest,
        sealedInfo: sealed(0),
    };
    assert_eq!(chain.ok(patient, own), record_id(patient, call.salt));
}

/// Registering with somebody else's public key takes nothing from them.
fn a_copied_registration_is_its_own<B: Backend>() {
    let mut chain = Chain::<B>::new();
    let (victim, attacker) = (account("victim"), account("attacker"));
    let call = abi::registerCall {
        keyX: coordinate("victim"),
        keyOdd: true,
        role: 2,
    };
    chain.ok(attacker, call.clone());
    chain.ok(victim, call);
    let id = add(&mut chain, victim, "a");
    assert_eq!(standing(&mut chain, id, attacker), (0, 2));
}

/// Whatever else the registry holds, a call comes to the same and writes the same slots.
#[test]
fn other_grants_do_not_matter() {
    let (mut chain, [owner, user, asker]) = with_users::<Machine, 3>(["owner", "user", "asker"]);
    let id = add(&mut chain, owner, "a");
    chain.ok(
        owner,
        abi::grantCall {
            given: terms(id, user),
        },
    );
    let calls: [(Address, Vec<u8>); 5] = [
        (user, abi::logAccessCall { id, purpose: 1 }.abi_encode()),
        (user, abi::accessOfCall { id, user }.abi_encode()),
        (asker, ask(id).abi_encode()),
        (
            owner,
            abi::grantCall {
                given: terms(id, asker),
            }
            .abi_encode(),
        ),
        (owner, abi::revokeCall { id, user }.abi_encode()),
    ];
    let mut crowded = Chain::<Machine>::new();
    for (slot, word) in chain.backend.storage() {
        crowded.backend.set_slot(slot, word);
    }
    crowd(&mut crowded, owner, id, 10_000);
    for (sender, data) in calls {
        assert_eq!(crowded.send(sender, &data), chain.send(sender, &data));
        let (alone, in_crowd) = (chain.backend.changes(), crowded.backend.changes());
        assert_eq!(alone, in_crowd, "{data:02x?}");
    }
}

fn ask(id: B256) -> abi::requestAccessCall {
    abi::requestAccessCall {
        id,
        access: 1,
        purpose: 1,
        sealedNote: Bytes::new(),
    }
}

/// Writes grants of the record straight into the storage, as `grant` would have left them.
fn crowd(chain: &mut Chain<Machine>, owner: Address, id: B256, count: usize) {
    let sample = account("sample");
    register(chain, sample);
    chain.ok(
        owner,
        abi::grantCall {
            given: terms(id, sample),
        },
    );
    let words = grant_slots(id, sample).map(|slot| chain.backend.slot(slot));
    for number in 0..count {
        let user = Address::from_word(U256::from(number).into());
        for (slot, word) in grant_slots(id, user).into_iter().zip(words) {
            chain.backend.set_slot(slot, word);
        }
    }
    let user = Address::from_word(U256::from(count - 1).into());
    let answer = chain.view(abi::wrappedKeyOfCall { id, user });
    assert_eq!(answer.key, terms(id, sample).key, "the crowd is there");
}

/// Owners, grantees and depositors with code get what others get: the registry calls nobody.
#[test]
fn code_at_an_account_does_not_matter() {
    let (mut plain, mut hostile) = (World::<Machine>::new(), World::<Machine>::new());
    for name in crate::world::CALLERS {
        hostile
            .chain
            .backend
            .set_code(crate::world::caller(name), &[0xef, 0xf0, 0, 0, 1]);
    }
    for (sender, (function, data)) in plain.samples() {
        let sender = crate::world::caller(sender);
        let (expected, got) = (
            plain.chain.send(sender, &data),
            hostile.chain.send(sender, &data),
        );
        assert_eq!(got, expected, "{function}");
        assert_eq!(
            hostile.chain.backend.storage(),
            plain.chain.backend.storage(),
            "{function}"
        );
    }
}
