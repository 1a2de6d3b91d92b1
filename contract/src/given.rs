//! What is given to a user, as the interface carries it: the terms of a grant and a wrapped key.

use alloy_primitives::B256;

use crate::codec::{Account, Args};

/// What a grant allows.
pub(crate) struct Terms {
    pub(crate) access: u64,
    pub(crate) purpose: u64,
    pub(crate) expires: u64,
    pub(crate) epoch: u64,
}

/// A record key sealed to one user, as the interface carries it.
pub(crate) struct WrappedKey<'a> {
    pub(crate) suite: u64,
    pub(crate) key_version: u64,
    pub(crate) enc_odd: u64,
    pub(crate) enc_x: &'a B256,
    pub(crate) sealed_key: &'a B256,
    pub(crate) tag: &'a B256,
}

impl<'a> WrappedKey<'a> {
    #[inline(never)]
    pub(crate) fn read(args: &mut Args<'a>) -> Self {
        Self {
            suite: args.u8(),
            key_version: args.u32(),
            enc_odd: args.flag(),
            enc_x: args.word(),
            sealed_key: args.word(),
            tag: args.half(),
        }
    }
}

/// What an owner gives to a user, as the interface carries it.
pub(crate) struct Given<'a> {
    pub(crate) id: &'a B256,
    pub(crate) user: Account,
    pub(crate) terms: Terms,
    pub(crate) key: WrappedKey<'a>,
}

impl<'a> Given<'a> {
    /// ABI words of a `Grant`.
    pub(crate) const WORDS: usize = 12;

    #[inline(never)]
    pub(crate) fn read(args: &mut Args<'a>) -> Self {
        Self {
            id: args.word(),
            user: args.account(),
            terms: Terms {
                access: args.u8(),
                purpose: args.u8(),
                expires: args.u64(),
                epoch: args.u32(),
            },
            key: WrappedKey::read(args),
        }
    }
}
