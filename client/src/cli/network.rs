//! The registry a profile works with: named in the settings, then known by its chain and code.
//!
//! ```text
//! <profile>/registries/<address>.json   chain id, code hash and first block, as first seen
//! <profile>/deployments/                unfinished deployments
//! <profile>/seen.db                 the newest states seen
//! ```

use std::fs;
use std::path::PathBuf;

use alloy_primitives::{Address, keccak256};

use super::config::Settings;
use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::files;
use crate::chain::{ChainError, Connection, Deployment, Limits, Node, NodeUrl};
use crate::identity::{Profile, parse_address};

/// The node of a profile's settings.
pub(crate) fn node_url(settings: &Settings) -> Outcome<NodeUrl> {
    let Some(rpc) = &settings.rpc else {
        let what = "no node of the chain is set";
        return Err(Failure::usage(
            what,
            "Name one with --rpc, or set `rpc` in the configuration file.",
        ));
    };
    Ok(rpc.parse()?)
}

/// How a profile reaches its chain.
pub(crate) fn connection(settings: &Settings) -> Outcome<Connection> {
    let mut connection = Connection::to(node_url(settings)?);
    connection.witness = settings.second_rpc.as_deref().map(str::parse).transpose()?;
    Ok(connection)
}

/// The registry of a profile's settings. Its chain and code are remembered when it is first used; whoever
/// gives another code for that address later is refused.
pub(crate) async fn deployment(profile: &Profile, settings: &Settings) -> Outcome<Deployment> {
    let Some(contract) = &settings.contract else {
        let what = "no registry is set";
        let remedy = "Name its address with --contract, or set `contract` in the configuration file; \
                      `chartseal deploy` makes one.";
        return Err(Failure::usage(what, remedy));
    };
    let registry = parse_address(contract)?;
    if let Some(known) = known(profile, &registry)? {
        return Ok(known);
    }
    let found = look(settings, registry).await?;
    remember(profile, &found)?;
    Ok(found)
}

/// What stands at an address now.
async fn look(settings: &Settings, registry: Address) -> Outcome<Deployment> {
    let node = Node::new(&node_url(settings)?, Limits::default())?;
    let chain = node.chain_id().await?;
    let code = node.code(registry).await?;
    if code.is_empty() {
        return Err(ChainError::NoContract {
            address: registry,
            chain,
        }
        .into());
    }
    let block = settings.contract_block.unwrap_or_default();
    Ok(Deployment {
        chain,
        registry,
        code_hash: keccak256(&code),
        block,
    })
}

fn known(profile: &Profile, registry: &Address) -> Outcome<Option<Deployment>> {
    let path = path(profile, registry);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read(&path).map_err(Failure::file(&path))?;
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        let what = format!("{} is damaged: {error}", path.display());
        Failure::new(
            Exit::Identity,
            what,
            "Restore it from a backup, or remove it after checking the address.",
        )
    })
}

/// Keeps what a registry is.
pub(crate) fn remember(profile: &Profile, deployment: &Deployment) -> Outcome {
    let path = path(profile, &deployment.registry);
    let folder = path.parent().unwrap_or(&path);
    fs::create_dir_all(folder).map_err(Failure::file(folder))?;
    let text = serde_json::to_vec_pretty(deployment).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("the registry's description is no JSON: {error}"),
            "Report this.",
        )
    })?;
    files::write(&path, &text)
}

fn path(profile: &Profile, registry: &Address) -> PathBuf {
    profile
        .folder()
        .join("registries")
        .join(format!("{registry:#x}.json"))
}

/// The file that remembers the newest states seen.
pub(crate) fn sightings(profile: &Profile) -> PathBuf {
    profile.folder().join("seen.db")
}

/// The folder of a profile's unfinished deployments.
pub(crate) fn deployments(profile: &Profile) -> PathBuf {
    profile.folder().join("deployments")
}
