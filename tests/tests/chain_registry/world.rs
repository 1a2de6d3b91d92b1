//! A chain, a registry on it, and people with accounts.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use chartseal::chain::{
    Account, Action, ChainError, Connection, Content, DeployOptions, Deployed, Deployer,
    Deployment, History, Journal, Limits, Node, NodeUrl, ObjectDigest, Outcome, Page, Policy,
    Program, PublicKey, Registry, Result, Role, WrappedKey,
};
use chartseal_devnode::{Config, Devnode};
use chartseal_tests::chain::skipped;
use serde_json::json;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Nitro's publicly documented development key.
const DEV_KEY: &str = "b6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659";

/// Every entry of a list.
pub(crate) const ALL: Page = Page {
    after: None,
    limit: u32::MAX,
};

/// Points of P-256 that the registry accepts: x coordinates are only checked for their range.
pub(crate) fn key(byte: u8) -> PublicKey {
    PublicKey {
        x: B256::repeat_byte(byte),
        odd: byte % 2 == 1,
    }
}

/// A wrapped key for version `key_version` of somebody's key.
pub(crate) fn wrapped(key_version: u32) -> WrappedKey {
    WrappedKey {
        suite: 1,
        key_version,
        encapsulated: key(0x21),
        sealed_key: B256::repeat_byte(0x22),
        tag: [0x23; 16].into(),
    }
}

/// Content with this digest.
pub(crate) fn content(byte: u8) -> Content {
    Content {
        digest: ObjectDigest::repeat_byte(byte),
        sealed_info: Bytes::from(vec![byte; 256]),
    }
}

/// How the tests wait: often, and long enough for a slow machine.
pub(crate) fn policy() -> Policy {
    Policy {
        poll: Duration::from_millis(20),
        patience: Duration::from_secs(120),
        ..Policy::default()
    }
}

/// A chain with a registry.
pub(crate) struct World {
    /// The chain, where it is ours.
    pub(crate) devnode: Option<Devnode>,
    /// Address of its node.
    pub(crate) url: NodeUrl,
    /// Where the registry is.
    pub(crate) deployment: Deployment,
    folder: TempDir,
    people: AtomicU8,
    funder: Account,
}

/// Somebody with an account, a journal and a connection.
pub(crate) struct Person {
    /// Their account.
    pub(crate) account: Account,
    /// Their connection.
    pub(crate) registry: Registry,
    /// Their folder.
    pub(crate) folder: PathBuf,
}

impl World {
    /// A chain with a fresh registry.
    pub(crate) async fn new() -> Self {
        let (devnode, url, funder) = chain();
        let folder = tempfile::tempdir().expect("a folder");
        let deployed = deploy(
            &url,
            &funder,
            &folder.path().join("deploy"),
            DeployOptions::default(),
        )
        .await;
        let deployment = deployed.expect("a registry").deployment;
        Self {
            devnode,
            url,
            deployment,
            folder,
            people: AtomicU8::new(0),
            funder,
        }
    }

    /// Somebody with ether and no registration.
    pub(crate) async fn stranger(&self) -> Person {
        self.stranger_with(&self.connection()).await
    }

    /// The same, with a connection of their own kind.
    pub(crate) async fn stranger_with(&self, connection: &Connection) -> Person {
        let number = self.people.fetch_add(1, Ordering::SeqCst);
        let secret = keccak256([self.deployment.registry.as_slice(), &[number]].concat());
        let account = Account::from_secret(&Zeroizing::new(secret.0)).expect("a secret");
        let folder = self.folder.path().join(format!("person-{number}"));
        self.fund(account.address()).await;
        let registry = connect(self.deployment, connection, &folder).await;
        Person {
            account,
            registry,
            folder,
        }
    }

    /// Somebody who is registered.
    pub(crate) async fn person(&self, role: Role) -> Person {
        let person = self.stranger().await;
        let register = person.registry.calls().register(key(0x11), role);
        person.run(&[register]).await.expect("a registration");
        person
    }

    /// The usual connection.
    pub(crate) fn connection(&self) -> Connection {
        Connection {
            policy: policy(),
            ..Connection::to(self.url.clone())
        }
    }

    /// The chain itself; `None` on a node that is not ours.
    pub(crate) fn control(&self) -> Option<&Devnode> {
        if self.devnode.is_none() {
            skipped(
                "it reorganises the chain or sets it back, which only a devnode of the test's own does",
            );
        }
        self.devnode.as_ref()
    }

    async fn fund(&self, user: Address) {
        let connection = self.connection();
        let folder = self.folder.path().join("funder");
        let registry = connect(self.deployment, &connection, &folder).await;
        let ether = U256::from(20_000_000_000_000_000_u64);
        let gift = Action {
            what: "transfer".into(),
            to: Some(user),
            value: ether,
            data: Bytes::new(),
        };
        run(&registry, &self.funder, &folder, &[gift])
            .await
            .expect("ether for a person");
    }
}

/// A node to use, and an account with ether on it.
pub(crate) fn chain() -> (Option<Devnode>, NodeUrl, Account) {
    let (devnode, url, key) = match env::var("CHARTSEAL_TEST_RPC") {
        Ok(url) => (
            None,
            url,
            env::var("CHARTSEAL_TEST_KEY").unwrap_or_else(|_| DEV_KEY.into()),
        ),
        Err(_) => {
            let devnode = Devnode::start(Config::default()).expect("a chain");
            let url = devnode.url();
            (Some(devnode), url, DEV_KEY.into())
        }
    };
    let secret: B256 = key.parse().expect("a hexadecimal secret of 32 bytes");
    let account = Account::from_secret(&Zeroizing::new(secret.0)).expect("a secret");
    (devnode, url.parse().expect("a node's address"), account)
}

/// The contract as built for the chain.
pub(crate) fn program() -> Program {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/contract/registry.wasm");
    let path = env::var_os("CHARTSEAL_TEST_WASM").map_or(root, PathBuf::from);
    let wasm = std::fs::read(&path);
    let wasm = wasm
        .unwrap_or_else(|e| panic!("run scripts/build-contract first: {}: {e}", path.display()));
    Program::from_wasm(&wasm).expect("a program")
}

/// Deploys the contract with a journal in `folder`.
pub(crate) async fn deploy(
    url: &NodeUrl,
    account: &Account,
    folder: &Path,
    mut options: DeployOptions,
) -> Result<Deployed> {
    options.policy = policy();
    let node = Node::new(url, Limits::default())?;
    let journal = Journal::open(folder)?;
    let deployer = Deployer::new(&node, &journal, account, options).await?;
    let entry = match journal.entries().first() {
        Some(entry) => entry.id,
        None => journal.begin(deployer.outbox().scope(), json!("deploy"))?,
    };
    deployer.deploy(entry, &program()).await
}

async fn connect(deployment: Deployment, connection: &Connection, folder: &Path) -> Registry {
    std::fs::create_dir_all(folder).expect("a folder");
    Registry::connect(deployment, connection, &folder.join("seen.db"))
        .await
        .expect("a registry")
}

async fn run(
    registry: &Registry,
    account: &Account,
    folder: &Path,
    actions: &[Action],
) -> Result<Vec<Outcome>> {
    let journal = Journal::open(&folder.join("journal"))?;
    let entry = journal.begin(registry.scope(account), json!(null))?;
    let outcomes = registry.execute(&journal, entry, account, actions, 0).await;
    journal.finish(entry)?;
    outcomes
}

impl Person {
    /// Their address.
    pub(crate) fn address(&self) -> Address {
        self.account.address()
    }

    /// Sends transactions and waits for them.
    pub(crate) async fn run(&self, actions: &[Action]) -> Result<Vec<Outcome>> {
        run(&self.registry, &self.account, &self.folder, actions).await
    }

    /// Sends one that must succeed.
    pub(crate) async fn ok(&self, action: Action) -> Outcome {
        let what = action.what.clone();
        let mut outcomes = self
            .run(&[action])
            .await
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        outcomes.remove(0)
    }

    /// Sends one that the registry must refuse, and gives the reason.
    pub(crate) async fn refused(&self, action: Action) -> chartseal::chain::Refusal {
        let what = action.what.clone();
        match self.run(&[action]).await {
            Err(ChainError::Refused(refusal)) => refusal,
            other => panic!("{what}: {other:?}"),
        }
    }

    /// Their index, brought up to date.
    pub(crate) async fn history(&self) -> History {
        let history = History::open(&self.folder, self.registry.deployment()).expect("an index");
        history.sync(&self.registry, |_| ()).await.expect("a sync");
        history
    }

    /// Adds a record; its id.
    pub(crate) async fn add(&self, byte: u8) -> B256 {
        let salt = B256::repeat_byte(byte);
        self.ok(self.registry.calls().add_record(salt, &content(byte)))
            .await;
        chartseal::chain::record_id(self.address(), self.address(), salt)
    }
}
