//! What every command is given: settings, output, and the user's answers.

use std::cell::OnceCell;

use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::args::Global;
use super::config::{Home, Settings};
use super::failure::Outcome;
use super::output::{Output, Report};
use super::{secret, session, terminal};
use crate::chain::Account;
use crate::identity::{Identity, Passphrase, Profile};
use crate::records::Session;

/// One run of the program.
pub(crate) struct App {
    pub(crate) home: Home,
    pub(crate) output: Output,
    /// Cancelled when an operation that was asked to stop took too long to do so.
    pub(crate) overdue: CancellationToken,
    given: Global,
    passphrase: OnceCell<Passphrase>,
}

impl App {
    pub(crate) fn new(given: Global) -> Outcome<Self> {
        let output = Output::new(given.json);
        Ok(Self {
            home: Home::open(&given)?,
            output,
            overdue: CancellationToken::new(),
            given,
            passphrase: OnceCell::new(),
        })
    }

    pub(crate) fn show(&self, report: &impl Report) -> Outcome {
        self.output.show(report)
    }

    /// Asks, unless the user has said yes to everything.
    pub(crate) fn confirm(&self, question: &str) -> Outcome {
        if self.given.yes {
            Ok(())
        } else {
            terminal::confirm(question)
        }
    }

    /// Whether somebody may be interested in progress.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.given.quiet && !self.output.is_json()
    }

    /// Prints the answer to a command that may have changed something. If that fails, or the program is killed before,
    /// the same command gives the answer again.
    pub(crate) async fn tell(&self, session: &Session, report: &impl Report) -> Outcome {
        self.show(report)?;
        Ok(session.told().await?)
    }

    /// A user at work: keystore open, registry checked, stores ready.
    pub(crate) async fn session(&self) -> Outcome<Session> {
        session::open(self).await
    }

    pub(crate) fn profile(&self) -> Outcome<(Profile, Settings)> {
        let profile = self.home.profile()?;
        let settings = self.home.settings(&profile)?;
        Ok((profile, settings))
    }

    /// Opens a profile's keystore.
    pub(crate) fn unlock(&self, profile: &Profile) -> Outcome<Identity> {
        let question = format!("Passphrase of profile {}: ", profile.name());
        let passphrase = match self.passphrase.get() {
            Some(passphrase) => passphrase.clone(),
            None => secret::passphrase(self.given.passphrase_file.as_deref(), &question)?,
        };
        Ok(profile.unlock(self.passphrase.get_or_init(|| passphrase))?)
    }

    /// The account that signs a profile's transactions.
    pub(crate) fn account(&self, profile: &Profile) -> Outcome<Account> {
        let identity = self.unlock(profile)?;
        let secret = Zeroizing::new(*identity.account().expose_secret());
        Ok(Account::from_secret(&secret)?)
    }

    /// A passphrase for a new keystore; typed ones are asked for twice.
    pub(crate) fn new_passphrase(&self, profile: &str) -> Outcome<Passphrase> {
        secret::new_passphrase(self.given.passphrase_file.as_deref(), profile)
    }
}
