//! The whole scheme through the program: the demo, whose every step is a command that checks its result.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn the_whole_scheme_works_from_the_command_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let wasm = root.join("target/contract/registry.wasm");
    if !wasm.exists() {
        assert!(
            Command::new(root.join("scripts/build-contract"))
                .status()
                .unwrap()
                .success()
        );
    }
    let temporary = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_chartseal"))
        .args(["--json", "demo", "--wasm"])
        .arg(wasm)
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let ledger: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let count = |operation: &str| {
        ledger
            .iter()
            .filter(|entry| entry["operation"] == operation)
            .count()
    };
    for (operation, times) in [
        ("deploy", 1),
        ("register", 5),
        ("vouch", 1),
        ("allow", 1),
        ("add", 3),
        ("deposit", 1),
        ("request", 2),
        ("deny", 1),
        ("approve", 1),
        ("update", 1),
        ("revoke", 1),
        ("remove", 1),
    ] {
        assert_eq!(count(operation), times, "{operation}");
    }
    for entry in &ledger {
        assert!(entry["gas"].as_u64().unwrap() > 21_000, "{entry}");
        assert!(entry["fee"].as_u64().unwrap() > 0, "{entry}");
    }
    let left = std::fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(left, 0, "the demo leaves nothing behind");
}
