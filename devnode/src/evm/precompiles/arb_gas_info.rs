//! ArbGasInfo (0x6c): prices. The base fee is pinned, so there never is a backlog.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolValue, sol};
use revm::context_interface::Block;

use super::{
    super::{
        arbos::Field,
        context::{BLOCK_GAS_LIMIT, TX_COMPUTE_CAP},
    },
    call::{Call, Fault, Mutability, READ_GAS},
};

sol! {
    interface ArbGasInfo {
        function getPricesInWei() external view returns (uint256 perL2Tx, uint256 perL1CalldataByte, uint256 perStorage, uint256 perArbGasBase, uint256 perArbGasCongestion, uint256 perArbGasTotal);
        function getPricesInArbGas() external view returns (uint256 perL2Tx, uint256 perL1CalldataByte, uint256 perStorage);
        function getGasAccountingParams() external view returns (uint256 speedLimitPerSecond, uint256 gasPoolMax, uint256 maxTxGasLimit);
        function getMinimumGasPrice() external view returns (uint256);
        function getL1BaseFeeEstimate() external view returns (uint256);
        function getL1GasPriceEstimate() external view returns (uint256);
        function getCurrentTxL1GasFees() external view returns (uint256);
        function getGasBacklog() external view returns (uint64);
        function getMaxTxGasLimit() external view returns (uint256);
        function getMaxBlockGasLimit() external view returns (uint64);
    }
}

use ArbGasInfo::ArbGasInfoCalls as Methods;

/// Calldata gas per byte and assumed bytes of a simple transaction.
/// Source: Nitro `precompiles/ArbGasInfo.go`.
const GAS_PER_BYTE: u64 = 16;
const SIMPLE_TX_BYTES: u64 = 140;
/// Gas of a new storage word.
const STORAGE_GAS: u64 = 20_000;
/// Gas per second the chain is made for. Source: Nitro `arbos/l2pricing`.
pub(super) const SPEED_LIMIT: u64 = 7_000_000;

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    call.dispatch(input, |_: &Methods| Mutability::View, body)
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    use ArbGasInfo::*;
    match method {
        Methods::getPricesInWei(_) => {
            let prices = prices_in_wei(call)?;
            Ok(getPricesInWeiCall::abi_encode_returns(&prices))
        }
        Methods::getPricesInArbGas(_) => {
            let prices = prices_in_gas(call)?;
            Ok(getPricesInArbGasCall::abi_encode_returns(&prices))
        }
        Methods::getGasAccountingParams(_) => {
            call.burn(2 * READ_GAS)?;
            let answer = getGasAccountingParamsReturn {
                speedLimitPerSecond: U256::from(SPEED_LIMIT),
                gasPoolMax: U256::from(TX_COMPUTE_CAP),
                maxTxGasLimit: U256::from(TX_COMPUTE_CAP),
            };
            Ok(getGasAccountingParamsCall::abi_encode_returns(&answer))
        }
        single => Ok(number(call, &single)?.abi_encode()),
    }
}

/// The answers that are one number; in the ABI all of them are a word.
fn number(call: &mut Call<'_, '_>, method: &Methods) -> Result<U256, Fault> {
    match method {
        Methods::getMinimumGasPrice(_) => call.read(Field::MinBaseFee.slot()),
        Methods::getL1BaseFeeEstimate(_) | Methods::getL1GasPriceEstimate(_) => {
            call.read(Field::L1PricePerUnit.slot())
        }
        Methods::getMaxTxGasLimit(_) => {
            call.burn(READ_GAS)?;
            Ok(U256::from(TX_COMPUTE_CAP))
        }
        Methods::getMaxBlockGasLimit(_) => {
            call.burn(READ_GAS)?;
            Ok(U256::from(BLOCK_GAS_LIMIT))
        }
        // The base fee is pinned, so there is no backlog.
        Methods::getGasBacklog(_) => {
            call.burn(READ_GAS)?;
            Ok(U256::ZERO)
        }
        // The fee for L1 of the current transaction; the methods with several numbers do not get here.
        _ => Ok(U256::ZERO),
    }
}

fn prices_in_wei(call: &mut Call<'_, '_>) -> Result<ArbGasInfo::getPricesInWeiReturn, Fault> {
    let l1 = call.read(Field::L1PricePerUnit.slot())?;
    let minimum = call.read(Field::MinBaseFee.slot())?;
    let total = U256::from(call.ctx.block.basefee());
    let base = minimum.min(total);
    let per_byte = l1.saturating_mul(U256::from(GAS_PER_BYTE));
    Ok(ArbGasInfo::getPricesInWeiReturn {
        perL2Tx: per_byte.saturating_mul(U256::from(SIMPLE_TX_BYTES)),
        perL1CalldataByte: per_byte,
        perStorage: total.saturating_mul(U256::from(STORAGE_GAS)),
        perArbGasBase: base,
        perArbGasCongestion: total - base,
        perArbGasTotal: total,
    })
}

fn prices_in_gas(call: &mut Call<'_, '_>) -> Result<ArbGasInfo::getPricesInArbGasReturn, Fault> {
    let l1 = call.read(Field::L1PricePerUnit.slot())?;
    let l2 = U256::from(call.ctx.block.basefee());
    let per_byte_wei = l1.saturating_mul(U256::from(GAS_PER_BYTE));
    let per_byte = per_byte_wei.checked_div(l2).unwrap_or_default();
    Ok(ArbGasInfo::getPricesInArbGasReturn {
        perL2Tx: per_byte.saturating_mul(U256::from(SIMPLE_TX_BYTES)),
        perL1CalldataByte: per_byte,
        perStorage: U256::from(STORAGE_GAS),
    })
}
