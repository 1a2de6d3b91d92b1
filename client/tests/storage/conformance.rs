//! What every backend must do.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::time::{Duration, SystemTime};

use chartseal::storage::{Collected, ObjectName, Put, Storage, StorageError};
use futures_util::TryStreamExt;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::sample::sample;

const MIB: usize = 1 << 20;
/// Longer than one request carries.
const LONG: usize = 9 * MIB + 1;

pub(crate) async fn put(
    storage: &Storage,
    name: &ObjectName,
    bytes: &[u8],
) -> Result<Put, StorageError> {
    storage
        .put(name, bytes.len() as u64, bytes, &mut |_| ())
        .await
}

pub(crate) async fn get(storage: &Storage, name: &ObjectName) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    storage
        .get(name)
        .await?
        .read_to_end(&mut bytes)
        .await
        .map_err(typed)?;
    Ok(bytes)
}

/// The storage error a reader carries.
pub(crate) fn typed(error: io::Error) -> StorageError {
    *error.into_inner().unwrap().downcast().unwrap()
}

pub(crate) async fn run(storage: &Storage) {
    lengths_round_trip(storage).await;
    nothing_is_overwritten(storage).await;
    a_wrong_source_stores_nothing(storage).await;
    what_is_absent_is_absent(storage).await;
    listings_are_complete(storage).await;
    only_old_orphans_are_collected(storage).await;
}

async fn lengths_round_trip(storage: &Storage) {
    for len in [
        0,
        1,
        72,
        65_537,
        8 * MIB - 1,
        8 * MIB,
        8 * MIB + 1,
        20 * MIB + 3,
    ] {
        let (name, bytes) = sample(len);
        let mut seen = vec![0];
        let source = &bytes[..];
        let stored = storage
            .put(&name, len as u64, source, &mut |done| seen.push(done))
            .await;
        assert_eq!(stored.unwrap(), Put::Stored, "{len} bytes");
        assert!(
            seen.is_sorted() && seen.last() == Some(&(len as u64)),
            "{seen:?}"
        );
        assert_eq!(storage.len(&name).await.unwrap(), Some(len as u64));
        assert!(get(storage, &name).await.unwrap() == bytes, "{len} bytes");
        assert_eq!(storage.get(&name).await.unwrap().object_len(), len as u64);
        storage.delete(&name).await.unwrap();
    }
}

async fn nothing_is_overwritten(storage: &Storage) {
    for len in [100, LONG] {
        let (name, bytes) = sample(len);
        assert_eq!(put(storage, &name, &bytes).await.unwrap(), Put::Stored);
        assert_eq!(
            put(storage, &name, &bytes).await.unwrap(),
            Put::AlreadyThere
        );
        let other = put(storage, &name, &bytes[1..]).await;
        assert!(
            matches!(other, Err(StorageError::WrongLength { .. })),
            "{other:?}"
        );
        assert!(get(storage, &name).await.unwrap() == bytes);
        storage.delete(&name).await.unwrap();
    }
}

/// A source that ends with an error.
fn broken(bytes: &[u8]) -> impl AsyncRead + Unpin + Send {
    bytes.chain(tokio_util::io::StreamReader::new(
        futures_util::stream::iter([Err::<&[u8], _>(io::Error::other("disk gone"))]),
    ))
}

async fn a_wrong_source_stores_nothing(storage: &Storage) {
    for len in [100, LONG] {
        let (name, mut bytes) = sample(len);
        bytes[len - 1] ^= 1;
        let altered = put(storage, &name, &bytes).await;
        assert!(
            matches!(altered, Err(StorageError::SourceMismatch(_))),
            "{altered:?}"
        );
        let short = storage
            .put(&name, len as u64, &bytes[..len - 1], &mut |_| ())
            .await;
        assert!(
            matches!(short, Err(StorageError::SourceMismatch(_))),
            "{short:?}"
        );
        let gone = storage
            .put(&name, len as u64, broken(&bytes[..len - 1]), &mut |_| ())
            .await;
        assert!(matches!(gone, Err(StorageError::Source(_))), "{gone:?}");
        assert_eq!(storage.len(&name).await.unwrap(), None);
    }
    let huge = storage
        .put(&sample(1).0, u64::MAX, &[][..], &mut |_| ())
        .await;
    assert!(matches!(huge, Err(StorageError::TooLong(_))));
}

async fn what_is_absent_is_absent(storage: &Storage) {
    let (name, bytes) = sample(500);
    assert_eq!(storage.len(&name).await.unwrap(), None);
    assert!(matches!(get(storage, &name).await, Err(StorageError::NotFound(n)) if n == name));
    storage.delete(&name).await.unwrap();
    put(storage, &name, &bytes).await.unwrap();
    storage.delete(&name).await.unwrap();
    storage.delete(&name).await.unwrap();
    assert!(matches!(
        get(storage, &name).await,
        Err(StorageError::NotFound(_))
    ));
}

/// Objects of several records.
async fn put_many(storage: &Storage) -> BTreeMap<ObjectName, u64> {
    let mut expected = BTreeMap::new();
    for i in 0..24_u8 {
        let (mut name, bytes) = sample(1000 + usize::from(i));
        name.record_id = [i % 3; 32];
        put(storage, &name, &bytes).await.unwrap();
        expected.insert(name, bytes.len() as u64);
    }
    expected
}

async fn listed(storage: &Storage) -> BTreeMap<ObjectName, u64> {
    storage
        .list()
        .map_ok(|object| (object.name, object.len))
        .try_collect()
        .await
        .unwrap()
}

async fn listings_are_complete(storage: &Storage) {
    assert_eq!(listed(storage).await, BTreeMap::new());
    let expected = put_many(storage).await;
    assert_eq!(listed(storage).await, expected);
    for name in expected.keys() {
        storage.delete(name).await.unwrap();
    }
    assert_eq!(listed(storage).await, BTreeMap::new());
}

/// Threat 23: what is referred to or young stays.
async fn only_old_orphans_are_collected(storage: &Storage) {
    let all = put_many(storage).await;
    let live: HashSet<ObjectName> = all.keys().copied().step_by(2).collect();
    let referenced = async |name: &ObjectName| Ok::<bool, StorageError>(live.contains(name));
    let (day, now) = (Duration::from_secs(86_400), SystemTime::now());
    let young = storage
        .collect_orphans(day, now, &referenced)
        .await
        .unwrap();
    assert_eq!(young, Collected::default());
    let removed = storage
        .collect_orphans(day, now + 2 * day, &referenced)
        .await
        .unwrap();
    assert_eq!(removed.orphans.len(), all.len() - live.len());
    assert_eq!(removed.unfinished, 0);
    assert!(
        removed
            .orphans
            .iter()
            .all(|object| !live.contains(&object.name))
    );
    let left: HashSet<ObjectName> = listed(storage).await.into_keys().collect();
    assert_eq!(left, live);
    for name in &live {
        storage.delete(name).await.unwrap();
    }
}

/// Threats 23 and 28: many upload one object, and a collection runs beside uploads. Not for servers that look
/// and write in two steps.
pub(crate) async fn concurrent(storage: &Storage) {
    let (name, bytes) = sample(50_000);
    let puts = (0..16).map(|_| {
        let (storage, bytes) = (storage.clone(), bytes.clone());
        tokio::spawn(async move { put(&storage, &name, &bytes).await.unwrap() })
    });
    let mut stored = 0;
    for put in puts.collect::<Vec<_>>() {
        stored += usize::from(put.await.unwrap() == Put::Stored);
    }
    assert!(stored >= 1);
    assert!(get(storage, &name).await.unwrap() == bytes);

    let uploads = tokio::spawn({
        let storage = storage.clone();
        async move { put_many(&storage).await }
    });
    let day = Duration::from_secs(86_400);
    let nobody = async |_: &ObjectName| Ok::<bool, StorageError>(false);
    while !uploads.is_finished() {
        let removed = storage
            .collect_orphans(day, SystemTime::now(), nobody)
            .await
            .unwrap();
        assert_eq!(removed, Collected::default());
        tokio::task::yield_now().await;
    }
    let all = uploads.await.unwrap();
    let left = listed(storage).await;
    assert!(
        all.keys().all(|name| left.contains_key(name)),
        "a live object was lost"
    );
}
