//! Ids and people, as short as tables need them.

use alloy_primitives::B256;

use crate::records::Party;

/// Digits of an id that a table shows; enough to name the record with.
const DIGITS: usize = 12;

/// The beginning of an id.
pub(crate) fn id(id: &B256) -> String {
    let mut digits = format!("{id:x}");
    digits.truncate(DIGITS);
    digits
}

/// Somebody's name, or the account of a stranger.
pub(crate) fn party(party: &Party) -> String {
    if party.you {
        return "you".to_owned();
    }
    party
        .name
        .clone()
        .unwrap_or_else(|| party.address.to_string())
}
