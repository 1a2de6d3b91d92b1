//! What identifies other people: names, e-mail addresses, accounts, fingerprints.

use std::fmt;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::IdentityError;
use crate::crypto::key::EncryptionPublicKey;

const LABEL: &[u8] = b"chartseal/v1 fingerprint\0";
const FINGERPRINT_LEN: usize = 20;
const MAX_NAME: usize = 64;
/// Longest e-mail address, RFC 5321 section 4.5.3.1.3 less the angle brackets.
const MAX_EMAIL: usize = 254;

/// First 20 bytes of SHA-256(label ‖ account ‖ compressed key): what two people read to each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; FINGERPRINT_LEN]);

impl Fingerprint {
    /// Fingerprint of an account and its encryption key.
    pub fn of(address: &Address, key: &EncryptionPublicKey) -> Self {
        let hash = Sha256::new()
            .chain_update(LABEL)
            .chain_update(address)
            .chain_update(key.to_sec1_compressed())
            .finalize();
        let mut bytes = [0; FINGERPRINT_LEN];
        bytes.copy_from_slice(&hash[..FINGERPRINT_LEN]);
        Self(bytes)
    }
}

/// Ten groups of four hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, pair) in self.0.chunks(2).enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{:02x}{:02x}", pair[0], pair[1])?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = IdentityError;

    /// Digits as a person types them: any case, any spaces.
    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let wrong = || IdentityError::invalid("the fingerprint", "it is not 40 hexadecimal digits");
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| {
                c.to_digit(16)
                    .and_then(|d| u8::try_from(d).ok())
                    .ok_or_else(wrong)
            })
            .collect::<Result<_, _>>()?;
        if digits.len() != 2 * FINGERPRINT_LEN {
            return Err(wrong());
        }
        let mut bytes = [0; FINGERPRINT_LEN];
        bytes
            .iter_mut()
            .zip(digits.chunks(2))
            .for_each(|(b, pair)| *b = pair[0] << 4 | pair[1]);
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = IdentityError;

    fn try_from(text: String) -> Result<Self, IdentityError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

/// A person's name: 1 to 64 characters, none of them able to confuse a terminal.
///
/// # Errors
/// [`IdentityError::Invalid`].
pub fn check_name(name: &str) -> Result<(), IdentityError> {
    let wrong = |reason: &str| Err(IdentityError::invalid("the name", reason));
    if name.trim() != name || name.is_empty() {
        return wrong("it is empty or has spaces around it");
    }
    if name.chars().count() > MAX_NAME {
        return wrong("it is longer than 64 characters");
    }
    if name.starts_with("0x") {
        return wrong("it looks like an address");
    }
    if name.chars().any(confuses_terminals) {
        return wrong("it has control or direction characters in it");
    }
    Ok(())
}

/// Control characters, and those that reorder or hide text (Unicode TR 36 section 2.10.2).
fn confuses_terminals(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// An e-mail address: something before and after one `@`, no spaces, at most 254 bytes.
///
/// # Errors
/// [`IdentityError::Invalid`].
pub fn check_email(email: &str) -> Result<(), IdentityError> {
    let parts = email.split_once('@');
    let shaped = parts.is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.contains('@') && !host.ends_with('.')
    });
    let clean = !email
        .chars()
        .any(|c| c.is_whitespace() || confuses_terminals(c));
    if shaped && clean && email.len() <= MAX_EMAIL {
        Ok(())
    } else {
        Err(IdentityError::invalid(
            "the e-mail address",
            "it is not of the form name@host.domain",
        ))
    }
}

/// An account address: `0x` and 40 hexadecimal digits, all in one case or with a right EIP-55 checksum.
///
/// # Errors
/// [`IdentityError::Invalid`]; never the zero address.
pub fn parse_address(text: &str) -> Result<Address, IdentityError> {
    let wrong = |reason: &str| IdentityError::invalid("the address", reason);
    let digits = text
        .strip_prefix("0x")
        .ok_or_else(|| wrong("it does not start with 0x"))?;
    let address: Address = text
        .parse()
        .map_err(|_| wrong("it is not 40 hexadecimal digits"))?;
    let one_case = digits == digits.to_lowercase() || digits == digits.to_uppercase();
    if !one_case && address.to_string() != text {
        return Err(wrong(
            "its upper and lower case do not fit (EIP-55): a digit is mistyped",
        ));
    }
    if address.is_zero() {
        return Err(wrong("it is the zero address"));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EIP-55's own examples.
    #[test]
    fn eip55_examples_are_taken_and_typos_refused() {
        for good in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert_eq!(parse_address(good).unwrap().to_string(), good);
            assert!(parse_address(&good.to_lowercase()).is_ok());
            let at = good.rfind(char::is_alphabetic).unwrap();
            let mut other_case = good.as_bytes().to_vec();
            other_case[at] ^= 0x20;
            assert!(
                parse_address(std::str::from_utf8(&other_case).unwrap()).is_err(),
                "{good}"
            );
        }
        let zero = format!("0x{}", "0".repeat(40));
        for bad in [
            "",
            "0x",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x12",
            &zero,
        ] {
            assert!(parse_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_and_addresses_that_mislead_are_refused() {
        for good in ["Dr. Ada Møller", "李医生", "o'Neil"] {
            check_name(good).unwrap();
        }
        let long = "x".repeat(65);
        for bad in [
            "",
            " a",
            "a\u{1b}[31m",
            "a\u{202e}b",
            "a\nb",
            "0xabc",
            "a\u{200b}b",
            &long,
        ] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        check_email("ada@clinic.example").unwrap();
        for bad in [
            "",
            "ada",
            "@x.y",
            "a@b",
            "a@b@c.d",
            "a b@c.d",
            "a@c.d.",
            "a@c.\u{7}d",
        ] {
            assert!(check_email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn fingerprints_round_trip_and_tell_keys_apart() {
        use crate::crypto::key::EncryptionKeyPair;
        let key = |version| {
            EncryptionKeyPair::from_seed(&[5; 64], version)
                .unwrap()
                .public()
        };
        let one = Fingerprint::of(&Address::repeat_byte(1), &key(1));
        assert_eq!(one.to_string().len(), 49);
        assert_eq!(
            one.to_string()
                .to_uppercase()
                .replace(' ', "")
                .parse::<Fingerprint>()
                .unwrap(),
            one
        );
        assert_ne!(one, Fingerprint::of(&Address::repeat_byte(1), &key(2)));
        assert_ne!(one, Fingerprint::of(&Address::repeat_byte(2), &key(1)));
        for bad in ["", "12", &"g".repeat(40), &"é".repeat(40), &"1".repeat(41)] {
            assert!(bad.parse::<Fingerprint>().is_err());
        }
    }
}
