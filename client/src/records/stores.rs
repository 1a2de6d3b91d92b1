//! The places that objects lie in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::error::{RecordsError, Result};
use crate::chain::ObjectDigest;
use crate::storage::{Limits, Locator, ObjectName, Settings, Storage};

/// Connections to stores, made when they are first needed.
#[derive(Debug)]
pub struct Stores {
    own: Option<Locator>,
    settings: Settings,
    limits: Limits,
    open: Mutex<HashMap<String, Storage>>,
}

impl Stores {
    /// `own` is where the user's new records go; `settings` are the providers' credentials.
    pub fn new(own: Option<Locator>, settings: Settings, limits: Limits) -> Self {
        Self {
            own,
            settings,
            limits,
            open: Mutex::default(),
        }
    }

    /// Uses this connection for a locator, instead of making one.
    pub fn with(self, locator: &Locator, storage: Storage) -> Self {
        self.lock().insert(locator.to_string(), storage);
        self
    }

    /// Where the user's new records go.
    ///
    /// # Errors
    /// [`RecordsError::NoStorage`].
    pub fn own(&self) -> Result<&Locator> {
        self.own.as_ref().ok_or(RecordsError::NoStorage)
    }

    /// The store at a locator, given as text because it comes out of sealed info and journals.
    pub(super) fn at(&self, locator: &str) -> Result<Storage> {
        if let Some(storage) = self.lock().get(locator) {
            return Ok(storage.clone());
        }
        let parsed: Locator = locator.parse()?;
        let storage = Storage::connect(&parsed, &self.settings, &self.limits)?;
        self.lock().insert(locator.to_owned(), storage.clone());
        Ok(storage)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Storage>> {
        // Entries are inserted whole, so a panic elsewhere leaves none half-made.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An object and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Placed {
    pub(super) locator: String,
    pub(super) record: B256,
    pub(super) digest: ObjectDigest,
}

impl Placed {
    pub(super) fn name(&self) -> ObjectName {
        ObjectName {
            record_id: self.record.0,
            digest: self.digest.0,
        }
    }
}
