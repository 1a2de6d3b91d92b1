//! Carrying operations out so that a crash at any point leaves something that can be finished.
//!
//! ```text
//! sealed object staged, fsynced -> journal entry -> upload, length read back -> each transaction journalled, sent,
//! followed until it is final -> objects that are no longer needed deleted -> staged object and entry removed
//! ```
//!
//! Before the entry there is nothing outside this machine, after it everything needed to go on is in it. Going on
//! repeats what may have been done: objects are named by their content, and a transaction is sent again byte for byte.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::sync::PoisonError;

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use super::deed::Deed;
use super::error::{RecordsError, Result};
use super::party::Receipt;
use super::progress::Stage;
use super::session::Session;
use super::stores::Placed;
use crate::chain::{ChainError, EntryId, Journal};
use crate::storage::{Put, StorageError};

/// A sealed object that waits in the staging folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Upload {
    /// Its file name there.
    pub(super) file: String,
    /// Its length in bytes.
    pub(super) len: u64,
    /// Where it goes.
    pub(super) place: Placed,
}

/// An operation as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    /// Identifies what the user asked for.
    pub(super) request: B256,
    pub(super) deed: Deed,
    /// What has to be stored first.
    pub(super) upload: Option<Upload>,
    /// What is deleted at the end.
    pub(super) obsolete: Vec<Placed>,
    /// Transactions of the entry that belong to an earlier part of the operation.
    pub(super) sent_before: usize,
}

impl Job {
    /// An operation of transactions alone.
    pub(super) fn plain(request: B256, deed: Deed) -> Self {
        Self {
            request,
            deed,
            upload: None,
            obsolete: Vec::new(),
            sent_before: 0,
        }
    }
}

/// An operation that was carried out.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) deed: Deed,
    pub(super) receipts: Vec<Receipt>,
    /// Objects that the store does not let this user delete.
    pub(super) left_behind: Vec<Placed>,
}

/// An operation that was taken up again.
#[derive(Debug)]
pub struct Resumed {
    /// What it does.
    pub operation: &'static str,
    /// The record it is about.
    pub record: Option<B256>,
    /// Why it did not finish; `None` if it did.
    pub problem: Option<RecordsError>,
    request: B256,
}

/// An operation that waits in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// Its number in the journal.
    pub id: u64,
    /// What it does.
    pub operation: &'static str,
    /// The record it is about.
    pub record: Option<B256>,
    /// When it began, Unix seconds.
    pub begun: u64,
}

/// Identifies a request, so that asking again is recognised.
pub(super) fn request_id(what: impl Serialize) -> Result<B256> {
    serde_json::to_vec(&what)
        .map(keccak256)
        .map_err(journal_error)
}

fn journal_error(error: serde_json::Error) -> RecordsError {
    RecordsError::Journal(error.to_string())
}

impl Session {
    /// Takes up every operation that was interrupted, oldest first.
    ///
    /// # Errors
    /// [`RecordsError::Stopped`], and what opening the journal gives. What keeps a single operation from finishing is
    /// in its [`Resumed::problem`].
    pub async fn resume(&self) -> Result<Vec<Resumed>> {
        let mut resumed = Vec::new();
        for (entry, job) in self.waiting().await? {
            let outcome = self.carry_out(entry).await;
            self.check_stop()?;
            let (operation, record) = (job.deed.name(), job.deed.record(self.me()));
            self.progress.resumed(operation, outcome.as_ref().err());
            let problem = match outcome {
                Ok(done) => {
                    let mut known = self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
                    known.insert(job.request, done);
                    None
                }
                Err(error) => Some(error),
            };
            resumed.push(Resumed {
                operation,
                record,
                problem,
                request: job.request,
            });
        }
        Ok(resumed)
    }

    /// The operations that wait to be taken up again.
    ///
    /// # Errors
    /// What opening the journal gives.
    pub async fn unfinished(&self) -> Result<Vec<Unfinished>> {
        let journal = self.journal().await?;
        let waiting = self.waiting().await?;
        let shown = waiting.into_iter().map(|(id, job)| {
            let begun = journal.entry(id)?.begun;
            Ok(Unfinished {
                id,
                operation: job.deed.name(),
                record: job.deed.record(self.me()),
                begun,
            })
        });
        shown.collect()
    }

    /// Gives up an operation that waits. What it already stored becomes an orphan for [`Session::collect_garbage`].
    ///
    /// # Errors
    /// [`RecordsError::UnderWay`] if a transaction of it may still take effect.
    pub async fn give_up(&self, id: u64) -> Result<()> {
        let journal = self.journal().await?;
        let job = self.job(id).await?;
        if journal
            .entry(id)?
            .transactions
            .iter()
            .any(|tx| !tx.is_final)
        {
            return Err(RecordsError::UnderWay(id));
        }
        self.close(journal, id, &job)
    }

    /// Takes up what waits; the outcome of what was asked for here, if that was among it.
    pub(super) async fn earlier(&self, request: B256) -> Result<Option<Done>> {
        for resumed in self.resume().await? {
            if resumed.request == request
                && let Some(problem) = resumed.problem
            {
                return Err(problem);
            }
        }
        let mut known = self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.remove(&request))
    }

    /// Begins an operation and carries it out.
    pub(super) async fn perform(&self, job: Job) -> Result<Done> {
        let journal = self.journal().await?;
        let payload = serde_json::to_value(&job).map_err(journal_error)?;
        let entry = journal.begin(self.registry.scope(&self.account), payload)?;
        self.carry_out(entry).await
    }

    /// An operation of one transaction or several, with nothing to store.
    pub(super) async fn perform_plain(&self, deed: Deed) -> Result<Vec<Receipt>> {
        let request = request_id(&deed)?;
        let done = match self.earlier(request).await? {
            Some(done) => done,
            None => self.perform(Job::plain(request, deed)).await?,
        };
        Ok(done.receipts)
    }

    /// Objects that operations in the journal still need.
    pub(super) async fn needed_objects(&self) -> Result<HashSet<Placed>> {
        let jobs = self.waiting().await?;
        Ok(jobs
            .into_iter()
            .filter_map(|(_, job)| job.upload.map(|upload| upload.place))
            .collect())
    }

    /// This user's operations in the journal; others, such as deployments, are none of ours.
    async fn waiting(&self) -> Result<Vec<(EntryId, Job)>> {
        let scope = self.registry.scope(&self.account);
        let entries = self.journal().await?.entries();
        let ours = entries
            .into_iter()
            .filter(|e| e.scope == scope && e.payload.get("deed").is_some());
        ours.map(|e| {
            Ok((
                e.id,
                serde_json::from_value(e.payload).map_err(journal_error)?,
            ))
        })
        .collect()
    }

    async fn job(&self, entry: EntryId) -> Result<Job> {
        let payload = self.journal().await?.entry(entry)?.payload;
        serde_json::from_value(payload).map_err(journal_error)
    }

    async fn carry_out(&self, entry: EntryId) -> Result<Done> {
        let journal = self.journal().await?;
        loop {
            let job = self.job(entry).await?;
            let done = match self.advance(journal, entry, &job).await {
                Ok(done) => done,
                Err(error) => return Err(self.after_failure(journal, entry, &job, error).await?),
            };
            match self.following(&job).await {
                Ok(None) => {
                    self.close(journal, entry, &job)?;
                    return Ok(done);
                }
                Ok(Some(next)) => {
                    let sent_before = journal.entry(entry)?.transactions.len();
                    let next = serde_json::to_value(Job {
                        sent_before,
                        ..next
                    })
                    .map_err(journal_error)?;
                    journal.set_payload(entry, next)?;
                }
                Err(error) if error.is_passing() => return Err(not_rekeyed(&job, error)),
                Err(error) => {
                    self.close(journal, entry, &job)?;
                    return Err(not_rekeyed(&job, error));
                }
            }
        }
    }

    /// Uploads, sends, follows, deletes: whatever of it is left to do.
    async fn advance(&self, journal: &Journal, entry: EntryId, job: &Job) -> Result<Done> {
        self.check_stop()?;
        let sent = journal
            .entry(entry)?
            .transactions
            .len()
            .saturating_sub(job.sent_before);
        let uploaded = match &job.upload {
            Some(upload) if sent == 0 => Some((upload, self.upload(upload).await?)),
            _ => None,
        };
        let actions = job.deed.actions(self.registry.calls());
        let meter = self.meter(Stage::Confirming, actions.len() as u64);
        let (registry, account) = (&self.registry, &self.account);
        let sending = registry.execute(journal, entry, account, &actions, job.sent_before);
        let outcomes = self.unless_stopped(sending).await??;
        // Deleting objects on a wrong count would lose the only copy of a record.
        if outcomes.len() != job.sent_before.saturating_add(actions.len()) {
            let (sent, planned) = (outcomes.len(), actions.len());
            return Err(RecordsError::Journal(format!(
                "{sent} transactions where {planned} were planned"
            )));
        }
        meter.at(actions.len() as u64);
        if let Some((upload, Put::AlreadyThere)) = uploaded {
            // It may have been collected as an orphan between the upload that found it and the transaction.
            self.upload(upload).await?;
        }
        let left_behind = self.delete_all(&job.obsolete).await?;
        let receipts = outcomes.iter().map(Receipt::from).collect();
        Ok(Done {
            deed: job.deed.clone(),
            receipts,
            left_behind,
        })
    }

    async fn upload(&self, upload: &Upload) -> Result<Put> {
        let path = self.staging().join(&upload.file);
        let file = tokio::fs::File::open(&path)
            .await
            .map_err(RecordsError::file(&path))?;
        let storage = self.stores.at(&upload.place.locator)?;
        let meter = self.meter(Stage::Uploading, upload.len);
        let (name, mut told) = (upload.place.name(), |done| meter.at(done));
        let sending = storage.put(&name, upload.len, file, &mut told);
        Ok(self.unless_stopped(sending).await??)
    }

    /// Deletes objects; returns those that this user has no right to delete.
    pub(super) async fn delete_all(&self, objects: &[Placed]) -> Result<Vec<Placed>> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let meter = self.meter(Stage::Deleting, objects.len() as u64);
        let mut left = Vec::new();
        for (done, object) in objects.iter().enumerate() {
            self.check_stop()?;
            match self
                .stores
                .at(&object.locator)?
                .delete(&object.name())
                .await
            {
                Ok(()) => {}
                Err(StorageError::Denied(_)) => left.push(object.clone()),
                Err(error) => return Err(error.into()),
            }
            meter.at(done as u64 + 1);
        }
        Ok(left)
    }

    /// Decides whether an operation that failed is kept to be taken up again, and says what happened.
    async fn after_failure(
        &self,
        journal: &Journal,
        entry: EntryId,
        job: &Job,
        error: RecordsError,
    ) -> Result<RecordsError> {
        let transactions = journal.entry(entry)?.transactions;
        let own = transactions.get(job.sent_before..).unwrap_or_default();
        if error.is_passing() || own.iter().any(|tx| !tx.is_final) {
            return Ok(error);
        }
        let done = match own.is_empty() {
            true => 0,
            false => self.effective(journal, entry, job).await?,
        };
        if done > 0 {
            self.delete_all(&job.obsolete).await?;
            self.close(journal, entry, job)?;
            let of = job.deed.actions(self.registry.calls()).len();
            return Ok(RecordsError::Partly {
                done,
                of,
                source: Box::new(error),
            });
        }
        if let Some(upload) = &job.upload {
            // Nothing refers to it. If this fails it is an orphan, which the next collection takes.
            let _ = self.delete_all(std::slice::from_ref(&upload.place)).await;
        }
        self.close(journal, entry, job)?;
        Ok(explain(&job.deed, error))
    }

    /// How many of the operation's transactions took effect.
    async fn effective(&self, journal: &Journal, entry: EntryId, job: &Job) -> Result<usize> {
        let outcomes = self.registry.settle(journal, entry, &self.account).await?;
        Ok(outcomes
            .iter()
            .skip(job.sent_before)
            .filter(|outcome| outcome.failure.is_none())
            .count())
    }

    /// Forgets an operation.
    fn close(&self, journal: &Journal, entry: EntryId, job: &Job) -> Result<()> {
        journal.finish(entry)?;
        match &job.upload {
            Some(upload) => remove_file(&self.staging().join(&upload.file)),
            None => Ok(()),
        }
    }

    /// Removes staged objects that no operation in the journal needs: their sealing was interrupted.
    pub(super) fn clear_staging(&self, journal: &Journal) -> Result<()> {
        let folder = self.staging();
        let failed = || RecordsError::file(&folder);
        if !folder.exists() {
            return Ok(());
        }
        let payloads: Vec<_> = journal
            .entries()
            .into_iter()
            .map(|entry| entry.payload)
            .collect();
        let needed: HashSet<_> = payloads
            .iter()
            .filter_map(|p| p.get("upload")?.get("file")?.as_str())
            .collect();
        for file in fs::read_dir(&folder).map_err(failed())? {
            let name = file.map_err(failed())?.file_name();
            if !name.to_str().is_some_and(|name| needed.contains(name)) {
                remove_file(&folder.join(name))?;
            }
        }
        Ok(())
    }
}

fn remove_file(path: &std::path::Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(RecordsError::file(path)(error)),
        _ => Ok(()),
    }
}

fn not_rekeyed(job: &Job, source: RecordsError) -> RecordsError {
    match &job.deed {
        Deed::Revoke { id, .. } => RecordsError::NotRekeyed {
            id: *id,
            source: Box::new(source),
        },
        _ => source,
    }
}

/// A stale version is a lost update, whatever noticed it.
fn explain(deed: &Deed, error: RecordsError) -> RecordsError {
    let current = match &error {
        RecordsError::Chain(inner) => match &**inner {
            ChainError::Refused(refusal) => refusal.conflicting_version(),
            _ => None,
        },
        _ => None,
    };
    match (current, deed.expected_version()) {
        (Some(current), Some((id, based_on))) => RecordsError::LostUpdate {
            id,
            current,
            based_on,
        },
        _ => error,
    }
}
