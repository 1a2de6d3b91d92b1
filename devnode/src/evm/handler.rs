//! The life of a transaction: what is charged, who is paid.
//!
//! Nonce, balance and fee cap are checked before a message gets here (`chain`); this handler holds
//! what happens to gas and fees. Source: the go-ethereum fork of Nitro, `core/state_transition.go`,
//! and Nitro `arbos/tx_processor.go`.

use std::convert::Infallible;

use alloy_primitives::U256;
use revm::{
    context::{ContextTr, Transaction},
    context_interface::{
        Block, JournalTr,
        journaled_state::account::JournaledAccountTr,
        result::{EVMError, HaltReason},
    },
    handler::{EvmTr, FrameResult, Handler, handle_reservoir_remaining_gas},
    interpreter::{GasTracker, InitialAndFloorGas},
};

use super::{
    arbos,
    context::{Purpose, TX_COMPUTE_CAP},
    machine::NitroEvm,
};

/// What can stop a message before its execution.
pub(super) type NitroError = EVMError<Infallible>;

/// The transaction rules of the chain.
pub(super) struct NitroHandler<'a>(std::marker::PhantomData<&'a ()>);

impl NitroHandler<'_> {
    pub(super) const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<'a> Handler for NitroHandler<'a> {
    type Evm = NitroEvm<'a>;
    type Error = NitroError;
    type HaltReason = HaltReason;

    fn validate_env(&self, _: &mut Self::Evm) -> Result<(), NitroError> {
        Ok(())
    }

    /// Takes gas limit × price from the sender, and counts the message.
    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Self::Evm,
        _: &mut InitialAndFloorGas,
    ) -> Result<(), NitroError> {
        let (tx, journal) = evm.ctx().tx_journal_mut();
        let fee = U256::from(tx.gas_limit()).saturating_mul(U256::from(tx.gas_price));
        let mut sender = journal.load_account_with_code_mut(tx.caller())?.data;
        sender.set_balance(sender.balance().saturating_sub(fee));
        if tx.kind().is_call() {
            sender.bump_nonce();
        }
        Ok(())
    }

    /// Holds back what exceeds the compute cap: 32,000,000 gas, intrinsic gas included.
    fn tx_gas(&self, evm: &mut Self::Evm, initial: &InitialAndFloorGas) -> GasTracker {
        let ctx = evm.ctx();
        let limit = ctx.tx().gas_limit();
        let intrinsic = initial.initial_regular_gas();
        let left = limit.saturating_sub(intrinsic);
        let held = match ctx.chain.purpose {
            Purpose::Call => 0,
            Purpose::Transaction | Purpose::Estimate => {
                left.saturating_sub(TX_COMPUTE_CAP.saturating_sub(intrinsic))
            }
        };
        ctx.chain.held_gas = held;
        GasTracker::new(limit, left - held, 0)
    }

    /// Settles the first frame and gives back the gas that was held.
    fn last_frame_result(
        &mut self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
        gas: &mut GasTracker,
    ) -> Result<(), NitroError> {
        gas.spend_all();
        let outcome = result.instruction_result();
        handle_reservoir_remaining_gas(outcome, gas, result.gas_mut().tracker_mut());
        gas.erase_cost(evm.ctx().chain.held_gas);
        *result.gas_mut().tracker_mut() = *gas;
        Ok(())
    }

    /// The base fee is not burned: it goes to the network fee account. There is no tip.
    fn reward_beneficiary(
        &self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
    ) -> Result<(), NitroError> {
        let ctx = evm.ctx();
        if ctx.tx.gas_price == 0 {
            return Ok(());
        }
        let fee = U256::from(result.gas().used()) * U256::from(ctx.block.basefee());
        let account = arbos::network_fee_account(ctx);
        ctx.journal_mut().balance_incr(account, fee)?;
        Ok(())
    }
}
