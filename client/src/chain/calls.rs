//! Every function of the registry that changes something, as an [`Action`].
//!
//! Functions that take lists return as many actions as the registry's bound on a list asks for.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall;

use super::abi::IRegistry as abi;
use super::outbox::Action;
use super::values::{AccessLevel, Grant, ObjectDigest, PublicKey, Purpose, Role, WrappedKey};

/// Most elements of a list that the registry takes.
pub const BATCH: usize = 64;

/// Builds the actions of one registry.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    registry: Address,
}

/// What is sealed and stored of a record's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Digest of the ciphertext object.
    pub digest: ObjectDigest,
    /// Title, size and place, sealed; at most 1,024 bytes.
    pub sealed_info: Bytes,
}

impl Calls {
    pub(super) fn new(registry: Address) -> Self {
        Self { registry }
    }

    fn action<C: SolCall>(self, call: C) -> Action {
        let what = C::SIGNATURE.split('(').next().unwrap_or(C::SIGNATURE);
        Action {
            what: what.into(),
            to: Some(self.registry),
            value: U256::ZERO,
            data: call.abi_encode().into(),
        }
    }

    /// Registers the account with an encryption key and a role.
    pub fn register(self, key: PublicKey, role: Role) -> Action {
        self.action(abi::registerCall {
            keyX: key.x,
            keyOdd: key.odd,
            role: role.code(),
        })
    }

    /// Replaces the account's encryption key.
    pub fn rotate_key(self, key: PublicKey) -> Action {
        self.action(abi::rotateKeyCall {
            keyX: key.x,
            keyOdd: key.odd,
        })
    }

    /// Ends the account's registration.
    pub fn deregister(self) -> Action {
        self.action(abi::deregisterCall {})
    }

    /// States that a user has a role.
    pub fn vouch(self, user: Address, role: Role, expires: Option<u64>) -> Action {
        self.action(abi::vouchCall {
            user,
            role: role.code(),
            expires: expires.unwrap_or(0),
        })
    }

    /// Takes that statement back.
    pub fn withdraw_vouch(self, user: Address) -> Action {
        self.action(abi::withdrawVouchCall { user })
    }

    /// Adds a record of the account; its id is [`record_id`] of account, account and salt.
    pub fn add_record(self, salt: B256, content: &Content) -> Action {
        let Content {
            digest,
            sealed_info,
        } = content.clone();
        self.action(abi::addRecordCall {
            salt,
            digest,
            sealedInfo: sealed_info,
        })
    }

    /// Sets a new version over `expected`.
    pub fn update_record(self, id: B256, expected: u32, content: &Content) -> Action {
        let Content {
            digest,
            sealed_info,
        } = content.clone();
        let call = abi::updateRecordCall {
            id,
            expectedVersion: expected,
            digest,
            sealedInfo: sealed_info,
        };
        self.action(call)
    }

    /// Sets a new version under a new record key. Grants past the first 64 follow in transactions of their own, and
    /// until then those users have no access.
    pub fn rekey_record(
        self,
        id: B256,
        expected: u32,
        content: &Content,
        kept: &[Grant],
    ) -> Vec<Action> {
        let Content {
            digest,
            sealed_info,
        } = content.clone();
        let (first, rest) = kept.split_at(kept.len().min(BATCH));
        let rekey = self.action(abi::rekeyRecordCall {
            id,
            expectedVersion: expected,
            digest,
            sealedInfo: sealed_info,
            kept: first.iter().map(Into::into).collect(),
        });
        std::iter::once(rekey)
            .chain(self.grant_many(rest))
            .collect()
    }

    /// Leaves a tombstone, which ends everybody's access at once, and clears what the users named hold. The registry
    /// clears nothing of a removed record, so the grants of users past the first 64 are revoked before, one by one;
    /// whoever only asked for access need not be named.
    pub fn remove_record(self, id: B256, grantees: &[Address]) -> Vec<Action> {
        let (first, rest) = grantees.split_at(grantees.len().min(BATCH));
        let remove = self.action(abi::removeRecordCall {
            id,
            grantees: first.to_vec(),
        });
        rest.iter()
            .map(|user| self.revoke(id, *user))
            .chain(std::iter::once(remove))
            .collect()
    }

    /// Allows a user to make records that the account owns.
    pub fn allow_deposits(self, depositor: Address, expires: Option<u64>) -> Action {
        self.action(abi::allowDepositsCall {
            depositor,
            expires: expires.unwrap_or(0),
        })
    }

    /// Takes that right back.
    pub fn disallow_deposits(self, depositor: Address) -> Action {
        self.action(abi::disallowDepositsCall { depositor })
    }

    /// Adds a record that `owner` owns; its id is [`record_id`] of depositor, owner and salt. Without `for_self` the
    /// depositor keeps no access.
    pub fn deposit_record(
        self,
        owner: Address,
        salt: B256,
        content: &Content,
        for_owner: &WrappedKey,
        for_self: Option<&WrappedKey>,
    ) -> Action {
        let Content {
            digest,
            sealed_info,
        } = content.clone();
        self.action(abi::depositRecordCall {
            owner,
            salt,
            digest,
            sealedInfo: sealed_info,
            forOwner: for_owner.into(),
            forSelf: for_self.unwrap_or(&WrappedKey::NONE).into(),
        })
    }

    /// Gives a user access.
    pub fn grant(self, grant: &Grant) -> Action {
        self.action(abi::grantCall {
            given: grant.into(),
        })
    }

    /// Gives access to many, 64 in a transaction.
    pub fn grant_many(self, grants: &[Grant]) -> Vec<Action> {
        let call = |part: &[Grant]| abi::grantManyCall {
            given: part.iter().map(Into::into).collect(),
        };
        grants
            .chunks(BATCH)
            .map(|part| self.action(call(part)))
            .collect()
    }

    /// Changes a grant's terms.
    pub fn update_access(
        self,
        id: B256,
        user: Address,
        level: AccessLevel,
        purpose: Purpose,
        expires: Option<u64>,
    ) -> Action {
        let (access, purpose, expires) = (level.code(), purpose.code(), expires.unwrap_or(0));
        self.action(abi::updateAccessCall {
            id,
            user,
            access,
            purpose,
            expires,
        })
    }

    /// Takes a grant away.
    pub fn revoke(self, id: B256, user: Address) -> Action {
        self.action(abi::revokeCall { id, user })
    }

    /// Asks for access, with a note sealed to the owner of at most 512 bytes.
    pub fn request_access(
        self,
        id: B256,
        level: AccessLevel,
        purpose: Purpose,
        sealed_note: Bytes,
    ) -> Action {
        let (access, purpose) = (level.code(), purpose.code());
        self.action(abi::requestAccessCall {
            id,
            access,
            purpose,
            sealedNote: sealed_note,
        })
    }

    /// Takes the account's request back.
    pub fn withdraw_request(self, id: B256) -> Action {
        self.action(abi::withdrawRequestCall { id })
    }

    /// Turns a request down.
    pub fn deny_request(self, id: B256, user: Address) -> Action {
        self.action(abi::denyRequestCall { id, user })
    }

    /// States that the account opened the record's current version, and what for.
    pub fn log_access(self, id: B256, purpose: Purpose) -> Action {
        self.action(abi::logAccessCall {
            id,
            purpose: purpose.code(),
        })
    }
}

/// The id of a record: the first 12 bytes of keccak256(creator ‖ salt), so that nobody else can take it, and its owner.
pub fn record_id(creator: Address, owner: Address, salt: B256) -> B256 {
    let mut id = keccak256([creator.as_slice(), salt.as_slice()].concat());
    id[12..].copy_from_slice(owner.as_slice());
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::abi::IRegistry::IRegistryCalls;
    use alloy::primitives::{Selector, address, b256};
    use alloy::sol_types::SolInterface;
    use std::collections::BTreeSet;

    const REGISTRY: Address = Address::repeat_byte(9);

    fn grant(byte: u8) -> Grant {
        Grant {
            record: B256::repeat_byte(1),
            user: Address::repeat_byte(byte),
            level: AccessLevel::Read,
            purpose: Purpose::Treatment,
            expires: None,
            epoch: 0,
            key: WrappedKey {
                suite: 1,
                ..WrappedKey::NONE
            },
        }
    }

    fn granted(action: &Action) -> usize {
        match IRegistryCalls::abi_decode(&action.data).unwrap() {
            IRegistryCalls::grantMany(call) => call.given.len(),
            IRegistryCalls::rekeyRecord(call) => call.kept.len(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lists_are_split_at_64() {
        let calls = Calls::new(REGISTRY);
        let content = Content {
            digest: ObjectDigest::repeat_byte(3),
            sealed_info: Bytes::new(),
        };
        for (count, many, rekey) in [
            (0, vec![], vec![0]),
            (1, vec![1], vec![1]),
            (64, vec![64], vec![64]),
            (65, vec![64, 1], vec![64, 1]),
            (129, vec![64, 64, 1], vec![64, 64, 1]),
        ] {
            let grants: Vec<_> = (0..count).map(|i| grant(i as u8)).collect();
            let sizes = |actions: Vec<Action>| actions.iter().map(granted).collect::<Vec<_>>();
            assert_eq!(sizes(calls.grant_many(&grants)), many);
            assert_eq!(
                sizes(calls.rekey_record(B256::ZERO, 1, &content, &grants)),
                rekey
            );
        }
        let users: Vec<_> = (0..66).map(Address::repeat_byte).collect();
        let removal = calls.remove_record(B256::ZERO, &users);
        let names: Vec<_> = removal.iter().map(|a| a.what.as_ref()).collect();
        assert_eq!(names, ["revoke", "revoke", "removeRecord"]);
    }

    #[test]
    fn every_function_of_the_interface_can_be_called() {
        let (calls, user, id) = (
            Calls::new(REGISTRY),
            Address::repeat_byte(2),
            B256::repeat_byte(1),
        );
        let key = PublicKey {
            x: B256::repeat_byte(4),
            odd: true,
        };
        let content = Content {
            digest: ObjectDigest::repeat_byte(3),
            sealed_info: Bytes::from_static(b"info"),
        };
        let mut all = vec![
            calls.register(key, Role::Doctor),
            calls.rotate_key(key),
            calls.deregister(),
            calls.vouch(user, Role::Doctor, None),
            calls.withdraw_vouch(user),
            calls.add_record(id, &content),
            calls.update_record(id, 1, &content),
            calls.allow_deposits(user, None),
            calls.disallow_deposits(user),
            calls.deposit_record(user, id, &content, &WrappedKey::NONE, None),
            calls.grant(&grant(2)),
            calls.update_access(id, user, AccessLevel::All, Purpose::Legal, Some(1)),
            calls.revoke(id, user),
            calls.request_access(id, AccessLevel::Read, Purpose::Research, Bytes::new()),
            calls.withdraw_request(id),
            calls.deny_request(id, user),
            calls.log_access(id, Purpose::Treatment),
        ];
        all.extend(calls.grant_many(&[grant(2)]));
        all.extend(calls.rekey_record(id, 1, &content, &[]));
        all.extend(calls.remove_record(id, &[user]));
        let called: BTreeSet<Selector> = all
            .iter()
            .map(|a| Selector::from_slice(&a.data[..4]))
            .collect();
        let views = 14;
        assert_eq!(called.len() + views, IRegistryCalls::COUNT);
        assert!(
            all.iter()
                .all(|a| a.to == Some(REGISTRY) && !a.what.is_empty())
        );
    }

    #[test]
    fn an_id_binds_its_creator_and_names_its_owner() {
        // In the hash, the creator comes first; the end-to-end tests compare with the contract's own ids.
        let creator = address!("3f1eae7d46d88f08fc2f8ed27fcb2ab183eb2d0e");
        let salt = b256!("0101010101010101010101010101010101010101010101010101010101010101");
        let mut bytes = [0x01; 52];
        bytes[..20].copy_from_slice(creator.as_slice());
        let id = record_id(creator, REGISTRY, salt);
        assert_eq!(id[..12], keccak256(bytes)[..12]);
        assert_eq!(id[12..], *REGISTRY.as_slice());
    }
}
