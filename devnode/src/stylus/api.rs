//! The host trait: what a running program asks of the chain.
//!
//! [`EvmApi`] is the only thing `stylus` knows about the EVM. The EVM side implements it over its own
//! state and journal; tests implement it over a map. All amounts named `gas` are EVM gas; the VM turns
//! them into ink itself. A method that touches state also moves the access list, the journal and the
//! refund counter of the transaction, and reports what the touch cost.
//!
//! Nested frames are plain recursion: [`EvmApi::call`] may run another program with the same
//! `&mut dyn EvmApi`. See [`crate::stylus::EXECUTOR_STACK_BYTES`] for the native stack this takes.

use alloy_primitives::{Address, B256, Bytes, U256};

/// What the frame can read for free of its block, its transaction and its message.
///
/// Source: Nitro docs, "Hostio exports"; every field answers the host function named like it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Base fee of the block in wei (0 in an `eth_call` without a gas price).
    pub block_basefee: U256,
    /// Beneficiary of the block: the sequencer's address.
    pub block_coinbase: Address,
    /// Gas limit of the block.
    pub block_gas_limit: u64,
    /// L1 block number as ArbOS records it.
    pub block_number: u64,
    /// Time of the block in seconds since the Unix epoch.
    pub block_timestamp: u64,
    /// Chain id.
    pub chain_id: u64,
    /// Address whose storage and balance the frame acts on.
    pub contract_address: Address,
    /// Caller of the frame (the parent's caller in a delegate call).
    pub msg_sender: Address,
    /// Value of the frame in wei (the parent's value in a delegate call).
    pub msg_value: U256,
    /// Whether another non-delegate frame of the acting address is open below this one.
    pub msg_reentrant: bool,
    /// Effective price of the transaction in wei per gas, before the tip is dropped.
    pub tx_gas_price: U256,
    /// Sender of the transaction.
    pub tx_origin: Address,
}

/// How a program calls another contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// `call_contract`: the callee's own storage, with a value.
    Call,
    /// `delegate_call_contract`: the callee's code on this frame's storage, caller and value.
    Delegate,
    /// `static_call_contract`: no writes below this frame.
    Static,
}

/// A call a program makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRequest {
    /// Which of the three calls.
    pub kind: CallKind,
    /// Contract whose code runs.
    pub target: Address,
    /// Wei sent along; zero for delegate and static calls.
    pub value: U256,
    /// Input of the callee.
    pub calldata: Bytes,
    /// Gas this frame has left: the call costs at most this much.
    pub gas_left: u64,
    /// Gas the program asks for, at most `gas_left`.
    pub gas_requested: u64,
}

/// What a call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOutcome {
    /// Whether the callee ended without reverting or failing.
    pub success: bool,
    /// Gas the calling frame pays, base cost included; at most `gas_left` of the request, save for
    /// the stipend a value call uses.
    pub gas_cost: u64,
    /// Output of the callee, or its revert data.
    pub return_data: Bytes,
}

/// A contract creation a program asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRequest {
    /// Init code.
    pub init_code: Bytes,
    /// Wei the new contract starts with.
    pub endowment: U256,
    /// Salt of a `create2`; `None` for `create1`.
    pub salt: Option<B256>,
    /// Gas this frame has left.
    pub gas_left: u64,
}

/// What a creation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOutcome {
    /// The new contract, or `None` when the creation failed.
    pub address: Option<Address>,
    /// Gas the creating frame pays, base cost included.
    pub gas_cost: u64,
    /// Revert data of the init code; empty unless it reverted.
    pub return_data: Bytes,
}

/// How writing the dirty storage entries ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushStatus {
    /// Every entry is written.
    Written,
    /// The gas did not suffice; the frame will end out of ink.
    OutOfGas,
    /// The frame is static; nothing may be written.
    WriteProtected,
}

/// Result of [`EvmApi::storage_flush`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flush {
    /// How it ended.
    pub status: FlushStatus,
    /// Gas consumed. With [`FlushStatus::OutOfGas`] it exceeds the gas the frame had left.
    pub gas_cost: u64,
}

/// The chain refuses what a host function asked: a write inside a static call, or a creation that
/// may not start. The program ends in failure and keeps the gas it has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// A call of a host function that came to an end, or an edge of the program, as a trace shows it.
///
/// Names and layouts are those of Nitro's traces: big-endian integers, addresses of 20 bytes, words of
/// 32, and what has no fixed length last. Source: Nitro `crates/wasm-libraries/user-host-trait`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// Name of the function, `user_entrypoint` or `user_returned`.
    pub name: &'static str,
    /// What the program handed over.
    pub args: Bytes,
    /// What it got.
    pub outs: Bytes,
    /// Ink before the function charged anything.
    pub start_ink: u64,
    /// Ink after it, what it called included.
    pub end_ink: u64,
}

/// Memory pages of 64 KiB that the programs of one transaction hold.
///
/// The counters belong to the transaction: a revert does not undo `ever`, and `open` goes back when
/// a frame ends (done by [`crate::stylus::call_program`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Pages held by the frames that are open now.
    pub open: u16,
    /// The most pages that were open at once in this transaction.
    pub ever: u16,
}

/// The chain as a running program reaches it. One value serves a whole transaction; the methods act
/// for the frame that runs now.
pub trait EvmApi {
    /// Value of a slot of the acting contract, with the gas of loading it: 2100 if the slot is cold
    /// (it becomes warm), else 100.
    fn storage_load(&mut self, key: B256) -> (B256, u64);

    /// Writes slots of the acting contract, `gas_left` being what the frame can pay.
    ///
    /// [`crate::stylus::gas::FlushMeter`] holds the rule for cost and refund of each entry and for
    /// when to stop. Never called with an empty list.
    fn storage_flush(&mut self, dirty: &[(B256, B256)], gas_left: u64) -> Flush;

    /// Transient slot of the acting contract (EIP-1153). The VM charges for it.
    fn transient_load(&mut self, key: B256) -> B256;

    /// Sets a transient slot of the acting contract. The VM charges for it.
    ///
    /// # Errors
    /// [`Refused`] in a static frame.
    fn transient_store(&mut self, key: B256, value: B256) -> Result<(), Refused>;

    /// Calls a contract. [`crate::stylus::gas::CallGas`] holds the gas rule.
    ///
    /// A value call in a static frame and a call that cannot be afforded are outcomes with
    /// `success: false`, no errors: the program goes on.
    fn call(&mut self, request: CallRequest) -> CallOutcome;

    /// Creates a contract. [`crate::stylus::gas::CreateGas`] holds the gas rule.
    ///
    /// # Errors
    /// [`Refused`] in a static frame, or when `gas_left` is below the base cost.
    fn create(&mut self, request: CreateRequest) -> Result<CreateOutcome, Refused>;

    /// Emits a log of the acting contract with at most four topics. The VM charges for it.
    ///
    /// # Errors
    /// [`Refused`] in a static frame.
    fn emit_log(&mut self, topics: Vec<B256>, data: Bytes) -> Result<(), Refused>;

    /// Balance in wei, with the gas of touching the account: 2600 if cold (it becomes warm), else 100.
    fn account_balance(&mut self, address: Address) -> (U256, u64);

    /// Code as it is stored (of the account itself, no EIP-7702 resolution), with the gas of touching
    /// the account plus 700 for every 24,576 bytes of the chain's code size limit. The account becomes
    /// warm in any case; the code may be left empty when `gas_left` is below that cost.
    fn account_code(&mut self, address: Address, gas_left: u64) -> (Bytes, u64);

    /// Code hash, zero for an account that does not exist, with the gas of touching the account.
    fn account_codehash(&mut self, address: Address) -> (B256, u64);

    /// Page counters of the transaction.
    fn pages(&self) -> Pages;

    /// Replaces the page counters of the transaction.
    fn set_pages(&mut self, pages: Pages);

    /// A line a program printed through the `console` module (debug chains only).
    fn console(&mut self, line: &str);

    /// Whether [`Self::host_call`] wants to hear. Asked once for each frame.
    fn is_traced(&self) -> bool {
        false
    }

    /// A host function came to an end, in a frame that is traced.
    fn host_call(&mut self, _call: HostCall) {}
}
