//! The keys of records: derived from the root for the owner, unwrapped for everybody else, wrapped for readers.

use alloy_primitives::{Address, B256, FixedBytes};

use super::error::{RecordsError, Result};
use super::session::Session;
use crate::chain::{GrantedKey, PublicKey, RecordEntry, Snapshot, User, WrappedKey};
use crate::crypto::context::{ContentContext, KeyContext, WrapContext};
use crate::crypto::envelope;
use crate::crypto::info::{self, RecordInfo};
use crate::crypto::key::{EncryptionPublicKey, RecordKey};

/// The registry's number of the one HPKE suite there is.
const SUITE: u8 = 1;

impl Session {
    pub(super) fn content_context(&self, id: B256, epoch: u32, version: u32) -> ContentContext {
        ContentContext {
            record: self.record_ref(id),
            epoch,
            version,
        }
    }

    /// The key of one of the user's own records, unless it is a deposited one at epoch 0.
    pub(super) fn own_key(&self, id: B256, epoch: u32) -> RecordKey {
        self.identity.record_root().record_key(&KeyContext {
            record: self.record_ref(id),
            epoch,
        })
    }

    /// The key of a record's present epoch for this user.
    ///
    /// A record that somebody deposited has a key of the depositor's choice until the owner takes it over: the
    /// registry keeps it, wrapped for the owner, at epoch 0.
    pub(super) async fn key_of(
        &self,
        snapshot: &Snapshot<'_>,
        id: B256,
        owner: Address,
        epoch: u32,
    ) -> Result<RecordKey> {
        let mine = owner == self.me();
        if mine && epoch > 0 {
            return Ok(self.own_key(id, epoch));
        }
        match snapshot.wrapped_key(id, self.me()).await? {
            Some(granted) if granted.epoch == epoch => self.unwrap_key(id, &granted),
            _ if mine => Ok(self.own_key(id, epoch)),
            _ => Err(RecordsError::NoKey(id)),
        }
    }

    /// Opens a wrapped key of this user.
    pub(super) fn unwrap_key(&self, id: B256, granted: &GrantedKey) -> Result<RecordKey> {
        let GrantedKey { key, epoch } = granted;
        if key.suite != SUITE {
            return Err(RecordsError::UnknownSuite {
                id,
                suite: key.suite,
            });
        }
        let mut sealed = [0; 48];
        sealed[..32].copy_from_slice(key.sealed_key.as_slice());
        sealed[32..].copy_from_slice(key.tag.as_slice());
        let wrapped = envelope::WrappedKey {
            enc_x: key.encapsulated.x.0,
            enc_odd: key.encapsulated.odd,
            sealed,
        };
        let pair = self.identity.encryption_key(key.key_version)?;
        let context = self.wrap_context(id, *epoch, self.me(), key.key_version);
        Ok(envelope::unwrap(&wrapped, &pair, &context)?)
    }

    /// Wraps a record key for a user's present encryption key.
    pub(super) fn wrap_key(
        &self,
        key: &RecordKey,
        id: B256,
        epoch: u32,
        reader: Address,
        user: &User,
    ) -> Result<WrappedKey> {
        let context = self.wrap_context(id, epoch, reader, user.key_version);
        let wrapped = envelope::wrap(key, &public_key(&user.key)?, &context)?;
        Ok(WrappedKey {
            suite: SUITE,
            key_version: user.key_version,
            encapsulated: PublicKey {
                x: wrapped.enc_x.into(),
                odd: wrapped.enc_odd,
            },
            sealed_key: B256::from_slice(&wrapped.sealed[..32]),
            tag: FixedBytes::from_slice(&wrapped.sealed[32..]),
        })
    }

    /// Opens the description of a record's version.
    pub(super) fn open_info(&self, entry: &RecordEntry, key: &RecordKey) -> Result<RecordInfo> {
        let context = self.content_context(entry.record, entry.epoch, entry.version);
        Ok(info::open(&entry.content.sealed_info, key, &context)?)
    }

    fn wrap_context(
        &self,
        id: B256,
        epoch: u32,
        grantee: Address,
        key_version: u32,
    ) -> WrapContext {
        WrapContext {
            record: self.record_ref(id),
            epoch,
            grantee: grantee.into_array(),
            key_version,
        }
    }
}

/// The registry's key as cryptography takes it: a point of the curve, or an error.
pub(super) fn public_key(key: &PublicKey) -> Result<EncryptionPublicKey> {
    Ok(EncryptionPublicKey::from_compressed(&key.x.0, key.odd)?)
}
