//! Objects to store.

use chartseal::storage::{DIGEST_LEN, ObjectName};

/// The digest that names an object.
pub(crate) fn digest(bytes: &[u8]) -> [u8; DIGEST_LEN] {
    let mut digest = [0; DIGEST_LEN];
    let mut hasher = blake3::Hasher::new();
    hasher.update(bytes).finalize_xof().fill(&mut digest);
    digest
}

/// An object of `len` bytes and its name.
pub(crate) fn sample(len: usize) -> (ObjectName, Vec<u8>) {
    let bytes: Vec<u8> = (0..len).map(|i| (i ^ (i >> 7) ^ (i >> 13)) as u8).collect();
    (
        ObjectName {
            record_id: [0x1d; 32],
            digest: digest(&bytes),
        },
        bytes,
    )
}
