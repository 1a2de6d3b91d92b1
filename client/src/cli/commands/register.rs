//! `register`: one's key and role on the registry.

use serde::Serialize;

use crate::chain::Role;
use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::money::bill;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::cli::values;
use crate::records::{Receipt, RecordsError, Registration};

/// Put your key and the role you claim on the registry.
///
/// Others need your key to share with you. The role is a claim: people believe it when somebody they trust
/// vouches for it. Node, registry and storage that are named here are remembered for this profile.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal register patient
  chartseal register doctor --contract 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
pub(crate) struct Args {
    /// The role you claim
    role: Role,
}

#[derive(Serialize)]
struct Registered {
    #[serde(flatten)]
    registration: Registration,
    receipts: Vec<Receipt>,
}

impl Report for Registered {
    fn text(&self) -> String {
        fields(&[
            ("role", values::role(self.registration.role).to_owned()),
            ("key version", self.registration.key_version.to_string()),
            ("fingerprint", self.registration.fingerprint.to_string()),
            ("paid", bill(&self.receipts)),
        ])
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let receipts = session.register(self.role).await?;
        let (profile, _) = app.profile()?;
        app.home.remember(&profile, &app.home.places())?;
        let registration = session
            .who_am_i()
            .await?
            .registration
            .ok_or(RecordsError::NotRegistered)?;
        app.tell(
            &session,
            &Registered {
                registration,
                receipts,
            },
        )
        .await
    }
}
