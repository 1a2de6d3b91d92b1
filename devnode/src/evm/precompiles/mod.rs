//! The precompiles: Osaka's, and those of ArbOS.
//!
//! Each ArbOS contract has a file: its ABI, and what its methods do. `call` holds the rules and
//! prices that all of them share. ArbOS contracts without a file (ArbAddressTable, ArbBLS,
//! ArbAggregator, ...) exist as accounts but know no method.

mod address_set;
mod arb_debug;
mod arb_gas_info;
mod arb_info;
mod arb_owner;
mod arb_owner_public;
mod arb_sys;
mod arb_wasm;
mod arb_wasm_cache;
mod arbos_test;
mod call;
mod data_pricer;
pub mod node_interface;

use std::sync::OnceLock;

use alloy_primitives::{Address, Bytes, U256, address};
use revm::{
    context::ContextTr,
    context_interface::{JournalTr, LocalContextTr},
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{CallInputs, CallScheme, Gas, InstructionResult, InterpreterResult},
    primitives::{AddressSet, hardfork::SpecId},
};

use self::call::{Call, Fault};
use super::{context::NitroContext, opcodes::SPEC, trace};

/// Addresses of the ArbOS contracts at ArbOS 51. Source: Nitro `precompiles`, `core/types`.
pub const ARBOS_CONTRACTS: [Address; 16] = [
    address!("0x0000000000000000000000000000000000000064"), // ArbSys
    address!("0x0000000000000000000000000000000000000065"), // ArbInfo
    address!("0x0000000000000000000000000000000000000066"), // ArbAddressTable
    address!("0x0000000000000000000000000000000000000067"), // ArbBLS
    address!("0x0000000000000000000000000000000000000068"), // ArbFunctionTable
    address!("0x0000000000000000000000000000000000000069"), // ArbosTest
    address!("0x000000000000000000000000000000000000006b"), // ArbOwnerPublic
    address!("0x000000000000000000000000000000000000006c"), // ArbGasInfo
    address!("0x000000000000000000000000000000000000006d"), // ArbAggregator
    address!("0x000000000000000000000000000000000000006e"), // ArbRetryableTx
    address!("0x000000000000000000000000000000000000006f"), // ArbStatistics
    address!("0x0000000000000000000000000000000000000070"), // ArbOwner
    address!("0x0000000000000000000000000000000000000071"), // ArbWasm
    address!("0x0000000000000000000000000000000000000072"), // ArbWasmCache
    address!("0x0000000000000000000000000000000000000073"), // ArbNativeTokenManager
    address!("0x00000000000000000000000000000000000000ff"), // ArbDebug
];

/// The account that internal ArbOS transactions address.
const ARBOS_ACTS: Address = address!("0x00000000000000000000000000000000000A4B05");

/// Code of the ArbOS contracts' accounts: one invalid opcode.
pub const ARBOS_CONTRACT_CODE: [u8; 1] = [0xFE];

/// The storage of ArbOS that makes `managers` cache managers from the start.
pub fn genesis_cache_managers(managers: &[Address]) -> Vec<(U256, U256)> {
    address_set::CACHE_MANAGERS.genesis(managers)
}

/// The text of a custom error of an ArbOS contract, as Nitro gives it; `None` for other revert data.
pub fn error_text(data: &[u8]) -> Option<String> {
    arb_wasm::error_text(data)
}

/// Whether the address is a precompile's.
pub fn is_precompile(address: &Address) -> bool {
    warm().contains(address)
}

/// All precompiles of the chain.
#[derive(Clone, Debug)]
pub(super) struct NitroPrecompiles {
    ethereum: EthPrecompiles,
}

impl NitroPrecompiles {
    pub(super) fn new() -> Self {
        Self {
            ethereum: EthPrecompiles::new(SPEC),
        }
    }
}

/// Every precompile is in the access list when a transaction starts.
fn warm() -> &'static AddressSet {
    static WARM: OnceLock<AddressSet> = OnceLock::new();
    WARM.get_or_init(|| {
        let mut warm = EthPrecompiles::new(SPEC).warm_addresses().clone();
        warm.extend(ARBOS_CONTRACTS);
        warm.insert(ARBOS_ACTS);
        warm
    })
}

impl<'a> PrecompileProvider<NitroContext<'a>> for NitroPrecompiles {
    type Output = InterpreterResult;

    fn set_spec(&mut self, _: SpecId) -> bool {
        false
    }

    fn run(
        &mut self,
        ctx: &mut NitroContext<'a>,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        match arbos_contract(inputs.bytecode_address) {
            Some(contract) => Ok(Some(run_arbos(ctx, inputs, contract))),
            None => self.ethereum.run(ctx, inputs),
        }
    }

    fn warm_addresses(&self) -> &AddressSet {
        warm()
    }
}

/// A contract's entry: input without interpretation, to output or fault.
type Contract = fn(&mut Call<'_, '_>, &[u8]) -> Result<Vec<u8>, Fault>;

fn arbos_contract(address: Address) -> Option<Contract> {
    if address == ARBOS_ACTS {
        return Some(call::no_methods);
    }
    if !ARBOS_CONTRACTS.contains(&address) {
        return None;
    }
    Some(match address.0[19] {
        0x64 => arb_sys::run,
        0x65 => arb_info::run,
        0x69 => arbos_test::run,
        0x6b => arb_owner_public::run,
        0x6c => arb_gas_info::run,
        0x70 => arb_owner::run,
        0x71 => arb_wasm::run,
        0x72 => arb_wasm_cache::run,
        0xff => arb_debug::run,
        _ => call::no_methods,
    })
}

fn run_arbos(
    ctx: &mut NitroContext<'_>,
    inputs: &CallInputs,
    contract: Contract,
) -> InterpreterResult {
    let input = inputs.input.bytes(ctx);
    let is_top = ctx.journal().depth() == 1;
    let borrowed = matches!(
        inputs.scheme,
        CallScheme::DelegateCall | CallScheme::CallCode
    );
    let mut call = Call::new(ctx, inputs, borrowed);
    let result = contract(&mut call, &input);
    let left = call.gas_left();
    let mut gas = Gas::new(inputs.gas_limit);
    gas.set_remaining(left);
    match result {
        Ok(output) => InterpreterResult::new(InstructionResult::Return, output.into(), gas),
        Err(Fault::Revert(data)) => {
            InterpreterResult::new(InstructionResult::Revert, data.into(), gas)
        }
        Err(Fault::Fatal(text)) => {
            trace::fault(ctx, &text);
            if is_top {
                ctx.local_mut().set_precompile_error_context(text);
            }
            gas.spend_all();
            InterpreterResult::new(InstructionResult::PrecompileError, Bytes::new(), gas)
        }
    }
}
