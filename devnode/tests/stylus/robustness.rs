//! Bytes from a stranger: arbitrary ones, mutated programs and generated programs.
//!
//! `CHARTSEAL_FUZZ_RUNS` sets how many of each are tried (100 by default), `CHARTSEAL_FUZZ_SEED` where
//! the sequence starts. The targets under `fuzz/` try the same functions for as long as one likes.

use std::env;

use chartseal_devnode::stylus::Status;

use crate::generate;
use crate::harness;
use crate::probe::module;

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}

fn runs() -> u64 {
    setting("CHARTSEAL_FUZZ_RUNS", 100)
}

/// SplitMix64 (Steele, Lea, Flood 2014): a small reproducible sequence.
struct Random(u64);

impl Random {
    fn new(salt: u64) -> Self {
        Self(setting("CHARTSEAL_FUZZ_SEED", 1).wrapping_mul(0x9e37_79b9) ^ salt)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most)).map(|_| self.next() as u8).collect()
    }
}

/// Changes a few places of `bytes`, most of them near the end, where a module has its code, and most of
/// them without changing the length, which would end in the parser.
fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let first = if random.below(8) == 0 {
            0
        } else {
            bytes.len() / 4 * 3
        };
        let at = first + random.below(bytes.len() - first);
        match random.below(12) {
            0..=4 => bytes[at] ^= 1 << random.below(8),
            5..=8 => bytes[at] = random.next() as u8,
            9 => bytes.insert(at, random.next() as u8),
            10 => {
                let (from, len) = (random.below(bytes.len()), random.below(16));
                let piece: Vec<_> = bytes.iter().skip(from).take(len).copied().collect();
                bytes.splice(at..at, piece);
            }
            _ => bytes.truncate(at.max(9)),
        }
    }
    bytes
}

#[test]
fn arbitrary_bytes() {
    let mut random = Random::new(1);
    for _ in 0..runs() {
        let bytes = random.bytes(300);
        harness::decompression(&bytes);
        assert!(!harness::activating(&bytes));
        harness::activating(&[b"\0asm\x01\0\0\0", &bytes[..]].concat());
    }
}

#[test]
fn mutated_code() {
    let wasm = generate::program(b"a program that compresses to something");
    let code = chartseal_devnode::stylus::code::compress(&wasm).expect("memory does not fail");
    let mut random = Random::new(2);
    for _ in 0..runs() {
        harness::decompression(&mutate(&code, &mut random));
        harness::decompression(&mutate(&code[4..], &mut random));
    }
}

#[test]
fn mutated_programs() {
    let mut random = Random::new(3);
    let text = module(
        1,
        b"data",
        "(call $emit_log (i32.const 0) (i32.const 64) (i32.const 2))",
    );
    let program = wat::parse_str(text).expect("valid");
    let mut accepted = 0;
    for run in 0..runs() {
        let original = if run % 2 == 0 {
            program.clone()
        } else {
            generate::program(&random.bytes(200))
        };
        let input = random.bytes(40);
        accepted +=
            u64::from(harness::executing(&mutate(&original, &mut random), &input).is_some());
    }
    assert!(
        accepted > runs() / 50,
        "{accepted} of {} got past activation",
        runs()
    );
}

#[test]
fn generated_programs() {
    let mut random = Random::new(4);
    let mut ended = [0u64; 5];
    for _ in 0..runs() {
        let wasm = generate::program(&random.bytes(600));
        let mut input = vec![2, random.next() as u8, random.next() as u8];
        input.extend(random.bytes(40));
        match harness::executing(&wasm, &input).expect("generated programs are acceptable") {
            Status::Success => ended[0] += 1,
            Status::Revert => ended[1] += 1,
            Status::Failure => ended[2] += 1,
            Status::OutOfInk => ended[3] += 1,
            Status::OutOfStack => ended[4] += 1,
        }
    }
    println!("success, revert, failure, out of ink, out of stack: {ended:?}");
    assert!(
        ended[2] > 0 && ended[3] > 0 && ended[..2].iter().sum::<u64>() > 0,
        "{ended:?}"
    );
}

/// A branch table as long as a program can be: every target is compared with a label of many types.
#[test]
fn long_branch_tables() {
    let types = "i32 ".repeat(1_000);
    let zeros = "i32.const 0 ".repeat(1_000);
    let targets = "0 ".repeat(110_000);
    let drops = "drop ".repeat(1_000);
    let text = format!(
        r#"(module (memory (export "memory") 1 1)
            (func (export "user_entrypoint") (param i32) (result i32)
                (block (result {types}) {zeros} local.get 0 br_table {targets}) {drops} i32.const 0))"#
    );
    let wasm = wat::parse_str(text).expect("valid");
    assert_eq!(
        harness::executing(&wasm, &[0, 8, 0]),
        Some(Status::OutOfInk)
    );
    assert_eq!(
        harness::executing(&wasm, &[2, 200, 0]),
        Some(Status::Success)
    );
}

/// Blocks with parameters make the simulated operand stack smaller than the real one, so that frames
/// of six words hold thousands. Each nested frame of such a program stays within the engine's stack.
#[test]
fn uncounted_operands_are_bounded() {
    let block = "i32.const 0 i32.const 0 block (type $two) ".repeat(3_000);
    let ends = "drop drop end ".repeat(3_000);
    let text = format!(
        r#"(module (type $two (func (param i32 i32)))
            (memory (export "memory") 1 1)
            (func $deeper (param i32) (result i32)
                {block} i32.const 0 call $deeper drop {ends}
                i32.const 0)
            (func (export "user_entrypoint") (param i32) (result i32)
                i32.const 0 call $deeper))"#
    );
    let wasm = wat::parse_str(text).expect("valid");
    assert_eq!(
        harness::executing(&wasm, &[2, 200, 0]),
        Some(Status::OutOfStack)
    );
}

/// Endless loops end when the ink does, with or without host functions in them.
#[test]
fn endless_programs_end() {
    for body in [
        "(loop (br 0))",
        "(loop (call $storage_flush_cache (i32.const 0)) (br 0))",
        "(loop (drop (call $evm_ink_left)) (br 0))",
        "(loop (call $log_txt (i32.const 0) (i32.const 60000)) (br 0))",
        "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0))",
        "(loop (call $native_keccak256 (i32.const 0) (i32.const 65536) (i32.const 0)) (br 0))",
        "(loop (drop (call $call_contract (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) \
           (i64.const -1) (i32.const 0))) (br 0))",
    ] {
        let wasm = wat::parse_str(module(1, b"", body)).expect("valid");
        assert_eq!(
            harness::executing(&wasm, &[1, 0, 0]),
            Some(Status::OutOfInk),
            "{body}"
        );
    }
}
