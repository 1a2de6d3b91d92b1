//! `verify`: whether a record's ciphertext is intact.

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::cli::values;
use crate::records::Verified;

/// Check that a record's ciphertext is the one on record; needs no key.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal verify \"Blood test, March\"
  chartseal verify 3fa9c2d1… --at s3://bucket/records")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,

    /// Where it lies, if you cannot read where
    #[arg(long, value_name = "URL")]
    at: Option<String>,
}

impl Report for Verified {
    fn text(&self) -> String {
        fields(&[
            ("intact", self.id.to_string()),
            ("version", self.version.to_string()),
            ("digest", self.digest.to_string()),
            ("length", values::size(self.object_len)),
            ("stored at", self.locator.clone()),
        ])
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let at = self.at.as_deref().map(str::parse).transpose()?;
        app.show(&session.verify(id, at.as_ref()).await?)
    }
}
