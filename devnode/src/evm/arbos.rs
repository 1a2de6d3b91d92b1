//! The chain's own state: owners, fees, Stylus parameters, programs.
//!
//! It lives in the storage of one account, so that the journal undoes it with everything else. The
//! layout is ours (one word per value), not Nitro's; gas for reading and writing it is charged by the
//! precompiles, not here.

use alloy_primitives::{Address, B256, U256, address, keccak256};
use revm::{context::ContextTr, context_interface::JournalTr};

use super::context::NitroContext;
use crate::stylus::{ProgramCosts, StylusParams};

/// The account whose storage holds it. Source: Nitro `core/types`, `ArbosStateAddress`.
pub const ARBOS_STATE: Address = address!("0xA4B05FfffFffFFFFfFFfffFfffFFfffFfFfFFFFf");

/// ArbOS version of the profile.
pub const ARBOS_VERSION: u64 = 51;

/// Base fee at genesis and the lowest one: 0.1 gwei. Source: Nitro `arbos/l2pricing`.
pub const INITIAL_BASE_FEE: u64 = 100_000_000;

/// Activations count their hours from this time (Arbitrum's birth, seconds since 1970).
/// Source: Nitro `arbos/programs/programs.go`, `hoursSinceArbitrum`.
pub const ARBITRUM_START_TIME: u64 = 1_421_388_000;

/// Seconds in an hour and in a day.
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// A value of the chain's state that has one fixed word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Field {
    NetworkFeeAccount = 1,
    InfraFeeAccount,
    BaseFee,
    MinBaseFee,
    L1PricePerUnit,
    StylusParams,
    DataDemand,
    DataUpdateTime,
    CalldataPriceIncrease,
}

impl Field {
    /// Its storage slot.
    pub(super) fn slot(self) -> U256 {
        U256::from(self as u8)
    }
}

/// Slot of `key` in the map `name`.
pub(super) fn map_slot(name: &str, key: &[u8]) -> U256 {
    keccak256([name.as_bytes(), &[0], key].concat()).into()
}

/// The word of a slot.
pub(super) fn read(ctx: &mut NitroContext<'_>, slot: U256) -> U256 {
    let journal = ctx.journal_mut();
    let Ok(_) = journal.load_account(ARBOS_STATE);
    let Ok(word) = journal.sload(ARBOS_STATE, slot);
    word.data
}

/// Sets the word of a slot.
pub(super) fn write(ctx: &mut NitroContext<'_>, slot: U256, word: U256) {
    let journal = ctx.journal_mut();
    let Ok(_) = journal.load_account(ARBOS_STATE);
    journal.touch_account(ARBOS_STATE);
    let Ok(_) = journal.sstore(ARBOS_STATE, slot, word);
}

/// Who earns the base fee and the data fees; the zero address unless an owner changed it.
pub(super) fn network_fee_account(ctx: &mut NitroContext<'_>) -> Address {
    word_to_address(read(ctx, Field::NetworkFeeAccount.slot()))
}

/// The address in the low 20 bytes of a word.
pub(super) fn word_to_address(word: U256) -> Address {
    Address::from_word(B256::from(word))
}

/// The word of an address.
pub(super) fn address_to_word(address: Address) -> U256 {
    address.into_word().into()
}

/// The storage that a new chain starts with.
pub fn genesis_storage() -> Vec<(U256, U256)> {
    vec![
        (Field::BaseFee.slot(), U256::from(INITIAL_BASE_FEE)),
        (Field::MinBaseFee.slot(), U256::from(INITIAL_BASE_FEE)),
        (
            Field::StylusParams.slot(),
            pack_params(&StylusParams::default()),
        ),
        (
            Field::DataUpdateTime.slot(),
            U256::from(ARBITRUM_START_TIME),
        ),
    ]
}

/// Slot of the base fee, for those who read it outside a transaction.
pub fn base_fee_slot() -> U256 {
    Field::BaseFee.slot()
}

/// The Stylus parameters.
pub(super) fn stylus_params(ctx: &mut NitroContext<'_>) -> StylusParams {
    unpack_params(read(ctx, Field::StylusParams.slot()))
}

/// Writes integers into a word, each below the one before.
struct Packer(U256);

impl Packer {
    fn put(mut self, bits: usize, value: u64) -> Self {
        self.0 = (self.0 << bits) | U256::from(value);
        self
    }
}

/// Takes integers from the low end of a word: the reverse order of [`Packer`].
struct Unpacker(U256);

impl Unpacker {
    fn take(&mut self, bits: usize) -> u64 {
        let value = self.0 & ((U256::ONE << bits) - U256::ONE);
        self.0 >>= bits;
        value.as_limbs()[0]
    }

    fn byte(&mut self) -> u8 {
        self.take(8) as u8
    }

    fn short(&mut self) -> u16 {
        self.take(16) as u16
    }

    fn int(&mut self) -> u32 {
        self.take(32) as u32
    }
}

/// The parameters in one word, as ArbOS keeps them in one slot.
pub(super) fn pack_params(p: &StylusParams) -> U256 {
    Packer(U256::ZERO)
        .put(16, p.version.into())
        .put(32, p.ink_price.into())
        .put(32, p.max_stack_depth.into())
        .put(16, p.free_pages.into())
        .put(16, p.page_gas.into())
        .put(16, p.page_limit.into())
        .put(8, p.min_init_gas.into())
        .put(8, p.min_cached_init_gas.into())
        .put(8, p.init_cost_scalar.into())
        .put(8, p.cached_cost_scalar.into())
        .put(16, p.expiry_days.into())
        .put(16, p.keepalive_days.into())
        .put(16, p.block_cache_size.into())
        .put(32, p.max_wasm_size.into())
        .0
}

fn unpack_params(word: U256) -> StylusParams {
    let mut word = Unpacker(word);
    let max_wasm_size = word.int();
    let block_cache_size = word.short();
    let keepalive_days = word.short();
    let expiry_days = word.short();
    let cached_cost_scalar = word.byte();
    let init_cost_scalar = word.byte();
    let min_cached_init_gas = word.byte();
    let min_init_gas = word.byte();
    let page_limit = word.short();
    let page_gas = word.short();
    let free_pages = word.short();
    let max_stack_depth = word.int();
    let ink_price = word.int();
    StylusParams {
        version: word.short(),
        ink_price,
        max_stack_depth,
        free_pages,
        page_gas,
        page_limit,
        min_init_gas,
        min_cached_init_gas,
        init_cost_scalar,
        cached_cost_scalar,
        expiry_days,
        keepalive_days,
        block_cache_size,
        max_wasm_size,
    }
}

/// What the chain stores about a program, by the hash of its on-chain code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ProgramRecord {
    /// Stylus version it was activated for; 0 if it never was.
    pub version: u16,
    /// Costs found at activation; `asm_bytes` is a multiple of 1024.
    pub costs: ProgramCosts,
    /// Hours from [`ARBITRUM_START_TIME`] to the activation.
    pub activated_hours: u32,
    /// Whether a cache manager keeps it cached.
    pub cached: bool,
}

/// Why a program may not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inactive {
    /// Never activated.
    NotActivated,
    /// Activated for another Stylus version.
    NeedsUpgrade {
        /// That version.
        version: u16,
        /// The chain's.
        stylus_version: u16,
    },
    /// Activated too long ago.
    Expired {
        /// Seconds since then.
        age: u64,
    },
}

impl std::fmt::Display for Inactive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotActivated => write!(f, "error ProgramNotActivated()"),
            Self::NeedsUpgrade {
                version,
                stylus_version,
            } => {
                write!(f, "error ProgramNeedsUpgrade({version}, {stylus_version})")
            }
            Self::Expired { age } => write!(f, "error ProgramExpired({age})"),
        }
    }
}

impl ProgramRecord {
    fn slot(code_hash: B256) -> U256 {
        map_slot("program", code_hash.as_slice())
    }

    /// The record of a code hash.
    pub(super) fn load(ctx: &mut NitroContext<'_>, code_hash: B256) -> Self {
        let mut word = Unpacker(read(ctx, Self::slot(code_hash)));
        let cached = word.byte() != 0;
        let asm_kib = word.int();
        let activated_hours = word.int();
        let footprint = word.short();
        let cached_init = word.short();
        let init = word.short();
        let costs = ProgramCosts {
            init,
            cached_init,
            footprint,
            asm_bytes: asm_kib.saturating_mul(1024),
        };
        Self {
            version: word.short(),
            costs,
            activated_hours,
            cached,
        }
    }

    /// Stores it. The estimate of native code is rounded up to KiB, as ArbOS does.
    pub(super) fn store(&self, ctx: &mut NitroContext<'_>, code_hash: B256) {
        let word = Packer(U256::ZERO)
            .put(16, self.version.into())
            .put(16, self.costs.init.into())
            .put(16, self.costs.cached_init.into())
            .put(16, self.costs.footprint.into())
            .put(32, self.activated_hours.into())
            .put(32, self.costs.asm_bytes.div_ceil(1024).into())
            .put(8, self.cached.into())
            .0;
        write(ctx, Self::slot(code_hash), word);
    }

    /// Seconds since the activation.
    pub(super) fn age(&self, now: u64) -> u64 {
        now.saturating_sub(ARBITRUM_START_TIME + u64::from(self.activated_hours) * HOUR)
    }

    /// Whether the activation has run out; true for a program that was never activated.
    pub(super) fn is_expired(&self, now: u64, params: &StylusParams) -> bool {
        self.activated_hours == 0 || self.age(now) > u64::from(params.expiry_days) * DAY
    }

    /// Whether the activation is old enough to be extended.
    pub(super) fn may_keep_alive(&self, now: u64, params: &StylusParams) -> bool {
        self.age(now) >= u64::from(params.keepalive_days) * DAY
    }

    /// Seconds until the activation runs out.
    pub(super) fn time_left(&self, now: u64, params: &StylusParams) -> u64 {
        (u64::from(params.expiry_days) * DAY).saturating_sub(self.age(now))
    }

    /// The record if the program may run now.
    pub(super) fn active(self, now: u64, params: &StylusParams) -> Result<Self, Inactive> {
        if self.version == 0 {
            return Err(Inactive::NotActivated);
        }
        if self.version != params.version {
            let (version, stylus_version) = (self.version, params.version);
            return Err(Inactive::NeedsUpgrade {
                version,
                stylus_version,
            });
        }
        if self.is_expired(now, params) {
            return Err(Inactive::Expired { age: self.age(now) });
        }
        Ok(self)
    }
}

/// Whole hours from [`ARBITRUM_START_TIME`] to `now`.
pub(super) fn hours_since_start(now: u64) -> u32 {
    u32::try_from(now.saturating_sub(ARBITRUM_START_TIME) / HOUR).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_survive_packing() {
        let params = StylusParams {
            page_limit: 77,
            max_wasm_size: 9,
            ..StylusParams::default()
        };
        assert_eq!(unpack_params(pack_params(&params)), params);
    }

    #[test]
    fn age_is_counted_from_the_full_hour() {
        let now = ARBITRUM_START_TIME + 10 * HOUR + 59;
        let record = ProgramRecord {
            version: 2,
            activated_hours: hours_since_start(now),
            ..Default::default()
        };
        assert_eq!(record.age(now), 59);
        let params = StylusParams::default();
        assert!(record.active(now + 365 * DAY - 59, &params).is_ok());
        assert_eq!(
            record.active(now + 365 * DAY - 58, &params),
            Err(Inactive::Expired { age: 365 * DAY + 1 })
        );
    }
}
