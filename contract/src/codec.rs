//! Solidity ABI words, read and written one at a time.
//!
//! The [ABI specification](https://docs.soliditylang.org/en/latest/abi-spec.html) encodes every value of this
//! interface as 32-byte words. Reading is strict: padding must be zero, offsets and lengths must lie inside the
//! calldata.

use alloc::vec::Vec;
use core::ops::Deref;

use alloy_primitives::{Address, B256};

use crate::errors::Error;
use crate::state::DIGEST;

/// Bytes of an ABI word.
pub(crate) const WORD: usize = 32;

/// An address in the form that calldata, topics, errors and mapping keys have it: one word, padded on the left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account(B256);

impl From<Address> for Account {
    fn from(address: Address) -> Self {
        Self(address.into_word())
    }
}

impl Account {
    /// The address in the last 20 bytes of a word that holds other things before it.
    pub(crate) fn from_low_bytes(mut word: B256) -> Self {
        word[..12].fill(0);
        Self(word)
    }
}

impl Deref for Account {
    type Target = B256;

    fn deref(&self) -> &B256 {
        &self.0
    }
}

/// A number as one ABI word. Numbers of every width are `u64` inside the contract; [`Args`] checks the widths.
#[inline(never)]
pub(crate) fn word(number: u64) -> B256 {
    let mut word = B256::ZERO;
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

/// Reads arguments from the head of `tuple`, or refuses it as malformed.
pub(crate) fn decode<'a, T>(
    tuple: &'a [u8],
    read: impl FnOnce(&mut Args<'a>) -> T,
) -> Result<T, Error> {
    let mut args = Args {
        tuple,
        at: 0,
        malformed: false,
    };
    let value = read(&mut args);
    if args.malformed {
        Err(Error::malformed())
    } else {
        Ok(value)
    }
}

/// A cursor over the head of an ABI tuple.
///
/// A read that finds something malformed marks the cursor and returns zero; [`decode`] then refuses the whole
/// tuple. One check for a tuple, instead of one for every word, keeps the contract small.
pub(crate) struct Args<'a> {
    /// The tuple; offsets in its head count from its first byte.
    tuple: &'a [u8],
    /// Byte position of the next head word.
    at: usize,
    malformed: bool,
}

impl<'a> Args<'a> {
    /// The next word.
    #[inline(never)]
    pub(crate) fn word(&mut self) -> &'a B256 {
        let bytes = self.slice(self.at, WORD);
        // Wraps only after an offset that lies outside the tuple, which `slice` has just refused.
        self.at = self.at.wrapping_add(WORD);
        bytes.try_into().unwrap_or(&B256::ZERO)
    }

    /// The next word as an `address`.
    #[inline(never)]
    pub(crate) fn account(&mut self) -> Account {
        let word = self.word();
        self.expect(zeros(&word[..12]));
        Account(*word)
    }

    /// The next word as a `bytes16`.
    pub(crate) fn half(&mut self) -> &'a B256 {
        self.leading(16)
    }

    /// The next word as a `bytes28`.
    pub(crate) fn digest(&mut self) -> &'a B256 {
        self.leading(DIGEST)
    }

    /// The next word, of which only the first `length` bytes may be other than zero.
    #[inline(never)]
    fn leading(&mut self, length: usize) -> &'a B256 {
        let word = self.word();
        self.expect(zeros(&word[length..]));
        word
    }

    /// The next word as a `uint64`.
    pub(crate) fn u64(&mut self) -> u64 {
        self.uint(u64::MAX)
    }

    /// The next word as a `uint32`.
    pub(crate) fn u32(&mut self) -> u64 {
        self.uint(u32::MAX.into())
    }

    /// The next word as a `uint8`.
    pub(crate) fn u8(&mut self) -> u64 {
        self.uint(u8::MAX.into())
    }

    /// The next word as a `bool`, 0 or 1.
    pub(crate) fn flag(&mut self) -> u64 {
        self.uint(1)
    }

    /// The next word as a `bytes` argument.
    #[inline(never)]
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let (length, at) = self.tail();
        let bytes = self.slice(at, length);
        let padding = self.slice(at.saturating_add(length), length.wrapping_neg() % WORD);
        self.expect(zeros(padding));
        bytes
    }

    /// The next word as an array of static items of `words` words each.
    #[inline(never)]
    pub(crate) fn array(&mut self, words: usize) -> Items<'a> {
        let (count, at) = self.tail();
        let tuple = self.slice(at, count.saturating_mul(words * WORD));
        Items { count, tuple }
    }

    /// Follows an offset: the length that it points at, and the position after that.
    fn tail(&mut self) -> (usize, usize) {
        let at = self.u32() as usize;
        let mut there = Args {
            tuple: self.tuple,
            at,
            malformed: false,
        };
        let length = there.u32() as usize;
        self.expect(!there.malformed);
        (length, there.at)
    }

    /// The next word as a number of at most `max`.
    #[inline(never)]
    fn uint(&mut self, max: u64) -> u64 {
        let (padding, number) = self.word().split_at(24);
        let number = number
            .iter()
            .fold(0, |high, byte| high << 8 | u64::from(*byte));
        self.expect(zeros(padding) && number <= max);
        number
    }

    /// `length` bytes from `at`.
    #[inline(never)]
    fn slice(&mut self, at: usize, length: usize) -> &'a [u8] {
        let slice = at
            .checked_add(length)
            .and_then(|end| self.tuple.get(at..end));
        self.expect(slice.is_some());
        slice.unwrap_or_default()
    }

    fn expect(&mut self, well_formed: bool) {
        self.malformed |= !well_formed;
    }
}

/// An array of static items as it stands in the calldata.
#[derive(Clone, Copy)]
pub(crate) struct Items<'a> {
    pub(crate) count: usize,
    tuple: &'a [u8],
}

impl<'a> Items<'a> {
    /// Refuses more than `limit` items.
    pub(crate) fn at_most(self, limit: usize) -> Result<Self, Error> {
        if self.count > limit {
            Err(Error::too_many(self.count, limit))
        } else {
            Ok(self)
        }
    }

    /// Reads the items in order and does something with each.
    pub(crate) fn try_each<T>(
        &self,
        mut read: impl FnMut(&mut Args<'a>) -> T,
        mut each: impl FnMut(T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut args = Args {
            tuple: self.tuple,
            at: 0,
            malformed: false,
        };
        (0..self.count).try_for_each(|_| {
            let item = read(&mut args);
            if args.malformed {
                Err(Error::malformed())
            } else {
                each(item)
            }
        })
    }
}

fn zeros(padding: &[u8]) -> bool {
    padding.iter().all(|byte| *byte == 0)
}

/// ABI words under construction.
pub(crate) struct Words(Vec<u8>);

impl Words {
    /// An empty sequence with room for `words` words.
    pub(crate) fn with_capacity(words: usize) -> Self {
        Self(Vec::with_capacity(words * WORD))
    }

    /// Appends a word.
    #[inline(never)]
    pub(crate) fn push(&mut self, word: &B256) {
        self.0.extend_from_slice(word.as_slice());
    }

    /// Appends a number.
    #[inline(never)]
    pub(crate) fn push_number(&mut self, number: u64) {
        self.push(&word(number));
    }

    /// Appends a `bytes` value as the last member of a tuple, after `before` words: its offset, length and padded
    /// content.
    pub(crate) fn push_bytes(&mut self, before: usize, bytes: &[u8]) {
        self.push_number(((before + 1) * WORD) as u64);
        self.push_number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(WORD), 0);
    }

    /// The encoding.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        self.0
    }
}
