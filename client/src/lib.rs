//! Chartseal client: encrypts records, wraps their keys, keeps ciphertext in cloud storage and works the registry.
//!
//! - [`crypto`] seals content, keys, notes and titles; it opens no file and no connection.
//! - [`identity`] holds who the user is: phrase, keys, keystore, address book.
//! - [`storage`] keeps sealed objects in cloud storage or a folder; it knows no keys.
//! - [`chain`] reads and writes the registry; it knows neither keys of records nor storage.
//! - [`records`] joins them: the use cases.

pub mod chain;
pub mod crypto;
pub mod identity;
pub mod records;
pub mod storage;
