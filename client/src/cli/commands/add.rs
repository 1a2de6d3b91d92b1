//! `add`: a new record.

use std::path::PathBuf;

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::money::bill;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::cli::values;
use crate::records::{Deposit, NewContent, Stored};

/// Encrypt a file and put it on record.
///
/// The file is encrypted here, stored, and its digest written to the registry. Title, kind and length are
/// encrypted too. With --for the record belongs to somebody else, who must have allowed it (`people allow`).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal add blood-test.pdf --title \"Blood test, March\"
  chartseal add prescription.json --for \"Ada Lovelace\"")]
pub(crate) struct Args {
    /// The file
    file: PathBuf,

    /// What it is called; without it, the file's name
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Its kind, such as application/pdf; without it, told by the file's name
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,

    /// The patient it is for, who will own it
    #[arg(long = "for", value_name = "PERSON")]
    patient: Option<String>,

    /// Keep no access to it yourself
    #[arg(long, requires = "patient")]
    no_access: bool,
}

impl Report for Stored {
    fn text(&self) -> String {
        fields(&[
            ("record", self.id.to_string()),
            ("title", self.title.clone()),
            ("owner", self.owner.to_string()),
            ("version", self.version.to_string()),
            ("kind", self.media_type.clone()),
            ("length", values::size(self.content_len)),
            ("digest", self.digest.to_string()),
            ("stored at", self.locator.clone()),
            ("paid", bill(&self.receipts)),
        ])
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let content = NewContent {
            file: self.file,
            title: self.title,
            media_type: self.media_type,
            locator: None,
        };
        let stored = match &self.patient {
            None => session.add(&content).await?,
            Some(patient) => {
                let owner = session.find_person(patient)?.address;
                session
                    .deposit(&Deposit {
                        owner,
                        content,
                        keep_access: !self.no_access,
                    })
                    .await?
            }
        };
        app.tell(&session, &stored).await
    }
}
