//! register, rotateKey, deregister, vouch, withdrawVouch.

use alloy_primitives::{Address, B256, U256};

use crate::common::*;

tests!(
    registering,
    registering_is_refused,
    rotating,
    rotating_is_refused,
    deregistering,
    registering_again,
    vouching,
    vouching_is_refused,
    withdrawing_a_vouch,
    key_versions_end,
);

/// The x coordinates at the edge of what a point can have.
fn highest_coordinate() -> B256 {
    (U256::from_be_bytes(FIELD_PRIME.0) - U256::from(1)).into()
}

/// Coordinates that no point can have, and zero.
fn bad_coordinates() -> [B256; 4] {
    let beyond = (U256::from_be_bytes(FIELD_PRIME.0) + U256::from(1)).into();
    [B256::ZERO, FIELD_PRIME, beyond, B256::repeat_byte(0xff)]
}

fn register_call(key_x: B256, odd: bool, role: u8) -> abi::registerCall {
    abi::registerCall {
        keyX: key_x,
        keyOdd: odd,
        role,
    }
}

fn user_of<B: Backend>(chain: &mut Chain<B>, user: Address) -> abi::User {
    chain.view(abi::userOfCall { user })
}

fn registering<B: Backend>() {
    let mut chain = Chain::<B>::new();
    let keys = [
        coordinate("a"),
        B256::with_last_byte(1),
        highest_coordinate(),
    ];
    for role in 1..=6 {
        for (key, odd) in keys.iter().flat_map(|key| [(*key, false), (*key, true)]) {
            let user = account(&format!("{role} {key} {odd}"));
            let event = abi::Registered {
                user,
                role,
                keyVersion: 1,
                keyOdd: odd,
                keyX: key,
            };
            chain.emits(user, register_call(key, odd, role), [event.into()]);
            let expected = abi::User {
                registered: true,
                role,
                keyVersion: 1,
                firstKeyVersion: 1,
                keyOdd: odd,
                keyX: key,
            };
            assert_eq!(user_of(&mut chain, user), expected);
        }
    }
}

fn registering_is_refused<B: Backend>() {
    let (mut chain, [known]) = with_users::<B, 1>(["known"]);
    let key = coordinate("a");
    chain.refuses(
        known,
        register_call(key, true, 1),
        abi::AlreadyRegistered { user: known },
    );
    let user = account("new");
    for role in [0, 7, 8, 128, 255] {
        chain.refuses(
            user,
            register_call(key, true, role),
            abi::InvalidRole { user, role },
        );
    }
    for x in bad_coordinates() {
        chain.refuses(
            user,
            register_call(x, false, 1),
            abi::InvalidKey { user, x },
        );
    }
    assert!(!user_of(&mut chain, user).registered);
}

fn rotating<B: Backend>() {
    let (mut chain, [user]) = with_users::<B, 1>(["user"]);
    for (version, odd) in [(2, false), (3, true)] {
        let key = coordinate(&format!("key {version}"));
        let event = abi::KeyRotated {
            user,
            keyVersion: version,
            keyOdd: odd,
            keyX: key,
        };
        chain.emits(
            user,
            abi::rotateKeyCall {
                keyX: key,
                keyOdd: odd,
            },
            [event.into()],
        );
        let expected = abi::User {
            registered: true,
            role: 2,
            keyVersion: version,
            firstKeyVersion: 1,
            keyOdd: odd,
            keyX: key,
        };
        assert_eq!(user_of(&mut chain, user), expected);
    }
}

fn rotating_is_refused<B: Backend>() {
    let (mut chain, [user]) = with_users::<B, 1>(["user"]);
    let stranger = account("stranger");
    let call = abi::rotateKeyCall {
        keyX: coordinate("a"),
        keyOdd: true,
    };
    chain.refuses(stranger, call, abi::NotRegistered { user: stranger });
    for x in bad_coordinates() {
        let call = abi::rotateKeyCall {
            keyX: x,
            keyOdd: true,
        };
        chain.refuses(user, call, abi::InvalidKey { user, x });
    }
}

fn deregistering<B: Backend>() {
    let (mut chain, [user]) = with_users::<B, 1>(["user"]);
    chain.emits(
        user,
        abi::deregisterCall {},
        [abi::Deregistered { user }.into()],
    );
    let after = user_of(&mut chain, user);
    assert!(!after.registered && !after.keyOdd);
    assert_eq!(
        (after.keyVersion, after.keyX),
        (1, B256::ZERO),
        "versions never restart"
    );
    chain.refuses(user, abi::deregisterCall {}, abi::NotRegistered { user });
    let never = account("never registered");
    chain.refuses(
        never,
        abi::deregisterCall {},
        abi::NotRegistered { user: never },
    );
}

fn registering_again<B: Backend>() {
    let (mut chain, [user]) = with_users::<B, 1>(["user"]);
    chain.ok(
        user,
        abi::rotateKeyCall {
            keyX: coordinate("b"),
            keyOdd: true,
        },
    );
    chain.ok(user, abi::deregisterCall {});
    let key = coordinate("c");
    let event = abi::Registered {
        user,
        role: 6,
        keyVersion: 3,
        keyOdd: false,
        keyX: key,
    };
    chain.emits(user, register_call(key, false, 6), [event.into()]);
    let expected = abi::User {
        registered: true,
        role: 6,
        keyVersion: 3,
        firstKeyVersion: 3,
        keyOdd: false,
        keyX: key,
    };
    assert_eq!(user_of(&mut chain, user), expected);
}

fn vouching<B: Backend>() {
    let (mut chain, [voucher, user]) = with_users::<B, 2>(["voucher", "user"]);
    let now = chain.now;
    let expiries = [0, now + 1, MAX_TIME];
    for (role, expires) in (1..=6).flat_map(|role| expires_with(role, expiries)) {
        let event = abi::Vouched {
            voucher,
            user,
            role,
            expires,
        };
        chain.emits(
            voucher,
            abi::vouchCall {
                user,
                role,
                expires,
            },
            [event.into()],
        );
        let answer = chain.view(abi::vouchOfCall { voucher, user });
        assert_eq!(answer, abi::Vouch { role, expires });
    }
    let reverse = chain.view(abi::vouchOfCall {
        voucher: user,
        user: voucher,
    });
    assert_eq!(
        reverse,
        abi::Vouch {
            role: 0,
            expires: 0
        }
    );
}

fn expires_with(role: u8, expiries: [u64; 3]) -> [(u8, u64); 3] {
    expiries.map(|expires| (role, expires))
}

fn vouching_is_refused<B: Backend>() {
    let (mut chain, [voucher, user]) = with_users::<B, 2>(["voucher", "user"]);
    let call = |user, role, expires| abi::vouchCall {
        user,
        role,
        expires,
    };
    chain.refuses(
        voucher,
        call(voucher, 1, 0),
        abi::SelfTarget { user: voucher },
    );
    for user in [account("stranger"), Address::ZERO] {
        chain.refuses(voucher, call(user, 1, 0), abi::NotRegistered { user });
    }
    for role in [0, 7, 255] {
        chain.refuses(
            voucher,
            call(user, role, 0),
            abi::InvalidRole { user, role },
        );
    }
    for expires in bad_expiries(chain.now) {
        chain.refuses(
            voucher,
            call(user, 1, expires),
            abi::InvalidExpiry { user, expires },
        );
    }
}

fn withdrawing_a_vouch<B: Backend>() {
    let (mut chain, [voucher, user]) = with_users::<B, 2>(["voucher", "user"]);
    let withdraw = abi::withdrawVouchCall { user };
    chain.refuses(voucher, withdraw.clone(), abi::NoVouch { voucher, user });
    chain.ok(
        voucher,
        abi::vouchCall {
            user,
            role: 2,
            expires: 0,
        },
    );
    chain.refuses(
        user,
        withdraw.clone(),
        abi::NoVouch {
            voucher: user,
            user,
        },
    );
    let event = abi::VouchWithdrawn { voucher, user };
    chain.emits(voucher, withdraw.clone(), [event.into()]);
    let answer = chain.view(abi::vouchOfCall { voucher, user });
    assert_eq!(
        answer,
        abi::Vouch {
            role: 0,
            expires: 0
        }
    );
    chain.refuses(voucher, withdraw, abi::NoVouch { voucher, user });
}

fn key_versions_end<B: Backend>() {
    let (mut chain, [user]) = with_users::<B, 1>(["user"]);
    let [_, packed] = user_slots(user);
    let rotate = abi::rotateKeyCall {
        keyX: coordinate("a"),
        keyOdd: false,
    };
    chain.rewrite(packed, |word| with_key_version(word, u32::MAX - 1));
    chain.ok(user, rotate.clone());
    assert_eq!(user_of(&mut chain, user).keyVersion, u32::MAX);
    let exhausted = abi::CounterExhausted {
        subject: user.into_word(),
    };
    chain.refuses(user, rotate, exhausted.clone());
    chain.ok(user, abi::deregisterCall {});
    chain.refuses(user, register_call(coordinate("b"), false, 1), exhausted);
}
