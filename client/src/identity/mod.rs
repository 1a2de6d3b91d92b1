//! Who the user is, and whom they know.
//!
//! A *profile* is a folder with a sealed keystore and an address book. The keystore holds 32 bytes of
//! entropy; everything else about a user is derived from them and comes back from the 24 words.
//!
//! - [`RecoveryPhrase`]: the words and the seed; [`Identity`]: the keys derived from them.
//! - [`Passphrase`] and [`keystore`]: how the entropy rests on disk.
//! - [`Profiles`]: the folders. [`AddressBook`] and [`ContactCard`]: other people and their pinned keys.

mod account;
mod book;
mod card;
mod contact;
mod error;
mod files;
pub mod keystore;
mod passphrase;
mod phrase;
mod profile;

pub use account::{AccountKey, Identity};
pub use book::{AddressBook, KeyCheck, Person};
pub use card::ContactCard;
pub use contact::{Fingerprint, check_email, check_name, parse_address};
pub use error::IdentityError;
pub use passphrase::Passphrase;
pub use phrase::{RecoveryPhrase, WORDS};
pub use profile::{Profile, Profiles};
