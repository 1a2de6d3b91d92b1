//! Chartseal client: encrypts records, wraps their keys, keeps ciphertext in cloud storage and works the registry.

pub mod chain;
