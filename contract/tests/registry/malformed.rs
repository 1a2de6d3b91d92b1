//! Calldata that no well-behaved client sends: refused without a word, and without a trace.

use alloy_primitives::{U256, keccak256};
use alloy_sol_types::SolInterface;
use proptest::prelude::*;

use crate::Machine;
use crate::calldata::{Word, words};
use crate::common::*;
use crate::world::{World, caller};

tests!(
    too_short,
    trailing_bytes,
    dirty_padding,
    neither_true_nor_false,
    offsets_and_lengths_outside,
    no_such_function,
    ether,
    sixty_four_pass,
    sixty_five_fail,
);

/// Numbers at which arithmetic on offsets and lengths goes wrong, all beyond any calldata here.
fn huge_numbers() -> Vec<U256> {
    let bits = [27, 28, 31, 32, 33, 58, 59, 63, 64, 65, 128, 255];
    let powers = bits.map(|bits| U256::from(1) << bits);
    let below = powers.map(|power| power - U256::from(1));
    let wrapping = [
        U256::MAX,
        U256::MAX - U256::from(31),
        U256::from(u32::MAX - 31),
    ];
    [&powers[..], &below[..], &wrapping[..]].concat()
}

fn signature(data: &[u8]) -> &'static str {
    let selector = data[..4].try_into().expect("four bytes");
    abi::IRegistryCalls::signature_by_selector(selector).expect("a function of the interface")
}

fn with_byte(data: &[u8], at: usize, byte: u8) -> Vec<u8> {
    let mut data = data.to_vec();
    data[at] = byte;
    data
}

fn with_word(data: &[u8], at: usize, word: U256) -> Vec<u8> {
    let mut data = data.to_vec();
    data[at..at + 32].copy_from_slice(&word.to_be_bytes::<32>());
    data
}

impl<B: Backend> World<B> {
    /// Sends what must be refused with an empty revert, and leave everything as it was.
    fn refuses_silently(&mut self, sender: &str, data: &[u8], what: &str) {
        let before = self.chain.backend.fingerprint();
        let outcome = self.chain.send(caller(sender), data);
        let got = outcome.result.map_err(|data| refusal(&data));
        assert_eq!(got, Err(refusal(&[])), "{what}");
        assert!(outcome.logs.is_empty(), "{what}");
        assert_eq!(self.chain.backend.fingerprint(), before, "{what}");
    }
}

fn too_short<B: Backend>() {
    let mut world = World::<B>::new();
    world.refuses_silently("owner", &[], "no calldata");
    for (sender, (function, data)) in world.samples() {
        for length in 0..data.len() {
            let what = format!("{length} bytes of {function}");
            world.refuses_silently(sender, &data[..length], &what);
        }
    }
}

/// As Solidity does, the registry ignores what follows the arguments.
fn trailing_bytes<B: Backend>() {
    for (index, (sender, (function, data))) in World::<B>::new().samples().into_iter().enumerate() {
        let expected = World::<B>::new().chain.send(caller(sender), &data);
        assert!(expected.result.is_ok(), "{function}: {expected:?}");
        let more = vec![0xff; 1 + index % 64];
        let outcome = World::<B>::new()
            .chain
            .send(caller(sender), &[data, more].concat());
        assert_eq!(outcome, expected, "{function}");
    }
}

fn dirty_padding<B: Backend>() {
    let mut world = World::<B>::new();
    for (sender, (function, data)) in world.samples() {
        for (at, word) in words(signature(&data), &data) {
            for byte in word.padding() {
                let dirty = with_byte(&data, at + byte, 0x80 >> (byte % 8));
                let what = format!("{function} with byte {byte} of the {word:?} at {at}");
                world.refuses_silently(sender, &dirty, &what);
            }
        }
    }
}

fn neither_true_nor_false<B: Backend>() {
    let mut world = World::<B>::new();
    for (sender, (function, data)) in world.samples() {
        let words = words(signature(&data), &data).into_iter();
        for (at, _) in words.filter(|(_, word)| *word == Word::Bool) {
            for byte in [2, 3, 128, 255] {
                let what = format!("{function} with {byte} for the bool at {at}");
                world.refuses_silently(sender, &with_byte(&data, at + 31, byte), &what);
            }
        }
    }
}

fn offsets_and_lengths_outside<B: Backend>() {
    let mut world = World::<B>::new();
    for (sender, (function, data)) in world.samples() {
        for (at, word) in words(signature(&data), &data) {
            if !matches!(word, Word::Offset | Word::Length) {
                continue;
            }
            let mut numbers = huge_numbers();
            // The end of the arguments, and every byte from which no whole word follows.
            numbers.extend((data.len() - 4 - 31..=data.len()).map(U256::from));
            for number in numbers {
                let what = format!("{function} with {number} for the {word:?} at {at}");
                world.refuses_silently(sender, &with_word(&data, at, number), &what);
            }
        }
    }
}

fn no_such_function<B: Backend>() {
    let mut world = World::<B>::new();
    let known = abi::IRegistryCalls::SELECTORS;
    // The SDK keeps this one for constructors; the registry has none.
    let constructor = keccak256("stylus_constructor()");
    let mut selectors = vec![
        [0; 4],
        [0xff; 4],
        constructor[..4].try_into().expect("four bytes"),
    ];
    let bits = (0..32).map(|bit| 1_u32 << bit);
    for bit in bits {
        selectors.extend(
            known
                .iter()
                .map(|known| (u32::from_be_bytes(*known) ^ bit).to_be_bytes()),
        );
    }
    for selector in selectors
        .into_iter()
        .filter(|selector| !known.contains(selector))
    {
        let what = format!("selector {selector:02x?}");
        world.refuses_silently("owner", &selector, &what);
        world.refuses_silently("owner", &[&selector[..], &[0; 512]].concat(), &what);
    }
}

fn ether<B: Backend>() {
    let mut world = World::<B>::new();
    let mut calls = world.samples();
    calls.push(("owner", ("nothing", vec![])));
    calls.push(("owner", ("an unknown function", vec![1, 2, 3, 4])));
    for (sender, (function, data)) in calls {
        for value in [U256::from(1), U256::MAX] {
            let (sender, time) = (caller(sender), world.chain.now);
            let before = world.chain.backend.fingerprint();
            let message = Message {
                sender,
                time,
                value,
                data: &data,
            };
            let outcome = world.chain.backend.call(&message);
            assert_eq!(
                outcome,
                Outcome {
                    result: Err(vec![]),
                    logs: vec![]
                },
                "{function}"
            );
            assert_eq!(world.chain.backend.fingerprint(), before, "{function}");
        }
    }
}

/// A record of `owner` and 65 registered users.
fn crowd<B: Backend>() -> (
    Chain<B>,
    alloy_primitives::B256,
    Vec<alloy_primitives::Address>,
) {
    let (mut chain, [owner]) = with_users::<B, 1>(["owner"]);
    let users: Vec<_> = (0..65)
        .map(|number| account(&format!("user {number}")))
        .collect();
    users.iter().for_each(|user| register(&mut chain, *user));
    let id = add(&mut chain, owner, "a");
    (chain, id, users)
}

fn rekey(id: alloy_primitives::B256, kept: Vec<abi::Grant>) -> abi::rekeyRecordCall {
    let (digest, info) = (digest("b"), sealed(1024));
    abi::rekeyRecordCall {
        id,
        expectedVersion: 1,
        digest,
        sealedInfo: info,
        kept,
    }
}

fn sixty_four_pass<B: Backend>() {
    let (mut chain, id, users) = crowd::<B>();
    let (owner, users) = (account("owner"), &users[..64]);
    let given: Vec<_> = users.iter().map(|user| terms(id, *user)).collect();
    let (_, events) = chain.run(
        owner,
        abi::grantManyCall {
            given: given.clone(),
        },
    );
    assert_eq!(events.len(), 64);
    let kept = given
        .into_iter()
        .map(|given| abi::Grant { epoch: 1, ..given })
        .collect();
    let (_, events) = chain.run(owner, rekey(id, kept));
    assert_eq!(events.len(), 65);
    for user in users {
        assert_eq!(standing(&mut chain, id, *user), (1, 0));
    }
    chain.ok(
        owner,
        abi::removeRecordCall {
            id,
            grantees: users.to_vec(),
        },
    );
    for user in users {
        let key = chain.view(abi::wrappedKeyOfCall { id, user: *user });
        assert_eq!(key.key, no_key());
    }
}

fn sixty_five_fail<B: Backend>() {
    let (mut chain, id, users) = crowd::<B>();
    let owner = account("owner");
    let error = || abi::TooMany {
        count: U256::from(65),
        limit: U256::from(64),
    };
    let given: Vec<_> = users.iter().map(|user| terms(id, *user)).collect();
    chain.refuses(
        owner,
        abi::grantManyCall {
            given: given.clone(),
        },
        error(),
    );
    chain.refuses(owner, rekey(id, given), error());
    chain.refuses(
        owner,
        abi::removeRecordCall {
            id,
            grantees: users.clone(),
        },
        error(),
    );
    chain.refuses(
        owner,
        abi::usersOfCall {
            users: users.clone(),
        },
        error(),
    );
    chain.refuses(owner, abi::recordsOfCall { ids: vec![id; 65] }, error());
    let pairs: Vec<_> = users
        .iter()
        .map(|user| abi::RecordUser { id, user: *user })
        .collect();
    chain.refuses(
        owner,
        abi::accessesOfCall {
            pairs: pairs.clone(),
        },
        error(),
    );
    chain.refuses(
        owner,
        abi::wrappedKeysOfCall {
            pairs: pairs.clone(),
        },
        error(),
    );
    chain.refuses(owner, abi::requestsOfCall { pairs }, error());
    let pairs = users.iter().map(|user| abi::VoucherUser {
        voucher: owner,
        user: *user,
    });
    chain.refuses(
        owner,
        abi::vouchesOfCall {
            pairs: pairs.collect(),
        },
        error(),
    );
    let pairs = users.iter().map(|user| abi::OwnerDepositor {
        owner,
        depositor: *user,
    });
    chain.refuses(
        owner,
        abi::depositRightsOfCall {
            pairs: pairs.collect(),
        },
        error(),
    );
    let count = U256::from(1000);
    let many = abi::recordsOfCall {
        ids: vec![id; 1000],
    };
    chain.refuses(
        owner,
        many,
        abi::TooMany {
            count,
            limit: U256::from(64),
        },
    );
}

/// A change to a calldata.
#[derive(Clone, Debug)]
enum Mutation {
    Byte { at: usize, to: u8 },
    Word { at: usize, to: U256 },
    Cut { length: usize },
    Append { bytes: Vec<u8> },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let small = (0_u64..2048).prop_map(U256::from);
    let number = prop_oneof![4 => small, 1 => prop::sample::select(huge_numbers())];
    prop_oneof![
        4 => (0_usize..4096, any::<u8>()).prop_map(|(at, to)| Mutation::Byte { at, to }),
        4 => (0_usize..64, number).prop_map(|(at, to)| Mutation::Word { at, to }),
        1 => (0_usize..4096).prop_map(|length| Mutation::Cut { length }),
        1 => prop::collection::vec(any::<u8>(), 1..100).prop_map(|bytes| Mutation::Append { bytes }),
    ]
}

/// The calldata after a change, whose positions wrap around at its end.
fn mutate(mut data: Vec<u8>, mutation: &Mutation) -> Vec<u8> {
    match mutation {
        Mutation::Byte { at, to } if !data.is_empty() => {
            let at = at % data.len();
            with_byte(&data, at, *to)
        }
        Mutation::Word { at, to } if data.len() >= 36 => {
            let at = 4 + at % ((data.len() - 4) / 32) * 32;
            with_word(&data, at, *to)
        }
        Mutation::Cut { length } => {
            data.truncate(length % (data.len() + 1));
            data
        }
        Mutation::Append { bytes } => [data, bytes.clone()].concat(),
        Mutation::Byte { .. } | Mutation::Word { .. } => data,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever arrives: if the registry takes it, it is an encoding of arguments, and the registry does what it does
    /// for their one canonical encoding. If not, it says nothing or one of its errors.
    #[test]
    fn mutated_calldata(
        sample in 0_usize..34,
        mutations in prop::collection::vec(prop::collection::vec(mutation(), 1..4), 20),
    ) {
        let (mut world, mut twin) = (World::<Machine>::new(), World::<Machine>::new());
        let (sender, (_, data)) = world.samples().swap_remove(sample);
        for mutations in mutations {
            let data = mutations.iter().fold(data.clone(), mutate);
            let outcome = world.chain.send(caller(sender), &data);
            let decoded = abi::IRegistryCalls::abi_decode_validate(&data);
            match (&outcome.result, decoded) {
                (Ok(_), Ok(call)) => {
                    let canonical = call.abi_encode();
                    prop_assert_eq!(&outcome, &twin.chain.send(caller(sender), &canonical));
                }
                (Ok(_), Err(error)) => prop_assert!(false, "took {:02x?}: {}", data, error),
                (Err(error), decoded) => {
                    let canonical = decoded.is_ok_and(|call| call.abi_encode() == data);
                    prop_assert!(!(error.is_empty() && canonical), "cannot read {:02x?}", data);
                    let known = abi::IRegistryErrors::abi_decode_validate(error);
                    let known = error.is_empty() || known.is_ok_and(|e| e.abi_encode() == *error);
                    prop_assert!(known, "{:02x?} is no error of the interface", error);
                }
            }
            prop_assert_eq!(world.chain.backend.fingerprint(), twin.chain.backend.fingerprint());
        }
    }
}
