//! The list of host functions.

use std::fmt;

use wasmi::{Caller, Error, Func, Store};
use wasmparser::{FuncType, ValType};

use super::hostio::{Host, Hostio};
use super::trace::{self, Bits};
use super::{account, calls, console, context, data, math, memory, storage};

/// Type of a host function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    params: &'static [ValType],
    results: &'static [ValType],
}

impl Signature {
    /// Whether `ty` is this type.
    pub(crate) fn matches(&self, ty: &FuncType) -> bool {
        ty.params() == self.params && ty.results() == self.results
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |types: &[ValType]| {
            types
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        write!(f, "({}) -> ({})", list(self.params), list(self.results))
    }
}

/// The wasm type of a Rust type in a host function.
trait Wasm {
    const TYPE: ValType;
}

impl Wasm for u32 {
    const TYPE: ValType = ValType::I32;
}

impl Wasm for u64 {
    const TYPE: ValType = ValType::I64;
}

impl Wasm for f32 {
    const TYPE: ValType = ValType::F32;
}

impl Wasm for f64 {
    const TYPE: ValType = ValType::F64;
}

/// Lists the host functions: `module name(parameters) -> result = implementation;`.
macro_rules! host_functions {
    ($($module:literal $name:literal ($($arg:ident: $ty:ty),*) $(-> $ret:ty)? = $function:path;)*) => {
        /// Type of the host function `module`.`name`, if there is one.
        pub(crate) fn signature(module: &str, name: &str) -> Option<Signature> {
            match (module, name) {
                $(($module, $name) => Some(Signature {
                    params: &[$(<$ty as Wasm>::TYPE),*],
                    results: &[$(<$ret as Wasm>::TYPE)?],
                }),)*
                _ => None,
            }
        }

        /// The host function `module`.`name` for an instance in `store`.
        pub(crate) fn bind<'a>(store: &mut Store<Host<'a>>, module: &str, name: &str) -> Option<Func> {
            match (module, name) {
                $(($module, $name) => Some(Func::wrap(
                    store,
                    |caller: Caller<'_, Host<'a>>, $($arg: $ty),*| -> Result<_, Error> {
                        let io = &mut Hostio::new(caller)?;
                        if !io.is_traced() {
                            return Ok($function(io, $($arg),*)?);
                        }
                        let arguments = &[$($arg.bits()),*];
                        Ok(trace::watch(io, $name, arguments, |io| $function(io, $($arg),*))?)
                    },
                )),)*
                _ => None,
            }
        }
    };
}

host_functions! {
    "vm_hooks" "read_args"(ptr: u32) = data::read_args;
    "vm_hooks" "write_result"(ptr: u32, len: u32) = data::write_result;
    "vm_hooks" "exit_early"(status: u32) = data::exit_early;
    "vm_hooks" "read_return_data"(dest: u32, offset: u32, size: u32) -> u32 = data::read_return_data;
    "vm_hooks" "return_data_size"() -> u32 = data::return_data_size;
    "vm_hooks" "emit_log"(ptr: u32, len: u32, topics: u32) = data::emit_log;

    "vm_hooks" "storage_load_bytes32"(key: u32, dest: u32) = storage::load;
    "vm_hooks" "storage_cache_bytes32"(key: u32, value: u32) = storage::cache;
    "vm_hooks" "storage_flush_cache"(clear: u32) = storage::flush;
    "vm_hooks" "transient_load_bytes32"(key: u32, dest: u32) = storage::transient_load;
    "vm_hooks" "transient_store_bytes32"(key: u32, value: u32) = storage::transient_store;

    "vm_hooks" "call_contract"(addr: u32, input: u32, len: u32, value: u32, gas: u64, ret_len: u32)
        -> u32 = calls::call_contract;
    "vm_hooks" "delegate_call_contract"(addr: u32, input: u32, len: u32, gas: u64, ret_len: u32)
        -> u32 = calls::delegate_call_contract;
    "vm_hooks" "static_call_contract"(addr: u32, input: u32, len: u32, gas: u64, ret_len: u32)
        -> u32 = calls::static_call_contract;
    "vm_hooks" "create1"(code: u32, len: u32, endowment: u32, contract: u32, revert_len: u32)
        = calls::create1;
    "vm_hooks" "create2"(
        code: u32, len: u32, endowment: u32, salt: u32, contract: u32, revert_len: u32
    ) = calls::create2;

    "vm_hooks" "account_balance"(addr: u32, dest: u32) = account::balance;
    "vm_hooks" "account_code"(addr: u32, offset: u32, size: u32, dest: u32) -> u32 = account::code;
    "vm_hooks" "account_code_size"(addr: u32) -> u32 = account::code_size;
    "vm_hooks" "account_codehash"(addr: u32, dest: u32) = account::codehash;

    "vm_hooks" "evm_gas_left"() -> u64 = context::evm_gas_left;
    "vm_hooks" "evm_ink_left"() -> u64 = context::evm_ink_left;
    "vm_hooks" "block_basefee"(dest: u32) = context::block_basefee;
    "vm_hooks" "block_coinbase"(dest: u32) = context::block_coinbase;
    "vm_hooks" "block_gas_limit"() -> u64 = context::block_gas_limit;
    "vm_hooks" "block_number"() -> u64 = context::block_number;
    "vm_hooks" "block_timestamp"() -> u64 = context::block_timestamp;
    "vm_hooks" "chainid"() -> u64 = context::chainid;
    "vm_hooks" "contract_address"(dest: u32) = context::contract_address;
    "vm_hooks" "msg_reentrant"() -> u32 = context::msg_reentrant;
    "vm_hooks" "msg_sender"(dest: u32) = context::msg_sender;
    "vm_hooks" "msg_value"(dest: u32) = context::msg_value;
    "vm_hooks" "tx_gas_price"(dest: u32) = context::tx_gas_price;
    "vm_hooks" "tx_ink_price"() -> u32 = context::tx_ink_price;
    "vm_hooks" "tx_origin"(dest: u32) = context::tx_origin;

    "vm_hooks" "math_div"(value: u32, divisor: u32) = math::div;
    "vm_hooks" "math_mod"(value: u32, modulus: u32) = math::modulo;
    "vm_hooks" "math_pow"(value: u32, exponent: u32) = math::pow;
    "vm_hooks" "math_add_mod"(value: u32, addend: u32, modulus: u32) = math::add_mod;
    "vm_hooks" "math_mul_mod"(value: u32, multiplier: u32, modulus: u32) = math::mul_mod;
    "vm_hooks" "native_keccak256"(input: u32, len: u32, output: u32) = math::keccak256;
    "vm_hooks" "pay_for_memory_grow"(pages: u32) = memory::pay_for_memory_grow;

    "console" "log_txt"(ptr: u32, len: u32) = console::log_txt;
    "console" "log_i32"(value: u32) = console::log_i32;
    "console" "log_i64"(value: u64) = console::log_i64;
    "console" "log_f32"(value: f32) = console::log_f32;
    "console" "log_f64"(value: f64) = console::log_f64;
    "console" "tee_i32"(value: u32) -> u32 = console::tee_i32;
    "console" "tee_i64"(value: u64) -> u64 = console::tee_i64;
    "console" "tee_f32"(value: f32) -> f32 = console::tee_f32;
    "console" "tee_f64"(value: f64) -> f64 = console::tee_f64;
}
