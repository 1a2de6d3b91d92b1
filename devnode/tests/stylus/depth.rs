//! The virtual stack: frame sizes, the exact boundary, leaks, and that the engine holds as much.

use chartseal_devnode::stylus::{Outcome, Status};

use crate::chain::Chain;
use crate::probe::GAS;

fn run_at_depth(wat: &str, depth: u32) -> Outcome {
    let mut chain = Chain::new();
    chain.params.max_stack_depth = depth;
    chain.run_wat(wat, b"", GAS)
}

/// The frame of `wat`'s entry point, which calls nothing: it overflows with exactly that much.
fn frame_of(wat: &str) -> u32 {
    let runs = |depth| run_at_depth(wat, depth).status != Status::OutOfStack;
    let least = (1..20_000)
        .find(|depth| runs(*depth))
        .expect("frames are bounded");
    least - 1
}

fn entry(body: &str) -> String {
    format!(
        r#"(module
            (type $swap (func (param i32 i64) (result i64 i32)))
            (memory (export "memory") 1 1)
            (func (export "user_entrypoint") (param i32) (result i32) {body}))"#
    )
}

/// Nitro's own example: one parameter, two locals, three words: nine.
#[test]
fn the_published_boundary() {
    let wat =
        entry("(local i32 i64) i32.const 1 i32.const 2 i32.const 3 drop drop drop i32.const 0");
    assert_eq!(run_at_depth(&wat, 9).status, Status::OutOfStack);
    assert_eq!(run_at_depth(&wat, 10).status, Status::Success);
}

#[test]
fn an_overflow_takes_all_gas() {
    let outcome = run_at_depth(&entry("i32.const 0"), 6);
    assert_eq!((outcome.status, outcome.gas_left), (Status::OutOfStack, 0));
    assert!(outcome.output.is_empty());
}

#[test]
fn frames() {
    let cases = [
        // The meter needs two words at the start of a block.
        ("i32.const 0", 6),
        ("(local i64 i64 i64) i32.const 0", 9),
        // A block that starts with one word on the stack: the meter needs two on top of it.
        ("block end i32.const 0", 6),
        ("i32.const 0 block end", 7),
        ("i32.const 0 loop end", 7),
        ("i32.const 0 i32.const 1 if end", 7),
        // Results of a block count from its start.
        ("block (result i32) i32.const 0 i32.const 0 drop end", 7),
        // Parameters are taken after results are put.
        (
            "i32.const 0 i64.const 0 block (type $swap) drop drop i64.const 0 i32.const 0 end drop drop i32.const 0",
            8,
        ),
        // The dynamic meter needs three words on top of its three operands, the length being one.
        (
            "i32.const 0 i32.const 0 i32.const 0 memory.fill i32.const 0",
            10,
        ),
        (
            "i32.const 0 i32.const 0 i32.const 0 memory.copy i32.const 0",
            10,
        ),
        // `memory.grow` in fixed memory adds nothing, loads keep the height.
        ("i32.const 0 memory.grow drop i32.const 0 i32.load", 6),
        ("i32.const 1 i32.const 2 i32.const 3 select", 7),
        // Dead code counts.
        (
            "i32.const 0 return i32.const 1 i32.const 1 i32.const 1 drop drop",
            8,
        ),
    ];
    for (body, frame) in cases {
        assert_eq!(frame_of(&entry(body)), frame, "{body}");
    }
}

/// Recursion as deep as the calldata length says.
const RECURSION: &str = r#"(module
    (memory (export "memory") 1 1)
    (global $deeper (mut i32) (i32.const 0))
    (func $down
        global.get $deeper
        i32.eqz
        if return end
        (global.set $deeper (i32.sub (global.get $deeper) (i32.const 1)))
        call $down)
    (func (export "user_entrypoint") (param i32) (result i32)
        (global.set $deeper (local.get 0))
        call $down
        i32.const 0))"#;

/// 3666 frames of the least size fit; the entry point is one of them. The engine must hold them all.
#[test]
fn the_default_depth_holds_3666_frames() {
    let mut chain = Chain::new();
    let deepest = vec![0; 3_666 - 2];
    assert_eq!(
        chain.run_wat(RECURSION, &deepest, GAS).status,
        Status::Success
    );
    let too_deep = vec![0; 3_666 - 1];
    assert_eq!(
        chain.run_wat(RECURSION, &too_deep, GAS).status,
        Status::OutOfStack
    );
}

/// The depth of older profiles: the engine's own limits must not bite there either.
#[test]
fn the_engine_holds_43690_frames() {
    let mut chain = Chain::new();
    chain.params.max_stack_depth = 262_144;
    let deepest = vec![0; 43_690 - 2];
    assert_eq!(
        chain.run_wat(RECURSION, &deepest, GAS).status,
        Status::Success
    );
    let too_deep = vec![0; 43_690 - 1];
    assert_eq!(
        chain.run_wat(RECURSION, &too_deep, GAS).status,
        Status::OutOfStack
    );
}

/// Wide frames: a thousand parameters each, which Nitro counts only as operands of the caller.
#[test]
fn the_engine_holds_wide_frames() {
    let params = "i64 ".repeat(1_000);
    let arguments = "i64.const 0 ".repeat(1_000);
    let locals = "i64 ".repeat(348);
    let wat = format!(
        r#"(module
            (memory (export "memory") 1 1)
            (global $calls (mut i32) (i32.const 0))
            (func $wide (param {params}) (local {locals})
                (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                (if (i32.eq (global.get $calls) (i32.const 15)) (then return))
                {arguments} call $wide)
            (func (export "user_entrypoint") (param i32) (result i32)
                {arguments} call $wide i32.const 0))"#
    );
    assert_eq!(Chain::new().run_wat(&wat, b"", GAS).status, Status::Success);
    let endless = wat.replace("i32.const 15", "i32.const -1");
    assert_eq!(
        Chain::new().run_wat(&endless, b"", GAS).status,
        Status::OutOfStack
    );
}

/// The largest frame there is: 4096 operands and 348 locals.
#[test]
fn the_largest_frame_runs() {
    let constants = "i64.const 1 ".repeat(4_094);
    let drops = "drop ".repeat(4_094);
    let locals = "i64 ".repeat(348);
    let wat = entry(&format!("(local {locals}) {constants} {drops} i32.const 0"));
    assert_eq!(frame_of_large(&wat), Status::Success);
}

fn frame_of_large(wat: &str) -> Status {
    assert_eq!(
        run_at_depth(wat, 4_094 + 348 + 4).status,
        Status::OutOfStack
    );
    run_at_depth(wat, 4_094 + 348 + 5).status
}

/// Calls `$leaf` as often as the calldata is long.
fn caller_of(leaf: &str) -> String {
    format!(
        r#"(module
            (memory (export "memory") 1 1)
            (func $leaf {leaf})
            (func (export "user_entrypoint") (param $left i32) (result i32)
                loop
                    call $leaf
                    local.get $left i32.const 1 i32.sub local.tee $left
                    br_if 0
                end
                i32.const 0))"#
    )
}

/// A branch to the function's label skips giving the frame back, as it does in Nitro.
#[test]
fn leaving_by_a_branch_leaks_the_frame() {
    let mut chain = Chain::new();
    // The entry point takes 6 of 22000; each call leaks 6.
    let survives = vec![0; 3_665];
    assert_eq!(
        chain.run_wat(&caller_of("br 0"), &survives, GAS).status,
        Status::Success
    );
    let dies = vec![0; 3_666];
    assert_eq!(
        chain.run_wat(&caller_of("br 0"), &dies, GAS).status,
        Status::OutOfStack
    );
    for tidy in ["", "return", "block br 0 end", "i32.const 1 if return end"] {
        let outcome = chain.run_wat(&caller_of(tidy), &vec![0; 20_000], GAS);
        assert_eq!(outcome.status, Status::Success, "{tidy}");
    }
}
