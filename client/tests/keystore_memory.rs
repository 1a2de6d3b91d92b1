//! Threats 29 and 33: a keystore that asks for 4 GiB takes no memory. In a process of its own, since it
//! looks at the most memory the process ever had.

#![cfg(target_os = "linux")]

use chartseal::identity::{IdentityError, Passphrase, RecoveryPhrase, keystore};

/// Most memory ever resident and most ever mapped, in KiB.
fn peaks() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (field("VmHWM:"), field("VmPeak:"))
}

#[test]
fn a_keystore_that_asks_for_4_gib_takes_no_memory() {
    let passphrase = Passphrase::new("correct horse battery staple");
    let phrase = RecoveryPhrase::generate().unwrap();
    let mut file = keystore::seal(&phrase, &passphrase).unwrap();
    let (resident, mapped) = peaks();
    assert!(resident > 64 * 1024, "sealing itself takes 64 MiB");
    file[10..14].copy_from_slice(&(4_u32 << 20).to_be_bytes());
    let opened = keystore::open(&file, &passphrase);
    assert!(matches!(opened, Err(IdentityError::KeystoreFormat(_))));
    let (resident_after, mapped_after) = peaks();
    assert!(
        resident_after - resident < 1024,
        "{} KiB more",
        resident_after - resident
    );
    assert!(
        mapped_after - mapped < 1024,
        "{} KiB more mapped",
        mapped_after - mapped
    );
}
