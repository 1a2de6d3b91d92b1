//! Measures the ink of single host functions.

use alloy_primitives::{Address, B256, U256};
use chartseal_devnode::stylus::{Outcome, Status};

use crate::chain::Chain;

/// Gas of a frame under measurement: ample.
pub(crate) const GAS: u64 = 1 << 40;
/// Offset at which a probe's data starts; below it the probe keeps its readings.
pub(crate) const DATA: u32 = 1_024;

/// Pointers into a probe's data, a word apart.
pub(crate) const P0: i64 = DATA as i64;
pub(crate) const P1: i64 = P0 + 32;
pub(crate) const P2: i64 = P0 + 64;
/// Where results go.
pub(crate) const OUT: i64 = P0 + 4_096;
/// A gas argument that asks for everything.
pub(crate) const ALL_GAS: i64 = i64::MAX;
/// The other contract.
pub(crate) const TARGET: Address = Address::repeat_byte(0x7a);

/// Types of the host functions these tests import.
const IMPORTS: &str = include_str!("imports.wat");

/// A module that imports every host function, has `pages` fixed pages with `data` at [`DATA`], and runs
/// `body` before it returns 0.
pub(crate) fn module(pages: u32, data: &[u8], body: &str) -> String {
    let escaped: String = data.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        "(module {IMPORTS}
           (memory (export \"memory\") {pages} {pages})
           (data (i32.const {DATA}) \"{escaped}\")
           (func (export \"user_entrypoint\") (param $len i32) (result i32)
             (local $before i64) (local $after i64) (local $i32 i32) (local $i64 i64)
             {body}
             i32.const 0))"
    )
}

/// Ink of `call`, a sequence of constants and one `call` instruction with `arguments` constants, that
/// leaves nothing on the stack (or one value that `keep` takes). `setup` runs before.
///
/// The reading before costs nothing after it returned; the block that ends with the measured call and
/// the block that ends with the second reading are subtracted.
pub(crate) fn ink(chain: &mut Chain, data: &[u8], setup: &str, call: Call) -> u64 {
    let (outcome, [before, after]) = measure(chain, data, setup, call);
    assert_eq!(outcome.status, Status::Success, "{}", call.name);
    let arguments = call.arguments.len() as u64;
    let set_before = 210;
    let first_block = 2_450 + set_before + arguments + 3_800;
    let keep = if call.keeps.is_some() { 210 } else { 0 };
    let second_block = 2_450 + keep + 3_800;
    before - after - first_block - second_block - 8_400
}

/// One host function call.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    /// `i32.const` arguments; a value past 32 bits is an `i64.const`.
    pub(crate) arguments: &'static [i64],
    /// Local that takes the result.
    pub(crate) keeps: Option<&'static str>,
}

impl Call {
    /// A call without a result.
    pub(crate) const fn of(name: &'static str, arguments: &'static [i64]) -> Self {
        Self {
            name,
            arguments,
            keeps: None,
        }
    }

    /// A call with an i32 result.
    pub(crate) const fn i32(name: &'static str, arguments: &'static [i64]) -> Self {
        Self {
            name,
            arguments,
            keeps: Some("$i32"),
        }
    }

    /// A call with an i64 result.
    pub(crate) const fn i64(name: &'static str, arguments: &'static [i64]) -> Self {
        Self {
            name,
            arguments,
            keeps: Some("$i64"),
        }
    }

    /// The call in the text format.
    pub(crate) fn wat(&self) -> String {
        let constants: String = self
            .arguments
            .iter()
            .map(|value| match i32::try_from(*value) {
                Ok(value) => format!("(i32.const {value}) "),
                Err(_) => format!("(i64.const {value}) "),
            })
            .collect();
        let keep = self
            .keeps
            .map(|local| format!("(local.set {local})"))
            .unwrap_or_default();
        format!("{constants}(call ${}) {keep}", self.name)
    }
}

/// Runs a call between two readings of the ink.
pub(crate) fn measure(
    chain: &mut Chain,
    data: &[u8],
    setup: &str,
    call: Call,
) -> (Outcome, [u64; 2]) {
    let body = format!(
        "{setup}
         call $evm_ink_left local.set $before
         {}
         call $evm_ink_left local.set $after
         (i64.store (i32.const 0) (local.get $before))
         (i64.store (i32.const 8) (local.get $after))
         (i32.store (i32.const 16) (local.get $i32))
         (i64.store (i32.const 24) (local.get $i64))
         (call $write_result (i32.const 0) (i32.const 1024))",
        call.wat()
    );
    let outcome = chain.run_wat(&module(1, data, &body), b"", GAS);
    let reading = |at: usize| match outcome.output.get(at..at + 8) {
        Some(bytes) => u64::from_le_bytes(bytes.try_into().expect("eight bytes")),
        None => 0,
    };
    let readings = [reading(0), reading(8)];
    (outcome, readings)
}

/// Runs a body over `data` and answers with the memory from [`DATA`] on, `len` bytes.
pub(crate) fn memory_after(chain: &mut Chain, data: &[u8], body: &str, len: u32) -> Vec<u8> {
    let body = format!("{body} (call $write_result (i32.const {DATA}) (i32.const {len}))");
    let outcome = chain.run_wat(&module(1, data, &body), b"", GAS);
    assert_eq!(outcome.status, Status::Success, "{body}");
    outcome.output.to_vec()
}

/// Status of a program that runs `body` and returns 0.
pub(crate) fn status_of(chain: &mut Chain, data: &[u8], body: &str) -> Status {
    chain.run_wat(&module(1, data, body), b"", GAS).status
}

/// A number as 32 bytes.
pub(crate) fn word(value: u64) -> B256 {
    B256::from(U256::from(value))
}
