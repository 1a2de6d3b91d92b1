//! Record id -> digest, version, epoch; and deposits.

use alloy_primitives::B256;

use crate::Registry;
use crate::access::{ALL, PATIENT_REQUEST, READ, TREATMENT};
use crate::codec::{Account, Args, Items};
use crate::errors::Error;
use crate::given::{Given, Terms, WrappedKey};
use crate::state::{Entry, MAX_VERSION, Record, UNKNOWN, record_id};
use crate::users::next;

/// Bytes of sealed info at most.
const MAX_INFO: usize = 1024;

/// The content of a record's version: what the chain keeps (the digest) and what it only announces.
pub(crate) struct Content<'a> {
    /// BLAKE3 of the ciphertext object, a `bytes28` word.
    pub(crate) digest: &'a B256,
    pub(crate) sealed_info: &'a [u8],
}

impl Registry {
    /// Adds a record that the caller owns. Returns its id.
    pub(crate) fn add_record(&mut self, salt: &B256, content: &Content<'_>) -> Result<B256, Error> {
        let (caller, _) = self.caller()?;
        let id = self.create(&caller, &caller, salt, content)?;
        self.emit_record_added(&id, &caller, content);
        Ok(id)
    }

    /// Sets a new version; for the owner and grantees with access 2.
    pub(crate) fn update_record(
        &mut self,
        id: &B256,
        expected: u64,
        content: &Content<'_>,
    ) -> Result<(), Error> {
        let (caller, standing) = self.allowed(id, ALL)?;
        let record = self.set_version(id, standing.record, expected, content)?;
        self.emit_record_updated(id, &caller, &record, content);
        Ok(())
    }

    /// Sets a new version under a new record key; every grant that is not in `kept` is dead.
    pub(crate) fn rekey_record(
        &mut self,
        id: &B256,
        expected: u64,
        content: &Content<'_>,
        kept: Items<'_>,
    ) -> Result<(), Error> {
        let record = self.owned(id)?;
        // Cannot overflow: it stays below the version, which is checked.
        let record = record.with_epoch(record.epoch() + 1);
        let record = self.set_version(id, record, expected, content)?;
        self.emit_record_rekeyed(id, &record, content);
        kept.try_each(Given::read, |given| {
            if given.id != id {
                return Err(Error::other_record(id, given.id));
            }
            self.grant_on(&record, &given)
        })
    }

    /// Leaves a tombstone, and clears the grants and requests of `grantees`.
    pub(crate) fn remove_record(&mut self, id: &B256, grantees: Items<'_>) -> Result<(), Error> {
        let record = self.owned(id)?;
        self.set_record(id, record.with_digest(&B256::ZERO));
        grantees.try_each(Args::account, |user| {
            self.take_grant(id, &user);
            self.take_request(id, &user);
            Ok(())
        })?;
        self.emit_record_removed(id);
        Ok(())
    }

    /// Allows `depositor` to make records that the caller owns.
    pub(crate) fn allow_deposits(
        &mut self,
        depositor: &Account,
        expires: u64,
    ) -> Result<(), Error> {
        let (caller, _) = self.caller()?;
        self.other_registered(&caller, depositor)?;
        self.check_expiry(depositor, expires)?;
        self.deposit_rights
            .setter((&caller).into())
            .setter(depositor.into())
            .set(Entry::new(1, 0, expires).0);
        self.emit_deposits_allowed(&caller, depositor, expires);
        Ok(())
    }

    /// Takes that right back.
    pub(crate) fn disallow_deposits(&mut self, depositor: &Account) -> Result<(), Error> {
        let caller = self.sender();
        let mut of_owner = self.deposit_rights.setter((&caller).into());
        let mut slot = of_owner.setter(depositor.into());
        if slot.get().is_zero() {
            return Err(Error::deposits_not_allowed(&caller, depositor));
        }
        slot.set(B256::ZERO);
        self.emit_deposits_disallowed(&caller, depositor);
        Ok(())
    }

    /// Adds a record that `owner` owns, with its key wrapped for the owner. Returns its id.
    ///
    /// The caller keeps read access only if `for_self` carries a key, that is, if its suite is not zero.
    pub(crate) fn deposit_record(
        &mut self,
        owner: &Account,
        salt: &B256,
        content: &Content<'_>,
        for_owner: &WrappedKey<'_>,
        for_self: &WrappedKey<'_>,
    ) -> Result<B256, Error> {
        let (depositor, _) = self.caller()?;
        self.other_registered(&depositor, owner)?;
        if !self.may_deposit(owner, &depositor) {
            return Err(Error::deposits_not_allowed(owner, &depositor));
        }
        let id = self.create(&depositor, owner, salt, content)?;
        self.emit_record_deposited(&id, owner, &depositor, content);
        let terms = |access, purpose| Terms {
            access,
            purpose,
            expires: 0,
            epoch: 0,
        };
        self.write_grant(&id, owner, for_owner, &terms(ALL, PATIENT_REQUEST))?;
        if for_self.suite != 0 {
            self.write_grant(&id, &depositor, for_self, &terms(READ, TREATMENT))?;
        }
        Ok(id)
    }

    /// What is stored of a record; all zero for one that was never added.
    #[inline(never)]
    pub(crate) fn record(&self, id: &B256) -> Record {
        Record(self.records.get(id.into()))
    }

    /// Whether `depositor` may deposit for `owner` now.
    #[inline(never)]
    pub(crate) fn may_deposit(&self, owner: &Account, depositor: &Account) -> bool {
        let right = Entry(
            self.deposit_rights
                .getter(owner.into())
                .get(depositor.into()),
        );
        right.kind() != 0 && !self.expired(right.time())
    }

    /// Fills the slot of a new record.
    fn create(
        &mut self,
        creator: &Account,
        owner: &Account,
        salt: &B256,
        content: &Content<'_>,
    ) -> Result<B256, Error> {
        let id = record_id(creator, owner, salt);
        if self.record(&id).status() != UNKNOWN {
            return Err(Error::record_exists(&id));
        }
        check_content(&id, content)?;
        let record = Record(*content.digest).with_version(1);
        self.set_record(&id, record);
        Ok(id)
    }

    /// Raises a record's version from the expected one.
    fn set_version(
        &mut self,
        id: &B256,
        record: Record,
        expected: u64,
        content: &Content<'_>,
    ) -> Result<Record, Error> {
        if record.version() != expected {
            return Err(Error::version_conflict(id, record.version()));
        }
        check_content(id, content)?;
        let record = record
            .with_version(next(expected, MAX_VERSION, id)?)
            .with_digest(content.digest);
        self.set_record(id, record);
        Ok(record)
    }

    #[inline(never)]
    fn set_record(&mut self, id: &B256, record: Record) {
        self.records.setter(id.into()).set(record.0);
    }
}

fn check_content(id: &B256, content: &Content<'_>) -> Result<(), Error> {
    if content.digest.is_zero() {
        return Err(Error::zero_digest(id));
    }
    check_length(id, content.sealed_info, MAX_INFO)
}

/// Refuses sealed bytes that are longer than `limit`.
pub(crate) fn check_length(id: &B256, sealed: &[u8], limit: usize) -> Result<(), Error> {
    let length = sealed.len();
    if length > limit {
        Err(Error::too_long(id, length, limit))
    } else {
        Ok(())
    }
}
