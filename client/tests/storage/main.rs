//! Storage: one conformance suite for every backend, servers of S3 and Google's dialect of it over HTTP, and a network
//! that fails.

mod conformance;
mod faults;
mod gcs_server;
mod http;
mod killed;
mod proxy;
mod s3_server;
mod sample;

use chartseal::storage::{Limits, Locator, Settings, Storage, StorageError};

use gcs_server::GcsServer;
use s3_server::S3Server;

fn connect(locator: &str) -> Storage {
    let locator: Locator = locator.parse().unwrap();
    Storage::connect(&locator, &Settings::default(), &Limits::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_conforms() {
    conformance::run(&connect("memory://")).await;
    conformance::concurrent(&connect("memory://")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let locator = Locator::folder(&folder.path().join("made for it")).unwrap();
    let storage = connect(&locator.to_string());
    conformance::run(&storage).await;
    conformance::concurrent(&storage).await;
}

/// SigV4 over HTTP; with and without a prefix in the bucket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_conforms() {
    let server = S3Server::start().await;
    for prefix in ["", "/r"] {
        let storage = server.storage(server.port(), prefix, &Limits::default());
        conformance::run(&storage).await;
    }
}

/// Tokens signed with a service account's key; with and without a prefix in the bucket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn google_conforms() {
    let server = GcsServer::start().await;
    let account = ("GOOGLE_SERVICE_ACCOUNT_KEY", gcs_server::ACCOUNT);
    for prefix in ["", "/r"] {
        conformance::run(&server.storage(prefix, account)).await;
    }
}

/// The key in a file, named as Google's own programs have it.
#[tokio::test]
async fn google_takes_a_file_with_the_key() {
    let server = GcsServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.json");
    std::fs::write(&file, gcs_server::ACCOUNT).unwrap();
    let file = file.to_str().unwrap();
    for name in ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT"] {
        let storage = server.storage("", (name, file));
        assert_eq!(storage.len(&sample::sample(10).0).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_not_shown() {
    let server = GcsServer::start().await;
    let storage = server.storage("", ("GOOGLE_BEARER_TOKEN", "wrong-token-4711"));
    let error = storage.len(&sample::sample(10).0).await.unwrap_err();
    assert!(matches!(error, StorageError::Denied(_)), "{error:?}");
    assert!(
        !format!("{error} {error:?} {storage:?}").contains("4711"),
        "{error:?}"
    );
    assert_eq!(server.requests(), 1, "a refusal is not asked for again");
}

/// Any other place, named from outside: `CHARTSEAL_TEST_STORAGE=az://container/prefix cargo test`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_from_outside_conforms() {
    let Ok(locator) = std::env::var("CHARTSEAL_TEST_STORAGE") else {
        println!("skipped: CHARTSEAL_TEST_STORAGE names no store");
        return;
    };
    let locator: Locator = locator.parse().unwrap();
    let settings = Settings::from_env();
    let storage = Storage::connect(&locator, &settings, &Limits::default()).unwrap();
    conformance::run(&storage).await;
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_not_repeated() {
    let server = S3Server::start().await;
    let settings = server.settings(server.port(), "wrong-key-4711");
    let locator: Locator = S3Server::LOCATOR.parse().unwrap();
    let storage = Storage::connect(&locator, &settings, &Limits::default()).unwrap();
    let error = storage.len(&sample::sample(10).0).await.unwrap_err();
    assert!(matches!(error, StorageError::Denied(_)), "{error:?}");
    for shown in [
        error.to_string(),
        format!("{error:?} {settings:?} {storage:?}"),
    ] {
        assert!(!shown.contains("4711"), "{shown}");
    }
}

/// Threat 31: a signature in an address does not come out with the error.
#[tokio::test]
async fn a_signed_address_is_not_shown_in_errors() {
    let pairs = [
        ("AZURE_STORAGE_ACCOUNT_NAME", "account"),
        ("AZURE_STORAGE_SAS_TOKEN", "sv=2024&sig=SECRET"),
        ("AZURE_STORAGE_ENDPOINT", "http://127.0.0.1:1"),
        ("AZURE_ALLOW_HTTP", "true"),
    ];
    let settings: Settings = pairs
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into_iter()
        .collect();
    let limits = Limits {
        retries: 1,
        ..faults::impatient()
    };
    let storage = Storage::connect(&"az://container".parse().unwrap(), &settings, &limits).unwrap();
    let error = storage.len(&sample::sample(10).0).await.unwrap_err();
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert!(
        !format!("{error} {error:?}").contains("SECRET"),
        "{error:?}"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let locator = Locator::folder(&file.path().join("below a file")).unwrap();
    let storage = Storage::connect(&locator, &Settings::default(), &Limits::default());
    assert!(matches!(storage, Err(StorageError::Setup(_))));
}
