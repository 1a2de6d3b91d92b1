//! ArbGasInfo (0x6c): prices. The base fee is pinned, so there never is a backlog.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, sol};
use revm::context_interface::Block;

use super::{
    super::{
        arbos::Field,
        context::{BLOCK_GAS_LIMIT, TX_COMPUTE_CAP},
    },
    call::{Call, Fault, Mutability},
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
    Ok(match method {
        Methods::getPricesInWei(_) => {
            let prices = prices_in_wei(call)?;
            getPricesInWeiCall::abi_encode_returns(&prices)
        }
        Methods::getPricesInArbGas(_) => {
            let prices = prices_in_gas(call)?;
            getPricesInArbGasCall::abi_encode_returns(&prices)
        }
        Methods::getGasAccountingParams(_) => {
            call.burn(2 * super::call::READ_GAS)?;
            getGasAccountingParamsCall::abi_encode_returns(&getGasAccountingParamsReturn {
                speedLimitPerSecond: U256::from(SPEED_LIMIT),
                gasPoolMax: U256::from(TX_COMPUTE_CAP),
                maxTxGasLimit: U256::from(TX_COMPUTE_CAP),
            })
        }
        Methods::getMinimumGasPrice(_) => {
            let price = call.read(Field::MinBaseFee.slot())?;
            getMinimumGasPriceCall::abi_encode_returns(&price)
        }
        Methods::getL1BaseFeeEstimate(_) => {
            let price = call.read(Field::L1PricePerUnit.slot())?;
            getL1BaseFeeEstimateCall::abi_encode_returns(&price)
        }
        Methods::getL1GasPriceEstimate(_) => {
            let price = call.read(Field::L1PricePerUnit.slot())?;
            getL1GasPriceEstimateCall::abi_encode_returns(&price)
        }
        Methods::getCurrentTxL1GasFees(_) => {
            getCurrentTxL1GasFeesCall::abi_encode_returns(&U256::ZERO)
        }
        Methods::getGasBacklog(_) => {
            call.burn(super::call::READ_GAS)?;
            getGasBacklogCall::abi_encode_returns(&0)
        }
        Methods::getMaxTxGasLimit(_) => {
            call.burn(super::call::READ_GAS)?;
            getMaxTxGasLimitCall::abi_encode_returns(&U256::from(TX_COMPUTE_CAP))
        }
        Methods::getMaxBlockGasLimit(_) => {
            call.burn(super::call::READ_GAS)?;
            getMaxBlockGasLimitCall::abi_encode_returns(&BLOCK_GAS_LIMIT)
        }
    })
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
