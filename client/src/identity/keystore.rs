//! The keystore: the phrase's entropy under a passphrase.
//!
//! ```text
//! offset  bytes
//!      0      8  "CHSEALKS"
//!      8      1  version, 1
//!      9      1  key derivation, 1 = Argon2id version 0x13 (RFC 9106)
//!     10      4  memory in KiB, big-endian
//!     14      4  passes
//!     18      4  lanes
//!     22     20  account address, readable without the passphrase
//!     42     16  salt
//!     58     24  nonce
//!     82     32  sealed entropy
//!    114     16  tag
//! ```
//!
//! XChaCha20-Poly1305 under the derived 32 bytes; the first 82 bytes are associated data, so that no byte of
//! the file can change unnoticed. Parameters are checked against bounds before any memory is taken.

use aead::{AeadInOut, KeyInit};
use alloy_primitives::Address;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::phrase::ENTROPY_LEN;
use super::{Identity, IdentityError, Passphrase, RecoveryPhrase};
use crate::crypto::CryptoError;

/// Length of a keystore in bytes.
pub const LEN: usize = HEADER_LEN + ENTROPY_LEN + TAG_LEN;

const MAGIC: &[u8; 8] = b"CHSEALKS";
const VERSION: u8 = 1;
const ARGON2ID: u8 = 1;
const ADDRESS_AT: usize = 22;
const SALT_AT: usize = 42;
const NONCE_AT: usize = 58;
const HEADER_LEN: usize = 82;
const TAG_LEN: usize = 16;

/// Cost of the key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// Memory in KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// RFC 9106 section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
    const RECOMMENDED: Self = Self {
        memory: 64 * 1024,
        passes: 3,
        lanes: 4,
    };

    /// What a keystore may ask for: from 19 MiB (OWASP's least) to 256 MiB.
    fn check(self) -> Result<Self, IdentityError> {
        let within = (19 * 1024..=256 * 1024).contains(&self.memory)
            && (1..=16).contains(&self.passes)
            && (1..=16).contains(&self.lanes);
        let refusal = "its key derivation parameters are out of bounds";
        if within {
            Ok(self)
        } else {
            Err(IdentityError::KeystoreFormat(refusal))
        }
    }

    /// Argon2id over the passphrase.
    fn derive(
        self,
        passphrase: &Passphrase,
        salt: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, IdentityError> {
        let params = Params::new(self.memory, self.passes, self.lanes, Some(32))
            .map_err(IdentityError::KeyDerivation)?;
        // Taken here and not inside argon2, so that it is wiped and a lack of memory is an error.
        let mut memory = Zeroizing::new(Vec::new());
        let blocks = params.block_count();
        memory
            .try_reserve_exact(blocks)
            .map_err(|_| IdentityError::KeyDerivation(argon2::Error::OutOfMemory))?;
        memory.resize_with(blocks, Block::default);
        let mut key = Zeroizing::new([0; 32]);
        let text = passphrase.expose().as_bytes();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(text, salt, &mut *key, &mut memory[..])
            .map_err(IdentityError::KeyDerivation)?;
        Ok(key)
    }
}

/// Seals a phrase under a passphrase. Takes about a tenth of a second and 64 MiB.
///
/// # Errors
/// [`CryptoError::Randomness`], [`IdentityError::KeyDerivation`], [`IdentityError::Invalid`] as
/// [`Identity::from_phrase`].
pub fn seal(phrase: &RecoveryPhrase, passphrase: &Passphrase) -> Result<[u8; LEN], IdentityError> {
    seal_at(Cost::RECOMMENDED, phrase, passphrase)
}

fn seal_at(
    cost: Cost,
    phrase: &RecoveryPhrase,
    passphrase: &Passphrase,
) -> Result<[u8; LEN], IdentityError> {
    let address = Identity::from_phrase(phrase)?.account().address();
    let mut file = [0; LEN];
    file[..8].copy_from_slice(MAGIC);
    file[8] = VERSION;
    file[9] = ARGON2ID;
    for (at, number) in [(10, cost.memory), (14, cost.passes), (18, cost.lanes)] {
        file[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    file[ADDRESS_AT..SALT_AT].copy_from_slice(address.as_slice());
    getrandom::fill(&mut file[SALT_AT..HEADER_LEN]).map_err(CryptoError::from)?;

    let key = cost.derive(passphrase, &file[SALT_AT..NONCE_AT])?;
    let mut entropy = Zeroizing::new(*phrase.entropy());
    let tag = XChaCha20Poly1305::new((&*key).into())
        .encrypt_inout_detached(
            &nonce(&file),
            &file[..HEADER_LEN],
            (&mut entropy[..]).into(),
        )
        .map_err(|_| CryptoError::CipherRefused)?;
    file[HEADER_LEN..HEADER_LEN + ENTROPY_LEN].copy_from_slice(&*entropy);
    file[HEADER_LEN + ENTROPY_LEN..].copy_from_slice(&tag);
    Ok(file)
}

/// Opens a keystore.
///
/// # Errors
/// [`IdentityError::KeystoreFormat`] before any memory is taken, [`IdentityError::KeystoreLocked`] for a
/// wrong passphrase or an altered file, [`IdentityError::KeyDerivation`].
pub fn open(file: &[u8], passphrase: &Passphrase) -> Result<RecoveryPhrase, IdentityError> {
    let (file, cost) = parse(file)?;
    let key = cost.derive(passphrase, &file[SALT_AT..NONCE_AT])?;
    let (sealed, tag) = file[HEADER_LEN..]
        .split_last_chunk::<TAG_LEN>()
        .ok_or(IdentityError::KeystoreFormat("it is cut short"))?;
    let mut entropy = Zeroizing::new([0; ENTROPY_LEN]);
    entropy.copy_from_slice(sealed);
    XChaCha20Poly1305::new((&*key).into())
        .decrypt_inout_detached(
            &nonce(file),
            &file[..HEADER_LEN],
            (&mut entropy[..]).into(),
            &(*tag).into(),
        )
        .map_err(|_| IdentityError::KeystoreLocked)?;
    Ok(RecoveryPhrase::from_entropy(&entropy))
}

/// The account a keystore says it holds; authenticated only once it is opened.
///
/// # Errors
/// [`IdentityError::KeystoreFormat`].
pub fn address(file: &[u8]) -> Result<Address, IdentityError> {
    let (file, _) = parse(file)?;
    Ok(Address::from_slice(&file[ADDRESS_AT..SALT_AT]))
}

/// Checks everything that can be checked without the passphrase.
fn parse(file: &[u8]) -> Result<(&[u8; LEN], Cost), IdentityError> {
    let wrong = |reason| Err(IdentityError::KeystoreFormat(reason));
    let Ok(file) = <&[u8; LEN]>::try_from(file) else {
        return wrong("it has not 130 bytes");
    };
    if &file[..8] != MAGIC {
        return wrong("it is no keystore");
    }
    if file[8] != VERSION {
        return wrong("it was made by a newer version of chartseal");
    }
    if file[9] != ARGON2ID {
        return wrong("its key derivation is unknown");
    }
    let number =
        |at: usize| u32::from_be_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    let cost = Cost {
        memory: number(10),
        passes: number(14),
        lanes: number(18),
    }
    .check()?;
    Ok((file, cost))
}

fn nonce(file: &[u8; LEN]) -> XNonce {
    let mut nonce = XNonce::default();
    nonce.copy_from_slice(&file[NONCE_AT..HEADER_LEN]);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory: 19 * 1024,
        passes: 1,
        lanes: 1,
    };

    fn passphrase() -> Passphrase {
        Passphrase::new("correct horse battery staple")
    }

    #[test]
    fn what_is_sealed_opens_and_says_whose_it_is() {
        let phrase = RecoveryPhrase::generate().unwrap();
        let file = seal(&phrase, &passphrase()).unwrap();
        assert_eq!(parse(&file).unwrap().1, Cost::RECOMMENDED);
        assert_eq!(
            open(&file, &passphrase()).unwrap().entropy(),
            phrase.entropy()
        );
        let identity = Identity::from_phrase(&phrase).unwrap();
        assert_eq!(address(&file).unwrap(), identity.account().address());
        let wrong = open(&file, &Passphrase::new("Correct horse battery staple"));
        assert!(matches!(wrong, Err(IdentityError::KeystoreLocked)));
    }

    /// Threat 29: every byte of the file is authenticated.
    #[test]
    fn a_flip_of_any_byte_is_rejected() {
        let phrase = RecoveryPhrase::from_entropy(&[3; ENTROPY_LEN]);
        let mut file = seal_at(CHEAP, &phrase, &passphrase()).unwrap();
        let mut rejected = 0;
        for at in 0..LEN {
            file[at] ^= 1;
            rejected += usize::from(open(&file, &passphrase()).is_err());
            file[at] ^= 1;
        }
        assert_eq!(rejected, LEN);
        open(&file, &passphrase()).unwrap();
    }

    /// Threats 29 and 33: lengths and parameters are bounded before anything is allocated.
    #[test]
    fn parameters_out_of_bounds_are_refused() {
        let phrase = RecoveryPhrase::from_entropy(&[3; ENTROPY_LEN]);
        let file = seal_at(CHEAP, &phrase, &passphrase()).unwrap();
        let with = |at: usize, number: u32| {
            let mut changed = file;
            changed[at..at + 4].copy_from_slice(&number.to_be_bytes());
            matches!(
                open(&changed, &passphrase()),
                Err(IdentityError::KeystoreFormat(_))
            )
        };
        for (at, numbers) in [
            (10, [0, 19 * 1024 - 1, 256 * 1024 + 1, 4 << 20, u32::MAX]),
            (14, [0, 17, 1 << 16, 1 << 24, u32::MAX]),
            (18, [0, 17, 1 << 16, 1 << 24, u32::MAX]),
        ] {
            assert!(
                numbers.into_iter().all(|number| with(at, number)),
                "offset {at}"
            );
        }
        for len in [0, 1, 81, LEN - 1] {
            assert!(open(&file[..len], &passphrase()).is_err());
        }
        assert!(open(&[&file[..], &[0]].concat(), &passphrase()).is_err());
    }

    #[test]
    fn sealing_twice_shares_no_salt_nonce_or_key() {
        let phrase = RecoveryPhrase::from_entropy(&[3; ENTROPY_LEN]);
        let one = seal_at(CHEAP, &phrase, &passphrase()).unwrap();
        let two = seal_at(CHEAP, &phrase, &passphrase()).unwrap();
        assert_eq!(one[..SALT_AT], two[..SALT_AT]);
        assert_ne!(one[SALT_AT..NONCE_AT], two[SALT_AT..NONCE_AT]);
        assert_ne!(one[NONCE_AT..HEADER_LEN], two[NONCE_AT..HEADER_LEN]);
        assert_ne!(one[HEADER_LEN..], two[HEADER_LEN..]);
    }
}
