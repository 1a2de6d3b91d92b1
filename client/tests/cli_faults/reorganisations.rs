//! Threat 25: the newest block is taken back, between any two answers of the node and after the last.

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::practice::{Operation, Practice, answer, words};
use crate::proxy::{Fault, Proxy, ask};

const TAKE_ONE_BACK: &str = r#"{"jsonrpc":"2.0","id":1,"method":"anvil_reorg","params":[1]}"#;
const MINE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"evm_mine","params":[]}"#;

/// The exit code of what passes.
const UNAVAILABLE: i32 = 7;

/// The exit code for answers that cannot be right.
const UNTRUSTED: i32 = 6;

/// A chain whose blocks can be taken back.
struct Chain<'a> {
    runtime: &'a Runtime,
    node: &'a str,
}

impl<'a> Chain<'a> {
    fn of(runtime: &'a Runtime, practice: &'a Practice) -> Self {
        let node = practice.clinic.rpc.trim_start_matches("http://");
        Self { runtime, node }
    }

    fn ask(&self, request: &str) {
        self.runtime.block_on(ask(self.node, request)).unwrap();
    }
}

/// Takes a block back before each answer but the last `after`, some of which are read when the operation is final: with
/// the sequencer's word as finality, what is taken back then was done. How many those are depends on how often the
/// program asks for a receipt.
fn sweep(operation: Operation, after: u32) {
    let runtime = Runtime::new().unwrap();
    let practice = Practice::open();
    let chain = Chain::of(&runtime, &practice);
    let patient = practice.patient("ada", operation);
    let proxy = runtime.block_on(Proxy::start(&practice.clinic.rpc));
    let mut command = patient.command(&words(&patient.line(1)));
    proxy.at(u32::MAX, Fault::Gone);
    answer(command.env("CHARTSEAL_RPC", proxy.url()), "unharmed");
    patient.check(1, "unharmed");
    let points = proxy.exchanges() - after;
    let mut again = 0;
    for (point, round) in (1..=points).zip(2..) {
        patient.prepare(round);
        let line = patient.line(round);
        // What came before is not taken back: an empty block is the newest.
        chain.ask(MINE);
        proxy.at(point, Fault::Before(TAKE_ONE_BACK.into()));
        let how = format!("{operation:?}, a block taken back before answer {point}");
        let mut command = patient.command(&words(&line));
        command.env("CHARTSEAL_RPC", proxy.url());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            // What it had just read of the chain was of the block that is gone.
            assert_eq!(output.status.code(), Some(UNAVAILABLE), "{how}: {said}");
            assert!(said.contains("run the command again"), "{how}: {said}");
            again += 1;
            answer(&mut patient.command(&words(&line)), &how);
        }
        patient.check(round, &how);
    }
    patient.collects_no_more();
    println!(
        "{operation:?}: the newest block taken back before each of {points} answers: exactly one version, \
         {again} times by running the command again"
    );
    assert!(points > 8, "{operation:?}");
}

#[test]
fn row_25_add_survives_a_reorganisation_at_every_answer() {
    sweep(Operation::Add, 0);
}

#[test]
fn row_25_revoke_survives_a_reorganisation_at_every_answer() {
    sweep(Operation::Revoke, 20);
}

/// What was taken back after the command ended is shown no more, by the list and by the audit trail, and can be done
/// again.
#[test]
fn row_25_list_and_audit_follow_a_reorganisation() {
    let runtime = Runtime::new().unwrap();
    let practice = Practice::open();
    let chain = Chain::of(&runtime, &practice);
    let patient = practice.patient("ada", Operation::Add);
    let shown = |command: &str, list: &str| {
        let answer = patient.must(&[command]);
        answer[list].as_array().map_or(0, Vec::len)
    };
    patient.must(&words(&patient.line(1)));
    let events = shown("audit", "events");
    patient.must(&words(&patient.line(2)));
    assert_eq!(
        (shown("list", "records"), shown("audit", "events")),
        (2, events + 1)
    );
    chain.ask(TAKE_ONE_BACK);
    assert_eq!(
        (shown("list", "records"), shown("audit", "events")),
        (1, events)
    );
    // A node that has forgotten a record must not make anybody delete its object.
    let gc = ["storage", "gc", "--older-than", "0s"];
    let refused = patient.command(&gc).output().unwrap();
    assert_eq!(refused.status.code(), Some(UNTRUSTED), "{refused:?}");
    assert_eq!(patient.objects(), 2);
    let added: Value = patient.must(&words(&patient.line(2)));
    assert_eq!(added["version"], 1);
    assert_eq!(shown("list", "records"), 2);
}
