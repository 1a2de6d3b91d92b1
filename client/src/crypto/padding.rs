//! Padding that hides how long a short text is.

use super::CryptoError;

/// Padded lengths are multiples of this many bytes.
pub(super) const BLOCK: usize = 128;
/// Longest padded text in bytes: seven blocks, so that sealed info and notes stay within 1,024 bytes.
pub(super) const MAX_PADDED: usize = 7 * BLOCK;
/// Bytes of the length that comes first.
const PREFIX: usize = 2;

/// Length (2 bytes, big-endian) ‖ text ‖ zeros up to a multiple of [`BLOCK`].
pub(super) fn pad(what: &'static str, text: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let max = MAX_PADDED - PREFIX;
    let too_long = CryptoError::TextTooLong {
        what,
        len: text.len(),
        max,
    };
    if text.len() > max {
        return Err(too_long);
    }
    let len = u16::try_from(text.len()).map_err(|_| too_long)?;
    let mut padded = Vec::with_capacity(MAX_PADDED);
    padded.extend_from_slice(&len.to_be_bytes());
    padded.extend_from_slice(text);
    padded.resize(padded.len().next_multiple_of(BLOCK), 0);
    Ok(padded)
}

/// Takes the text out again; anything [`pad`] would not have written is refused.
pub(super) fn unpad<'a>(what: &'static str, padded: &'a [u8]) -> Result<&'a [u8], CryptoError> {
    let malformed = || CryptoError::Malformed(what);
    let (prefix, rest) = padded.split_first_chunk::<PREFIX>().ok_or_else(malformed)?;
    let len = usize::from(u16::from_be_bytes(*prefix));
    let (text, zeros) = rest.split_at_checked(len).ok_or_else(malformed)?;
    let minimal = (PREFIX + len).next_multiple_of(BLOCK) == padded.len();
    if !minimal || zeros.iter().any(|&byte| byte != 0) {
        return Err(malformed());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_round_trips_in_the_smallest_block() {
        for len in 0..=MAX_PADDED - PREFIX {
            let text = vec![0xa5; len];
            let padded = pad("text", &text).unwrap();
            assert_eq!(padded.len() % BLOCK, 0);
            assert!(padded.len() < len + PREFIX + BLOCK);
            assert_eq!(unpad("text", &padded).unwrap(), text);
        }
    }

    #[test]
    fn one_byte_too_many_is_refused() {
        let text = vec![0; MAX_PADDED - PREFIX + 1];
        assert!(matches!(
            pad("title", &text),
            Err(CryptoError::TextTooLong {
                what: "title",
                len: 895,
                max: 894
            })
        ));
    }

    #[test]
    fn what_pad_never_writes_is_refused() {
        let good = pad("text", b"abc").unwrap();
        let mut trailing = good.clone();
        trailing[127] = 1;
        let mut too_long_a_length = good.clone();
        too_long_a_length[0] = 0xff;
        let mut a_block_too_many = good.clone();
        a_block_too_many.resize(256, 0);
        for bad in [
            &trailing[..],
            &too_long_a_length,
            &a_block_too_many,
            &good[..127],
            &[0],
            &[],
        ] {
            assert!(matches!(
                unpad("text", bad),
                Err(CryptoError::Malformed("text"))
            ));
        }
    }
}
