//! Names, pins, and what is refused.

use super::*;
use crate::crypto::key::EncryptionKeyPair;

fn key(version: u32) -> EncryptionPublicKey {
    EncryptionKeyPair::from_seed(&[5; 64], version)
        .unwrap()
        .public()
}

fn address(byte: u8) -> Address {
    Address::repeat_byte(byte)
}

fn book() -> AddressBook {
    let mut book = AddressBook::default();
    book.add("Dr. Bob", Some("bob@clinic.example"), address(0xb0))
        .unwrap();
    book.add("alice", None, address(0xa1)).unwrap();
    book
}

#[test]
fn people_are_found_by_name_and_by_address() {
    let book = book();
    let names: Vec<&str> = book
        .people()
        .iter()
        .map(|person| person.name.as_str())
        .collect();
    assert_eq!(names, ["alice", "Dr. Bob"]);
    assert_eq!(book.find("ALICE").unwrap().address, address(0xa1));
    assert_eq!(book.find("0xB0b0b0").unwrap().name, "Dr. Bob");
    assert_eq!(
        book.find(&address(0xb0).to_string()).unwrap().name,
        "Dr. Bob"
    );
    for absent in ["ali", "0xb0b0", "0xb0b0b1", ""] {
        assert!(
            matches!(book.find(absent), Err(IdentityError::NotFound { .. })),
            "{absent:?}"
        );
    }
}

#[test]
fn a_prefix_of_two_accounts_is_ambiguous() {
    let mut book = book();
    let mut twin = address(0xa1).into_array();
    twin[19] = 0;
    book.add("alias", None, twin.into()).unwrap();
    let found = book.find("0xa1a1a1");
    assert!(
        matches!(found, Err(IdentityError::Ambiguous { candidates, .. }) if candidates == "alias, alice")
    );
}

#[test]
fn names_and_accounts_are_taken_once() {
    let mut book = book();
    for (name, byte) in [("ALICE", 1), ("someone", 0xa1)] {
        let added = book.add(name, None, address(byte)).map(|_| ());
        assert!(matches!(added, Err(IdentityError::Exists { name, .. }) if name == "alice"));
    }
    assert!(book.add("bad\u{7}name", None, address(2)).is_err());
    assert!(book.add("carol", Some("no address"), address(2)).is_err());
    assert_eq!(book.remove("Alice").unwrap().address, address(0xa1));
    assert!(book.add("alice", None, address(0xa1)).is_ok());
}

/// Threat 8: a key the registry suddenly gives is never taken silently.
#[test]
fn a_changed_key_is_noticed_until_it_is_compared() {
    let mut book = book();
    let alice = address(0xa1);
    assert_eq!(book.check_key(&alice, &key(1)), KeyCheck::FirstUse);
    book.pin(&alice, &key(1)).unwrap();
    assert_eq!(book.check_key(&alice, &key(1)), KeyCheck::Pinned);
    let changed = book.check_key(&alice, &key(2));
    let (pinned, given) = (
        Fingerprint::of(&alice, &key(1)),
        Fingerprint::of(&alice, &key(2)),
    );
    assert_eq!(changed, KeyCheck::Changed { pinned, given });
    assert!(matches!(
        book.pin(&alice, &key(2)),
        Err(IdentityError::Exists { .. })
    ));
    assert_eq!(book.check_key(&alice, &key(2)), changed);
    book.verify(&alice, given).unwrap();
    assert_eq!(book.check_key(&alice, &key(2)), KeyCheck::Verified);
    assert!(matches!(
        book.check_key(&alice, &key(1)),
        KeyCheck::Changed { .. }
    ));
    assert_eq!(book.check_key(&address(9), &key(1)), KeyCheck::FirstUse);
    assert!(book.verify(&address(9), given).is_err());
}

#[test]
fn a_card_is_pinned_at_once_and_verified_in_person() {
    let pair = EncryptionKeyPair::from_seed(&[5; 64], 1).unwrap();
    let card = ContactCard::new("Carol", None, address(0xca), &pair).unwrap();
    for (in_person, expected) in [(false, KeyCheck::Pinned), (true, KeyCheck::Verified)] {
        let mut book = book();
        book.add_card(&card, in_person).unwrap();
        assert_eq!(book.check_key(&card.address, &card.key), expected);
        assert!(book.add_card(&card, in_person).is_err());
    }
}

#[test]
fn a_book_round_trips_and_damage_is_refused() {
    let mut book = book();
    book.pin(&address(0xa1), &key(1)).unwrap();
    book.set_trusted_voucher(&address(0xb0), true).unwrap();
    let json = book.to_json().unwrap();
    assert_eq!(AddressBook::from_json(&json).unwrap(), book);
    let text = String::from_utf8(json).unwrap();
    let deep = "[".repeat(100_000);
    let damaged = [
        text.replace("\"version\": 1", "\"version\": 2"),
        text.replace("Dr. Bob", "ALICE"),
        text.replace("alice", "al\\u001bice"),
        text.replace("bob@clinic.example", "bob"),
        text.replace("\"verified\"", "\"vrfd\""),
        text[..text.len() - 4].to_owned(),
        String::new(),
        deep,
    ];
    for bad in damaged {
        assert_ne!(bad, text);
        assert!(
            AddressBook::from_json(bad.as_bytes()).is_err(),
            "{:.80}",
            bad
        );
    }
}
