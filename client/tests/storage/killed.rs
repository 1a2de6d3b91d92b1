//! Threats 22 and 23: an upload that is killed leaves no object, and what it leaves is collected.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use chartseal::storage::{Limits, Locator, Settings, Storage, StorageError};
use futures_util::TryStreamExt;
use tokio::io::AsyncReadExt;

use crate::sample::sample;

const CHILD: &str = "CHARTSEAL_TEST_UPLOAD_TO";

fn storage(folder: &Path) -> Storage {
    let locator = Locator::folder(folder).unwrap();
    Storage::connect(&locator, &Settings::default(), &Limits::default()).unwrap()
}

/// Uploads all but the end, and then waits to be killed.
async fn upload_as_child(folder: &Path) {
    let (name, bytes) = sample(20 << 20);
    let (never, _keep) = tokio::io::duplex(1);
    let source = bytes[..17 << 20].chain(never);
    let put = storage(folder)
        .put(&name, bytes.len() as u64, source, &mut |_| ())
        .await;
    panic!("it was not killed: {put:?}");
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(records) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    records
        .flat_map(|record| std::fs::read_dir(record.unwrap().path()).unwrap())
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_upload_leaves_no_object_and_is_collected() {
    if let Some(folder) = std::env::var_os(CHILD) {
        return upload_as_child(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "killed::a_killed_upload_leaves_no_object_and_is_collected",
        ])
        .env(CHILD, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while files(folder.path()).is_empty() {
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "the upload ended before it was killed"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let storage = storage(folder.path());
    assert!(
        files(folder.path())[0].contains('#'),
        "{:?}",
        files(folder.path())
    );
    assert_eq!(storage.list().try_collect::<Vec<_>>().await.unwrap(), []);
    let all = async |_: &_| Ok::<bool, StorageError>(true);
    let (day, now) = (Duration::from_secs(86_400), SystemTime::now());
    let young = storage.collect_orphans(day, now, all).await.unwrap();
    assert_eq!(young.unfinished, 0);
    let old = storage
        .collect_orphans(day, now + 2 * day, all)
        .await
        .unwrap();
    assert_eq!((old.unfinished, old.orphans.len()), (1, 0));
    assert_eq!(files(folder.path()), Vec::<String>::new());
    let (name, bytes) = sample(20 << 20);
    crate::conformance::put(&storage, &name, &bytes)
        .await
        .unwrap();
    assert!(crate::conformance::get(&storage, &name).await.unwrap() == bytes);
}
