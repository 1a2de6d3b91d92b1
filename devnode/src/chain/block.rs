//! Making blocks.
//!
//! Source of the header's fields: Nitro `arbos/block_processor.go`.

use std::sync::Arc;

use alloy_consensus::{
    Eip658Value, Header, Receipt as ConsensusReceipt, ReceiptEnvelope, ReceiptWithBloom,
    TxEnvelope,
    constants::{EMPTY_OMMER_ROOT_HASH, EMPTY_RECEIPTS, EMPTY_TRANSACTIONS},
    proofs::{calculate_receipt_root, calculate_transaction_root},
};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256, logs_bloom};
use alloy_rlp::Encodable;

use super::types::{Block, MinedTransaction, Receipt};
use crate::evm::{BLOCK_GAS_LIMIT, Execution, SEQUENCER, Status, arbos};

/// The ingredients of a block.
pub(super) struct BlockParts {
    pub(super) parent_hash: B256,
    pub(super) number: u64,
    pub(super) timestamp: u64,
    pub(super) base_fee: u64,
    pub(super) state_root: B256,
    pub(super) reorgs: u64,
    pub(super) transaction: Option<Executed>,
}

/// A transaction and what it did.
pub(super) struct Executed {
    pub(super) envelope: TxEnvelope,
    pub(super) sender: Address,
    pub(super) receipt: Receipt,
}

impl BlockParts {
    /// Those of the first block.
    pub(super) fn genesis(timestamp: u64, state_root: B256) -> Self {
        Self {
            parent_hash: B256::ZERO,
            number: 0,
            timestamp,
            base_fee: arbos::INITIAL_BASE_FEE,
            state_root,
            reorgs: 0,
            transaction: None,
        }
    }
}

/// The receipt of a transaction alone in its block.
pub(super) fn receipt(execution: &Execution, base_fee: u64, created: Option<Address>) -> Receipt {
    Receipt {
        success: execution.status == Status::Success,
        gas_used: execution.gas_used,
        cumulative_gas_used: execution.gas_used,
        effective_gas_price: base_fee.into(),
        gas_used_for_l1: 0,
        l1_block_number: 0,
        contract_address: created,
        logs: execution.logs.clone(),
        first_log_index: 0,
        logs_bloom: logs_bloom(&execution.logs),
    }
}

/// The block that `parts` make.
pub(super) fn build(parts: BlockParts) -> Block {
    let header = header(&parts);
    let hash = header.hash_slow();
    let transaction = parts.transaction.map(|executed| {
        let Executed {
            envelope,
            sender,
            receipt,
        } = executed;
        Arc::new(mined(envelope, sender, receipt, &header, hash))
    });
    finish(header, hash, transaction.into_iter().collect())
}

/// A block from its finished parts.
pub(super) fn finish(
    header: Header,
    hash: B256,
    transactions: Vec<Arc<MinedTransaction>>,
) -> Block {
    let body: usize = transactions
        .iter()
        .map(|mined| mined.envelope.length())
        .sum();
    Block {
        size: (header.length() + body) as u64,
        header,
        hash,
        transactions,
        l1_block_number: 0,
        send_count: 0,
        send_root: B256::ZERO,
    }
}

fn header(parts: &BlockParts) -> Header {
    let executed = parts.transaction.as_ref();
    let receipt = executed.map(|executed| &executed.receipt);
    Header {
        parent_hash: parts.parent_hash,
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: SEQUENCER,
        state_root: parts.state_root,
        transactions_root: executed.map_or(EMPTY_TRANSACTIONS, |executed| {
            calculate_transaction_root(std::slice::from_ref(&executed.envelope))
        }),
        receipts_root: executed.map_or(EMPTY_RECEIPTS, receipts_root),
        logs_bloom: receipt.map_or(Bloom::ZERO, |receipt| receipt.logs_bloom),
        difficulty: U256::ONE,
        number: parts.number,
        gas_limit: BLOCK_GAS_LIMIT,
        gas_used: receipt.map_or(0, |receipt| receipt.gas_used),
        timestamp: parts.timestamp,
        extra_data: Bytes::from(B256::ZERO.0), // send root
        mix_hash: mix_hash(),
        nonce: B64::from(parts.reorgs),
        base_fee_per_gas: Some(parts.base_fee),
        ..Header::default()
    }
}

/// Send count (8 bytes), L1 block number (8), ArbOS version (8), nothing (8).
fn mix_hash() -> B256 {
    let mut bytes = [0; 32];
    bytes[16..24].copy_from_slice(&arbos::ARBOS_VERSION.to_be_bytes());
    B256::from(bytes)
}

fn receipts_root(executed: &Executed) -> B256 {
    let Receipt {
        success,
        cumulative_gas_used,
        logs,
        logs_bloom,
        ..
    } = &executed.receipt;
    let receipt = ConsensusReceipt {
        status: Eip658Value::Eip658(*success),
        cumulative_gas_used: *cumulative_gas_used,
        logs: logs.clone(),
    };
    let receipt = ReceiptWithBloom {
        receipt,
        logs_bloom: *logs_bloom,
    };
    calculate_receipt_root(&[ReceiptEnvelope::from_typed(
        executed.envelope.tx_type(),
        receipt,
    )])
}

/// A transaction in its place: alone in a block.
pub(super) fn mined(
    envelope: TxEnvelope,
    sender: Address,
    receipt: Receipt,
    header: &Header,
    block_hash: B256,
) -> MinedTransaction {
    MinedTransaction {
        hash: envelope.trie_hash(),
        envelope,
        sender,
        block_number: header.number,
        block_hash,
        block_timestamp: header.timestamp,
        index: 0,
        receipt,
    }
}
