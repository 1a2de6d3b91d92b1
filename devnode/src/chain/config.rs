//! What a chain is started with, and what a single call may override.

use alloy_primitives::{Address, U256, address};
use alloy_rpc_types_eth::{BlockOverrides, state::StateOverride};

/// Chain id of Nitro's development chain.
pub const DEV_CHAIN_ID: u64 = 412_346;

/// Nitro's publicly documented development account. Its key is public; never use it elsewhere.
pub const DEV_ACCOUNT: Address = address!("0x3f1Eae7D46d88F08fc2F8ed27FCb2AB183EB2d0E");

/// Wei in one ether.
const ETHER: u64 = 1_000_000_000_000_000_000;

/// Parameters of a new chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainConfig {
    /// EIP-155 chain id. Default [`DEV_CHAIN_ID`].
    pub chain_id: u64,
    /// Accounts funded at genesis. Default: [`DEV_ACCOUNT`] alone.
    pub accounts: Vec<Address>,
    /// Genesis balance of each of them, in wei. Default: 1000 ether, as Nitro funds its account.
    pub balance: U256,
    /// Time of the genesis block in seconds since 1970. Default: now.
    pub genesis_timestamp: Option<u64>,
    /// The gas that `eth_call` and `eth_estimateGas` may use. Default: 50,000,000, Nitro's cap.
    pub call_gas_cap: u64,
    /// The highest fee, in wei, that a sent transaction may offer. Default: 1 ether, geth's cap.
    pub tx_fee_cap: u128,
}

impl Default for ChainConfig {
    fn default() -> Self {
        Self {
            chain_id: DEV_CHAIN_ID,
            accounts: vec![DEV_ACCOUNT],
            balance: U256::from(1000) * U256::from(ETHER),
            genesis_timestamp: None,
            call_gas_cap: 50_000_000,
            tx_fee_cap: u128::from(ETHER),
        }
    }
}

/// The optional third and fourth parameter of `eth_call` and `eth_estimateGas`.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Accounts to replace or patch for this call only.
    pub state: Option<StateOverride>,
    /// Fields of the block to replace for this call only.
    pub block: Option<BlockOverrides>,
}
