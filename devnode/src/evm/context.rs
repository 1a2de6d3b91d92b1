//! The concrete types of the EVM: its database, its context and what a transaction carries along.

use std::convert::Infallible;

use alloy_primitives::{Address, B256, U256};
use revm::{
    Context, DatabaseRef, Journal,
    bytecode::Bytecode,
    context::{BlockEnv, CfgEnv, TxEnv},
    database_interface::WrapDatabaseRef,
    state::AccountInfo,
};

use super::trace::Trace;
use crate::stylus::{ProgramCache, api::Pages};

/// Beneficiary of every block: the sequencer. Source: Nitro `arbos/l1pricing`, `BatchPosterAddress`.
pub const SEQUENCER: Address =
    alloy_primitives::address!("0xA4B000000000000000000073657175656e636572");

/// Gas limit of a block. Source: Nitro `arbos/l2pricing`, `GethBlockGasLimit`.
pub const BLOCK_GAS_LIMIT: u64 = 1 << 50;

/// Most gas a transaction may compute with. Source: Nitro `arbos/l2pricing`,
/// `InitialPerTxGasLimitV50`.
pub const TX_COMPUTE_CAP: u64 = 32_000_000;

/// Longest deployed code in bytes (EIP-170).
pub const MAX_CODE_SIZE: usize = 24_576;

/// The world state as the EVM reads it.
pub trait StateReader: Sync {
    /// Balance, nonce and code hash; `None` if the account does not exist.
    fn account(&self, address: Address) -> Option<AccountInfo>;
    /// The code with this hash; empty if unknown.
    fn code(&self, hash: B256) -> Bytecode;
    /// A storage word, zero if never written.
    fn storage(&self, address: Address, slot: U256) -> U256;
    /// Hash of an earlier L2 block; `None` if there is no such block.
    fn block_hash(&self, number: u64) -> Option<B256>;
}

/// A [`StateReader`] in the form revm takes.
#[derive(Clone, Copy)]
pub(super) struct StateRef<'a>(pub(super) &'a dyn StateReader);

impl DatabaseRef for StateRef<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.0.account(address))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.0.code(hash))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.0.storage(address, slot))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(self.0.block_hash(number).unwrap_or_default())
    }
}

/// What the EVM's database is.
pub(super) type Db<'a> = WrapDatabaseRef<StateRef<'a>>;

/// revm's context with this chain's additions.
pub(super) type NitroContext<'a> =
    Context<BlockEnv, TxEnv, CfgEnv, Db<'a>, Journal<Db<'a>>, TxScope<'a>>;

/// What a message is executed for; decides the compute cap and the refusal of odd senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A signed transaction: everything is enforced.
    Transaction,
    /// `eth_estimateGas`: as a transaction, but nothing is signed.
    Estimate,
    /// `eth_call`: neither fees nor compute cap.
    Call,
}

/// What one transaction carries along besides revm's own context.
pub(super) struct TxScope<'a> {
    /// Compiled programs, shared by all transactions.
    pub(super) programs: &'a ProgramCache,
    /// Number of the block on L2 (the EVM's NUMBER is the one on L1).
    pub(super) l2_block_number: u64,
    /// What this is executed for.
    pub(super) purpose: Purpose,
    /// Price per gas before the tip is dropped, in wei: what `tx_gas_price` answers.
    pub(super) offered_price: U256,
    /// Linear memory that Stylus programs hold. Reverts do not touch it.
    pub(super) pages: Pages,
    /// Acting address of each open frame; `None` for delegate frames.
    pub(super) frames: Vec<Option<Address>>,
    /// Gas above the compute cap, held back while the transaction executes.
    pub(super) held_gas: u64,
    /// Who watches.
    pub(super) trace: Option<Trace<'a>>,
}

impl TxScope<'_> {
    /// Whether more than one open frame acts for `address`, delegate frames aside.
    pub(super) fn is_reentrant(&self, address: Address) -> bool {
        self.frames
            .iter()
            .filter(|frame| **frame == Some(address))
            .count()
            > 1
    }
}
