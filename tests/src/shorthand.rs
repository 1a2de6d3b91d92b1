//! The calls that most tests make, with the usual arguments.

use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use chartseal::chain::{AccessLevel, Purpose};
use chartseal::records::{NewContent, Open, Opened, Result, Session, Share, Target, Update};

/// Full access for treatment, for ever, for people whose role is vouched for.
pub fn share(id: B256, with: &Session) -> Share {
    Share {
        id,
        users: vec![with.me()],
        level: AccessLevel::All,
        purpose: Purpose::Treatment,
        expires: None,
        unvouched: false,
    }
}

/// Opens a record into a file that is not there yet, without a statement on the chain.
///
/// # Errors
/// As [`Session::open`].
pub async fn open(session: &Session, id: B256, target: &Path) -> Result<Opened> {
    let target = Target::File(target.to_owned());
    session
        .open(&Open {
            id,
            target,
            force: false,
            log: None,
        })
        .await
}

/// A new version out of a file.
pub fn update(id: B256, file: impl Into<PathBuf>, based_on: Option<u32>) -> Update {
    Update {
        id,
        content: NewContent::file(file),
        based_on,
    }
}
