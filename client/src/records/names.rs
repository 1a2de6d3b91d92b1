//! From what people type to records and accounts.

use alloy_primitives::{Address, B256};

use super::error::{RecordsError, Result};
use super::list::RecordItem;
use super::party::Party;
use super::session::Session;
use crate::identity::{IdentityError, parse_address};

/// Fewest digits that name a record by the beginning of its id.
const MIN_PREFIX: usize = 4;
/// Candidates looked at for a beginning of an id.
const MAX_CANDIDATES: u32 = 64;
/// Digits that a candidate is shown with.
const SHOWN_DIGITS: usize = 12;

impl Session {
    /// Somebody by their name in the address book, or by their address.
    ///
    /// # Errors
    /// [`RecordsError::Identity`] if nobody or several fit.
    pub fn find_person(&self, wanted: &str) -> Result<Party> {
        let people = self.profile.people()?;
        match people.find(wanted) {
            Ok(person) => Ok(self.party_in(&people, person.address)),
            Err(IdentityError::NotFound { .. })
                if wanted.len() == 42 && wanted.starts_with("0x") =>
            {
                self.party(parse_address(wanted)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// As [`Session::find_person`], for many; one named twice is taken once.
    ///
    /// # Errors
    /// As there, and [`RecordsError::Nobody`].
    pub fn find_people<S: AsRef<str>>(&self, wanted: &[S]) -> Result<Vec<Address>> {
        let mut found = Vec::with_capacity(wanted.len());
        for name in wanted {
            let address = self.find_person(name.as_ref())?.address;
            if !found.contains(&address) {
                found.push(address);
            }
        }
        if found.is_empty() {
            Err(RecordsError::Nobody)
        } else {
            Ok(found)
        }
    }

    /// A record by its id, by the beginning of its id (at least four hexadecimal digits), or by its title.
    ///
    /// The user's own records and those shared with them come first; a beginning of an id also finds records of
    /// others, a title does not.
    ///
    /// # Errors
    /// [`RecordsError::NoSuchRecord`], [`RecordsError::AmbiguousRecord`].
    pub async fn find_record(&self, wanted: &str) -> Result<B256> {
        let digits = wanted.strip_prefix("0x").unwrap_or(wanted).to_lowercase();
        let is_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
        if is_hex && digits.len() == 64 {
            return digits
                .parse()
                .map_err(|_| RecordsError::NoSuchRecord(wanted.into()));
        }
        let known = self.list().await?;
        let titled = |item: &&RecordItem| {
            item.title
                .as_ref()
                .is_some_and(|title| title.to_lowercase() == wanted.to_lowercase())
        };
        let mut fits = live_first(known.iter().filter(titled));
        if fits.is_empty() && is_hex && digits.len() >= MIN_PREFIX {
            fits = live_first(known.iter().filter(|item| begins(item.id, &digits)));
            if fits.is_empty() {
                fits = self.strangers(&digits)?;
            }
        }
        match fits[..] {
            [id] => Ok(id),
            [] => Err(RecordsError::NoSuchRecord(wanted.into())),
            _ => {
                let short = |id: &B256| format!("{id:x}")[..SHOWN_DIGITS].to_owned();
                let candidates = fits.iter().map(short).collect();
                Err(RecordsError::AmbiguousRecord {
                    wanted: wanted.into(),
                    candidates,
                })
            }
        }
    }

    fn strangers(&self, digits: &str) -> Result<Vec<B256>> {
        let whole = &digits[..digits.len() / 2 * 2];
        let bytes = alloy_primitives::hex::decode(whole).unwrap_or_default();
        let found = self.history.records_with_prefix(&bytes, MAX_CANDIDATES)?;
        Ok(found
            .into_iter()
            .map(|entry| entry.record)
            .filter(|id| begins(*id, digits))
            .collect())
    }
}

fn begins(id: B256, digits: &str) -> bool {
    format!("{id:x}").starts_with(digits)
}

/// Removed records are only meant where no live one fits.
fn live_first<'a>(fits: impl Iterator<Item = &'a RecordItem>) -> Vec<B256> {
    let (removed, live): (Vec<_>, Vec<_>) = fits.partition(|item| item.removed);
    let chosen = if live.is_empty() { removed } else { live };
    chosen.into_iter().map(|item| item.id).collect()
}
