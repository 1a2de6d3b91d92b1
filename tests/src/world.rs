//! A world for tests of whole use cases: a registry, and people with profiles, money and storage.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use chartseal::chain::{
    Account, Action, Connection, DeployOptions, Deployer, Deployment, History, Journal, Limits,
    Node, ObjectDigest, Policy, Program, PublicKey, Registry, Role,
};
use chartseal::identity::{Identity, Passphrase, Profile, Profiles, RecoveryPhrase};
use chartseal::records::{Parts, Progress, RecordsError, Session, Stage, Stores};
use chartseal::storage::{self, Locator, Settings};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Mutex, OnceCell};
use zeroize::Zeroizing;

use crate::chain::TestChain;

/// Wei that everybody is given: enough for a hundred thousand transactions.
const ALLOWANCE: u128 = 1_000_000_000_000_000_000;
/// Wei that each of a crowd is given, who only register.
const CROWD_ALLOWANCE: u128 = ALLOWANCE / 1_000;
/// The passphrase of every profile.
const PASSPHRASE: &str = "violet anchor mosaic thunder pelican";

/// One chain for all tests of a process.
struct Chain {
    /// Kept so that the node runs as long as the process.
    chain: TestChain,
    deployment: Deployment,
    bank: Account,
    journal: Mutex<Journal>,
    _folder: TempDir,
}

static CHAIN: OnceCell<Chain> = OnceCell::const_new();

impl Chain {
    async fn start() -> Self {
        let chain = TestChain::start();
        let bank = Account::from_secret(&Zeroizing::new(chain.key.0)).unwrap();
        let folder = TempDir::new().unwrap();
        let journal = Journal::open(&folder.path().join("journal")).unwrap();
        let client = Node::new(&chain.url.parse().unwrap(), Limits::default()).unwrap();
        let deployment = deploy(&client, &journal, &bank).await;
        Self {
            chain,
            deployment,
            bank,
            journal: Mutex::new(journal),
            _folder: folder,
        }
    }
}

/// Deploys the contract that `scripts/build-contract` built.
async fn deploy(node: &Node, journal: &Journal, account: &Account) -> Deployment {
    let wasm = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/contract/registry.wasm");
    let wasm =
        std::fs::read(&wasm).expect("scripts/build-contract makes target/contract/registry.wasm");
    let program = Program::from_wasm(&wasm).unwrap();
    let options = DeployOptions {
        policy: policy(),
        cache: true,
        ..DeployOptions::default()
    };
    let deployer = Deployer::new(node, journal, account, options)
        .await
        .unwrap();
    let entry = journal
        .begin(deployer.outbox().scope(), serde_json::Value::Null)
        .unwrap();
    let deployed = deployer.deploy(entry, &program).await.unwrap();
    journal.finish(entry).unwrap();
    deployed.deployment
}

fn policy() -> Policy {
    Policy {
        poll: Duration::from_millis(10),
        ..Policy::default()
    }
}

fn connection(url: &str) -> Connection {
    Connection {
        policy: policy(),
        ..Connection::to(url.parse().unwrap())
    }
}

/// A folder of profiles, files and objects on the common chain.
pub struct World {
    chain: &'static Chain,
    /// The connection of the account that pays. Not the chain's: connections end with a test's runtime.
    registry: Registry,
    folder: TempDir,
}

impl World {
    /// An empty world.
    pub async fn new() -> Self {
        let chain = CHAIN.get_or_init(Chain::start).await;
        let folder = TempDir::new().unwrap();
        let seen = folder.path().join("seen.db");
        let registry = Registry::connect(chain.deployment, &connection(&chain.chain.url), &seen)
            .await
            .unwrap();
        Self {
            chain,
            registry,
            folder,
        }
    }

    /// Address of the node.
    pub fn url(&self) -> &str {
        &self.chain.chain.url
    }

    /// Where the registry is.
    pub fn deployment(&self) -> Deployment {
        self.chain.deployment
    }

    /// The folder of everything.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that everybody's objects lie in.
    pub fn objects(&self) -> PathBuf {
        self.path().join("objects")
    }

    /// Where everybody's objects lie.
    pub fn locator(&self) -> Locator {
        Locator::folder(&self.objects()).unwrap()
    }

    /// The file of a record's object.
    pub fn object(&self, record: B256, digest: ObjectDigest) -> PathBuf {
        self.objects()
            .join(format!("{record:x}"))
            .join(format!("{digest:x}"))
    }

    /// All objects; what is left of uploads that were killed is none.
    pub fn all_objects(&self) -> Vec<PathBuf> {
        let mut files = files_in(&self.objects());
        files.retain(|path| !path.to_string_lossy().contains('#'));
        files.sort();
        files
    }

    /// A file with some content.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Somebody new with a profile and money, not registered.
    pub async fn stranger(&self, name: &str) -> Session {
        let phrase = RecoveryPhrase::generate().unwrap();
        let passphrase = Passphrase::new(PASSPHRASE);
        self.profiles().create(name, &phrase, &passphrase).unwrap();
        std::fs::write(
            self.path().join(format!("{name}.phrase")),
            phrase.words().join(" "),
        )
        .unwrap();
        let session = self.session(name).await;
        self.pay(session.me(), ALLOWANCE).await;
        session
    }

    /// Somebody new who is registered.
    pub async fn user(&self, name: &str, role: Role) -> Session {
        let session = self.stranger(name).await;
        session.register(role).await.unwrap();
        session
    }

    /// Registered accounts without profiles, for crowds.
    pub async fn crowd(&self, count: usize) -> Vec<Address> {
        let mut crowd = Vec::with_capacity(count);
        for index in 0..count {
            crowd.push(self.extra(index).await);
        }
        crowd
    }

    /// The work of somebody who has a profile, as after starting the program again.
    pub async fn session(&self, name: &str) -> Session {
        self.session_at(name, self.url()).await
    }

    /// The same, through another address of the node.
    pub async fn session_at(&self, name: &str, url: &str) -> Session {
        let profile = self.profile(name);
        let folder = profile.folder().to_owned();
        let deployment = self.deployment();
        let seen = folder.join("seen.db");
        let parts = Parts {
            registry: Registry::connect(deployment, &connection(url), &seen)
                .await
                .unwrap(),
            history: History::open(&folder, &deployment).unwrap(),
            stores: Stores::new(
                Some(self.locator()),
                Settings::default(),
                storage::Limits::default(),
            ),
            identity: self.identity(name),
            profile,
        };
        Session::new(parts).unwrap()
    }

    /// The work of somebody who asks to stop as soon as a stage is reached.
    pub async fn stopped_at(&self, name: &str, stage: Stage) -> Session {
        let session = self.session(name).await;
        let token = session.stop_token();
        session.with_progress(watching(move |now, _, _| {
            if now == stage {
                token.cancel();
            }
        }))
    }

    /// All blocks with their transactions, and all events of the registry, as the node gives them.
    pub async fn blocks(&self) -> String {
        let ask = async |request: String| {
            let address = self
                .url()
                .trim_start_matches("http://")
                .trim_end_matches('/');
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let head = format!(
                "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                request.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let call = |method: &str, params: serde_json::Value| {
            serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
                .to_string()
        };
        let mut all = String::new();
        for number in 0.. {
            let block = serde_json::json!([format!("{number:#x}"), true]);
            let answer = ask(call("eth_getBlockByNumber", block)).await;
            if answer.contains("\"result\":null") {
                break;
            }
            all.push_str(&answer);
        }
        let everything = serde_json::json!([{"fromBlock": "0x0", "toBlock": "latest"}]);
        all.push_str(&ask(call("eth_getLogs", everything)).await);
        all
    }

    /// Somebody's profile.
    pub fn profile(&self, name: &str) -> Profile {
        self.profiles().get(name).unwrap()
    }

    /// Somebody's keys.
    pub fn identity(&self, name: &str) -> Identity {
        let words = std::fs::read_to_string(self.path().join(format!("{name}.phrase"))).unwrap();
        Identity::from_phrase(&RecoveryPhrase::parse(&words).unwrap()).unwrap()
    }

    /// A new account that is registered as a patient.
    async fn extra(&self, index: usize) -> Address {
        let identity = Identity::from_phrase(&RecoveryPhrase::generate().unwrap()).unwrap();
        let account =
            Account::from_secret(&Zeroizing::new(*identity.account().expose_secret())).unwrap();
        self.pay(account.address(), CROWD_ALLOWANCE).await;
        let journal = Journal::open(&self.path().join(format!("crowd-{index}"))).unwrap();
        let entry = journal
            .begin(self.registry.scope(&account), serde_json::Value::Null)
            .unwrap();
        let (x, odd) = identity.encryption_key(1).unwrap().public().to_compressed();
        let key = PublicKey { x: x.into(), odd };
        let register = self.registry.calls().register(key, Role::Patient);
        self.registry
            .execute(&journal, entry, &account, &[register], 0)
            .await
            .unwrap();
        account.address()
    }

    async fn pay(&self, to: Address, wei: u128) {
        let (bank, journal) = (&self.chain.bank, self.chain.journal.lock().await);
        let entry = journal
            .begin(self.registry.scope(bank), serde_json::Value::Null)
            .unwrap();
        let action = Action {
            what: "pay".into(),
            to: Some(to),
            value: U256::from(wei),
            data: Bytes::new(),
        };
        self.registry
            .execute(&journal, entry, bank, &[action], 0)
            .await
            .unwrap();
        journal.finish(entry).unwrap();
    }

    fn profiles(&self) -> Profiles {
        Profiles::new(self.path().join("profiles"))
    }
}

/// All files below a folder.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_in(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Calls a function at every step of an operation.
pub struct Watching<F>(pub F);

impl<F: Fn(Stage, u64, u64) + Send + Sync> Progress for Watching<F> {
    fn advance(&self, stage: Stage, done: u64, total: u64) {
        (self.0)(stage, done, total);
    }

    fn resumed(&self, _: &str, _: Option<&RecordsError>) {}
}

/// Content of a length that is not compressible and the same every time.
pub fn content(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        // xorshift64, Marsaglia 2003.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// A progress callback for a session.
pub fn watching(what: impl Fn(Stage, u64, u64) + Send + Sync + 'static) -> Arc<dyn Progress> {
    Arc::new(Watching(what))
}
