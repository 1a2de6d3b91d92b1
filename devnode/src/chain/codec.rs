//! The records of the state file: what the chain gained since the record before.
//!
//! A record holds the changes of the state one by one, so that replaying all records rebuilds the undo
//! log, and with it every past state. Everything is RLP.

use std::sync::Arc;

use alloy_consensus::{Header, Transaction, TxEnvelope};
use alloy_eips::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, logs_bloom};
use alloy_rlp::{RlpDecodable, RlpEncodable};

use super::{
    block,
    chain::{Chain, Entry},
    clock::Clock,
    state::{AccountRecord, Change},
    types::{Block, MinedTransaction, Receipt},
};

/// What happened between two saves.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct Batch {
    chain_id: u64,
    /// Where the newest block of the record before ends in the undo log.
    base_position: u64,
    codes: Vec<Bytes>,
    changes: Vec<ChangeRecord>,
    blocks: Vec<BlockRecord>,
    /// Bits of the clock's offset.
    clock_offset: u64,
    /// The time fixed for the next block, or nothing.
    next_time: Vec<u64>,
    reorgs: u64,
}

/// A change: of a word (with `slot`), of an account (with `nonce` and `code_hash`), or its removal.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
struct ChangeRecord {
    kind: u8,
    address: Address,
    slot: U256,
    /// The word or the balance.
    value: U256,
    nonce: u64,
    code_hash: B256,
}

const SLOT: u8 = 0;
const ACCOUNT: u8 = 1;
const REMOVAL: u8 = 2;

#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
struct BlockRecord {
    header: Header,
    /// Where the block ends in the undo log.
    position: u64,
    transactions: Vec<TransactionRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
struct TransactionRecord {
    /// EIP-2718 bytes.
    raw: Bytes,
    sender: Address,
    success: bool,
    gas_used: u64,
    logs: Vec<Log>,
}

/// How far a chain has been saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) entries: usize,
    pub(super) position: usize,
    pub(super) codes: usize,
}

impl Chain {
    /// Where the chain stands.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            entries: self.entries.len(),
            position: self.world.position(),
            codes: self.world.code_count(),
        }
    }

    /// What the chain gained since `mark`.
    pub(super) fn batch_since(&self, mark: Mark) -> Batch {
        let last_saved = mark
            .entries
            .checked_sub(1)
            .map(|index| &self.entries[index]);
        Batch {
            chain_id: self.config.chain_id,
            base_position: last_saved.map_or(0, |entry| entry.position as u64),
            codes: self.world.codes_since(mark.codes),
            changes: self
                .world
                .values_since(mark.position)
                .iter()
                .map(change_record)
                .collect(),
            blocks: self.entries[mark.entries..]
                .iter()
                .map(block_record)
                .collect(),
            clock_offset: self.clock.offset as u64,
            next_time: self.clock.next.into_iter().collect(),
            reorgs: self.reorgs,
        }
    }

    /// Adds a record to what the chain holds. The error says what contradicts.
    pub(super) fn replay(&mut self, batch: Batch) -> Result<(), String> {
        let before = self.world.position();
        if let Some(head) = self.entries.last_mut() {
            head.position = position(batch.base_position)?;
        }
        for code in batch.codes {
            self.world.store_code(code);
        }
        for change in batch.changes {
            self.world.replay(change_of(change)?);
        }
        for record in batch.blocks {
            self.replay_block(record)?;
        }
        self.clock = Clock {
            offset: batch.clock_offset as i64,
            next: batch.next_time.first().copied(),
        };
        self.reorgs = batch.reorgs;
        let head = self.entries.last().ok_or("it has no block")?;
        if head.position != self.world.position() || before > head.position {
            return Err("the state and the blocks do not end together".into());
        }
        Ok(())
    }

    /// The chain id a record belongs to.
    pub(super) fn batch_chain_id(batch: &Batch) -> u64 {
        batch.chain_id
    }

    fn replay_block(&mut self, record: BlockRecord) -> Result<(), String> {
        let end = position(record.position)?;
        let (parent, number, start) = match self.entries.last() {
            Some(Entry { block, position }) => (block.hash, block.header.number + 1, *position),
            None => (B256::ZERO, 0, 0),
        };
        let header = &record.header;
        if header.parent_hash != parent || header.number != number {
            return Err(format!(
                "block {} does not follow block {number}'s parent",
                header.number
            ));
        }
        if end < start || end > self.world.position() {
            return Err(format!("block {number} ends outside the state's history"));
        }
        self.insert(Arc::new(block_of(record)?), end);
        Ok(())
    }
}

fn position(value: u64) -> Result<usize, String> {
    usize::try_from(value).map_err(|_| "a position is too large".into())
}

fn change_record(change: &Change) -> ChangeRecord {
    let empty = |kind, address| ChangeRecord {
        kind,
        address,
        slot: U256::ZERO,
        value: U256::ZERO,
        nonce: 0,
        code_hash: B256::ZERO,
    };
    match *change {
        Change::Slot(address, slot, value) => ChangeRecord {
            slot,
            value,
            ..empty(SLOT, address)
        },
        Change::Account(address, None) => empty(REMOVAL, address),
        Change::Account(address, Some(record)) => ChangeRecord {
            value: record.balance,
            nonce: record.nonce,
            code_hash: record.code_hash,
            ..empty(ACCOUNT, address)
        },
    }
}

fn change_of(record: ChangeRecord) -> Result<Change, String> {
    let ChangeRecord {
        kind,
        address,
        slot,
        value,
        nonce,
        code_hash,
    } = record;
    match kind {
        SLOT => Ok(Change::Slot(address, slot, value)),
        REMOVAL => Ok(Change::Account(address, None)),
        ACCOUNT => {
            let record = AccountRecord {
                balance: value,
                nonce,
                code_hash,
            };
            Ok(Change::Account(address, Some(record)))
        }
        other => Err(format!("there is no change of kind {other}")),
    }
}

fn block_record(entry: &Entry) -> BlockRecord {
    BlockRecord {
        header: entry.block.header.clone(),
        position: entry.position as u64,
        transactions: entry
            .block
            .transactions
            .iter()
            .map(|tx| transaction_record(tx))
            .collect(),
    }
}

fn transaction_record(mined: &MinedTransaction) -> TransactionRecord {
    TransactionRecord {
        raw: mined.envelope.encoded_2718().into(),
        sender: mined.sender,
        success: mined.receipt.success,
        gas_used: mined.receipt.gas_used,
        logs: mined.receipt.logs.clone(),
    }
}

fn block_of(record: BlockRecord) -> Result<Block, String> {
    let header = record.header;
    let hash = header.hash_slow();
    let transactions = record
        .transactions
        .into_iter()
        .map(|record| transaction_of(record, &header, hash).map(Arc::new))
        .collect::<Result<_, _>>()?;
    Ok(block::finish(header, hash, transactions))
}

fn transaction_of(
    record: TransactionRecord,
    header: &Header,
    block_hash: B256,
) -> Result<MinedTransaction, String> {
    let envelope = TxEnvelope::decode_2718_exact(&record.raw).map_err(|error| {
        format!(
            "a transaction of block {} is malformed: {error}",
            header.number
        )
    })?;
    let contract_address = match envelope.kind() {
        TxKind::Create => Some(record.sender.create(envelope.nonce())),
        TxKind::Call(_) => None,
    };
    let receipt = Receipt {
        success: record.success,
        gas_used: record.gas_used,
        cumulative_gas_used: record.gas_used,
        effective_gas_price: header.base_fee_per_gas.unwrap_or_default().into(),
        gas_used_for_l1: 0,
        l1_block_number: 0,
        contract_address,
        first_log_index: 0,
        logs_bloom: logs_bloom(&record.logs),
        logs: record.logs,
    };
    Ok(block::mined(
        envelope,
        record.sender,
        receipt,
        header,
        block_hash,
    ))
}
