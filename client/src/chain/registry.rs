//! A registry whose chain and code have been checked, and the nodes to reach it by.

use std::path::Path;
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, keccak256};
use alloy::rpc::types::{Filter, Log, TransactionRequest};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::account::Account;
use super::calls::Calls;
use super::error::{ChainError, Result};
use super::event::Event;
use super::journal::{EntryId, Journal, Scope};
use super::node::{Block, Node};
use super::outbox::{Action, Outbox, Outcome, Policy};
use super::seen::{Progress, Sighting, Sightings};
use super::transport::{Limits, NodeUrl};
use super::view::Snapshot;

/// Where a registry is, and what it is: the part of a profile that this module needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The chain's id.
    pub chain: u64,
    /// The contract's address.
    pub registry: Address,
    /// keccak256 of its code on the chain.
    pub code_hash: B256,
    /// A block before which it emitted nothing.
    pub block: u64,
}

/// How a registry is reached.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The node that is asked and that transactions go to.
    pub node: NodeUrl,
    /// A second one, run by somebody else, that must give the same answers.
    pub witness: Option<NodeUrl>,
    /// Bounds on the traffic with each.
    pub limits: Limits,
    /// How transactions are made and awaited.
    pub policy: Policy,
    /// Blocks by which a node's newest block may be behind the newest ever seen. Behind one address there may be
    /// several nodes that are not quite level.
    pub max_lag: u64,
}

impl Connection {
    /// With the default bounds: no witness, and a lag of at most 64 blocks.
    pub fn to(node: NodeUrl) -> Self {
        Self {
            node,
            witness: None,
            limits: Limits::default(),
            policy: Policy::default(),
            max_lag: 64,
        }
    }
}

/// Pause between looks whether the second node has caught up.
const CATCH_UP_PAUSE: Duration = Duration::from_millis(200);

/// How long the second node may take to catch up.
const CATCH_UP: Duration = Duration::from_secs(10);

/// A registry on its chain. There is none whose chain id and code hash are not those of the deployment.
#[derive(Debug)]
pub struct Registry {
    deployment: Deployment,
    node: Node,
    witness: Option<Node>,
    policy: Policy,
    max_lag: u64,
    sightings: Sightings,
}

impl Registry {
    /// Connects to a registry and checks that it is the one of `deployment`. `sightings` is the file that remembers
    /// the newest states seen; it is made if need be, and belongs to the profile.
    ///
    /// # Errors
    ///
    /// [`ChainError::WrongChain`], [`ChainError::NoContract`], [`ChainError::WrongCode`], of either node; what
    /// [`ChainError`] lists for nodes; [`ChainError::Database`].
    pub async fn connect(
        deployment: Deployment,
        connection: &Connection,
        sightings: &Path,
    ) -> Result<Self> {
        let node = Node::new(&connection.node, connection.limits)?;
        let witness = connection
            .witness
            .as_ref()
            .map(|url| Node::new(url, connection.limits))
            .transpose()?;
        Self::over(deployment, node, witness, connection, sightings).await
    }

    pub(super) async fn over(
        deployment: Deployment,
        node: Node,
        witness: Option<Node>,
        connection: &Connection,
        sightings: &Path,
    ) -> Result<Self> {
        check(&node, &deployment).await?;
        if let Some(witness) = &witness {
            check(witness, &deployment).await?;
        }
        let sightings = Sightings::open(sightings, deployment.chain, deployment.registry)?;
        Ok(Self {
            deployment,
            node,
            witness,
            policy: connection.policy,
            max_lag: connection.max_lag,
            sightings,
        })
    }

    /// What it was connected to.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The node that transactions go to, for what is not the registry's business: balances, prices.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Builders of everything that changes the registry.
    pub fn calls(&self) -> Calls {
        Calls::new(self.deployment.registry)
    }

    /// The scope of an account's operations here, for [`Journal::begin`].
    pub fn scope(&self, account: &Account) -> Scope {
        Scope {
            chain: self.deployment.chain,
            account: account.address(),
        }
    }

    /// The registry as of the newest block: all answers of one snapshot belong together.
    ///
    /// # Errors
    ///
    /// [`ChainError::Stale`] when the node is behind what was seen before; [`ChainError::NodesDisagree`],
    /// [`ChainError::NodeBehind`]; what [`ChainError`] lists for nodes.
    pub async fn snapshot(&self) -> Result<Snapshot<'_>> {
        let block = self.node.head().await?;
        self.sightings.head(&block, self.max_lag)?;
        self.confirm_block(&block).await?;
        Ok(Snapshot::new(self, block))
    }

    /// [`Outbox::submit`] on this registry's chain.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn submit(
        &self,
        journal: &Journal,
        entry: EntryId,
        account: &Account,
        action: &Action,
    ) -> Result<B256> {
        self.outbox(journal, account).submit(entry, action).await
    }

    /// [`Outbox::settle`] on this registry's chain. The records' new versions are remembered as seen.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn settle(
        &self,
        journal: &Journal,
        entry: EntryId,
        account: &Account,
    ) -> Result<Vec<Outcome>> {
        let outcomes = self.outbox(journal, account).settle(entry).await?;
        self.observe_outcomes(&outcomes).await?;
        Ok(outcomes)
    }

    /// Carries out a plan: its actions one after the other, each when the one before is in a block, until all are
    /// final. Actions that the entry has transactions of already, in the same order from `first` on, are not sent
    /// again; so the same plan, kept in the entry's payload, resumes an operation that was cut off. `first` is 0,
    /// unless an earlier part of the operation sent transactions. The records' new versions are remembered as seen.
    ///
    /// Returns the outcomes of all the entry's transactions, an earlier part's among them.
    ///
    /// # Errors
    ///
    /// As for [`Outbox::execute`].
    pub async fn execute(
        &self,
        journal: &Journal,
        entry: EntryId,
        account: &Account,
        plan: &[Action],
        first: usize,
    ) -> Result<Vec<Outcome>> {
        let sent = journal.entry(entry)?.transactions.len();
        let left = plan.get(sent.saturating_sub(first)..).unwrap_or_default();
        let outcomes = self.outbox(journal, account).execute(entry, left).await?;
        self.observe_outcomes(&outcomes).await?;
        Ok(outcomes)
    }

    fn outbox<'a>(&'a self, journal: &'a Journal, account: &'a Account) -> Outbox<'a> {
        Outbox::new(
            &self.node,
            journal,
            account,
            self.deployment.chain,
            self.policy,
        )
    }

    /// Calls a view on the state after `block`; both nodes must give the same answer.
    pub(super) async fn answer(&self, block: &Block, data: Bytes) -> Result<Bytes> {
        let request = TransactionRequest::default()
            .to(self.deployment.registry)
            .input(data.into());
        let answer = self.node.call(request.clone(), block.hash.into()).await?;
        if let Some(witness) = &self.witness {
            let other = witness.call(request, block.hash.into()).await?;
            self.agree(witness, "the registry's state", answer == other)?;
        }
        Ok(answer)
    }

    /// The registry's events in a range of blocks, both ends included; both nodes must give the same.
    pub(super) async fn events(&self, from: u64, to: u64) -> Result<Vec<Log>> {
        let filter = Filter::new()
            .address(self.deployment.registry)
            .from_block(from)
            .to_block(to);
        let logs = self.node.logs(&filter).await?;
        if let Some(witness) = &self.witness {
            let other = witness.logs(&filter).await?;
            self.agree(witness, "the registry's events", same_logs(&logs, &other))?;
        }
        Ok(logs)
    }

    /// Waits until the second node has a block, and compares.
    pub(super) async fn confirm_block(&self, block: &Block) -> Result<()> {
        let Some(witness) = &self.witness else {
            return Ok(());
        };
        let began = Instant::now();
        loop {
            if let Some(other) = witness.block(block.number).await? {
                return self.agree(witness, "the newest block", other.hash == block.hash);
            }
            if began.elapsed() > CATCH_UP {
                return Err(ChainError::NodeBehind {
                    node: witness.shown().to_owned(),
                    block: block.number,
                });
            }
            tokio::time::sleep(CATCH_UP_PAUSE).await;
        }
    }

    fn agree(&self, witness: &Node, what: &'static str, same: bool) -> Result<()> {
        if same {
            return Ok(());
        }
        let (first, second) = (self.node.shown().to_owned(), witness.shown().to_owned());
        Err(ChainError::NodesDisagree {
            first,
            second,
            what,
        })
    }

    /// Compares answers with the newest states seen, and takes note of newer ones.
    pub(super) async fn observe(&self, records: &[(B256, Progress)], block: &Block) -> Result<()> {
        let mut newer = Vec::new();
        for (id, found) in records {
            match self.sightings.record(*id)? {
                Some(seen) if seen.progress > *found => {
                    if !self.reorganised(&seen).await? {
                        return Err(Sightings::stale(*id, &seen, *found));
                    }
                    newer.push((*id, *found));
                }
                Some(seen) if seen.progress == *found => {}
                None if *found == Progress::new(0, false) => {}
                _ => newer.push((*id, *found)),
            }
        }
        if newer.is_empty() {
            Ok(())
        } else {
            self.sightings.store(&newer, block)
        }
    }

    /// Whether the block of a sighting was not final yet and has left the chain since.
    async fn reorganised(&self, seen: &Sighting) -> Result<bool> {
        if seen.number.saturating_add(self.policy.confirmations) <= self.sightings.highest()? {
            return Ok(false);
        }
        Ok(self
            .node
            .block(seen.number)
            .await?
            .is_some_and(|block| block.hash != seen.hash))
    }

    async fn observe_outcomes(&self, outcomes: &[Outcome]) -> Result<()> {
        for outcome in outcomes.iter().filter(|outcome| outcome.failure.is_none()) {
            let own = outcome
                .logs
                .iter()
                .filter(|log| log.address() == self.deployment.registry);
            let events = own.map(Event::decode).collect::<Result<Vec<_>>>()?;
            let progress: Vec<_> = events.iter().filter_map(Event::progress).collect();
            let block = Block {
                number: outcome.block.number,
                hash: outcome.block.hash,
                parent: B256::ZERO,
                timestamp: 0,
                base_fee: 0,
            };
            self.observe(&progress, &block).await?;
        }
        Ok(())
    }
}

fn same_logs(one: &[Log], other: &[Log]) -> bool {
    let key = |log: &Log| (log.block_hash, log.log_index, log.inner.clone());
    one.len() == other.len() && one.iter().map(key).eq(other.iter().map(key))
}

/// That a node serves the deployment's chain, and has its code at the address.
async fn check(node: &Node, deployment: &Deployment) -> Result<()> {
    let found = node.chain_id().await?;
    if found != deployment.chain {
        let (node, expected) = (node.shown().to_owned(), deployment.chain);
        return Err(ChainError::WrongChain {
            node,
            expected,
            found,
        });
    }
    let address = deployment.registry;
    let code = node.code(address).await?;
    if code.is_empty() {
        return Err(ChainError::NoContract {
            address,
            chain: found,
        });
    }
    let (expected, found) = (deployment.code_hash, keccak256(&code));
    if found != expected {
        return Err(ChainError::WrongCode {
            address,
            expected,
            found,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
