//! The use cases: what a person does with records. Here, and only here, cryptography, identity, storage and the
//! registry come together.
//!
//! A [`Session`] is a user at work; every use case is one of its methods.
//!
//! | who | methods |
//! |---|---|
//! | everybody | [`Session::register`], [`Session::rotate_key`], [`Session::who_am_i`], [`Session::people`], [`Session::verify_person`] |
//! | owners | [`Session::add`], [`Session::update`], [`Session::share`], [`Session::change_access`], [`Session::revoke`], [`Session::rekey`], [`Session::remove`], [`Session::approve`], [`Session::deny`], [`Session::allow_deposits`] |
//! | readers | [`Session::open`], [`Session::request`], [`Session::withdraw_request`], [`Session::deposit`], [`Session::vouch`] |
//! | anybody who looks | [`Session::list`], [`Session::info`], [`Session::access_list`], [`Session::requests`], [`Session::audit`], [`Session::verify`] |
//! | upkeep | [`Session::resume`], [`Session::unfinished`], [`Session::give_up`], [`Session::collect_garbage`] |
//!
//! Records and people are named by what users type through [`Session::find_record`] and [`Session::find_person`].

mod audit;
mod content;
mod current;
mod deed;
mod error;
mod job;
mod keys;
mod list;
mod names;
mod open;
mod party;
mod progress;
mod rekey;
mod remove;
mod requests;
mod seal;
mod session;
mod share;
mod stores;
mod users;
mod verify;

pub use audit::{AuditItem, purpose_name};
pub use content::{Deposit, Stored, Update};
pub use error::{Obstacle, RecordsError, Result};
pub use job::{Resumed, Unfinished};
pub use list::{AccessItem, RecordItem};
pub use open::{Open, Opened, Target, safe_name};
pub use party::{Party, Receipt};
pub use progress::{Progress, Silent, Stage};
pub use rekey::{Fetched, Rekeyed, Removed};
pub use remove::Erased;
pub use requests::{Approval, RequestItem, Requests};
pub use seal::NewContent;
pub use session::{Parts, Session};
pub use share::{NewTerms, Share, Shared};
pub use stores::Stores;
pub use users::{Acquaintance, Registration, WhoAmI};
pub use verify::{Orphan, Verified};
