//! A chain, a registry and people in a folder of their own, worked through the program alone.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// Key of the development account, from the README of nitro-devnode.
const DEV_KEY: &str = "0xb6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659";

/// Everything a test needs; it ends with the test.
pub(crate) struct Clinic {
    folder: tempfile::TempDir,
    node: Child,
    rpc: String,
    contract: String,
    heard: RefCell<String>,
}

impl Clinic {
    /// Starts a chain and deploys a registry. All profiles have this passphrase.
    pub(crate) fn open(passphrase: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "storage", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("passphrase"), passphrase).unwrap();
        let (node, rpc) = start(folder.path());
        let mut clinic = Self {
            folder,
            node,
            rpc,
            contract: String::new(),
            heard: RefCell::default(),
        };
        clinic.makes("hospital");
        let wasm = contract();
        let deployed = clinic.must("hospital", &["deploy", "--wasm", wasm.to_str().unwrap()]);
        clinic.contract = deployed["contract"].as_str().unwrap().to_owned();
        clinic
    }

    /// A file of the clinic.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a profile with money for fees.
    pub(crate) fn makes(&self, who: &str) {
        let words = self.path(&format!("{who}.words"));
        self.must(who, &["init", "--phrase-file", words.to_str().unwrap()]);
        self.must(who, &["devnode", "fund"]);
    }

    /// Makes a profile and registers it.
    pub(crate) fn joins(&self, who: &str, role: &str) {
        self.makes(who);
        self.must(who, &["register", role]);
    }

    /// Runs a command that must succeed.
    pub(crate) fn must(&self, who: &str, line: &[&str]) -> Value {
        let output = self.run(who, line);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{who} {line:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs a command.
    pub(crate) fn run(&self, who: &str, line: &[&str]) -> Output {
        let mut command = program(self.folder.path());
        command
            .args(["--json", "--yes", "--profile", who])
            .args(line);
        command
            .env("CHARTSEAL_RPC", &self.rpc)
            .env("CHARTSEAL_ACCOUNT_KEY", DEV_KEY);
        if !self.contract.is_empty() {
            command.env("CHARTSEAL_CONTRACT", &self.contract);
        }
        let output = command.output().unwrap();
        self.heard
            .borrow_mut()
            .push_str(&String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Everything that was printed on standard error so far.
    pub(crate) fn heard(&self) -> String {
        self.heard.borrow().clone()
    }

    /// The chain with all its transactions and events, as it lies on disk.
    pub(crate) fn chain_file(&self) -> Vec<u8> {
        std::fs::read(self.path("chain.state")).unwrap()
    }
}

impl Drop for Clinic {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

fn start(folder: &Path) -> (Child, String) {
    let state = folder.join("chain.state");
    let mut command = program(folder);
    command
        .args(["devnode", "--port", "0", "--state"])
        .arg(state)
        .stdout(Stdio::piped());
    let mut node = command.spawn().unwrap();
    let lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let rpc = lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.strip_prefix("JSON-RPC")?.trim().to_owned()));
    (node, rpc.expect("the chain says where it is"))
}

/// The program with nothing of this machine's settings.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chartseal"));
    let storage = format!("file://{}", folder.join("storage").display());
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("CHARTSEAL_") {
            command.env_remove(variable);
        }
    }
    command
        .env("CHARTSEAL_HOME", folder.join("home"))
        .env("CHARTSEAL_STORAGE", storage)
        .env("CHARTSEAL_PASSPHRASE_FILE", folder.join("passphrase"))
        .env("TMPDIR", folder.join("tmp"));
    command
}

/// The contract, built if it is not there yet.
fn contract() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let wasm = root.join("target/contract/registry.wasm");
    if !wasm.exists() {
        let built = Command::new(root.join("scripts/build-contract"))
            .status()
            .unwrap();
        assert!(built.success(), "scripts/build-contract failed");
    }
    wasm
}
