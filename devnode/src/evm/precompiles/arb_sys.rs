//! ArbSys (0x64): the chain about itself. Messages to L1 have no parent chain to go to and are
//! refused.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, sol};
use revm::{
    context::ContextTr,
    context_interface::{Cfg, Database, Transaction},
};

use super::{
    super::arbos::ARBOS_VERSION,
    call::{Call, Fault, Mutability},
};

sol! {
    interface ArbSys {
        error InvalidBlockNumber(uint256 requested, uint256 current);

        function arbBlockNumber() external view returns (uint256);
        function arbBlockHash(uint256 arbBlockNum) external view returns (bytes32);
        function arbChainID() external view returns (uint256);
        function arbOSVersion() external view returns (uint256);
        function getStorageGasAvailable() external view returns (uint256);
        function isTopLevelCall() external view returns (bool);
        function mapL1SenderContractAddressToL2Alias(address sender, address unused) external pure returns (address);
        function wasMyCallersAddressAliased() external view returns (bool);
        function myCallersAddressWithoutAliasing() external view returns (address);
    }
}

use ArbSys::ArbSysCalls as Methods;

/// What ArbSys adds to the ArbOS version. Source: Nitro `precompiles/ArbSys.go`.
const VERSION_OFFSET: u64 = 55;

/// How many past block hashes are kept in reach.
const HASH_WINDOW: u64 = 256;

/// Added to the address of an L1 contract that calls into L2.
const ALIAS_OFFSET: Address =
    alloy_primitives::address!("0x1111000000000000000000000000000000001111");

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    call.dispatch(input, mutability, body)
}

fn mutability(method: &Methods) -> Mutability {
    match method {
        Methods::mapL1SenderContractAddressToL2Alias(_) => Mutability::Pure,
        _ => Mutability::View,
    }
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    use ArbSys::*;
    Ok(match method {
        Methods::arbBlockNumber(_) => {
            let number = U256::from(call.ctx.chain.l2_block_number);
            arbBlockNumberCall::abi_encode_returns(&number)
        }
        Methods::arbBlockHash(arguments) => block_hash(call, arguments.arbBlockNum)?,
        Methods::arbChainID(_) => {
            arbChainIDCall::abi_encode_returns(&U256::from(call.ctx.cfg.chain_id()))
        }
        Methods::arbOSVersion(_) => {
            arbOSVersionCall::abi_encode_returns(&U256::from(VERSION_OFFSET + ARBOS_VERSION))
        }
        Methods::getStorageGasAvailable(_) => {
            getStorageGasAvailableCall::abi_encode_returns(&U256::ZERO)
        }
        Methods::isTopLevelCall(_) => {
            isTopLevelCallCall::abi_encode_returns(&(call.ctx.chain.frames.len() <= 1))
        }
        Methods::mapL1SenderContractAddressToL2Alias(arguments) => {
            let alias = aliased(arguments.sender);
            mapL1SenderContractAddressToL2AliasCall::abi_encode_returns(&alias)
        }
        // Only messages from L1 are aliased, and there are none.
        Methods::wasMyCallersAddressAliased(_) => {
            wasMyCallersAddressAliasedCall::abi_encode_returns(&false)
        }
        Methods::myCallersAddressWithoutAliasing(_) => {
            let caller = callers_caller(call);
            myCallersAddressWithoutAliasingCall::abi_encode_returns(&caller)
        }
    })
}

fn block_hash(call: &mut Call<'_, '_>, requested: U256) -> Result<Vec<u8>, Fault> {
    let current = call.ctx.chain.l2_block_number;
    let number: u64 = requested.saturating_to();
    if number >= current || number + HASH_WINDOW < current {
        let current = U256::from(current);
        return Err(call.revert_with(&ArbSys::InvalidBlockNumber { requested, current }));
    }
    let Ok(hash) = call.ctx.db_mut().block_hash(number);
    Ok(ArbSys::arbBlockHashCall::abi_encode_returns(&hash))
}

fn aliased(sender: Address) -> Address {
    let sum = U256::from_be_slice(sender.as_slice())
        .wrapping_add(U256::from_be_slice(ALIAS_OFFSET.as_slice()));
    super::super::arbos::word_to_address(sum)
}

/// Who called the caller of this method; the transaction's sender at the top.
fn callers_caller(call: &Call<'_, '_>) -> Address {
    let frames = &call.ctx.chain.frames;
    frames
        .len()
        .checked_sub(2)
        .and_then(|below| frames[below])
        .unwrap_or_else(|| call.ctx.tx.caller())
}
