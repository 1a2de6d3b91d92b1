//! From WASM to an active registry.

use alloy_primitives::{B256, U256};
use chartseal::chain::{
    Caching, ChainError, Connection, DeployOptions, Deployment, Limits, Node, Registry,
};
use chartseal_tests::chain::skipped;

use super::world::{World, chain, deploy, program};

#[tokio::test]
async fn a_deployment_can_be_repeated_after_every_step() {
    let (_devnode, url, account) = chain();
    let folder = tempfile::tempdir().unwrap();
    let first = deploy(&url, &account, folder.path(), DeployOptions::default())
        .await
        .unwrap();
    let again = deploy(&url, &account, folder.path(), DeployOptions::default())
        .await
        .unwrap();
    assert_eq!(first.deployment, again.deployment);
    let hashes = |deployed: &chartseal::chain::Deployed| {
        deployed.outcomes.iter().map(|o| o.hash).collect::<Vec<_>>()
    };
    assert_eq!(hashes(&first), hashes(&again));
    let node = Node::new(&url, Limits::default()).unwrap();
    assert_eq!(
        node.code(first.deployment.registry).await.unwrap(),
        *program().code()
    );
    assert_eq!(first.deployment.code_hash, program().code_hash());
    assert!(
        first
            .outcomes
            .iter()
            .all(|o| o.failure.is_none() && o.gas_used > 21_000)
    );
}

#[tokio::test]
async fn code_that_is_active_is_not_activated_again() {
    let (devnode, url, account) = chain();
    let folder = tempfile::tempdir().unwrap();
    let first = deploy(
        &url,
        &account,
        &folder.path().join("1"),
        DeployOptions::default(),
    )
    .await
    .unwrap();
    if devnode.is_some() {
        let names: Vec<_> = first.outcomes.iter().map(|o| o.what.as_str()).collect();
        assert_eq!(names, ["create", "activateProgram"]);
        assert!(first.activation_fee > U256::ZERO);
    }
    let second = deploy(
        &url,
        &account,
        &folder.path().join("2"),
        DeployOptions::default(),
    )
    .await
    .unwrap();
    assert_eq!(
        second
            .outcomes
            .iter()
            .map(|o| o.what.as_str())
            .collect::<Vec<_>>(),
        ["create"]
    );
    assert_ne!(first.deployment.registry, second.deployment.registry);
    assert_eq!(second.activation_fee, U256::ZERO);
    // On a node with a past, the same code may be cached already.
    if devnode.is_some() {
        assert_eq!(second.caching, Caching::NotAsked);
    }
}

#[tokio::test]
async fn an_activation_above_the_limit_is_not_paid() {
    let (devnode, url, account) = chain();
    if devnode.is_none() {
        return skipped(
            "the code may be active there already, and activation asks for no fee then",
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let options = DeployOptions {
        max_activation_fee: Some(U256::from(1)),
        ..DeployOptions::default()
    };
    let error = deploy(&url, &account, folder.path(), options)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ChainError::ActivationTooExpensive { .. }),
        "{error:?}"
    );
    let resumed = deploy(&url, &account, folder.path(), DeployOptions::default())
        .await
        .unwrap();
    assert_eq!(resumed.outcomes.len(), 2);
}

#[tokio::test]
async fn only_the_registry_of_the_profile_is_connected_to() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let connect = |deployment: Deployment| {
        let (connection, path) = (
            Connection::to(world.url.clone()),
            folder.path().join("seen.db"),
        );
        async move {
            Registry::connect(deployment, &connection, &path)
                .await
                .map(drop)
        }
    };
    let right = world.deployment;
    connect(right).await.unwrap();
    let error = connect(Deployment { chain: 1, ..right }).await.unwrap_err();
    assert!(
        matches!(error, ChainError::WrongChain { expected: 1, .. }),
        "{error:?}"
    );
    let nobody = alloy_primitives::Address::repeat_byte(0x77);
    let error = connect(Deployment {
        registry: nobody,
        ..right
    })
    .await
    .unwrap_err();
    assert!(matches!(error, ChainError::NoContract { .. }), "{error:?}");
    let error = connect(Deployment {
        code_hash: B256::ZERO,
        ..right
    })
    .await
    .unwrap_err();
    assert!(matches!(error, ChainError::WrongCode { .. }), "{error:?}");
}
