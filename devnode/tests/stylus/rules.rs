//! Rules as pure functions: calls, creations, storage writes, start costs, the on-chain form.

use alloy_primitives::{Address, B256, Bytes};
use chartseal_devnode::stylus::api::{Flush, FlushStatus, Pages};
use chartseal_devnode::stylus::code::{
    CLASSIC_PREFIX, CodeError, compress, decompress, is_stylus_program,
};
use chartseal_devnode::stylus::gas::{
    CallGas, CallTarget, CreateGas, FlushMeter, SlotState, account_code_gas, storage_write,
};
use chartseal_devnode::stylus::{
    ProgramCache, ProgramCosts, Status, StylusParams, cached_init_gas, init_gas,
};

use crate::chain::Chain;
use crate::probe::{module, word};

const WARM: CallTarget = CallTarget {
    cold: false,
    sends_value: false,
    empty: false,
};

#[test]
fn call_gas() {
    let plan = |target, left, asked| CallGas::plan(target, left, asked);
    assert_eq!(plan(WARM, 99, 0), None);
    // Multiplies before it divides: 63 * 65 / 64 = 63, where the EVM would give 65 - 65 / 64 = 64.
    assert_eq!(plan(WARM, 165, u64::MAX).map(|gas| gas.given), Some(63));
    assert_eq!(plan(WARM, 10_100, 50).map(|gas| gas.given), Some(50));
    let cold = CallTarget { cold: true, ..WARM };
    assert_eq!(plan(cold, 2_599, 0), None);
    assert_eq!(
        plan(cold, 2_600, 9).map(|gas| (gas.base, gas.given)),
        Some((2_600, 0))
    );
    let value = CallTarget {
        sends_value: true,
        ..WARM
    };
    assert_eq!(
        plan(value, 9_100, 9).map(|gas| (gas.base, gas.given)),
        Some((9_100, 2_300))
    );
    let newborn = CallTarget {
        empty: true,
        cold: true,
        ..value
    };
    assert_eq!(plan(newborn, 36_599, 0), None);
    assert_eq!(plan(newborn, 36_600, 0).map(|gas| gas.base), Some(36_600));
    let empty_without_value = CallTarget {
        empty: true,
        ..WARM
    };
    assert_eq!(
        plan(empty_without_value, 100, 0).map(|gas| gas.base),
        Some(100)
    );
}

#[test]
fn call_cost_and_stipend() {
    let value = CallTarget {
        sends_value: true,
        ..WARM
    };
    let gas = CallGas::plan(value, 100_000, 1_000).expect("affordable");
    assert_eq!(gas.given, 3_300);
    assert_eq!(gas.cost(3_300), 9_100, "an unused stipend is not credited");
    assert_eq!(gas.cost(0), 12_400, "a used stipend is paid for");
    assert_eq!(gas.cost(5_000), 9_100);
    let most = CallGas::plan(WARM, u64::MAX, u64::MAX).expect("affordable");
    assert_eq!(most.given, ((u128::from(u64::MAX) - 100) * 63 / 64) as u64);
}

#[test]
fn create_gas() {
    assert_eq!(CreateGas::plan(0, false, 31_999), None);
    let gas = CreateGas::plan(1_000, false, 132_000).expect("affordable");
    assert_eq!((gas.kept, gas.given), (1_562, 98_438));
    assert_eq!(gas.cost(98_438), 32_000);
    assert_eq!(gas.cost(0), 130_438);
    assert_eq!(CreateGas::plan(33, true, 32_011), None);
    assert_eq!(
        CreateGas::plan(33, true, 32_012).map(|gas| gas.given),
        Some(0)
    );
}

#[test]
fn code_gas_follows_the_size_limit() {
    assert_eq!(account_code_gas(true, 24_576), 3_300);
    assert_eq!(account_code_gas(false, 24_575), 100);
    assert_eq!(account_code_gas(false, 100_000), 100 + 4 * 700);
}

/// The published cases of EIP-3529 (from EIP-2200), as (original, current, new): gas and refund of the
/// one write, warm.
#[test]
fn storage_write_gas() {
    let cases = [
        ((0, 0, 0), 100, 0),
        ((0, 0, 1), 20_000, 0),
        ((0, 1, 0), 100, 19_900),
        ((0, 1, 2), 100, 0),
        ((0, 1, 1), 100, 0),
        ((1, 1, 1), 100, 0),
        ((1, 1, 0), 2_900, 4_800),
        ((1, 1, 2), 2_900, 0),
        ((1, 0, 0), 100, 0),
        ((1, 0, 2), 100, -4_800),
        ((1, 0, 1), 100, -4_800 + 2_800),
        ((1, 2, 0), 100, 4_800),
        ((1, 2, 3), 100, 0),
        ((1, 2, 1), 100, 2_800),
        ((1, 2, 2), 100, 0),
    ];
    for ((original, current, new), gas, refund) in cases {
        let slot = SlotState {
            cold: false,
            original: word(original),
            current: word(current),
        };
        let name = format!("{original} {current} {new}");
        assert_eq!(storage_write(slot, word(new)), (gas, refund), "{name}");
        let cold = SlotState { cold: true, ..slot };
        assert_eq!(
            storage_write(cold, word(new)),
            (gas + 2_100, refund),
            "{name}, cold"
        );
    }
}

#[test]
fn a_flush_may_use_all_gas_but_not_more() {
    let flush = |gas_left, costs: &[u64]| {
        let mut meter = FlushMeter::new(gas_left);
        let paid = costs.iter().take_while(|cost| meter.pay(**cost)).count();
        (paid, meter.finish())
    };
    let written = |gas_cost| Flush {
        status: FlushStatus::Written,
        gas_cost,
    };
    let out = |gas_cost| Flush {
        status: FlushStatus::OutOfGas,
        gas_cost,
    };
    assert_eq!(flush(300, &[100, 200]), (2, written(300)));
    assert_eq!(
        flush(299, &[100, 200]),
        (2, out(300)),
        "the last unit of the budget counts as none"
    );
    assert_eq!(flush(298, &[100, 200]), (1, out(299)));
    let mut meter = FlushMeter::new(500);
    assert!(meter.pay(100));
    let protected = Flush {
        status: FlushStatus::WriteProtected,
        gas_cost: 100,
    };
    assert_eq!(meter.write_protected(), protected);
}

const COSTS: ProgramCosts = ProgramCosts {
    init: 34,
    cached_init: 11,
    footprint: 1,
    asm_bytes: 514_214,
};

#[test]
fn start_gas() {
    let mut params = StylusParams::default();
    assert_eq!(init_gas(&COSTS, &params), 8_832 + 34);
    assert_eq!(cached_init_gas(&COSTS, &params), 352 + 11);
    params.init_cost_scalar = 51;
    assert_eq!(
        init_gas(&COSTS, &params),
        8_832 + 35,
        "102 percent of 34, rounded up"
    );
}

const PROGRAM: Address = Address::repeat_byte(0xbb);

#[test]
fn a_frame_pays_its_start_first() {
    let mut chain = Chain::new();
    chain.install(PROGRAM, &module(1, b"", ""));
    let run = |chain: &mut Chain, gas| chain.enter(PROGRAM, Bytes::new(), gas);
    let full = run(&mut chain, 1_000_000);
    assert_eq!(full.status, Status::Success);
    let start = 1_000_000 - full.gas_left;
    // The body is one block of two instructions: 2452 ink, one gas.
    assert_eq!(run(&mut chain, start).gas_left, 0);
    assert_eq!(
        run(&mut chain, start - 1).status,
        Status::OutOfInk,
        "no ink for the block"
    );
    let short = run(&mut chain, start - 2);
    assert_eq!((short.status, short.gas_left), (Status::OutOfInk, 0));
    assert_eq!(chain.pages, Pages { open: 0, ever: 1 });
}

#[test]
fn pages_are_part_of_the_start() {
    let mut chain = Chain::new();
    chain.install(PROGRAM, &module(3, b"", ""));
    let alone = chain.enter(PROGRAM, Bytes::new(), 1_000_000).gas_left;
    chain.pages = Pages { open: 2, ever: 2 };
    let beside = chain.enter(PROGRAM, Bytes::new(), 1_000_000).gas_left;
    // Three pages past the free ones instead of one; E[5] - E[2] = 0.
    assert_eq!(alone - beside, 2_000);
    assert_eq!(chain.pages, Pages { open: 2, ever: 5 });
}

/// A program that returns as many zero bytes as its calldata is long.
const ECHO: &str = "(call $write_result (i32.const 0) (local.get $len))";

#[test]
fn return_data_has_a_floor() {
    let mut chain = Chain::new();
    chain.install(PROGRAM, &module(1, b"", ECHO));
    let floor = |bytes: u64| 3 * bytes.div_ceil(32) + bytes.div_ceil(32).pow(2) / 512;
    let run = |chain: &mut Chain, bytes: usize, gas| {
        chain.enter(PROGRAM, Bytes::from(vec![0; bytes]), gas)
    };
    // Starting and running cost about 10,000 gas: more than 100 words do, less than 1875 words do.
    let few = run(&mut chain, 3_200, 1_000_000);
    assert!(few.gas_left < 1_000_000 - floor(3_200));
    let many = run(&mut chain, 60_000, 1_000_000);
    assert_eq!(
        (many.status, many.gas_left),
        (Status::Success, 1_000_000 - floor(60_000))
    );
    let exact = run(&mut chain, 60_000, floor(60_000));
    assert_eq!(
        (exact.status, exact.gas_left, exact.output.len()),
        (Status::Success, 0, 60_000)
    );
    let short = run(&mut chain, 60_000, floor(60_000) - 1);
    assert_eq!(
        (short.status, short.gas_left, short.output.len()),
        (Status::OutOfInk, 0, 0)
    );
}

#[test]
fn code_round_trip() {
    let wasm: Vec<u8> = (0..100_000u32)
        .flat_map(|i| (i / 7).to_le_bytes())
        .take(131_072)
        .collect();
    let code = compress(&wasm).expect("memory does not fail");
    assert!(is_stylus_program(&code));
    assert_eq!(code[..4], [0xEF, 0xF0, 0x00, 0x00]);
    assert_eq!(
        decompress(&code, 131_072),
        Ok(wasm.clone()),
        "exactly the limit"
    );
    assert_eq!(
        decompress(&code, 131_071),
        Err(CodeError::TooLarge(131_071))
    );
    let longer = [code.as_slice(), b"ignored"].concat();
    assert_eq!(
        decompress(&longer, 131_072),
        Ok(wasm),
        "bytes after the stream"
    );
    let cut = &code[..code.len() - 1];
    assert_eq!(decompress(cut, 131_072), Err(CodeError::Stream));
}

#[test]
fn other_code_is_no_program() {
    assert!(!is_stylus_program(&CLASSIC_PREFIX));
    assert!(is_stylus_program(&[0xEF, 0xF0, 0x00, 0x00]));
    assert!(!is_stylus_program(&[0xEF, 0xF0, 0x01, 0x00]));
    assert!(!is_stylus_program(&[0x60, 0x00]));
    assert_eq!(decompress(&[0x60; 9], 9), Err(CodeError::NotStylus));
    assert_eq!(decompress(&CLASSIC_PREFIX, 9), Err(CodeError::NotStylus));
    for dictionary in 1..=u8::MAX {
        let code = [0xEF, 0xF0, 0x00, dictionary, 1, 2, 3];
        assert_eq!(decompress(&code, 9), Err(CodeError::Dictionary(dictionary)));
    }
    assert_eq!(
        decompress(&[0xEF, 0xF0, 0x00, 0x00], 9),
        Err(CodeError::Stream)
    );
    assert_eq!(
        decompress(&[0xEF, 0xF0, 0x00, 0x00, 0xff, 0xff, 0xff], 9),
        Err(CodeError::Stream)
    );
}

/// A stream with a large window would let a few bytes ask for a gigabyte; ordinary brotli has none.
#[test]
fn large_windows_are_refused() {
    let large = [0xEF, 0xF0, 0x00, 0x00, 0x11, 0x1e, 0x03, 0x00, 0x00];
    assert_eq!(decompress(&large, 131_072), Err(CodeError::Stream));
}

/// A bomb stops at the limit.
#[test]
fn bombs_stop_at_the_limit() {
    let bomb = compress(&vec![0; 4 << 20]).expect("memory does not fail");
    assert!(bomb.len() < 1_000);
    assert_eq!(
        decompress(&bomb, 131_072),
        Err(CodeError::TooLarge(131_072))
    );
}

#[test]
fn the_cache_loads_once() {
    let cache = ProgramCache::new();
    let program = Chain::new().activate(&module(1, b"", "")).program;
    let hash = B256::repeat_byte(1);
    assert_eq!(
        cache.get_or_load(hash, || Err("nothing yet")).err(),
        Some("nothing yet")
    );
    assert!(
        cache
            .get_or_load(hash, || Ok::<_, ()>(program.clone()))
            .is_ok()
    );
    assert!(cache.get_or_load(hash, || Err("loaded twice")).is_ok());
    // The least recently used one of more than it holds goes.
    for filler in 0..300u64 {
        cache.insert(word(1_000 + filler), program.clone());
        assert!(
            cache
                .get_or_load(hash, || Err("evicted although in use"))
                .is_ok()
        );
    }
    assert_eq!(
        cache.get_or_load(word(1_000), || Err("gone")).err(),
        Some("gone")
    );
}

/// Large programs push others out by their bytes.
#[test]
fn the_cache_is_bounded_by_bytes() {
    let blocks = "block end ".repeat(4_500);
    let functions = format!("(func {blocks})").repeat(8);
    let wat = module(1, b"", "").replacen("(memory", &format!("{functions} (memory"), 1);
    let program = Chain::new().activate(&wat).program;
    let cache = ProgramCache::new();
    // Eight functions of about 60,000 instructions after instrumentation: more than half a megabyte.
    for number in 0..200u64 {
        cache.insert(word(number), program.clone());
    }
    assert!(cache.get_or_load(word(199), || Err("gone")).is_ok());
    assert_eq!(
        cache.get_or_load(word(0), || Err("gone")).err(),
        Some("gone")
    );
}
