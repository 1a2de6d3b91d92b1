//! `restore`: an identity from its words.

use std::path::PathBuf;

use super::init;
use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::secret;
use crate::identity::{check_email, check_name};

/// Bring an identity back from its 24 words.
///
/// The words give the same account and the same keys on any machine; your records open as before. The
/// address book is not in the words: people are added again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal restore --profile ada --name \"Ada Lovelace\"")]
pub(crate) struct Args {
    /// Your name, as others see it on your contact card
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Your e-mail address, for your contact card
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// File with the 24 words (otherwise CHARTSEAL_PHRASE, otherwise you are asked)
    #[arg(long, value_name = "FILE")]
    phrase_file: Option<PathBuf>,
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        self.name.as_deref().map_or(Ok(()), check_name)?;
        self.email.as_deref().map_or(Ok(()), check_email)?;
        init::refuse_existing(app)?;
        let phrase = secret::phrase(self.phrase_file.as_deref())?;
        let passphrase = app.new_passphrase(app.home.new_profile())?;
        init::make(
            app,
            &phrase,
            &passphrase,
            self.name.as_deref(),
            self.email.as_deref(),
        )
    }
}
