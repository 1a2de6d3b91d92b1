//! Registration, public keys, vouching.

use alloy_primitives::{B256, b256};
use stylus_sdk::prelude::*;

use crate::Registry;
use crate::codec::Account;
use crate::errors::Error;
use crate::state::{Entry, MAX_TIME, User};

/// The prime of the field of P-256, SEC 2 version 2.0 section 2.4.2: every x coordinate is below it.
const FIELD_PRIME: B256 =
    b256!("0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

/// The highest role number: 1 patient, 2 doctor, 3 pharmacist, 4 analyst, 5 physician, 6 researcher.
const MAX_ROLE: u64 = 6;

/// The highest key version: it has 32 bits.
const MAX_KEY_VERSION: u64 = u32::MAX as u64;

impl Registry {
    /// Registers the caller with an encryption key and a claimed role.
    pub(crate) fn register(&mut self, key_x: &B256, key_odd: u64, role: u64) -> Result<(), Error> {
        let caller = self.sender();
        let user = self.user(&caller);
        if user.registered() != 0 {
            return Err(Error::already_registered(&caller));
        }
        check_role(&caller, role)?;
        check_coordinate(&caller, key_x)?;
        let version = next(user.key_version(), MAX_KEY_VERSION, &caller)?;
        let user = user
            .with_registered(1)
            .with_role(role)
            .with_first_key_version(version);
        let user = user.with_key_odd(key_odd).with_key_version(version);
        self.set_user(&caller, key_x, &user);
        self.emit_registered(&caller, &user, key_x);
        Ok(())
    }

    /// Replaces the caller's encryption key.
    pub(crate) fn rotate_key(&mut self, key_x: &B256, key_odd: u64) -> Result<(), Error> {
        let (caller, user) = self.caller()?;
        check_coordinate(&caller, key_x)?;
        let version = next(user.key_version(), MAX_KEY_VERSION, &caller)?;
        let user = user.with_key_odd(key_odd).with_key_version(version);
        self.set_user(&caller, key_x, &user);
        self.emit_key_rotated(&caller, &user, key_x);
        Ok(())
    }

    /// Ends the caller's registration and with it their access to everything of others.
    pub(crate) fn deregister(&mut self) -> Result<(), Error> {
        let (caller, user) = self.caller()?;
        self.set_user(
            &caller,
            &B256::ZERO,
            &user.with_registered(0).with_key_odd(0),
        );
        self.emit_deregistered(&caller);
        Ok(())
    }

    /// States that the caller holds `user` to have `role`.
    pub(crate) fn vouch(&mut self, user: &Account, role: u64, expires: u64) -> Result<(), Error> {
        let caller = self.sender();
        self.other_registered(&caller, user)?;
        check_role(user, role)?;
        self.check_expiry(user, expires)?;
        self.vouches
            .setter((&caller).into())
            .setter(user.into())
            .set(Entry::new(role, 0, expires).0);
        self.emit_vouched(&caller, user, role, expires);
        Ok(())
    }

    /// Takes back what the caller stated of `user`.
    pub(crate) fn withdraw_vouch(&mut self, user: &Account) -> Result<(), Error> {
        let caller = self.sender();
        let mut of_voucher = self.vouches.setter((&caller).into());
        let mut slot = of_voucher.setter(user.into());
        if slot.get().is_zero() {
            return Err(Error::no_vouch(&caller, user));
        }
        slot.set(B256::ZERO);
        self.emit_vouch_withdrawn(&caller, user);
        Ok(())
    }

    /// Who sent the message.
    #[inline(never)]
    pub(crate) fn sender(&self) -> Account {
        self.vm().msg_sender().into()
    }

    /// What is stored of an account; all zero for one that never registered.
    #[inline(never)]
    pub(crate) fn user(&self, account: &Account) -> User {
        User(self.users.getter(account.into()).user.get())
    }

    /// The user of an account that must be registered.
    #[inline(never)]
    pub(crate) fn registered(&self, account: &Account) -> Result<User, Error> {
        let user = self.user(account);
        if user.registered() != 0 {
            Ok(user)
        } else {
            Err(Error::not_registered(account))
        }
    }

    /// The caller, who must be registered.
    #[inline(never)]
    pub(crate) fn caller(&self) -> Result<(Account, User), Error> {
        let caller = self.sender();
        let user = self.registered(&caller)?;
        Ok((caller, user))
    }

    /// The user of a registered account that must not be `this` one.
    #[inline(never)]
    pub(crate) fn other_registered(&self, this: &Account, other: &Account) -> Result<User, Error> {
        check_other(this, other)?;
        self.registered(other)
    }

    /// Refuses an expiry that is not in the future (0 is never) or does not fit its 40 bits.
    #[inline(never)]
    pub(crate) fn check_expiry(&self, user: &Account, expires: u64) -> Result<(), Error> {
        if expires > MAX_TIME || self.expired(expires) {
            return Err(Error::invalid_expiry(user, expires));
        }
        Ok(())
    }

    /// Whether the time of expiry has come; 0 never comes.
    pub(crate) fn expired(&self, expires: u64) -> bool {
        expires != 0 && expires <= self.vm().block_timestamp()
    }

    #[inline(never)]
    fn set_user(&mut self, account: &Account, key_x: &B256, user: &User) {
        let mut slots = self.users.setter(account.into());
        slots.key_x.set(*key_x);
        slots.user.set(user.0);
    }
}

/// Refuses an account that is `this` one.
#[inline(never)]
pub(crate) fn check_other(this: &Account, other: &Account) -> Result<(), Error> {
    if this == other {
        Err(Error::self_target(other))
    } else {
        Ok(())
    }
}

/// Refuses an x coordinate that no point of P-256 can have.
///
/// Zero is refused as well, although the curve has a point there: it stands for an absent key. Whether the point
/// is on the curve is the business of those who encrypt to it (SEC 1 section 3.2.2.1).
pub(crate) fn check_coordinate(user: &Account, x: &B256) -> Result<(), Error> {
    if x.is_zero() || *x >= FIELD_PRIME {
        Err(Error::invalid_key(user, x))
    } else {
        Ok(())
    }
}

/// The next value of a counter that belongs to `subject` and ends at `max`.
pub(crate) fn next(counter: u64, max: u64, subject: &B256) -> Result<u64, Error> {
    if counter == max {
        return Err(Error::counter_exhausted(subject));
    }
    Ok(counter + 1)
}

fn check_role(user: &Account, role: u64) -> Result<(), Error> {
    if (1..=MAX_ROLE).contains(&role) {
        Ok(())
    } else {
        Err(Error::invalid_role(user, role))
    }
}
