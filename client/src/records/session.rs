//! A user at work: their identity, the registry, storage, and what was begun and not finished.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_primitives::{Address, B256};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::error::{RecordsError, Result};
use super::job::{Done, Job};
use super::party::Party;
use super::progress::{Meter, Progress, Silent, Stage};
use super::stores::Stores;
use crate::chain::{Account, EntryId, History, Journal, Registry, Snapshot};
use crate::crypto::context::RecordRef;
use crate::identity::{Identity, Profile};

/// What a [`Session`] is made of.
pub struct Parts {
    /// Whose address book and folder are used.
    pub profile: Profile,
    /// The unlocked identity of that profile.
    pub identity: Identity,
    /// The registry.
    pub registry: Registry,
    /// The index of its events.
    pub history: History,
    /// Where objects lie.
    pub stores: Stores,
}

/// A user at work. Every use case is a method; each may be called any number of times.
///
/// Operations that write are journalled in the profile's folder. One that was interrupted, by an error that may pass,
/// by [`Session::stop_token`] or by the end of the process, is taken up again by the next operation that writes, or by
/// [`Session::resume`]; asking for the same thing again returns the outcome of the one that was taken up.
pub struct Session {
    pub(super) profile: Profile,
    pub(super) identity: Identity,
    pub(super) account: Account,
    pub(super) registry: Registry,
    pub(super) history: History,
    pub(super) stores: Stores,
    pub(super) progress: Arc<dyn Progress>,
    pub(super) stop: CancellationToken,
    /// Outcomes of operations taken up again, by what was asked for.
    pub(super) resumed: Mutex<HashMap<B256, Done>>,
    /// What was carried out and is still in the journal, until its outcome was told.
    pub(super) untold: Mutex<Vec<(EntryId, Job)>>,
    pub(super) keeps_outcomes: bool,
    journal: OnceCell<Journal>,
    patience: Duration,
}

impl Session {
    /// Begins to work. Nothing is sent, and the journal is opened only by what writes.
    ///
    /// # Errors
    /// [`RecordsError::Chain`] if the account's key is unusable.
    pub fn new(parts: Parts) -> Result<Self> {
        let secret = Zeroizing::new(*parts.identity.account().expose_secret());
        Ok(Self {
            account: Account::from_secret(&secret)?,
            profile: parts.profile,
            identity: parts.identity,
            registry: parts.registry,
            history: parts.history,
            stores: parts.stores,
            progress: Arc::new(Silent),
            stop: CancellationToken::new(),
            resumed: Mutex::default(),
            untold: Mutex::default(),
            keeps_outcomes: false,
            journal: OnceCell::new(),
            patience: Duration::from_secs(60),
        })
    }

    /// Reports progress to `progress` from now on.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// Keeps an operation that was carried out in the journal until [`Session::told`], or until the next one begins.
    /// Whoever is interrupted in between and asks again learns the outcome, instead of doing the same thing twice.
    #[must_use]
    pub fn with_outcomes_kept(mut self) -> Self {
        self.keeps_outcomes = true;
        self
    }

    /// Waits so long for another process of the same profile to be done with its writing. Default: 60 seconds.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Cancel this, on a stop signal say, and the operation under way ends soon with [`RecordsError::Stopped`]; what
    /// is in the journal can be resumed.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// The user's account.
    pub fn me(&self) -> Address {
        self.account.address()
    }

    /// The registry that this session works with.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The profile that this session works for.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Where objects lie.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Brings the index of events up to date.
    ///
    /// # Errors
    /// [`RecordsError::Chain`].
    pub async fn sync(&self) -> Result<()> {
        let progress = Arc::clone(&self.progress);
        let told = |at: crate::chain::Progress| progress.advance(Stage::Syncing, at.done, at.of);
        self.unless_stopped(self.history.sync(&self.registry, told))
            .await??;
        Ok(())
    }

    /// Somebody as the address book knows them.
    pub(super) fn party(&self, address: Address) -> Result<Party> {
        Ok(self.party_in(&self.profile.people()?, address))
    }

    /// The record as cryptography names it.
    pub(super) fn record_ref(&self, id: B256) -> RecordRef {
        let at = self.registry.deployment();
        RecordRef {
            chain_id: at.chain,
            contract: at.registry.into_array(),
            record_id: id.0,
        }
    }

    pub(super) async fn snapshot(&self) -> Result<Snapshot<'_>> {
        self.unless_stopped(self.registry.snapshot())
            .await?
            .map_err(Into::into)
    }

    pub(super) fn meter(&self, stage: Stage, total: u64) -> Meter {
        Meter::new(&self.progress, stage, total)
    }

    /// The folder of sealed objects on their way to storage.
    pub(super) fn staging(&self) -> PathBuf {
        self.profile.folder().join("staged")
    }

    /// The journal, which only one process holds at a time; opened at first use.
    pub(super) async fn journal(&self) -> Result<&Journal> {
        let (folder, patience) = (self.profile.folder().join("journal"), self.patience);
        let open = async || {
            let journal =
                tokio::task::spawn_blocking(move || Journal::open_within(&folder, patience))
                    .await??;
            self.clear_staging(&journal)?;
            Ok::<_, RecordsError>(journal)
        };
        self.journal.get_or_try_init(open).await
    }

    /// Waits for `work`, but no longer than until the user asks to stop.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(RecordsError::Stopped),
            done = work => Ok(done),
        }
    }

    /// An error if the user asked to stop.
    pub(super) fn check_stop(&self) -> Result<()> {
        if self.stop.is_cancelled() {
            Err(RecordsError::Stopped)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("account", &self.me())
            .field("registry", self.registry.deployment())
            .finish_non_exhaustive()
    }
}
