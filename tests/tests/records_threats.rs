//! Attacks and faults at the level of the library, each named after its row of the threat table.

use std::fs;
use std::path::Path;
use std::time::Duration;

use alloy_primitives::B256;
use chartseal::chain::{AccessLevel, AccessReason, Account, Journal, Purpose, Role};
use chartseal::crypto::CryptoError;
use chartseal::crypto::context::{ContentContext, RecordRef, WrapContext};
use chartseal::crypto::envelope::{self, WrappedKey};
use chartseal::crypto::stream::{self, Digest};
use chartseal::identity::Fingerprint;
use chartseal::records::{NewContent, Obstacle, Open, Opened, RecordsError, Session, Share, Target, Update};
use chartseal_tests::world::{World, content, files_in};
use zeroize::Zeroizing;

fn share(id: B256, with: &Session) -> Share {
    Share {
        id,
        users: vec![with.me()],
        level: AccessLevel::All,
        purpose: Purpose::Treatment,
        expires: None,
        unvouched: false,
    }
}

async fn open(session: &Session, id: B256, target: &Path) -> Result<Opened, RecordsError> {
    session.open(&Open { id, target: Target::File(target.to_owned()), force: false, log: None }).await
}

fn update(id: B256, file: impl Into<std::path::PathBuf>, based_on: Option<u32>) -> Update {
    Update { id, content: NewContent::file(file), based_on }
}

fn is_mismatch<T: std::fmt::Debug>(result: &Result<T, RecordsError>) -> bool {
    matches!(result, Err(RecordsError::Crypto(CryptoError::DigestMismatch { .. })))
}

#[tokio::test(flavor = "multi_thread")]
async fn row_05_storage_serves_an_old_version() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let one = owner.add(&NewContent::file(world.file("one", b"version 1"))).await.unwrap();
    let two = owner.update(&update(one.id, world.file("two", b"version 2"), None)).await.unwrap();
    fs::copy(world.object(one.id, one.digest), world.object(one.id, two.digest)).unwrap();
    let target = world.path().join("target");
    let opened = open(&owner, one.id, &target).await;
    assert!(is_mismatch(&opened), "{opened:?}");
    assert!(is_mismatch(&owner.verify(one.id, None).await));
    assert!(!target.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn row_08_a_changed_key_blocks_sharing_until_it_is_confirmed() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let friend = world.user("friend", Role::Patient).await;
    let record = owner.add(&NewContent::file(world.file("a", b"a"))).await.unwrap();
    let other = owner.add(&NewContent::file(world.file("b", b"b"))).await.unwrap();
    owner.share(&share(record.id, &friend)).await.unwrap();
    assert!(owner.people().await.unwrap()[0].person.pinned.is_some(), "pinned at first use");

    friend.rotate_key().await.unwrap();
    let blocked = owner.share(&share(other.id, &friend)).await.unwrap_err();
    assert!(matches!(&blocked, RecordsError::Blocked(o) if matches!(o[..], [Obstacle::KeyChanged { .. }])));
    assert!(blocked.remedy().contains("fingerprint"));
    // A rekey goes on without them, and says so.
    let rekeyed = owner.rekey(record.id, None).await.unwrap();
    assert_eq!((rekeyed.kept.len(), rekeyed.suspended[0].address), (0, friend.me()));

    let known = owner.people().await.unwrap();
    assert!(known[0].key_changed);
    let mut wrong = Fingerprint::of(&friend.me(), &world.identity("owner").encryption_key(1).unwrap().public());
    let refused = owner.verify_person(friend.me(), wrong).await;
    assert!(matches!(refused, Err(RecordsError::FingerprintDiffers { .. })), "{refused:?}");
    wrong = friend.who_am_i().await.unwrap().registration.unwrap().fingerprint;
    owner.verify_person(friend.me(), wrong).await.unwrap();
    for id in [record.id, other.id] {
        owner.share(&share(id, &friend)).await.unwrap();
    }
    open(&friend, record.id, &world.path().join("out")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn row_14_nothing_appears_when_a_chunk_is_forged() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let record = owner.add(&NewContent::file(world.file("big", &content(200_000)))).await.unwrap();
    let object = world.object(record.id, record.digest);
    let whole = fs::read(&object).unwrap();
    let folder = world.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let mut forged = whole.clone();
    forged[5 * 16_400 + 100] ^= 1;
    for bad in [&forged[..], &whole[..whole.len() - 1], &whole[..5 * 16_400 + 56], b""] {
        fs::write(&object, bad).unwrap();
        assert!(is_mismatch(&open(&owner, record.id, &folder.join("target")).await));
        assert!(files_in(&folder).is_empty());
    }
    fs::remove_file(&object).unwrap();
    assert!(matches!(open(&owner, record.id, &folder.join("target")).await, Err(RecordsError::Storage(_))));
    assert!(files_in(&folder).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn row_15_the_key_of_a_revoked_reader_opens_no_later_version() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let reader = world.user("reader", Role::Patient).await;
    let record = owner.add(&NewContent::file(world.file("a", b"first"))).await.unwrap();
    owner.share(&share(record.id, &reader)).await.unwrap();
    // What a reader can keep: the unwrapped key of epoch 0.
    let snapshot = reader.registry().snapshot().await.unwrap();
    let granted = snapshot.wrapped_key(record.id, reader.me()).await.unwrap().unwrap();
    let at = world.deployment();
    let record_ref = RecordRef { chain_id: at.chain, contract: at.registry.into_array(), record_id: record.id.0 };
    let mut sealed = [0; 48];
    sealed[..32].copy_from_slice(granted.key.sealed_key.as_slice());
    sealed[32..].copy_from_slice(granted.key.tag.as_slice());
    let wrapped = WrappedKey { enc_x: granted.key.encapsulated.x.0, enc_odd: granted.key.encapsulated.odd, sealed };
    let context = WrapContext { record: record_ref, epoch: 0, grantee: reader.me().into_array(), key_version: 1 };
    let pair = world.identity("reader").encryption_key(1).unwrap();
    let old_key = envelope::unwrap(&wrapped, &pair, &context).unwrap();
    let opens = |stored: B256, epoch, version| {
        let context = ContentContext { record: record_ref, epoch, version };
        let object = fs::File::open(world.object(record.id, stored)).unwrap();
        stream::open(object, &mut Vec::new(), &old_key, &context, &Digest(stored.0))
    };
    opens(record.digest, 0, 1).unwrap();

    let receipt = owner.revoke(record.id, &[reader.me()], None).await.unwrap();
    assert_eq!(receipt.removed[0].within_reach, [1], "what was read stays read, and the receipt says so");
    assert!(!world.object(record.id, record.digest).exists());
    for (epoch, version) in [(0, 1), (0, 2), (1, 2)] {
        assert!(matches!(opens(receipt.digest, epoch, version), Err(CryptoError::WrongKey)));
    }
    let third = owner.update(&update(record.id, world.file("b", b"third"), None)).await.unwrap();
    assert!(matches!(opens(third.digest, 1, 3), Err(CryptoError::WrongKey)));
    let refused = open(&reader, record.id, &world.path().join("x")).await;
    assert!(matches!(refused, Err(RecordsError::NoAccess { reason: AccessReason::NoGrant, .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_16_callers_without_a_right_are_refused_before_anything_is_stored() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let reader = world.user("reader", Role::Patient).await;
    let other = world.user("other", Role::Patient).await;
    let nobody = world.stranger("nobody").await;
    let record = owner.add(&NewContent::file(world.file("a", b"a"))).await.unwrap();
    owner.share(&Share { level: AccessLevel::Read, ..share(record.id, &reader) }).await.unwrap();
    let (id, file) = (record.id, world.file("b", b"b"));
    let before = world.all_objects();
    for (session, reads) in [(&reader, true), (&other, false), (&nobody, false)] {
        let target = world.path().join(format!("out-{}", session.me()));
        assert_eq!(open(session, id, &target).await.is_ok(), reads);
        let written = session.update(&update(id, &file, None)).await;
        assert!(matches!(written, Err(RecordsError::NoAccess { .. } | RecordsError::NoKey(_))), "{written:?}");
        for refused in [
            session.share(&share(id, &owner)).await.map(drop),
            session.revoke(id, &[reader.me()], None).await.map(drop),
            session.rekey(id, None).await.map(drop),
            session.remove(id).await.map(drop),
            session.deny(id, reader.me()).await.map(drop),
        ] {
            assert!(matches!(refused, Err(RecordsError::NotOwner { .. })), "{refused:?}");
        }
        assert!(session.unfinished().await.unwrap().is_empty());
    }
    let unregistered = nobody.add(&NewContent::file(&file)).await;
    assert!(matches!(unregistered, Err(RecordsError::NotRegistered)), "{unregistered:?}");
    assert_eq!(world.all_objects(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_17_an_unvouched_professional_is_shown_as_such_and_sharing_asks() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let doctor = world.user("doctor", Role::Doctor).await;
    let clinic = world.user("clinic", Role::Physician).await;
    let crony = world.user("crony", Role::Physician).await;
    let record = owner.add(&NewContent::file(world.file("a", b"a"))).await.unwrap();
    owner
        .profile()
        .change_people(|people| {
            people.add("Doctor", None, doctor.me())?;
            people.add("Clinic", None, clinic.me())?;
            people.add("Crony", None, crony.me())?;
            people.set_trusted_voucher(&clinic.me(), true)
        })
        .unwrap();
    let vouched_by = async || owner.people().await.unwrap().into_iter().find(|p| p.person.name == "Doctor").unwrap().vouched_by;
    let attempt = async || match owner.share(&share(record.id, &doctor)).await {
        Ok(_) => true,
        Err(RecordsError::Blocked(o)) => {
            assert!(matches!(o[..], [Obstacle::Unvouched { role: Role::Doctor, .. }]), "{o:?}");
            false
        }
        Err(error) => panic!("{error:?}"),
    };
    assert!(vouched_by().await.is_empty() && !attempt().await);
    // Somebody who is not trusted, and somebody who is but for another role.
    crony.vouch(doctor.me(), Role::Doctor, None).await.unwrap();
    clinic.vouch(doctor.me(), Role::Analyst, None).await.unwrap();
    assert!(vouched_by().await.is_empty() && !attempt().await);
    clinic.vouch(doctor.me(), Role::Doctor, None).await.unwrap();
    assert_eq!(vouched_by().await[0].name.as_deref(), Some("Clinic"));
    assert!(attempt().await);
    clinic.withdraw_vouch(doctor.me()).await.unwrap();
    assert!(vouched_by().await.is_empty() && !attempt().await);
    assert!(owner.share(&Share { unvouched: true, ..share(record.id, &doctor) }).await.is_ok());
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
        let account = Account::from_secret(&Zeroizing::new(*identity.account().expose_secret())).unwrap();
        let journal = Journal::open(&world.path().join(format!("journal-{name}"))).unwrap();
        let registry = session.registry();
        let entry = journal.begin(registry.scope(&account), serde_json::Value::Null).unwrap();
        let add = registry.calls().add_record(salt, &content);
        registry.execute(&journal, entry, &account, &[add]).await.unwrap();
    };
    send(&attacker, "attacker").await;
    send(&victim, "victim").await;
    let owned = victim.list().await.unwrap();
    assert_eq!(owned.len(), 1);
    assert_eq!(owned[0].id, chartseal::chain::record_id(victim.me(), salt));
    assert_ne!(owned[0].id, attacker.list().await.unwrap()[0].id);
}

fn content_of(byte: u8) -> chartseal::chain::Content {
    chartseal::chain::Content { digest: B256::repeat_byte(byte), sealed_info: Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_of_sixteen_writers_one_succeeds_and_the_others_keep_their_files() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let record = owner.add(&NewContent::file(world.file("a", b"a"))).await.unwrap();
    let mut writers = Vec::new();
    for index in 0..16 {
        let writer = world.user(&format!("writer{index}"), Role::Patient).await;
        owner.share(&share(record.id, &writer)).await.unwrap();
        writers.push((writer, world.file(&format!("w{index}"), format!("writer {index}").as_bytes())));
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
    let lost = |o: &&Result<_, _>| matches!(o, Err(RecordsError::LostUpdate { current: 2, based_on: 1, .. }));
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(lost).count(), 15, "{outcomes:?}");
    assert_eq!(owner.info(record.id).await.unwrap().version, 2);
    assert_eq!(world.all_objects().len(), 2, "the objects of lost updates are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_36_titles_and_names_are_nowhere_in_the_clear() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let reader = world.user("reader", Role::Patient).await;
    let marker = "ZEBRAMARKER";
    let file = world.file(&format!("{marker}.txt"), format!("{marker} content").repeat(100).as_bytes());
    let one = owner.add(&NewContent::file(&file)).await.unwrap();
    let two = owner.add(&NewContent { title: Some(format!("second {marker}")), ..NewContent::file(&file) }).await.unwrap();
    assert_ne!(one.digest, two.digest, "the same file twice has different digests");
    owner.share(&share(one.id, &reader)).await.unwrap();
    reader.request(two.id, AccessLevel::Read, Purpose::Treatment, &format!("{marker} please")).await.unwrap();
    owner.update(&update(one.id, &file, None)).await.unwrap();
    owner.revoke(one.id, &[reader.me()], None).await.unwrap();

    let mut searched = world.all_objects();
    assert!(searched.len() >= 2);
    searched.extend(files_in(owner.profile().folder()));
    for path in searched {
        assert!(!path.to_string_lossy().contains(marker), "{path:?}");
        assert!(!contains(&fs::read(&path).unwrap(), marker.as_bytes()), "{path:?}");
    }
    // Calldata, events and state of the node, all of them.
    let calldata = world.blocks().await;
    assert!(calldata.len() > 10_000);
    for shape in [alloy_primitives::hex::encode(marker), marker.to_owned()] {
        assert!(!contains(calldata.as_bytes(), shape.as_bytes()));
    }
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn row_37_a_removed_record_is_erased() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let reader = world.user("reader", Role::Patient).await;
    let record = owner.add(&NewContent::file(world.file("a", b"a"))).await.unwrap();
    owner.share(&share(record.id, &reader)).await.unwrap();
    let file = world.file("b", b"b");
    owner.update(&update(record.id, &file, None)).await.unwrap();
    owner.update(&update(record.id, &file, None)).await.unwrap();
    assert_eq!(world.all_objects().len(), 3);
    let erased = owner.remove(record.id).await.unwrap();
    assert!(erased.left_behind.is_empty());
    assert!(world.all_objects().is_empty());
    assert!(owner.list().await.unwrap()[0].removed);
    for session in [&owner, &reader] {
        let gone = open(session, record.id, &world.path().join("x")).await;
        assert!(matches!(gone, Err(RecordsError::Removed(_))), "{gone:?}");
    }
    assert!(matches!(owner.remove(record.id).await, Err(RecordsError::Removed(_))));
}

/// The access list that the events give is the one that the registry enforces.
#[tokio::test(flavor = "multi_thread")]
async fn row_38_the_access_list_follows_the_registry_through_a_random_history() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let record = owner.add(&NewContent::file(world.file("a", b"a"))).await.unwrap();
    let users = world.crowd(4).await;
    let mut held = [false; 4];
    for (step, byte) in content(40).into_iter().enumerate() {
        let who = usize::from(byte % 4);
        let access = Share { users: vec![users[who]], ..share(record.id, &owner) };
        match byte % 3 {
            0 if held[who] => {
                owner.revoke(record.id, &users[who..=who], None).await.unwrap();
                held[who] = false;
            }
            1 => drop(owner.rekey(record.id, None).await.unwrap()),
            _ => {
                owner.share(&access).await.unwrap();
                held[who] = true;
            }
        }
        let list = owner.access_list(record.id).await.unwrap();
        let listed = users.iter().map(|user| list.iter().any(|item| item.user.address == *user && item.access.is_some()));
        assert!(listed.eq(held), "after step {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_32_bad_and_odd_files() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    for len in [0, 1, 16_383, 16_384, 16_385, 5 * 16_384] {
        let bytes = content(len);
        let stored = owner.add(&NewContent::file(world.file("source", &bytes))).await.unwrap();
        let target = world.path().join(format!("target-{len}"));
        assert_eq!(open(&owner, stored.id, &target).await.unwrap().content_len, len as u64);
        assert_eq!(fs::read(&target).unwrap(), bytes);
        assert_eq!(mode(&target), 0o600);
        // Without force nothing is replaced.
        assert!(matches!(open(&owner, stored.id, &target).await, Err(RecordsError::TargetExists(_))));
    }
    // A link is followed when it is read, and not when it is written to.
    let real = world.file("real", b"real");
    let link = world.path().join("link");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let stored = owner.add(&NewContent::file(&link)).await.unwrap();
    assert!(matches!(open(&owner, stored.id, &link).await, Err(RecordsError::TargetExists(_))));
    let forced = Open { id: stored.id, target: Target::File(link.clone()), force: true, log: None };
    fs::write(&real, b"untouched").unwrap();
    owner.open(&forced).await.unwrap();
    assert_eq!((fs::read(&link).unwrap(), fs::read(&real).unwrap()), (b"real".to_vec(), b"untouched".to_vec()));

    // What is not a file.
    let fifo = world.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for bad in [fifo.as_path(), world.path(), Path::new("/dev/null")] {
        let refused = owner.add(&NewContent::file(bad)).await;
        assert!(matches!(refused, Err(RecordsError::NotAFile(_))), "{refused:?}");
    }
    let missing = owner.add(&NewContent::file(world.path().join("none"))).await;
    assert!(matches!(missing, Err(RecordsError::File { .. })), "{missing:?}");

    // A title with a path in it stays in the folder.
    let evil = NewContent { title: Some("../../../evil".into()), ..NewContent::file(&real) };
    let stored = owner.add(&evil).await.unwrap();
    let folder = world.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let into = Open { id: stored.id, target: Target::Folder(folder.clone()), force: false, log: None };
    let opened = owner.open(&into).await.unwrap();
    assert_eq!(opened.path.parent(), Some(folder.as_path()));
    assert_eq!(files_in(&folder).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_32_a_file_that_grows_is_refused() {
    let world = World::new().await;
    world.user("owner", Role::Patient).await;
    let path = world.file("log", &content(1 << 20));
    let grows = path.clone();
    let owner = world.session("owner").await.with_progress(chartseal_tests::world::watching(move |stage, done, _| {
        if stage == chartseal::records::Stage::Sealing && done > 0 {
            use std::io::Write;
            fs::OpenOptions::new().append(true).open(&grows).unwrap().write_all(b"more").unwrap();
        }
    }));
    let refused = owner.add(&NewContent::file(&path)).await;
    assert!(matches!(refused, Err(RecordsError::FileChanged(_))), "{refused:?}");
    assert!(world.all_objects().is_empty());
    assert!(files_in(&owner.profile().folder().join("staged")).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn row_27_a_full_disk_leaves_no_partial_file() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let record = owner.add(&NewContent::file(world.file("big", &content(3 << 20)))).await.unwrap();
    let small = world.path().join("small");
    fs::create_dir(&small).unwrap();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&small)
        .status();
    if !mount.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no right to mount a small file system here");
        return;
    }
    let target = small.join("target");
    let full = open(&owner, record.id, &target).await;
    let left = files_in(&small);
    assert!(std::process::Command::new("umount").arg(&small).status().unwrap().success());
    assert!(matches!(full, Err(RecordsError::Crypto(CryptoError::Write(_)))), "{full:?}");
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_23_collection_loses_no_live_object() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let other = world.user("other", Role::Patient).await;
    let mut live = Vec::new();
    for index in 0..3_u8 {
        let session = if index == 2 { &other } else { &owner };
        live.push(session.add(&NewContent::file(world.file("a", &[index]))).await.unwrap());
    }
    let newer = owner.update(&update(live[0].id, world.file("b", b"newer"), None)).await.unwrap();

    // An upload that waits for its transaction.
    drop(owner);
    let stopped = world.stopped_at("owner", chartseal::records::Stage::Confirming).await;
    let waiting = NewContent::file(world.file("c", b"waiting"));
    assert!(matches!(stopped.add(&waiting).await, Err(RecordsError::Stopped)));
    drop(stopped);
    assert_eq!(world.all_objects().len(), 5);

    let owner = world.session("owner").await;
    let hour = Duration::from_secs(3600);
    assert!(other.collect_garbage(None, hour, false).await.unwrap().is_empty(), "too young");
    let rehearsed = owner.collect_garbage(None, Duration::ZERO, true).await.unwrap();
    assert_eq!(rehearsed.iter().map(|orphan| orphan.digest).collect::<Vec<_>>(), [live[0].digest]);
    assert_eq!(owner.collect_garbage(None, Duration::ZERO, false).await.unwrap(), rehearsed);
    assert_eq!(world.all_objects().len(), 4);
    let resumed = owner.add(&waiting).await.unwrap();
    for (session, id) in [(&owner, newer.id), (&owner, live[1].id), (&other, live[2].id), (&owner, resumed.id)] {
        session.verify(id, None).await.unwrap();
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
