//! The binary itself: what it prints, how it ends, and what it keeps.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256, U256, address},
    providers::{PendingTransactionError, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use chartseal_devnode::accounts;

/// Receives money in these tests.
const TO: Address = address!("0x00000000000000000000000000000000000b0b00");

/// A running process and the endpoint it printed.
struct Running {
    child: Child,
    url: String,
    banner: String,
}

impl Running {
    /// Starts the binary on a free port and reads what it prints.
    fn start(flags: &[&str]) -> Self {
        // Built with the rest of the workspace, the HTTP client has TLS without a default provider. An error says
        // that another test of this process was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut child = command(flags).arg("--port").arg("0").spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut banner = String::new();
        while !banner.contains("the mnemonic") {
            banner += &(lines.next().expect("the process ended early").unwrap() + "\n");
        }
        let url = banner
            .lines()
            .find_map(|line| line.strip_prefix("JSON-RPC"));
        let url = url.unwrap().trim().to_owned();
        Self { child, url, banner }
    }

    /// Sends a signal by its name and waits for the end.
    fn end(mut self, signal: &str) -> ExitStatus {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}"))
            .arg(self.child.id().to_string());
        assert!(kill.status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chartseal-devnode"));
    command
        .args(flags)
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the binary, which must end by itself; its exit code and its error text.
fn fails(flags: &[&str]) -> (Option<i32>, String) {
    let child = command(flags).spawn().unwrap();
    let id = child.id().to_string();
    let (done, ended) = mpsc::channel::<()>();
    // A start that succeeds would run for ever: the test then fails by the exit code.
    let watchdog = thread::spawn(move || {
        if ended.recv_timeout(Duration::from_secs(60)).is_err() {
            Command::new("kill").arg("-KILL").arg(id).status().unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    // The watchdog may have given up already.
    let _ = done.send(());
    watchdog.join().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The error of a failed start: exactly two lines, a statement and a remedy.
fn two_lines(flags: &[&str]) -> [String; 2] {
    let (code, text) = fails(flags);
    assert_eq!(code, Some(1), "{text}");
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines
        .try_into()
        .unwrap_or_else(|lines| panic!("not two lines: {lines:?}"))
}

/// Sends 1 wei to [`TO`]; the hash of the transaction.
async fn pay(url: &str) -> B256 {
    try_pay(url).await.unwrap()
}

/// Sends 1 wei to [`TO`] over a node that may go away.
async fn try_pay(url: &str) -> Result<B256, PendingTransactionError> {
    let key = accounts::test_accounts(1).unwrap()[0].key;
    let wallet = EthereumWallet::from(PrivateKeySigner::from_bytes(&key).unwrap());
    let provider = ProviderBuilder::new()
        .wallet(wallet)
        .connect_http(url.parse().unwrap());
    let request = TransactionRequest::default().to(TO).value(U256::ONE);
    Ok(provider
        .send_transaction(request)
        .await?
        .get_receipt()
        .await?
        .transaction_hash)
}

async fn balance(url: &str) -> U256 {
    ProviderBuilder::new()
        .connect_http(url.parse().unwrap())
        .get_balance(TO)
        .await
        .unwrap()
}

fn state_file(folder: &Path) -> String {
    folder.join("chain.state").to_str().unwrap().to_owned()
}

#[test]
fn it_prints_how_to_connect_and_that_it_is_for_development_only() {
    let node = Running::start(&["--accounts", "2"]);
    assert!(
        node.banner.contains("For development and tests only"),
        "{}",
        node.banner
    );
    assert!(node.banner.contains("Chain id   412346"), "{}", node.banner);
    assert!(node.url.starts_with("http://127.0.0.1:"), "{}", node.url);
}

#[tokio::test]
async fn sigterm_and_sigint_end_it_with_success() {
    for signal in ["TERM", "INT"] {
        let node = Running::start(&[]);
        pay(&node.url).await;
        assert_eq!(node.end(signal).code(), Some(0), "{signal}");
    }
}

#[test]
fn a_busy_port_is_said_in_two_lines() {
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let [what, remedy] = two_lines(&["--port", &port]);
    assert_eq!(
        what,
        format!("error: port {port} of 127.0.0.1 is in use by another process")
    );
    assert!(remedy.contains("--port"), "{remedy}");
}

#[test]
fn wrong_flags_are_usage_errors() {
    for flags in [
        &["--port", "65536"][..],
        &["--accounts", "1001"],
        &["--block-time", "0"],
        &["--host", "nowhere"],
        &["--unknown"],
    ] {
        let (code, text) = fails(flags);
        assert_eq!(code, Some(2), "{flags:?}: {text}");
    }
    let [what, remedy] = two_lines(&["--host", "192.0.2.1", "--port", "0"]);
    assert!(
        what.starts_with("error: cannot listen on 192.0.2.1:0: "),
        "{what}"
    );
    assert!(remedy.contains("--host"), "{remedy}");
}

#[tokio::test]
async fn a_killed_node_has_its_chain_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_file(folder.path());
    let node = Running::start(&["--state", &state]);
    pay(&node.url).await;
    let hash = pay(&node.url).await;
    assert_eq!(node.end("KILL").code(), None);
    let node = Running::start(&["--state", &state]);
    assert_eq!(balance(&node.url).await, U256::from(2));
    let provider = ProviderBuilder::new().connect_http(node.url.parse().unwrap());
    assert_eq!(provider.get_block_number().await.unwrap(), 2);
    let receipt = provider
        .get_transaction_receipt(hash)
        .await
        .unwrap()
        .unwrap();
    assert!(receipt.status());
    pay(&node.url).await;
    assert_eq!(node.end("TERM").code(), Some(0));
    let node = Running::start(&["--state", &state]);
    assert_eq!(balance(&node.url).await, U256::from(3));
}

/// Kills while payments go on: the file is always a whole one, and no acknowledged payment is lost.
#[tokio::test]
async fn a_kill_while_saving_corrupts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_file(folder.path());
    let mut paid = U256::ZERO;
    for round in 1..=10u64 {
        let node = Running::start(&["--state", &state]);
        let found = balance(&node.url).await;
        assert!(
            found >= paid,
            "round {round}: {found} of {paid} acknowledged payments are left"
        );
        let (sender, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
        let url = node.url.clone();
        let payer =
            tokio::spawn(
                async move { while try_pay(&url).await.is_ok() && sender.send(()).is_ok() {} },
            );
        for _ in 0..round {
            acknowledged.recv().await.unwrap();
        }
        assert_eq!(node.end("KILL").code(), None);
        payer.await.unwrap();
        let mut more = 0;
        while acknowledged.recv().await.is_some() {
            more += 1;
        }
        paid = found + U256::from(round + more);
    }
}

#[test]
fn a_foreign_or_damaged_state_file_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_file(folder.path());
    assert_eq!(
        Running::start(&["--state", &state]).end("TERM").code(),
        Some(0)
    );
    let good = fs::read(&state).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bad in [
        b"my diary".to_vec(),
        Vec::new(),
        flipped,
        good[..good.len() - 1].to_vec(),
    ] {
        fs::write(&state, &bad).unwrap();
        let [what, remedy] = two_lines(&["--state", &state, "--port", "0"]);
        assert!(what.contains(&state), "{what}");
        assert!(remedy.contains("--state"), "{remedy}");
        assert_eq!(fs::read(&state).unwrap(), bad);
    }
}

#[test]
fn two_nodes_cannot_share_a_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_file(folder.path());
    let first = Running::start(&["--state", &state]);
    let [what, remedy] = two_lines(&["--state", &state, "--port", "0"]);
    assert_eq!(
        what,
        format!("error: the state file {state} is in use by another devnode")
    );
    assert!(remedy.contains("--state"), "{remedy}");
    assert_eq!(first.end("KILL").code(), None);
    assert_eq!(
        Running::start(&["--state", &state]).end("TERM").code(),
        Some(0)
    );
}

#[test]
fn a_state_file_that_cannot_be_written_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("missing").join("chain.state");
    let [what, _] = two_lines(&["--state", nowhere.to_str().unwrap(), "--port", "0"]);
    assert!(what.contains("missing"), "{what}");
}

#[tokio::test]
async fn json_logs_are_one_object_a_line() {
    let mut node = Running::start(&["--json-logs"]);
    pay(&node.url).await;
    let mut stderr = node.child.stderr.take().unwrap();
    assert_eq!(node.end("TERM").code(), Some(0));
    let mut log = String::new();
    stderr.read_to_string(&mut log).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<serde_json::Value> = lines.collect();
    assert!(
        lines
            .iter()
            .any(|line| line["fields"]["message"] == "block"),
        "{log}"
    );
}

#[tokio::test]
async fn block_time_mines_without_transactions() {
    let node = Running::start(&["--block-time", "1"]);
    let provider = ProviderBuilder::new().connect_http(node.url.parse().unwrap());
    while provider.get_block_number().await.unwrap() < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
