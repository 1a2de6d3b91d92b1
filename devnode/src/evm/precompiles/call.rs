//! One call of an ArbOS precompile: its gas, its rights, its faults.
//!
//! Source of the rules and prices: Nitro `precompiles/precompile.go`, `precompiles/context.go`,
//! `arbos/storage/storage.go`.

use alloy_primitives::{Address, Log, U256};
use alloy_sol_types::{SolError, SolEvent, SolInterface};
use revm::{
    context::ContextTr,
    context_interface::{Block, JournalTr},
    interpreter::CallInputs,
};

use super::super::{arbos, context::NitroContext};

/// Gas of reading a word of the chain's state.
pub(super) const READ_GAS: u64 = 800;
/// Gas of setting a word to something other than zero, and to zero.
const WRITE_GAS: u64 = 20_000;
const CLEAR_GAS: u64 = 5_000;
/// Gas per word of arguments, results and error data.
pub(super) const COPY_WORD_GAS: u64 = 3;
/// Gas of a log, of each topic, of each byte of data.
const LOG_GAS: u64 = 375;
const LOG_BYTE_GAS: u64 = 8;

/// How a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Revert with this data; what is left of the gas stays with the caller.
    Revert(Vec<u8>),
    /// A failure that is no revert and takes all gas; the text reaches the client.
    Fatal(String),
}

impl Fault {
    /// Revert without data.
    pub(super) const fn plain() -> Self {
        Self::Revert(Vec::new())
    }
}

/// What a method may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    /// Computes from its arguments alone; costs nothing but its body.
    Pure,
    /// Reads.
    View,
    /// Reads and writes.
    Write,
    /// Reads, writes and takes value.
    Payable,
}

/// The call that runs.
pub(super) struct Call<'c, 'a> {
    /// revm's context.
    pub(super) ctx: &'c mut NitroContext<'a>,
    /// Who called.
    pub(super) caller: Address,
    /// The precompile's address.
    pub(super) address: Address,
    /// Wei sent along; already transferred.
    pub(super) value: U256,
    is_static: bool,
    /// Delegate call or call code.
    borrowed: bool,
    gas: u64,
}

impl<'c, 'a> Call<'c, 'a> {
    /// The call that `inputs` describe.
    pub(super) fn new(ctx: &'c mut NitroContext<'a>, inputs: &CallInputs, borrowed: bool) -> Self {
        Self {
            ctx,
            caller: inputs.caller,
            address: inputs.bytecode_address,
            value: inputs.call_value(),
            is_static: inputs.is_static,
            borrowed,
            gas: inputs.gas_limit,
        }
    }

    /// Gas not yet used.
    pub(super) const fn gas_left(&self) -> u64 {
        self.gas
    }

    /// Sets the gas that is handed back: for ArbOwner, which is free for owners.
    pub(super) const fn set_gas_left(&mut self, gas: u64) {
        self.gas = gas;
    }

    /// Uses gas; running out takes all of it.
    pub(super) fn burn(&mut self, gas: u64) -> Result<(), Fault> {
        match self.gas.checked_sub(gas) {
            Some(left) => {
                self.gas = left;
                Ok(())
            }
            None => Err(self.burn_out()),
        }
    }

    /// Takes all gas: a revert without data that leaves nothing.
    pub(super) const fn burn_out(&mut self) -> Fault {
        self.gas = 0;
        Fault::plain()
    }

    /// Reads a word of the chain's state.
    pub(super) fn read(&mut self, slot: U256) -> Result<U256, Fault> {
        self.burn(READ_GAS)?;
        Ok(arbos::read(self.ctx, slot))
    }

    /// Charges for writing `word`.
    pub(super) fn burn_write(&mut self, word: U256) -> Result<(), Fault> {
        self.burn(if word.is_zero() { CLEAR_GAS } else { WRITE_GAS })
    }

    /// Writes a word of the chain's state.
    pub(super) fn write(&mut self, slot: U256, word: U256) -> Result<(), Fault> {
        self.burn_write(word)?;
        arbos::write(self.ctx, slot, word);
        Ok(())
    }

    /// Emits an event of the precompile.
    pub(super) fn emit(&mut self, event: &impl SolEvent) -> Result<(), Fault> {
        let data = event.encode_log_data();
        let topics = data.topics().len() as u64;
        self.burn(LOG_GAS * (1 + topics) + LOG_BYTE_GAS * data.data.len() as u64)?;
        self.emit_free(event);
        Ok(())
    }

    /// Emits an event that costs nothing.
    pub(super) fn emit_free(&mut self, event: &impl SolEvent) {
        let log = Log {
            address: self.address,
            data: event.encode_log_data(),
        };
        self.ctx.journal_mut().log(log);
    }

    /// A custom error of the ABI: its data costs 3 gas a word.
    pub(super) fn revert_with(&mut self, error: &impl SolError) -> Fault {
        let data = error.abi_encode();
        match self.burn(COPY_WORD_GAS * words(data.len())) {
            Ok(()) => Fault::Revert(data),
            Err(fault) => fault,
        }
    }

    /// Time of the block.
    pub(super) fn now(&self) -> u64 {
        self.ctx.block.timestamp().saturating_to()
    }

    /// Decodes `input` as one of the methods of `M`, checks the caller's rights, charges for the
    /// arguments, runs the method and charges for the result.
    pub(super) fn dispatch<M: SolInterface>(
        &mut self,
        input: &[u8],
        mutability: fn(&M) -> Mutability,
        body: fn(&mut Self, M) -> Result<Vec<u8>, Fault>,
    ) -> Result<Vec<u8>, Fault> {
        let Ok(method) = M::abi_decode(input) else {
            return Err(self.burn_out());
        };
        let mutability = mutability(&method);
        if !self.permits(mutability) {
            return Err(self.burn_out());
        }
        if mutability != Mutability::Pure {
            self.burn(READ_GAS)?;
        }
        self.burn(COPY_WORD_GAS * words(input.len().saturating_sub(4)))?;
        let output = body(self, method)?;
        self.burn(COPY_WORD_GAS * words(output.len()))?;
        Ok(output)
    }

    /// Whether a method of this kind may be called this way.
    pub(super) fn permits(&self, mutability: Mutability) -> bool {
        let writes = matches!(mutability, Mutability::Write | Mutability::Payable);
        let delegated = self.borrowed && mutability != Mutability::Pure;
        let unpaid = !self.value.is_zero() && mutability != Mutability::Payable;
        !(delegated || unpaid || self.is_static && writes)
    }
}

/// A contract that knows no method: every call fails and takes all gas.
pub(super) fn no_methods(call: &mut Call<'_, '_>, _: &[u8]) -> Result<Vec<u8>, Fault> {
    Err(call.burn_out())
}

/// 32-byte words that hold `bytes` bytes.
pub(super) const fn words(bytes: usize) -> u64 {
    bytes.div_ceil(32) as u64
}
