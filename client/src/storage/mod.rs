//! Ciphertext objects in cloud storage or a folder.
//!
//! This module carries opaque bytes under content-addressed names; it knows neither keys nor the registry.
//!
//! - [`Locator`]: where a person's objects lie, as a URL; [`ObjectName`]: `<record id>/<digest>`.
//! - [`Storage`]: upload, download, length, removal, listing, and collection of orphans, in constant memory.
//!
//! All transports come from `object_store`: SigV4 and the like, multipart uploads, retries with backoff, and
//! downloads that resume where a connection broke.

mod connect;
mod error;
mod locator;
mod object;
mod orphan;

pub use connect::{Limits, Settings};
pub use error::StorageError;
pub use locator::{DIGEST_LEN, Locator, ObjectName, Scheme};
pub use object::{ObjectReader, Progress, Put, Storage, StoredObject};
pub use orphan::Collected;
