//! Translation of the registry's values from and to the ABI.

use super::abi::IRegistry;
use super::error::ChainError;
use super::values::{
    Access, DepositRight, Grant, GrantedKey, PublicKey, Record, Request, User, Vouch, WrappedKey,
};

/// The registry's 0 stands for an expiry that never comes.
pub(super) fn expiry(seconds: u64) -> Option<u64> {
    (seconds != 0).then_some(seconds)
}

fn unless_zero<T: TryFrom<u8, Error = ChainError>>(code: u8) -> Result<Option<T>, ChainError> {
    if code == 0 {
        Ok(None)
    } else {
        T::try_from(code).map(Some)
    }
}

impl From<&WrappedKey> for IRegistry::WrappedKey {
    fn from(key: &WrappedKey) -> Self {
        Self {
            suite: key.suite,
            keyVersion: key.key_version,
            encOdd: key.encapsulated.odd,
            encX: key.encapsulated.x,
            sealedKey: key.sealed_key,
            tag: key.tag,
        }
    }
}

impl From<&Grant> for IRegistry::Grant {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.record,
            user: grant.user,
            access: grant.level.code(),
            purpose: grant.purpose.code(),
            expires: grant.expires.unwrap_or(0),
            epoch: grant.epoch,
            key: (&grant.key).into(),
        }
    }
}

impl From<IRegistry::WrappedKey> for WrappedKey {
    fn from(key: IRegistry::WrappedKey) -> Self {
        Self {
            suite: key.suite,
            key_version: key.keyVersion,
            encapsulated: PublicKey {
                x: key.encX,
                odd: key.encOdd,
            },
            sealed_key: key.sealedKey,
            tag: key.tag,
        }
    }
}

/// Translation of a view's answer; `Ok(None)` where the registry holds nothing.
pub(super) trait FromAbi: Sized {
    /// What the view returns.
    type Abi;
    /// Translates it, or says what is wrong with it.
    fn from_abi(abi: Self::Abi) -> Result<Self, ChainError>;
}

impl FromAbi for Option<User> {
    type Abi = IRegistry::User;

    fn from_abi(user: IRegistry::User) -> Result<Self, ChainError> {
        if !user.registered {
            return Ok(None);
        }
        Ok(Some(User {
            role: user.role.try_into()?,
            key_version: user.keyVersion,
            first_key_version: user.firstKeyVersion,
            key: PublicKey {
                x: user.keyX,
                odd: user.keyOdd,
            },
        }))
    }
}

impl FromAbi for Record {
    type Abi = IRegistry::Record;

    fn from_abi(record: IRegistry::Record) -> Result<Self, ChainError> {
        Ok(Self {
            owner: record.owner,
            version: record.version,
            epoch: record.epoch,
            status: record.status.try_into()?,
            digest: record.digest,
        })
    }
}

impl FromAbi for Access {
    type Abi = IRegistry::Access;

    fn from_abi(access: IRegistry::Access) -> Result<Self, ChainError> {
        Ok(Self {
            level: unless_zero(access.access)?,
            reason: access.reason.try_into()?,
            purpose: unless_zero(access.purpose)?,
            expires: expiry(access.expires),
            epoch: access.epoch,
            key_version: access.keyVersion,
        })
    }
}

impl FromAbi for Option<GrantedKey> {
    type Abi = IRegistry::GrantedKey;

    fn from_abi(granted: IRegistry::GrantedKey) -> Result<Self, ChainError> {
        Ok((granted.key.suite != 0).then(|| GrantedKey {
            key: granted.key.into(),
            epoch: granted.epoch,
        }))
    }
}

impl FromAbi for Option<Request> {
    type Abi = IRegistry::Request;

    fn from_abi(request: IRegistry::Request) -> Result<Self, ChainError> {
        let Some(level) = unless_zero(request.access)? else {
            return Ok(None);
        };
        let purpose = request.purpose.try_into()?;
        Ok(Some(Request {
            level,
            purpose,
            requested_at: request.requestedAt,
        }))
    }
}

impl FromAbi for Option<Vouch> {
    type Abi = IRegistry::Vouch;

    fn from_abi(vouch: IRegistry::Vouch) -> Result<Self, ChainError> {
        let role = unless_zero(vouch.role)?;
        Ok(role.map(|role| Vouch {
            role,
            expires: expiry(vouch.expires),
        }))
    }
}

impl FromAbi for DepositRight {
    type Abi = IRegistry::DepositRight;

    fn from_abi(right: IRegistry::DepositRight) -> Result<Self, ChainError> {
        Ok(Self {
            allowed: right.allowed,
            expires: expiry(right.expires),
        })
    }
}
