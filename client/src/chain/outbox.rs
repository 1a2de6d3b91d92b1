//! Transactions, from the first estimate to finality.
//!
//! A transaction is signed, journalled, sent; it is sent again, byte for byte, until it is in a block that counts as
//! final. It is signed anew only where no earlier signing can take effect besides: with the same nonce when the chain
//! became too expensive for it, with a fresh one when another transaction used its nonce up.
//!
//! Nonces: within a process they are given out under a lock, counting on from the transactions under way, so several
//! may be in flight. Between processes of one profile the journal's lock keeps the order. A process elsewhere that
//! uses the same account may take a nonce first: then the transaction is signed anew.

use std::time::Duration;

use alloy::consensus::TxEip1559;
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256, Bytes, TxKind, U256};
use alloy::rpc::types::{Log, TransactionReceipt, TransactionRequest};
use tokio::time::Instant;

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

/// What a transaction is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The contract's function, for people.
    pub what: &'static str,
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

/// Looks at the chain, each without the receipt, before a used nonce counts as used by another transaction: behind one
/// address there may be nodes of which some lag.
const LOOKS: u32 = 4;

/// Looks between two sendings of the same bytes.
const RESEND_EVERY: u32 = 16;

/// Sends and follows the transactions of one account on one chain.
#[derive(Clone, Copy, Debug)]
pub struct Outbox<'a> {
    node: &'a Node,
    journal: &'a Journal,
    account: &'a Account,
    chain: u64,
    policy: Policy,
}

/// Where a transaction stands.
enum Standing {
    Final(Box<TransactionReceipt>, Inclusion),
    Included(Inclusion),
    Missing,
    NonceUsed,
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
            what: action.what.to_owned(),
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
        for action in actions {
            self.submit(entry, action).await?;
            let index = self
                .journal
                .entry(entry)?
                .transactions
                .len()
                .saturating_sub(1);
            self.inclusion(entry, index).await?;
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
                Err(_) if self.node.receipt(attempt.hash).await?.is_some() => {
                    return Ok(attempt.hash);
                }
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

    /// Waits until a transaction is in a block.
    async fn inclusion(&self, entry: EntryId, index: usize) -> Result<()> {
        self.follow(entry, index, |standing| match standing {
            Standing::Final(..) | Standing::Included(_) => Some(()),
            _ => None,
        })
        .await
    }

    /// Waits until a transaction is final.
    async fn finality(&self, entry: EntryId, index: usize) -> Result<Outcome> {
        let (receipt, block) = self
            .follow(entry, index, |standing| match standing {
                Standing::Final(receipt, block) => Some((receipt, block)),
                _ => None,
            })
            .await?;
        let transaction = self.transaction(entry, index)?;
        self.outcome(transaction, *receipt, block).await
    }

    /// Looks at a transaction until `done`, and sends it again whenever it is missing.
    async fn follow<T>(
        &self,
        entry: EntryId,
        index: usize,
        done: impl Fn(Standing) -> Option<T>,
    ) -> Result<T> {
        let began = Instant::now();
        let (mut missing, mut used) = (0, 0);
        loop {
            let transaction = self.transaction(entry, index)?;
            let standing = self.standing(&transaction).await?;
            self.note(entry, index, &transaction, &standing)?;
            match standing {
                Standing::Missing => {
                    if missing % RESEND_EVERY == 0 {
                        let _order = self.journal.sending.lock().await;
                        self.send_again(entry, index, &transaction).await?;
                    }
                    missing += 1;
                }
                Standing::NonceUsed if used + 1 >= LOOKS => {
                    let _order = self.journal.sending.lock().await;
                    self.sign_anew(entry, index, &transaction, None).await?;
                    used = 0;
                }
                Standing::NonceUsed => used += 1,
                other => {
                    (missing, used) = (0, 0);
                    if let Some(result) = done(other) {
                        return Ok(result);
                    }
                }
            }
            if began.elapsed() > self.policy.patience {
                let hash = transaction.current()?.hash;
                return Err(ChainError::NotFinal {
                    hash,
                    waited: self.policy.patience,
                });
            }
            tokio::time::sleep(self.policy.poll).await;
        }
    }

    async fn standing(&self, transaction: &Transaction) -> Result<Standing> {
        for attempt in transaction.attempts.iter().rev() {
            let Some(receipt) = self.node.receipt(attempt.hash).await? else {
                continue;
            };
            let (Some(number), Some(hash)) = (receipt.block_number, receipt.block_hash) else {
                continue;
            };
            let block = Inclusion { number, hash };
            let buried =
                self.node.head().await?.number >= number.saturating_add(self.policy.confirmations);
            let canonical = self
                .node
                .block(number)
                .await?
                .is_some_and(|found| found.hash == hash);
            return Ok(match (canonical, buried) {
                (true, true) => Standing::Final(Box::new(receipt), block),
                (true, false) => Standing::Included(block),
                (false, _) => Standing::Missing,
            });
        }
        let used = self
            .node
            .nonce(self.account.address(), BlockNumberOrTag::Latest)
            .await?;
        let nonce = transaction.current()?.nonce;
        Ok(if used > nonce {
            Standing::NonceUsed
        } else {
            Standing::Missing
        })
    }

    /// Writes down what changed.
    fn note(
        &self,
        entry: EntryId,
        index: usize,
        known: &Transaction,
        now: &Standing,
    ) -> Result<()> {
        let (included, is_final) = match now {
            Standing::Final(_, block) => (Some(*block), true),
            Standing::Included(block) => (Some(*block), false),
            Standing::Missing | Standing::NonceUsed => (None, false),
        };
        if (included, is_final) == (known.included, known.is_final) {
            return Ok(());
        }
        self.journal.change(entry, |e| {
            e.transactions[index].included = included;
            e.transactions[index].is_final = is_final;
        })
    }

    /// Sends what the journal holds and the node has not got: nonces above a missing one wait for it. The caller holds
    /// the order of sending.
    async fn send_waiting(&self) -> Result<()> {
        let known = self
            .node
            .nonce(self.account.address(), BlockNumberOrTag::Pending)
            .await?;
        let mut waiting = Vec::new();
        for entry in self
            .journal
            .entries()
            .into_iter()
            .filter(|entry| entry.scope == self.scope())
        {
            for (index, transaction) in entry.transactions.into_iter().enumerate() {
                let nonce = transaction.current()?.nonce;
                if !transaction.is_final && nonce >= known {
                    waiting.push((nonce, entry.id, index, transaction));
                }
            }
        }
        waiting.sort_by_key(|(nonce, ..)| *nonce);
        for (_, entry, index, transaction) in waiting {
            self.send_again(entry, index, &transaction).await?;
        }
        Ok(())
    }

    /// Sends the same bytes again. A node that cannot be reached is asked again at the next look. The caller holds the
    /// order of sending.
    async fn send_again(
        &self,
        entry: EntryId,
        index: usize,
        transaction: &Transaction,
    ) -> Result<()> {
        let attempt = transaction.current()?;
        match self.node.send(&attempt.raw).await {
            Ok(()) | Err(ChainError::AlreadyKnown | ChainError::Underpriced) => Ok(()),
            Err(ChainError::NonceTooLow(_) | ChainError::NonceTooHigh(_)) => Ok(()),
            Err(error) if may_have_arrived(&error) => Ok(()),
            Err(ChainError::FeeTooLow) => {
                self.sign_anew(entry, index, transaction, Some(attempt.nonce))
                    .await
            }
            Err(error) => Err(error),
        }
    }

    /// Journals and sends another signing of a transaction. The caller holds the order of sending.
    async fn sign_anew(
        &self,
        entry: EntryId,
        index: usize,
        transaction: &Transaction,
        nonce: Option<u64>,
    ) -> Result<()> {
        if transaction.attempts.len() >= SIGNINGS {
            return Err(ChainError::Underpriced);
        }
        let (action, gas) = action_of(transaction)?;
        let attempt = self.sign(&action, gas, nonce).await?;
        self.journal_signing(entry, index, attempt.clone())?;
        match self.node.send(&attempt.raw).await {
            Err(error)
                if !may_have_arrived(&error) && !matches!(error, ChainError::AlreadyKnown) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    fn journal_signing(&self, entry: EntryId, index: usize, attempt: Attempt) -> Result<()> {
        self.journal
            .change(entry, |e| e.transactions[index].attempts.push(attempt))
    }

    async fn outcome(
        &self,
        transaction: Transaction,
        receipt: TransactionReceipt,
        block: Inclusion,
    ) -> Result<Outcome> {
        let failure = match receipt.status() {
            true => None,
            false => Some(self.cause(&transaction, &receipt, block).await?),
        };
        Ok(Outcome {
            what: transaction.what,
            hash: receipt.transaction_hash,
            block,
            gas_used: receipt.gas_used,
            gas_price: receipt.effective_gas_price,
            created: receipt.contract_address.filter(|_| failure.is_none()),
            logs: receipt.inner.logs().to_vec(),
            failure,
        })
    }

    /// Why a transaction failed: the chain keeps no reason, so it is executed again on the state before its block.
    async fn cause(
        &self,
        transaction: &Transaction,
        receipt: &TransactionReceipt,
        block: Inclusion,
    ) -> Result<ChainError> {
        let (action, gas) = action_of(transaction)?;
        let mut request = self.request(&action);
        request.gas = Some(gas);
        let before = BlockId::number(block.number.saturating_sub(1));
        Ok(match self.node.call(request, before).await {
            Err(error) if !may_have_arrived(&error) && !matches!(error, ChainError::NoState(_)) => {
                error
            }
            _ if receipt.gas_used >= gas => ChainError::OutOfGas,
            _ => ChainError::Failed(receipt.transaction_hash),
        })
    }
}

/// Reads the action and the gas limit back from the signed bytes, which are the one record of them.
fn action_of(transaction: &Transaction) -> Result<(Action, u64)> {
    use alloy::consensus::{Transaction as _, TxEnvelope};
    use alloy::eips::eip2718::Decodable2718;
    let raw = &transaction.current()?.raw;
    let signed = TxEnvelope::decode_2718(&mut raw.as_ref())
        .map_err(|e| ChainError::malformed(format!("a journalled transaction: {e}")))?;
    let action = Action {
        what: "",
        to: signed.to(),
        value: signed.value(),
        data: signed.input().clone(),
    };
    Ok((action, signed.gas_limit()))
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
