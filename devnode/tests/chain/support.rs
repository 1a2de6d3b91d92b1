//! A chain with a wallet, and the contracts that tests deploy.

use std::sync::Arc;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::{BlockId, Encodable2718, eip2930::AccessList};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, b256, hex, keccak256};
use alloy_rpc_types_eth::TransactionRequest;
use chartseal_devnode::{
    chain::{CallError, Chain, ChainConfig, MinedTransaction, Overrides},
    stylus::code,
};
use k256::ecdsa::SigningKey;

/// Key of the documented development account.
const DEV_KEY: [u8; 32] = hex!("b6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659");

/// Base fee of the chain, wei.
pub(crate) const BASE_FEE: u128 = 100_000_000;

/// ArbWasm, and a value that pays for any activation.
pub(crate) const ARB_WASM: Address = precompile(0x71);
pub(crate) const ACTIVATION_VALUE: u64 = 1_000_000_000_000_000_000;

/// The address of a precompile.
pub(crate) const fn precompile(number: u8) -> Address {
    Address::with_last_byte(number)
}

/// An account that signs.
pub(crate) struct Wallet {
    key: SigningKey,
    pub(crate) address: Address,
}

impl Wallet {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        let key = SigningKey::from_slice(secret).unwrap();
        let address = Address::from_public_key(key.verifying_key());
        Self { key, address }
    }

    pub(crate) fn dev() -> Self {
        Self::new(&DEV_KEY)
    }

    pub(crate) fn numbered(number: u8) -> Self {
        Self::new(&keccak256([number]).0)
    }

    pub(crate) fn sign_hash(&self, hash: B256) -> Signature {
        self.key
            .sign_prehash_recoverable(hash.as_slice())
            .unwrap()
            .into()
    }

    pub(crate) fn sign<T>(&self, tx: T) -> Vec<u8>
    where
        T: SignableTransaction<Signature>,
        TxEnvelope: From<alloy_consensus::Signed<T>>,
    {
        let signature = self.sign_hash(tx.signature_hash());
        TxEnvelope::from(tx.into_signed(signature)).encoded_2718()
    }
}

/// A chain and its funded account.
pub(crate) struct Harness {
    pub(crate) chain: Chain,
    pub(crate) wallet: Wallet,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self {
            chain: Chain::new(ChainConfig::default()),
            wallet: Wallet::dev(),
        }
    }

    /// A chain whose calls may use this much gas.
    pub(crate) fn with_call_gas(call_gas_cap: u64) -> Self {
        let config = ChainConfig {
            call_gas_cap,
            ..ChainConfig::default()
        };
        Self {
            chain: Chain::new(config),
            wallet: Wallet::dev(),
        }
    }

    pub(crate) fn nonce(&self) -> u64 {
        self.chain
            .nonce(self.wallet.address, BlockId::latest())
            .unwrap()
    }

    /// A transaction of the wallet with its next nonce.
    pub(crate) fn tx(&self, kind: TxKind, value: U256, input: impl Into<Bytes>) -> TxEip1559 {
        TxEip1559 {
            chain_id: self.chain.chain_id(),
            nonce: self.nonce(),
            gas_limit: 30_000_000,
            max_fee_per_gas: BASE_FEE,
            max_priority_fee_per_gas: 0,
            to: kind,
            value,
            access_list: AccessList::default(),
            input: input.into(),
        }
    }

    pub(crate) fn submit(&mut self, tx: TxEip1559) -> Arc<MinedTransaction> {
        let raw = self.wallet.sign(tx);
        let hash = self.chain.send_raw_transaction(&raw).unwrap();
        self.chain.transaction(&hash).unwrap()
    }

    pub(crate) fn send(
        &mut self,
        to: Address,
        value: U256,
        input: impl Into<Bytes>,
    ) -> Arc<MinedTransaction> {
        let tx = self.tx(TxKind::Call(to), value, input);
        self.submit(tx)
    }

    /// Deploys a contract with this runtime code.
    pub(crate) fn deploy(&mut self, runtime: &[u8]) -> Address {
        let tx = self.tx(TxKind::Create, U256::ZERO, init_code(runtime));
        let mined = self.submit(tx);
        assert!(
            mined.receipt.success,
            "deployment failed: {:?}",
            mined.receipt
        );
        mined.receipt.contract_address.unwrap()
    }

    /// Deploys the program of a text module and activates it.
    pub(crate) fn deploy_stylus(&mut self, wat: &str) -> Address {
        let program = self.deploy(&stylus_code(wat));
        let mined = self.activate(program);
        assert!(
            mined.receipt.success,
            "activation failed: {:?}",
            mined.receipt
        );
        program
    }

    pub(crate) fn activate(&mut self, program: Address) -> Arc<MinedTransaction> {
        self.send(
            ARB_WASM,
            U256::from(ACTIVATION_VALUE),
            activate_input(program),
        )
    }

    pub(crate) fn call(&self, to: Address, input: impl Into<Bytes>) -> Result<Bytes, CallError> {
        self.call_request(&request(self.wallet.address, to, input))
    }

    pub(crate) fn call_request(&self, request: &TransactionRequest) -> Result<Bytes, CallError> {
        self.chain
            .call(request, BlockId::latest(), &Overrides::default())
    }

    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.chain.balance(address, BlockId::latest()).unwrap()
    }

    pub(crate) fn slot(&self, address: Address, slot: u64) -> U256 {
        self.chain
            .storage(address, U256::from(slot), BlockId::latest())
            .unwrap()
            .into()
    }
}

pub(crate) fn request(from: Address, to: Address, input: impl Into<Bytes>) -> TransactionRequest {
    TransactionRequest::default()
        .from(from)
        .to(to)
        .input(input.into().into())
}

/// Selector and arguments of a method.
pub(crate) fn method(signature: &str, words: &[B256]) -> Vec<u8> {
    let mut input = keccak256(signature)[..4].to_vec();
    words
        .iter()
        .for_each(|word| input.extend_from_slice(word.as_slice()));
    input
}

pub(crate) fn activate_input(program: Address) -> Vec<u8> {
    method("activateProgram(address)", &[program.into_word()])
}

/// The 43-byte prelude that returns what follows it: PUSH32 length, DUP1, PUSH1 43, PUSH1 0, CODECOPY,
/// PUSH1 0, RETURN, and a version byte.
pub(crate) fn init_code(runtime: &[u8]) -> Vec<u8> {
    let mut code = vec![0x7f];
    code.extend_from_slice(&U256::from(runtime.len()).to_be_bytes::<32>());
    code.extend_from_slice(&hex!("80602b6000396000f300"));
    code.extend_from_slice(runtime);
    code
}

/// On-chain code of a text module.
pub(crate) fn stylus_code(wat: &str) -> Vec<u8> {
    code::compress(&wat::parse_str(wat).unwrap()).unwrap()
}

/// EVM code that calls the address in the first word of its input with the rest of it, and returns or
/// reverts with what it gets. `opcode` is CALL (with all value), DELEGATECALL or STATICCALL.
pub(crate) fn evm_forwarder(opcode: u8) -> Vec<u8> {
    // CALLDATACOPY(0, 32, CALLDATASIZE - 32); out_len 0, out_offset 0, in_len, in_offset 0
    let mut code = hex!("60203603602060003760006000602036036000").to_vec();
    if opcode == 0xf1 {
        code.push(0x34); // CALLVALUE
    }
    // CALLDATALOAD(0), GAS
    code.extend_from_slice(&hex!("6000355a"));
    code.push(opcode);
    // RETURNDATACOPY(0, 0, RETURNDATASIZE); JUMPI(end, success); REVERT(0, RETURNDATASIZE)
    code.extend_from_slice(&hex!("3d600060003e"));
    let end = u8::try_from(code.len() + 7).unwrap();
    code.extend_from_slice(&[0x60, end, 0x57, 0x3d, 0x60, 0x00, 0xfd]);
    // end: JUMPDEST RETURN(0, RETURNDATASIZE)
    code.extend_from_slice(&hex!("5b3d6000f3"));
    code
}

/// Input of [`evm_forwarder`].
pub(crate) fn forward(target: Address, payload: &[u8]) -> Vec<u8> {
    [target.into_word().as_slice(), payload].concat()
}

/// A program that echoes its input.
pub(crate) const ECHO: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        i32.const 0 call $read_args
        i32.const 0 local.get $len call $write_result
        i32.const 0))"#;

/// The echo as a module of exactly 191 bytes: a custom section, which nothing counts but the length.
pub(crate) fn echo_191() -> Vec<u8> {
    let mut wasm = wat::parse_str(ECHO).unwrap();
    let payload = 191 - wasm.len() - 2;
    wasm.extend_from_slice(&[0, u8::try_from(payload).unwrap(), 1, b'p']);
    wasm.resize(191, 0);
    wasm
}

/// Input: kind (1 byte: 0 call, 1 delegate, 2 static) ‖ target (20) ‖ payload. Output: status (1 byte) ‖
/// what the callee returned. A call sends all value along.
pub(crate) const FORWARD: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "msg_value" (func $msg_value (param i32)))
    (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "delegate_call_contract" (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "read_return_data" (func $read_return_data (param i32 i32 i32) (result i32)))
    (import "vm_hooks" "return_data_size" (func $return_data_size (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32) (local $size i32)
        i32.const 0 call $read_args
        (local.set $size (i32.sub (local.get $len) (i32.const 21)))
        i32.const 0x7000 call $msg_value
        i32.const 0xA000
        (if (result i32) (i32.eqz (i32.load8_u (i32.const 0)))
            (then (call $call (i32.const 1) (i32.const 21) (local.get $size) (i32.const 0x7000) (i64.const -1) (i32.const 0x9000)))
            (else (if (result i32) (i32.eq (i32.load8_u (i32.const 0)) (i32.const 1))
                (then (call $delegate (i32.const 1) (i32.const 21) (local.get $size) (i64.const -1) (i32.const 0x9000)))
                (else (call $static (i32.const 1) (i32.const 21) (local.get $size) (i64.const -1) (i32.const 0x9000))))))
        i32.store8
        (drop (call $read_return_data (i32.const 0xA001) (i32.const 0) (call $return_data_size)))
        (call $write_result (i32.const 0xA000) (i32.add (call $return_data_size) (i32.const 1)))
        i32.const 0))"#;

/// Input of [`FORWARD`].
pub(crate) fn stylus_forward(kind: u8, target: Address, payload: &[u8]) -> Vec<u8> {
    [&[kind], target.as_slice(), payload].concat()
}

/// The topic that [`COUNTER`] logs.
pub(crate) const MARK: B256 =
    b256!("aa00000000000000000000000000000000000000000000000000000000000000");

/// Adds 1 to the word in slot 0, emits a log with one topic and the new word as data, returns the word.
/// The first byte of the input decides the end: 0 success, 1 revert with the word, 2 a trap.
pub(crate) const COUNTER: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
    (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (import "vm_hooks" "emit_log" (func $emit_log (param i32 i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        i32.const 0x200 call $read_args
        (call $load (i32.const 0) (i32.const 0x60))
        (i32.store8 (i32.const 0x7f) (i32.add (i32.load8_u (i32.const 0x7f)) (i32.const 1)))
        (call $cache (i32.const 0) (i32.const 0x60))
        (call $flush (i32.const 0))
        (i32.store8 (i32.const 0x40) (i32.const 0xAA))
        (call $emit_log (i32.const 0x40) (i32.const 64) (i32.const 1))
        (call $write_result (i32.const 0x60) (i32.const 32))
        (if (i32.eq (i32.load8_u (i32.const 0x200)) (i32.const 2)) (then unreachable))
        (i32.load8_u (i32.const 0x200))))"#;
