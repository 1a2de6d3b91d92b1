//! Bytes from a stranger: from storage, the chain, a node or a file. `CHARTSEAL_FUZZ_RUNS` sets how many of each are
//! tried. The targets under `fuzz/` try the same functions for as long as one likes.

#[path = "../fuzz/harness.rs"]
mod harness;
#[path = "../fuzz/node.rs"]
mod node;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// How many cases of each kind.
fn runs() -> u32 {
    std::env::var("CHARTSEAL_FUZZ_RUNS").map_or(256, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("CHARTSEAL_FUZZ_RUNS={text} is no number"))
    })
}

/// Bytes of any length up to `most`.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=most)
}

/// A few changes, as the harness reads them.
fn changes() -> impl Strategy<Value = Vec<u8>> {
    vec(
        (any::<u16>(), prop_oneof![1 => 0..4_u8, 3 => any::<u8>()]),
        0..4,
    )
    .prop_map(|changes| {
        let one = |(at, kind): (u16, u8)| [at.to_be_bytes().to_vec(), vec![kind]].concat();
        changes.into_iter().flat_map(one).collect()
    })
}

/// Numbers of a keystore's header: at its bounds, beyond them, any, or the cheapest, whose keystores are opened.
fn cost() -> impl Strategy<Value = Vec<u8>> {
    let known = select(vec![
        0,
        1,
        4,
        16,
        17,
        19_455,
        19_456,
        262_144,
        262_145,
        u32::MAX,
    ]);
    let number = prop_oneof![known, any::<u32>()];
    let numbers = [number.clone(), number.clone(), number];
    let cheapest = Just([19_456, 1, 1]);
    prop_oneof![7 => numbers, 1 => cheapest]
        .prop_map(|numbers| numbers.into_iter().flat_map(u32::to_be_bytes).collect())
}

/// Words as the chain's encoding has them: small numbers, which are also offsets and lengths, or anything.
fn words() -> impl Strategy<Value = Vec<u8>> {
    let small = select(vec![0, 1, 2, 8, 0x20, 0x40, 0x60, 0x80, 0xff]);
    let number = small.prop_map(|number: u8| [&[0; 31][..], &[number]].concat());
    vec(prop_oneof![3 => number, 1 => vec(any::<u8>(), 32)], 0..12).prop_map(|words| words.concat())
}

fn joined(parts: (Vec<u8>, Vec<u8>)) -> Vec<u8> {
    [parts.0, parts.1].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(runs()))]

    #[test]
    fn objects(bytes in bytes(40_000), choice in any::<u8>(), changes in changes()) {
        harness::object(&bytes);
        harness::object(&[&[choice][..], &changes].concat());
    }

    #[test]
    fn sealed_info(bytes in prop_oneof![bytes(1_200), changes()]) {
        harness::sealed_info(&bytes);
    }

    #[test]
    fn wrapped_keys_and_notes(bytes in prop_oneof![bytes(1_200), changes()]) {
        harness::wrapped_key(&bytes);
    }

    #[test]
    fn keystores(bytes in prop_oneof![bytes(200), (cost(), bytes(108)).prop_map(joined)]) {
        harness::keystore(&bytes);
    }

    #[test]
    fn events(topics in 0..5_u8, which in any::<u8>(), rest in prop_oneof![words(), bytes(1_500)]) {
        harness::event(&[&[topics, which][..], &rest].concat());
    }

}

proptest! {
    // Each case is a connection and some twenty requests.
    #![proptest_config(ProptestConfig::with_cases(runs().div_ceil(8)))]

    #[test]
    fn replies(form in any::<u8>(), said in prop_oneof![words(), bytes(700), changes()]) {
        node::replies(&[&[form][..], &said].concat());
    }
}

/// The harness reaches what is behind the decoders: events, records and answers of the right form are understood.
#[test]
fn what_has_the_right_form_is_understood() {
    let one = [&[0; 31][..], &[1]].concat().repeat(9);
    let understood =
        |which: &u8| (0..5).any(|topics| harness::event(&[&[topics, *which][..], &one].concat()));
    // All but those with sealed bytes, whose offset cannot be 1.
    assert_eq!((0..19).filter(understood).count(), 14);
    assert_eq!(node::replies(&[3]), 3, "blocks and a receipt");
    // A digest has zeros where the others have a 1.
    let mut answer = [&[2][..], &one].concat();
    answer[5 * 32] = 0;
    assert_eq!(node::replies(&answer), 8, "views");
}
