//! `init`: a new identity.

use std::path::PathBuf;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::cli::app::App;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Report;
use crate::cli::secret;
use crate::cli::table::fields;
use crate::cli::terminal;
use crate::identity::{RecoveryPhrase, WORDS, check_email, check_name};

/// How many of the words are asked for.
const ASKED: usize = 3;

/// Make a new identity on this machine.
///
/// You are shown 24 words once. They are the only way back to your records if this machine is lost, and
/// whoever has them can read everything: write them on paper. A passphrase protects them on this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: chartseal init --name \"Ada Lovelace\" --rpc http://127.0.0.1:8547 --storage file:///srv/records")]
pub(crate) struct Args {
    /// Your name, as others see it on your contact card
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Your e-mail address, for your contact card
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Write the 24 words into this new file instead of showing them; for tests and scripts
    #[arg(long, value_name = "FILE")]
    phrase_file: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Made {
    profile: String,
    address: String,
    fingerprint: String,
}

impl Report for Made {
    fn text(&self) -> String {
        let rows = [
            ("profile", &self.profile),
            ("account", &self.address),
            ("fingerprint", &self.fingerprint),
        ];
        fields(&rows)
    }
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        self.name.as_deref().map_or(Ok(()), check_name)?;
        self.email.as_deref().map_or(Ok(()), check_email)?;
        refuse_existing(app)?;
        let passphrase = app.new_passphrase(app.home.new_profile())?;
        let phrase = RecoveryPhrase::generate()?;
        match &self.phrase_file {
            Some(path) => secret::write_phrase(path, &phrase)?,
            None => show(&phrase)?,
        }
        make(
            app,
            &phrase,
            &passphrase,
            self.name.as_deref(),
            self.email.as_deref(),
        )
    }
}

/// Better now than after the words were written down.
pub(super) fn refuse_existing(app: &App) -> Outcome {
    let name = app.home.new_profile();
    if !app
        .home
        .profiles()
        .list()?
        .iter()
        .any(|known| known == name)
    {
        return Ok(());
    }
    let what = format!("there is already a profile named {name:?}");
    Err(Failure::new(
        Exit::Refused,
        what,
        "Choose another name with --profile.",
    ))
}

/// Makes the profile and remembers where everything is.
pub(super) fn make(
    app: &App,
    phrase: &RecoveryPhrase,
    passphrase: &crate::identity::Passphrase,
    name: Option<&str>,
    email: Option<&str>,
) -> Outcome {
    let profile = app
        .home
        .profiles()
        .create(app.home.new_profile(), phrase, passphrase)?;
    app.home
        .remember(&profile, &[("name", name), ("email", email)])?;
    app.home.remember(&profile, &app.home.places())?;
    let identity = crate::identity::Identity::from_phrase(phrase)?;
    app.show(&Made {
        profile: profile.name().to_owned(),
        address: identity.account().address().to_string(),
        fingerprint: identity.fingerprint(FIRST_KEY)?.to_string(),
    })
}

/// Version of the key that a first registration uses.
pub(super) const FIRST_KEY: u32 = 1;

/// Shows the words, has some of them typed again, and takes them from the screen.
fn show(phrase: &RecoveryPhrase) -> Outcome {
    if !terminal::present() {
        let what = "there is no terminal to show the 24 words on";
        let remedy = "Run it in a terminal, or have them written into a file with --phrase-file.";
        return Err(Failure::new(Exit::Declined, what, remedy));
    }
    let words = phrase.words();
    let page = page(&words);
    let done = || {
        terminal::ask("Write them down, in this order. Press Enter when you have them on paper. ")
    };
    terminal::show_briefly(&page, done)?;
    for at in positions()? {
        let typed = Zeroizing::new(terminal::ask(&format!("Word {}: ", at + 1))?);
        if typed.to_lowercase() != words[at] {
            let what = format!("word {} is another one", at + 1);
            let remedy = "Nothing was made. Run the command again and write down the new words.";
            return Err(Failure::new(Exit::Declined, what, remedy));
        }
    }
    Ok(())
}

fn page(words: &[&str; WORDS]) -> Zeroizing<String> {
    let mut page = Zeroizing::new(String::with_capacity(1024));
    page.push_str("Your recovery phrase. Whoever has it can read your records; without it nobody can help you.\n\n");
    for (row, line) in words.chunks(4).enumerate() {
        for (column, word) in line.iter().enumerate() {
            page.push_str(&format!("{:>4}. {word:<10}", 4 * row + column + 1));
        }
        page.push('\n');
    }
    page.push('\n');
    page
}

/// Different places of the phrase, in order, that nobody can foresee.
fn positions() -> Outcome<[usize; ASKED]> {
    let mut positions = [0; ASKED];
    let each = WORDS / ASKED;
    for (third, position) in positions.iter_mut().enumerate() {
        let mut random = [0];
        getrandom::fill(&mut random)
            .map_err(crate::crypto::CryptoError::from)
            .map_err(crate::identity::IdentityError::from)?;
        // 256 is a multiple of 8, so every word of the third is asked for equally often.
        *position = third * each + usize::from(random[0]) % each;
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_word_once_with_its_number() {
        let words = RecoveryPhrase::generate().unwrap().words();
        let page = page(&words);
        for (at, word) in words.iter().enumerate() {
            assert!(page.contains(&format!("{:>4}. {word} ", at + 1)), "{word}");
        }
    }

    #[test]
    fn one_word_of_each_third_is_asked_for() {
        for _ in 0..64 {
            let [a, b, c] = positions().unwrap();
            assert!(a < 8 && (8..16).contains(&b) && (16..24).contains(&c));
        }
    }
}
