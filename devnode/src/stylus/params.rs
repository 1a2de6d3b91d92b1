//! The Stylus parameters of a chain.

use super::pricing;

/// Parameters that govern activation and execution, as ArbOS stores them.
///
/// Source: Nitro `arbos/programs/params.go`; the defaults are those of ArbOS 51.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StylusParams {
    /// Stylus version that programs are activated for.
    pub version: u16,
    /// Ink per unit of gas; 1 to 2^24 - 1.
    pub ink_price: u32,
    /// Words of virtual stack every program instance starts with.
    pub max_stack_depth: u32,
    /// Pages a transaction may hold for nothing.
    pub free_pages: u16,
    /// Gas per page beyond the free ones.
    pub page_gas: u16,
    /// Pages a program may start with.
    pub page_limit: u16,
    /// Least gas to start a program, in units of 128 gas.
    pub min_init_gas: u8,
    /// Least gas to start a cached program, in units of 32 gas.
    pub min_cached_init_gas: u8,
    /// Scale of a program's own start cost, in units of 2 percent.
    pub init_cost_scalar: u8,
    /// Scale of a program's own cached start cost, in units of 2 percent.
    pub cached_cost_scalar: u8,
    /// Days after which an activation ends.
    pub expiry_days: u16,
    /// Age in days from which an activation may be extended.
    pub keepalive_days: u16,
    /// Capacity of the recent-program cache of a block.
    pub block_cache_size: u16,
    /// Most bytes a program may have after decompression.
    pub max_wasm_size: u32,
}

impl Default for StylusParams {
    fn default() -> Self {
        Self {
            version: pricing::STYLUS_VERSION,
            ink_price: pricing::INK_PRICE,
            max_stack_depth: pricing::MAX_STACK_DEPTH,
            free_pages: pricing::FREE_PAGES,
            page_gas: pricing::PAGE_GAS,
            page_limit: pricing::PAGE_LIMIT,
            min_init_gas: pricing::MIN_INIT_GAS_UNITS,
            min_cached_init_gas: pricing::MIN_CACHED_INIT_GAS_UNITS,
            init_cost_scalar: pricing::COST_SCALAR_UNITS,
            cached_cost_scalar: pricing::COST_SCALAR_UNITS,
            expiry_days: pricing::EXPIRY_DAYS,
            keepalive_days: pricing::KEEPALIVE_DAYS,
            block_cache_size: pricing::BLOCK_CACHE_SIZE,
            max_wasm_size: pricing::MAX_WASM_SIZE,
        }
    }
}
