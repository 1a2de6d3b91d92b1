//! Interruptions: whatever is cut off where, going on gives exactly one version.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use alloy_primitives::B256;
use chartseal::chain::{AccessLevel, Purpose, Role};
use chartseal::records::{NewContent, RecordsError, Session, Share, Stage, Update};
use chartseal_tests::proxy::Proxy;
use chartseal_tests::world::{World, content, files_in, watching};

const STAGES: [Stage; 4] = [
    Stage::Sealing,
    Stage::Resealing,
    Stage::Uploading,
    Stage::Confirming,
];

/// One of the operations that must survive.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Add,
    Update,
    Revoke,
    Remove,
}

/// A patient with one record that a friend may read.
struct Case {
    world: World,
    friend: Session,
    record: B256,
}

impl Case {
    async fn new() -> Self {
        let world = World::new().await;
        let owner = world.user("owner", Role::Patient).await;
        let friend = world.user("friend", Role::Patient).await;
        let record = owner
            .add(&NewContent::file(world.file("first", &content(100_000))))
            .await
            .unwrap()
            .id;
        let share = Share {
            id: record,
            users: vec![friend.me()],
            level: AccessLevel::Read,
            purpose: Purpose::Treatment,
            expires: None,
            unvouched: false,
        };
        owner.share(&share).await.unwrap();
        world.file("second", &content(300_000));
        Self {
            world,
            friend,
            record,
        }
    }

    async fn run(&self, session: &Session, operation: Operation) -> Result<(), RecordsError> {
        let content = NewContent::file(self.world.path().join("second"));
        match operation {
            Operation::Add => session.add(&content).await.map(drop),
            Operation::Update => session
                .update(&Update {
                    id: self.record,
                    content,
                    based_on: None,
                })
                .await
                .map(drop),
            Operation::Revoke => session
                .revoke(self.record, &[self.friend.me()], None)
                .await
                .map(drop),
            Operation::Remove => session.remove(self.record).await.map(drop),
        }
    }

    /// What must hold once the operation is done, however often it was interrupted.
    async fn check(&self, session: &Session, operation: Operation, how: &str) {
        assert!(session.unfinished().await.unwrap().is_empty(), "{how}");
        let list = session.list().await.unwrap();
        let (records, version, epoch) = match operation {
            Operation::Add => (2, 1, 0),
            Operation::Update => (1, 2, 0),
            Operation::Revoke => (1, 2, 1),
            Operation::Remove => (1, 1, 0),
        };
        assert_eq!(
            (list.len(), list[0].version, list[0].epoch),
            (records, version, epoch),
            "{how}"
        );
        assert_eq!(list[0].removed, operation == Operation::Remove, "{how}");
        let objects = match operation {
            Operation::Add | Operation::Update => 2,
            Operation::Revoke => 1,
            Operation::Remove => 0,
        };
        assert_eq!(self.world.all_objects().len(), objects, "{how}");
        assert!(
            files_in(&session.profile().folder().join("staged")).is_empty(),
            "{how}"
        );
        for item in list.iter().filter(|item| !item.removed) {
            session.verify(item.id, None).await.unwrap();
        }
    }
}

const ALL: [Operation; 4] = [
    Operation::Add,
    Operation::Update,
    Operation::Revoke,
    Operation::Remove,
];

/// The process dies: the operation's future is dropped in the middle, and nothing of it runs any more.
#[tokio::test(flavor = "multi_thread")]
async fn row_22_a_killed_operation_is_finished_by_running_it_again() {
    let mut kills = 0;
    for operation in ALL {
        for stage in STAGES {
            for at in [1, 2] {
                let case = Case::new().await;
                let how = format!("{operation:?} killed at {stage:?}, call {at}");
                let died = Arc::new(tokio::sync::Notify::new());
                let (signal, calls) = (Arc::clone(&died), Arc::new(AtomicU32::new(0)));
                let reached = Arc::new(AtomicBool::new(false));
                let seen = Arc::clone(&reached);
                let session =
                    case.world
                        .session("owner")
                        .await
                        .with_progress(watching(move |now, _, _| {
                            if now == stage && calls.fetch_add(1, Ordering::SeqCst) + 1 == at {
                                seen.store(true, Ordering::SeqCst);
                                signal.notify_one();
                                std::thread::sleep(std::time::Duration::from_millis(20));
                            }
                        }));
                tokio::select! {
                    biased;
                    () = died.notified() => {}
                    outcome = case.run(&session, operation) => outcome.unwrap(),
                }
                // A thread that still seals sees the end of its session like the end of the process.
                session.stop_token().cancel();
                drop(session);
                if !reached.load(Ordering::SeqCst) {
                    continue;
                }
                kills += 1;
                let session = case.world.session("owner").await;
                // Where it was done already, asking again would rightly do it again.
                let resumed = session.resume().await.unwrap();
                let done = resumed.iter().any(|r| r.problem.is_none())
                    || is_done(&case, &session, operation).await;
                if !done {
                    case.run(&session, operation)
                        .await
                        .unwrap_or_else(|error| panic!("{how}: {error:?}"));
                }
                case.check(&session, operation, &how).await;
            }
        }
    }
    println!("{kills} kills, each followed by exactly one version");
    assert!(kills >= 20, "{kills}");
}

async fn is_done(case: &Case, session: &Session, operation: Operation) -> bool {
    let list = session.list().await.unwrap();
    match operation {
        Operation::Add => list.len() == 2,
        Operation::Update | Operation::Revoke => list[0].version == 2,
        Operation::Remove => list
            .iter()
            .any(|item| item.id == case.record && item.removed),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_39_a_stopped_operation_resumes() {
    for operation in [Operation::Add, Operation::Update, Operation::Revoke] {
        for stage in STAGES {
            let case = Case::new().await;
            let how = format!("{operation:?} stopped at {stage:?}");
            let session = case.world.stopped_at("owner", stage).await;
            let stopped = case.run(&session, operation).await;
            let was_stopped = session.stop_token().is_cancelled();
            drop(session);
            let session = case.world.session("owner").await;
            if was_stopped {
                let is_stop = match &stopped {
                    Err(RecordsError::NotRekeyed { source, .. }) => {
                        matches!(**source, RecordsError::Stopped)
                    }
                    other => matches!(other, Err(RecordsError::Stopped)),
                };
                assert!(is_stop, "{how}: {stopped:?}");
                case.run(&session, operation)
                    .await
                    .unwrap_or_else(|error| panic!("{how}: {error:?}"));
            }
            case.check(&session, operation, &how).await;
        }
    }
}

/// The transaction arrives, its answer does not.
#[tokio::test(flavor = "multi_thread")]
async fn row_24_a_lost_reply_makes_no_second_version() {
    for operation in ALL {
        let case = Case::new().await;
        let proxy = Proxy::start(case.world.url()).await;
        proxy.drop_next_replies("eth_sendRawTransaction", 1);
        let session = case.world.session_at("owner", &proxy.url()).await;
        case.run(&session, operation).await.unwrap();
        assert_eq!(proxy.dropped(), 1, "{operation:?}");
        case.check(&session, operation, &format!("{operation:?}"))
            .await;
    }
}

/// The node is gone after the upload; later it is back.
#[tokio::test(flavor = "multi_thread")]
async fn row_26_a_node_that_goes_away_leaves_something_to_resume() {
    for operation in ALL {
        let case = Case::new().await;
        let proxy = Proxy::start(case.world.url()).await;
        let session = case.world.session_at("owner", &proxy.url()).await;
        proxy.drop_next_replies("eth_sendRawTransaction", 1_000);
        let failed = case.run(&session, operation).await;
        assert!(
            matches!(failed, Err(RecordsError::Chain(_)) | Ok(())),
            "{operation:?}: {failed:?}"
        );
        proxy.drop_next_replies("", 0);
        if failed.is_err() {
            case.run(&session, operation).await.unwrap();
        }
        case.check(&session, operation, &format!("{operation:?}"))
            .await;
    }
}

/// Two processes of one profile take turns.
#[tokio::test(flavor = "multi_thread")]
async fn row_28_sixteen_sessions_of_one_profile_write_in_some_order() {
    let case = Case::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..16 {
        let session = case.world.session("owner").await;
        let file = case.world.file(&format!("file-{index}"), &[index]);
        tasks.spawn(async move { session.add(&NewContent::file(file)).await.map(drop) });
    }
    for outcome in tasks.join_all().await {
        outcome.unwrap();
    }
    let session = case.world.session("owner").await;
    assert_eq!(session.list().await.unwrap().len(), 17);
}
