//! What an operation does to the registry, in a form that the journal keeps.

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::chain::{
    AccessLevel, Action, Calls, Content, Grant, ObjectDigest, PublicKey, Purpose, Role, WrappedKey,
    record_id,
};

/// A version's digest and its sealed description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) digest: ObjectDigest,
    pub(super) sealed_info: Bytes,
}

impl From<&Version> for Content {
    fn from(version: &Version) -> Self {
        Self {
            digest: version.digest,
            sealed_info: version.sealed_info.clone(),
        }
    }
}

/// One kind of change. Everything needed to make its transactions again is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(super) enum Deed {
    Register {
        key: PublicKey,
        role: Role,
    },
    RotateKey {
        key: PublicKey,
    },
    Deregister,
    Vouch {
        user: Address,
        role: Role,
        expires: Option<u64>,
    },
    WithdrawVouch {
        user: Address,
    },
    AllowDeposits {
        depositor: Address,
        expires: Option<u64>,
    },
    DisallowDeposits {
        depositor: Address,
    },
    Add {
        salt: B256,
        version: Version,
    },
    Deposit {
        owner: Address,
        salt: B256,
        version: Version,
        for_owner: WrappedKey,
        for_self: Option<WrappedKey>,
    },
    Update {
        id: B256,
        expected: u32,
        version: Version,
    },
    /// `removed` and `suspended` are those who lose access by it: named by the user, or because of their key.
    Rekey {
        id: B256,
        expected: u32,
        epoch: u32,
        version: Version,
        kept: Vec<Grant>,
        removed: Vec<Address>,
        suspended: Vec<Address>,
    },
    Remove {
        id: B256,
        grantees: Vec<Address>,
    },
    Share {
        grants: Vec<Grant>,
    },
    UpdateAccess {
        id: B256,
        user: Address,
        level: AccessLevel,
        purpose: Purpose,
        expires: Option<u64>,
    },
    /// Takes grants away; a rekey follows.
    Revoke {
        id: B256,
        users: Vec<Address>,
        locator: Option<String>,
    },
    Request {
        id: B256,
        level: AccessLevel,
        purpose: Purpose,
        note: Bytes,
    },
    WithdrawRequest {
        id: B256,
    },
    Deny {
        id: B256,
        user: Address,
    },
    LogAccess {
        id: B256,
        purpose: Purpose,
    },
}

impl Deed {
    /// The transactions, in order.
    pub(super) fn actions(&self, calls: Calls) -> Vec<Action> {
        match self {
            Self::Register { key, role } => vec![calls.register(*key, *role)],
            Self::RotateKey { key } => vec![calls.rotate_key(*key)],
            Self::Deregister => vec![calls.deregister()],
            Self::Vouch {
                user,
                role,
                expires,
            } => vec![calls.vouch(*user, *role, *expires)],
            Self::WithdrawVouch { user } => vec![calls.withdraw_vouch(*user)],
            Self::AllowDeposits { depositor, expires } => {
                vec![calls.allow_deposits(*depositor, *expires)]
            }
            Self::DisallowDeposits { depositor } => vec![calls.disallow_deposits(*depositor)],
            Self::Add { salt, version } => vec![calls.add_record(*salt, &version.into())],
            Self::Deposit {
                owner,
                salt,
                version,
                for_owner,
                for_self,
            } => {
                vec![calls.deposit_record(
                    *owner,
                    *salt,
                    &version.into(),
                    for_owner,
                    for_self.as_ref(),
                )]
            }
            Self::Update {
                id,
                expected,
                version,
            } => vec![calls.update_record(*id, *expected, &version.into())],
            Self::Rekey {
                id,
                expected,
                version,
                kept,
                ..
            } => calls.rekey_record(*id, *expected, &version.into(), kept),
            Self::Remove { id, grantees } => calls.remove_record(*id, grantees),
            other => other.access_actions(calls),
        }
    }

    fn access_actions(&self, calls: Calls) -> Vec<Action> {
        match self {
            Self::Share { grants } => match &grants[..] {
                [one] => vec![calls.grant(one)],
                many => calls.grant_many(many),
            },
            Self::UpdateAccess {
                id,
                user,
                level,
                purpose,
                expires,
            } => {
                vec![calls.update_access(*id, *user, *level, *purpose, *expires)]
            }
            Self::Revoke { id, users, .. } => {
                users.iter().map(|user| calls.revoke(*id, *user)).collect()
            }
            Self::Request {
                id,
                level,
                purpose,
                note,
            } => {
                vec![calls.request_access(*id, *level, *purpose, note.clone())]
            }
            Self::WithdrawRequest { id } => vec![calls.withdraw_request(*id)],
            Self::Deny { id, user } => vec![calls.deny_request(*id, *user)],
            Self::LogAccess { id, purpose } => vec![calls.log_access(*id, *purpose)],
            // Everything else is in `actions`.
            _ => Vec::new(),
        }
    }

    /// A name for people.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::RotateKey { .. } => "rotate key",
            Self::Deregister => "deregister",
            Self::Vouch { .. } => "vouch",
            Self::WithdrawVouch { .. } => "withdraw vouch",
            Self::AllowDeposits { .. } => "allow deposits",
            Self::DisallowDeposits { .. } => "disallow deposits",
            Self::Add { .. } => "add",
            Self::Deposit { .. } => "deposit",
            Self::Update { .. } => "update",
            Self::Rekey { removed, .. } if removed.is_empty() => "rekey",
            Self::Rekey { .. } | Self::Revoke { .. } => "revoke",
            Self::Remove { .. } => "remove",
            Self::Share { .. } => "share",
            Self::UpdateAccess { .. } => "change access",
            Self::Request { .. } => "request",
            Self::WithdrawRequest { .. } => "withdraw request",
            Self::Deny { .. } => "deny",
            Self::LogAccess { .. } => "log access",
        }
    }

    /// The record it is about, if it is about one; `creator` is who makes the transaction.
    pub(super) fn record(&self, creator: Address) -> Option<B256> {
        match self {
            Self::Add { salt, .. } => Some(record_id(creator, creator, *salt)),
            Self::Deposit { owner, salt, .. } => Some(record_id(creator, *owner, *salt)),
            Self::Update { id, .. }
            | Self::Rekey { id, .. }
            | Self::Remove { id, .. }
            | Self::UpdateAccess { id, .. }
            | Self::Revoke { id, .. }
            | Self::Request { id, .. }
            | Self::WithdrawRequest { id }
            | Self::Deny { id, .. }
            | Self::LogAccess { id, .. } => Some(*id),
            Self::Share { grants } => grants.first().map(|grant| grant.record),
            _ => None,
        }
    }

    /// The version that it takes for the present one.
    pub(super) fn expected_version(&self) -> Option<(B256, u32)> {
        match self {
            Self::Update { id, expected, .. } | Self::Rekey { id, expected, .. } => {
                Some((*id, *expected))
            }
            _ => None,
        }
    }
}
