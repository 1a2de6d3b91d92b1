//! Chartseal client: encrypts records, wraps their keys, keeps ciphertext in cloud storage and works the registry.
//!
//! - [`crypto`] seals content, keys, notes and titles; it opens no file and no connection.

pub mod crypto;
