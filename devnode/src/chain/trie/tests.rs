//! The trie against published roots, and against alloy-trie's calculator and verifier.

use std::collections::BTreeMap;

use alloy_primitives::{b256, hex};
use alloy_trie::{HashBuilder, proof::verify_proof};
use proptest::{collection::vec, prelude::*};

use super::*;

/// Accounts by address. Source: github.com/ethereum/tests, `TrieTests/hex_encoded_securetrie_test.json`, `test1`.
const ACCOUNTS: [([u8; 20], &[u8]); 5] = [
    (
        hex!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b"),
        &hex!(
            "f848018405f446a7a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        ),
    ),
    (
        hex!("095e7baea6a6c7c4c2dfeb977efac326af552d87"),
        &hex!(
            "f8440101a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a004bccc5d94f4d1f99aab44369a910179931772f2a5c001c3229f57831c102769"
        ),
    ),
    (
        hex!("d2571607e241ecf590ed94b12d87c94babe36db6"),
        &hex!(
            "f8440180a0ba4b47865c55a341a4a78759bb913cd15c3ee8eaf30a62fa8d1c8863113d84e8a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        ),
    ),
    (
        hex!("62c01474f089b07dae603491675dc5b5748f7049"),
        &hex!(
            "f8448080a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        ),
    ),
    (
        hex!("2adc25665018aa1fe0e6bc666dac8fc2697ff9ba"),
        &hex!(
            "f8478083019a59a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        ),
    ),
];

#[test]
fn published_accounts_have_the_published_root() {
    let mut trie = Trie::default();
    for (address, account) in ACCOUNTS {
        trie.insert(keccak256(address), account.to_vec());
    }
    let root = b256!("730a444e08ab4b8dee147c9b232fc52d34a223d600031c1e9d25bfc985cbd797");
    assert_eq!(trie.root(), root);
}

#[test]
fn an_empty_trie_has_the_root_of_the_yellow_paper() {
    let empty = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    let mut trie = Trie::default();
    assert_eq!((trie.root(), trie.prove(B256::ZERO)), (empty, Vec::new()));
    trie.remove(B256::ZERO);
    trie.insert(B256::ZERO, vec![1]);
    assert_ne!(trie.root(), empty);
    trie.remove(B256::ZERO);
    assert_eq!(trie.root(), empty);
    assert_eq!(empty, keccak256(alloy_rlp::encode("")));
}

type Map = BTreeMap<B256, Vec<u8>>;

/// The root, computed from nothing by alloy-trie.
fn root_from_nothing(map: &Map) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in map {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root()
}

/// Keys that part early, late, or in the last nibble: the last ones make nodes that stand in their parent.
fn key() -> impl Strategy<Value = B256> {
    let nibbles = (0..2usize, 0..3u8, 0..3u8, 0..4u8);
    nibbles.prop_map(|(early, head, middle, tail)| {
        let mut key = B256::repeat_byte(0x11);
        key[early] = head << 4;
        key[30] = middle;
        key[31] = tail;
        key
    })
}

/// A value to set, small enough for nodes below 32 bytes or not; or nothing to remove the key.
fn value() -> impl Strategy<Value = Option<Vec<u8>>> {
    let small = (1..4u8).prop_map(|byte| Some(vec![byte]));
    let large = any::<u8>().prop_map(|byte| Some(vec![byte; 40]));
    prop_oneof![small, large, Just(None)]
}

fn change(trie: &mut Trie, map: &mut Map, key: B256, value: Option<Vec<u8>>) {
    match value {
        Some(value) => {
            trie.insert(key, value.clone());
            map.insert(key, value);
        }
        None => {
            trie.remove(key);
            map.remove(&key);
        }
    }
}

fn check_proof(trie: &Trie, map: &Map, key: B256) {
    let proof = trie.prove(key);
    let path = Nibbles::unpack(key);
    let value = map.get(&key).cloned();
    verify_proof(trie.root(), path, value.clone(), &proof).unwrap();
    let other = value.map_or(Some(vec![9]), |_| None);
    assert!(verify_proof(trie.root(), path, other, &proof).is_err());
}

proptest! {
    /// After each batch of changes: the root is the one computed from nothing, every key has a proof, and a copy
    /// made before is what it was.
    #[test]
    fn changes_lead_where_a_new_start_leads(
        batches in vec(vec((key(), value()), 0..12), 1..8),
        asked in vec(key(), 4),
    ) {
        let (mut trie, mut map) = (Trie::default(), Map::new());
        for batch in batches {
            let (old, old_root) = (trie.clone(), trie.root());
            let old_map = map.clone();
            for (key, value) in batch {
                change(&mut trie, &mut map, key, value);
            }
            prop_assert_eq!(trie.root(), root_from_nothing(&map));
            prop_assert_eq!(trie.is_empty(), map.is_empty());
            prop_assert_eq!(old.root(), old_root);
            for key in asked.iter().chain(map.keys()) {
                check_proof(&trie, &map, *key);
                check_proof(&old, &old_map, *key);
            }
        }
    }
}
