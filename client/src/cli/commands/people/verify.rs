//! `people verify`: fingerprints compared between two people.

use super::list::Shown;
use crate::cli::app::App;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::identity::Fingerprint;

/// Compare somebody's fingerprint with them.
///
/// Call the person or meet them, and have them run `chartseal whoami`. If both fingerprints are the same,
/// nobody put another key between you.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: chartseal people verify \"Ada Lovelace\" --fingerprint \"91ab 02c4 …\"")]
pub(crate) struct Args {
    /// Their name or account
    person: String,

    /// What they read to you; without it you are shown what you have and asked whether it is the same
    #[arg(long, value_name = "DIGITS")]
    fingerprint: Option<Fingerprint>,
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        let (profile, _) = app.profile()?;
        let person = profile.people()?.find(&self.person)?.clone();
        let Some(pinned) = person.pinned else {
            let what = format!("{}'s key was not seen yet", person.name);
            return Err(Failure::new(
                Exit::NotFound,
                what,
                "Add their contact card with `people add --card`.",
            ));
        };
        match self.fingerprint {
            Some(told) if told == pinned => {}
            Some(_) => return Err(differs(&person.name)),
            None => app.confirm(&format!(
                "{}: {pinned}\nDo they read out the same?",
                person.name
            ))?,
        }
        let person = profile.change_people(|book| {
            book.verify(&person.address, pinned)?;
            book.find(&self.person).cloned()
        })?;
        app.show(&Shown(person))
    }
}

fn differs(name: &str) -> Failure {
    let what = format!("this is not the fingerprint of the key you have for {name}");
    Failure::new(
        Exit::Untrusted,
        what,
        "Share nothing with them before you both know why.",
    )
}
