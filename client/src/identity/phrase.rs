//! The recovery phrase: 24 words of BIP-39.

use std::fmt;

use bip39::{Language, Mnemonic};
use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

use super::IdentityError;
use crate::crypto::CryptoError;
use crate::crypto::key::SEED_LEN;

/// Words in a phrase.
pub const WORDS: usize = 24;
/// Bytes of entropy in a phrase: 24 words carry 256 bits and 8 bits of checksum.
pub(super) const ENTROPY_LEN: usize = 32;

/// 256 bits of entropy, written as 24 English words (BIP-39). Everything a user owns comes from it.
pub struct RecoveryPhrase(SecretBox<[u8; ENTROPY_LEN]>);

impl RecoveryPhrase {
    /// A new phrase from the operating system's random generator.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    pub fn generate() -> Result<Self, IdentityError> {
        let mut entropy = Zeroizing::new([0; ENTROPY_LEN]);
        getrandom::fill(&mut *entropy).map_err(CryptoError::from)?;
        Ok(Self::from_entropy(&entropy))
    }

    /// Reads words that a person typed: any case, any white space between them.
    ///
    /// # Errors
    /// [`IdentityError::WordCount`], [`IdentityError::UnknownWord`], [`IdentityError::PhraseChecksum`].
    pub fn parse(words: &str) -> Result<Self, IdentityError> {
        let words = Zeroizing::new(words.to_lowercase());
        let count = words.split_whitespace().count();
        if count != WORDS {
            return Err(IdentityError::WordCount(count));
        }
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &words).map_err(
            |error| match error {
                bip39::Error::UnknownWord(index) => IdentityError::UnknownWord(index + 1),
                _ => IdentityError::PhraseChecksum,
            },
        )?;
        let (entropy, _) = mnemonic.to_entropy_array();
        let entropy = Zeroizing::new(entropy);
        let (entropy, _) = entropy
            .split_first_chunk()
            .ok_or(IdentityError::WordCount(count))?;
        Ok(Self::from_entropy(entropy))
    }

    pub(super) fn from_entropy(entropy: &[u8; ENTROPY_LEN]) -> Self {
        Self(SecretBox::init_with_mut(|out: &mut [u8; ENTROPY_LEN]| {
            *out = *entropy
        }))
    }

    pub(super) fn entropy(&self) -> &[u8; ENTROPY_LEN] {
        self.0.expose_secret()
    }

    /// The words, to be shown once and written down.
    pub fn words(&self) -> [&'static str; WORDS] {
        let mut words = [""; WORDS];
        words
            .iter_mut()
            .zip(self.mnemonic().words())
            .for_each(|(slot, word)| *slot = word);
        words
    }

    /// BIP-39 seed, with an empty BIP-39 passphrase as wallets use by default.
    pub(super) fn seed(&self) -> Zeroizing<[u8; SEED_LEN]> {
        Zeroizing::new(self.mnemonic().to_seed_normalized(""))
    }

    fn mnemonic(&self) -> Mnemonic {
        Mnemonic::from_entropy_in(Language::English, self.entropy())
            .expect("32 bytes of entropy are one of the five lengths BIP-39 allows")
    }
}

impl fmt::Debug for RecoveryPhrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryPhrase([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BIP-39's own vectors (the reference implementation's `vectors.json`): entropy and words.
    #[test]
    fn published_entropy_gives_the_published_words() {
        let phrase = RecoveryPhrase::from_entropy(&[0; 32]);
        assert_eq!(phrase.words()[..23], ["abandon"; 23]);
        assert_eq!(phrase.words()[23], "art");
        let phrase = RecoveryPhrase::from_entropy(&[0xff; 32]);
        assert_eq!(phrase.words()[23], "vote");
    }

    #[test]
    fn words_round_trip_however_they_are_typed() {
        for _ in 0..64 {
            let phrase = RecoveryPhrase::generate().unwrap();
            let typed = format!("  {}\n", phrase.words().join(" \t").to_uppercase());
            let again = RecoveryPhrase::parse(&typed).unwrap();
            assert_eq!(again.entropy(), phrase.entropy());
            assert_eq!(again.seed(), phrase.seed());
        }
    }

    /// Threat 30: a bad phrase is refused with the reason.
    #[test]
    fn bad_phrases_are_refused_with_the_reason() {
        let good = [&["abandon"; 23][..], &["art"]].concat();
        let parse = |words: &[&str]| RecoveryPhrase::parse(&words.join(" "));
        assert!(parse(&good).is_ok());
        assert!(matches!(
            parse(&good[1..]),
            Err(IdentityError::WordCount(23))
        ));
        assert!(matches!(parse(&[]), Err(IdentityError::WordCount(0))));
        let mut unknown = good.clone();
        unknown[4] = "abandom";
        assert!(matches!(
            parse(&unknown),
            Err(IdentityError::UnknownWord(5))
        ));
        let mut swapped = good.clone();
        swapped.swap(0, 23);
        assert!(matches!(
            parse(&swapped),
            Err(IdentityError::PhraseChecksum)
        ));
    }

    /// 8 bits of checksum: of 2048 last words, 8 fit.
    #[test]
    fn a_wrong_last_word_is_caught_by_the_checksum() {
        let fits = Language::English
            .word_list()
            .iter()
            .filter(|last| {
                let words = [&["abandon"; 23][..], &[**last]].concat().join(" ");
                RecoveryPhrase::parse(&words).is_ok()
            })
            .count();
        assert_eq!(fits, 8);
    }
}
