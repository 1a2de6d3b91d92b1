//! Plays random histories on the contract, the model and the audit side by side.

use std::cell::RefCell;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolInterface;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};

use super::steps::{Action, people};
use super::{Audit, Counter, Coverage, Model, Step, Views, step};
use crate::common::*;

/// Calls in a history.
const CALLS: usize = 50;
/// Histories in a run of the tests.
const HISTORIES: u32 = 256;

/// A history under way.
struct Play<B> {
    chain: Chain<B>,
    model: Model,
    audit: Audit,
    ids: Vec<B256>,
}

impl<B: Backend> Play<B> {
    fn new() -> Self {
        let (model, audit) = (Model::default(), Audit::default());
        Self {
            chain: Chain::new(),
            model,
            audit,
            ids: vec![unknown_id()],
        }
    }

    fn step(&mut self, step: &Step, coverage: &mut Coverage) {
        let seconds = step.seconds();
        self.chain.now += seconds;
        self.model.now = self.chain.now;
        let changed = match step.action(&self.model) {
            Action::Call(caller, call) => self.call(caller, &call, coverage),
            Action::Wind(counter) => {
                self.wind(counter);
                true
            }
        };
        if changed || seconds != 0 {
            self.compare();
        }
    }

    /// Makes a call on all sides. Returns whether anything may look different now.
    fn call(
        &mut self,
        caller: Address,
        call: &abi::IRegistryCalls,
        coverage: &mut Coverage,
    ) -> bool {
        let expected = self.model.call(caller, self.chain.now, call);
        let outcome = self.chain.send(caller, &call.abi_encode());
        assert_eq!(
            outcome,
            expected,
            "{call:?} by {caller} at {}: {:?} instead of {:?}",
            self.chain.now,
            outcome.result.as_ref().map_err(|data| refusal(data)),
            expected.result.as_ref().map_err(|data| refusal(data))
        );
        coverage.note(call, &outcome);
        for log in &outcome.logs {
            self.audit.read(self.chain.now, event(log));
        }
        let new = self
            .model
            .records
            .keys()
            .filter(|id| !self.ids.contains(id));
        let new = new.copied().collect::<Vec<_>>();
        self.ids.extend(new);
        !outcome.logs.is_empty()
    }

    /// Compares all views with the model and with what the events tell.
    fn compare(&mut self) {
        let people = people();
        let answers = Views::of_chain(&mut self.chain, &people, &self.ids);
        assert_eq!(answers, Views::of_model(&self.model, &people, &self.ids));
        self.audit
            .check(&answers, &people, &self.ids, self.chain.now);
    }

    /// Sets a counter to its end on all sides.
    fn wind(&mut self, counter: Counter) {
        match counter {
            Counter::KeyVersion(user) => {
                let users = [&mut self.model.users, &mut self.audit.users];
                for users in users.into_iter().filter(|users| users.contains_key(&user)) {
                    users
                        .entry(user)
                        .and_modify(|known| known.keyVersion = u32::MAX);
                    let [_, slot] = user_slots(user);
                    self.chain
                        .rewrite(slot, |word| with_key_version(word, u32::MAX));
                }
            }
            Counter::Version(id) => {
                for records in [&mut self.model.records, &mut self.audit.records] {
                    records
                        .entry(id)
                        .and_modify(|record| record.version = u32::from(u16::MAX));
                }
                if self.model.records.contains_key(&id) {
                    self.chain
                        .rewrite(record_slot(id), |word| with_version(word, u16::MAX));
                }
            }
        }
    }
}

/// Histories to play: as many as the environment asks calls for, but never fewer than in every run.
fn histories() -> (u32, TestRng) {
    let fixed = || TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    match std::env::var("CHARTSEAL_MODEL_CALLS") {
        Err(_) => (HISTORIES, fixed()),
        Ok(calls) => {
            let calls: u32 = calls
                .parse()
                .expect("CHARTSEAL_MODEL_CALLS is a number of calls");
            let mut runner = TestRunner::new(Config::default());
            ((calls / CALLS as u32 + 1).max(HISTORIES), runner.new_rng())
        }
    }
}

/// Random histories of all functions: result, error, events and every view are what the model says, and the events
/// alone tell the whole access list.
///
/// The same 256 histories of 50 calls in every run; other ones, and as many calls as it says, with
/// `CHARTSEAL_MODEL_CALLS=100000`.
fn random_histories<B: Backend>() {
    let (cases, rng) = histories();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let coverage = RefCell::new(Coverage::default());
    // One step more than the counted calls for each counter that a history may set to its end.
    let steps = prop::collection::vec(step(), CALLS + 5..CALLS + 10);
    let outcome = TestRunner::new_with_rng(config, rng).run(&steps, |steps| {
        let mut play = Play::<B>::new();
        let coverage = &mut coverage.borrow_mut();
        steps.iter().for_each(|step| play.step(step, coverage));
        coverage.histories += 1;
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let coverage = coverage.into_inner();
    assert!(coverage.histories >= cases as usize);
    assert!(
        coverage.calls >= cases as usize * CALLS,
        "{} calls",
        coverage.calls
    );
    coverage.check();
}

tests!(random_histories);
