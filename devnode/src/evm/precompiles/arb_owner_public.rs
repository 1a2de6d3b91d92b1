//! ArbOwnerPublic (0x6b): what anybody may know of the owners' settings.

use alloy_sol_types::{SolCall, sol};

use super::{
    super::arbos::{Field, word_to_address},
    address_set::CHAIN_OWNERS,
    call::{Call, Fault, Mutability, READ_GAS},
};

sol! {
    interface ArbOwnerPublic {
        function isChainOwner(address account) external view returns (bool);
        function getAllChainOwners() external view returns (address[] memory);
        function getNetworkFeeAccount() external view returns (address);
        function getInfraFeeAccount() external view returns (address);
        function getBrotliCompressionLevel() external view returns (uint64);
        function getScheduledUpgrade() external view returns (uint64 arbosVersion, uint64 scheduledForTimestamp);
        function isCalldataPriceIncreaseEnabled() external view returns (bool);
    }
}

use ArbOwnerPublic::ArbOwnerPublicCalls as Methods;

/// The level Nitro compresses transactions with when it prices their publication.
const BROTLI_LEVEL: u64 = 1;

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    call.dispatch(input, |_: &Methods| Mutability::View, body)
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    use ArbOwnerPublic::*;
    Ok(match method {
        Methods::isChainOwner(arguments) => {
            let is_owner = CHAIN_OWNERS.contains(call, arguments.account)?;
            isChainOwnerCall::abi_encode_returns(&is_owner)
        }
        Methods::getAllChainOwners(_) => {
            let owners = CHAIN_OWNERS.all(call)?;
            getAllChainOwnersCall::abi_encode_returns(&owners)
        }
        Methods::getNetworkFeeAccount(_) => {
            let account = word_to_address(call.read(Field::NetworkFeeAccount.slot())?);
            getNetworkFeeAccountCall::abi_encode_returns(&account)
        }
        Methods::getInfraFeeAccount(_) => {
            let account = word_to_address(call.read(Field::InfraFeeAccount.slot())?);
            getInfraFeeAccountCall::abi_encode_returns(&account)
        }
        Methods::getBrotliCompressionLevel(_) => {
            call.burn(READ_GAS)?;
            getBrotliCompressionLevelCall::abi_encode_returns(&BROTLI_LEVEL)
        }
        // The version of the profile is fixed, so no upgrade is ever scheduled.
        Methods::getScheduledUpgrade(_) => {
            call.burn(2 * READ_GAS)?;
            getScheduledUpgradeCall::abi_encode_returns(&getScheduledUpgradeReturn {
                arbosVersion: 0,
                scheduledForTimestamp: 0,
            })
        }
        Methods::isCalldataPriceIncreaseEnabled(_) => {
            let enabled = !call.read(Field::CalldataPriceIncrease.slot())?.is_zero();
            isCalldataPriceIncreaseEnabledCall::abi_encode_returns(&enabled)
        }
    })
}
