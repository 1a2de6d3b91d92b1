//! What a host function works with: ink, guest memory and the chain.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes, U256};
use wasmi::{Caller, Extern, Global, Memory, StoreLimits, Val};

use super::state::StorageCache;
use crate::stylus::api::EvmApi;
use crate::stylus::instrument::GLOBAL_NAMES;
use crate::stylus::outcome::Frame;
use crate::stylus::params::StylusParams;
use crate::stylus::pricing::{
    COPY_FREE_BYTES, EVM_API_INK, READ_BASE_INK, READ_BYTE_INK, WRITE_BASE_INK, WRITE_BYTE_INK,
};

/// Why a host function ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// `exit_early` with this status.
    Exit(u32),
    /// The ink does not suffice.
    OutOfInk,
    /// A guest pointer out of bounds, or something the chain refuses.
    Failure,
}

impl fmt::Display for Escape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(status) => write!(f, "the program exits with status {status}"),
            Self::OutOfInk => f.write_str("the program is out of ink"),
            Self::Failure => f.write_str("a host function failed"),
        }
    }
}

impl wasmi::errors::HostError for Escape {}

impl From<Escape> for wasmi::Error {
    fn from(escape: Escape) -> Self {
        Self::host(escape)
    }
}

impl From<crate::stylus::api::Refused> for Escape {
    fn from(_: crate::stylus::api::Refused) -> Self {
        Self::Failure
    }
}

/// Result of a host function.
pub(super) type HostResult<T = ()> = Result<T, Escape>;

/// The globals that instrumentation added, of one instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    pub(crate) ink_left: Global,
    pub(crate) ink_status: Global,
    pub(crate) stack_left: Global,
}

impl Meter {
    /// Finds the globals among an instance's exports.
    pub(crate) fn find(export: impl Fn(&str) -> Option<Extern>) -> Option<Self> {
        let [ink_left, ink_status, _, stack_left] =
            GLOBAL_NAMES.map(|name| export(name).and_then(Extern::into_global));
        Some(Self {
            ink_left: ink_left?,
            ink_status: ink_status?,
            stack_left: stack_left?,
        })
    }
}

/// The host's side of one program instance.
pub(crate) struct Host<'a> {
    pub(crate) api: &'a mut dyn EvmApi,
    pub(crate) frame: &'a Frame,
    pub(crate) params: &'a StylusParams,
    /// Set as soon as the instance exists, before any of its code runs.
    pub(crate) meter: Option<Meter>,
    /// Set with `meter`.
    pub(crate) memory: Option<Memory>,
    pub(crate) limits: StoreLimits,
    /// What `write_result` wrote last.
    pub(crate) output: Vec<u8>,
    /// Output of the last call or creation.
    pub(super) return_data: Bytes,
    pub(super) storage: StorageCache,
    /// The last non-empty code that was read.
    pub(super) last_code: Option<(Address, Bytes)>,
    /// Lines printed through the console.
    pub(super) console_lines: u32,
    /// Whether the calls of host functions are recorded.
    pub(crate) is_traced: bool,
}

impl<'a> Host<'a> {
    /// The host of a new instance.
    pub(crate) fn new(
        api: &'a mut dyn EvmApi,
        frame: &'a Frame,
        params: &'a StylusParams,
        limits: StoreLimits,
    ) -> Self {
        let is_traced = api.is_traced();
        Self {
            api,
            frame,
            params,
            meter: None,
            memory: None,
            limits,
            output: Vec::new(),
            return_data: Bytes::new(),
            storage: StorageCache::default(),
            last_code: None,
            console_lines: 0,
            is_traced,
        }
    }
}

/// One call of a host function.
pub(super) struct Hostio<'c, 'a> {
    caller: Caller<'c, Host<'a>>,
    meter: Meter,
    memory: Memory,
}

impl<'c, 'a> Hostio<'c, 'a> {
    /// The context of a call. Fails when the instance is not set up, which never happens while its
    /// code runs.
    pub(super) fn new(caller: Caller<'c, Host<'a>>) -> HostResult<Self> {
        let host = caller.data();
        match (host.meter, host.memory) {
            (Some(meter), Some(memory)) => Ok(Self {
                caller,
                meter,
                memory,
            }),
            _ => Err(Escape::Failure),
        }
    }

    /// The host's side of the instance.
    pub(super) fn host(&mut self) -> &mut Host<'a> {
        self.caller.data_mut()
    }

    /// Block, transaction and message data.
    pub(super) fn environment(&self) -> &'a crate::stylus::api::Environment {
        &self.caller.data().frame.environment
    }

    /// The frame.
    pub(super) fn frame(&self) -> &'a Frame {
        self.caller.data().frame
    }

    /// Whether the call is recorded.
    pub(super) fn is_traced(&self) -> bool {
        self.caller.data().is_traced
    }

    // --- ink ---

    /// Ink left.
    pub(super) fn ink_left(&self) -> u64 {
        match self.meter.ink_left.get(&self.caller) {
            Val::I64(ink) => ink as u64,
            _ => 0,
        }
    }

    /// Whole gas left.
    pub(super) fn gas_left(&self) -> u64 {
        self.ink_left() / self.ink_price()
    }

    fn ink_price(&self) -> u64 {
        u64::from(self.caller.data().params.ink_price).max(1)
    }

    /// Gas that an EVM-side effect costs beside its EVM price.
    pub(super) fn evm_api_gas(&self) -> u64 {
        EVM_API_INK / self.ink_price()
    }

    /// Pays `ink`.
    pub(super) fn buy_ink(&mut self, ink: u64) -> HostResult {
        match self.ink_left().checked_sub(ink) {
            Some(left) => self.set_ink(left, 0),
            None => self.exhaust(),
        }
    }

    /// Pays `gas`.
    pub(super) fn buy_gas(&mut self, gas: u64) -> HostResult {
        self.buy_ink(gas.saturating_mul(self.ink_price()))
    }

    /// Makes sure that `gas` is at hand without paying it.
    pub(super) fn require_gas(&mut self, gas: u64) -> HostResult {
        if self.ink_left() < gas.saturating_mul(self.ink_price()) {
            return self.exhaust();
        }
        Ok(())
    }

    /// Ends the program out of ink.
    pub(super) fn exhaust<T>(&mut self) -> HostResult<T> {
        self.set_ink(0, 1)?;
        Err(Escape::OutOfInk)
    }

    fn set_ink(&mut self, left: u64, status: i32) -> HostResult {
        let Meter {
            ink_left,
            ink_status,
            ..
        } = self.meter;
        ink_left
            .set(&mut self.caller, Val::I64(left as i64))
            .and_then(|()| ink_status.set(&mut self.caller, Val::I32(status)))
            .map_err(|_| Escape::Failure)
    }

    /// Pays for reading `len` bytes of guest memory.
    pub(super) fn pay_for_read(&mut self, len: u32) -> HostResult {
        let extra = u64::from(len).saturating_sub(COPY_FREE_BYTES);
        self.buy_ink(READ_BASE_INK + READ_BYTE_INK * extra)
    }

    /// Pays for writing `len` bytes of guest memory.
    pub(super) fn pay_for_write(&mut self, len: usize) -> HostResult {
        let extra = (len as u64).saturating_sub(COPY_FREE_BYTES);
        self.buy_ink(WRITE_BASE_INK.saturating_add(WRITE_BYTE_INK.saturating_mul(extra)))
    }

    // --- guest memory ---

    /// The guest's bytes `ptr..ptr + len`.
    pub(super) fn slice(&self, ptr: u32, len: u32) -> HostResult<&[u8]> {
        let start = ptr as usize;
        let end = start.checked_add(len as usize).ok_or(Escape::Failure)?;
        self.memory
            .data(&self.caller)
            .get(start..end)
            .ok_or(Escape::Failure)
    }

    /// A copy of the guest's bytes `ptr..ptr + len`.
    pub(super) fn read(&self, ptr: u32, len: u32) -> HostResult<Vec<u8>> {
        self.slice(ptr, len).map(<[u8]>::to_vec)
    }

    /// A 32-byte value at `ptr`.
    pub(super) fn read_word(&self, ptr: u32) -> HostResult<B256> {
        self.slice(ptr, 32).map(B256::from_slice)
    }

    /// A big-endian number at `ptr`.
    pub(super) fn read_number(&self, ptr: u32) -> HostResult<U256> {
        self.read_word(ptr).map(|word| U256::from_be_bytes(word.0))
    }

    /// An address at `ptr`.
    pub(super) fn read_address(&self, ptr: u32) -> HostResult<Address> {
        self.slice(ptr, 20).map(Address::from_slice)
    }

    /// Writes `bytes` at `ptr`.
    pub(super) fn write(&mut self, ptr: u32, bytes: &[u8]) -> HostResult {
        self.memory
            .write(&mut self.caller, ptr as usize, bytes)
            .map_err(|_| Escape::Failure)
    }

    /// Writes a big-endian number at `ptr`.
    pub(super) fn write_number(&mut self, ptr: u32, number: U256) -> HostResult {
        self.write(ptr, &number.to_be_bytes::<32>())
    }

    /// Writes a length at `ptr`, little-endian as lengths are.
    pub(super) fn write_length(&mut self, ptr: u32, length: usize) -> HostResult {
        self.write(ptr, &(length as u32).to_le_bytes())
    }
}
