//! People, keys and calls that the tests share.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, b256, keccak256};

use super::{Backend, Chain, abi};

/// The prime of the field of P-256, SEC 2 version 2.0 section 2.4.2.
pub(crate) const FIELD_PRIME: B256 =
    b256!("0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

/// The account of a name.
pub(crate) fn account(name: &str) -> Address {
    Address::from_word(keccak256(name))
}

/// An x coordinate below the field prime, different for every name.
pub(crate) fn coordinate(name: &str) -> B256 {
    let mut x = keccak256(format!("x of {name}"));
    x[0] = 0x7f;
    x
}

/// The digest of a ciphertext object: BLAKE3 with 224 bits of output.
pub(crate) type Digest = FixedBytes<28>;

/// A digest, different for every name.
pub(crate) fn digest(name: &str) -> Digest {
    Digest::from_slice(&keccak256(format!("digest of {name}"))[..28])
}

/// A salt, different for every name.
pub(crate) fn salt(name: &str) -> B256 {
    keccak256(format!("salt of {name}"))
}

/// The id of the record that `creator` makes with `salt` for itself, as the interface documents it.
pub(crate) fn record_id(creator: Address, salt: B256) -> B256 {
    deposited_id(creator, creator, salt)
}

/// The id of the record that `creator` makes with `salt` for `owner`.
pub(crate) fn deposited_id(creator: Address, owner: Address, salt: B256) -> B256 {
    let bound = keccak256([creator.as_slice(), salt.as_slice()].concat());
    B256::from_slice(&[&bound[..12], owner.as_slice()].concat())
}

/// An id that no record has.
pub(crate) fn unknown_id() -> B256 {
    keccak256("unknown")
}

/// Sealed info of `length` bytes, none of them zero.
pub(crate) fn sealed(length: usize) -> Bytes {
    (0..length).map(|at| (at % 255) as u8 + 1).collect()
}

/// A wrapped key that the registry takes for a user at `key_version`.
pub(crate) fn wrapped(name: &str, key_version: u32) -> abi::WrappedKey {
    abi::WrappedKey {
        suite: 1,
        keyVersion: key_version,
        encOdd: true,
        encX: coordinate(name),
        sealedKey: keccak256(format!("sealed key of {name}")),
        tag: FixedBytes::from_slice(&keccak256(format!("tag of {name}"))[..16]),
    }
}

/// No wrapped key: what a depositor gives who keeps no access.
pub(crate) fn no_key() -> abi::WrappedKey {
    abi::WrappedKey {
        suite: 0,
        keyVersion: 0,
        encOdd: false,
        encX: B256::ZERO,
        sealedKey: B256::ZERO,
        tag: FixedBytes::ZERO,
    }
}

/// Read access for treatment without end, at epoch 0, for a user with their first key.
pub(crate) fn terms(id: B256, user: Address) -> abi::Grant {
    abi::Grant {
        id,
        user,
        access: 1,
        purpose: 1,
        expires: 0,
        epoch: 0,
        key: wrapped(&user.to_string(), 1),
    }
}

/// Registers as a doctor with a key of the account's own.
pub(crate) fn register<B: Backend>(chain: &mut Chain<B>, user: Address) {
    let key = coordinate(&user.to_string());
    chain.ok(
        user,
        abi::registerCall {
            keyX: key,
            keyOdd: true,
            role: 2,
        },
    );
}

/// Adds a record with an empty info. Returns its id.
pub(crate) fn add<B: Backend>(chain: &mut Chain<B>, owner: Address, name: &str) -> B256 {
    let (salt, digest) = (salt(name), digest(name));
    chain.ok(
        owner,
        abi::addRecordCall {
            salt,
            digest,
            sealedInfo: Bytes::new(),
        },
    )
}

/// A chain on which `names` are registered, each with their first key.
pub(crate) fn with_users<B: Backend, const N: usize>(names: [&str; N]) -> (Chain<B>, [Address; N]) {
    let mut chain = Chain::new();
    let users = names.map(account);
    users.iter().for_each(|user| register(&mut chain, *user));
    (chain, users)
}

/// What the registry answers about a user's access.
pub(crate) fn access_of<B: Backend>(chain: &mut Chain<B>, id: B256, user: Address) -> abi::Access {
    chain.view(abi::accessOfCall { id, user })
}

/// Access and reason alone.
pub(crate) fn standing<B: Backend>(chain: &mut Chain<B>, id: B256, user: Address) -> (u8, u8) {
    let answer = access_of(chain, id, user);
    (answer.access, answer.reason)
}

/// The last time that an expiry can have: 40 bits of Unix seconds.
pub(crate) const MAX_TIME: u64 = (1 << 40) - 1;

/// Expiries that are not in the future, or beyond [`MAX_TIME`].
pub(crate) fn bad_expiries(now: u64) -> [u64; 5] {
    [1, now - 1, now, MAX_TIME + 1, u64::MAX]
}
