//! Generated programs: the ink the VM takes is the ink the reference machine counts, to the unit.

use chartseal_devnode::stylus::{Status, activate};
use proptest::prelude::*;

use crate::chain::Chain;
use crate::machine::{
    BINARY, Ins, MEMORY, Machine, Trap, Ty, UNARY, compares, instrumented_length,
};
use crate::probe::GAS;

/// A local of the type, by a number of any size. Local 3 counts loops of the entry point.
fn local(ty: Ty, number: usize) -> usize {
    match ty {
        Ty::I32 => number % 3,
        Ty::I64 => 4 + number % 4,
    }
}

/// Code that leaves one value of type `ty`. The helper does not call itself.
fn expression(ty: Ty, calls: bool) -> BoxedStrategy<Vec<Ins>> {
    let leaf = leaf(ty);
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let other = if ty == Ty::I32 { Ty::I64 } else { Ty::I32 };
        let leaf_of_other = self::leaf(other);
        let arithmetic = (0..BINARY.len(), inner.clone(), inner.clone()).prop_filter_map(
            "results of the type",
            move |(op, left, right)| {
                (ty == Ty::I32 || !compares(op))
                    .then(|| join([left, right, vec![Ins::Binary(ty, op)]]))
            },
        );
        let counts = (0..UNARY.len(), inner.clone()).prop_filter_map(
            "results of the type",
            move |(op, operand)| {
                (ty == Ty::I32 || op != 0).then(|| join([operand, vec![Ins::Unary(ty, op)]]))
            },
        );
        let convert = leaf_of_other.clone().prop_map(move |operand| {
            join([
                operand,
                vec![if ty == Ty::I32 {
                    Ins::Wrap
                } else {
                    Ins::Extend
                }],
            ])
        });
        let compare = (11..BINARY.len(), leaf_of_other.clone(), leaf_of_other).prop_map(
            move |(op, left, right)| {
                let widen = if ty == Ty::I64 {
                    vec![Ins::Extend]
                } else {
                    vec![]
                };
                join([left, right, vec![Ins::Binary(other, op)], widen])
            },
        );
        let condition = self::leaf(Ty::I32);
        let select = (inner.clone(), inner.clone(), condition.clone())
            .prop_map(|(a, b, c)| join([a, b, c, vec![Ins::Select]]));
        let either = (condition, inner.clone(), inner.clone()).prop_map(move |(c, a, b)| {
            join([
                c,
                vec![Ins::If(Some(ty))],
                a,
                vec![Ins::Else],
                b,
                vec![Ins::End],
            ])
        });
        let tee = (any::<usize>(), inner.clone())
            .prop_map(move |(n, value)| join([value, vec![Ins::Tee(local(ty, n))]]));
        let load = inner.clone().prop_map(move |address| {
            let narrow = if ty == Ty::I64 {
                vec![Ins::Wrap]
            } else {
                vec![]
            };
            join([address, narrow, in_bounds(), vec![Ins::Load(ty)]])
        });
        let call = (inner, any::<bool>()).prop_map(move |(argument, direct)| {
            if !calls || ty == Ty::I64 {
                return argument;
            }
            let call = if direct {
                vec![Ins::Call]
            } else {
                vec![Ins::Const(Ty::I32, 0), Ins::CallIndirect]
            };
            join([argument, call])
        });
        prop_oneof![
            arithmetic, counts, convert, compare, select, either, tee, load, call
        ]
    })
    .boxed()
}

fn leaf(ty: Ty) -> BoxedStrategy<Vec<Ins>> {
    prop_oneof![
        prop_oneof![any::<u64>(), 0..4u64].prop_map(move |value| vec![Ins::Const(ty, value)]),
        any::<usize>().prop_map(move |number| vec![Ins::Get(local(ty, number))]),
        Just(match ty {
            Ty::I32 => vec![Ins::MemorySize],
            Ty::I64 => vec![Ins::GlobalGet],
        }),
    ]
    .boxed()
}

fn join<const N: usize>(parts: [Vec<Ins>; N]) -> Vec<Ins> {
    parts.concat()
}

/// Makes an address of what is on the stack: at most 8191.
fn in_bounds() -> Vec<Ins> {
    vec![Ins::Const(Ty::I32, 8_191), Ins::Binary(Ty::I32, 3)]
}

/// Code that leaves nothing.
fn statements(calls: bool) -> BoxedStrategy<Vec<Ins>> {
    let one = |ty: Ty| expression(ty, calls);
    let set = |ty: Ty| {
        (any::<usize>(), one(ty)).prop_map(move |(n, v)| join([v, vec![Ins::Set(local(ty, n))]]))
    };
    let store = |ty: Ty| {
        (one(Ty::I32), one(ty))
            .prop_map(move |(at, v)| join([at, in_bounds(), v, vec![Ins::Store(ty)]]))
    };
    let fill = (one(Ty::I32), one(Ty::I32), one(Ty::I32)).prop_map(|(at, value, length)| {
        join([at, in_bounds(), value, length, in_bounds(), vec![Ins::Fill]])
    });
    let plain = prop_oneof![
        set(Ty::I32),
        set(Ty::I64),
        store(Ty::I32),
        store(Ty::I64),
        fill,
        one(Ty::I64).prop_map(|value| join([value, vec![Ins::GlobalSet]])),
        one(Ty::I32).prop_map(|value| join([value, vec![Ins::Drop]])),
        Just(vec![Ins::Nop]),
    ];
    plain
        .prop_recursive(3, 40, 4, move |inner| {
            let condition = expression(Ty::I32, calls);
            let body = prop::collection::vec(inner, 0..4).prop_map(|parts| parts.concat());
            prop_oneof![
                (condition.clone(), body.clone()).prop_map(|(c, b)| join([
                    c,
                    vec![Ins::If(None)],
                    b,
                    vec![Ins::End]
                ])),
                (condition.clone(), body.clone(), body.clone()).prop_map(|(c, a, b)| {
                    join([
                        c,
                        vec![Ins::If(None)],
                        a,
                        vec![Ins::Else],
                        b,
                        vec![Ins::End],
                    ])
                }),
                (condition.clone(), body.clone(), body.clone()).prop_map(|(c, a, b)| {
                    join([
                        vec![Ins::Block],
                        a,
                        c,
                        vec![Ins::BrIf(0)],
                        b,
                        vec![Ins::End],
                    ])
                }),
                (body.clone(), body.clone()).prop_map(|(a, b)| {
                    join([vec![Ins::Block], a, vec![Ins::Br(0)], b, vec![Ins::End]])
                }),
                (condition.clone(), body.clone(), body.clone()).prop_map(|(c, a, b)| {
                    join([
                        vec![Ins::Block, Ins::Block, Ins::Block],
                        c,
                        vec![Ins::BrTable(vec![0, 1, 2]), Ins::End],
                        a,
                        vec![Ins::End],
                        b,
                        vec![Ins::End],
                    ])
                }),
                (condition, body.clone()).prop_map(|(c, b)| {
                    join([
                        c,
                        vec![Ins::If(None), Ins::Const(Ty::I32, 0), Ins::Return, Ins::End],
                        b,
                    ])
                }),
                (1..4u64, body).prop_map(|(times, body)| counted_loop(times, body)),
            ]
        })
        .boxed()
}

/// Runs `body` while local 3, set to `times`, is not used up; loops inside share the counter and
/// only shorten it.
fn counted_loop(times: u64, body: Vec<Ins>) -> Vec<Ins> {
    const COUNTER: usize = 3;
    let nested = body.contains(&Ins::Loop);
    let set = if nested {
        vec![]
    } else {
        vec![Ins::Const(Ty::I32, times), Ins::Set(COUNTER)]
    };
    let again = vec![
        Ins::Get(COUNTER),
        Ins::Const(Ty::I32, 1),
        Ins::Binary(Ty::I32, 1),
        Ins::Tee(COUNTER),
        Ins::Const(Ty::I32, 3),
        Ins::Binary(Ty::I32, 3),
        Ins::BrIf(0),
        Ins::End,
    ];
    let again = if nested { vec![Ins::End] } else { again };
    join([set, vec![Ins::Loop], body, again])
}

fn function(calls: bool) -> impl Strategy<Value = Vec<Ins>> {
    let body = prop::collection::vec(statements(calls), 1..6).prop_map(|parts| parts.concat());
    (body, expression(Ty::I32, calls))
        .prop_map(|(body, result)| join([body, result, vec![Ins::End]]))
}

fn text(body: &[Ins]) -> String {
    let lines: Vec<_> = body[..body.len() - 1].iter().map(Ins::text).collect();
    lines.join("\n")
}

fn module(entry: &[Ins], helper: &[Ins]) -> String {
    let function = |name: &str, body: &[Ins]| {
        format!(
            "(func {name} (param i32) (result i32) (local i32 i32 i32 i64 i64 i64 i64)\n{})",
            text(body)
        )
    };
    format!(
        "(module (type $helper_type (func (param i32) (result i32)))
         (memory (export \"memory\") 1 1) (table 1 1 funcref) (elem (i32.const 0) $helper)
         (global $g (mut i64) (i64.const 9)) {} {})",
        function("$helper", helper),
        function("(export \"user_entrypoint\")", entry)
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn ink_is_what_the_reference_counts(
        entry in function(true),
        helper in function(false),
        calldata in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let wasm = wat::parse_str(module(&entry, &helper)).expect("generated programs are valid");
        let mut chain = Chain::new();
        chain.params.ink_price = 1;
        let activated = activate(&wasm, &chain.activation()).expect("and acceptable");

        let length = instrumented_length(&entry) + instrumented_length(&helper);
        let elements = 7;
        let microseconds = wasm.len() as u64 * 31_733 / 100_000 + elements * 17_376 / 100_000
            + 2_217 + length * 535 / 1_000;
        prop_assert_eq!(activated.gas_used, 28 * microseconds, "activation gas");

        let mut machine = Machine { helper: &helper, memory: vec![0; MEMORY], global: 9, ink: 0 };
        let expected = match machine.run(&entry, calldata.len() as u64) {
            Ok(0) => Status::Success,
            Ok(_) => Status::Revert,
            Err(Trap) => Status::Failure,
        };
        let outcome = chain.run(&activated.program, &calldata, GAS);
        prop_assert_eq!(outcome.status, expected);
        prop_assert_eq!(GAS - outcome.gas_left, machine.ink);

        let exact = chain.run(&activated.program, &calldata, machine.ink);
        prop_assert_eq!((exact.status, exact.gas_left), (expected, 0));
        let short = chain.run(&activated.program, &calldata, machine.ink - 1);
        prop_assert_eq!((short.status, short.gas_left), (Status::OutOfInk, 0));
    }
}
