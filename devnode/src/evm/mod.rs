//! The EVM of the chain: revm with ArbOS 51's rules, the ArbOS precompiles, and Stylus programs as
//! call frames.
//!
//! [`Environment::execute`] runs one message over a [`StateReader`] and reports what it did; it
//! changes nothing itself. It knows nothing of blocks' storage, receipts or RPC.
//!
//! Against Osaka, the chain: charges no calldata floor (EIP-7623) unless an owner asks for it, has no
//! gas limit cap (EIP-7825) but holds back gas above 32,000,000, drops tips, pays the base fee to the
//! network fee account, lets code start with 0xEF if it is a Stylus program, has no blobs, and answers
//! NUMBER with the L1 number (0) and PREVRANDAO with 1.

pub mod arbos;
mod context;
mod execute;
mod handler;
mod host;
mod machine;
mod opcodes;
mod peek;
pub mod precompiles;
mod stylus_frame;
pub mod trace;
mod trace_run;

pub use context::{
    BLOCK_GAS_LIMIT, MAX_CODE_SIZE, Purpose, SEQUENCER, StateReader, TX_COMPUTE_CAP,
};
pub use execute::{Environment, ExecuteError, Execution, Message, Status, on_executor_thread};
pub use trace::Tracer;
