//! Grants, wrapped keys, requests, the one access check.

use alloy_primitives::B256;
use stylus_sdk::prelude::*;

use crate::Registry;
use crate::codec::Account;
use crate::errors::Error;
use crate::given::{Given, Terms, WrappedKey};
use crate::records::check_length;
use crate::state::{Entry, Grant, LIVE, REMOVED, Record, owner_of};
use crate::users::{check_coordinate, check_other};

/// Access 1: may read.
pub(crate) const READ: u64 = 1;
/// Access 2: may read and write.
pub(crate) const ALL: u64 = 2;

/// HL7 PurposeOfUse: treatment.
pub(crate) const TREATMENT: u64 = 1;
/// HL7 PurposeOfUse: emergency.
const EMERGENCY: u64 = 2;
/// HL7 PurposeOfUse: the patient's own request.
pub(crate) const PATIENT_REQUEST: u64 = 7;
/// The highest purpose number; between them 3 payment, 4 operations, 5 research, 6 public health, and 8 legal.
const MAX_PURPOSE: u64 = 8;

/// The only HPKE suite so far: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
const SUITE: u64 = 1;

/// Bytes of a sealed note at most.
const MAX_NOTE: usize = 512;

/// Why a user has access to a record, or has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Reason {
    /// The user holds a grant that is in force.
    Granted = 0,
    /// The user owns the record.
    Owner = 1,
    /// The user was granted nothing.
    NoGrant = 2,
    /// The grant's time is over.
    Expired = 3,
    /// The record has a newer key, which the user was not given.
    StaleEpoch = 4,
    /// The owner removed the record.
    Removed = 5,
    /// The user is not registered.
    NotRegistered = 6,
    /// The user deregistered and registered again after the grant.
    Lapsed = 7,
    /// There is no such record.
    NoSuchRecord = 8,
}

/// The answer of the one access check.
pub(crate) struct Standing {
    pub(crate) reason: Reason,
    /// What the user may do now: 0, [`READ`] or [`ALL`].
    pub(crate) access: u64,
    pub(crate) record: Record,
    /// The user's grant if there is one to look at, in force or not; zero otherwise.
    pub(crate) grant: Grant,
}

impl Registry {
    /// May `user` read or write record `id` now, and why: the rule that every function and view uses.
    #[inline(never)]
    pub(crate) fn standing(&self, id: &B256, user: &Account) -> Standing {
        let record = self.record(id);
        let mut standing = Standing {
            reason: Reason::NoSuchRecord,
            access: 0,
            record,
            grant: Grant(B256::ZERO),
        };
        standing.reason = self.reason(id, user, &record, &mut standing.grant);
        standing.access = match standing.reason {
            Reason::Owner => ALL,
            Reason::Granted => standing.grant.access(),
            _ => 0,
        };
        standing
    }

    fn reason(&self, id: &B256, user: &Account, record: &Record, grant: &mut Grant) -> Reason {
        if record.status() != LIVE {
            return if record.status() == REMOVED {
                Reason::Removed
            } else {
                Reason::NoSuchRecord
            };
        }
        let registration = self.user(user);
        if registration.registered() == 0 {
            return Reason::NotRegistered;
        }
        if owner_of(id) == *user {
            return Reason::Owner;
        }
        *grant = self.grant_of(id, user);
        if grant.0.is_zero() {
            Reason::NoGrant
        } else if grant.epoch() != record.epoch() {
            Reason::StaleEpoch
        } else if grant.key_version() < registration.first_key_version() {
            Reason::Lapsed
        } else if self.expired(grant.expires()) {
            Reason::Expired
        } else {
            Reason::Granted
        }
    }

    /// The caller and their standing with a record, which must exist; the caller must be registered.
    #[inline(never)]
    fn caller_standing(&self, id: &B256) -> Result<(Account, Standing), Error> {
        let caller = self.sender();
        let standing = self.standing(id, &caller);
        match standing.reason {
            Reason::NoSuchRecord => Err(Error::no_such_record(id)),
            Reason::Removed => Err(Error::record_is_removed(id)),
            Reason::NotRegistered => Err(Error::not_registered(&caller)),
            _ => Ok((caller, standing)),
        }
    }

    /// The caller, who must be allowed at least `access` to the record now, and how they stand.
    #[inline(never)]
    pub(crate) fn allowed(&self, id: &B256, access: u64) -> Result<(Account, Standing), Error> {
        let (caller, standing) = self.caller_standing(id)?;
        if standing.access < access {
            return Err(Error::no_access(id, &caller, standing.reason as u64));
        }
        Ok((caller, standing))
    }

    /// The record, which the caller must own.
    #[inline(never)]
    pub(crate) fn owned(&self, id: &B256) -> Result<Record, Error> {
        let (caller, standing) = self.caller_standing(id)?;
        if standing.reason != Reason::Owner {
            return Err(Error::not_owner(id, &caller));
        }
        Ok(standing.record)
    }

    /// The caller, who must own the live record but need not be registered: enough to take access away.
    fn own(&self, id: &B256) -> Result<Account, Error> {
        let (caller, record) = (self.sender(), self.record(id));
        match record.status() {
            LIVE if owner_of(id) == caller => Ok(caller),
            LIVE => Err(Error::not_owner(id, &caller)),
            REMOVED => Err(Error::record_is_removed(id)),
            _ => Err(Error::no_such_record(id)),
        }
    }

    /// Gives a user access to a record of the caller, replacing what was given before.
    #[inline(never)]
    pub(crate) fn grant(&mut self, given: Given<'_>) -> Result<(), Error> {
        let record = self.owned(given.id)?;
        self.grant_on(&record, &given)
    }

    /// [`Self::grant`] on a record that the caller is known to own.
    #[inline(never)]
    pub(crate) fn grant_on(&mut self, record: &Record, given: &Given<'_>) -> Result<(), Error> {
        let Given {
            id,
            user,
            terms,
            key,
        } = given;
        self.other_registered(&owner_of(id), user)?;
        self.check_terms(id, user, terms.access, terms.purpose, terms.expires)?;
        if terms.epoch != record.epoch() {
            return Err(Error::stale_epoch(id, user, record.epoch()));
        }
        self.write_grant(id, user, key, terms)?;
        self.take_request(id, user);
        Ok(())
    }

    /// The one writer of grants: three slots and their event.
    #[inline(never)]
    pub(crate) fn write_grant(
        &mut self,
        id: &B256,
        user: &Account,
        key: &WrappedKey<'_>,
        terms: &Terms,
    ) -> Result<(), Error> {
        if key.suite != SUITE {
            return Err(Error::invalid_suite(id, user, key.suite));
        }
        let current = self.user(user).key_version();
        if key.key_version != current {
            return Err(Error::stale_key(id, user, current));
        }
        check_coordinate(user, key.enc_x)?;
        let grant = Grant::new(key.tag)
            .with_suite_and_parity(key.suite << 1 | key.enc_odd)
            .with_access(terms.access)
            .with_purpose(terms.purpose)
            .with_expires(terms.expires)
            .with_epoch(terms.epoch)
            .with_key_version(key.key_version);
        self.set_grant(id, user, [key.enc_x, key.sealed_key, &grant.0]);
        self.emit_granted(id, user, &grant);
        Ok(())
    }

    /// Changes the terms of a grant without wrapping its key again.
    ///
    /// The user's registration is not read: new terms do not bring back what ended with an earlier registration,
    /// because the access check compares key versions, which stay.
    pub(crate) fn update_access(
        &mut self,
        id: &B256,
        user: &Account,
        access: u64,
        purpose: u64,
        expires: u64,
    ) -> Result<(), Error> {
        let record = self.owned(id)?;
        check_other(&owner_of(id), user)?;
        self.check_terms(id, user, access, purpose, expires)?;
        let grant = self.grant_of(id, user);
        if grant.0.is_zero() || grant.epoch() != record.epoch() {
            return Err(Error::no_grant(id, user));
        }
        let grant = grant
            .with_access(access)
            .with_purpose(purpose)
            .with_expires(expires);
        self.grants
            .setter(id.into())
            .setter(user.into())
            .grant
            .set(grant.0);
        self.emit_access_updated(id, user, &grant);
        Ok(())
    }

    /// Takes a user's grant away, in force or not.
    pub(crate) fn revoke(&mut self, id: &B256, user: &Account) -> Result<(), Error> {
        let owner = self.own(id)?;
        // A deposited record's key may exist for its owner nowhere else.
        check_other(&owner, user)?;
        if !self.take_grant(id, user) {
            return Err(Error::no_grant(id, user));
        }
        self.emit_revoked(id, user);
        Ok(())
    }

    /// Asks the owner of a record for access, replacing an open request.
    pub(crate) fn request_access(
        &mut self,
        id: &B256,
        access: u64,
        purpose: u64,
        note: &[u8],
    ) -> Result<(), Error> {
        let (caller, standing) = self.caller_standing(id)?;
        if standing.reason == Reason::Owner {
            return Err(Error::self_target(&caller));
        }
        check_access(id, &caller, access)?;
        check_purpose(id, &caller, purpose)?;
        check_length(id, note, MAX_NOTE)?;
        let request = Entry::new(access, purpose, self.vm().block_timestamp());
        self.requests
            .setter(id.into())
            .setter((&caller).into())
            .set(request.0);
        self.emit_access_requested(id, &caller, &owner_of(id), &request, note);
        Ok(())
    }

    /// Takes the caller's own request back.
    pub(crate) fn withdraw_request(&mut self, id: &B256) -> Result<(), Error> {
        let caller = self.sender();
        self.close_request(id, &caller)?;
        self.emit_request_withdrawn(id, &caller);
        Ok(())
    }

    /// Turns a request down.
    pub(crate) fn deny_request(&mut self, id: &B256, user: &Account) -> Result<(), Error> {
        self.owned(id)?;
        self.close_request(id, user)?;
        self.emit_request_denied(id, user);
        Ok(())
    }

    /// States that the caller opened the record's current version, and what for.
    pub(crate) fn log_access(&mut self, id: &B256, purpose: u64) -> Result<(), Error> {
        let (
            caller,
            Standing {
                reason,
                record,
                grant,
                ..
            },
        ) = self.allowed(id, READ)?;
        check_purpose(id, &caller, purpose)?;
        if reason == Reason::Granted && purpose != EMERGENCY && purpose != grant.purpose() {
            return Err(Error::purpose_not_granted(id, purpose, grant.purpose()));
        }
        self.emit_access_logged(id, &caller, purpose, record.version());
        Ok(())
    }

    /// The user's grant, in force or not; zero where there is none.
    #[inline(never)]
    fn grant_of(&self, id: &B256, user: &Account) -> Grant {
        Grant(
            self.grants
                .getter(id.into())
                .getter(user.into())
                .grant
                .get(),
        )
    }

    /// Fills the slots of a grant.
    fn set_grant(&mut self, id: &B256, user: &Account, [x, key, grant]: [&B256; 3]) {
        let mut of_record = self.grants.setter(id.into());
        let mut slots = of_record.setter(user.into());
        slots.enc_x.set(*x);
        slots.sealed_key.set(*key);
        slots.grant.set(*grant);
    }

    /// Clears a grant; whether there was one.
    #[inline(never)]
    pub(crate) fn take_grant(&mut self, id: &B256, user: &Account) -> bool {
        let mut of_record = self.grants.setter(id.into());
        let mut slots = of_record.setter(user.into());
        let held = !slots.grant.get().is_zero();
        if held {
            slots.enc_x.set(B256::ZERO);
            slots.sealed_key.set(B256::ZERO);
            slots.grant.set(B256::ZERO);
        }
        held
    }

    /// Clears a request that must be open.
    fn close_request(&mut self, id: &B256, user: &Account) -> Result<(), Error> {
        if self.take_request(id, user) {
            Ok(())
        } else {
            Err(Error::no_request(id, user))
        }
    }

    /// Clears a request; whether one was open.
    #[inline(never)]
    pub(crate) fn take_request(&mut self, id: &B256, user: &Account) -> bool {
        let mut of_record = self.requests.setter(id.into());
        let mut slot = of_record.setter(user.into());
        let open = !slot.get().is_zero();
        if open {
            slot.set(B256::ZERO);
        }
        open
    }

    fn check_terms(
        &self,
        id: &B256,
        user: &Account,
        access: u64,
        purpose: u64,
        expires: u64,
    ) -> Result<(), Error> {
        check_access(id, user, access)?;
        check_purpose(id, user, purpose)?;
        self.check_expiry(user, expires)
    }
}

fn check_access(id: &B256, user: &Account, access: u64) -> Result<(), Error> {
    if matches!(access, READ | ALL) {
        Ok(())
    } else {
        Err(Error::invalid_access(id, user, access))
    }
}

fn check_purpose(id: &B256, user: &Account, purpose: u64) -> Result<(), Error> {
    if (1..=MAX_PURPOSE).contains(&purpose) {
        Ok(())
    } else {
        Err(Error::invalid_purpose(id, user, purpose))
    }
}
