//! How fast the chain is: start-up, 10,000 transactions of a Stylus program, past states, proofs, logs.
//!
//! `cargo run --release -p chartseal-devnode --example chain_bench [STATE_FILE]`

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::{BlockId, Encodable2718};
use alloy_primitives::{Address, Bytes, TxKind, U256, hex, keccak256};
use alloy_rpc_types_eth::{Filter, TransactionRequest};
use chartseal_devnode::{
    chain::{Chain, ChainConfig, DEV_ACCOUNT, Overrides},
    stylus::code,
};
use k256::ecdsa::SigningKey;

/// Key of the documented development account.
const DEV_KEY: [u8; 32] = hex!("b6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659");

/// Transactions in all, and per printed line.
const TRANSACTIONS: usize = 10_000;
const CHUNK: usize = 1_000;

/// Writes its input to the slot that the input names, and logs it.
const WRITER: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (import "vm_hooks" "emit_log" (func $emit_log (param i32 i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 0))
        (call $cache (i32.const 0) (i32.const 0))
        (call $flush (i32.const 0))
        (call $emit_log (i32.const 0) (i32.const 32) (i32.const 1))
        i32.const 0))"#;

struct Sender {
    chain: Chain,
    key: SigningKey,
    nonce: u64,
    state_file: Option<PathBuf>,
}

impl Sender {
    fn raw(&mut self, to: TxKind, value: U256, input: Bytes) -> Vec<u8> {
        let tx = TxEip1559 {
            chain_id: self.chain.chain_id(),
            nonce: self.nonce,
            gas_limit: 20_000_000,
            max_fee_per_gas: self.chain.gas_price(),
            max_priority_fee_per_gas: 0,
            to,
            value,
            access_list: Default::default(),
            input,
        };
        self.nonce += 1;
        let hash = tx.signature_hash();
        let signature = self
            .key
            .sign_prehash_recoverable(hash.as_slice())
            .expect("a valid key");
        TxEnvelope::from(tx.into_signed(signature.into())).encoded_2718()
    }

    /// Sends, fetches the receipt and saves; returns how long that took and the created contract.
    fn send(&mut self, to: TxKind, value: U256, input: Bytes) -> (Duration, Option<Address>) {
        let raw = self.raw(to, value, input);
        let start = Instant::now();
        let hash = self
            .chain
            .send_raw_transaction(&raw)
            .expect("the transaction is good");
        let mined = self.chain.transaction(&hash).expect("it was mined");
        if let Some(path) = &self.state_file {
            self.chain
                .save(path)
                .expect("the state file can be written");
        }
        assert!(mined.receipt.success, "{:?}", mined.receipt);
        (start.elapsed(), mined.receipt.contract_address)
    }

    fn deploy(&mut self) -> Address {
        let wasm = wat::parse_str(WRITER).expect("the module is good");
        let runtime = code::compress(&wasm).expect("memory can be written");
        let mut init = vec![0x7f];
        init.extend_from_slice(&U256::from(runtime.len()).to_be_bytes::<32>());
        init.extend_from_slice(&hex!("80602b6000396000f300"));
        init.extend_from_slice(&runtime);
        let (_, program) = self.send(TxKind::Create, U256::ZERO, init.into());
        let program = program.expect("a creation has an address");
        let mut activate = keccak256("activateProgram(address)")[..4].to_vec();
        activate.extend_from_slice(program.into_word().as_slice());
        let arb_wasm = TxKind::Call(Address::with_last_byte(0x71));
        self.send(
            arb_wasm,
            U256::from(10).pow(U256::from(18)),
            activate.into(),
        );
        program
    }
}

fn timed<T>(label: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{label}: {:.2?}", start.elapsed());
    result
}

fn main() {
    let chain = timed("start-up", || Chain::new(ChainConfig::default()));
    let key = SigningKey::from_slice(&DEV_KEY).expect("a valid key");
    let state_file = std::env::args_os().nth(1).map(PathBuf::from);
    let mut sender = Sender {
        chain,
        key,
        nonce: 0,
        state_file,
    };
    let program = timed("deploy and activate", || sender.deploy());
    for chunk in 0..TRANSACTIONS / CHUNK {
        let mut times: Vec<Duration> = (0..CHUNK)
            .map(|index| {
                let word = U256::from(chunk * CHUNK + index + 1).to_be_bytes::<32>();
                sender
                    .send(TxKind::Call(program), U256::ZERO, word.to_vec().into())
                    .0
            })
            .collect();
        times.sort_unstable();
        let (median, worst) = (times[CHUNK / 2], times[CHUNK - 1]);
        println!(
            "transactions {:>5}..: median {median:.2?}, worst {worst:.2?}",
            chunk * CHUNK
        );
    }
    let chain = &sender.chain;
    let all = Filter::new().from_block(0).address(program);
    let one = all
        .clone()
        .event_signature(alloy_primitives::B256::with_last_byte(77));
    let found = timed("one log among all blocks", || {
        chain.logs(&one).expect("a good range")
    });
    assert_eq!(found.len(), 1);
    let found = timed("all logs", || chain.logs(&all).expect("a good range"));
    assert_eq!(found.len(), TRANSACTIONS);
    timed("balance in the first block", || {
        chain.balance(DEV_ACCOUNT, BlockId::number(1))
    })
    .expect("the block exists");
    let keys = [U256::ONE.into()];
    for (label, block) in [
        ("proof in the newest block", BlockId::latest()),
        ("proof in the first block", BlockId::number(1)),
    ] {
        timed(label, || chain.proof(program, &keys, block)).expect("the block exists");
    }
    let request = TransactionRequest::default()
        .from(DEV_ACCOUNT)
        .to(program)
        .input(Bytes::from(vec![1; 32]).into());
    let overrides = Overrides::default();
    timed("eth_call", || {
        chain.call(&request, BlockId::latest(), &overrides)
    })
    .expect("it succeeds");
    timed("eth_estimateGas", || {
        chain.estimate_gas(&request, BlockId::latest(), &overrides)
    })
    .expect("it succeeds");
}
