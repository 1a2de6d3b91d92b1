//! Nodes that lag, lie, or belong to another chain.

use alloy::sol_types::{SolCall, SolEvent, SolValue};

use super::*;
use crate::chain::abi::IRegistry;
use crate::chain::fake::Fake;
use crate::chain::values::{ObjectDigest, RecordStatus};

const ID: B256 = B256::repeat_byte(5);

fn deployment() -> Deployment {
    Deployment {
        chain: 412_346,
        registry: Address::repeat_byte(9),
        code_hash: keccak256(b"code"),
        block: 0,
    }
}

fn connection(confirmations: u64) -> Connection {
    let mut connection = Connection::to("http://fake".parse().unwrap());
    connection.policy.confirmations = confirmations;
    connection
}

async fn connect(chain: &Fake, witness: Option<&Fake>, folder: &Path) -> Result<Registry> {
    connect_with(chain, witness, &connection(0), folder).await
}

async fn connect_with(
    chain: &Fake,
    witness: Option<&Fake>,
    connection: &Connection,
    folder: &Path,
) -> Result<Registry> {
    let witness = witness.map(|fake| fake.named("http://second"));
    Registry::over(
        deployment(),
        chain.node(),
        witness,
        connection,
        &folder.join("seen.db"),
    )
    .await
}

/// Makes `recordOf` answer with this version.
fn serve(chain: &Fake, version: u32, status: u8) {
    let record = IRegistry::Record {
        owner: Address::repeat_byte(1),
        version,
        epoch: 0,
        status,
        digest: ObjectDigest::repeat_byte(2),
    };
    chain.state().answer = Ok(IRegistry::recordOfCall::abi_encode_returns(&record).into());
}

async fn version(registry: &Registry) -> Result<u32> {
    Ok(registry.snapshot().await?.record(ID).await?.version)
}

#[tokio::test]
async fn another_chain_or_contract_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Fake::new();
    connect(&chain, None, folder.path()).await.unwrap();
    chain.state().code = Bytes::from_static(b"other");
    let error = connect(&chain, None, folder.path()).await.unwrap_err();
    assert!(matches!(error, ChainError::WrongCode { .. }));
    chain.state().code = Bytes::new();
    let error = connect(&chain, None, folder.path()).await.unwrap_err();
    assert!(matches!(error, ChainError::NoContract { .. }));
    chain.state().chain = 1;
    let error = connect(&chain, None, folder.path()).await.unwrap_err();
    assert!(matches!(
        error,
        ChainError::WrongChain {
            expected: 412_346,
            found: 1,
            ..
        }
    ));
}

#[tokio::test]
async fn a_second_node_is_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, witness) = (Fake::new(), Fake::new());
    witness.state().code = Bytes::from_static(b"other");
    let error = connect(&chain, Some(&witness), folder.path())
        .await
        .unwrap_err();
    assert!(matches!(error, ChainError::WrongCode { .. }));
}

#[tokio::test]
async fn nodes_must_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, witness) = (Fake::new(), Fake::new());
    serve(&chain, 3, 1);
    serve(&witness, 3, 1);
    let registry = connect(&chain, Some(&witness), folder.path())
        .await
        .unwrap();
    assert_eq!(version(&registry).await.unwrap(), 3);
    serve(&witness, 2, 1);
    let error = version(&registry).await.unwrap_err();
    assert!(
        matches!(error, ChainError::NodesDisagree { .. }),
        "{error:?}"
    );
    serve(&witness, 3, 1);
    witness.reorganise(1);
    witness.mine(Vec::new());
    let error = version(&registry).await.unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::NodesDisagree {
                what: "the newest block",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_older_version_is_refused_by_every_later_process() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Fake::new();
    let registry = connect(&chain, None, folder.path()).await.unwrap();
    serve(&chain, 5, 1);
    assert_eq!(version(&registry).await.unwrap(), 5);
    drop(registry);
    let registry = connect(&chain, None, folder.path()).await.unwrap();
    serve(&chain, 4, 1);
    let error = version(&registry).await.unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::Stale {
                seen: 5,
                found: 4,
                ..
            }
        ),
        "{error:?}"
    );
    serve(&chain, 0, 0);
    assert!(matches!(
        version(&registry).await,
        Err(ChainError::Stale {
            seen: 5,
            found: 0,
            ..
        })
    ));
    serve(&chain, 5, 2);
    assert_eq!(
        registry
            .snapshot()
            .await
            .unwrap()
            .record(ID)
            .await
            .unwrap()
            .status,
        RecordStatus::Removed
    );
    serve(&chain, 5, 1);
    assert!(matches!(
        version(&registry).await,
        Err(ChainError::Stale { .. })
    ));
}

#[tokio::test]
async fn only_a_reorganisation_of_what_was_not_final_takes_a_version_back() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Fake::new();
    chain.mine(Vec::new());
    let registry = connect_with(&chain, None, &connection(2), folder.path())
        .await
        .unwrap();
    serve(&chain, 5, 1);
    assert_eq!(version(&registry).await.unwrap(), 5);
    serve(&chain, 4, 1);
    assert!(matches!(
        version(&registry).await,
        Err(ChainError::Stale { .. })
    ));
    chain.reorganise(1);
    chain.mine(Vec::new());
    assert_eq!(version(&registry).await.unwrap(), 4);
    for _ in 0..3 {
        chain.mine(Vec::new());
    }
    version(&registry).await.unwrap();
    chain.reorganise(4);
    for _ in 0..4 {
        chain.mine(Vec::new());
    }
    serve(&chain, 3, 1);
    assert!(matches!(
        version(&registry).await,
        Err(ChainError::Stale { .. })
    ));
}

#[tokio::test]
async fn a_node_far_behind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Fake::new();
    for _ in 0..100 {
        chain.mine(Vec::new());
    }
    let registry = connect(&chain, None, folder.path()).await.unwrap();
    registry.snapshot().await.unwrap();
    chain.reorganise(65);
    let error = registry.snapshot().await.unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::Stale {
                seen: 100,
                found: 35,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn own_changes_count_as_seen() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Fake::new();
    let registry = connect(&chain, None, folder.path()).await.unwrap();
    let event = IRegistry::RecordUpdated {
        id: ID,
        author: Address::repeat_byte(1),
        version: 9,
        digest: ObjectDigest::repeat_byte(2),
        sealedInfo: Bytes::new(),
    };
    let inner = alloy::primitives::Log {
        address: deployment().registry,
        data: event.encode_log_data(),
    };
    let outcome = Outcome {
        what: "updateRecord".into(),
        hash: B256::ZERO,
        block: crate::chain::journal::Inclusion {
            number: 0,
            hash: B256::ZERO,
        },
        gas_used: 0,
        gas_price: 0,
        created: None,
        logs: vec![Log {
            inner,
            ..Log::default()
        }],
        failure: None,
    };
    registry.observe_outcomes(&[outcome]).await.unwrap();
    serve(&chain, 8, 1);
    assert!(matches!(
        version(&registry).await,
        Err(ChainError::Stale {
            seen: 9,
            found: 8,
            ..
        })
    ));
}

#[tokio::test]
async fn answers_that_make_no_sense_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Fake::new();
    let registry = connect(&chain, None, folder.path()).await.unwrap();
    for answer in [vec![], vec![1; 31], vec![0xff; 160], vec![0xff; 4096]] {
        chain.state().answer = Ok(answer.into());
        assert!(matches!(
            version(&registry).await,
            Err(ChainError::Malformed(_))
        ));
    }
    serve(&chain, 1, 3);
    assert!(matches!(
        version(&registry).await,
        Err(ChainError::Malformed(_))
    ));
    let none: Vec<IRegistry::Record> = Vec::new();
    chain.state().answer = Ok(none.abi_encode().into());
    let error = registry
        .snapshot()
        .await
        .unwrap()
        .records(&[ID])
        .await
        .unwrap_err();
    assert!(matches!(error, ChainError::Malformed(_)));
}
