//! Attacks on access and identity, each named after its row of the threat table.

use std::fs;

use alloy_primitives::B256;
use chartseal::chain::{AccessLevel, AccessReason, Account, Journal, ObjectDigest, Role};
use chartseal::crypto::CryptoError;
use chartseal::crypto::context::{ContentContext, RecordRef, WrapContext};
use chartseal::crypto::envelope::{self, WrappedKey};
use chartseal::crypto::stream::{self, Digest};
use chartseal::identity::Fingerprint;
use chartseal::records::{NewContent, Obstacle, RecordsError, Session, Share};
use chartseal_tests::shorthand::{open, share, update};
use chartseal_tests::world::{World, content};
use zeroize::Zeroizing;

#[tokio::test(flavor = "multi_thread")]
async fn row_08_a_changed_key_blocks_sharing_until_it_is_confirmed() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let friend = world.user("friend", Role::Patient).await;
    let record = owner
        .add(&NewContent::file(world.file("a", b"a")))
        .await
        .unwrap();
    let other = owner
        .add(&NewContent::file(world.file("b", b"b")))
        .await
        .unwrap();
    owner.share(&share(record.id, &friend)).await.unwrap();
    assert!(
        owner.people().await.unwrap()[0].person.pinned.is_some(),
        "pinned at first use"
    );

    friend.rotate_key().await.unwrap();
    let blocked = owner.share(&share(other.id, &friend)).await.unwrap_err();
    assert!(
        matches!(&blocked, RecordsError::Blocked(o) if matches!(o[..], [Obstacle::KeyChanged { .. }]))
    );
    assert!(blocked.remedy().contains("fingerprint"));
    // A rekey goes on without them, and says so.
    let rekeyed = owner.rekey(record.id, None).await.unwrap();
    assert_eq!(
        (rekeyed.kept.len(), rekeyed.suspended[0].address),
        (0, friend.me())
    );

    let known = owner.people().await.unwrap();
    assert!(known[0].key_changed);
    let mut wrong = Fingerprint::of(
        &friend.me(),
        &world.identity("owner").encryption_key(1).unwrap().public(),
    );
    let refused = owner.verify_person(friend.me(), wrong).await;
    assert!(
        matches!(refused, Err(RecordsError::FingerprintDiffers { .. })),
        "{refused:?}"
    );
    wrong = friend
        .who_am_i()
        .await
        .unwrap()
        .registration
        .unwrap()
        .fingerprint;
    owner.verify_person(friend.me(), wrong).await.unwrap();
    for id in [record.id, other.id] {
        owner.share(&share(id, &friend)).await.unwrap();
    }
    open(&friend, record.id, &world.path().join("out"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn row_15_the_key_of_a_revoked_reader_opens_no_later_version() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let reader = world.user("reader", Role::Patient).await;
    let record = owner
        .add(&NewContent::file(world.file("a", b"first")))
        .await
        .unwrap();
    owner.share(&share(record.id, &reader)).await.unwrap();
    // What a reader can keep: the unwrapped key of epoch 0.
    let snapshot = reader.registry().snapshot().await.unwrap();
    let granted = snapshot
        .wrapped_key(record.id, reader.me())
        .await
        .unwrap()
        .unwrap();
    let at = world.deployment();
    let record_ref = RecordRef {
        chain_id: at.chain,
        contract: at.registry.into_array(),
        record_id: record.id.0,
    };
    let mut sealed = [0; 48];
    sealed[..32].copy_from_slice(granted.key.sealed_key.as_slice());
    sealed[32..].copy_from_slice(granted.key.tag.as_slice());
    let wrapped = WrappedKey {
        enc_x: granted.key.encapsulated.x.0,
        enc_odd: granted.key.encapsulated.odd,
        sealed,
    };
    let context = WrapContext {
        record: record_ref,
        epoch: 0,
        grantee: reader.me().into_array(),
        key_version: 1,
    };
    let pair = world.identity("reader").encryption_key(1).unwrap();
    let old_key = envelope::unwrap(&wrapped, &pair, &context).unwrap();
    let opens = |stored: ObjectDigest, epoch, version| {
        let context = ContentContext {
            record: record_ref,
            epoch,
            version,
        };
        let object = fs::File::open(world.object(record.id, stored)).unwrap();
        stream::open(object, Vec::new(), &old_key, &context, &Digest(stored.0))
    };
    opens(record.digest, 0, 1).unwrap();

    let receipt = owner.revoke(record.id, &[reader.me()], None).await.unwrap();
    assert_eq!(
        receipt.removed[0].within_reach,
        [1],
        "what was read stays read, and the receipt says so"
    );
    assert!(!world.object(record.id, record.digest).exists());
    for (epoch, version) in [(0, 1), (0, 2), (1, 2)] {
        assert!(matches!(
            opens(receipt.digest, epoch, version),
            Err(CryptoError::WrongKey)
        ));
    }
    let third = owner
        .update(&update(record.id, world.file("b", b"third"), None))
        .await
        .unwrap();
    assert!(matches!(
        opens(third.digest, 1, 3),
        Err(CryptoError::WrongKey)
    ));
    let refused = open(&reader, record.id, &world.path().join("x")).await;
    assert!(
        matches!(
            refused,
            Err(RecordsError::NoAccess {
                reason: AccessReason::NoGrant,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn row_16_callers_without_a_right_are_refused_before_anything_is_stored() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let reader = world.user("reader", Role::Patient).await;
    let other = world.user("other", Role::Patient).await;
    let nobody = world.stranger("nobody").await;
    let record = owner
        .add(&NewContent::file(world.file("a", b"a")))
        .await
        .unwrap();
    owner
        .share(&Share {
            level: AccessLevel::Read,
            ..share(record.id, &reader)
        })
        .await
        .unwrap();
    let (id, file) = (record.id, world.file("b", b"b"));
    let before = world.all_objects();
    for (session, reads) in [(&reader, true), (&other, false), (&nobody, false)] {
        let target = world.path().join(format!("out-{}", session.me()));
        assert_eq!(open(session, id, &target).await.is_ok(), reads);
        let written = session.update(&update(id, &file, None)).await;
        assert!(
            matches!(
                written,
                Err(RecordsError::NoAccess { .. } | RecordsError::NoKey(_))
            ),
            "{written:?}"
        );
        for refused in [
            session.share(&share(id, &owner)).await.map(drop),
            session.revoke(id, &[reader.me()], None).await.map(drop),
            session.rekey(id, None).await.map(drop),
            session.remove(id).await.map(drop),
            session.deny(id, reader.me()).await.map(drop),
        ] {
            assert!(
                matches!(refused, Err(RecordsError::NotOwner { .. })),
                "{refused:?}"
            );
        }
        assert!(session.unfinished().await.unwrap().is_empty());
    }
    let unregistered = nobody.add(&NewContent::file(&file)).await;
    assert!(
        matches!(unregistered, Err(RecordsError::NotRegistered)),
        "{unregistered:?}"
    );
    assert_eq!(world.all_objects(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_17_an_unvouched_professional_is_shown_as_such_and_sharing_asks() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let doctor = world.user("doctor", Role::Doctor).await;
    let clinic = world.user("clinic", Role::Physician).await;
    let crony = world.user("crony", Role::Physician).await;
    let record = owner
        .add(&NewContent::file(world.file("a", b"a")))
        .await
        .unwrap();
    owner
        .profile()
        .change_people(|people| {
            people.add("Doctor", None, doctor.me())?;
            people.add("Clinic", None, clinic.me())?;
            people.add("Crony", None, crony.me())?;
            people.set_trusted_voucher(&clinic.me(), true)
        })
        .unwrap();
    let vouched_by = async || {
        owner
            .people()
            .await
            .unwrap()
            .into_iter()
            .find(|p| p.person.name == "Doctor")
            .unwrap()
            .vouched_by
    };
    let attempt = async || match owner.share(&share(record.id, &doctor)).await {
        Ok(_) => true,
        Err(RecordsError::Blocked(o)) => {
            assert!(
                matches!(
                    o[..],
                    [Obstacle::Unvouched {
                        role: Role::Doctor,
                        ..
                    }]
                ),
                "{o:?}"
            );
            false
        }
        Err(error) => panic!("{error:?}"),
    };
    assert!(vouched_by().await.is_empty() && !attempt().await);
    // Somebody who is not trusted, and somebody who is but for another role.
    crony.vouch(doctor.me(), Role::Doctor, None).await.unwrap();
    clinic
        .vouch(doctor.me(), Role::Analyst, None)
        .await
        .unwrap();
    assert!(vouched_by().await.is_empty() && !attempt().await);
    clinic.vouch(doctor.me(), Role::Doctor, None).await.unwrap();
    assert_eq!(vouched_by().await[0].name.as_deref(), Some("Clinic"));
    assert!(attempt().await);
    clinic.withdraw_vouch(doctor.me()).await.unwrap();
    assert!(vouched_by().await.is_empty() && !attempt().await);
    assert!(
        owner
            .share(&Share {
                unvouched: true,
                ..share(record.id, &doctor)
            })
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn row_18_a_copied_transaction_sent_first_takes_nothing() {
    let world = World::new().await;
    let victim = world.user("victim", Role::Patient).await;
    let attacker = world.user("attacker", Role::Patient).await;
    // The attacker sends what the victim's pending transaction carries: same salt, same digest.
    let (salt, content) = (B256::repeat_byte(7), content_of(9));
    let send = async |session: &Session, name: &str| {
        let identity = world.identity(name);
        let account =
            Account::from_secret(&Zeroizing::new(*identity.account().expose_secret())).unwrap();
        let journal = Journal::open(&world.path().join(format!("journal-{name}"))).unwrap();
        let registry = session.registry();
        let entry = journal
            .begin(registry.scope(&account), serde_json::Value::Null)
            .unwrap();
        let add = registry.calls().add_record(salt, &content);
        registry
            .execute(&journal, entry, &account, &[add], 0)
            .await
            .unwrap();
    };
    send(&attacker, "attacker").await;
    send(&victim, "victim").await;
    let owned = victim.list().await.unwrap();
    assert_eq!(owned.len(), 1);
    assert_eq!(
        owned[0].id,
        chartseal::chain::record_id(victim.me(), victim.me(), salt)
    );
    assert_ne!(owned[0].id, attacker.list().await.unwrap()[0].id);
}

fn content_of(byte: u8) -> chartseal::chain::Content {
    chartseal::chain::Content {
        digest: ObjectDigest::repeat_byte(byte),
        sealed_info: Default::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_of_sixteen_writers_one_succeeds_and_the_others_keep_their_files() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let record = owner
        .add(&NewContent::file(world.file("a", b"a")))
        .await
        .unwrap();
    let mut writers = Vec::new();
    for index in 0..16 {
        let writer = world.user(&format!("writer{index}"), Role::Patient).await;
        owner.share(&share(record.id, &writer)).await.unwrap();
        writers.push((
            writer,
            world.file(&format!("w{index}"), format!("writer {index}").as_bytes()),
        ));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (writer, file) in writers {
        tasks.spawn(async move {
            let outcome = writer.update(&update(record.id, &file, Some(1))).await;
            assert!(fs::read_to_string(&file).unwrap().starts_with("writer"));
            assert!(writer.unfinished().await.unwrap().is_empty());
            outcome
        });
    }
    let outcomes = tasks.join_all().await;
    let lost = |o: &&Result<_, _>| {
        matches!(
            o,
            Err(RecordsError::LostUpdate {
                current: 2,
                based_on: 1,
                ..
            })
        )
    };
    assert_eq!(
        outcomes.iter().filter(|o| o.is_ok()).count(),
        1,
        "{outcomes:?}"
    );
    assert_eq!(outcomes.iter().filter(lost).count(), 15, "{outcomes:?}");
    assert_eq!(owner.info(record.id).await.unwrap().version, 2);
    assert_eq!(
        world.all_objects().len(),
        2,
        "the objects of lost updates are gone"
    );
}

/// The access list that the events give is the one that the registry enforces.
#[tokio::test(flavor = "multi_thread")]
async fn row_38_the_access_list_follows_the_registry_through_a_random_history() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let record = owner
        .add(&NewContent::file(world.file("a", b"a")))
        .await
        .unwrap();
    let users = world.crowd(4).await;
    let mut held = [false; 4];
    for (step, byte) in content(40).into_iter().enumerate() {
        let who = usize::from(byte % 4);
        let access = Share {
            users: vec![users[who]],
            ..share(record.id, &owner)
        };
        match byte % 3 {
            0 if held[who] => {
                owner
                    .revoke(record.id, &users[who..=who], None)
                    .await
                    .unwrap();
                held[who] = false;
            }
            1 => drop(owner.rekey(record.id, None).await.unwrap()),
            _ => {
                owner.share(&access).await.unwrap();
                held[who] = true;
            }
        }
        let list = owner.access_list(record.id).await.unwrap();
        let listed = users.iter().map(|user| {
            list.iter()
                .any(|item| item.user.address == *user && item.access.is_some())
        });
        assert!(listed.eq(held), "after step {step}");
    }
}
