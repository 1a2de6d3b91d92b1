//! `people verify`: fingerprints compared between two people.

use alloy_primitives::Address;

use super::list::Shown;
use crate::cli::app::App;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::identity::Fingerprint;
use crate::records::Session;

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
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let address = session.find_person(&self.person)?.address;
        let fingerprint = match self.fingerprint {
            Some(told) => told,
            None => ask(app, &session, address).await?,
        };
        session.verify_person(address, fingerprint).await?;
        app.show(&Shown(
            session.profile().people()?.find(&self.person)?.clone(),
        ))
    }
}

/// Shows the fingerprint of the key that the registry has, and asks whether the person has the same.
async fn ask(app: &App, session: &Session, address: Address) -> Outcome<Fingerprint> {
    let people = session.people().await?;
    let found = people
        .iter()
        .find(|someone| someone.person.address == address);
    let known = found.and_then(|someone| Some((&someone.person.name, someone.fingerprint?)));
    let Some((name, fingerprint)) = known else {
        let what = "the registry has no key of theirs, or they are not in your address book";
        return Err(Failure::new(
            Exit::NotFound,
            what,
            "Ask them to register, and add them with `people add`.",
        ));
    };
    app.confirm(&format!(
        "{name}: {fingerprint}\nDo they read out the same?"
    ))?;
    Ok(fingerprint)
}
