//! Threats 24 and 26: the connection to the node is cut at every answer of `add` and `revoke`.

use std::process::Command;
use std::thread;

use tokio::runtime::Runtime;

use crate::practice::{Operation, Patient, Practice, again, answer, words};
use crate::proxy::{Fault, Proxy};

/// The exit code of what passes.
const UNAVAILABLE: i32 = 7;

/// Commands that wait for a node at the same time, each for a patient of its own.
const AT_ONCE: u32 = 8;

/// A patient whose node is behind a proxy.
struct Line<'a> {
    patient: Patient<'a>,
    proxy: Proxy,
    rounds: usize,
}

impl<'a> Line<'a> {
    fn new(runtime: &Runtime, practice: &'a Practice, name: &str, operation: Operation) -> Self {
        Self {
            patient: practice.patient(name, operation),
            proxy: runtime.block_on(Proxy::start(&practice.clinic.rpc)),
            rounds: 0,
        }
    }

    /// Begins a round; its command, through the proxy.
    fn next(&mut self) -> Command {
        self.rounds += 1;
        self.patient.prepare(self.rounds);
        let line = self.patient.line(self.rounds);
        let mut command = self.patient.command(&words(&line));
        command.env("CHARTSEAL_RPC", self.proxy.url());
        command
    }

    /// How many answers the operation takes, unharmed.
    fn exchanges(&mut self) -> u32 {
        let mut command = self.next();
        self.proxy.at(u32::MAX, Fault::Gone);
        answer(&mut command, "unharmed");
        self.proxy.exchanges()
    }

    /// One answer is lost: the command itself asks again.
    fn loses(&mut self, nth: u32, percent: usize) {
        let mut command = self.next();
        self.proxy.at(nth, Fault::Cut(percent));
        let how = format!("answer {nth} cut after {percent} %");
        answer(&mut command, &how);
        self.proxy.heal();
        self.patient.check(self.rounds, &how);
    }

    /// The node is gone from an answer on: the command says so, and goes on when the node is back. Returns whether it
    /// had begun.
    fn goes_away(&mut self, nth: u32) -> bool {
        let mut command = self.next();
        self.proxy.at(nth, Fault::Gone);
        let how = format!("gone at answer {nth}");
        let failed = command.output().unwrap();
        let said = String::from_utf8_lossy(&failed.stderr);
        if self.proxy.exchanges() < nth {
            // This time it took fewer.
            self.patient.check(self.rounds, &how);
            return false;
        }
        assert_eq!(failed.status.code(), Some(UNAVAILABLE), "{how}: {said}");
        assert!(
            said.contains("run the command again"),
            "{how}: no remedy in {said}"
        );
        self.proxy.heal();
        let begun = self.patient.unfinished() > 0;
        answer(&mut again(&command), &how);
        self.patient.check(self.rounds, &how);
        begun
    }
}

fn sweep(operation: Operation) {
    let runtime = Runtime::new().unwrap();
    let practice = Practice::open();
    let mut lines: Vec<_> = (0..AT_ONCE)
        .map(|index| Line::new(&runtime, &practice, &format!("patient-{index}"), operation))
        .collect();
    let answers = lines[0].exchanges();
    let resumed: usize = thread::scope(|threads| {
        let mut work = Vec::new();
        for (first, line) in (1..).zip(&mut lines) {
            work.push(threads.spawn(move || {
                let mut resumed = 0;
                for nth in (first..=answers).step_by(AT_ONCE as usize) {
                    if nth % 2 == 1 {
                        line.loses(nth, [0, 50, 99][nth as usize % 3]);
                    }
                    resumed += usize::from(line.goes_away(nth));
                }
                resumed
            }));
        }
        work.into_iter().map(|each| each.join().unwrap()).sum()
    });
    println!(
        "{operation:?}: every second of {answers} answers lost, and the node gone from each on: exactly one version, \
         {resumed} times resumed from the journal"
    );
    assert!(answers > 8 && resumed > 3, "{operation:?}");
}

#[test]
fn row_26_add_survives_a_cut_at_every_answer() {
    sweep(Operation::Add);
}

#[test]
fn row_26_revoke_survives_a_cut_at_every_answer() {
    sweep(Operation::Revoke);
}

/// A node that takes the transaction and then hangs: the command does not wait for ever.
#[test]
fn row_26_a_hanging_node_is_asked_again() {
    let runtime = Runtime::new().unwrap();
    let practice = Practice::open();
    let mut line = Line::new(&runtime, &practice, "ada", Operation::Add);
    let answers = line.exchanges();
    let mut command = line.next();
    // The transaction, and what follows it, are in the second half.
    line.proxy.at(answers * 3 / 4, Fault::Stall);
    answer(&mut command, "a stalled answer");
    line.proxy.heal();
    line.patient.check(line.rounds, "a stalled answer");
}
