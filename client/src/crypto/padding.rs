//! Padding that hides how long a short text is.

use super::CryptoError;

/// Padded lengths are multiples of this many bytes.
const BLOCK: usize = 128;
/// Bytes of the length that comes first.
const PREFIX: usize = 2;

/// How texts of one kind are padded.
#[derive(Clone, Copy)]
pub(super) struct Padding {
    /// What the texts are called in errors.
    pub(super) what: &'static str,
    /// Most blocks of 128 bytes of a padded text.
    pub(super) blocks: usize,
}

impl Padding {
    /// Longest padded text in bytes.
    pub(super) const fn max_padded(self) -> usize {
        self.blocks * BLOCK
    }

    /// Longest text in bytes.
    pub(super) const fn max_text(self) -> usize {
        self.max_padded() - PREFIX
    }

    /// Length (2 bytes, big-endian) ‖ text ‖ zeros up to a multiple of 128 bytes.
    ///
    /// # Errors
    /// [`CryptoError::TextTooLong`] past [`Padding::max_text`].
    pub(super) fn pad(self, text: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let too_long = CryptoError::TextTooLong {
            what: self.what,
            len: text.len(),
            max: self.max_text(),
        };
        if text.len() > self.max_text() {
            return Err(too_long);
        }
        let len = u16::try_from(text.len()).map_err(|_| too_long)?;
        let mut padded = Vec::with_capacity(self.max_padded());
        padded.extend_from_slice(&len.to_be_bytes());
        padded.extend_from_slice(text);
        padded.resize(padded.len().next_multiple_of(BLOCK), 0);
        Ok(padded)
    }

    /// Takes the text out again.
    ///
    /// # Errors
    /// [`CryptoError::Malformed`] for anything that [`Padding::pad`] would not have written.
    pub(super) fn unpad(self, padded: &[u8]) -> Result<&[u8], CryptoError> {
        let malformed = || CryptoError::Malformed(self.what);
        if padded.len() > self.max_padded() {
            return Err(malformed());
        }
        let (prefix, rest) = padded.split_first_chunk::<PREFIX>().ok_or_else(malformed)?;
        let len = usize::from(u16::from_be_bytes(*prefix));
        let (text, zeros) = rest.split_at_checked(len).ok_or_else(malformed)?;
        let minimal = (PREFIX + len).next_multiple_of(BLOCK) == padded.len();
        if !minimal || zeros.iter().any(|&byte| byte != 0) {
            return Err(malformed());
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: Padding = Padding {
        what: "title",
        blocks: 3,
    };

    #[test]
    fn every_length_round_trips_in_the_smallest_block() {
        for len in 0..=TITLE.max_text() {
            let text = vec![0xa5; len];
            let padded = TITLE.pad(&text).unwrap();
            assert_eq!(padded.len() % BLOCK, 0);
            assert!(padded.len() < len + PREFIX + BLOCK);
            assert!(padded.len() <= TITLE.max_padded());
            assert_eq!(TITLE.unpad(&padded).unwrap(), text);
        }
    }

    #[test]
    fn one_byte_too_many_is_refused() {
        let text = vec![0; TITLE.max_text() + 1];
        assert!(matches!(
            TITLE.pad(&text),
            Err(CryptoError::TextTooLong {
                what: "title",
                len: 383,
                max: 382
            })
        ));
    }

    #[test]
    fn what_pad_never_writes_is_refused() {
        let good = TITLE.pad(b"abc").unwrap();
        let mut trailing = good.clone();
        trailing[127] = 1;
        let mut too_long_a_length = good.clone();
        too_long_a_length[0] = 0xff;
        let mut a_block_too_many = good.clone();
        a_block_too_many.resize(256, 0);
        let larger = Padding { blocks: 4, ..TITLE };
        let past_the_limit = larger.pad(&[1; 383]).unwrap();
        for bad in [
            &trailing[..],
            &too_long_a_length,
            &a_block_too_many,
            &past_the_limit,
            &good[..127],
            &[0],
            &[],
        ] {
            assert!(matches!(
                TITLE.unpad(bad),
                Err(CryptoError::Malformed("title"))
            ));
        }
    }
}
