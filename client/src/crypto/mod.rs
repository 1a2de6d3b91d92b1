//! Cryptography: what is encrypted, under which key, bound to what.
//!
//! Nothing in here opens a file or a connection. Every construction is a published one:
//!
//! | module | construction | source |
//! |---|---|---|
//! | [`stream`] | chunked encryption of content, BLAKE3 digest alongside | <https://c2sp.org/chunked-encryption> |
//! | [`envelope`] | HPKE base mode, for record keys and request notes | RFC 9180 |
//! | [`info`] | padded, sealed record description | draft-irtf-cfrg-xchacha-03 |
//! | [`key`] | secrets and how they are derived | RFC 5869, RFC 9180 section 7.1.3 |
//! | [`context`] | what each ciphertext is bound to | `docs/format.md` |

pub mod context;
pub mod envelope;
mod error;
pub mod info;
pub mod key;
mod padding;
pub mod stream;

pub use error::CryptoError;
