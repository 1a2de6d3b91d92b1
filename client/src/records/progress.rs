//! Telling the user how far an operation is.

use std::sync::Arc;

/// A part of an operation that may take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Reading the registry's events; counted in blocks.
    Syncing,
    /// Encrypting a file; counted in bytes of content.
    Sealing,
    /// Sending an object to storage; counted in bytes of the object.
    Uploading,
    /// Fetching, checking and decrypting an object; counted in bytes of the object.
    Opening,
    /// Fetching an object and encrypting its content under another key; counted in bytes of the object.
    Resealing,
    /// Fetching and hashing an object; counted in bytes of the object.
    Checking,
    /// Waiting for the chain; counted in transactions.
    Confirming,
    /// Removing objects; counted in objects.
    Deleting,
}

impl Stage {
    /// A word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Syncing => "reading events",
            Self::Sealing => "encrypting",
            Self::Uploading => "uploading",
            Self::Opening => "decrypting",
            Self::Resealing => "re-encrypting",
            Self::Checking => "checking",
            Self::Confirming => "waiting for the chain",
            Self::Deleting => "deleting",
        }
    }
}

/// Told how operations go on. Called from any thread, often; it must return at once.
pub trait Progress: Send + Sync {
    /// `done` of `total` units of the stage are through; a total of 0 is one that is not known.
    fn advance(&self, stage: Stage, done: u64, total: u64);

    /// An operation that was interrupted earlier was taken up again. `problem` says why it did not finish, if so.
    fn resumed(&self, operation: &str, problem: Option<&super::RecordsError>);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn advance(&self, _: Stage, _: u64, _: u64) {}
    fn resumed(&self, _: &str, _: Option<&super::RecordsError>) {}
}

/// One stage's bytes, counted as they pass.
#[derive(Clone)]
pub(super) struct Meter {
    progress: Arc<dyn Progress>,
    stage: Stage,
    total: u64,
}

impl Meter {
    pub(super) fn new(progress: &Arc<dyn Progress>, stage: Stage, total: u64) -> Self {
        progress.advance(stage, 0, total);
        Self {
            progress: Arc::clone(progress),
            stage,
            total,
        }
    }

    pub(super) fn at(&self, done: u64) {
        self.progress.advance(self.stage, done, self.total);
    }
}
