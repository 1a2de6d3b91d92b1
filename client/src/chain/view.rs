//! Reading the registry as of one block.

use alloy::primitives::{Address, B256};
use alloy::sol_types::SolCall;

use super::abi::IRegistry as abi;
use super::calls::BATCH;
use super::error::{ChainError, Result};
use super::node::Block;
use super::registry::Registry;
use super::seen::Progress;
use super::translate::FromAbi;
use super::values::{Access, DepositRight, GrantedKey, Record, Request, User, Vouch};

/// The registry as of one block. Every method gives what [`ChainError`] lists for nodes; lists of any length are asked
/// for 64 at a time and come back in the order given.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    registry: &'a Registry,
    block: Block,
}

/// One view and its batch form.
macro_rules! view {
    ($(#[$doc:meta])* $one:ident($($arg:ident: $ty:ty),*) -> $out:ty = $call:ident;
     $(#[$many_doc:meta])* $many:ident($items:ident: $item:ty) = $many_call:ident, $translate:expr) => {
        $(#[$doc])*
        ///
        /// # Errors
        ///
        /// See [`Snapshot`].
        pub async fn $one(&self, $($arg: $ty),*) -> Result<$out> {
            self.one(abi::$call { $($arg),* }).await
        }

        $(#[$many_doc])*
        ///
        /// # Errors
        ///
        /// See [`Snapshot`].
        pub async fn $many(&self, $items: &[$item]) -> Result<Vec<$out>> {
            self.many($items, |part| abi::$many_call { $items: part.iter().map($translate).collect() }).await
        }
    };
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(registry: &'a Registry, block: Block) -> Self {
        Self { registry, block }
    }

    /// The block that the answers are of.
    pub fn block(&self) -> &Block {
        &self.block
    }

    view! {
        /// A user; `None` for who is not registered.
        user(user: Address) -> Option<User> = userOfCall;
        /// Users.
        users(users: Address) = usersOfCall, |user| *user
    }

    view! {
        /// What a user may do with a record, and why.
        access(id: B256, user: Address) -> Access = accessOfCall;
        /// The same for pairs of record and user.
        accesses(pairs: (B256, Address)) = accessesOfCall, record_user
    }

    view! {
        /// The record key for a user, whether or not the grant is in force.
        wrapped_key(id: B256, user: Address) -> Option<GrantedKey> = wrappedKeyOfCall;
        /// The same for pairs of record and user.
        wrapped_keys(pairs: (B256, Address)) = wrappedKeysOfCall, record_user
    }

    view! {
        /// A user's open request.
        request(id: B256, user: Address) -> Option<Request> = requestOfCall;
        /// The same for pairs of record and user.
        requests(pairs: (B256, Address)) = requestsOfCall, record_user
    }

    view! {
        /// What a voucher states about a user, expired or not.
        vouch(voucher: Address, user: Address) -> Option<Vouch> = vouchOfCall;
        /// The same for pairs of voucher and user.
        vouches(pairs: (Address, Address)) = vouchesOfCall, |pair| abi::VoucherUser { voucher: pair.0, user: pair.1 }
    }

    view! {
        /// Whether a depositor may make records for an owner.
        deposit_right(owner: Address, depositor: Address) -> DepositRight = depositRightOfCall;
        /// The same for pairs of owner and depositor.
        deposit_rights(pairs: (Address, Address)) = depositRightsOfCall,
            |pair| abi::OwnerDepositor { owner: pair.0, depositor: pair.1 }
    }

    /// A record; its status says whether it exists.
    ///
    /// # Errors
    ///
    /// [`ChainError::Stale`] when a newer state of it was seen before; otherwise see [`Snapshot`].
    pub async fn record(&self, id: B256) -> Result<Record> {
        let record: Record = self.one(abi::recordOfCall { id }).await?;
        self.registry
            .observe(&[(id, Progress::of(&record))], &self.block)
            .await?;
        Ok(record)
    }

    /// Records.
    ///
    /// # Errors
    ///
    /// As for [`Self::record`].
    pub async fn records(&self, ids: &[B256]) -> Result<Vec<Record>> {
        let records: Vec<Record> = self
            .many(ids, |part| abi::recordsOfCall { ids: part.to_vec() })
            .await?;
        let progress: Vec<_> = ids
            .iter()
            .copied()
            .zip(records.iter().map(Progress::of))
            .collect();
        self.registry.observe(&progress, &self.block).await?;
        Ok(records)
    }

    async fn one<C, T>(&self, call: C) -> Result<T>
    where
        C: SolCall,
        T: FromAbi<Abi = C::Return>,
    {
        T::from_abi(self.ask(call).await?)
    }

    async fn many<C, I, T>(&self, items: &[I], call: impl Fn(&[I]) -> C) -> Result<Vec<T>>
    where
        C: SolCall<Return = Vec<T::Abi>>,
        T: FromAbi,
    {
        let mut answers = Vec::with_capacity(items.len());
        for part in items.chunks(BATCH) {
            let found = self.ask(call(part)).await?;
            if found.len() != part.len() {
                return Err(ChainError::malformed(format!(
                    "{} values for {} asked",
                    found.len(),
                    part.len()
                )));
            }
            for value in found {
                answers.push(T::from_abi(value)?);
            }
        }
        Ok(answers)
    }

    async fn ask<C: SolCall>(&self, call: C) -> Result<C::Return> {
        let answer = self
            .registry
            .answer(&self.block, call.abi_encode().into())
            .await?;
        C::abi_decode_returns_validate(&answer)
            .map_err(|_| ChainError::malformed(format!("the answer to {}", C::SIGNATURE)))
    }
}

fn record_user(pair: &(B256, Address)) -> abi::RecordUser {
    abi::RecordUser {
        id: pair.0,
        user: pair.1,
    }
}
