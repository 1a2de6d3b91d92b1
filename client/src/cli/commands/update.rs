//! `update`: a new version.

use std::path::PathBuf;

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::records::{NewContent, Update};

/// Put a new version of a record on record.
///
/// If somebody else was faster, you are told and nothing is lost.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal update \"Blood test, March\" blood-test.pdf")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,

    /// The file with the new version
    file: PathBuf,

    /// What it is called from now on; without it, as before
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Its kind, such as application/pdf; without it, told by the file's name
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,

    /// The version that your file is based on; without it, the present one
    #[arg(long, value_name = "NUMBER")]
    based_on: Option<u32>,
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let content = NewContent {
            file: self.file,
            title: self.title,
            media_type: self.media_type,
            locator: None,
        };
        app.tell(
            &session,
            &session
                .update(&Update {
                    id,
                    content,
                    based_on: self.based_on,
                })
                .await?,
        )
        .await
    }
}
