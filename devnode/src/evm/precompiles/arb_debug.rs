//! ArbDebug (0xff): what only development chains allow.

use alloy_sol_types::{SolCall, sol};
use revm::{bytecode::Bytecode, context::ContextTr, context_interface::JournalTr};

use super::{
    address_set::CHAIN_OWNERS,
    call::{Call, Fault, Mutability},
};

sol! {
    interface ArbDebug {
        error Custom(uint64 number, string message, bool flag);

        function becomeChainOwner() external;
        function overwriteContractCode(address target, bytes newCode) external returns (bytes oldCode);
        function customRevert(uint64 number) external pure;
        function legacyError() external pure;
    }
}

use ArbDebug::ArbDebugCalls as Methods;

/// The text Nitro puts into its test error. Source: Nitro `precompiles/ArbDebug.go`.
const CUSTOM_TEXT: &str = "This spider family wards off bugs: /\\oo/\\ //\\(oo)//\\ /\\oo/\\";

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    call.dispatch(input, mutability, body)
}

fn mutability(method: &Methods) -> Mutability {
    match method {
        Methods::becomeChainOwner(_) | Methods::overwriteContractCode(_) => Mutability::Write,
        Methods::customRevert(_) | Methods::legacyError(_) => Mutability::Pure,
    }
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    match method {
        Methods::becomeChainOwner(_) => {
            let caller = call.caller;
            CHAIN_OWNERS.add(call, caller)?;
            Ok(Vec::new())
        }
        Methods::overwriteContractCode(arguments) => Ok(overwrite_code(call, arguments)),
        Methods::customRevert(arguments) => {
            let (number, message) = (arguments.number, CUSTOM_TEXT.into());
            Err(call.revert_with(&ArbDebug::Custom {
                number,
                message,
                flag: true,
            }))
        }
        Methods::legacyError(_) => Err(Fault::plain()),
    }
}

fn overwrite_code(
    call: &mut Call<'_, '_>,
    arguments: ArbDebug::overwriteContractCodeCall,
) -> Vec<u8> {
    let journal = call.ctx.journal_mut();
    let Ok(account) = journal.load_account_with_code(arguments.target);
    let old = account
        .data
        .info
        .code
        .clone()
        .unwrap_or_default()
        .original_bytes();
    journal.touch_account(arguments.target);
    journal.set_code(arguments.target, Bytecode::new_legacy(arguments.newCode));
    ArbDebug::overwriteContractCodeCall::abi_encode_returns(&old)
}
