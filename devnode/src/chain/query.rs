//! Reading the chain: accounts, blocks, transactions, logs, fees.

use std::sync::Arc;

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rpc_types_eth::{FeeHistory, Filter, FilterBlockOption, Log as RpcLog};

use super::{
    chain::{Chain, Target},
    error::CallError,
    types::{Block, MinedTransaction},
};
use crate::evm::StateReader;

/// Most blocks in one fee history. Source: go-ethereum `eth/gasprice`, `MaxBlockHistory`.
const MAX_FEE_HISTORY: u64 = 1_024;
/// Most percentiles in one fee history. Source: go-ethereum `eth/gasprice`.
const MAX_PERCENTILES: usize = 100;
/// Gas in a block that counts as full: what the chain is made to compute in a second.
const SPEED_LIMIT: f64 = 7_000_000.0;

impl Chain {
    /// Balance in wei.
    ///
    /// # Errors
    /// [`CallError::UnknownBlock`].
    pub fn balance(&self, address: Address, at: BlockId) -> Result<U256, CallError> {
        let record = self.view(self.target(at)?).record(address);
        Ok(record.unwrap_or_default().balance)
    }

    /// Next nonce.
    ///
    /// # Errors
    /// [`CallError::UnknownBlock`].
    pub fn nonce(&self, address: Address, at: BlockId) -> Result<u64, CallError> {
        let record = self.view(self.target(at)?).record(address);
        Ok(record.unwrap_or_default().nonce)
    }

    /// Code; empty if there is none.
    ///
    /// # Errors
    /// [`CallError::UnknownBlock`].
    pub fn code(&self, address: Address, at: BlockId) -> Result<Bytes, CallError> {
        let view = self.view(self.target(at)?);
        let record = view.record(address).unwrap_or_default();
        Ok(view.code(record.code_hash).original_bytes())
    }

    /// A storage word.
    ///
    /// # Errors
    /// [`CallError::UnknownBlock`].
    pub fn storage(&self, address: Address, slot: U256, at: BlockId) -> Result<B256, CallError> {
        Ok(self.view(self.target(at)?).storage(address, slot).into())
    }

    /// A block. There is no pending one: `pending` gives the newest.
    pub fn block(&self, id: BlockId) -> Option<Arc<Block>> {
        let target = self.target(id).ok()?;
        Some(self.entry(target).block.clone())
    }

    /// A transaction with its receipt, by its hash.
    pub fn transaction(&self, hash: &B256) -> Option<Arc<MinedTransaction>> {
        self.transactions.get(hash).cloned()
    }

    /// The base fee of the next block, wei.
    pub fn gas_price(&self) -> u128 {
        self.next_base_fee().into()
    }

    /// The tip worth offering: none, as tips are dropped.
    pub const fn max_priority_fee(&self) -> u128 {
        0
    }

    /// Base fees and use of up to 1024 blocks that end with `newest`, and the next base fee.
    ///
    /// # Errors
    /// [`CallError`] for an unknown block or percentiles that do not ascend within 0 to 100.
    pub fn fee_history(
        &self,
        count: u64,
        newest: BlockNumberOrTag,
        percentiles: &[f64],
    ) -> Result<FeeHistory, CallError> {
        check_percentiles(percentiles)?;
        let target = self.target(newest.into())?;
        let last = self.entry(target).block.header.number;
        let count = count.min(MAX_FEE_HISTORY).min(last + 1);
        if count == 0 {
            return Ok(FeeHistory::default());
        }
        let oldest = last + 1 - count;
        let headers =
            (oldest..=last).map(|number| &self.entry(Target::Number(number)).block.header);
        let mut fees: Vec<u128> = headers
            .clone()
            .map(|header| header.base_fee_per_gas.unwrap_or(0).into())
            .collect();
        fees.push(self.fee_after(last));
        let used = headers.map(|header| (header.gas_used as f64 / SPEED_LIMIT).min(1.0));
        let rewards = vec![vec![0; percentiles.len()]; fees.len() - 1];
        Ok(FeeHistory {
            base_fee_per_gas: fees,
            gas_used_ratio: used.collect(),
            oldest_block: oldest,
            reward: (!percentiles.is_empty()).then_some(rewards),
            ..FeeHistory::default()
        })
    }

    fn fee_after(&self, number: u64) -> u128 {
        if number == self.block_number() {
            return self.gas_price();
        }
        let next = &self.entry(Target::Number(number + 1)).block.header;
        next.base_fee_per_gas.unwrap_or(0).into()
    }

    /// The logs that match `filter`, oldest first. Without a range: those of the newest block.
    ///
    /// # Errors
    /// [`CallError`] for an unknown block hash or a range that ends before it begins.
    pub fn logs(&self, filter: &Filter) -> Result<Vec<RpcLog>, CallError> {
        let (from, to) = self.log_range(&filter.block_option)?;
        let address_bloom = filter.address_bloom_filter();
        let topic_blooms = filter.topics_bloom_filter();
        let first = usize::try_from(from).unwrap_or(usize::MAX);
        let count = usize::try_from((to - from).saturating_add(1)).unwrap_or(usize::MAX);
        let candidates = self.entries.iter().skip(first).take(count).filter(|entry| {
            let bloom = entry.block.header.logs_bloom;
            !bloom.is_zero()
                && address_bloom.matches(bloom)
                && topic_blooms.iter().all(|topic| topic.matches(bloom))
        });
        Ok(candidates
            .flat_map(|entry| entry.block.logs(filter, false))
            .collect())
    }

    fn log_range(&self, option: &FilterBlockOption) -> Result<(u64, u64), CallError> {
        match option {
            FilterBlockOption::AtBlockHash(hash) => {
                let number = self.numbers.get(hash).copied();
                let number = number.ok_or(CallError::Failed("unknown block".into()))?;
                Ok((number, number))
            }
            FilterBlockOption::Range {
                from_block,
                to_block,
            } => {
                let head = self.block_number();
                let resolve = |tag: &Option<BlockNumberOrTag>| match tag {
                    Some(BlockNumberOrTag::Number(number)) => *number,
                    Some(BlockNumberOrTag::Earliest) => 0,
                    _ => head,
                };
                let (from, to) = (resolve(from_block), resolve(to_block));
                if from > to {
                    return Err(CallError::InvalidParams(
                        "invalid block range params".into(),
                    ));
                }
                Ok((from, to))
            }
        }
    }
}

fn check_percentiles(percentiles: &[f64]) -> Result<(), CallError> {
    let invalid = |text: String| Err(CallError::InvalidParams(text));
    if percentiles.len() > MAX_PERCENTILES {
        return invalid(format!(
            "invalid reward percentile: over the query limit {MAX_PERCENTILES}"
        ));
    }
    if let Some(bad) = percentiles
        .iter()
        .find(|value| !(0.0..=100.0).contains(*value))
    {
        return invalid(format!("invalid reward percentile: {bad}"));
    }
    if let Some(pair) = percentiles.windows(2).find(|pair| pair[0] >= pair[1]) {
        return invalid(format!(
            "invalid reward percentile: {} after {}",
            pair[1], pair[0]
        ));
    }
    Ok(())
}
