//! What the fuzz targets and the robustness tests do with bytes from a stranger.
//!
//! Every function takes any bytes and must return: whatever they are, the client neither panics nor hangs nor takes
//! memory without bound, and opens nothing that its owner did not seal.

use std::sync::LazyLock;

use alloy_primitives::{B256, keccak256};
use chartseal::chain::Event;
use chartseal::crypto::context::{ContentContext, NoteContext, RecordRef, WrapContext};
use chartseal::crypto::envelope::{self, WrappedKey};
use chartseal::crypto::info::{self, RecordInfo};
use chartseal::crypto::key::{EncryptionKeyPair, RecordKey};
use chartseal::crypto::stream::{self, SEALED_CHUNK_LEN};
use chartseal::identity::{IdentityError, Passphrase, keystore};

const RECORD: RecordRef = RecordRef {
    chain_id: 412_346,
    contract: [0xc0; 20],
    record_id: [0x1d; 32],
};
const CONTENT: ContentContext = ContentContext {
    record: RECORD,
    epoch: 1,
    version: 1,
};
const WRAP: WrapContext = WrapContext {
    record: RECORD,
    epoch: 1,
    grantee: [0x9a; 20],
    key_version: 1,
};
const NOTE: NoteContext = NoteContext {
    record: RECORD,
    requester: [0x7e; 20],
    key_version: 1,
};
/// Contents around the bounds of a chunk of 16,384 bytes.
const CONTENT_LENGTHS: [usize; 5] = [0, 1, 16_383, 16_384, 40_000];

fn key() -> RecordKey {
    RecordKey::from_bytes(&[0x42; 32])
}

static READER: LazyLock<EncryptionKeyPair> =
    LazyLock::new(|| EncryptionKeyPair::from_seed(&[9; 64], 1).expect("a constant seed"));

/// Content and its object.
static OBJECTS: LazyLock<Vec<(Vec<u8>, Vec<u8>)>> = LazyLock::new(|| {
    let seal = |len: &usize| {
        let content: Vec<u8> = (0..=250).cycle().take(*len).collect();
        let mut object = Vec::new();
        stream::seal(&content[..], &mut object, &key(), &CONTENT).expect("sealing in memory");
        (content, object)
    };
    CONTENT_LENGTHS.iter().map(seal).collect()
});

static SEALED_INFO: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let described = RecordInfo {
        title: "Blood count".to_owned(),
        media_type: "text/plain".to_owned(),
        content_len: 1,
        locator: "file:///clinic".to_owned(),
    };
    info::seal(&described, &key(), &CONTENT).expect("a short description")
});

static WRAPPED: LazyLock<WrappedKey> =
    LazyLock::new(|| envelope::wrap(&key(), &READER.public(), &WRAP).expect("a valid public key"));

static SEALED_NOTE: LazyLock<Vec<u8>> =
    LazyLock::new(|| envelope::seal_note("please", &READER.public(), &NOTE).expect("a short note"));

/// `good` with changes that `changes` describes, three bytes each: where (2) and how (1). Lengths change, too.
pub(crate) fn altered(good: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for change in changes.chunks_exact(3).take(8) {
        let place = usize::from(u16::from_be_bytes([change[0], change[1]]));
        let at = place % (bytes.len() + 1);
        match change[2] {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, change[0]),
            2 => bytes.extend_from_slice(&good[..at.min(good.len())]),
            3 => drop(bytes.drain(at..(at + SEALED_CHUNK_LEN).min(bytes.len()))),
            mask => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= mask;
                }
            }
        }
    }
    bytes
}

/// Header and chunks: `bytes` as an object, and a good object with changes that `bytes` describes.
pub(crate) fn object(bytes: &[u8]) {
    opening(bytes, &[]);
    let Some((choice, changes)) = bytes.split_first() else {
        return;
    };
    let (content, good) = &OBJECTS[usize::from(*choice) % OBJECTS.len()];
    let object = altered(good, changes);
    let opened = opening(&object, content);
    assert_eq!(opened, object == *good, "only the sealed object opens");
}

/// Opens an object whose digest is right, as a colluding registry would have it. Whatever is written out is the
/// beginning of what was sealed.
fn opening(object: &[u8], content: &[u8]) -> bool {
    let (digest, _) = stream::digest(object).expect("memory can be read");
    let mut written = Vec::new();
    let opened = stream::open(object, &mut written, &key(), &CONTENT, &digest);
    assert!(content.starts_with(&written), "no forged byte comes out");
    opened.is_ok()
}

/// Sealed info: `bytes` as such, and good sealed info with changes.
pub(crate) fn sealed_info(bytes: &[u8]) {
    assert!(info::open(bytes, &key(), &CONTENT).is_err());
    let sealed = altered(&SEALED_INFO, bytes);
    let opened = info::open(&sealed, &key(), &CONTENT);
    assert_eq!(opened.is_ok(), sealed == *SEALED_INFO);
}

/// Wrapped key and note: `bytes` as such, and good ones with changes.
pub(crate) fn wrapped_key(bytes: &[u8]) {
    if let Some((enc_x, rest)) = bytes.split_first_chunk()
        && let Some((sealed, rest)) = rest.split_first_chunk()
    {
        let (enc_x, sealed) = (*enc_x, *sealed);
        let enc_odd = rest.first().is_some_and(|byte| byte % 2 == 1);
        unwrapping(&WrappedKey {
            enc_x,
            enc_odd,
            sealed,
        });
        unwrapping(&WrappedKey { sealed, ..*WRAPPED });
    }
    assert!(envelope::open_note(bytes, &READER, &NOTE).is_err());
    let note = altered(&SEALED_NOTE, bytes);
    let opened = envelope::open_note(&note, &READER, &NOTE);
    assert_eq!(opened.is_ok(), note == *SEALED_NOTE);
}

fn unwrapping(wrapped: &WrappedKey) {
    let opened = envelope::unwrap(wrapped, &READER, &WRAP);
    assert_eq!(opened.is_ok(), *wrapped == *WRAPPED);
}

/// Keystore: `bytes` as one, and as the fields of a header of the right form. What is accepted asks for no more memory
/// and time than the format allows; where that is little, it is opened, too.
pub(crate) fn keystore(bytes: &[u8]) {
    assert!(keystore::address(bytes).is_err() || bytes.starts_with(b"CHSEALKS"));
    let mut file = [0; keystore::LEN];
    file[..10].copy_from_slice(b"CHSEALKS\x01\x01");
    let given = bytes.len().min(keystore::LEN - 10);
    file[10..10 + given].copy_from_slice(&bytes[..given]);
    let number =
        |at: usize| u32::from_be_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    let (memory, passes, lanes) = (number(10), number(14), number(18));
    let within = (19_456..=262_144).contains(&memory)
        && (1..=16).contains(&passes)
        && (1..=16).contains(&lanes);
    assert_eq!(keystore::address(&file).is_ok(), within);
    if within && (memory > 20_000 || passes > 1) {
        return;
    }
    match keystore::open(&file, &Passphrase::new("anything")) {
        Err(IdentityError::KeystoreLocked) => assert!(within),
        Err(IdentityError::KeystoreFormat(_)) => assert!(!within),
        other => panic!("{:?}", other.err()),
    }
}

/// First topics of the registry's events.
static EVENTS: LazyLock<Vec<B256>> = LazyLock::new(|| {
    let interface = include_str!("../../contract/abi/registry.sol").lines();
    interface
        .filter_map(|line| line.trim().strip_prefix("event "))
        .map(|event| keccak256(signature(event)))
        .collect()
});

/// `Name(type,type)` of `Name(type indexed name, type name);`.
fn signature(declared: &str) -> String {
    let (name, fields) = declared.split_once('(').expect("an event has fields");
    let fields = fields.trim_end_matches([';', ')']).split(',');
    let types: Vec<_> = fields
        .map(|field| field.split_whitespace().next())
        .collect();
    let types: Vec<_> = types.into_iter().flatten().collect();
    format!("{name}({})", types.join(","))
}

/// An event: how many topics (1), which event (1), its other topics, its data. True if it was understood.
pub(crate) fn event(bytes: &[u8]) -> bool {
    let [count, which, rest @ ..] = bytes else {
        return false;
    };
    let mut topics = vec![EVENTS[usize::from(*which) % EVENTS.len()]];
    let words = rest.chunks_exact(32).map(B256::from_slice);
    topics.extend(words.take(usize::from(*count) % 5));
    let data = &rest[(topics.len() - 1) * 32..];
    // Words of zeros before the bytes given are the small numbers that most fields hold.
    let padded = [&[0; 31][..], data].concat();
    let understood = [data, &padded].map(|data| match Event::from_raw(&topics, data) {
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.remedy().is_empty());
            false
        }
    });
    understood.contains(&true)
}
