//! What each ciphertext is bound to.
//!
//! Every context is a label, one zero byte, and fields of fixed length in big-endian order, so that two
//! different contexts never have the same bytes and a ciphertext made for one purpose opens for no other.

/// Length of a contract or account address in bytes.
pub const ADDRESS_LEN: usize = 20;
/// Length of a record id in bytes.
pub const RECORD_ID_LEN: usize = 32;

const RECORD_LEN: usize = 8 + ADDRESS_LEN + RECORD_ID_LEN;

/// One record of one registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordRef {
    /// Chain id, as in EIP-155.
    pub chain_id: u64,
    /// Address of the registry contract.
    pub contract: [u8; ADDRESS_LEN],
    /// The record's id in that registry.
    pub record_id: [u8; RECORD_ID_LEN],
}

impl RecordRef {
    /// chain id (8) ‖ contract (20) ‖ record id (32).
    fn to_bytes(self) -> [u8; RECORD_LEN] {
        let mut out = [0; RECORD_LEN];
        out[..8].copy_from_slice(&self.chain_id.to_be_bytes());
        out[8..28].copy_from_slice(&self.contract);
        out[28..].copy_from_slice(&self.record_id);
        out
    }
}

/// Which of a record's keys: each epoch has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyContext {
    /// The record.
    pub record: RecordRef,
    /// Epoch of the key.
    pub epoch: u32,
}

/// One version of a record's content, and of its sealed info.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentContext {
    /// The record.
    pub record: RecordRef,
    /// Epoch of the key it is sealed under.
    pub epoch: u32,
    /// Version of the record.
    pub version: u32,
}

impl ContentContext {
    /// The record key this version is sealed under.
    pub fn key(&self) -> KeyContext {
        KeyContext {
            record: self.record,
            epoch: self.epoch,
        }
    }
}

/// A record key wrapped for one reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WrapContext {
    /// The record.
    pub record: RecordRef,
    /// Epoch of the wrapped key.
    pub epoch: u32,
    /// Account of the reader.
    pub grantee: [u8; ADDRESS_LEN],
    /// Version of the reader's encryption key.
    pub key_version: u32,
}

/// A note that goes with a request for access, sealed for the record's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NoteContext {
    /// The record asked for.
    pub record: RecordRef,
    /// Account that asks.
    pub requester: [u8; ADDRESS_LEN],
    /// Version of the owner's encryption key.
    pub key_version: u32,
}

/// Label ‖ 0x00 ‖ fields.
fn labelled(label: &str, fields: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(label.len() + 1 + RECORD_LEN + 32);
    out.extend_from_slice(label.as_bytes());
    out.push(0);
    fields.iter().for_each(|field| out.extend_from_slice(field));
    out
}

impl KeyContext {
    /// `"chartseal/v1 record key" ‖ 0 ‖ record ‖ epoch (4)`: HKDF info of the record key.
    pub fn to_bytes(self) -> Vec<u8> {
        labelled(
            "chartseal/v1 record key",
            &[&self.record.to_bytes(), &self.epoch.to_be_bytes()],
        )
    }
}

impl ContentContext {
    fn labelled(self, label: &str) -> Vec<u8> {
        let (epoch, version) = (self.epoch.to_be_bytes(), self.version.to_be_bytes());
        labelled(label, &[&self.record.to_bytes(), &epoch, &version])
    }

    /// `"chartseal/v1 content" ‖ 0 ‖ record ‖ epoch (4) ‖ version (4)`: *context* of the chunked encryption.
    pub fn to_content_bytes(self) -> Vec<u8> {
        self.labelled("chartseal/v1 content")
    }

    /// `"chartseal/v1 sealed info" ‖ 0 ‖ record ‖ epoch (4) ‖ version (4)`: associated data of the sealed info.
    pub fn to_info_bytes(self) -> Vec<u8> {
        self.labelled("chartseal/v1 sealed info")
    }
}

impl WrapContext {
    /// `"chartseal/v1 wrapped key" ‖ 0 ‖ record ‖ epoch (4) ‖ grantee (20) ‖ key version (4)`: HPKE `info`.
    pub fn to_bytes(self) -> Vec<u8> {
        let (epoch, key_version) = (self.epoch.to_be_bytes(), self.key_version.to_be_bytes());
        let fields = [
            &self.record.to_bytes()[..],
            &epoch,
            &self.grantee,
            &key_version,
        ];
        labelled("chartseal/v1 wrapped key", &fields)
    }
}

impl NoteContext {
    /// `"chartseal/v1 request note" ‖ 0 ‖ record ‖ requester (20) ‖ key version (4)`: HPKE `info`.
    pub fn to_bytes(self) -> Vec<u8> {
        let key_version = self.key_version.to_be_bytes();
        let fields = [&self.record.to_bytes()[..], &self.requester, &key_version];
        labelled("chartseal/v1 request note", &fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: RecordRef = RecordRef {
        chain_id: 412_346,
        contract: [0xc0; 20],
        record_id: [0x1d; 32],
    };

    #[test]
    fn every_field_has_its_place() {
        let bytes = WrapContext {
            record: RECORD,
            epoch: 3,
            grantee: [0x9a; 20],
            key_version: 7,
        }
        .to_bytes();
        let mut expected = b"chartseal/v1 wrapped key\0".to_vec();
        expected.extend_from_slice(&[0, 0, 0, 0, 0, 0x06, 0x4a, 0xba]);
        expected.extend_from_slice(&[0xc0; 20]);
        expected.extend_from_slice(&[0x1d; 32]);
        expected.extend_from_slice(&[0, 0, 0, 3]);
        expected.extend_from_slice(&[0x9a; 20]);
        expected.extend_from_slice(&[0, 0, 0, 7]);
        assert_eq!(bytes, expected);
    }

    #[test]
    fn purposes_never_share_bytes() {
        let content = ContentContext {
            record: RECORD,
            epoch: 1,
            version: 2,
        };
        assert_ne!(content.to_content_bytes(), content.to_info_bytes());
        assert_ne!(
            content.key().to_bytes()[..20],
            content.to_content_bytes()[..20]
        );
    }
}
