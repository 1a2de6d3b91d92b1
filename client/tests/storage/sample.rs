//! Objects to store.

use chartseal::storage::ObjectName;

/// An object of `len` bytes and its name.
pub(crate) fn sample(len: usize) -> (ObjectName, Vec<u8>) {
    let bytes: Vec<u8> = (0..len).map(|i| (i ^ (i >> 7) ^ (i >> 13)) as u8).collect();
    (
        ObjectName {
            record_id: [0x1d; 32],
            digest: *blake3::hash(&bytes).as_bytes(),
        },
        bytes,
    )
}
