//! `people add`: somebody new.

use std::path::PathBuf;
use std::{fs, io};

use crate::cli::app::App;
use crate::cli::failure::{Failure, Outcome};
use crate::identity::{ContactCard, parse_address};

use super::list::Shown;

/// Longest file that may be a contact card, in bytes.
const MAX_CARD: u64 = 16 << 10;

/// Add somebody by contact card or by account.
///
/// A card carries the person's key, which is remembered: if the registry ever gives another one, you are
/// told. Without a card the key is remembered when it is first used. Either way, compare fingerprints with
/// `people verify` before you share anything that matters.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal people add --card ada.card --in-person
  chartseal people add \"Ada of ward 3\" --card ada.card
  chartseal people add \"Ada Lovelace\" 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed --email ada@clinic.example")]
pub(crate) struct Args {
    /// What you call them (otherwise, what their card says)
    #[arg(required_unless_present = "card")]
    name: Option<String>,

    /// Their account
    #[arg(required_unless_present = "card")]
    address: Option<String>,

    /// Their e-mail address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "card")]
    email: Option<String>,

    /// File with their contact card; - reads it from standard input
    #[arg(long, value_name = "FILE", conflicts_with = "address")]
    card: Option<PathBuf>,

    /// They gave you the card themselves: no need to compare fingerprints
    #[arg(long, requires = "card")]
    in_person: bool,
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        let (profile, _) = app.profile()?;
        let person = match (&self.card, self.name, &self.address) {
            (Some(path), name, _) => {
                let mut card: ContactCard = read(path)?.parse()?;
                if let Some(name) = name {
                    card.name = name;
                }
                profile.change_people(|book| book.add_card(&card, self.in_person).cloned())?
            }
            (None, Some(name), Some(address)) => {
                let address = parse_address(address)?;
                profile.change_people(|book| {
                    book.add(&name, self.email.as_deref(), address).cloned()
                })?
            }
            _ => {
                return Err(Failure::usage(
                    "nobody was named",
                    "Give a name and an account, or --card.",
                ));
            }
        };
        app.show(&Shown(person))
    }
}

fn read(path: &PathBuf) -> Outcome<String> {
    let mut text = String::new();
    let mut from: Box<dyn io::Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(fs::File::open(path).map_err(Failure::file(path))?)
    };
    io::Read::read_to_string(&mut io::Read::take(&mut from, MAX_CARD), &mut text)
        .map_err(Failure::file(path))?;
    Ok(text)
}
