//! Gas rules of the EVM side that Stylus frames have to themselves, as pure functions.
//!
//! The EVM side knows what is cold, empty or static; these types turn that into gas.

use super::pricing::{
    CALL_NEW_ACCOUNT_GAS, CALL_STIPEND_GAS, CALL_VALUE_GAS, CODE_LOAD_GAS, CODE_LOAD_UNIT,
    COLD_ACCOUNT_GAS, COLD_SLOAD_GAS, CREATE_GAS, CREATE2_WORD_GAS, SSTORE_CLEAR_REFUND,
    SSTORE_RESET_GAS, SSTORE_RESTORE_REFUND, SSTORE_RESTORE_ZERO_REFUND, SSTORE_SET_GAS, WARM_GAS,
};
use alloy_primitives::B256;

use super::api::{Flush, FlushStatus};

/// Number of 32-byte words that hold `bytes` bytes.
pub const fn words(bytes: u64) -> u64 {
    bytes.div_ceil(32)
}

/// Gas of loading a storage slot.
pub const fn storage_load_gas(cold: bool) -> u64 {
    if cold { COLD_SLOAD_GAS } else { WARM_GAS }
}

/// Gas of touching an account without its code.
pub const fn account_touch_gas(cold: bool) -> u64 {
    if cold { COLD_ACCOUNT_GAS } else { WARM_GAS }
}

/// Gas of touching an account and loading its code on a chain with the given code size limit.
pub const fn account_code_gas(cold: bool, max_code_size: u64) -> u64 {
    account_touch_gas(cold) + max_code_size / CODE_LOAD_UNIT * CODE_LOAD_GAS
}

/// What the call rule must know of the callee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTarget {
    /// The account was not in the access list; it is now, whatever the call comes to.
    pub cold: bool,
    /// A value other than zero is sent.
    pub sends_value: bool,
    /// The account is empty as EIP-161 defines it.
    pub empty: bool,
}

/// Gas of one call from a Stylus program.
///
/// Differs from the EVM: the 63/64 rule multiplies first, a used stipend is paid by the caller and an
/// unused one is not credited to it. Source: Nitro `arbos/programs/api.go`, `doCall`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallGas {
    /// Gas the caller pays whatever happens.
    pub base: u64,
    /// Gas the callee runs with.
    pub given: u64,
}

impl CallGas {
    /// The gas of a call by a frame that has `gas_left` and asks for `gas_requested`; `None` when the
    /// frame cannot pay the base cost. Then the call fails, costs all of `gas_left` and has no output.
    pub fn plan(target: CallTarget, gas_left: u64, gas_requested: u64) -> Option<Self> {
        let mut base = account_touch_gas(target.cold);
        if target.sends_value {
            base += CALL_VALUE_GAS;
            base += if target.empty {
                CALL_NEW_ACCOUNT_GAS
            } else {
                0
            };
        }
        let spare = gas_left.checked_sub(base)?;
        let most = (u128::from(spare) * 63 / 64) as u64;
        let stipend = if target.sends_value {
            CALL_STIPEND_GAS
        } else {
            0
        };
        Some(Self {
            base,
            given: most.min(gas_requested).saturating_add(stipend),
        })
    }

    /// What the caller pays after the callee handed back `returned` gas.
    pub fn cost(&self, returned: u64) -> u64 {
        self.base
            .saturating_add(self.given.saturating_sub(returned))
    }
}

/// Gas of one creation by a Stylus program.
///
/// EIP-3860's price and limit of init code do not apply. Source: Nitro `arbos/programs/api.go`, `create`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateGas {
    /// Gas the creator keeps: what is left after the base cost, divided by 64.
    pub kept: u64,
    /// Gas the init code runs with.
    pub given: u64,
    gas_left: u64,
}

impl CreateGas {
    /// The gas of a creation by a frame that has `gas_left`; `None` when it cannot pay the base cost,
    /// which the program meets as [`super::api::Refused`].
    pub fn plan(init_code_len: usize, is_create2: bool, gas_left: u64) -> Option<Self> {
        let hashing = if is_create2 {
            CREATE2_WORD_GAS * words(init_code_len as u64)
        } else {
            0
        };
        let spare = gas_left.checked_sub(CREATE_GAS + hashing)?;
        let kept = spare / 64;
        Some(Self {
            kept,
            given: spare - kept,
            gas_left,
        })
    }

    /// What the creator pays after the init code handed back `returned` gas.
    pub fn cost(&self, returned: u64) -> u64 {
        self.gas_left
            .saturating_sub(self.kept.saturating_add(returned))
    }
}

/// A slot as a storage write finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The slot was not in the access list; it is now.
    pub cold: bool,
    /// Value when the transaction began.
    pub original: B256,
    /// Value now.
    pub current: B256,
}

/// Gas and refund of writing `new` to a slot: EIP-2929, EIP-2200 and EIP-3529 without the sentry.
pub fn storage_write(slot: SlotState, new: B256) -> (u64, i64) {
    let access = if slot.cold { COLD_SLOAD_GAS } else { 0 };
    let SlotState {
        original, current, ..
    } = slot;
    if current == new {
        return (access + WARM_GAS, 0);
    }
    if original == current {
        return if original.is_zero() {
            (access + SSTORE_SET_GAS, 0)
        } else {
            (
                access + SSTORE_RESET_GAS,
                if new.is_zero() {
                    SSTORE_CLEAR_REFUND
                } else {
                    0
                },
            )
        };
    }
    (access + WARM_GAS, dirty_slot_refund(original, current, new))
}

fn dirty_slot_refund(original: B256, current: B256, new: B256) -> i64 {
    let mut refund = 0;
    if !original.is_zero() {
        if current.is_zero() {
            refund -= SSTORE_CLEAR_REFUND;
        } else if new.is_zero() {
            refund += SSTORE_CLEAR_REFUND;
        }
    }
    if original == new {
        refund += if original.is_zero() {
            SSTORE_RESTORE_ZERO_REFUND
        } else {
            SSTORE_RESTORE_REFUND
        };
    }
    refund
}

/// The budget of a storage flush: entries are paid one by one until one cannot be.
///
/// The budget is the frame's gas plus one, and using it up counts as running out, so the total may be
/// at most the frame's gas. Source: Nitro `arbos/programs/api.go`, `setTrieSlots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlushMeter {
    budget: u64,
    left: u64,
}

impl FlushMeter {
    /// A meter for a frame that has `gas_left`.
    pub fn new(gas_left: u64) -> Self {
        let budget = gas_left.saturating_add(1);
        Self {
            budget,
            left: budget,
        }
    }

    /// Pays for one entry. `false`: it cannot be paid; do not write it, stop and call [`Self::finish`].
    pub fn pay(&mut self, cost: u64) -> bool {
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.left = 0;
                false
            }
        }
    }

    /// The result of a flush whose entries are all paid, or which stopped.
    pub fn finish(self) -> Flush {
        let status = if self.left == 0 {
            FlushStatus::OutOfGas
        } else {
            FlushStatus::Written
        };
        Flush {
            status,
            gas_cost: self.budget - self.left,
        }
    }

    /// The result of a flush that met write protection.
    pub fn write_protected(self) -> Flush {
        Flush {
            status: FlushStatus::WriteProtected,
            gas_cost: self.budget - self.left,
        }
    }
}
