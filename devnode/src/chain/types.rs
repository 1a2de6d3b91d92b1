//! Blocks, transactions and receipts as the chain keeps them.

use std::sync::Arc;

use alloy_consensus::{Header, TxEnvelope};
use alloy_primitives::{Address, B256, Bloom, Log};
use alloy_rpc_types_eth::{Filter, Log as RpcLog};

/// A block and everything a client can ask about it.
#[derive(Clone, Debug)]
pub struct Block {
    /// The Ethereum header.
    pub header: Header,
    /// Keccak-256 of the RLP of `header`.
    pub hash: B256,
    /// RLP size of the block in bytes.
    pub size: u64,
    /// The transactions: one, or none in a block mined on request.
    pub transactions: Vec<Arc<MinedTransaction>>,
    /// The L1 block number ArbOS knew: always 0, as there is no parent chain.
    pub l1_block_number: u64,
    /// How many messages were sent to L1 up to this block.
    pub send_count: u64,
    /// Root of the tree of those messages; zero while there are none.
    pub send_root: B256,
}

/// A transaction in its block.
#[derive(Clone, Debug)]
pub struct MinedTransaction {
    /// The signed transaction.
    pub envelope: TxEnvelope,
    /// Its hash.
    pub hash: B256,
    /// The recovered signer.
    pub sender: Address,
    /// Number of the block it is in.
    pub block_number: u64,
    /// Hash of the block it is in.
    pub block_hash: B256,
    /// Time of the block, in seconds since 1970.
    pub block_timestamp: u64,
    /// Position in the block.
    pub index: u64,
    /// What became of it.
    pub receipt: Receipt,
}

/// The outcome of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whether it succeeded.
    pub success: bool,
    /// Gas used, L1 part included.
    pub gas_used: u64,
    /// Gas used by the block up to and including this transaction.
    pub cumulative_gas_used: u64,
    /// Wei paid per gas: the block's base fee, as tips are dropped.
    pub effective_gas_price: u128,
    /// Gas charged for publishing the transaction on L1: 0 while the L1 price is 0.
    pub gas_used_for_l1: u64,
    /// The L1 block number ArbOS knew: always 0.
    pub l1_block_number: u64,
    /// The created contract, for a create transaction (also a failed one, as geth does).
    pub contract_address: Option<Address>,
    /// Logs in order of emission.
    pub logs: Vec<Log>,
    /// Index in the block of the first of `logs`.
    pub first_log_index: u64,
    /// Bloom filter over `logs`.
    pub logs_bloom: Bloom,
}

impl Block {
    /// The block's logs that match the address and topics of `filter` (its block range is not
    /// looked at), each marked with `removed`.
    pub fn logs(&self, filter: &Filter, removed: bool) -> Vec<RpcLog> {
        let mut logs = Vec::new();
        for transaction in &self.transactions {
            logs.extend(
                transaction
                    .rpc_logs(removed)
                    .filter(|log| filter.matches(&log.inner)),
            );
        }
        logs
    }
}

impl MinedTransaction {
    /// The logs of its receipt, with their place on the chain, each marked with `removed`.
    pub fn rpc_logs(&self, removed: bool) -> impl Iterator<Item = RpcLog> + '_ {
        let first = self.receipt.first_log_index;
        (first..)
            .zip(&self.receipt.logs)
            .map(move |(log_index, log)| RpcLog {
                inner: log.clone(),
                block_hash: Some(self.block_hash),
                block_number: Some(self.block_number),
                block_timestamp: Some(self.block_timestamp),
                transaction_hash: Some(self.hash),
                transaction_index: Some(self.index),
                log_index: Some(log_index),
                removed,
            })
    }
}
