//! The fixed example of `docs/format.md`: a change of any format or derivation shows here.

#[path = "vectors/vector.rs"]
mod vector;

use vector::Vector;

fn vector() -> Vector {
    Vector::parse(include_str!("vectors/format-v1.json"))
}

#[test]
fn accounts_and_keys_are_the_stated_ones() {
    vector().accounts_and_keys_are_the_stated_ones();
}

#[test]
fn the_owner_opens_object_and_info() {
    vector().the_owner_opens_object_and_info();
}

#[test]
fn the_reader_opens_the_wrapped_key_and_with_it_the_object() {
    vector().the_reader_opens_the_wrapped_key_and_with_it_the_object();
}

#[test]
fn the_owner_opens_the_note() {
    vector().the_owner_opens_the_note();
}

#[test]
fn keystore_and_card_are_read() {
    vector().keystore_and_card_are_read();
}
