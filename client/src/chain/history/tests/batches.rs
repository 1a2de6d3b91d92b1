//! Syncs that end, or whose chain changes, while events are fetched and not written; names that are alike; how much is
//! written.

use super::*;

/// Records of one block each, and a node that gives at most seven events at once.
async fn seven_at_once(records: u8) -> Bench {
    let bench = Bench::new().await;
    for record in 1..=records {
        bench.add(record);
    }
    bench.chain.state().most_logs = 7;
    bench
}

fn ids(bench: &Bench) -> Vec<B256> {
    bench.records().iter().map(|record| record.0).collect()
}

#[tokio::test]
async fn a_sync_that_fails_keeps_what_it_fetched() {
    let bench = seven_at_once(60).await;
    let mut done = Vec::new();
    let told = |at: Progress| {
        done.push(at.done);
        if done.len() == 3 {
            bench.chain.state().most_logs = 0;
        }
    };
    let error = bench.history.sync(&bench.registry, told).await.unwrap_err();
    assert!(matches!(error, ChainError::TooManyResults(_)), "{error:?}");
    let kept = bench.records().len();
    assert!((1..60).contains(&kept), "{kept}");
    assert_eq!(bench.history.synced_to().unwrap(), done.last().copied());
    bench.chain.state().most_logs = 7;
    assert_eq!(bench.sync().await.added, 60 - kept as u64);
    assert!(ids(&bench).into_iter().eq((1..=60).map(id)));
}

#[tokio::test]
async fn much_that_was_fetched_is_written_before_the_end() {
    let bench = seven_at_once(200).await;
    let second = History::open(bench.folder.path(), bench.registry.deployment()).unwrap();
    let mut behind = Vec::new();
    let told = |at: Progress| behind.push(at.done - second.synced_to().unwrap().unwrap_or(0));
    bench.history.sync(&bench.registry, told).await.unwrap();
    assert!(behind.len() > 2 * 16, "{behind:?}");
    assert!(behind.iter().all(|blocks| *blocks <= 7 * 16), "{behind:?}");
}

#[tokio::test]
async fn a_reorganisation_takes_back_what_is_not_written_yet() {
    let bench = seven_at_once(60).await;
    let mut ranges = 0;
    let told = |_: Progress| {
        ranges += 1;
        if ranges == 3 {
            bench.chain.reorganise(55);
            for record in 101..=160 {
                bench.add(record);
            }
        }
    };
    let report = bench.history.sync(&bench.registry, told).await.unwrap();
    assert!(report.taken_back > 0, "{report:?}");
    assert_eq!(report.added - report.taken_back, 5 + 60);
    assert!(ids(&bench).into_iter().eq((1..=5).chain(101..=160).map(id)));
}

#[tokio::test]
async fn names_that_begin_alike_are_told_apart() {
    let bench = Bench::new().await;
    let named = |last: u8| {
        let mut name = id(1);
        name[8] = last;
        name
    };
    for last in [9, 3] {
        bench.emit(abi::RecordAdded {
            id: named(last),
            owner: OWNER,
            digest: ObjectDigest::repeat_byte(last),
            sealedInfo: info(last),
        });
    }
    bench.sync().await;
    for last in [3, 9] {
        let record = bench.history.record(named(last)).unwrap().unwrap();
        assert_eq!(record.content.digest, ObjectDigest::repeat_byte(last));
    }
    let found = |prefix: &[u8], limit: u32| {
        let records = bench.history.records_with_prefix(prefix, limit).unwrap();
        records.iter().map(|r| r.record[8]).collect::<Vec<_>>()
    };
    assert_eq!(found(&[1; 8], 9), [9, 3], "in the order they were made");
    assert_eq!(found(&[1; 8], 1), [9]);
    assert_eq!(found(&named(3)[..9], 9), [3]);
    assert_eq!(found(&[], 9), [9, 3]);
}

/// What a new record changes in the file stays the same as the file grows, although ids come in no order.
#[tokio::test]
async fn as_much_is_written_for_a_record_in_a_long_index() {
    const RECORDS: u64 = 2_000;
    let bench = Bench::new().await;
    let pragma = |sql: &str| bench.history.read(|db| db.query_row(sql, [], |_| Ok(())));
    pragma("PRAGMA wal_autocheckpoint = 0").unwrap();
    let mut log = bench.history.path.clone().into_os_string();
    log.push("-wal");
    let mut written = Vec::new();
    for part in 0..11 {
        let added = |number: u64| abi::RecordAdded {
            id: keccak256(number.to_be_bytes()),
            owner: OWNER,
            digest: ObjectDigest::repeat_byte(1),
            sealedInfo: info(7),
        };
        for number in part * RECORDS..(part + 1) * RECORDS {
            bench.emit(added(number));
        }
        pragma("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        assert_eq!(bench.sync().await.added, RECORDS);
        written.push(std::fs::metadata(&log).unwrap().len());
    }
    assert!(written[10] < 2 * written[0], "{written:?} bytes");
}
