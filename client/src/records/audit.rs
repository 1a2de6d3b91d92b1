//! The trail: who did what, when, from the registry's events alone.

use alloy_primitives::{Address, B256};
use serde::Serialize;

use super::error::{Result, role_name};
use super::party::Party;
use super::session::Session;
use crate::chain::{AccessLevel, Event, Occurrence, Purpose, Subject};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditItem {
    /// When, Unix seconds.
    pub at: u64,
    /// The block.
    pub block: u64,
    /// The transaction.
    pub tx: B256,
    /// The registry's name for it.
    pub event: &'static str,
    /// The record it is about.
    pub record: Option<B256>,
    /// Its title, where the user knows it.
    pub title: Option<String>,
    /// Who did it, where the event says so.
    pub who: Option<Party>,
    /// To whom.
    pub whom: Option<Party>,
    /// The rest, in words.
    pub detail: String,
    /// Until when that holds, Unix seconds; `None` for ever, and for what has no end.
    pub until: Option<u64>,
}

/// The parts of an event.
struct Told {
    event: &'static str,
    record: Option<B256>,
    who: Option<Address>,
    whom: Option<Address>,
    detail: String,
    until: Option<u64>,
}

impl Told {
    fn until(self, until: Option<u64>) -> Self {
        Self { until, ..self }
    }
}

impl Session {
    /// Everything that happened to a record, or that the user had part in, oldest first.
    ///
    /// # Errors
    /// [`RecordsError::Chain`](super::RecordsError::Chain).
    pub async fn audit(&self, record: Option<B256>) -> Result<Vec<AuditItem>> {
        let titles = self.titles().await?;
        let subject = record.map_or(Subject::User(self.me()), Subject::Record);
        let book = self.profile.people()?;
        let owner = match record {
            Some(id) => self.history.record(id)?.map(|entry| entry.owner),
            None => None,
        };
        let item = |Occurrence { at, event }| {
            let told = tell(&event, owner);
            AuditItem {
                at: at.timestamp,
                block: at.block,
                tx: at.tx,
                event: told.event,
                record: told.record,
                title: told.record.and_then(|id| titles.get(&id).cloned()),
                who: told.who.map(|who| self.party_in(&book, who)),
                whom: told.whom.map(|whom| self.party_in(&book, whom)),
                detail: told.detail,
                until: told.until,
            }
        };
        Ok(self.whole_audit(subject)?.into_iter().map(item).collect())
    }
}

/// `owner` acts where only an owner can and the event does not repeat who that is.
fn tell(event: &Event, owner: Option<Address>) -> Told {
    let told = |event, record, who, whom, detail: String| Told {
        event,
        record,
        who,
        whom,
        detail,
        until: None,
    };
    match event {
        Event::Registered {
            user,
            role,
            key_version,
            ..
        } => told(
            "Registered",
            None,
            Some(*user),
            None,
            format!("as {}, key {key_version}", role_name(*role)),
        ),
        Event::KeyRotated {
            user, key_version, ..
        } => told(
            "KeyRotated",
            None,
            Some(*user),
            None,
            format!("key {key_version}"),
        ),
        Event::Deregistered { user } => {
            told("Deregistered", None, Some(*user), None, String::new())
        }
        Event::Vouched {
            voucher,
            user,
            role,
            expires,
        } => {
            let detail = format!("as {}", role_name(*role));
            told("Vouched", None, Some(*voucher), Some(*user), detail).until(*expires)
        }
        Event::VouchWithdrawn { voucher, user } => told(
            "VouchWithdrawn",
            None,
            Some(*voucher),
            Some(*user),
            String::new(),
        ),
        Event::DepositsAllowed {
            owner,
            depositor,
            expires,
        } => told(
            "DepositsAllowed",
            None,
            Some(*owner),
            Some(*depositor),
            String::new(),
        )
        .until(*expires),
        Event::DepositsDisallowed { owner, depositor } => told(
            "DepositsDisallowed",
            None,
            Some(*owner),
            Some(*depositor),
            String::new(),
        ),
        other => tell_of_record(other, owner),
    }
}

fn tell_of_record(event: &Event, owner: Option<Address>) -> Told {
    let told = |event, record: &B256, who, whom, detail: String| Told {
        event,
        record: Some(*record),
        who,
        whom,
        detail,
        until: None,
    };
    let version = |version: &u32| format!("version {version}");
    match event {
        Event::RecordAdded { record, owner, .. } => {
            told("RecordAdded", record, Some(*owner), None, version(&1))
        }
        Event::RecordDeposited {
            record,
            owner,
            depositor,
            ..
        } => told(
            "RecordDeposited",
            record,
            Some(*depositor),
            Some(*owner),
            version(&1),
        ),
        Event::RecordUpdated {
            record,
            author,
            version: to,
            ..
        } => told("RecordUpdated", record, Some(*author), None, version(to)),
        Event::RecordRekeyed {
            record,
            version,
            epoch,
            ..
        } => told(
            "RecordRekeyed",
            record,
            owner,
            None,
            format!("version {version}, key epoch {epoch}"),
        ),
        Event::RecordRemoved { record } => {
            told("RecordRemoved", record, owner, None, String::new())
        }
        Event::Granted {
            record,
            user,
            level,
            purpose,
            expires,
            ..
        } => told(
            "Granted",
            record,
            owner,
            Some(*user),
            terms(*level, *purpose),
        )
        .until(*expires),
        Event::AccessUpdated {
            record,
            user,
            level,
            purpose,
            expires,
        } => told(
            "AccessUpdated",
            record,
            owner,
            Some(*user),
            terms(*level, *purpose),
        )
        .until(*expires),
        Event::Revoked { record, user } => {
            told("Revoked", record, owner, Some(*user), String::new())
        }
        Event::AccessRequested {
            record,
            user,
            owner,
            level,
            purpose,
            ..
        } => told(
            "AccessRequested",
            record,
            Some(*user),
            Some(*owner),
            terms(*level, *purpose),
        ),
        Event::RequestWithdrawn { record, user } => {
            told("RequestWithdrawn", record, Some(*user), None, String::new())
        }
        Event::RequestDenied { record, user } => {
            told("RequestDenied", record, owner, Some(*user), String::new())
        }
        Event::AccessLogged {
            record,
            user,
            purpose,
            version,
        } => {
            let detail = format!("version {version}, for {}", purpose_name(*purpose));
            told("AccessLogged", record, Some(*user), None, detail)
        }
        // The events without a record are told in `tell`.
        _ => Told {
            event: "",
            record: None,
            who: None,
            whom: None,
            detail: String::new(),
            until: None,
        },
    }
}

fn terms(level: AccessLevel, purpose: Purpose) -> String {
    let level = match level {
        AccessLevel::Read => "read",
        AccessLevel::All => "read and write",
    };
    format!("{level}, for {}", purpose_name(purpose))
}

/// A purpose in words.
pub fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Treatment => "treatment",
        Purpose::Emergency => "emergency",
        Purpose::Payment => "payment",
        Purpose::Operations => "operations",
        Purpose::Research => "research",
        Purpose::PublicHealth => "public health",
        Purpose::PatientRequest => "the patient's own request",
        Purpose::Legal => "legal proceedings",
    }
}
