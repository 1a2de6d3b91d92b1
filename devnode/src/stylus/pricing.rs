//! Every ink and gas constant of the Stylus VM, with its source. Imports nothing.
//!
//! Ink is the VM's fine-grained unit: `ink = gas * ink price`. The sources name files of Offchain Labs'
//! Nitro (`crates/`, `arbos/`), of its go-ethereum fork (`core/`) and Ethereum's EIPs.

// --- Stylus parameters, defaults of ArbOS 51 (arbos/programs/params.go) ---

/// Stylus version of ArbOS 31 to 58.
pub const STYLUS_VERSION: u16 = 2;
/// Ink per gas.
pub const INK_PRICE: u32 = 10_000;
/// Words of virtual stack of a program instance (since ArbOS 50).
pub const MAX_STACK_DEPTH: u32 = 22_000;
/// Pages a transaction holds for nothing.
pub const FREE_PAGES: u16 = 2;
/// Gas per page beyond the free ones.
pub const PAGE_GAS: u16 = 1_000;
/// Pages a program may start with.
pub const PAGE_LIMIT: u16 = 128;
/// Informational constant that ArbWasm's `pageRamp()` answers.
pub const PAGE_RAMP: u64 = 620_674_314;
/// Least gas to start a program, in units of [`MIN_INIT_UNIT`].
pub const MIN_INIT_GAS_UNITS: u8 = 69;
/// Gas per unit of [`MIN_INIT_GAS_UNITS`].
pub const MIN_INIT_UNIT: u64 = 128;
/// Least gas to start a cached program, in units of [`MIN_CACHED_INIT_UNIT`].
pub const MIN_CACHED_INIT_GAS_UNITS: u8 = 11;
/// Gas per unit of [`MIN_CACHED_INIT_GAS_UNITS`].
pub const MIN_CACHED_INIT_UNIT: u64 = 32;
/// Default scale of both start costs, in units of [`COST_SCALAR_PERCENT`].
pub const COST_SCALAR_UNITS: u8 = 50;
/// Percent per unit of a cost scalar.
pub const COST_SCALAR_PERCENT: u64 = 2;
/// Days an activation lasts.
pub const EXPIRY_DAYS: u16 = 365;
/// Age in days from which an activation may be extended.
pub const KEEPALIVE_DAYS: u16 = 31;
/// Capacity of the recent-program cache of a block.
pub const BLOCK_CACHE_SIZE: u16 = 32;
/// Most bytes of a decompressed program (before ArbOS 60).
pub const MAX_WASM_SIZE: u32 = 131_072;

// --- Memory pages (arbos/programs/memory.go) ---

/// Price of holding [`PAGE_EXPONENT_SPAN`] pages: the base of the exponential page price.
pub const PAGE_EXPONENT_BASE: f64 = 31_874_000.0;
/// Number of pages over which the page price grows to its base; past it a page has no price.
pub const PAGE_EXPONENT_SPAN: u16 = 128;

// --- Activation (crates/prover/src/programs/mod.rs): microseconds per unit, as fractions ---

/// Gas per microsecond of estimated activation time.
pub const ACTIVATION_GAS_PER_MICROSECOND: u64 = 28;
/// Microseconds per byte of wasm.
pub const ACTIVATION_WASM: (u64, u64) = (31_733, 100_000);
/// Microseconds per defined function.
pub const ACTIVATION_FUNCTION: (u64, u64) = (17_263, 100_000);
/// Microseconds per byte of data segment payload and per encoded byte of element segment.
pub const ACTIVATION_SEGMENT: (u64, u64) = (17_376, 100_000);
/// Microseconds per initial memory page.
pub const ACTIVATION_PAGE: (u64, u64) = (2_217, 1);
/// Microseconds per instruction after instrumentation.
pub const ACTIVATION_INSTRUCTION: (u64, u64) = (535, 1_000);

// --- Predicted costs (crates/prover/src/binary.rs), as fractions ---

/// Fixed part of the predicted size of the native code, in bytes.
pub const ASM_BASE: u64 = 512_000;
/// Native bytes per function.
pub const ASM_FUNCTION: (u64, u64) = (996_829, 1_000);
/// Native bytes per parameter and result of each function.
pub const ASM_TYPE: (u64, u64) = (11_416, 1_000);
/// Native bytes per byte of wasm.
pub const ASM_WASM: (u64, u64) = (62_628, 10_000);
/// Cached start gas per function.
pub const CACHED_FUNCTION: (u64, u64) = (13_420, 100_000);
/// Cached start gas per parameter and result of each function.
pub const CACHED_TYPE: (u64, u64) = (89, 100_000);
/// Cached start gas per byte of wasm.
pub const CACHED_WASM: (u64, u64) = (122, 100_000);
/// Cached start gas per global.
pub const CACHED_GLOBAL: (u64, u64) = (1_628, 1_000);
/// Cached start gas per encoded byte of data and element segments.
pub const CACHED_SEGMENT: (u64, u64) = (75_244, 100_000);
/// Cached start gas per initial memory page.
pub const CACHED_PAGE: (u64, u64) = (5, 1);
/// Start gas per function.
pub const INIT_FUNCTION: (u64, u64) = (8_252, 1_000);
/// Start gas per parameter and result of each function.
pub const INIT_TYPE: (u64, u64) = (1_059, 1_000);
/// Start gas per byte of wasm.
pub const INIT_WASM: (u64, u64) = (1_286, 10_000);

// --- Limits of a program (crates/prover/src/{machine,binary}.rs, programs/config.rs) ---

/// Most table entries over all tables.
pub const MAX_TABLE_ENTRIES: u64 = 4_096;
/// Most data segments.
pub const MAX_DATA_SEGMENTS: usize = 128;
/// Most element segments.
pub const MAX_ELEMENT_SEGMENTS: usize = 128;
/// Most encoded bytes over all element segments.
pub const MAX_ELEMENT_BYTES: usize = 4_096;
/// Most exports, the instrumentation's own included.
pub const MAX_EXPORTS: usize = 1_024;
/// Most defined functions.
pub const MAX_FUNCTIONS: usize = 4_096;
/// Most globals, the instrumentation's own included.
pub const MAX_GLOBALS: usize = 32_768;
/// Most imports (since ArbOS 32).
pub const MAX_IMPORTS: usize = 513;
/// Most declared locals of a function, parameters not counted.
pub const MAX_LOCALS: u32 = 348;
/// Most instructions of a function body after instrumentation.
pub const MAX_BODY_INSTRUCTIONS: usize = 65_536;
/// Most words a function's operand stack may need.
pub const MAX_OPERAND_DEPTH: u32 = 4_096;
/// Most words a function's frame may need.
pub const MAX_FRAME_SIZE: u32 = 10_240;
/// Most bytes of an export name or a module name.
pub const MAX_NAME_BYTES: usize = 512;
/// Words every frame takes beside its operands and locals (crates/prover/src/programs/depth.rs).
pub const FRAME_OVERHEAD: u32 = 4;

// --- Host functions (crates/arbutil/src/pricing.rs, crates/arbutil/src/evm/mod.rs) ---

/// Ink of entering any host function.
pub const HOSTIO_INK: u64 = 8_400;
/// Ink per pointer argument.
pub const PTR_INK: u64 = 5_040;
/// Ink of a host function that involves the EVM.
pub const EVM_API_INK: u64 = 59_673;
/// Ink per word group of a write of at most [`COPY_FREE_BYTES`] bytes to memory.
pub const WRITE_BASE_INK: u64 = 5_040;
/// Ink per further byte written.
pub const WRITE_BYTE_INK: u64 = 30;
/// Ink of a read of at most [`COPY_FREE_BYTES`] bytes from memory.
pub const READ_BASE_INK: u64 = 16_381;
/// Ink per further byte read.
pub const READ_BYTE_INK: u64 = 55;
/// Bytes that the base price of a read or write covers.
pub const COPY_FREE_BYTES: u64 = 32;
/// Ink of hashing up to [`KECCAK_FREE_WORDS`] words.
pub const KECCAK_BASE_INK: u64 = 121_800;
/// Ink per further word hashed.
pub const KECCAK_WORD_INK: u64 = 21_000;
/// Words that the base price of a hash covers.
pub const KECCAK_FREE_WORDS: u64 = 2;
/// Fixed ink of an exponentiation.
pub const POW_BASE_INK: u64 = 3_000;
/// Ink per significant byte of the exponent, plus one.
pub const POW_BYTE_INK: u64 = 17_500;
/// Ink of a division or remainder beside the pointers.
pub const DIV_INK: u64 = 20_000;
/// Ink of `math_add_mod` beside the pointers.
pub const ADD_MOD_INK: u64 = 21_000;
/// Ink of `math_mul_mod` beside the pointers.
pub const MUL_MOD_INK: u64 = 24_100;
/// Ink per byte of `memory.fill` and `memory.copy` (crates/prover/src/programs/dynamic.rs).
pub const BULK_BYTE_INK: u64 = 100;

// --- Storage cache (crates/arbutil/src/evm/storage.rs) ---

/// Gas that a load must have at hand beside the slot and the EVM's own price.
pub const STORAGE_CACHE_REQUIRED_GAS: u64 = 10;
/// Reads of an instance that cost nothing extra.
pub const CACHE_FREE_READS: u64 = 32;
/// Reads up to which the low surcharge applies.
pub const CACHE_LOW_READS: u64 = 128;
/// Low surcharge of a read in gas.
pub const CACHE_READ_LOW_GAS: u64 = 2;
/// High surcharge of a read in gas.
pub const CACHE_READ_HIGH_GAS: u64 = 10;
/// Writes of an instance that cost nothing extra.
pub const CACHE_FREE_WRITES: u64 = 8;
/// Writes up to which the low surcharge applies.
pub const CACHE_LOW_WRITES: u64 = 64;
/// Low surcharge of a write in gas.
pub const CACHE_WRITE_LOW_GAS: u64 = 7;
/// High surcharge of a write in gas.
pub const CACHE_WRITE_HIGH_GAS: u64 = 10;

// --- EVM gas (EIP-2929, EIP-2200, EIP-3529, EIP-1153, EIP-2028; core/vm/operations_acl_arbitrum.go) ---

/// Gas of loading a cold slot.
pub const COLD_SLOAD_GAS: u64 = 2_100;
/// Gas of touching a warm slot or account.
pub const WARM_GAS: u64 = 100;
/// Gas of touching a cold account.
pub const COLD_ACCOUNT_GAS: u64 = 2_600;
/// Gas that must be left for a storage write to be attempted.
pub const SSTORE_SENTRY_GAS: u64 = 2_300;
/// Gas of writing a slot that was zero when the transaction began.
pub const SSTORE_SET_GAS: u64 = 20_000;
/// Gas of writing a slot that was not zero when the transaction began, without the cold part.
pub const SSTORE_RESET_GAS: u64 = 2_900;
/// Refund for clearing a slot.
pub const SSTORE_CLEAR_REFUND: i64 = 4_800;
/// Refund for restoring a slot that was zero.
pub const SSTORE_RESTORE_ZERO_REFUND: i64 = 19_900;
/// Refund for restoring a slot that was not zero.
pub const SSTORE_RESTORE_REFUND: i64 = 2_800;
/// Gas of a transient load or store.
pub const TRANSIENT_GAS: u64 = 100;
/// Gas of a log, and of each of its topics.
pub const LOG_GAS: u64 = 375;
/// Gas per byte of log data.
pub const LOG_BYTE_GAS: u64 = 8;
/// Most topics of a log.
pub const MAX_LOG_TOPICS: u32 = 4;
/// Gas of a call that sends value.
pub const CALL_VALUE_GAS: u64 = 9_000;
/// Gas of a value call that brings an account to life.
pub const CALL_NEW_ACCOUNT_GAS: u64 = 25_000;
/// Gas a value call gives its callee on top.
pub const CALL_STIPEND_GAS: u64 = 2_300;
/// Base gas of a creation.
pub const CREATE_GAS: u64 = 32_000;
/// Gas per word of init code hashed by a `create2`.
pub const CREATE2_WORD_GAS: u64 = 6;
/// Gas of loading code, per [`CODE_LOAD_UNIT`] bytes of the chain's code size limit.
pub const CODE_LOAD_GAS: u64 = 700;
/// Bytes of code size limit per [`CODE_LOAD_GAS`].
pub const CODE_LOAD_UNIT: u64 = 24_576;
/// Gas per word of return data (arbos/programs/programs.go: the floor a frame pays for its result).
pub const RETURN_WORD_GAS: u64 = 3;
/// Divisor of the squared number of words of return data.
pub const RETURN_QUADRATIC_DIVISOR: u64 = 512;

/// Instruction prices in ink (crates/prover/src/programs/meter.rs, first price list; it serves Stylus
/// versions 1 to 3).
pub mod op {
    /// Every basic block, before its instructions.
    pub const BLOCK: u64 = 2_450;
    /// Structure and constants.
    pub const TRIVIAL: u64 = 1;
    /// `drop`.
    pub const DROP: u64 = 9;
    /// `br`, `br_if`, `if`.
    pub const BRANCH: u64 = 765;
    /// `br_table`, fixed part.
    pub const BR_TABLE: u64 = 2_400;
    /// `br_table`, per target beside the default one.
    pub const BR_TABLE_TARGET: u64 = 325;
    /// Untyped `select`.
    pub const SELECT: u64 = 1_250;
    /// `call`.
    pub const CALL: u64 = 3_800;
    /// `call_indirect`, fixed part.
    pub const CALL_INDIRECT: u64 = 13_610;
    /// `call_indirect`, per parameter of its type.
    pub const CALL_INDIRECT_PARAM: u64 = 650;
    /// `local.get`, `local.tee`.
    pub const LOCAL_GET: u64 = 75;
    /// `local.set`.
    pub const LOCAL_SET: u64 = 210;
    /// `global.get`.
    pub const GLOBAL_GET: u64 = 225;
    /// `global.set`.
    pub const GLOBAL_SET: u64 = 575;
    /// Loads of an i32.
    pub const I32_LOAD: u64 = 670;
    /// Loads of an i64.
    pub const I64_LOAD: u64 = 680;
    /// Stores of an i32.
    pub const I32_STORE: u64 = 825;
    /// Stores of an i64.
    pub const I64_STORE: u64 = 950;
    /// `memory.size`.
    pub const MEMORY_SIZE: u64 = 3_000;
    /// `memory.grow`, beside the pages.
    pub const MEMORY_GROW: u64 = 8_050;
    /// `memory.copy`, `memory.fill`, beside the bytes.
    pub const MEMORY_BULK: u64 = 950;
    /// Comparisons of i32, `i32.eqz`.
    pub const I32_COMPARE: u64 = 170;
    /// Comparisons of i64, `i64.eqz`.
    pub const I64_COMPARE: u64 = 225;
    /// `clz`, `ctz`.
    pub const COUNT_ZEROS: u64 = 210;
    /// Addition, subtraction, bitwise, shifts and rotations of i32.
    pub const I32_SIMPLE: u64 = 70;
    /// Addition, subtraction, bitwise, shifts and rotations of i64.
    pub const I64_SIMPLE: u64 = 100;
    /// Multiplication.
    pub const MUL: u64 = 160;
    /// Division and remainder of i32.
    pub const I32_DIV: u64 = 1_120;
    /// Division and remainder of i64.
    pub const I64_DIV: u64 = 1_270;
    /// `i32.popcnt`.
    pub const I32_POPCNT: u64 = 2_650;
    /// `i64.popcnt`.
    pub const I64_POPCNT: u64 = 6_000;
    /// Wrapping and extending.
    pub const CONVERT: u64 = 100;
    /// Everything else: executing it always exhausts the ink.
    pub const UNPRICED: u64 = u64::MAX;
}
