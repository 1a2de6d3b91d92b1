//! What activation refuses, one rule at a time, and what it costs.

use chartseal_devnode::stylus::{ActivationError, ActivationParams, Program, activate};
use wasm_encoder::{CustomSection, DataCountSection, Module, RawSection};

use crate::chain::Chain;
use crate::probe::module;

/// Activation on a chain that allows debugging.
fn debug_chain() -> ActivationParams {
    Chain::new().activation()
}

/// Activation on a chain that does not.
fn strict_chain() -> ActivationParams {
    ActivationParams {
        debug: false,
        ..debug_chain()
    }
}

fn refusal(wasm: &[u8], params: &ActivationParams) -> String {
    match activate(wasm, params) {
        Err(ActivationError::Rejected(text)) => text,
        Err(ActivationError::OutOfGas) => "out of gas".to_owned(),
        Ok(_) => "accepted".to_owned(),
    }
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The least program, with `fields` before it.
fn with(fields: &str) -> String {
    format!("(module {fields} {MEMORY} {ENTRY})")
}

const MEMORY: &str = r#"(memory (export "memory") 1 1)"#;
const ENTRY: &str =
    r#"(func $entry (export "user_entrypoint") (param i32) (result i32) i32.const 0)"#;

#[test]
fn the_least_program_is_accepted() {
    for params in [debug_chain(), strict_chain()] {
        assert_eq!(refusal(&wat(&with("")), &params), "accepted");
    }
}

/// Text format modules, and part of the refusal.
#[test]
fn refusals() {
    let hook = |name: &str, ty: &str| with(&format!(r#"(import "vm_hooks" "{name}" (func {ty}))"#));
    let entry = |ty: &str, body: &str| {
        format!(r#"(module {MEMORY} (func (export "user_entrypoint") {ty} {body}))"#)
    };
    let cases = [
        (
            with(r#"(import "vm_hooks" "memory" (memory 1))"#),
            "import vm_hooks.memory is no function",
        ),
        (
            with(r#"(import "vm_hooks" "table" (table 1 funcref))"#),
            "import vm_hooks.table is no function",
        ),
        (
            with(r#"(import "vm_hooks" "global" (global i32))"#),
            "import vm_hooks.global is no function",
        ),
        (
            hook("no_such_function", ""),
            "no such host function: vm_hooks.no_such_function",
        ),
        (
            with(r#"(import "env" "read_args" (func (param i32)))"#),
            "no such host function: env.read_args",
        ),
        (
            with(r#"(import "debug" "null_host" (func))"#),
            "no such host function: debug.null_host",
        ),
        (
            hook("read_args", "(param i64)"),
            "import vm_hooks.read_args has the wrong type: it must be (i32) -> ()",
        ),
        (
            hook("read_args", "(param i32) (result i32)"),
            "has the wrong type",
        ),
        (
            hook(
                "call_contract",
                "(param i32 i32 i32 i32 i32 i32) (result i32)",
            ),
            "must be (i32 i32 i32 i32 i64 i32) -> (i32)",
        ),
        (hook("stylus_thing", ""), "begins with the reserved stylus"),
        (
            with(
                r#"(import "vm_hooks" "read_args" (func (param i32)))
            (func (export "read_args"))"#,
            ),
            "export read_args has the name of an import",
        ),
        (
            with(
                r#"(import "vm_hooks" "read_args" (func (param i32)))
            (func (export "vm_hooks__read_args"))"#,
            ),
            "has the name of an import",
        ),
        (
            with(r#"(func (export "stylus_ink_left"))"#),
            "begins with the reserved stylus",
        ),
        (
            with(r#"(func (export "user__stylus"))"#),
            "begins with the reserved stylus",
        ),
        (
            format!("(module {ENTRY})"),
            "exactly one memory, but this has 0",
        ),
        (
            format!("(module (memory 1 1) {ENTRY})"),
            "must export its memory as \"memory\"",
        ),
        (
            format!(r#"(module (memory (export "mem") 1 1) {ENTRY})"#),
            "must export its memory",
        ),
        (
            format!(r#"(module (memory 1 1) {ENTRY} (func (export "memory")))"#),
            "must export its memory",
        ),
        (
            format!(r#"(module (memory (export "memory") 129 129) {ENTRY})"#),
            "129 pages exceeds the limit of 128",
        ),
        (
            format!(r#"(module (memory (export "memory") 1) {ENTRY})"#),
            "pay_for_memory_grow",
        ),
        (
            format!(r#"(module (memory (export "memory") 1 2) {ENTRY})"#),
            "pay_for_memory_grow",
        ),
        (
            format!("(module {MEMORY} (func))"),
            "missing export user_entrypoint",
        ),
        (
            format!(
                r#"(module {MEMORY} (func) (global (export "user_entrypoint") i32 (i32.const 0)))"#
            ),
            "missing export user_entrypoint",
        ),
        (
            entry("(result i32)", "i32.const 0"),
            "with type (i32) -> (i32)",
        ),
        (entry("(param i32)", ""), "with type (i32) -> (i32)"),
        (
            entry("(param i64) (result i32)", "i32.const 0"),
            "with type (i32) -> (i32)",
        ),
        (
            format!(
                r#"(module (import "vm_hooks" "account_code_size" (func (param i32) (result i32)))
            {MEMORY} (export "user_entrypoint" (func 0)) (func))"#
            ),
            "must be a function of the program",
        ),
        (
            with("(table 4097 funcref)"),
            "at most 4096 table entries, not 4097",
        ),
        (with("(table 1 externref)"), "failed to parse wasm"),
        (
            with("(table 1 funcref) (table 1 funcref)"),
            "failed to parse wasm",
        ),
        (
            with("(table 1 funcref) (elem (i32.const 1) $entry)"),
            "element segment ends at 2, out of bounds (1)",
        ),
        (
            with("(table 1 funcref) (elem (i32.const -1) $entry)"),
            "out of bounds",
        ),
        (
            with("(table 1 funcref) (global $g i32 (i32.const 0)) (elem (global.get $g) $entry)"),
            "single constant",
        ),
        (
            with("(table 1 funcref) (elem (i32.const 0) funcref (ref.func $entry))"),
            "must list functions",
        ),
        (
            with("(data (i32.const 65535) \"ab\")"),
            "data segment ends at 65537, out of bounds (65536)",
        ),
        (with("(data (i32.const -1) \"a\")"), "out of bounds"),
        (with("(data (i32.const 65537) \"\")"), "out of bounds"),
        (
            with("(global $g i32 (i32.const 0)) (data (global.get $g) \"\")"),
            "single constant",
        ),
        (
            with("(global i32 (i32.add (i32.const 1) (i32.const 1)))"),
            "single constant",
        ),
        (
            with("(global $a i32 (i32.const 1)) (global i32 (global.get $a))"),
            "single constant",
        ),
        (with("(global funcref (ref.null func))"), "single constant"),
        (with("(tag)"), "unsupported section type: tag section"),
        (with("(memory 1)"), "failed to parse wasm"),
        (with("(type (struct))"), "failed to parse wasm"),
        (with("(func (param v128))"), "failed to parse wasm"),
        (with("(func (param externref))"), "failed to parse wasm"),
    ];
    for (text, expected) in cases {
        let found = refusal(&wat(&text), &debug_chain());
        assert!(found.contains(expected), "{text}\n  {found}\n  {expected}");
    }
}

/// What looks odd but is allowed.
#[test]
fn oddities_are_accepted() {
    let texts = [
        with("(data \"passive\")"),
        with("(data (i32.const 65536) \"\")"),
        with("(table 2 funcref) (elem func $entry) (elem declare func $entry)"),
        with("(table 2 funcref) (elem (i32.const 2))"),
        with("(global f32 (f32.const 1)) (global (mut f64) (f64.const -1))"),
        with("(func (param f32 f64) (result f32) local.get 0)"),
        with("(func (result i32 i64) i32.const 1 i64.const 2)"),
        with(r#"(export "again" (memory 0)) (export "entry" (func $entry))"#),
        with("(func $dead unreachable f32.const 0 drop)"),
        format!(r#"(module (memory (export "memory") 0 0) {ENTRY})"#),
        format!(
            r#"(module (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
            (memory (export "memory") 0 65536) {ENTRY})"#
        ),
    ];
    for text in texts {
        assert_eq!(refusal(&wat(&text), &strict_chain()), "accepted", "{text}");
        assert!(Program::compile(&wat(&text), false).is_ok(), "{text}");
        let status = Chain::new().run_wat(&text, b"", 1_000).status;
        assert_eq!(status, chartseal_devnode::stylus::Status::Success, "{text}");
    }
}

/// The names that deployment tools look for when the entry point macro is missing.
#[test]
fn the_missing_import_is_named() {
    let text = format!(r#"(module (memory (export "memory") 1) {ENTRY})"#);
    assert!(refusal(&wat(&text), &strict_chain()).contains("pay_for_memory_grow"));
}

#[test]
fn invalid_bytes() {
    for bytes in [
        &b""[..],
        b"\0asm",
        b"\0asm\x02\0\0\0",
        b"\0asm\x0d\0\x01\0",
        b"\0asm\x01\0\0\0\x0f\0",
        &[0xff; 100],
    ] {
        let text = refusal(bytes, &debug_chain());
        assert!(!text.contains("accepted"), "{bytes:?}");
    }
    let mut trailing = wat(&with(""));
    trailing.push(0);
    assert!(refusal(&trailing, &debug_chain()).contains("failed to parse wasm"));
    assert!(refusal(&wat(&with(""))[..20], &debug_chain()).contains("failed to parse wasm"));
}

/// The same function may be imported twice, but not with two types, be they equal.
#[test]
fn imports_twice() {
    let twice = |types: &str, first: &str, second: &str| {
        with(&format!(
            r#"{types} (import "vm_hooks" "read_args" (func (type {first})))
               (import "vm_hooks" "read_args" (func (type {second})))"#
        ))
    };
    let types = "(type $a (func (param i32))) (type $b (func (param i32)))";
    let same = wat(&twice(types, "$a", "$a"));
    assert_eq!(refusal(&same, &debug_chain()), "accepted");
    let different = wat(&twice(types, "$a", "$b"));
    assert!(refusal(&different, &debug_chain()).contains("appears with different types"));
}

/// A module of raw sections behind the least program's.
fn with_section(section: &impl wasm_encoder::Section, before_code: bool) -> Vec<u8> {
    let source = wat(&with(""));
    let mut module = Module::new();
    for payload in wasmparser::Parser::new(0).parse_all(&source) {
        let payload = payload.expect("valid");
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        if id == 10 && before_code {
            module.section(section);
        }
        module.section(&RawSection {
            id,
            data: &source[range.start as usize..range.end as usize],
        });
    }
    if !before_code {
        module.section(section);
    }
    module.finish()
}

#[test]
fn sections() {
    let count = DataCountSection { count: 0 };
    let text = refusal(&with_section(&count, true), &debug_chain());
    assert!(
        text.contains("unsupported section type: data count section"),
        "{text}"
    );
    let unknown = RawSection { id: 77, data: &[] };
    assert!(
        refusal(&with_section(&unknown, false), &debug_chain()).contains("failed to parse wasm")
            || refusal(&with_section(&unknown, false), &debug_chain()).contains("section id 77")
    );
    let custom = |name: &str, data: &[u8]| {
        let section = CustomSection {
            name: name.into(),
            data: data.into(),
        };
        refusal(&with_section(&section, false), &debug_chain())
    };
    assert_eq!(custom("project_hash", &[7; 32]), "accepted");
    assert_eq!(custom("name", &[]), "accepted");
    assert_eq!(custom("name", &[0, 4, 3, b'a', b'b', b'c']), "accepted");
    assert!(custom("name", &[0, 4, 9, b'a', b'b', b'c']).contains("failed to parse wasm"));
    assert!(custom("name", &[1, 2, 5, 0]).contains("failed to parse wasm"));
    let long: Vec<u8> = [0u8, 0x83, 0x04, 0x81, 0x04]
        .into_iter()
        .chain([b'x'; 513])
        .collect();
    assert!(custom("name", &long).contains("a name has 513 bytes"));
}

/// Start functions move to an export on debugging chains and are refused on others. They never run.
#[test]
fn start_functions() {
    let text = with("(start $boom) (func $boom unreachable)");
    assert_eq!(refusal(&wat(&text), &debug_chain()), "accepted");
    assert!(refusal(&wat(&text), &strict_chain()).contains("start functions are not allowed"));
    let outcome = Chain::new().run_wat(&text, b"", 1_000);
    assert_eq!(outcome.status, chartseal_devnode::stylus::Status::Success);
}

#[test]
fn the_console_needs_a_debugging_chain() {
    let text = with(r#"(import "console" "log_i32" (func (param i32)))"#);
    assert_eq!(refusal(&wat(&text), &debug_chain()), "accepted");
    assert!(
        refusal(&wat(&text), &strict_chain()).contains("no such host function: console.log_i32")
    );
}

/// A list of `count` copies.
fn repeat(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

/// Each limit as (the most accepted, part of the refusal, a module with that many).
type Limit = (usize, &'static str, fn(usize) -> String);

#[test]
fn limits() {
    let limits: [Limit; 12] = [
        (128, "at most 128 data segments", |n| {
            with(&repeat(n, |_| "(data (i32.const 0) \"\")".to_owned()))
        }),
        (128, "at most 128 element segments", |n| {
            with(&format!(
                "(table 1 funcref) {}",
                repeat(n, |_| "(elem (i32.const 0))".to_owned())
            ))
        }),
        // Two exports of the program and four of the instrumentation.
        (1_024 - 6, "at most 1024 exports", |n| {
            with(&format!(
                "(func $f) {}",
                repeat(n, |i| format!("(export \"e{i}\" (func $f))"))
            ))
        }),
        (4_096 - 1, "at most 4096 functions", |n| {
            with(&repeat(n, |_| "(func)".to_owned()))
        }),
        (513, "at most 513 imports", |n| {
            with(&repeat(n, |_| {
                r#"(import "vm_hooks" "msg_reentrant" (func (result i32)))"#.to_owned()
            }))
        }),
        (348, "348 at most", |n| {
            with(&format!("(func (local {}))", "i32 ".repeat(n)))
        }),
        (4_096, "at most 4096 table entries", |n| {
            with(&format!("(table {n} funcref)"))
        }),
        // Flags, offset, end and count take seven bytes.
        (4_096 - 6, "at most 4096 bytes of element segments", |n| {
            with(&format!(
                "(table 4096 funcref) (elem (i32.const 0) {})",
                "0 ".repeat(n)
            ))
        }),
        (512, "512 at most", |n| {
            with(&format!("(func (export \"{}\"))", "x".repeat(n)))
        }),
        // The meter needs two words at the start of a block, here after the last constant is gone.
        (4_096, "4096 words of operand stack", |n| {
            with(&format!(
                "(func {} {})",
                "i32.const 0 ".repeat(n),
                "drop ".repeat(n)
            ))
        }),
        // One block: 12 for the meter, 12 for the frame, 4 + 1 for the return, 1 for the end.
        (
            65_536 - 30,
            "65536 instructions after instrumentation",
            |n| with(&format!("(func {})", "nop ".repeat(n))),
        ),
        (128, "pages exceeds the limit", |n| {
            format!("(module (memory (export \"memory\") {n} {n}) {ENTRY})")
        }),
    ];
    for (most, refused, text) in limits {
        assert_eq!(
            refusal(&wat(&text(most)), &debug_chain()),
            "accepted",
            "{refused}"
        );
        let found = refusal(&wat(&text(most + 1)), &debug_chain());
        assert!(found.contains(refused), "{found}");
    }
}

/// The four added globals count; 32,768 are allowed. Each takes five bytes, so the size limit comes
/// near; the cached start cost per global is what refuses them in the end.
#[test]
fn globals() {
    let text = |n: usize| with(&repeat(n, |_| "(global i32 (i32.const 0))".to_owned()));
    assert!(
        refusal(
            &wat(&text(32_765)),
            &ActivationParams {
                stylus: chartseal_devnode::stylus::StylusParams {
                    max_wasm_size: 1 << 20,
                    ..Default::default()
                },
                ..debug_chain()
            }
        )
        .contains("at most 32768 globals, not 32769")
    );
    assert!(refusal(&wat(&text(20_000)), &debug_chain()).contains("accepted"));
}

/// Costs that do not fit 16 bits: here the start cost, by functions.
#[test]
fn costs_that_do_not_fit() {
    let text = |types: usize| {
        let params = "i32 ".repeat(1_000);
        format!(
            "(module (type $t (func (param {params}))) {MEMORY} {ENTRY} {})",
            repeat(types, |_| "(func (type $t))".to_owned())
        )
    };
    assert_eq!(refusal(&wat(&text(60)), &debug_chain()), "accepted");
    let found = refusal(&wat(&text(62)), &debug_chain());
    assert!(found.contains("the start cost of the program"), "{found}");
}

#[test]
fn size_and_pages_of_the_chain() {
    let wasm = wat(&with(""));
    let mut params = debug_chain();
    params.stylus.max_wasm_size = wasm.len() as u32;
    assert_eq!(refusal(&wasm, &params), "accepted");
    params.stylus.max_wasm_size -= 1;
    assert!(refusal(&wasm, &params).contains("at most"));
    let open = |pages| ActivationParams {
        open_pages: pages,
        ..debug_chain()
    };
    assert_eq!(refusal(&wasm, &open(127)), "accepted");
    assert!(refusal(&wasm, &open(128)).contains("exceeds the limit of 0"));
    assert!(refusal(&wasm, &open(u16::MAX)).contains("exceeds the limit of 0"));
}

#[test]
fn gas_runs_out_to_the_unit() {
    let wasm = wat(&with(""));
    let used = activate(&wasm, &debug_chain())
        .expect("acceptable")
        .gas_used;
    let with_gas = |gas| {
        refusal(
            &wasm,
            &ActivationParams {
                gas,
                ..debug_chain()
            },
        )
    };
    assert_eq!(with_gas(used), "accepted");
    assert_eq!(with_gas(used - 1), "out of gas");
}

/// A module whose every measure is known: the formulas of gas and of predicted costs, by hand.
#[test]
fn costs_by_hand() {
    let text = r#"(module
        (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
        (memory (export "memory") 3)
        (table 4 funcref)
        (elem (i32.const 0) 1 2)
        (global (mut i64) (i64.const 5))
        (data (i32.const 0) "0123456789")
        (func (param i32 i64) (result i32)
            i32.const 0 i32.const 0 i32.const 0 memory.fill
            i32.const 1 memory.grow return)
        (func (export "user_entrypoint") (param i32) (result i32)
            loop local.get 0 br_if 0 end
            i32.const 0))"#;
    let wasm = wat(text);
    let activated = activate(&wasm, &debug_chain()).expect("acceptable");
    let w = wasm.len() as u64;
    // First function: 8 instructions, 2 blocks, 1 fill, 1 return, 1 growth. Second: 6, 4 blocks.
    let instructions = (8 + 12 * 2 + 17 + 12 + 4 * 2 + 1 + 4) + (6 + 12 * 4 + 12 + 4 + 1);
    // Flags, offset with its end, count and two indices; flags, offset with its end, length and bytes.
    let (elements, data) = (7, 15);
    let part = |count: u64, (per, of): (u64, u64)| count * per / of;
    let microseconds = part(w, (31_733, 100_000))
        + part(2, (17_263, 100_000))
        + part(10, (17_376, 100_000))
        + part(elements, (17_376, 100_000))
        + 3 * 2_217
        + part(instructions, (535, 1_000));
    assert_eq!(activated.gas_used, 28 * microseconds);
    let cached = part(2, (13_420, 100_000))
        + part(5, (89, 100_000))
        + part(w, (122, 100_000))
        + part(5, (1_628, 1_000))
        + part(elements + data, (75_244, 100_000))
        + 3 * 5;
    let init = part(2, (8_252, 1_000)) + part(5, (1_059, 1_000)) + part(w, (1_286, 10_000));
    let asm =
        512_000 + part(2, (996_829, 1_000)) + part(5, (11_416, 1_000)) + part(w, (62_628, 10_000));
    let costs = activated.costs;
    assert_eq!(u64::from(costs.cached_init), cached);
    assert_eq!(u64::from(costs.init), init);
    assert_eq!(u64::from(costs.asm_bytes), asm);
    assert_eq!(costs.footprint, 3);
}

/// What is active on chain compiles again without being paid for.
#[test]
fn compiling_again() {
    let wasm = wat(&module(1, b"", ""));
    assert!(Program::compile(&wasm, true).is_ok());
    assert!(matches!(
        Program::compile(b"junk", true),
        Err(ActivationError::Rejected(_))
    ));
}

/// A function of a few bytes may push a thousand words at a time; it is refused before anything
/// allocates by it.
#[test]
fn many_results_do_not_exhaust_memory() {
    let results = "i32 ".repeat(1_000);
    let zeros = "i32.const 0 ".repeat(1_000);
    let text = with(&format!(
        "(func $many (result {results}) {zeros}) (func {} unreachable)",
        "call $many ".repeat(30_000)
    ));
    assert!(refusal(&wat(&text), &debug_chain()).contains("words of operand stack"));
}
