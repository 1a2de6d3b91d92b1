//! Keystores that open quickly: with the least of memory and passes that the program accepts, as their header says.
//! Thousands of commands would otherwise spend their time on a passphrase.

use std::path::Path;

use aead::{AeadInOut, KeyInit};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

/// KiB; the lower bound of `chartseal::identity::keystore`, where the layout is described.
const MEMORY: u32 = 19 * 1024;
const HEADER: usize = 82;

/// Seals a phrase anew in the place of a keystore.
pub(crate) fn make_cheap(keystore: &Path, phrase: &str, passphrase: &str) {
    let mut file = std::fs::read(keystore).unwrap();
    for (at, number) in [(10, MEMORY), (14, 1), (18, 1)] {
        file[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    let mut key = [0; 32];
    let cost = Params::new(MEMORY, 1, 1, Some(32)).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
        .hash_password_into(passphrase.as_bytes(), &file[42..58], &mut key)
        .unwrap();
    let phrase = bip39::Mnemonic::parse(phrase).unwrap();
    let mut nonce = XNonce::default();
    nonce.copy_from_slice(&file[58..HEADER]);
    let (header, sealed) = file.split_at_mut(HEADER);
    let (entropy, tag) = sealed.split_at_mut(32);
    entropy.copy_from_slice(&phrase.to_entropy());
    let made = XChaCha20Poly1305::new(&key.into())
        .encrypt_inout_detached(&nonce, header, entropy.into())
        .unwrap();
    tag.copy_from_slice(&made);
    std::fs::write(keystore, file).unwrap();
}
