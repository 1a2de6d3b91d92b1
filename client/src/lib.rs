//! Chartseal client: encrypts records, wraps their keys, keeps ciphertext in cloud storage and works the registry.
//!
//! - [`chain`] reads and writes the registry, and indexes its events; it carries sealed bytes only.
//! - [`crypto`] seals content, keys, notes and titles; it opens no file and no connection.
//! - [`identity`] holds who the user is: phrase, keys, keystore, address book.
//! - [`records`] joins them: the use cases.
//! - [`storage`] keeps sealed objects in cloud storage or a folder; it knows no keys.
//! - [`cli`] is the program `chartseal`: arguments in, reports out.

pub mod chain;
pub mod cli;
pub mod crypto;
pub mod identity;
pub mod records;
pub mod storage;
