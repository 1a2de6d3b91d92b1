//! What anyone may ask: one item, or a batch in the order given.

use alloc::vec::Vec;

use alloy_primitives::B256;

use crate::codec::{Args, WORD, Words, decode};
use crate::errors::Error;
use crate::state::{Entry, Grant, UNKNOWN, owner_of};
use crate::{MAX_BATCH, Registry};

/// A view: how many words go in and come out for each item, and how one becomes the other.
pub(crate) struct View {
    words_in: usize,
    words_out: usize,
    answer: fn(&Registry, &mut Args<'_>, &mut Words),
}

impl View {
    /// Answers for the one item in `input`.
    pub(crate) fn one(&self, registry: &Registry, input: &[u8]) -> Result<Vec<u8>, Error> {
        let mut out = Words::with_capacity(self.words_out);
        decode(input, |args| (self.answer)(registry, args, &mut out))?;
        Ok(out.into_vec())
    }

    /// Answers for every item of the array in `input`.
    pub(crate) fn many(&self, registry: &Registry, input: &[u8]) -> Result<Vec<u8>, Error> {
        let items = decode(input, |args| args.array(self.words_in))?.at_most(MAX_BATCH)?;
        let mut out = Words::with_capacity(2 + items.count * self.words_out);
        out.push_number(WORD as u64);
        out.push_number(items.count as u64);
        items.try_each(|args| (self.answer)(registry, args, &mut out), Ok)?;
        Ok(out.into_vec())
    }
}

/// `User` of an address.
pub(crate) const USER: View = View {
    words_in: 1,
    words_out: 6,
    answer: |registry, args, out| {
        let account = args.account();
        let user = registry.user(&account);
        out.push_number(user.registered());
        out.push_number(user.role());
        out.push_number(user.key_version());
        out.push_number(user.first_key_version());
        out.push_number(user.key_odd());
        out.push(&registry.users.getter((&account).into()).key_x.get());
    },
};

/// `Record` of an id.
pub(crate) const RECORD: View = View {
    words_in: 1,
    words_out: 5,
    answer: |registry, args, out| {
        let id = args.word();
        let record = registry.record(id);
        let owner = if record.status() == UNKNOWN {
            B256::ZERO
        } else {
            *owner_of(id)
        };
        out.push(&owner);
        out.push_number(record.version());
        out.push_number(record.epoch());
        out.push_number(record.status());
        out.push(&record.digest());
    },
};

/// `Access` of a user to a record.
pub(crate) const ACCESS: View = View {
    words_in: 2,
    words_out: 6,
    answer: |registry, args, out| {
        let standing = registry.standing(args.word(), &args.account());
        out.push_number(standing.access);
        out.push_number(standing.reason as u64);
        out.push_number(standing.grant.purpose());
        out.push_number(standing.grant.expires());
        out.push_number(standing.grant.epoch());
        out.push_number(standing.grant.key_version());
    },
};

/// `GrantedKey` of a user for a record.
pub(crate) const WRAPPED_KEY: View = View {
    words_in: 2,
    words_out: 7,
    answer: |registry, args, out| {
        let of_record = registry.grants.getter(args.word().into());
        let slots = of_record.getter((&args.account()).into());
        let grant = Grant(slots.grant.get());
        out.push_number(grant.suite_and_parity() >> 1);
        out.push_number(grant.key_version());
        out.push_number(grant.suite_and_parity() & 1);
        out.push(&slots.enc_x.get());
        out.push(&slots.sealed_key.get());
        out.push(&grant.tag());
        out.push_number(grant.epoch());
    },
};

/// `Request` of a user for a record.
pub(crate) const REQUEST: View = View {
    words_in: 2,
    words_out: 3,
    answer: |registry, args, out| {
        let request = Entry(
            registry
                .requests
                .getter(args.word().into())
                .get((&args.account()).into()),
        );
        out.push_number(request.kind());
        out.push_number(request.purpose());
        out.push_number(request.time());
    },
};

/// `Vouch` of a voucher for a user.
pub(crate) const VOUCH: View = View {
    words_in: 2,
    words_out: 2,
    answer: |registry, args, out| {
        let vouch = Entry(
            registry
                .vouches
                .getter((&args.account()).into())
                .get((&args.account()).into()),
        );
        out.push_number(vouch.kind());
        out.push_number(vouch.time());
    },
};

/// `DepositRight` of a depositor with an owner.
pub(crate) const DEPOSIT_RIGHT: View = View {
    words_in: 2,
    words_out: 2,
    answer: |registry, args, out| {
        let (owner, depositor) = (args.account(), args.account());
        let right = Entry(
            registry
                .deposit_rights
                .getter((&owner).into())
                .get((&depositor).into()),
        );
        out.push_number(registry.may_deposit(&owner, &depositor).into());
        out.push_number(right.time());
    },
};
