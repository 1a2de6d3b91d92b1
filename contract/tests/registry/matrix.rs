//! Every function by every kind of caller.

use alloy_primitives::Address;
use alloy_sol_types::SolError;

use crate::Machine;
use crate::common::*;
use crate::world::{CALLERS, World, caller};

tests!(every_function_by_every_caller, views_answer_everyone_alike);

/// One row for each function, one column for each of [`CALLERS`].
///
/// `ok` succeeds. Errors: `has` `AlreadyRegistered`, `reg` `NotRegistered`, `own` `NotOwner`, `self` `SelfTarget`,
/// `vch` `NoVouch`, `dep` `DepositsNotAllowed`, `req` `NoRequest`, `a` and a number `NoAccess` for that reason.
#[rustfmt::skip]
const MATRIX: [(&str, [&str; 14]); 20] = [
    //                   owner  reader writer revokd expird strngr unreg  dereg  lapsed stale  zero   contr  depos  former
    ("register",         ["has", "has", "has", "has", "has", "has", "ok",  "ok",  "has", "has", "ok",  "has", "has", "has"]),
    ("rotateKey",        ["ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "reg", "reg", "ok",  "ok",  "reg", "ok",  "ok",  "ok"]),
    ("deregister",       ["ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "reg", "reg", "ok",  "ok",  "reg", "ok",  "ok",  "ok"]),
    ("vouch",            ["ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "ok"]),
    ("withdrawVouch",    ["ok",  "vch", "vch", "vch", "vch", "vch", "vch", "ok",  "vch", "vch", "vch", "vch", "vch", "vch"]),
    ("addRecord",        ["ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "reg", "reg", "ok",  "ok",  "reg", "ok",  "ok",  "ok"]),
    ("updateRecord",     ["ok",  "a0",  "ok",  "a2",  "a3",  "a2",  "reg", "reg", "a7",  "a4",  "reg", "a0",  "a2",  "a2"]),
    ("rekeyRecord",      ["ok",  "own", "own", "own", "own", "own", "reg", "reg", "own", "own", "reg", "own", "own", "own"]),
    ("removeRecord",     ["ok",  "own", "own", "own", "own", "own", "reg", "reg", "own", "own", "reg", "own", "own", "own"]),
    ("allowDeposits",    ["ok",  "ok",  "ok",  "ok",  "ok",  "ok",  "reg", "reg", "ok",  "ok",  "reg", "ok",  "ok",  "ok"]),
    ("disallowDeposits", ["ok",  "dep", "dep", "dep", "dep", "dep", "dep", "ok",  "dep", "dep", "dep", "dep", "dep", "dep"]),
    ("depositRecord",    ["self","dep", "dep", "dep", "dep", "dep", "reg", "reg", "dep", "dep", "reg", "dep", "ok",  "dep"]),
    ("grant",            ["ok",  "own", "own", "own", "own", "own", "reg", "reg", "own", "own", "reg", "own", "own", "own"]),
    ("grantMany",        ["ok",  "own", "own", "own", "own", "own", "reg", "reg", "own", "own", "reg", "own", "own", "own"]),
    ("updateAccess",     ["ok",  "own", "own", "own", "own", "own", "reg", "reg", "own", "own", "reg", "own", "own", "own"]),
    ("revoke",           ["ok",  "own", "own", "own", "own", "own", "own", "own", "own", "own", "own", "own", "own", "own"]),
    ("requestAccess",    ["self","ok",  "ok",  "ok",  "ok",  "ok",  "reg", "reg", "ok",  "ok",  "reg", "ok",  "ok",  "ok"]),
    ("withdrawRequest",  ["req", "req", "req", "req", "req", "ok",  "req", "ok",  "req", "req", "req", "req", "req", "req"]),
    ("denyRequest",      ["ok",  "own", "own", "own", "own", "own", "reg", "reg", "own", "own", "reg", "own", "own", "own"]),
    ("logAccess",        ["ok",  "ok",  "ok",  "a2",  "a3",  "a2",  "reg", "reg", "a7",  "a4",  "reg", "ok",  "a2",  "a2"]),
];

/// The revert data of a cell that is not `ok`.
fn error<B: Backend>(world: &World<B>, function: &str, cell: &str, caller: Address) -> Vec<u8> {
    let (id, user) = (world.id, caller);
    match (cell, function) {
        ("has", _) => abi::AlreadyRegistered { user }.abi_encode(),
        ("reg", _) => abi::NotRegistered { user }.abi_encode(),
        ("own", _) => abi::NotOwner { id, caller }.abi_encode(),
        ("self", _) => abi::SelfTarget { user }.abi_encode(),
        ("req", _) => abi::NoRequest { id, user }.abi_encode(),
        ("vch", _) => abi::NoVouch {
            voucher: user,
            user: account("bystander"),
        }
        .abi_encode(),
        ("dep", "depositRecord") => abi::DepositsNotAllowed {
            owner: account("owner"),
            depositor: user,
        }
        .abi_encode(),
        ("dep", _) => abi::DepositsNotAllowed {
            owner: user,
            depositor: account("depositor"),
        }
        .abi_encode(),
        (reason, _) => {
            let reason = reason[1..].parse().expect("a and the reason");
            abi::NoAccess { id, user, reason }.abi_encode()
        }
    }
}

/// Checks every cell, on worlds that `prepare` has had its hands on.
fn check_matrix<B: Backend>(prepare: fn(&mut B)) {
    let new_world = || {
        let mut world = World::<B>::new();
        prepare(&mut world.chain.backend);
        world
    };
    let mut world = new_world();
    for (row, (function, cells)) in MATRIX.into_iter().enumerate() {
        for (name, cell) in CALLERS.into_iter().zip(cells) {
            let (called, data) = world.writes()[row].clone();
            assert_eq!(called, function, "the rows stand in the order of the calls");
            let before = world.chain.backend.fingerprint();
            let outcome = world.chain.send(caller(name), &data);
            if cell == "ok" {
                let result = outcome.result.map_err(|data| refusal(&data));
                assert!(result.is_ok(), "{function} by {name}: {result:?}");
                assert!(
                    !outcome.logs.is_empty(),
                    "{function} by {name} leaves no trace"
                );
                world = new_world();
            } else {
                let expected = error(&world, function, cell, caller(name));
                let got = outcome.result.as_ref().map_err(|data| refusal(data));
                let wanted = refusal(&expected);
                assert_eq!(
                    outcome.result.as_ref(),
                    Err(&expected),
                    "{function} by {name}: {got:?} instead of {wanted}"
                );
                assert!(outcome.logs.is_empty(), "{function} by {name} left logs");
                let after = world.chain.backend.fingerprint();
                assert_eq!(after, before, "{function} by {name} left traces");
            }
        }
    }
}

fn every_function_by_every_caller<B: Backend>() {
    check_matrix::<B>(|_| {});
}

/// The sender counts, whoever signed the transaction: an owner who calls a contract lends it no rights.
#[test]
fn the_origin_of_a_transaction_counts_for_nothing() {
    check_matrix::<Machine>(|machine| {
        machine.set_code(account("contract"), &[0xef, 0xf0, 0, 0]);
        machine.origin = Some(account("owner"));
    });
}

fn views_answer_everyone_alike<B: Backend>() {
    let mut world = World::<B>::new();
    for (function, data) in world.views() {
        let expected = world.chain.send(caller("owner"), &data);
        assert!(
            expected.result.is_ok() && expected.logs.is_empty(),
            "{function}"
        );
        for name in CALLERS {
            let before = world.chain.backend.fingerprint();
            assert_eq!(
                world.chain.send(caller(name), &data),
                expected,
                "{function} by {name}"
            );
            assert_eq!(
                world.chain.backend.fingerprint(),
                before,
                "{function} by {name} writes"
            );
        }
    }
}
