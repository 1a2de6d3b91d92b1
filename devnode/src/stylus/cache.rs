//! Programs by code hash, so that each is instrumented and compiled once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::B256;

use super::program::Program;

/// Most programs kept; past it the least recently used one goes.
const MOST_PROGRAMS: usize = 256;
/// Most bytes of instrumented wasm kept, over all programs; their compiled form is a few times that.
const MOST_BYTES: usize = 64 << 20;

/// Compiled programs by the hash of their on-chain code. Shared by reference between threads.
#[derive(Debug, Default)]
pub struct ProgramCache {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    /// Programs, and when each was used last.
    programs: HashMap<B256, (Program, u64)>,
    clock: u64,
    bytes: usize,
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
        self.bytes += program.size();
        if let Some((replaced, _)) = self.programs.insert(code_hash, (program, now)) {
            self.bytes -= replaced.size();
        }
        while self.programs.len() > MOST_PROGRAMS || self.bytes > MOST_BYTES {
            self.evict();
        }
    }

    fn evict(&mut self) {
        let oldest = self.programs.iter().min_by_key(|(_, (_, used))| *used);
        let oldest = oldest.map(|(hash, _)| *hash);
        if let Some((program, _)) = oldest.and_then(|hash| self.programs.remove(&hash)) {
            self.bytes -= program.size();
        }
    }
}
