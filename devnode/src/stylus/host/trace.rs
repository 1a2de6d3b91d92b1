//! What a trace shows of a host function: its arguments as they were before the call, and what it gave.
//!
//! One table lists the layouts; the functions themselves know nothing of it. Names, order and widths
//! are Nitro's, source: `crates/wasm-libraries/user-host-trait/lib.rs`. A function that fails leaves no
//! record, as there. Nothing in this file runs unless the frame is traced.

use alloy_primitives::Bytes;

use super::hostio::{Escape, HostResult, Hostio};
use crate::stylus::api::HostCall;

/// A part of what is recorded. Numbers are positions in the list of wasm arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The input of the frame.
    Calldata,
    /// 20 bytes at a pointer.
    Address(usize),
    /// 32 bytes at a pointer.
    Word(usize),
    /// Bytes at a pointer, with their length.
    Bytes(usize, usize),
    /// The length at a pointer: little-endian there, big-endian in the record.
    Length(usize),
    /// Whether an argument is not zero, as one byte.
    Flag(usize),
    /// An argument as 16 bits.
    U16(usize),
    /// An argument as 32 bits.
    U32(usize),
    /// An argument as 64 bits.
    U64(usize),
    /// Bytes at a pointer, as many as the function returned.
    ReturnedBytes(usize),
    /// What the function returned, as 8 bits.
    Returned8,
    /// What the function returned, as 32 bits.
    Returned32,
    /// What the function returned, as 64 bits.
    Returned64,
    /// An argument as the console prints it.
    Printed(Printed),
}

/// Type of a value that is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Printed {
    I32,
    I64,
    F32,
    F64,
}

/// How a function is recorded.
struct Layout {
    /// Name in traces.
    name: &'static str,
    args: &'static [Part],
    outs: &'static [Part],
}

/// Lists the layouts: `name as recorded name: [arguments] => [results];`.
macro_rules! layouts {
    ($($name:literal $(as $shown:literal)?: [$($arg:expr),*] => [$($out:expr),*];)*) => {
        /// How the function `name` is recorded; `None` if it is not.
        fn layout(name: &str) -> Option<Layout> {
            use Part::*;
            match name {
                $($name => Some(Layout {
                    name: layouts!(@shown $name $($shown)?),
                    args: &[$($arg),*],
                    outs: &[$($out),*],
                }),)*
                _ => None,
            }
        }
    };
    (@shown $name:literal $shown:literal) => { $shown };
    (@shown $name:literal) => { $name };
}

layouts! {
    "read_args": [] => [Calldata];
    "write_result": [Bytes(0, 1)] => [];
    "exit_early": [U32(0)] => [];
    "read_return_data": [U32(1), U32(2)] => [ReturnedBytes(0)];
    "return_data_size": [] => [Returned32];
    "emit_log": [U32(2), Bytes(0, 1)] => [];

    "storage_load_bytes32": [Word(0)] => [Word(1)];
    "storage_cache_bytes32": [Word(0), Word(1)] => [];
    "storage_flush_cache": [Flag(0)] => [];
    "transient_load_bytes32": [Word(0)] => [Word(1)];
    "transient_store_bytes32": [Word(0), Word(1)] => [];

    "call_contract": [Address(0), U64(4), Word(3), Bytes(1, 2)] => [Length(5), Returned8];
    "delegate_call_contract": [Address(0), U64(3), Bytes(1, 2)] => [Length(4), Returned8];
    "static_call_contract": [Address(0), U64(3), Bytes(1, 2)] => [Length(4), Returned8];
    "create1": [Word(2), Bytes(0, 1)] => [Address(3), Length(4)];
    "create2": [Word(2), Word(3), Bytes(0, 1)] => [Address(4), Length(5)];

    "account_balance": [Address(0)] => [Word(1)];
    "account_code": [Address(0), U32(1), U32(2)] => [ReturnedBytes(3)];
    "account_code_size": [Address(0)] => [Returned32];
    "account_codehash": [Address(0)] => [Word(1)];

    "evm_gas_left": [] => [Returned64];
    "evm_ink_left": [] => [Returned64];
    "block_basefee": [] => [Word(0)];
    "block_coinbase": [] => [Address(0)];
    "block_gas_limit": [] => [Returned64];
    "block_number": [] => [Returned64];
    "block_timestamp": [] => [Returned64];
    "chainid": [] => [Returned64];
    "contract_address": [] => [Address(0)];
    "msg_reentrant": [] => [Returned32];
    "msg_sender": [] => [Address(0)];
    "msg_value": [] => [Word(0)];
    "tx_gas_price": [] => [Word(0)];
    "tx_ink_price": [] => [Returned32];
    "tx_origin": [] => [Address(0)];

    "math_div": [Word(0), Word(1)] => [Word(0)];
    "math_mod": [Word(0), Word(1)] => [Word(0)];
    "math_pow": [Word(0), Word(1)] => [Word(0)];
    "math_add_mod": [Word(0), Word(1), Word(2)] => [Word(0)];
    "math_mul_mod": [Word(0), Word(1), Word(2)] => [Word(0)];
    "native_keccak256": [Bytes(0, 1)] => [Word(2)];
    "pay_for_memory_grow": [U16(0)] => [];

    // The tee_ functions are not recorded.
    "log_txt" as "console_log_text": [Bytes(0, 1)] => [];
    "log_i32" as "console_log": [Printed(self::Printed::I32)] => [];
    "log_i64" as "console_log": [Printed(self::Printed::I64)] => [];
    "log_f32" as "console_log": [Printed(self::Printed::F32)] => [];
    "log_f64" as "console_log": [Printed(self::Printed::F64)] => [];
}

/// A wasm value as 64 bits.
pub(super) trait Bits: Copy {
    /// The bits, zero-extended.
    fn bits(self) -> u64;
}

impl Bits for () {
    fn bits(self) -> u64 {
        0
    }
}

impl Bits for u32 {
    fn bits(self) -> u64 {
        self.into()
    }
}

impl Bits for u64 {
    fn bits(self) -> u64 {
        self
    }
}

impl Bits for f32 {
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// Calls the host function `name` and records it, unless it fails.
pub(super) fn watch<R: Bits>(
    io: &mut Hostio<'_, '_>,
    name: &str,
    arguments: &[u64],
    function: impl FnOnce(&mut Hostio<'_, '_>) -> HostResult<R>,
) -> HostResult<R> {
    let Some(layout) = layout(name) else {
        return function(io);
    };
    let start_ink = io.ink_left();
    // Read before the call, which may write to the same place. A pointer that leads nowhere makes the
    // function itself fail.
    let args = read(io, layout.args, arguments, 0).unwrap_or_default();
    let result = function(io);
    let returned = match &result {
        Ok(value) => value.bits(),
        Err(Escape::Exit(_)) => 0,
        Err(Escape::OutOfInk | Escape::Failure) => return result,
    };
    let call = HostCall {
        name: layout.name,
        args,
        outs: read(io, layout.outs, arguments, returned).unwrap_or_default(),
        start_ink,
        end_ink: io.ink_left(),
    };
    io.host().api.host_call(call);
    result
}

fn read(
    io: &Hostio<'_, '_>,
    parts: &[Part],
    arguments: &[u64],
    returned: u64,
) -> HostResult<Bytes> {
    let mut bytes = Vec::new();
    for part in parts {
        append(&mut bytes, io, *part, arguments, returned)?;
    }
    Ok(bytes.into())
}

fn append(
    bytes: &mut Vec<u8>,
    io: &Hostio<'_, '_>,
    part: Part,
    arguments: &[u64],
    returned: u64,
) -> HostResult {
    let argument = |index: usize| arguments.get(index).copied().unwrap_or_default();
    // Pointers and lengths are 32 bits wide.
    let pointer = |index| argument(index) as u32;
    match part {
        Part::Calldata => bytes.extend_from_slice(&io.frame().calldata),
        Part::Address(at) => bytes.extend_from_slice(io.slice(pointer(at), 20)?),
        Part::Word(at) => bytes.extend_from_slice(io.slice(pointer(at), 32)?),
        Part::Bytes(at, len) => bytes.extend_from_slice(io.slice(pointer(at), pointer(len))?),
        Part::Length(at) => bytes.extend(io.slice(pointer(at), 4)?.iter().rev()),
        Part::Flag(index) => bytes.push(u8::from(argument(index) != 0)),
        Part::U16(index) => bytes.extend((argument(index) as u16).to_be_bytes()),
        Part::U32(index) => bytes.extend((argument(index) as u32).to_be_bytes()),
        Part::U64(index) => bytes.extend(argument(index).to_be_bytes()),
        // Nothing is written, nor the pointer looked at, when nothing is returned.
        Part::ReturnedBytes(_) if returned == 0 => {}
        Part::ReturnedBytes(at) => {
            bytes.extend_from_slice(io.slice(pointer(at), returned as u32)?);
        }
        Part::Returned8 => bytes.push(returned as u8),
        Part::Returned32 => bytes.extend((returned as u32).to_be_bytes()),
        Part::Returned64 => bytes.extend(returned.to_be_bytes()),
        Part::Printed(kind) => bytes.extend(printed(kind, argument(0)).into_bytes()),
    }
    Ok(())
}

/// A value as Nitro's console prints it, without the colours. Source: Nitro
/// `crates/prover/src/value.rs`.
fn printed(kind: Printed, bits: u64) -> String {
    match kind {
        Printed::I32 => match bits as i32 {
            value if value < 0 => format!("i32({value} = {bits})"),
            value => format!("i32({value})"),
        },
        Printed::I64 => match bits as i64 {
            value if value < 0 => format!("i64({value} = {bits})"),
            value => format!("i64({value})"),
        },
        Printed::F32 => format!("f32({})", f32::from_bits(bits as u32)),
        Printed::F64 => format!("f64({})", f64::from_bits(bits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stylus::host::{CONSOLE, VM_HOOKS, signature};

    /// Every function that programs can import has a layout, but for those that give back what they
    /// print.
    #[test]
    fn layouts_are_complete() {
        let source = include_str!("table.rs");
        let listed = |module: &str| -> Vec<String> {
            source
                .lines()
                .filter_map(|line| line.trim().strip_prefix(&format!("\"{module}\" \"")))
                .filter_map(|line| line.split('"').next())
                .map(str::to_owned)
                .collect()
        };
        for (module, count) in [(VM_HOOKS, 42), (CONSOLE, 9)] {
            let names = listed(module);
            assert_eq!(names.len(), count, "{module}: {names:?}");
            for name in names {
                assert!(signature(module, &name).is_some(), "{name}");
                assert_eq!(layout(&name).is_none(), name.starts_with("tee_"), "{name}");
            }
        }
    }

    #[test]
    fn numbers_are_printed_as_nitro_prints_them() {
        assert_eq!(printed(Printed::I32, 7), "i32(7)");
        assert_eq!(printed(Printed::I32, 0xffff_ffff), "i32(-1 = 4294967295)");
        assert_eq!(
            printed(Printed::I64, u64::MAX),
            format!("i64(-1 = {})", u64::MAX)
        );
        assert_eq!(printed(Printed::F64, 1.5f64.to_bits()), "f64(1.5)");
    }
}
