//! Passphrases: where they come from and which are good enough.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::IdentityError;

/// Fewest characters of a new passphrase.
const MIN_CHARS: usize = 12;
/// Most bytes of any passphrase, so that a wrong file is not read whole.
const MAX_BYTES: u64 = 1024;

/// A passphrase, NFKC-normalised so that it does not depend on the keyboard (NIST SP 800-63B section 5.1.1.2).
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// Takes what a person typed.
    pub fn new(typed: &str) -> Self {
        let normal = Zeroizing::new(typed.nfkc().collect::<String>());
        Self(SecretString::from(normal.as_str()))
    }

    /// Reads the first line of a file.
    ///
    /// # Errors
    /// [`IdentityError::NoPassphrase`] if it cannot be read, is empty, is not UTF-8 or exceeds 1,024 bytes.
    pub fn from_file(path: &Path) -> Result<Self, IdentityError> {
        let refused = |reason: String| IdentityError::NoPassphrase {
            from: format!("file {}", path.display()),
            reason,
        };
        let mut text = Zeroizing::new(String::new());
        let file = File::open(path).map_err(|error| refused(error.to_string()))?;
        file.take(MAX_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(|error| refused(error.to_string()))?;
        Self::given(text.lines().next().unwrap_or_default(), refused)
    }

    /// Reads an environment variable.
    ///
    /// # Errors
    /// [`IdentityError::NoPassphrase`] if it is not set, empty, not UTF-8 or exceeds 1,024 bytes.
    pub fn from_env(variable: &str) -> Result<Self, IdentityError> {
        let refused = |reason: String| IdentityError::NoPassphrase {
            from: format!("environment variable {variable}"),
            reason,
        };
        let text = match std::env::var(variable) {
            Ok(text) => Zeroizing::new(text),
            Err(std::env::VarError::NotPresent) => return Err(refused("it is not set".into())),
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(refused("it is not UTF-8".into()));
            }
        };
        Self::given(&text, refused)
    }

    fn given(text: &str, refused: impl Fn(String) -> IdentityError) -> Result<Self, IdentityError> {
        match text.len() as u64 {
            0 => Err(refused("it is empty".into())),
            1..=MAX_BYTES => Ok(Self::new(text)),
            _ => Err(refused("it is longer than 1,024 bytes".into())),
        }
    }

    /// Whether it may protect a new keystore: at least 12 characters, and estimated by zxcvbn (Wheeler 2016)
    /// to take at least 10^8 guesses, each of which costs 64 MiB and three passes of Argon2id.
    ///
    /// `known` is what an attacker would try first: the user's names.
    ///
    /// # Errors
    /// [`IdentityError::WeakPassphrase`] with the reason.
    pub fn check_strength(&self, known: &[&str]) -> Result<(), IdentityError> {
        let text = self.expose();
        let weak = |reason: String| Err(IdentityError::WeakPassphrase(reason));
        let chars = text.chars().count();
        if chars < MIN_CHARS {
            return weak(format!(
                "it has {chars} characters, at least {MIN_CHARS} are needed"
            ));
        }
        if text.len() as u64 > MAX_BYTES {
            return weak("it is longer than 1,024 bytes".into());
        }
        let estimate = zxcvbn(text, known);
        if estimate.score() >= Score::Three {
            return Ok(());
        }
        let warning = estimate.feedback().and_then(|feedback| feedback.warning());
        weak(warning.map_or_else(
            || "it is easy to guess".into(),
            |warning| warning.to_string(),
        ))
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threat 30: common and short passphrases are refused, with the reason.
    #[test]
    fn weak_passphrases_are_refused_with_the_reason() {
        let weak = [
            "",
            "short",
            "password1234",
            "passwordpassword",
            "123456789012",
            "qwertyuiopas",
            "aaaaaaaaaaaaaaaa",
            "iloveyou1234",
            "letmeinletmein",
            "abcabcabcabc",
            "administrator",
            "P@ssw0rd1234",
            "alicealicealice",
        ];
        for text in weak {
            let checked = Passphrase::new(text).check_strength(&["alice"]);
            let Err(IdentityError::WeakPassphrase(reason)) = checked else {
                panic!("{text} was taken")
            };
            assert!(!reason.is_empty());
            assert!(
                text.is_empty() || !reason.contains(text),
                "the reason repeats the passphrase"
            );
        }
        for text in [
            "correct horse battery staple",
            "Blaue-Tasse/7 Regen am Dach",
            "vZ8#qL!m2@Wx",
        ] {
            Passphrase::new(text).check_strength(&[]).unwrap();
        }
        assert!(
            Passphrase::new(&"tree ".repeat(300))
                .check_strength(&[])
                .is_err()
        );
    }

    #[test]
    fn one_passphrase_has_one_form() {
        assert_eq!(
            Passphrase::new("e\u{301}te\u{301}").expose(),
            Passphrase::new("été").expose()
        );
    }

    #[test]
    fn a_file_gives_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        std::fs::write(&path, "correct horse battery staple\r\nsecond line\n").unwrap();
        assert_eq!(
            Passphrase::from_file(&path).unwrap().expose(),
            "correct horse battery staple"
        );
        let long = vec![b'x'; 4096];
        for bad in [&b""[..], b"\nsecond", b"\xff\xfe", &long] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(
                Passphrase::from_file(&path),
                Err(IdentityError::NoPassphrase { .. })
            ));
        }
        assert!(Passphrase::from_file(&folder.path().join("absent")).is_err());
        assert!(Passphrase::from_file(folder.path()).is_err());
        assert!(Passphrase::from_env("CHARTSEAL_TEST_VARIABLE_THAT_IS_NOT_SET").is_err());
    }

    #[test]
    fn debug_shows_no_passphrase() {
        assert_eq!(
            format!("{:?}", Passphrase::new("hunter2")),
            "Passphrase([REDACTED])"
        );
    }
}
