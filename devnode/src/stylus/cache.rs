//! Programs by code hash, so that each is instrumented and compiled once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::B256;

use super::program::Program;

/// Most programs kept; past it the least recently used one goes.
const CAPACITY: usize = 256;

/// Compiled programs by the hash of their on-chain code. Shared by reference between threads.
#[derive(Debug, Default)]
pub struct ProgramCache {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    programs: HashMap<B256, (Program, u64)>,
    clock: u64,
}

impl ProgramCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps `program` under `code_hash`.
    pub fn insert(&self, code_hash: B256, program: Program) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.insert(code_hash, program);
    }

    /// The program of `code_hash`, made by `load` if it is not kept yet.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn get_or_load<E>(
        &self,
        code_hash: B256,
        load: impl FnOnce() -> Result<Program, E>,
    ) -> Result<Program, E> {
        if let Some(program) = self.get(code_hash) {
            return Ok(program);
        }
        let program = load()?;
        self.insert(code_hash, program.clone());
        Ok(program)
    }

    fn get(&self, code_hash: B256) -> Option<Program> {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(code_hash)
    }
}

impl Entries {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn get(&mut self, code_hash: B256) -> Option<Program> {
        let now = self.tick();
        let (program, used) = self.programs.get_mut(&code_hash)?;
        *used = now;
        Some(program.clone())
    }

    fn insert(&mut self, code_hash: B256, program: Program) {
        let now = self.tick();
        self.programs.insert(code_hash, (program, now));
        if self.programs.len() > CAPACITY {
            let oldest = self
                .programs
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(h, _)| *h);
            oldest.map(|hash| self.programs.remove(&hash));
        }
    }
}
