//! Threat 39: the program is asked to stop while it waits for any of the node's answers.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::runtime::Runtime;

use crate::practice::{Operation, Patient, Practice, again, answer, words};
use crate::proxy::{Fault, Proxy};

/// How often the program is looked at.
const PAUSE: Duration = Duration::from_millis(5);
/// Looks within which it has to stop: 10 s at least. Where the whole machine stands still for longer, so does the count.
const LOOKS: u32 = 2_000;

/// The exit code of what passes.
const UNAVAILABLE: i32 = 7;

/// Asks the program to stop when it waits for the `nth` answer. How it ended: of its own if it asked for fewer.
fn stopped_at(command: &mut Command, proxy: &Proxy, nth: u32, signal: Signal) -> ExitStatus {
    proxy.at(nth, Fault::Stall);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while proxy.exchanges() < nth {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(PAUSE);
    }
    let process = Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(process, signal).unwrap();
    ended(&mut child)
}

fn ended(child: &mut Child) -> ExitStatus {
    for _ in 0..LOOKS {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(PAUSE);
    }
    child.kill().unwrap();
    panic!("it goes on although it was asked to stop");
}

/// Stops one round's command at an answer, and runs it again. Whether it had begun something.
fn round(patient: &Patient<'_>, proxy: &Proxy, round: usize, nth: u32, signal: Signal) -> bool {
    patient.prepare(round);
    let line = patient.line(round);
    let how = format!("{signal} at answer {nth}");
    let mut command = patient.command(&words(&line));
    command.env("CHARTSEAL_RPC", proxy.url());
    let status = stopped_at(&mut command, proxy, nth, signal);
    proxy.heal();
    let begun = patient.unfinished() > 0;
    if !status.success() {
        // Before the profile is unlocked there is nothing to take care of, and the signal does what it always does.
        let by_signal = status.signal() == Some(signal as i32);
        assert!(
            by_signal || status.code() == Some(UNAVAILABLE),
            "{how}: {status}"
        );
        answer(&mut again(&command), &how);
    }
    patient.check(round, &how);
    begun
}

fn sweep(operation: Operation) {
    let runtime = Runtime::new().unwrap();
    let practice = Practice::open();
    let patient = practice.patient("ada", operation);
    let proxy = runtime.block_on(Proxy::start(&practice.clinic.rpc));
    let mut command = patient.command(&words(&patient.line(1)));
    proxy.at(u32::MAX, Fault::Gone);
    answer(command.env("CHARTSEAL_RPC", proxy.url()), "unharmed");
    let answers = proxy.exchanges();
    let signals = [Signal::SIGTERM, Signal::SIGINT].into_iter().cycle();
    let resumed = (1..=answers)
        .zip(signals)
        .zip(2..)
        .filter(|((nth, signal), number)| round(&patient, &proxy, *number, *nth, *signal))
        .count();
    println!(
        "{operation:?}: asked to stop at each of {answers} answers: exactly one version, {resumed} times resumed from the \
         journal"
    );
    assert!(answers > 8 && resumed > 3, "{operation:?}");
}

#[test]
fn row_39_add_stops_at_every_answer_and_goes_on() {
    sweep(Operation::Add);
}

#[test]
fn row_39_revoke_stops_at_every_answer_and_goes_on() {
    sweep(Operation::Revoke);
}
