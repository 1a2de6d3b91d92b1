//! Which functions and errors the histories reached.

use std::collections::BTreeMap;

use alloy_sol_types::SolInterface;

use crate::common::{Outcome, abi};

/// How often each function succeeded, each error came, and how many calls there were.
#[derive(Default)]
pub(super) struct Coverage {
    successes: BTreeMap<[u8; 4], usize>,
    errors: BTreeMap<[u8; 4], usize>,
    pub(super) calls: usize,
    pub(super) histories: usize,
}

impl Coverage {
    pub(super) fn note(&mut self, call: &abi::IRegistryCalls, outcome: &Outcome) {
        self.calls += 1;
        let (count, selector) = match &outcome.result {
            Ok(_) => (&mut self.successes, call.selector()),
            Err(error) => (&mut self.errors, [error[0], error[1], error[2], error[3]]),
        };
        *count.entry(selector).or_default() += 1;
    }

    /// Every function must have succeeded and every error must have come.
    pub(super) fn check(&self) {
        for selector in abi::IRegistryCalls::SELECTORS {
            let name = abi::IRegistryCalls::name_by_selector(*selector);
            assert!(
                self.successes.contains_key(selector),
                "{name:?} never succeeded"
            );
        }
        for selector in abi::IRegistryErrors::SELECTORS {
            let name = abi::IRegistryErrors::name_by_selector(*selector);
            assert!(self.errors.contains_key(selector), "{name:?} never came");
        }
        let refused = self.errors.values().sum::<usize>();
        assert!(
            refused < self.calls * 2 / 3,
            "{refused} of {} calls were refused",
            self.calls
        );
    }
}
