//! From the node's hands to finality: looking, sending again, signing anew, explaining failures.

use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::eips::eip2718::Decodable2718;
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::rpc::types::TransactionReceipt;
use tokio::time::Instant;

use super::{Action, Outbox, Outcome, SIGNINGS, may_have_arrived};
use crate::chain::error::{ChainError, Result};
use crate::chain::journal::{Attempt, EntryId, Inclusion, Transaction};

/// Looks at the chain, each without the receipt, before a used nonce counts as used by another transaction: behind one
/// address there may be nodes of which some lag.
const LOOKS: u32 = 4;

/// Looks between two sendings of the same bytes.
const RESEND_EVERY: u32 = 16;

/// Where a transaction stands.
enum Standing {
    Final(Box<TransactionReceipt>, Inclusion),
    Included(Box<TransactionReceipt>, Inclusion),
    Missing,
    NonceUsed,
}

impl Outbox<'_> {
    /// Waits until a transaction is in a block. Returns whether it succeeded there.
    pub(super) async fn inclusion(&self, entry: EntryId, index: usize) -> Result<bool> {
        self.follow(entry, index, |standing| match standing {
            Standing::Final(receipt, _) | Standing::Included(receipt, _) => Some(receipt.status()),
            _ => None,
        })
        .await
    }

    /// Whether a transaction is in a block, looking more than once.
    pub(super) async fn arrived(&self, attempt: &Attempt) -> Result<bool> {
        for _ in 0..LOOKS {
            if self.node.receipt(attempt.hash).await?.is_some() {
                return Ok(true);
            }
            tokio::time::sleep(self.policy.poll).await;
        }
        Ok(false)
    }

    /// Waits until a transaction is final.
    pub(super) async fn finality(&self, entry: EntryId, index: usize) -> Result<Outcome> {
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
                (true, false) => Standing::Included(Box::new(receipt), block),
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
            Standing::Included(_, block) => (Some(*block), false),
            Standing::Missing | Standing::NonceUsed => (None, false),
        };
        if (included, is_final) == (known.included, known.is_final) {
            return Ok(());
        }
        self.journal.change(entry, |e| {
            // It is gone when the node refused it for good in the meantime.
            if let Some(transaction) = e.transactions.get_mut(index) {
                transaction.included = included;
                transaction.is_final = is_final;
            }
        })
    }

    /// Sends what the journal holds and the node has not got: nonces above a missing one wait for it. The caller holds
    /// the order of sending.
    pub(super) async fn send_waiting(&self) -> Result<()> {
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

    pub(super) fn journal_signing(
        &self,
        entry: EntryId,
        index: usize,
        attempt: Attempt,
    ) -> Result<()> {
        self.journal.change(entry, |e| {
            if let Some(transaction) = e.transactions.get_mut(index) {
                transaction.attempts.push(attempt);
            }
        })
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
    let raw = &transaction.current()?.raw;
    let signed = TxEnvelope::decode_2718(&mut raw.as_ref())
        .map_err(|e| ChainError::malformed(format!("a journalled transaction: {e}")))?;
    let action = Action {
        what: transaction.what.clone().into(),
        to: signed.to(),
        value: signed.value(),
        data: signed.input().clone(),
    };
    Ok((action, signed.gas_limit()))
}
