//! Erasure: the objects go, a tombstone stays.

use alloy_primitives::B256;
use serde::Serialize;

use super::deed::Deed;
use super::error::Result;
use super::job::{Job, request_id};
use super::party::Receipt;
use super::session::Session;

/// A record that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// The record.
    pub id: B256,
    /// Objects that the store does not let this user delete: locator, record id and digest.
    pub left_behind: Vec<String>,
    /// The transactions.
    pub receipts: Vec<Receipt>,
}

impl Session {
    /// Removes a record: a tombstone on the chain ends everybody's access, then the objects of all versions are
    /// deleted. What is on the chain stays there, encrypted; the id is never used again.
    ///
    /// # Errors
    /// [`RecordsError::NotOwner`](super::RecordsError::NotOwner), [`RecordsError::Chain`](super::RecordsError::Chain),
    /// [`RecordsError::Storage`](super::RecordsError::Storage).
    pub async fn remove(&self, id: B256) -> Result<Erased> {
        let request = request_id(("remove", id))?;
        let done = match self.earlier(request).await? {
            Some(done) => done,
            None => {
                let current = self.own(id).await?;
                let info = self.info_now(&current).await?;
                let obsolete = self.objects_of(&current, &info.locator).await?;
                let grantees = self
                    .history
                    .grants_of(id)?
                    .into_iter()
                    .map(|grant| grant.user)
                    .collect();
                let deed = Deed::Remove { id, grantees };
                self.perform(Job {
                    obsolete,
                    ..Job::plain(request, deed)
                })
                .await?
            }
        };
        let left_behind = done
            .left_behind
            .iter()
            .map(|o| format!("{}/{}", o.locator, o.name()))
            .collect();
        Ok(Erased {
            id,
            left_behind,
            receipts: done.receipts,
        })
    }
}
