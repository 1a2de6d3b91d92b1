//! ArbInfo (0x65): balance and code of accounts.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, sol};

use super::{
    super::peek,
    call::{COPY_WORD_GAS, Call, Fault, Mutability, words},
};

sol! {
    interface ArbInfo {
        function getBalance(address account) external view returns (uint256);
        function getCode(address account) external view returns (bytes memory);
    }
}

use ArbInfo::ArbInfoCalls as Methods;

/// Gas of looking up a balance (EIP-1884) and of loading a code (EIP-2929).
const BALANCE_GAS: u64 = 700;
const CODE_GAS: u64 = 2_100;

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    call.dispatch(input, |_: &Methods| Mutability::View, body)
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    match method {
        Methods::getBalance(arguments) => {
            call.burn(BALANCE_GAS)?;
            let balance = peek::account(call.ctx, arguments.account)
                .map_or(U256::ZERO, |account| account.balance);
            Ok(ArbInfo::getBalanceCall::abi_encode_returns(&balance))
        }
        Methods::getCode(arguments) => {
            call.burn(CODE_GAS)?;
            let (_, code) = peek::code(call.ctx, arguments.account);
            let code = code.original_bytes();
            call.burn(COPY_WORD_GAS * words(code.len()))?;
            Ok(ArbInfo::getCodeCall::abi_encode_returns(&code))
        }
    }
}
