//! Transactions, from the first estimate to finality.
//!
//! A transaction is signed, journalled, sent; it is sent again, byte for byte, until it is in a block that counts as
//! final. It is signed anew only where no earlier signing can take effect besides: with the same nonce when the chain
//! became too expensive for it, with a fresh one when another transaction used its nonce up.
//!
//! Nonces: within a process they are given out under a lock, counting on from the transactions under way, so several
//! may be in flight. Between processes of one profile the journal's lock keeps the order. A process elsewhere that
//! uses the same account may take a nonce first: then the transaction is signed anew.

mod follow;

use std::borrow::Cow;
use std::time::Duration;

use alloy::consensus::TxEip1559;
use alloy::eips::BlockNumberOrTag;
use alloy::primitives::{Address, B256, Bytes, TxKind, U256};
use alloy::rpc::types::{Log, TransactionRequest};

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::error::{ChainError, Result};
use super::journal::{Attempt, EntryId, Inclusion, Journal, Scope, Transaction};
use super::node::Node;

/// How transactions are made and awaited.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Blocks on top of a transaction's block before it counts as final. 0 trusts the order that the chain's
    /// sequencer gives at once, as Arbitrum's own tools do.
    pub confirmations: u64,
    /// How long to wait for finality.
    pub patience: Duration,
    /// Pause between looks at the chain.
    pub poll: Duration,
    /// Gas above the estimate, in percent: the state may change between estimate and execution. Unused gas is not
    /// paid for.
    pub gas_margin: u64,
    /// Highest base fee to pay, wei per gas.
    pub max_base_fee: Option<u128>,
}

impl Default for Policy {
    /// 0 confirmations, 120 s, every 250 ms, 20 %, any base fee.
    fn default() -> Self {
        Self {
            confirmations: 0,
            patience: Duration::from_secs(120),
            poll: Duration::from_millis(250),
            gas_margin: 20,
            max_base_fee: None,
        }
    }
}

/// What a transaction is to do. It can be kept in the payload of a journal entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The contract's function, for people.
    pub what: Cow<'static, str>,
    /// The contract; `None` creates one.
    pub to: Option<Address>,
    /// Wei to send along.
    pub value: U256,
    /// Calldata, or init code.
    pub data: Bytes,
}

/// What became of a transaction.
#[derive(Debug)]
pub struct Outcome {
    /// The contract's function.
    pub what: String,
    /// Hash of the signing that took effect.
    pub hash: B256,
    /// Its block.
    pub block: Inclusion,
    /// Gas used in all, Arbitrum's part for the parent chain included.
    pub gas_used: u64,
    /// Wei per gas.
    pub gas_price: u128,
    /// The contract that it created.
    pub created: Option<Address>,
    /// Its events.
    pub logs: Vec<Log>,
    /// Why it failed on the chain, if it did. It then changed nothing but the account's nonce and balance.
    pub failure: Option<ChainError>,
}

impl Outcome {
    /// Wei paid.
    pub fn fee(&self) -> U256 {
        U256::from(self.gas_used) * U256::from(self.gas_price)
    }
}

/// Multiple of the present base fee that a transaction offers. Arbitrum charges the base fee of the block, whatever is
/// offered, and drops tips (Nitro's `arbos/tx_processor.go`).
const FEE_HEADROOM: u128 = 2;

/// Signings tried before giving up on an account that others use, or on a fee that keeps rising.
const SIGNINGS: usize = 8;

/// Sends and follows the transactions of one account on one chain.
#[derive(Clone, Copy, Debug)]
pub struct Outbox<'a> {
    node: &'a Node,
    journal: &'a Journal,
    account: &'a Account,
    chain: u64,
    policy: Policy,
}

impl<'a> Outbox<'a> {
    pub(super) fn new(
        node: &'a Node,
        journal: &'a Journal,
        account: &'a Account,
        chain: u64,
        policy: Policy,
    ) -> Self {
        Self {
            node,
            journal,
            account,
            chain,
            policy,
        }
    }

    /// The chain and account of this outbox's operations.
    pub fn scope(&self) -> Scope {
        Scope {
            chain: self.chain,
            account: self.account.address(),
        }
    }

    /// Estimates, signs, journals and sends a transaction, as the next one of operation `entry`.
    ///
    /// The estimate executes it, so a call that the contract refuses ends here: nothing is journalled then.
    ///
    /// # Errors
    ///
    /// Why it would fail, or why the node did not take it. After [`ChainError::Unreachable`], [`ChainError::Timeout`]
    /// and [`ChainError::Http`] it may be on its way: it stays in the journal and [`Self::settle`] goes on with it.
    pub async fn submit(&self, entry: EntryId, action: &Action) -> Result<B256> {
        self.check_scope(entry)?;
        let _order = self.journal.sending.lock().await;
        self.send_waiting().await?;
        let gas = self.gas_for(action).await?;
        let attempt = self.sign(action, gas, None).await?;
        let transaction = Transaction {
            what: action.what.clone().into_owned(),
            to: action.to,
            attempts: vec![attempt],
            included: None,
            is_final: false,
        };
        let mut index = 0;
        self.journal.change(entry, |e| {
            index = e.transactions.len();
            e.transactions.push(transaction);
        })?;
        self.hand_over(entry, index, action, gas).await
    }

    /// Goes on with operation `entry` until all its transactions are final: sends again what is missing, and what a
    /// reorganisation took out of its block. Returns what became of them, in order.
    ///
    /// # Errors
    ///
    /// [`ChainError::NotFinal`] when patience ends; the operation stays in the journal and can be settled later.
    pub async fn settle(&self, entry: EntryId) -> Result<Vec<Outcome>> {
        self.check_scope(entry)?;
        let count = self.journal.entry(entry)?.transactions.len();
        let mut outcomes = Vec::with_capacity(count);
        for index in 0..count {
            outcomes.push(self.finality(entry, index).await?);
        }
        Ok(outcomes)
    }

    /// Submits actions one after the other, each when the one before is in a block, and settles them all.
    ///
    /// # Errors
    ///
    /// As for [`Self::submit`] and [`Self::settle`], and the failure of the first that failed on the chain. Those
    /// before it stay done; the operation stays in the journal, with its final transactions marked so.
    pub async fn execute(&self, entry: EntryId, actions: &[Action]) -> Result<Vec<Outcome>> {
        if !actions.is_empty() {
            // A reorganisation may have taken back what went before, and with it the nonces below the next one.
            self.settle(entry).await?;
        }
        for action in actions {
            self.submit(entry, action).await?;
            let index = self
                .journal
                .entry(entry)?
                .transactions
                .len()
                .saturating_sub(1);
            if !self.inclusion(entry, index).await? {
                break;
            }
        }
        let mut outcomes = self.settle(entry).await?;
        match outcomes
            .iter_mut()
            .find_map(|outcome| outcome.failure.take())
        {
            Some(failure) => Err(failure),
            None => Ok(outcomes),
        }
    }

    /// Whether operation `entry` has a transaction of this kind.
    pub(super) fn has(&self, entry: EntryId, what: &str) -> Result<bool> {
        Ok(self
            .journal
            .entry(entry)?
            .transactions
            .iter()
            .any(|transaction| transaction.what == what))
    }

    fn check_scope(&self, entry: EntryId) -> Result<()> {
        let scope = self.journal.entry(entry)?.scope;
        if scope == self.scope() {
            return Ok(());
        }
        let what = format!("account {} on chain {}", scope.account, scope.chain);
        Err(ChainError::OtherEntry { entry, what })
    }

    fn request(&self, action: &Action) -> TransactionRequest {
        TransactionRequest {
            from: Some(self.account.address()),
            to: Some(action.to.map_or(TxKind::Create, TxKind::Call)),
            value: Some(action.value),
            input: action.data.clone().into(),
            ..TransactionRequest::default()
        }
    }

    async fn gas_for(&self, action: &Action) -> Result<u64> {
        let estimate = self.node.estimate(self.request(action)).await?;
        Ok(estimate.saturating_add(estimate / 100 * self.policy.gas_margin))
    }

    /// Signs with the account's next nonce, or with `nonce`.
    async fn sign(&self, action: &Action, gas: u64, nonce: Option<u64>) -> Result<Attempt> {
        let nonce = match nonce {
            Some(nonce) => nonce,
            None => {
                let waiting = self
                    .node
                    .nonce(self.account.address(), BlockNumberOrTag::Pending)
                    .await?;
                waiting.max(self.journal.next_nonce(self.scope()))
            }
        };
        let base_fee = self.node.head().await?.base_fee;
        if let Some(limit) = self.policy.max_base_fee.filter(|limit| base_fee > *limit) {
            return Err(ChainError::TooExpensive {
                price: base_fee,
                limit,
            });
        }
        self.account.sign(TxEip1559 {
            chain_id: self.chain,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: base_fee.saturating_mul(FEE_HEADROOM),
            max_priority_fee_per_gas: 0,
            to: action.to.map_or(TxKind::Create, TxKind::Call),
            value: action.value,
            access_list: Default::default(),
            input: action.data.clone(),
        })
    }

    /// Sends a journalled transaction for the first time. The caller holds the order of sending.
    async fn hand_over(
        &self,
        entry: EntryId,
        index: usize,
        action: &Action,
        gas: u64,
    ) -> Result<B256> {
        for _ in 0..SIGNINGS {
            let attempt = self.transaction(entry, index)?.current()?.clone();
            let nonce = match self.node.send(&attempt.raw).await {
                Ok(()) | Err(ChainError::AlreadyKnown) => return Ok(attempt.hash),
                Err(error) if may_have_arrived(&error) => return Err(error),
                // The answer to a repeated request speaks of the first, whose answer was lost.
                Err(_) if self.arrived(&attempt).await? => return Ok(attempt.hash),
                Err(ChainError::FeeTooLow) => Some(attempt.nonce),
                Err(ChainError::NonceTooLow(_) | ChainError::Underpriced) => None,
                Err(error) => {
                    self.journal
                        .change(entry, |e| e.transactions.truncate(index))?;
                    return Err(error);
                }
            };
            self.journal_signing(entry, index, self.sign(action, gas, nonce).await?)?;
        }
        Err(ChainError::Underpriced)
    }

    fn transaction(&self, entry: EntryId, index: usize) -> Result<Transaction> {
        let mut transactions = self.journal.entry(entry)?.transactions;
        if index >= transactions.len() {
            return Err(ChainError::NoSuchEntry(entry));
        }
        Ok(transactions.swap_remove(index))
    }
}

/// Whether a transaction may be with the node in spite of the error.
fn may_have_arrived(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::Unreachable { .. }
            | ChainError::Timeout { .. }
            | ChainError::Http { .. }
            | ChainError::Malformed(_)
            | ChainError::AnswerTooLarge { .. }
    )
}

#[cfg(test)]
mod tests;
