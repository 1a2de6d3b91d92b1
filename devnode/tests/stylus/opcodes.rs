//! The price of every instruction a program may have, and that every other one is refused.

use chartseal_devnode::stylus::{ActivationError, Status, activate};

use crate::chain::Chain;
use crate::probe::GAS;

/// A module around `body`, at one ink per gas.
fn program(body: &str) -> String {
    format!(
        r#"(module
            (type $three (func (param i32 i64 i32)))
            (memory (export "memory") 1 1)
            (table 1 1 funcref)
            (elem (i32.const 0) $callee)
            (global $g32 (mut i32) (i32.const 0))
            (global $g64 (mut i64) (i64.const 0))
            (func $callee (type $three))
            (func (export "user_entrypoint") (param i32) (result i32)
                (local $a i32) (local $b i64)
                {body}
                i32.const 0))"#
    )
}

/// Ink of `body`, without the block it is in and the `i32.const` and `end` after it.
fn ink(body: &str) -> u64 {
    let mut chain = Chain::new();
    chain.params.ink_price = 1;
    let outcome = chain.run_wat(&program(body), b"", GAS);
    assert_eq!(outcome.status, Status::Success, "{body}");
    GAS - outcome.gas_left - 2_450 - 2
}

/// Instructions of one type, and the ink of each.
type Family<'a> = (&'a [&'a str], u64);

const I32_BINARY: [Family<'_>; 4] = [
    (
        &[
            "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u",
        ],
        170,
    ),
    (
        &[
            "add", "sub", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr",
        ],
        70,
    ),
    (&["mul"], 160),
    (&["div_s", "div_u", "rem_s", "rem_u"], 1_120),
];

const I64_BINARY: [Family<'_>; 4] = [
    (
        &[
            "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u",
        ],
        225,
    ),
    (
        &[
            "add", "sub", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr",
        ],
        100,
    ),
    (&["mul"], 160),
    (&["div_s", "div_u", "rem_s", "rem_u"], 1_270),
];

#[test]
fn binary_instructions() {
    for (ty, families) in [("i32", I32_BINARY), ("i64", I64_BINARY)] {
        for (name, price) in families
            .iter()
            .flat_map(|(names, p)| names.iter().map(move |n| (n, p)))
        {
            let body = format!("{ty}.const 7 {ty}.const 3 {ty}.{name} drop");
            assert_eq!(ink(&body), 1 + 1 + price + 9, "{ty}.{name}");
        }
    }
}

#[test]
fn unary_instructions() {
    let families: [(&str, Family<'_>); 6] = [
        ("i32", (&["i32.eqz"], 170)),
        ("i64", (&["i64.eqz"], 225)),
        ("i32", (&["i32.clz", "i32.ctz"], 210)),
        ("i64", (&["i64.clz", "i64.ctz"], 210)),
        ("i32", (&["i32.popcnt"], 2_650)),
        ("i64", (&["i64.popcnt"], 6_000)),
    ];
    let conversions: [(&str, Family<'_>); 2] = [
        (
            "i32",
            (
                &[
                    "i64.extend_i32_s",
                    "i64.extend_i32_u",
                    "i32.extend8_s",
                    "i32.extend16_s",
                ],
                100,
            ),
        ),
        (
            "i64",
            (
                &[
                    "i32.wrap_i64",
                    "i64.extend8_s",
                    "i64.extend16_s",
                    "i64.extend32_s",
                ],
                100,
            ),
        ),
    ];
    for (operand, (names, price)) in families.iter().chain(&conversions) {
        for name in *names {
            assert_eq!(
                ink(&format!("{operand}.const 7 {name} drop")),
                1 + price + 9,
                "{name}"
            );
        }
    }
}

#[test]
fn memory_instructions() {
    let loads = [
        ("i32.load", 670),
        ("i32.load8_s", 670),
        ("i32.load8_u", 670),
        ("i32.load16_s", 670),
        ("i32.load16_u", 670),
        ("i64.load", 680),
        ("i64.load8_s", 680),
        ("i64.load8_u", 680),
        ("i64.load16_s", 680),
        ("i64.load16_u", 680),
        ("i64.load32_s", 680),
        ("i64.load32_u", 680),
    ];
    for (name, price) in loads {
        assert_eq!(
            ink(&format!("i32.const 8 {name} drop")),
            1 + price + 9,
            "{name}"
        );
    }
    let stores = [
        ("i32.store", 825),
        ("i32.store8", 825),
        ("i32.store16", 825),
        ("i64.store", 950),
        ("i64.store8", 950),
        ("i64.store16", 950),
        ("i64.store32", 950),
    ];
    for (name, price) in stores {
        let body = format!("i32.const 8 {}.const 1 {name}", &name[..3]);
        assert_eq!(ink(&body), 2 + price, "{name}");
    }
    assert_eq!(ink("memory.size drop"), 3_000 + 9);
    assert_eq!(ink("i32.const 0 memory.grow drop"), 1 + 8_050 + 9);
    for bulk in ["memory.fill", "memory.copy"] {
        for length in [0, 1, 31, 1_000] {
            let body = format!("i32.const 0 i32.const 64 i32.const {length} {bulk}");
            assert_eq!(ink(&body), 3 + 950 + 100 * length, "{bulk} of {length}");
        }
    }
}

#[test]
fn variables_and_small_ones() {
    let cases = [
        ("local.get $a drop", 75 + 9),
        ("i32.const 1 local.set $a", 1 + 210),
        ("i64.const 1 local.tee $b drop", 1 + 75 + 9),
        ("global.get $g32 drop", 225 + 9),
        ("i64.const 1 global.set $g64", 1 + 575),
        ("nop", 1),
        (
            "i32.const 1 i32.const 2 i32.const 3 select drop",
            3 + 1_250 + 9,
        ),
    ];
    for (body, price) in cases {
        assert_eq!(ink(body), price, "{body}");
    }
}

/// Control flow: each block costs 2450 before its first instruction and ends with the branch.
#[test]
fn control_flow() {
    const BLOCK: u64 = 2_450;
    let cases = [
        ("block end", 1 + 1 + BLOCK),
        ("loop end", 1 + BLOCK + 1 + BLOCK),
        // The block after `loop` is paid again each time round.
        (
            "(local.set $a (i32.const 3)) loop (local.tee $a (i32.sub (local.get $a) (i32.const 1))) br_if 0 end",
            1 + 210 + 1 + 3 * (BLOCK + 75 + 1 + 70 + 75 + 765) + BLOCK + 1 + BLOCK,
        ),
        // A taken `br_if` pays only its own block; what is jumped over costs nothing.
        (
            "block i32.const 1 br_if 0 memory.size drop end",
            1 + 1 + 765 + BLOCK,
        ),
        (
            "block i32.const 0 br_if 0 memory.size drop end",
            1 + 1 + 765 + BLOCK + 3_000 + 9 + 1 + BLOCK,
        ),
        ("block br 0 memory.size drop end", 1 + 765 + BLOCK),
        // A then-branch includes the `else` that closes it; an else-branch includes its `end`.
        (
            "i32.const 1 if nop else memory.size drop end",
            1 + 765 + BLOCK + 1 + 1 + BLOCK,
        ),
        (
            "i32.const 0 if nop else memory.size drop end",
            1 + 765 + BLOCK + 3_000 + 9 + 1 + BLOCK,
        ),
        ("i32.const 0 if nop end", 1 + 765 + BLOCK),
        (
            "block block block i32.const 1 br_table 0 1 2 end end end",
            3 + 1 + 2_400 + 2 * 325 + BLOCK + 1 + BLOCK,
        ),
        ("block i32.const 0 br_table 0 end", 1 + 1 + 2_400 + BLOCK),
        // A call pays before the callee runs; the callee's body is one block of `end`.
        (
            "i32.const 0 i64.const 0 i32.const 0 call $callee",
            3 + 3_800 + BLOCK + 1 + BLOCK,
        ),
        (
            "i32.const 0 i64.const 0 i32.const 0 i32.const 0 call_indirect (type $three)",
            4 + 13_610 + 3 * 650 + BLOCK + 1 + BLOCK,
        ),
    ];
    for (body, price) in cases {
        assert_eq!(ink(body), price, "{body}");
    }
    // `return` ends the block; the last block of the function is never paid.
    assert_eq!(ink("i32.const 0 return") + 2, 1 + 1);
}

fn status_with(body: &str, gas: u64) -> Status {
    let mut chain = Chain::new();
    chain.params.ink_price = 1;
    chain.run_wat(&program(body), b"", gas).status
}

#[test]
fn having_exactly_the_price_is_enough() {
    assert_eq!(status_with("nop", 2_453), Status::Success);
    assert_eq!(status_with("nop", 2_452), Status::OutOfInk);
    let fill = "i32.const 0 i32.const 0 i32.const 10 memory.fill";
    assert_eq!(status_with(fill, 2_450 + 5 + 950 + 1_000), Status::Success);
    assert_eq!(status_with(fill, 2_450 + 5 + 950 + 999), Status::OutOfInk);
}

/// The bytes are paid before the bounds are looked at.
#[test]
fn bulk_memory_out_of_bounds_is_paid() {
    let mut chain = Chain::new();
    chain.params.ink_price = 1;
    let wat = program("i32.const 65536 i32.const 0 i32.const 1 memory.fill");
    let outcome = chain.run_wat(&wat, b"", GAS);
    assert_eq!(outcome.status, Status::Failure);
    assert_eq!(GAS - outcome.gas_left, 2_450 + 5 + 950 + 100);
    let all = program("i32.const 0 i32.const 0 i32.const -1 memory.copy");
    let outcome = chain.run_wat(&all, b"", 100 * u64::from(u32::MAX));
    assert_eq!(outcome.status, Status::OutOfInk);
}

#[test]
fn traps_keep_gas() {
    for body in [
        "unreachable",
        "i32.const 1 i32.const 0 i32.div_s drop",
        "i32.const 1 i32.const 0 i32.rem_u drop",
        "i32.const 0x80000000 i32.const -1 i32.div_s drop",
        "i64.const 1 i64.const 0 i64.div_u drop",
        "i64.const 0x8000000000000000 i64.const -1 i64.div_s drop",
        "i32.const -1 i32.load drop",
        "i32.const 65533 i32.const 0 i32.store",
        "i32.const 0 i64.const 0 i32.const 0 i32.const 1 call_indirect (type $three)",
        "i32.const 0 call_indirect",
    ] {
        let outcome = Chain::new().run_wat(&program(body), b"", GAS);
        assert_eq!(outcome.status, Status::Failure, "{body}");
        assert!(outcome.gas_left > GAS - 10, "{body}");
    }
}

/// Floats may be carried along but never executed.
#[test]
fn carried_floats_exhaust_the_ink() {
    for body in [
        "f32.const 1 drop",
        "f64.const 1 drop",
        "i32.const 0 f32.load drop",
        "i32.const 0 f64.load drop",
        "i32.const 0 f32.const 0 f32.store",
        "i32.const 0 f64.const 0 f64.store",
        "i32.const 0 f32.reinterpret_i32 drop",
        "i64.const 0 f64.reinterpret_i64 drop",
        "f32.const 0 i32.reinterpret_f32 drop",
        "f64.const 0 i64.reinterpret_f64 drop",
    ] {
        let outcome = Chain::new().run_wat(&program(body), b"", GAS);
        assert_eq!(
            (outcome.status, outcome.gas_left),
            (Status::OutOfInk, 0),
            "{body}"
        );
        let skipped = program(&format!("i32.const 0 if {body} end"));
        assert_eq!(
            Chain::new().run_wat(&skipped, b"", GAS).status,
            Status::Success,
            "{body}"
        );
    }
}

#[test]
fn other_instructions_are_refused() {
    let unary = ["abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt"];
    let binary = [
        "add", "sub", "mul", "div", "min", "max", "copysign", "eq", "ne", "lt", "gt", "le", "ge",
    ];
    let mut bodies = Vec::new();
    for ty in ["f32", "f64"] {
        bodies.extend(
            unary
                .iter()
                .map(|op| format!("{ty}.const 1 {ty}.{op} drop")),
        );
        bodies.extend(
            binary
                .iter()
                .map(|op| format!("{ty}.const 1 {ty}.const 1 {ty}.{op} drop")),
        );
        for int in ["i32", "i64"] {
            for sign in ["s", "u"] {
                bodies.push(format!("{ty}.const 1 {int}.trunc_{ty}_{sign} drop"));
                bodies.push(format!("{ty}.const 1 {int}.trunc_sat_{ty}_{sign} drop"));
                bodies.push(format!("{int}.const 1 {ty}.convert_{int}_{sign} drop"));
            }
        }
    }
    for other in [
        "f64.const 0 f32.demote_f64 drop",
        "f32.const 0 f64.promote_f32 drop",
        "i32.const 0 i32.const 0 i32.const 0 select (result i32) drop",
        "ref.null func drop",
        "ref.func $callee drop",
        "i32.const 0 table.get 0 drop",
        "table.size 0 drop",
        "i32.const 0 i32.const 0 i32.const 0 table.copy 0 0",
        "i32.const 0 i32.const 0 i32.const 0 table.init 0 0",
        "elem.drop 0",
        "return_call $callee",
        "v128.const i64x2 0 0 drop",
        "atomic.fence",
    ] {
        bodies.push(other.to_owned());
    }
    for body in bodies {
        // Dead code is looked at as well.
        for body in [body.clone(), format!("i32.const 0 return {body}")] {
            let wasm = wat::parse_str(program(&body)).unwrap_or_else(|e| panic!("{body}: {e}"));
            let refused = activate(&wasm, &Chain::new().activation());
            assert!(
                matches!(refused, Err(ActivationError::Rejected(_))),
                "{body}"
            );
        }
    }
}
