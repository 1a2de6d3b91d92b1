//! Threat 22: `kill -9` at every point of `add`, `update` and `revoke`.

use std::collections::BTreeMap;

use crate::practice::{Operation, Patient, Practice, answer, words};
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

impl Tally {
    fn add(&mut self, other: Self) {
        for (kind, points) in other.points {
            *self.points.entry(kind).or_default() += points;
        }
        self.nothing += other.nothing;
        self.resumed += other.resumed;
        self.told += other.told;
    }
}

/// Patients whose commands are killed at the same time: each at every fourth point.
const AT_ONCE: usize = 4;

/// Kills a patient's commands at the points `first`, `first + AT_ONCE` and so on.
fn kills(patient: &Patient, operation: Operation, first: usize) -> Tally {
    let mut tally = Tally::default();
    for (round, point) in (1..).zip((first..).step_by(AT_ONCE)) {
        patient.prepare(round);
        let line = patient.line(round);
        let killed = tracer::run(&patient.command(&words(&line)), Fault::Kill(point));
        let Some(call) = killed.hit else {
            assert_eq!(killed.code, Some(0), "{}", killed.stderr);
            patient.check(round, "unharmed");
            break;
        };
        let how = format!("{operation:?} killed at {point}, {call}");
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
    tally
}

fn sweep(operation: Operation) {
    if !tracer::is_allowed() {
        return;
    }
    let practice = Practice::open();
    let patients: Vec<_> = (1..=AT_ONCE)
        .map(|first| practice.patient(&format!("patient-{first}"), operation))
        .collect();
    let mut all = Tally::default();
    std::thread::scope(|threads| {
        let work: Vec<_> = (1..)
            .zip(&patients)
            .map(|(first, patient)| threads.spawn(move || kills(patient, operation, first)))
            .collect();
        work.into_iter()
            .for_each(|each| all.add(each.join().unwrap()));
    });
    let Tally {
        points,
        nothing,
        resumed,
        told,
    } = all;
    let kills: usize = points.values().sum();
    println!(
        "{operation:?}: {kills} kills {points:?}, each followed by exactly one version: {nothing} had done nothing, \
         {resumed} were resumed from the journal, {told} had told that it was done"
    );
    assert!(kills > 40 && resumed > 20 && nothing > 5, "{operation:?}");
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
