//! Threat 22: `kill -9` at every point of `add`, `update` and `revoke`.

use std::collections::BTreeMap;

use crate::practice::{Operation, Practice, answer, words};
use crate::tracer::{self, Fault};

/// What the kills of one operation met with.
#[derive(Default)]
struct Tally {
    /// Kills by the kind of the call.
    points: BTreeMap<String, usize>,
    /// Nothing was begun.
    nothing: usize,
    /// The journal went on.
    resumed: usize,
    /// It was done, and had said so.
    told: usize,
}

fn sweep(operation: Operation) {
    if !tracer::is_allowed() {
        return;
    }
    let practice = Practice::open();
    let patient = practice.patient("ada", operation);
    let mut tally = Tally::default();
    for round in 1.. {
        patient.prepare(round);
        let line = patient.line(round);
        let killed = tracer::run(&patient.command(&words(&line)), Fault::Kill(round));
        let Some(call) = killed.hit else {
            assert_eq!(killed.code, Some(0), "{}", killed.stderr);
            patient.check(round, "unharmed");
            break;
        };
        let how = format!("{operation:?} killed at {round}, {call}");
        assert_eq!(killed.code, None, "{how}: {}", killed.stderr);
        let kind = call.split(' ').next().unwrap_or_default();
        *tally.points.entry(kind.to_owned()).or_default() += 1;
        if !killed.stdout.is_empty() {
            tally.told += 1;
            // Nobody asks again; whatever comes next, this for one, closes what is still open.
            answer(&mut patient.command(&["resume"]), &how);
        } else {
            match patient.unfinished() {
                0 => tally.nothing += 1,
                _ => tally.resumed += 1,
            }
            answer(&mut patient.command(&words(&line)), &how);
        }
        patient.check(round, &how);
    }
    patient.collects_no_more();
    let Tally {
        points,
        nothing,
        resumed,
        told,
    } = tally;
    let kills: usize = points.values().sum();
    println!(
        "{operation:?}: {kills} kills {points:?}, each followed by exactly one version: {nothing} had done nothing, \
         {resumed} were resumed from the journal, {told} had told that it was done"
    );
    assert!(kills > 50 && resumed > 20 && nothing > 10, "{operation:?}");
}

#[test]
fn row_22_add_survives_a_kill_at_every_call() {
    sweep(Operation::Add);
}

#[test]
fn row_22_update_survives_a_kill_at_every_call() {
    sweep(Operation::Update);
}

#[test]
fn row_22_revoke_survives_a_kill_at_every_call() {
    sweep(Operation::Revoke);
}
