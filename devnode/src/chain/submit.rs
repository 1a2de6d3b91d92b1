//! Taking in signed transactions.
//!
//! Source of the checks, their order and their texts: go-ethereum `core/state_transition.go`
//! (`preCheck`, `buyGas`), `core/types/transaction.go`; Nitro `execution/gethexec`.

use alloy_consensus::{Transaction, TxEnvelope, Typed2718, transaction::SignerRecoverable};
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, B256, TxKind, U256};
use revm::{context::TxEnv, context_interface::either::Either};

use super::{
    block::{self, Executed},
    chain::{Chain, Target},
    error::SendError,
    view::StateView,
};
use crate::evm::{
    BLOCK_GAS_LIMIT, ExecuteError, Execution, MAX_CODE_SIZE, Message, Purpose, StateReader,
    on_executor_thread,
};

/// Longest transaction the sequencer takes, in bytes. Source: Nitro's `max-tx-data-size` on L3 and dev.
const MAX_TX_BYTES: usize = 95_000;

/// The EIP-2718 types that are taken: access list, dynamic fee, set code. No blobs (type 3).
const TX_TYPES: [u8; 3] = [1, 2, 4];

/// RLP lists begin with this byte or a higher one.
const FIRST_LIST_BYTE: u8 = 0xc0;

impl Chain {
    /// Executes a signed transaction (EIP-2718 bytes) in a block of its own and returns its hash.
    ///
    /// # Errors
    /// [`SendError`] if it cannot be executed; then nothing changes. A transaction that is executed and
    /// fails is no error: its receipt says so.
    pub fn send_raw_transaction(&mut self, raw: &[u8]) -> Result<B256, SendError> {
        let envelope = decode(raw)?;
        let sender = self.check_signed(&envelope)?;
        let timestamp = self.clock.peek(self.head().header.timestamp);
        let execution = self.execute_signed(&envelope, sender)?;
        self.clock.fix_taken(timestamp);
        Ok(self.include(envelope, sender, execution, timestamp))
    }

    fn check_signed(&self, envelope: &TxEnvelope) -> Result<Address, SendError> {
        let want = self.config.chain_id;
        if let Some(have) = envelope.chain_id().filter(|id| *id != want) {
            return Err(SendError::WrongChain { have, want });
        }
        let (gas, price) = (envelope.gas_limit(), envelope.max_fee_per_gas());
        let fee = U256::from(gas).saturating_mul(U256::from(price));
        let cap = self.config.tx_fee_cap;
        if fee > U256::from(cap) {
            return Err(SendError::FeeAboveCap { fee, cap });
        }
        envelope
            .recover_signer()
            .map_err(|_| SendError::InvalidSender)
    }

    fn execute_signed(
        &self,
        envelope: &TxEnvelope,
        sender: Address,
    ) -> Result<Execution, SendError> {
        let view = self.view(Target::Pending);
        let base_fee = self.next_base_fee();
        check_against_state(&view, envelope, sender, base_fee.into())?;
        let message = message(envelope, sender, base_fee.into());
        let environment = self.environment(&view, Target::Pending);
        on_executor_thread(|| environment.execute(&message))
            .map_err(|error| SendError::Internal(error.to_string()))?
            .map_err(SendError::from)
    }

    fn include(
        &mut self,
        envelope: TxEnvelope,
        sender: Address,
        execution: Execution,
        timestamp: u64,
    ) -> B256 {
        let created = match envelope.kind() {
            TxKind::Create => Some(sender.create(envelope.nonce())),
            TxKind::Call(_) => None,
        };
        let base_fee = self.next_base_fee();
        let receipt = block::receipt(&execution, base_fee, created);
        self.world.apply(execution.state);
        let state_root = self.next_state_root();
        let mut parts = self.next_parts(timestamp, state_root);
        parts.base_fee = base_fee;
        parts.transaction = Some(Executed {
            envelope,
            sender,
            receipt,
        });
        let block = block::build(parts);
        let hash = block.transactions[0].hash;
        self.append(block);
        hash
    }
}

impl From<ExecuteError> for SendError {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::IntrinsicGas { have, want } => Self::IntrinsicGas { have, want },
            ExecuteError::Internal(text) => Self::Internal(text),
        }
    }
}

fn decode(raw: &[u8]) -> Result<TxEnvelope, SendError> {
    if raw.len() > MAX_TX_BYTES {
        return Err(SendError::Oversized {
            size: raw.len(),
            limit: MAX_TX_BYTES,
        });
    }
    check_type(raw)?;
    let mut rest = raw;
    let envelope = TxEnvelope::decode_2718(&mut rest)
        .map_err(|error| SendError::Malformed(error.to_string()))?;
    if !rest.is_empty() {
        let text = "input string has trailing bytes";
        return Err(SendError::Malformed(text.into()));
    }
    Ok(envelope)
}

/// The first byte is that of an RLP list (a legacy transaction), or the number of a type that is known.
fn check_type(raw: &[u8]) -> Result<(), SendError> {
    match raw.first() {
        None => Err(SendError::Malformed("typed transaction too short".into())),
        Some(first) if *first >= FIRST_LIST_BYTE || TX_TYPES.contains(first) => Ok(()),
        Some(_) => Err(SendError::UnsupportedType),
    }
}

fn check_against_state(
    state: &StateView<'_>,
    tx: &TxEnvelope,
    address: Address,
    base_fee: u128,
) -> Result<(), SendError> {
    let record = state.record(address).unwrap_or_default();
    check_nonce(tx.nonce(), record.nonce, address)?;
    let code = state.code(record.code_hash);
    if !code.is_empty() && !code.is_eip7702() {
        return Err(SendError::SenderHasCode {
            address,
            code_len: code.len(),
        });
    }
    let cap = tx.max_fee_per_gas();
    check_fees(cap, tx.max_priority_fee_per_gas(), base_fee, address)?;
    check_authorizations(tx)?;
    check_funds(record.balance, tx.gas_limit(), cap, tx.value(), address)?;
    if tx.gas_limit() > BLOCK_GAS_LIMIT {
        return Err(SendError::GasLimitTooHigh);
    }
    check_init_code(tx.kind(), tx.input().len())
}

fn check_nonce(tx: u64, state: u64, address: Address) -> Result<(), SendError> {
    if tx < state {
        return Err(SendError::NonceTooLow { address, tx, state });
    }
    if tx > state {
        return Err(SendError::NonceTooHigh { address, tx, state });
    }
    if state == u64::MAX {
        return Err(SendError::NonceMax {
            address,
            nonce: state,
        });
    }
    Ok(())
}

/// Fee cap against tip and base fee.
pub(super) fn check_fees(
    cap: u128,
    tip: Option<u128>,
    base_fee: u128,
    address: Address,
) -> Result<(), SendError> {
    if let Some(tip) = tip.filter(|tip| *tip > cap) {
        return Err(SendError::TipAboveFeeCap { address, tip, cap });
    }
    if cap < base_fee {
        return Err(SendError::FeeCapTooLow {
            address,
            cap,
            base_fee,
        });
    }
    Ok(())
}

fn check_authorizations(tx: &TxEnvelope) -> Result<(), SendError> {
    let Some(authorizations) = tx.authorization_list() else {
        return Ok(());
    };
    if tx.kind().is_create() {
        return Err(SendError::SetCodeCreate);
    }
    if authorizations.is_empty() {
        return Err(SendError::EmptyAuthorizationList);
    }
    Ok(())
}

/// Balance against the highest possible cost.
pub(super) fn check_funds(
    have: U256,
    gas: u64,
    fee_cap: u128,
    value: U256,
    address: Address,
) -> Result<(), SendError> {
    let fee = U256::from(gas).saturating_mul(U256::from(fee_cap));
    let want = fee.saturating_add(value);
    if have < want {
        return Err(SendError::InsufficientFunds {
            address,
            have,
            want,
        });
    }
    Ok(())
}

/// Length of init code (EIP-3860).
pub(super) fn check_init_code(kind: TxKind, size: usize) -> Result<(), SendError> {
    let limit = 2 * MAX_CODE_SIZE;
    if kind.is_create() && size > limit {
        return Err(SendError::InitCodeTooLong { size, limit });
    }
    Ok(())
}

/// A signed transaction as it is executed.
pub(super) fn message(tx: &TxEnvelope, caller: Address, base_fee: u128) -> Message {
    let authorizations = tx.authorization_list().unwrap_or_default();
    let env = TxEnv {
        tx_type: tx.ty(),
        caller,
        gas_limit: tx.gas_limit(),
        gas_price: base_fee,
        kind: tx.kind(),
        value: tx.value(),
        data: tx.input().clone(),
        nonce: tx.nonce(),
        chain_id: tx.chain_id(),
        access_list: tx.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: None,
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: authorizations.iter().cloned().map(Either::Left).collect(),
    };
    let offered_price = U256::from(tx.effective_gas_price(u64::try_from(base_fee).ok()));
    Message {
        tx: env,
        offered_price,
        purpose: Purpose::Transaction,
    }
}
