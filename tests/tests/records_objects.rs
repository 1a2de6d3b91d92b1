//! Attacks and faults around objects and files, each named after its row of the threat table.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chartseal::chain::{AccessLevel, Purpose, Role};
use chartseal::crypto::CryptoError;
use chartseal::records::{NewContent, Open, RecordsError, Stage, Target};
use chartseal_tests::chain::skipped;
use chartseal_tests::shorthand::{open, share, update};
use chartseal_tests::world::{World, content, files_in, watching};

fn is_mismatch<T: std::fmt::Debug>(result: &Result<T, RecordsError>) -> bool {
    matches!(
        result,
        Err(RecordsError::Crypto(CryptoError::DigestMismatch { .. }))
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn row_05_storage_serves_an_old_version() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let one = owner
        .add(&NewContent::file(world.file("one", b"version 1")))
        .await
        .unwrap();
    let two = owner
        .update(&update(one.id, world.file("two", b"version 2"), None))
        .await
        .unwrap();
    fs::copy(
        world.object(one.id, one.digest),
        world.object(one.id, two.digest),
    )
    .unwrap();
    let target = world.path().join("target");
    let opened = open(&owner, one.id, &target).await;
    assert!(is_mismatch(&opened), "{opened:?}");
    assert!(is_mismatch(&owner.verify(one.id, None).await));
    assert!(!target.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn row_14_nothing_appears_when_a_chunk_is_forged() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let record = owner
        .add(&NewContent::file(world.file("big", &content(200_000))))
        .await
        .unwrap();
    let object = world.object(record.id, record.digest);
    let whole = fs::read(&object).unwrap();
    let folder = world.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let mut forged = whole.clone();
    forged[5 * 16_400 + 100] ^= 1;
    for bad in [
        &forged[..],
        &whole[..whole.len() - 1],
        &whole[..5 * 16_400 + 56],
        b"",
    ] {
        fs::write(&object, bad).unwrap();
        assert!(is_mismatch(
            &open(&owner, record.id, &folder.join("target")).await
        ));
        assert!(files_in(&folder).is_empty());
    }
    fs::remove_file(&object).unwrap();
    assert!(matches!(
        open(&owner, record.id, &folder.join("target")).await,
        Err(RecordsError::Storage(_))
    ));
    assert!(files_in(&folder).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn row_36_titles_and_names_are_nowhere_in_the_clear() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let reader = world.user("reader", Role::Patient).await;
    let marker = "ZEBRAMARKER";
    let file = world.file(
        &format!("{marker}.txt"),
        format!("{marker} content").repeat(100).as_bytes(),
    );
    let one = owner.add(&NewContent::file(&file)).await.unwrap();
    let two = owner
        .add(&NewContent {
            title: Some(format!("second {marker}")),
            ..NewContent::file(&file)
        })
        .await
        .unwrap();
    assert_ne!(
        one.digest, two.digest,
        "the same file twice has different digests"
    );
    owner.share(&share(one.id, &reader)).await.unwrap();
    reader
        .request(
            two.id,
            AccessLevel::Read,
            Purpose::Treatment,
            &format!("{marker} please"),
        )
        .await
        .unwrap();
    owner.update(&update(one.id, &file, None)).await.unwrap();
    owner.revoke(one.id, &[reader.me()], None).await.unwrap();

    let mut searched = world.all_objects();
    assert!(searched.len() >= 2);
    searched.extend(files_in(owner.profile().folder()));
    for path in searched {
        assert!(!path.to_string_lossy().contains(marker), "{path:?}");
        assert!(
            !contains(&fs::read(&path).unwrap(), marker.as_bytes()),
            "{path:?}"
        );
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
    let record = owner
        .add(&NewContent::file(world.file("a", b"a")))
        .await
        .unwrap();
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
    assert!(matches!(
        owner.remove(record.id).await,
        Err(RecordsError::Removed(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_32_bad_and_odd_files() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    for len in [0, 1, 16_383, 16_384, 16_385, 5 * 16_384] {
        let bytes = content(len);
        let stored = owner
            .add(&NewContent::file(world.file("source", &bytes)))
            .await
            .unwrap();
        let target = world.path().join(format!("target-{len}"));
        assert_eq!(
            open(&owner, stored.id, &target).await.unwrap().content_len,
            len as u64
        );
        assert_eq!(fs::read(&target).unwrap(), bytes);
        assert_eq!(mode(&target), 0o600);
        // Without force nothing is replaced.
        assert!(matches!(
            open(&owner, stored.id, &target).await,
            Err(RecordsError::TargetExists(_))
        ));
    }
    // A link is followed when it is read, and not when it is written to.
    let real = world.file("real", b"real");
    let link = world.path().join("link");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let stored = owner.add(&NewContent::file(&link)).await.unwrap();
    assert!(matches!(
        open(&owner, stored.id, &link).await,
        Err(RecordsError::TargetExists(_))
    ));
    let forced = Open {
        id: stored.id,
        target: Target::File(link.clone()),
        force: true,
        log: None,
    };
    fs::write(&real, b"untouched").unwrap();
    owner.open(&forced).await.unwrap();
    assert_eq!(
        (fs::read(&link).unwrap(), fs::read(&real).unwrap()),
        (b"real".to_vec(), b"untouched".to_vec())
    );

    // What is not a file.
    let fifo = world.path().join("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    for bad in [fifo.as_path(), world.path(), Path::new("/dev/null")] {
        let refused = owner.add(&NewContent::file(bad)).await;
        assert!(
            matches!(refused, Err(RecordsError::NotAFile(_))),
            "{refused:?}"
        );
    }
    let missing = owner
        .add(&NewContent::file(world.path().join("none")))
        .await;
    assert!(
        matches!(missing, Err(RecordsError::File { .. })),
        "{missing:?}"
    );

    // A title with a path in it stays in the folder.
    let evil = NewContent {
        title: Some("../../../evil".into()),
        ..NewContent::file(&real)
    };
    let stored = owner.add(&evil).await.unwrap();
    let folder = world.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let into = Open {
        id: stored.id,
        target: Target::Folder(folder.clone()),
        force: false,
        log: None,
    };
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
    let owner = world
        .session("owner")
        .await
        .with_progress(watching(move |stage, done, _| {
            if stage == Stage::Sealing && done > 0 {
                use std::io::Write;
                fs::OpenOptions::new()
                    .append(true)
                    .open(&grows)
                    .unwrap()
                    .write_all(b"more")
                    .unwrap();
            }
        }));
    let refused = owner.add(&NewContent::file(&path)).await;
    assert!(
        matches!(refused, Err(RecordsError::FileChanged(_))),
        "{refused:?}"
    );
    assert!(world.all_objects().is_empty());
    assert!(files_in(&owner.profile().folder().join("staged")).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn row_27_a_full_disk_leaves_no_partial_file() {
    let world = World::new().await;
    let owner = world.user("owner", Role::Patient).await;
    let record = owner
        .add(&NewContent::file(world.file("big", &content(3 << 20))))
        .await
        .unwrap();
    let small = world.path().join("small");
    fs::create_dir(&small).unwrap();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&small)
        .status();
    if !mount.is_ok_and(|status| status.success()) {
        return skipped("there is no right to mount a small file system here");
    }
    let target = small.join("target");
    let full = open(&owner, record.id, &target).await;
    let left = files_in(&small);
    assert!(
        std::process::Command::new("umount")
            .arg(&small)
            .status()
            .unwrap()
            .success()
    );
    assert!(
        matches!(full, Err(RecordsError::Crypto(CryptoError::Write(_)))),
        "{full:?}"
    );
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
        live.push(
            session
                .add(&NewContent::file(world.file("a", &[index])))
                .await
                .unwrap(),
        );
    }
    let newer = owner
        .update(&update(live[0].id, world.file("b", b"newer"), None))
        .await
        .unwrap();

    // An upload that waits for its transaction.
    drop(owner);
    let stopped = world.stopped_at("owner", Stage::Confirming).await;
    let waiting = NewContent::file(world.file("c", b"waiting"));
    assert!(matches!(
        stopped.add(&waiting).await,
        Err(RecordsError::Stopped)
    ));
    drop(stopped);
    assert_eq!(world.all_objects().len(), 5);

    let owner = world.session("owner").await;
    let hour = Duration::from_secs(3600);
    assert!(
        other
            .collect_garbage(None, hour, false)
            .await
            .unwrap()
            .is_empty(),
        "too young"
    );
    let rehearsed = owner
        .collect_garbage(None, Duration::ZERO, true)
        .await
        .unwrap();
    assert_eq!(
        rehearsed
            .iter()
            .map(|orphan| orphan.digest)
            .collect::<Vec<_>>(),
        [live[0].digest]
    );
    assert_eq!(
        owner
            .collect_garbage(None, Duration::ZERO, false)
            .await
            .unwrap(),
        rehearsed
    );
    assert_eq!(world.all_objects().len(), 4);
    let resumed = owner.add(&waiting).await.unwrap();
    for (session, id) in [
        (&owner, newer.id),
        (&owner, live[1].id),
        (&other, live[2].id),
        (&owner, resumed.id),
    ] {
        session.verify(id, None).await.unwrap();
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
