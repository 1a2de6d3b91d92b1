//! Threat 26: connections that break. Every upload and download ends in success or in a typed error, and no
//! object is ever half there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chartseal::storage::{Limits, ObjectName, StorageError};
use futures_util::StreamExt;

use crate::conformance::{get, put};
use crate::proxy::{self, Direction, Fault, Plan};
use crate::s3_server::S3Server;
use crate::sample::sample;

/// Short enough to test with, long enough for a busy machine.
pub(crate) fn impatient() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        stall: Duration::from_secs(5),
        retries: 6,
        backoff: Duration::from_millis(5),
    }
}

/// Resets and cuts at byte 2^k in either direction, each once, and stalls at every fourth k, as they take long.
fn plans() -> Vec<(u32, Plan)> {
    let mut plans = Vec::new();
    for k in 0..=23 {
        for direction in [Direction::Request, Direction::Reply] {
            for fault in [Fault::Reset, Fault::Cut, Fault::Stall] {
                if !matches!(fault, Fault::Stall) || k % 4 == 3 {
                    plans.push((
                        k,
                        Plan {
                            fault,
                            direction,
                            after: 1 << k,
                            times: 1,
                        },
                    ));
                }
            }
        }
    }
    plans
}

/// Faults in all: 24 positions, 2 directions, 2 kinds, and 6 positions for stalls.
const PLANS: usize = 24 * 2 * 2 + 6 * 2;

/// Short objects for early faults, long ones for late faults.
fn object(k: u32, number: usize) -> (ObjectName, Vec<u8>) {
    let (mut name, bytes) = sample(if k < 16 { 100_000 } else { 9 << 20 });
    name.record_id = [u8::try_from(number).unwrap(); 32];
    (name, bytes)
}

/// What an operation through a faulty network came to.
#[derive(Default, Debug)]
struct Tally {
    faults: usize,
    successes: usize,
    errors: usize,
}

impl Tally {
    fn count(&mut self, happened: bool, outcome: Result<(), StorageError>) {
        self.faults += usize::from(happened);
        match outcome {
            Ok(()) => self.successes += 1,
            // This server answers "access denied" when the end of an upload is repeated that it has dealt with.
            Err(StorageError::Failed(_) | StorageError::Denied(_)) => self.errors += 1,
            Err(other) => panic!("an error of another kind: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_through_a_failing_network_succeed_or_say_so() {
    let server = S3Server::start().await;
    let direct = server.storage(server.port(), "", &Limits::default());
    let one = async |(number, (k, plan)): (usize, (u32, Plan))| {
        let (name, bytes) = object(k, number);
        let (port, left) = proxy::start(server.port(), plan).await;
        let storage = server.storage(port, "", &impatient());
        let outcome = put(&storage, &name, &bytes).await;
        match direct.len(&name).await.unwrap() {
            Some(_) => assert!(get(&direct, &name).await.unwrap() == bytes, "{plan:?}"),
            None => assert!(outcome.is_err(), "{plan:?}"),
        }
        direct.delete(&name).await.unwrap();
        (left.load(Ordering::SeqCst) == 0, outcome.map(|_| ()))
    };
    let mut tally = Tally::default();
    let mut runs = futures_util::stream::iter(plans().into_iter().enumerate())
        .map(one)
        .buffer_unordered(8);
    while let Some((happened, outcome)) = runs.next().await {
        tally.count(happened, outcome);
    }
    println!("uploads: {tally:?}");
    assert_eq!(tally.successes + tally.errors, PLANS);
    assert_eq!(tally.faults, PLANS);
    // A request that may not be repeated blindly, such as the start of an upload in parts, may fail; and on a
    // busy machine a slow answer is one more stall.
    assert!(tally.successes > PLANS / 3, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_through_a_failing_network_succeed_or_say_so() {
    let server = S3Server::start().await;
    let direct = server.storage(server.port(), "", &Limits::default());
    let ((short, short_bytes), (long, long_bytes)) = (object(0, 0), object(20, 1));
    put(&direct, &short, &short_bytes).await.unwrap();
    put(&direct, &long, &long_bytes).await.unwrap();
    let one = async |(k, plan): (u32, Plan)| {
        let (name, bytes) = if k < 16 {
            (&short, &short_bytes)
        } else {
            (&long, &long_bytes)
        };
        let (port, left) = proxy::start(server.port(), plan).await;
        let storage = server.storage(port, "", &impatient());
        let outcome = get(&storage, name).await;
        let outcome = outcome.map(|found| assert!(found == *bytes, "{plan:?}"));
        (left.load(Ordering::SeqCst) == 0, outcome)
    };
    let mut tally = Tally::default();
    let mut runs = futures_util::stream::iter(plans())
        .map(one)
        .buffer_unordered(8);
    while let Some((happened, outcome)) = runs.next().await {
        tally.count(happened, outcome);
    }
    println!("downloads: {tally:?}");
    assert_eq!(tally.successes + tally.errors, PLANS);
    assert_eq!(tally.faults, PLANS);
    assert!(tally.successes > PLANS / 2, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_server_is_asked_again_a_bounded_number_of_times() {
    let server = S3Server::start().await;
    let (name, bytes) = sample(1000);
    for code in [429, 500, 502, 503, 504] {
        for (times, succeeds) in [(1, true), (3, true), (usize::MAX, false)] {
            let plan = Plan {
                fault: Fault::Status(code),
                direction: Direction::Request,
                after: 0,
                times,
            };
            let (port, left) = proxy::start(server.port(), plan).await;
            let storage = server.storage(port, "", &impatient());
            let outcome = put(&storage, &name, &bytes).await;
            assert_eq!(
                outcome.is_ok(),
                succeeds,
                "{code}, {times} times: {outcome:?}"
            );
            if !succeeds {
                assert!(matches!(outcome, Err(StorageError::Failed(_))));
                let asked = times - left.load(Ordering::SeqCst);
                assert!((2..=20).contains(&asked), "asked {asked} times");
            }
            server
                .storage(server.port(), "", &Limits::default())
                .delete(&name)
                .await
                .unwrap();
        }
    }
}

/// A network that never works ends in an error, not in waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_never_works_is_an_error() {
    let server = S3Server::start().await;
    let (name, bytes) = sample(1000);
    for fault in [Fault::Reset, Fault::Cut, Fault::Stall] {
        let plan = Plan {
            fault,
            direction: Direction::Reply,
            after: 0,
            times: usize::MAX,
        };
        let (port, _) = proxy::start(server.port(), plan).await;
        let limits = Limits {
            stall: Duration::from_secs(1),
            retries: 2,
            ..impatient()
        };
        let storage = server.storage(port, "", &limits);
        let stored = put(&storage, &name, &bytes).await;
        assert!(
            matches!(stored, Err(StorageError::Failed(_))),
            "{fault:?}: {stored:?}"
        );
        let read = get(&storage, &name).await;
        assert!(
            matches!(read, Err(StorageError::Failed(_))),
            "{fault:?}: {read:?}"
        );
    }
    let nobody = server.storage(
        1,
        "",
        &Limits {
            retries: 1,
            ..impatient()
        },
    );
    assert!(matches!(
        nobody.len(&name).await,
        Err(StorageError::Failed(_))
    ));
}
