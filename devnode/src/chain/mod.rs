//! State, blocks, receipts and time of the development chain.
//!
//! [`Chain`] is a plain value: queries take `&self`, everything that changes the chain takes
//! `&mut self`, nothing blocks on I/O. A server shares it behind an `RwLock`. Every transaction
//! makes its own block, at once. There is therefore no pool: `pending` is the latest state seen
//! at the time of the next block.
//!
//! A block holds the sent transaction alone: ArbOS's own transaction that starts a block on Nitro has no
//! counterpart here, so a transaction's index is 0 where Nitro says 1. Nothing is charged for L1.
//!
//! # Shape of the interface
//!
//! ```text
//! Chain::new(ChainConfig) -> Chain
//! Chain::load(&Path, ChainConfig) -> Result<Chain, StateFileError>      chain.save(&Path) -> Result<(), StateFileError>
//!
//! send_raw_transaction(&mut self, raw: &[u8]) -> Result<B256, SendError>
//! call(&self, &TransactionRequest, BlockId, &Overrides) -> Result<Bytes, CallError>
//! estimate_gas(&self, &TransactionRequest, BlockId, &Overrides) -> Result<u64, CallError>
//! create_access_list(&self, &TransactionRequest, BlockId) -> Result<AccessListResult, CallError>
//! trace_transaction(&self, B256, AnyRecorder<T>) -> Result<T, CallError>
//! trace_call(&self, &TransactionRequest, BlockId, &Overrides, AnyRecorder<T>) -> Result<T, CallError>
//!
//! chain_id(&self) -> u64            block_number(&self) -> u64
//! gas_price(&self) -> u128          max_priority_fee(&self) -> u128 (always 0)
//! fee_history(&self, count: u64, newest: BlockNumberOrTag, percentiles: &[f64]) -> Result<FeeHistory, CallError>
//!
//! balance(&self, Address, BlockId) -> Result<U256, CallError>           nonce(..) -> u64
//! code(..) -> Bytes                                                     storage(.., slot: U256) -> B256
//! proof(&self, Address, &[JsonStorageKey], BlockId) -> Result<EIP1186AccountProofResponse, CallError>
//!
//! block(&self, BlockId) -> Option<Arc<Block>>
//! transaction(&self, &B256) -> Option<Arc<MinedTransaction>>            (its receipt is `.receipt`)
//! logs(&self, &Filter) -> Result<Vec<alloy_rpc_types_eth::Log>, CallError>
//! Block::logs(&self, &Filter, removed: bool) -> Vec<alloy_rpc_types_eth::Log>
//! subscribe(&self) -> broadcast::Receiver<ChainEvent>
//!
//! increase_time(&mut self, seconds: u64) -> i64 (the whole offset)      set_next_block_timestamp(&mut self, u64) -> Result<(), ControlError>
//! set_time(&mut self, u64) -> Result<(), ControlError>                  mine(&mut self, blocks: u64, interval: Option<u64>) -> Result<(), ControlError>
//! snapshot(&mut self) -> u64                                            revert(&mut self, u64) -> bool
//! reorg(&mut self, depth: u64) -> Result<(), ControlError>
//! set_balance(&mut self, Address, U256)                                 set_nonce(&mut self, Address, u64)
//! set_code(&mut self, Address, Bytes)                                   set_storage(&mut self, Address, U256, B256)
//! accounts(&self) -> &[Address]     (the funded ones; the chain holds no keys)
//! ```
//!
//! History is complete: every past block's state can be read and proved (it is rebuilt from an undo log, so
//! the cost grows with the distance to the head).

mod block;
mod call;
#[expect(clippy::module_inception, reason = "the module's main type")]
mod chain;
mod clock;
mod codec;
mod config;
mod control;
mod error;
mod event;
mod file;
mod genesis;
mod history;
mod node_interface;
mod proof;
mod query;
mod state;
mod state_trie;
mod submit;
mod trace;
mod trie;
mod types;
mod view;

pub use chain::Chain;
pub use config::{ChainConfig, DEV_ACCOUNT, DEV_CHAIN_ID, Overrides};
pub use error::{CallError, ControlError, SendError, StateFileError};
pub use event::ChainEvent;
pub use genesis::{CACHE_MANAGER, CREATE2_FACTORY};
pub use history::HISTORY_STORAGE;
pub use trace::{AnyRecorder, Recorder, Traced};
pub use types::{Block, MinedTransaction, Receipt};
