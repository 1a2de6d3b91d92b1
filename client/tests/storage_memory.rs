//! Uploads and downloads take constant memory. In a process of its own, since it looks at the most memory the
//! process ever had.

#![cfg(target_os = "linux")]

use chartseal::storage::{DIGEST_LEN, Limits, Locator, ObjectName, Put, Settings, Storage};
use tokio::io::{AsyncReadExt, repeat};

const MIB: u64 = 1 << 20;
const LEN: u64 = 320 * MIB;

/// Most memory ever resident, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

fn digest_of_zeros() -> [u8; DIGEST_LEN] {
    let (mut hasher, block) = (blake3::Hasher::new(), vec![0; MIB as usize]);
    (0..LEN / MIB).for_each(|_| {
        hasher.update(&block);
    });
    let mut digest = [0; DIGEST_LEN];
    hasher.finalize_xof().fill(&mut digest);
    digest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_object_takes_at_most_64_mib() {
    let folder = tempfile::tempdir().unwrap();
    let locator = Locator::folder(folder.path()).unwrap();
    let storage = Storage::connect(&locator, &Settings::default(), &Limits::default()).unwrap();
    let name = ObjectName {
        record_id: [1; 32],
        digest: digest_of_zeros(),
    };
    let put = storage
        .put(&name, LEN, repeat(0).take(LEN), &mut |_| ())
        .await
        .unwrap();
    assert_eq!(put, Put::Stored);
    let mut reader = storage.get(&name).await.unwrap();
    let read = tokio::io::copy(&mut reader, &mut tokio::io::sink())
        .await
        .unwrap();
    assert_eq!(read, LEN);
    assert!(peak() <= 64 * MIB, "{} MiB", peak() / MIB);
}
