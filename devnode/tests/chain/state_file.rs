//! The state file: it brings back everything, survives kills, and is refused when damaged.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256, hex};
use alloy_rpc_types_eth::Filter;
use alloy_serde::JsonStorageKey;
use chartseal_devnode::chain::{Chain, ChainConfig, StateFileError};
use tempfile::TempDir;

use crate::support::{COUNTER, Harness, Wallet};

const SOMEBODY: Address = Address::repeat_byte(0x77);

const FIRST_SLOT: JsonStorageKey = JsonStorageKey::Number(U256::ZERO);

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.state");
    (folder, path)
}

fn load(path: &Path) -> Result<Chain, StateFileError> {
    Chain::load(path, ChainConfig::default())
}

/// Equal blocks, transactions, logs and states, present and past.
fn assert_equal(left: &Chain, right: &Chain, accounts: &[Address]) {
    assert_eq!(left.block_number(), right.block_number());
    for number in 0..=left.block_number() {
        let at = BlockId::number(number);
        let (a, b) = (left.block(at).unwrap(), right.block(at).unwrap());
        assert_eq!((a.hash, a.size), (b.hash, b.size));
        for (a, b) in a.transactions.iter().zip(&b.transactions) {
            assert_eq!(
                (&a.receipt, a.hash, a.sender),
                (&b.receipt, b.hash, b.sender)
            );
            assert_eq!(right.transaction(&a.hash).unwrap().envelope, a.envelope);
        }
        for account in accounts {
            assert_eq!(left.balance(*account, at), right.balance(*account, at));
            assert_eq!(left.nonce(*account, at), right.nonce(*account, at));
            assert_eq!(left.code(*account, at), right.code(*account, at));
            let slot = |chain: &Chain| chain.storage(*account, U256::ZERO, at).unwrap();
            assert_eq!(slot(left), slot(right));
            let proof = |chain: &Chain| chain.proof(*account, &[FIRST_SLOT], at).unwrap();
            assert_eq!(proof(left), proof(right));
        }
    }
    let all = Filter::new().from_block(0);
    assert_eq!(left.logs(&all), right.logs(&all));
}

/// A chain with a program, logs, changed accounts and a moved clock, saved after every step.
fn history(path: &Path) -> (Harness, Vec<Address>) {
    let mut harness = Harness::new();
    harness.chain.save(path).unwrap();
    let counter = harness.deploy_stylus(COUNTER);
    harness.chain.save(path).unwrap();
    for _ in 0..3 {
        harness.send(counter, U256::ZERO, [0]);
        harness.chain.save(path).unwrap();
    }
    harness.send(counter, U256::ZERO, [1]);
    harness.chain.set_balance(SOMEBODY, U256::from(3));
    harness.chain.save(path).unwrap();
    harness
        .chain
        .set_storage(SOMEBODY, U256::ZERO, B256::with_last_byte(4));
    harness.chain.increase_time(5_000);
    harness.chain.mine(1, None).unwrap();
    harness.chain.save(path).unwrap();
    let accounts = vec![counter, SOMEBODY, harness.wallet.address, Address::ZERO];
    (harness, accounts)
}

#[test]
fn a_loaded_chain_is_the_saved_one_and_goes_on() {
    let (_folder, path) = folder();
    let (harness, accounts) = history(&path);
    let loaded = load(&path).unwrap();
    assert_equal(&harness.chain, &loaded, &accounts);
    let mut again = Harness {
        chain: loaded,
        wallet: Wallet::dev(),
    };
    let mined = again.send(accounts[0], U256::ZERO, [0]);
    assert!(mined.receipt.success, "the program is still active");
    assert_eq!(again.slot(accounts[0], 0), U256::from(4));
    let time = again.chain.head().header.timestamp;
    assert!(
        time >= harness.chain.head().header.timestamp,
        "time runs on from where it was"
    );
    again.chain.save(&path).unwrap();
    assert_equal(&again.chain, &load(&path).unwrap(), &accounts);
}

#[test]
fn a_save_appends_and_a_reorganisation_rewrites() {
    let (_folder, path) = folder();
    let (mut harness, accounts) = history(&path);
    let size = || fs::metadata(&path).unwrap().len();
    let before = size();
    harness.chain.save(&path).unwrap();
    assert_eq!(size(), before, "nothing new, nothing written");
    harness.send(SOMEBODY, U256::ONE, []);
    harness.chain.save(&path).unwrap();
    assert!(
        size() - before < 2_500,
        "one transfer took {} bytes",
        size() - before
    );
    harness.chain.reorg(2).unwrap();
    harness.chain.save(&path).unwrap();
    assert_equal(&harness.chain, &load(&path).unwrap(), &accounts);
    let id = harness.chain.snapshot();
    harness.send(SOMEBODY, U256::ONE, []);
    harness.chain.save(&path).unwrap();
    assert!(harness.chain.revert(id));
    harness.chain.save(&path).unwrap();
    assert_equal(&harness.chain, &load(&path).unwrap(), &accounts);
    let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(files, 1, "no temporary file is left");
}

#[test]
fn every_flipped_byte_and_every_cut_is_refused() {
    let (_folder, path) = folder();
    let (_, _) = history(&path);
    let good = fs::read(&path).unwrap();
    // Every byte of the header and the first record's frame, then one in 97.
    let positions = (0..120).chain((120..good.len()).step_by(97));
    for position in positions {
        let mut bad = good.clone();
        bad[position] ^= 0x10;
        fs::write(&path, &bad).unwrap();
        let error = load(&path).unwrap_err();
        assert!(
            matches!(
                error,
                StateFileError::Damaged { .. } | StateFileError::Foreign { .. }
            ),
            "byte {position}: {error}"
        );
        assert_eq!(fs::read(&path).unwrap(), bad, "it is left as it was");
    }
    for length in (0..100).chain((100..good.len()).step_by(89)) {
        fs::write(&path, &good[..length]).unwrap();
        assert!(load(&path).is_err(), "cut at {length}");
    }
}

#[test]
fn an_append_that_was_cut_off_is_ignored_and_overwritten() {
    let (_folder, path) = folder();
    let (mut harness, accounts) = history(&path);
    let before = load(&path).unwrap();
    let good = fs::read(&path).unwrap();
    harness.send(SOMEBODY, U256::ONE, []);
    harness.chain.save(&path).unwrap();
    let after = fs::read(&path).unwrap();
    for length in (good.len()..after.len()).step_by(13) {
        // The record is there in part, the header still says where the last save ended.
        let mut torn = after[..length].to_vec();
        torn[..60].copy_from_slice(&good[..60]);
        fs::write(&path, &torn).unwrap();
        assert_equal(&before, &load(&path).unwrap(), &accounts);
    }
    let mut torn = after.clone();
    torn[..60].copy_from_slice(&good[..60]);
    fs::write(&path, &torn).unwrap();
    let mut again = Harness {
        chain: load(&path).unwrap(),
        wallet: Wallet::dev(),
    };
    again.send(SOMEBODY, U256::from(2), []);
    again.chain.save(&path).unwrap();
    assert_equal(&again.chain, &load(&path).unwrap(), &accounts);
}

#[test]
fn foreign_files_and_other_chains_are_refused() {
    let (_folder, path) = folder();
    fs::write(&path, "dear diary").unwrap();
    let error = load(&path).unwrap_err();
    assert!(matches!(error, StateFileError::Foreign { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"dear diary");
    Chain::new(ChainConfig::default()).save(&path).unwrap();
    let other = ChainConfig {
        chain_id: 1,
        ..ChainConfig::default()
    };
    let error = Chain::load(&path, other).unwrap_err();
    assert!(matches!(
        error,
        StateFileError::OtherChain {
            found: 412_346,
            expected: 1,
            ..
        }
    ));
    for version in [1, 9] {
        let mut other = fs::read(&path).unwrap();
        other[19] = version;
        let checksum = alloy_primitives::keccak256(&other[..28]);
        other[28..60].copy_from_slice(checksum.as_slice());
        fs::write(&path, &other).unwrap();
        let error = load(&path).unwrap_err();
        let StateFileError::Version {
            found, expected: 2, ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(found, u32::from(version));
    }
    let missing = load(&path.with_file_name("missing")).unwrap_err();
    assert!(matches!(missing, StateFileError::Io { action: "read", .. }));
    let nowhere = Chain::new(ChainConfig::default()).save(Path::new("/no/such/folder/file"));
    assert!(matches!(
        nowhere.unwrap_err(),
        StateFileError::Io {
            action: "write",
            ..
        }
    ));
}

/// Environment variable that turns the test below into the process that is killed.
const VICTIM: &str = "CHARTSEAL_STATE_FILE_VICTIM";

/// A process that sends and saves is killed again and again; the file always holds what it reported as
/// saved, or one transaction more.
#[test]
fn kills_at_any_moment_leave_a_good_file() {
    if let Some(path) = std::env::var_os(VICTIM) {
        return save_until_killed(Path::new(&path));
    }
    let (_folder, path) = folder();
    let mut seen = 0;
    for round in 0..12u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "kills_at_any_moment_leave_a_good_file",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut saved = seen;
        let wanted = usize::try_from(3 + round).unwrap();
        let reports = output.lines().map_while(Result::ok);
        for line in reports.filter(|line| line.contains("saved ")).take(wanted) {
            saved = line.rsplit(' ').next().unwrap().parse().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let chain = load(&path).unwrap();
        assert!(
            chain.block_number() >= saved,
            "block {saved} was reported as saved"
        );
        let balance = chain.balance(SOMEBODY, BlockId::latest()).unwrap();
        assert_eq!(balance, U256::from(chain.block_number()));
        seen = chain.block_number();
    }
    assert!(seen > 30);
}

fn save_until_killed(path: &Path) {
    let chain = if path.exists() {
        load(path).unwrap()
    } else {
        Chain::new(ChainConfig::default())
    };
    let mut harness = Harness {
        chain,
        wallet: Wallet::dev(),
    };
    // Far more than the test waits for.
    for _ in 0..10_000 {
        harness.send(SOMEBODY, U256::ONE, hex!("00"));
        harness.chain.save(path).unwrap();
        println!("saved {}", harness.chain.block_number());
    }
}
