//! State roots against published ones, and against roots computed from nothing.

use alloy_primitives::{B256, Bytes, U256, address, b256, bytes, hex};
use alloy_trie::{TrieAccount, root};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::chain::{ChainConfig, state::WorldState};

/// The tries of a world without blocks, brought to its newest state.
fn settle(tries: &mut StateTrie, world: &WorldState) -> B256 {
    let position = world.position();
    let touched = world.touched_since(tries.moment().position);
    let moment = Moment { position, past: 0 };
    tries.move_to(moment, &touched, &StateView::at(world, position, &[]));
    tries.root()
}

/// Source of accounts and roots: github.com/ethereum/tests, `simpleSuicide_Berlin` of
/// `BlockchainTests/ValidBlocks/bcStateTests/simpleSuicide.json`, genesis and second block.
#[test]
fn published_states_have_the_published_roots() {
    let contract = address!("095e7baea6a6c7c4c2dfeb977efac326af552d87");
    let sender = address!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b");
    let coinbase = address!("8888f1f195afa192cfee860698584c030f4c9db1");
    let (mut world, mut tries) = (WorldState::default(), StateTrie::default());
    let code = bytes!("73a94f5374fce5edbc8e2a8697c15331677e6ebf0bff00");
    world.set_code(contract, code);
    world.update_account(contract, |record| record.balance = U256::from(0x0186a0));
    world.update_account(sender, |record| {
        record.balance = U256::from(0x1748721582u64)
    });
    let genesis = b256!("ee5236257427300b4628518e8785dca0a473836ffaf5b0bcd705398ef74647d0");
    assert_eq!(settle(&mut tries, &world), genesis);
    world.set_account(contract, None);
    world.update_account(contract, |record| record.balance = U256::from(0x03e8));
    world.update_account(coinbase, |record| {
        record.balance = U256::from(0x3782dace9f96d450u64)
    });
    world.update_account(sender, |record| {
        record.balance = U256::from(0x17466cc3eau64);
        record.nonce = 2;
    });
    let second = b256!("c603478fa17270a81865d29e25bca1178f6ec6d6a9de1391d108b1f06c98d1d0");
    assert_eq!(settle(&mut tries, &world), second);
}

/// The state root at a moment, computed by alloy-trie from what readers of the state see.
fn root_from_nothing(chain: &Chain, moment: Moment) -> B256 {
    let state = chain.view_at(moment);
    let mut all = chain.world.touched_since(0);
    all.entry(HISTORY_STORAGE)
        .or_default()
        .extend((0..moment.past).map(history::slot));
    let accounts = all.into_iter().filter_map(|(address, slots)| {
        let words = slots
            .into_iter()
            .map(|slot| (slot.into(), state.storage(address, slot)));
        let words = words.filter(|(_, word)| !word.is_zero());
        let storage_root = root::storage_root_unhashed(words);
        let record = state.record(address).unwrap_or_default();
        let empty = record == AccountRecord::default() && storage_root == EMPTY_ROOT_HASH;
        let account = TrieAccount {
            nonce: record.nonce,
            balance: record.balance,
            storage_root,
            code_hash: record.code_hash,
        };
        (!empty).then_some((address, account))
    });
    root::state_root_unhashed(accounts)
}

/// What a test can do to a chain.
#[derive(Clone, Debug)]
enum Step {
    Balance(Address, u8),
    Nonce(Address, u8),
    Code(Address, Bytes),
    Word(Address, u8, u8),
    Removal(Address),
    Mine,
    Snapshot,
    Revert(u64),
    Reorg(u64),
}

/// Few accounts, so that steps meet: new ones, and some that genesis has.
fn account() -> impl Strategy<Value = Address> {
    let known = [
        crate::chain::DEV_ACCOUNT,
        HISTORY_STORAGE,
        crate::evm::arbos::ARBOS_STATE,
    ];
    prop_oneof![
        3 => (1..5u8).prop_map(Address::repeat_byte),
        1 => proptest::sample::select(known.to_vec()),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let code = |byte: u8| Bytes::from(vec![byte; usize::from(byte)]);
    prop_oneof![
        2 => (account(), 0..3u8).prop_map(|(account, value)| Step::Balance(account, value)),
        1 => (account(), 0..3u8).prop_map(|(account, value)| Step::Nonce(account, value)),
        1 => (account(), 0..3u8).prop_map(move |(account, byte)| Step::Code(account, code(byte))),
        4 => (account(), 0..6u8, 0..3u8).prop_map(|(account, slot, word)| Step::Word(account, slot, word)),
        1 => account().prop_map(Step::Removal),
        4 => Just(Step::Mine),
        1 => Just(Step::Snapshot),
        1 => (1..4u64).prop_map(Step::Revert),
        1 => (1..4u64).prop_map(Step::Reorg),
    ]
}

fn perform(chain: &mut Chain, step: Step) {
    match step {
        Step::Balance(account, value) => chain.set_balance(account, U256::from(value)),
        Step::Nonce(account, value) => chain.set_nonce(account, value.into()),
        Step::Code(account, code) => chain.set_code(account, code),
        Step::Word(account, slot, word) => {
            chain.set_storage(account, U256::from(slot), B256::with_last_byte(word));
        }
        // As a transaction does that empties an account.
        Step::Removal(account) => chain.world.set_account(account, None),
        Step::Mine => chain.mine(1, None).unwrap(),
        Step::Snapshot => {
            chain.snapshot();
        }
        Step::Revert(id) => {
            chain.revert(id);
        }
        Step::Reorg(depth) => {
            // Refused when there are fewer blocks.
            let _ = chain.reorg(depth);
        }
    }
}

fn check_head(chain: &Chain) {
    let sealed = Moment {
        position: chain.world.position(),
        past: chain.entries.len() - 1,
    };
    assert_eq!(
        chain.head().header.state_root,
        root_from_nothing(chain, sealed)
    );
}

/// The root that a proof at this block leads to.
fn proved_root(chain: &Chain, number: u64) -> B256 {
    let proof = chain
        .proof(Address::ZERO, &[], BlockId::number(number))
        .unwrap();
    alloy_primitives::keccak256(&proof.account_proof[0])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever is done to a chain: a new header has the root of the state that readers see, and proofs at every
    /// block lead to the root of the state there.
    #[test]
    fn every_root_is_the_one_computed_from_nothing(steps in vec(step(), 1..40)) {
        let mut chain = Chain::new(ChainConfig::default());
        for step in steps {
            perform(&mut chain, step);
        }
        for number in 0..=chain.block_number() {
            let moment = chain.moment(chain.target(BlockId::number(number)).unwrap());
            prop_assert_eq!(proved_root(&chain, number), root_from_nothing(&chain, moment));
        }
        chain.mine(1, None).unwrap();
        check_head(&chain);
    }
}

#[test]
fn genesis_has_the_root_of_its_accounts() {
    check_head(&Chain::new(ChainConfig::default()));
}

/// Not in the tree: an account that a helper emptied, and one that never was. In it: one with nothing but storage.
#[test]
fn only_accounts_that_are_not_empty_are_in_the_tree() {
    let mut chain = Chain::new(ChainConfig::default());
    let account = Address::repeat_byte(1);
    let root = |chain: &mut Chain| {
        let id = chain.snapshot();
        chain.mine(1, None).unwrap();
        let root = chain.head().header.state_root;
        assert!(chain.revert(id));
        root
    };
    let before = root(&mut chain);
    chain.set_balance(account, U256::ZERO);
    chain.set_nonce(account, 0);
    assert_eq!(root(&mut chain), before);
    chain.set_storage(account, U256::ZERO, B256::with_last_byte(1));
    assert_ne!(root(&mut chain), before);
    let proof = chain.proof(account, &[], BlockId::latest()).unwrap();
    assert_ne!(proof.storage_hash, B256::ZERO);
    assert_eq!(
        proof.code_hash,
        B256::from(hex!(
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        ))
    );
    chain.set_storage(account, U256::ZERO, B256::ZERO);
    assert_eq!(root(&mut chain), before);
    let proof = chain.proof(account, &[], BlockId::latest()).unwrap();
    assert_eq!(
        (proof.storage_hash, proof.code_hash),
        (B256::ZERO, B256::ZERO)
    );
}
