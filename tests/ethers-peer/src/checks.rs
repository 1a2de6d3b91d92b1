//! What was checked.

use std::fmt::Debug;

use crate::Failure;

/// Counts and prints what was as expected; the first thing that was not ends the run.
#[derive(Default)]
pub(crate) struct Checks {
    passed: usize,
}

impl Checks {
    /// How many checks passed.
    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    /// `found` must be `expected`.
    pub(crate) fn equal<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        found: T,
        expected: T,
    ) -> Result<(), Failure> {
        if found != expected {
            return Err(format!("{what}: found {found:?}, expected {expected:?}").into());
        }
        self.passed += 1;
        println!("ok    {what}");
        Ok(())
    }
}
