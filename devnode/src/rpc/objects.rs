//! JSON shapes of blocks, transactions and receipts: Ethereum's, with the fields Nitro adds
//! (`internal/ethapi/api.go` of its go-ethereum fork).

use alloy_consensus::{
    Receipt as ConsensusReceipt, ReceiptEnvelope, ReceiptWithBloom, Transaction as _,
    transaction::Recovered,
};
use alloy_primitives::{B256, U64, U256};
use alloy_rpc_types_eth::{
    Block as RpcBlock, BlockTransactions, Header, Log, Transaction, TransactionReceipt,
};
use serde::Serialize;

use crate::chain::{Block, MinedTransaction};

/// A block as clients read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockObject {
    #[serde(flatten)]
    block: RpcBlock,
    #[serde(flatten)]
    arbitrum: ArbitrumHeader,
}

/// A header as `newHeads` tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeaderObject {
    #[serde(flatten)]
    header: Header,
    #[serde(flatten)]
    arbitrum: ArbitrumHeader,
}

/// What Nitro adds to a header.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArbitrumHeader {
    l1_block_number: U64,
    send_count: U64,
    send_root: B256,
}

/// A receipt as clients read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiptObject {
    #[serde(flatten)]
    receipt: TransactionReceipt,
    gas_used_for_l1: U64,
    l1_block_number: U64,
    /// Always false: there is no express lane.
    timeboosted: bool,
}

impl ArbitrumHeader {
    fn new(block: &Block) -> Self {
        Self {
            l1_block_number: U64::from(block.l1_block_number),
            send_count: U64::from(block.send_count),
            send_root: block.send_root,
        }
    }
}

/// The block with its transactions in full, or with their hashes.
pub(super) fn block(block: &Block, full: bool) -> BlockObject {
    let transactions = block.transactions.iter();
    let transactions = if full {
        BlockTransactions::Full(transactions.map(|mined| transaction(mined)).collect())
    } else {
        BlockTransactions::Hashes(transactions.map(|mined| mined.hash).collect())
    };
    BlockObject {
        block: RpcBlock::new(rpc_header(block), transactions),
        arbitrum: ArbitrumHeader::new(block),
    }
}

/// The header alone.
pub(super) fn header(block: &Block) -> HeaderObject {
    HeaderObject {
        header: rpc_header(block),
        arbitrum: ArbitrumHeader::new(block),
    }
}

fn rpc_header(block: &Block) -> Header {
    Header {
        hash: block.hash,
        inner: block.header.clone(),
        total_difficulty: None,
        size: Some(U256::from(block.size)),
    }
}

/// The transaction with its place on the chain.
pub(super) fn transaction(mined: &MinedTransaction) -> Transaction {
    Transaction {
        inner: Recovered::new_unchecked(mined.envelope.clone(), mined.sender),
        block_hash: Some(mined.block_hash),
        block_number: Some(mined.block_number),
        transaction_index: Some(mined.index),
        effective_gas_price: Some(mined.receipt.effective_gas_price),
        block_timestamp: Some(mined.block_timestamp),
    }
}

/// The receipt of the transaction.
pub(super) fn receipt(mined: &MinedTransaction) -> ReceiptObject {
    let receipt = TransactionReceipt {
        inner: receipt_envelope(mined),
        transaction_hash: mined.hash,
        transaction_index: Some(mined.index),
        block_hash: Some(mined.block_hash),
        block_number: Some(mined.block_number),
        gas_used: mined.receipt.gas_used,
        effective_gas_price: mined.receipt.effective_gas_price,
        blob_gas_used: None,
        blob_gas_price: None,
        from: mined.sender,
        to: mined.envelope.to(),
        contract_address: mined.receipt.contract_address,
    };
    ReceiptObject {
        receipt,
        gas_used_for_l1: U64::from(mined.receipt.gas_used_for_l1),
        l1_block_number: U64::from(mined.receipt.l1_block_number),
        timeboosted: false,
    }
}

fn receipt_envelope(mined: &MinedTransaction) -> ReceiptEnvelope<Log> {
    let receipt = ConsensusReceipt {
        status: mined.receipt.success.into(),
        cumulative_gas_used: mined.receipt.cumulative_gas_used,
        logs: mined.rpc_logs(false).collect(),
    };
    let receipt = ReceiptWithBloom {
        receipt,
        logs_bloom: mined.receipt.logs_bloom,
    };
    ReceiptEnvelope::from_typed(mined.envelope.tx_type(), receipt)
}
