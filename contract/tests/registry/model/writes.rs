//! What each function does, in the order in which it looks for errors.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use super::state::*;
use crate::common::abi::IRegistryCalls as Call;
use crate::common::{Digest, abi, deposited_id};

impl Model {
    /// Runs a call. Returns its return data.
    pub(super) fn run(&mut self, call: &Call) -> Refused<Vec<u8>> {
        match call {
            Call::register(call) => self.register(call)?,
            Call::rotateKey(call) => self.rotate_key(call)?,
            Call::deregister(_) => self.deregister()?,
            Call::vouch(call) => self.vouch(call)?,
            Call::withdrawVouch(call) => self.withdraw_vouch(call.user)?,
            Call::addRecord(call) => {
                return self
                    .add_record(call)
                    .map(|id| abi::addRecordCall::abi_encode_returns(&id));
            }
            Call::updateRecord(call) => self.update_record(call)?,
            Call::rekeyRecord(call) => self.rekey_record(call)?,
            Call::removeRecord(call) => self.remove_record(call)?,
            Call::allowDeposits(call) => self.allow_deposits(call.depositor, call.expires)?,
            Call::disallowDeposits(call) => self.disallow_deposits(call.depositor)?,
            Call::depositRecord(call) => {
                let id = self.deposit_record(call)?;
                return Ok(abi::depositRecordCall::abi_encode_returns(&id));
            }
            Call::grant(call) => self.grant(&call.given)?,
            Call::grantMany(call) => {
                check_count(call.given.len())?;
                call.given.iter().try_for_each(|given| self.grant(given))?;
            }
            Call::updateAccess(call) => self.update_access(call)?,
            Call::revoke(call) => self.revoke(call.id, call.user)?,
            Call::requestAccess(call) => self.request_access(call)?,
            Call::withdrawRequest(call) => self.withdraw_request(call.id)?,
            Call::denyRequest(call) => self.deny_request(call.id, call.user)?,
            Call::logAccess(call) => self.log_access(call.id, call.purpose)?,
            view => return self.view(view),
        }
        Ok(vec![])
    }

    fn register(&mut self, call: &abi::registerCall) -> Refused<()> {
        let (user, known) = (self.caller, self.user(self.caller));
        if known.registered {
            return refuse(abi::AlreadyRegistered { user });
        }
        check_role(user, call.role)?;
        check_key(user, call.keyX)?;
        let version = next(known.keyVersion, u32::MAX, user.into_word())?;
        let (odd, x, role) = (call.keyOdd, call.keyX, call.role);
        let registration = abi::User {
            registered: true,
            role,
            keyVersion: version,
            firstKeyVersion: version,
            keyOdd: odd,
            keyX: x,
        };
        self.users.insert(user, registration);
        self.emit(abi::Registered {
            user,
            role,
            keyVersion: version,
            keyOdd: odd,
            keyX: x,
        });
        Ok(())
    }

    fn rotate_key(&mut self, call: &abi::rotateKeyCall) -> Refused<()> {
        let (user, known) = (self.caller, self.registered(self.caller)?);
        check_key(user, call.keyX)?;
        let version = next(known.keyVersion, u32::MAX, user.into_word())?;
        let (odd, x) = (call.keyOdd, call.keyX);
        self.users.insert(
            user,
            abi::User {
                keyVersion: version,
                keyOdd: odd,
                keyX: x,
                ..known
            },
        );
        self.emit(abi::KeyRotated {
            user,
            keyVersion: version,
            keyOdd: odd,
            keyX: x,
        });
        Ok(())
    }

    fn deregister(&mut self) -> Refused<()> {
        let (user, known) = (self.caller, self.registered(self.caller)?);
        let gone = abi::User {
            registered: false,
            keyOdd: false,
            keyX: B256::ZERO,
            ..known
        };
        self.users.insert(user, gone);
        self.emit(abi::Deregistered { user });
        Ok(())
    }

    fn vouch(&mut self, call: &abi::vouchCall) -> Refused<()> {
        let (voucher, user) = (self.caller, call.user);
        self.other(voucher, user)?;
        check_role(user, call.role)?;
        self.check_expiry(user, call.expires)?;
        let (role, expires) = (call.role, call.expires);
        self.vouches
            .insert((voucher, user), abi::Vouch { role, expires });
        self.emit(abi::Vouched {
            voucher,
            user,
            role,
            expires,
        });
        Ok(())
    }

    fn withdraw_vouch(&mut self, user: Address) -> Refused<()> {
        let voucher = self.caller;
        if self.vouches.remove(&(voucher, user)).is_none() {
            return refuse(abi::NoVouch { voucher, user });
        }
        self.emit(abi::VouchWithdrawn { voucher, user });
        Ok(())
    }

    /// A new record of `owner`, made by the caller.
    fn create(&mut self, owner: Address, salt: B256, digest: Digest, info: &[u8]) -> Refused<B256> {
        let id = deposited_id(self.caller, owner, salt);
        if self.records.contains_key(&id) {
            return refuse(abi::RecordExists { id });
        }
        check_content(id, digest, info)?;
        let record = abi::Record {
            owner,
            version: 1,
            epoch: 0,
            status: 1,
            digest,
        };
        self.records.insert(id, record);
        Ok(id)
    }

    fn add_record(&mut self, call: &abi::addRecordCall) -> Refused<B256> {
        let owner = self.caller;
        self.registered(owner)?;
        let (digest, info) = (call.digest, call.sealedInfo.clone());
        let id = self.create(owner, call.salt, digest, &info)?;
        self.emit(abi::RecordAdded {
            id,
            owner,
            digest,
            sealedInfo: info,
        });
        Ok(id)
    }

    fn update_record(&mut self, call: &abi::updateRecordCall) -> Refused<()> {
        let id = call.id;
        self.allowed(id, 2)?;
        let mut record = self.record(id);
        if record.version != call.expectedVersion {
            return refuse(abi::VersionConflict {
                id,
                current: record.version,
            });
        }
        check_content(id, call.digest, &call.sealedInfo)?;
        record.version = next(record.version, u16::MAX.into(), id)?;
        record.digest = call.digest;
        self.records.insert(id, record.clone());
        self.emit(abi::RecordUpdated {
            id,
            author: self.caller,
            version: record.version,
            digest: call.digest,
            sealedInfo: call.sealedInfo.clone(),
        });
        Ok(())
    }

    fn rekey_record(&mut self, call: &abi::rekeyRecordCall) -> Refused<()> {
        check_count(call.kept.len())?;
        let id = call.id;
        let mut record = self.owned(id)?;
        record.epoch += 1;
        if record.version != call.expectedVersion {
            return refuse(abi::VersionConflict {
                id,
                current: record.version,
            });
        }
        check_content(id, call.digest, &call.sealedInfo)?;
        record.version = next(record.version, u16::MAX.into(), id)?;
        record.digest = call.digest;
        self.records.insert(id, record.clone());
        self.emit(abi::RecordRekeyed {
            id,
            version: record.version,
            epoch: record.epoch,
            digest: call.digest,
            sealedInfo: call.sealedInfo.clone(),
        });
        call.kept.iter().try_for_each(|given| {
            if given.id != id {
                return refuse(abi::OtherRecord {
                    id,
                    given: given.id,
                });
            }
            self.grant(given)
        })
    }

    fn remove_record(&mut self, call: &abi::removeRecordCall) -> Refused<()> {
        check_count(call.grantees.len())?;
        let id = call.id;
        let record = self.owned(id)?;
        self.records.insert(
            id,
            abi::Record {
                status: 2,
                digest: Digest::ZERO,
                ..record
            },
        );
        for user in &call.grantees {
            self.grants.remove(&(id, *user));
            self.requests.remove(&(id, *user));
        }
        self.emit(abi::RecordRemoved { id });
        Ok(())
    }

    fn allow_deposits(&mut self, depositor: Address, expires: u64) -> Refused<()> {
        let owner = self.caller;
        self.registered(owner)?;
        self.other(owner, depositor)?;
        self.check_expiry(depositor, expires)?;
        self.rights.insert((owner, depositor), expires);
        self.emit(abi::DepositsAllowed {
            owner,
            depositor,
            expires,
        });
        Ok(())
    }

    fn disallow_deposits(&mut self, depositor: Address) -> Refused<()> {
        let owner = self.caller;
        if self.rights.remove(&(owner, depositor)).is_none() {
            return refuse(abi::DepositsNotAllowed { owner, depositor });
        }
        self.emit(abi::DepositsDisallowed { owner, depositor });
        Ok(())
    }

    fn deposit_record(&mut self, call: &abi::depositRecordCall) -> Refused<B256> {
        let (owner, depositor) = (call.owner, self.caller);
        self.registered(depositor)?;
        self.other(depositor, owner)?;
        if !self.right(owner, depositor).allowed {
            return refuse(abi::DepositsNotAllowed { owner, depositor });
        }
        let (digest, info) = (call.digest, call.sealedInfo.clone());
        let id = self.create(owner, call.salt, digest, &info)?;
        self.emit(abi::RecordDeposited {
            id,
            owner,
            depositor,
            digest,
            sealedInfo: info,
        });
        let given = |user, access, purpose, key: &abi::WrappedKey| abi::Grant {
            id,
            user,
            access,
            purpose,
            expires: 0,
            epoch: 0,
            key: key.clone(),
        };
        self.write_grant(given(owner, 2, 7, &call.forOwner))?;
        if call.forSelf.suite != 0 {
            self.write_grant(given(depositor, 1, 1, &call.forSelf))?;
        }
        Ok(id)
    }

    fn grant(&mut self, given: &abi::Grant) -> Refused<()> {
        let (id, user, record) = (given.id, given.user, self.owned(given.id)?);
        self.other(record.owner, user)?;
        self.check_terms(id, user, given.access, given.purpose, given.expires)?;
        if given.epoch != record.epoch {
            return refuse(abi::StaleEpoch {
                id,
                user,
                current: record.epoch,
            });
        }
        self.write_grant(given.clone())?;
        self.requests.remove(&(id, user));
        Ok(())
    }

    fn write_grant(&mut self, given: abi::Grant) -> Refused<()> {
        let (id, user, key) = (given.id, given.user, &given.key);
        if key.suite != 1 {
            return refuse(abi::InvalidSuite {
                id,
                user,
                suite: key.suite,
            });
        }
        let current = self.user(user).keyVersion;
        if key.keyVersion != current {
            return refuse(abi::StaleKey { id, user, current });
        }
        check_key(user, key.encX)?;
        self.emit(abi::Granted {
            id,
            user,
            access: given.access,
            purpose: given.purpose,
            expires: given.expires,
            epoch: given.epoch,
            keyVersion: key.keyVersion,
        });
        self.grants.insert((id, user), given);
        Ok(())
    }

    fn update_access(&mut self, call: &abi::updateAccessCall) -> Refused<()> {
        let (id, user, record) = (call.id, call.user, self.owned(call.id)?);
        if record.owner == user {
            return refuse(abi::SelfTarget { user });
        }
        let (access, purpose, expires) = (call.access, call.purpose, call.expires);
        self.check_terms(id, user, access, purpose, expires)?;
        let grant = self.grants.get_mut(&(id, user));
        let grant = grant.filter(|grant| grant.epoch == record.epoch);
        let Some(grant) = grant else {
            return refuse(abi::NoGrant { id, user });
        };
        (grant.access, grant.purpose, grant.expires) = (access, purpose, expires);
        self.emit(abi::AccessUpdated {
            id,
            user,
            access,
            purpose,
            expires,
        });
        Ok(())
    }

    fn revoke(&mut self, id: B256, user: Address) -> Refused<()> {
        if self.own(id)?.owner == user {
            return refuse(abi::SelfTarget { user });
        }
        if self.grants.remove(&(id, user)).is_none() {
            return refuse(abi::NoGrant { id, user });
        }
        self.emit(abi::Revoked { id, user });
        Ok(())
    }

    fn request_access(&mut self, call: &abi::requestAccessCall) -> Refused<()> {
        let (id, user, owner) = (call.id, self.caller, self.live(call.id)?.owner);
        if owner == user {
            return refuse(abi::SelfTarget { user });
        }
        let (access, purpose, note) = (call.access, call.purpose, call.sealedNote.clone());
        check_access(id, user, access)?;
        check_purpose(id, user, purpose)?;
        check_length(id, note.len(), 512)?;
        self.requests.insert(
            (id, user),
            abi::Request {
                access,
                purpose,
                requestedAt: self.now,
            },
        );
        self.emit(abi::AccessRequested {
            id,
            user,
            owner,
            access,
            purpose,
            sealedNote: note,
        });
        Ok(())
    }

    fn withdraw_request(&mut self, id: B256) -> Refused<()> {
        let user = self.caller;
        if self.requests.remove(&(id, user)).is_none() {
            return refuse(abi::NoRequest { id, user });
        }
        self.emit(abi::RequestWithdrawn { id, user });
        Ok(())
    }

    fn deny_request(&mut self, id: B256, user: Address) -> Refused<()> {
        self.owned(id)?;
        if self.requests.remove(&(id, user)).is_none() {
            return refuse(abi::NoRequest { id, user });
        }
        self.emit(abi::RequestDenied { id, user });
        Ok(())
    }

    fn log_access(&mut self, id: B256, purpose: u8) -> Refused<()> {
        let (user, access) = (self.caller, self.allowed(id, 1)?);
        check_purpose(id, user, purpose)?;
        let (owner, emergency) = (access.reason == 1, purpose == 2);
        if !owner && !emergency && purpose != access.purpose {
            return refuse(abi::PurposeNotGranted {
                id,
                purpose,
                granted: access.purpose,
            });
        }
        let version = self.record(id).version;
        self.emit(abi::AccessLogged {
            id,
            user,
            purpose,
            version,
        });
        Ok(())
    }
}
