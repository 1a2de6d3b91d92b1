//! Round trips at every boundary, and attacks on stored objects.

use std::collections::HashSet;
use std::io::{self, Read, Write};

use aead::Key;
use proptest::prelude::*;

use super::pipeline::BATCH_CHUNKS;
use super::schedule::Schedule;
use super::*;
use crate::crypto::context::RecordRef;

mod commitment;

const BATCH_LEN: usize = BATCH_CHUNKS * CHUNK_LEN;

fn context() -> ContentContext {
    let record = RecordRef {
        chain_id: 412_346,
        contract: [0xc0; 20],
        record_id: [0x1d; 32],
    };
    ContentContext {
        record,
        epoch: 1,
        version: 1,
    }
}

fn key() -> RecordKey {
    RecordKey::from_bytes(&[0x42; 32])
}

/// Bytes that differ from chunk to chunk.
fn text(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i ^ (i >> 8) ^ (i >> 14)) as u8).collect()
}

fn seal_vec(content: &[u8]) -> (Vec<u8>, Summary) {
    let mut object = Vec::new();
    let summary = seal(content, &mut object, &key(), &context()).unwrap();
    (object, summary)
}

/// Opens an object against its own digest, so that only the cipher stands in the way.
fn open_vec(object: &[u8]) -> Result<Vec<u8>, CryptoError> {
    open_as(object, &key(), &context())
}

fn open_as(object: &[u8], key: &RecordKey, ctx: &ContentContext) -> Result<Vec<u8>, CryptoError> {
    let mut content = Vec::new();
    open(object, &mut content, key, ctx, &digest(object).unwrap().0)?;
    Ok(content)
}

/// Header ‖ chunks, as separate pieces.
fn pieces(object: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (header, body) = object.split_at(HEADER_LEN);
    (
        header.to_vec(),
        body.chunks(SEALED_CHUNK_LEN).map(<[u8]>::to_vec).collect(),
    )
}

fn joined(header: &[u8], chunks: &[&Vec<u8>]) -> Vec<u8> {
    let mut out = header.to_vec();
    chunks.iter().for_each(|chunk| out.extend_from_slice(chunk));
    out
}

/// A source that hands out as little as it likes.
struct Trickle<'a> {
    rest: &'a [u8],
    step: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let n = self.step.min(space.len()).min(self.rest.len());
        space[..n].copy_from_slice(&self.rest[..n]);
        self.rest = &self.rest[n..];
        self.step = self.step % 4099 + 1;
        Ok(n)
    }
}

#[test]
fn every_boundary_length_round_trips() {
    let near = |edge: usize| [edge - 1, edge, edge + 1];
    let lengths: Vec<usize> = [0, 1, 2, 15, 16, 17]
        .into_iter()
        .chain(
            [CHUNK_LEN, 2 * CHUNK_LEN, 3 * CHUNK_LEN]
                .into_iter()
                .flat_map(near),
        )
        .chain(
            [BATCH_LEN, 2 * BATCH_LEN, 5 * BATCH_LEN]
                .into_iter()
                .flat_map(near),
        )
        .chain(
            [BATCH_LEN - CHUNK_LEN, BATCH_LEN + CHUNK_LEN]
                .into_iter()
                .flat_map(near),
        )
        .collect();
    for len in lengths {
        let content = text(len);
        let (object, sealed) = seal_vec(&content);
        assert_eq!(sealed.content_len, len as u64);
        assert_eq!(sealed.object_len, object.len() as u64);
        assert_eq!(object_len(len as u64), Some(object.len() as u64));
        assert_eq!(
            sealed.digest.0,
            blake3::hash(&object).as_bytes()[..DIGEST_LEN]
        );
        let mut opened = Vec::new();
        let summary = open(&object[..], &mut opened, &key(), &context(), &sealed.digest).unwrap();
        assert!(opened == content, "length {len}");
        assert_eq!(summary, sealed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_content_in_any_pieces_round_trips(
        content in proptest::collection::vec(any::<u8>(), 0..3 * CHUNK_LEN),
        step in 1_usize..4099,
        bytes in any::<[u8; 32]>(),
        epoch in any::<u32>(),
        version in any::<u32>(),
    ) {
        let key = RecordKey::from_bytes(&bytes);
        let context = ContentContext { epoch, version, ..context() };
        let mut object = Vec::new();
        let source = Trickle { rest: &content, step };
        let sealed = seal(source, &mut object, &key, &context).unwrap();
        let mut opened = Vec::new();
        open(Trickle { rest: &object, step }, &mut opened, &key, &context, &sealed.digest).unwrap();
        prop_assert_eq!(opened, content);
    }
}

#[test]
fn object_lengths_end_with_the_format() {
    let longest = MAX_CHUNKS * CHUNK_LEN as u64 - 1;
    assert_eq!(
        object_len(longest),
        Some(HEADER_LEN as u64 + longest + MAX_CHUNKS * 16)
    );
    assert_eq!(object_len(longest + 1), None);
    assert_eq!(object_len(u64::MAX), None);
}

/// Threat 1: a flipped bit in storage.
#[test]
fn a_flip_of_any_byte_is_rejected() {
    let (mut object, _) = seal_vec(&text(2 * CHUNK_LEN + 100));
    let mut rejected = 0;
    for at in 0..object.len() {
        object[at] ^= 1 << (at % 8);
        let mut content = Vec::new();
        let key = key();
        let outcome = open_with::<ChaCha20Poly1305>(
            &mut Hashing::new(&object[..]),
            &mut content,
            key.expose().into(),
            &context().to_content_bytes(),
        );
        assert!(outcome.is_err(), "byte {at}");
        rejected += 1;
        object[at] ^= 1 << (at % 8);
    }
    assert_eq!(rejected, HEADER_LEN + 2 * SEALED_CHUNK_LEN + 100 + TAG_LEN);
    assert!(open_vec(&object).is_ok());
}

/// Threat 2: an object cut or extended.
#[test]
fn every_other_length_is_rejected() {
    let (object, _) = seal_vec(&text(128));
    assert_eq!(object.len(), 200);
    for len in 0..object.len() {
        assert!(open_vec(&object[..len]).is_err(), "length {len}");
    }
    for extra in 1..200 {
        let mut longer = object.clone();
        longer.resize(object.len() + extra, 0);
        assert!(open_vec(&longer).is_err(), "{extra} bytes more");
    }
}

/// Threat 2: cuts at and around the ends of chunks, also where a batch ends.
#[test]
fn cuts_at_chunk_ends_are_rejected() {
    for chunks in [2, BATCH_CHUNKS, BATCH_CHUNKS + 1] {
        let (object, _) = seal_vec(&text(chunks * CHUNK_LEN + 7));
        for chunk in 0..=chunks {
            let end = HEADER_LEN + chunk * SEALED_CHUNK_LEN;
            for len in [end - 1, end, end + 1, end + TAG_LEN - 1, end + TAG_LEN] {
                assert!(
                    open_vec(&object[..len]).is_err(),
                    "{len} of {}",
                    object.len()
                );
            }
        }
        let (header, pieces) = pieces(&object);
        let mut with_valid_chunk: Vec<&Vec<u8>> = pieces.iter().collect();
        with_valid_chunk.push(&pieces[0]);
        assert!(open_vec(&joined(&header, &with_valid_chunk)).is_err());
        assert!(open_vec(&[&object[..], &[0]].concat()).is_err());
    }
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let with_last = |shorter: &Vec<usize>| -> Vec<Vec<usize>> {
        let at = |i| [&shorter[..i], &[n - 1], &shorter[i..]].concat();
        (0..=shorter.len()).map(at).collect()
    };
    permutations(n - 1).iter().flat_map(with_last).collect()
}

/// Threat 3: chunks in another order, twice, or missing.
#[test]
fn chunks_out_of_place_are_rejected() {
    let (object, _) = seal_vec(&text(4 * CHUNK_LEN + 9));
    let (header, chunks) = pieces(&object);
    let mut refused = 0;
    for order in permutations(4) {
        let mut picked: Vec<&Vec<u8>> = order.iter().map(|&i| &chunks[i]).collect();
        picked.push(&chunks[4]);
        let in_order = order == [0, 1, 2, 3];
        assert_eq!(
            open_vec(&joined(&header, &picked)).is_ok(),
            in_order,
            "{order:?}"
        );
        refused += usize::from(!in_order);
    }
    assert_eq!(refused, 23);
    for i in 0..4 {
        let mut twice: Vec<&Vec<u8>> = chunks.iter().collect();
        twice.insert(i, &chunks[i]);
        assert!(open_vec(&joined(&header, &twice)).is_err());
        let mut dropped: Vec<&Vec<u8>> = chunks.iter().collect();
        dropped.remove(i);
        assert!(open_vec(&joined(&header, &dropped)).is_err());
    }
}

/// Threat 4: chunks or whole objects swapped between two versions of one key.
#[test]
fn a_swap_between_objects_of_one_key_is_rejected() {
    let other_context = ContentContext {
        version: 2,
        ..context()
    };
    let (one, _) = seal_vec(&text(CHUNK_LEN + 5));
    let mut two = Vec::new();
    seal(&text(CHUNK_LEN + 5)[..], &mut two, &key(), &other_context).unwrap();
    assert!(matches!(
        open_as(&two, &key(), &context()),
        Err(CryptoError::WrongKey)
    ));
    let ((header, ones), (_, twos)) = (pieces(&one), pieces(&two));
    assert!(open_vec(&joined(&header, &[&ones[0], &ones[1]])).is_ok());
    for swapped in [[&twos[0], &ones[1]], [&ones[0], &twos[1]]] {
        let opened = open_vec(&joined(&header, &swapped));
        assert!(matches!(opened, Err(CryptoError::ForgedChunk(_))));
    }
}

/// Threat 4: every field of the context counts.
#[test]
fn another_context_is_rejected() {
    let (object, _) = seal_vec(b"content");
    let c = context();
    let record = |change: fn(&mut RecordRef)| {
        let mut record = c.record;
        change(&mut record);
        ContentContext {
            record,
            ..context()
        }
    };
    let others = [
        record(|r| r.chain_id += 1),
        record(|r| r.contract[19] ^= 1),
        record(|r| r.record_id[0] ^= 1),
        ContentContext { epoch: 2, ..c },
        ContentContext { version: 2, ..c },
    ];
    for other in others {
        assert!(matches!(
            open_as(&object, &key(), &other),
            Err(CryptoError::WrongKey)
        ));
    }
}

/// Threat 5: an older version, or anything else than what the registry names, is told as such.
#[test]
fn another_object_is_a_digest_mismatch() {
    let (old, _) = seal_vec(b"version 1");
    let (_, new) = seal_vec(b"version 2");
    let (mut damaged, _) = seal_vec(&text(3 * CHUNK_LEN));
    let right = digest(&damaged[..]).unwrap().0;
    damaged[HEADER_LEN + 1] ^= 1;
    for (object, expected) in [(&old, new.digest), (&damaged, right), (&vec![], new.digest)] {
        let opened = open(&object[..], io::sink(), &key(), &context(), &expected);
        assert!(matches!(opened, Err(CryptoError::DigestMismatch { .. })));
    }
}

/// Threat 11: a bogus key stops at the commitment, before any content.
#[test]
fn a_bogus_key_yields_no_byte() {
    let (object, sealed) = seal_vec(&text(3 * CHUNK_LEN));
    for _ in 0..32 {
        let mut content = Vec::new();
        let bogus = RecordKey::generate().unwrap();
        let opened = open(
            &object[..],
            &mut content,
            &bogus,
            &context(),
            &sealed.digest,
        );
        assert!(matches!(opened, Err(CryptoError::WrongKey)));
        assert_eq!(content.len(), 0);
    }
}

/// Another implementation of the cipher makes the same chunks, and opens them.
#[test]
fn another_implementation_agrees() {
    use aead::{AeadInOut, KeyInit};
    let (key, nonce) = ([7; 32], [9; 12].into());
    let other = chacha20poly1305::ChaCha20Poly1305::new(&key.into());
    for ours in ChaCha20Poly1305::engines(&key) {
        for len in (0..2100).chain([CHUNK_LEN - 1, CHUNK_LEN]) {
            let (mut one, mut two, aad) = (text(len), text(len), text(len % 150));
            let seal_one = ours.encrypt_inout_detached(&nonce, &aad, one[..].as_mut().into());
            let seal_two = other.encrypt_inout_detached(&nonce, &aad, two[..].as_mut().into());
            assert_eq!((seal_one.unwrap(), &one), (seal_two.unwrap(), &two));
            let tag = seal_one.unwrap();
            let opened = ours.decrypt_inout_detached(&nonce, &aad, two[..].as_mut().into(), &tag);
            assert!(opened.is_ok() && two == text(len), "length {len}");
        }
    }
}

/// Threat 13: salts do not repeat.
#[test]
fn a_million_salts_are_a_million_different_ones() {
    let salts: HashSet<[u8; SALT_LEN]> = (0..1_000_000).map(|_| random_salt().unwrap()).collect();
    assert_eq!(salts.len(), 1_000_000);
}

/// Threats 13 and 36: one content sealed twice shares no chunk and no digest.
#[test]
fn sealing_twice_gives_different_objects() {
    let ((one, first), (two, second)) = (seal_vec(&text(100)), seal_vec(&text(100)));
    assert_ne!(first.digest, second.digest);
    let equal = one.iter().zip(&two).filter(|(a, b)| a == b).count();
    assert!(equal < 16, "{equal} equal bytes");
}

/// Threat 13: the chunk counter never wraps.
#[test]
fn the_counter_stops_at_its_limit() {
    let key = Key::<ChaCha20Poly1305>::from([1; 32]);
    let schedule = Schedule::<ChaCha20Poly1305>::derive(&key, &[2; SALT_LEN], b"");
    assert_ne!(
        schedule.nonce(0).unwrap(),
        schedule.nonce(MAX_CHUNKS - 1).unwrap()
    );
    for chunk in [MAX_CHUNKS, MAX_CHUNKS + 1, u64::MAX] {
        let mut buffer = vec![0; SEALED_CHUNK_LEN];
        assert!(matches!(schedule.nonce(chunk), Err(CryptoError::TooLong)));
        assert!(matches!(
            schedule.seal_chunk(chunk, &mut buffer),
            Err(CryptoError::TooLong)
        ));
        assert!(matches!(
            schedule.open_chunk(chunk, &mut buffer),
            Err(CryptoError::TooLong)
        ));
    }
    let mut two = vec![0; 2 * SEALED_CHUNK_LEN];
    assert!(matches!(
        schedule.seal_run(MAX_CHUNKS - 1, &mut two),
        Err(CryptoError::TooLong)
    ));
}

/// Threat 14: what is written before a failure is an authentic prefix.
#[test]
fn a_failure_leaves_only_authentic_content() {
    let content = text(2 * BATCH_LEN);
    let (mut object, _) = seal_vec(&content);
    let chunk = BATCH_CHUNKS + 5;
    object[HEADER_LEN + chunk * SEALED_CHUNK_LEN] ^= 1;
    let mut written = Vec::new();
    let expected = digest(&object[..]).unwrap().0;
    let opened = open(&object[..], &mut written, &key(), &context(), &expected);
    assert!(matches!(opened, Err(CryptoError::ForgedChunk(n)) if n == chunk as u64));
    assert_eq!(written, content[..BATCH_LEN]);
}

struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let n = self.0.min(space.len());
        self.0 -= n;
        if n == 0 {
            Err(io::Error::other("source gone"))
        } else {
            Ok(n)
        }
    }
}

impl Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.0.min(bytes.len());
        self.0 -= n;
        if n == 0 {
            Err(io::Error::other("target full"))
        } else {
            Ok(n)
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failing_source_or_target_ends_the_work() {
    let long = text(40 * BATCH_LEN);
    let (object, sealed) = seal_vec(&long);
    for at in [
        0,
        1,
        30,
        HEADER_LEN,
        CHUNK_LEN,
        3 * BATCH_LEN + 1,
        20 * BATCH_LEN,
    ] {
        let read = seal(Broken(at), io::sink(), &key(), &context());
        assert!(matches!(read, Err(CryptoError::Read(_))));
        let written = seal(&long[..], Broken(at), &key(), &context());
        assert!(matches!(written, Err(CryptoError::Write(_))));
        let target = open(&object[..], Broken(at), &key(), &context(), &sealed.digest);
        assert!(matches!(target, Err(CryptoError::Write(_))));
    }
    let cut = object[..HEADER_LEN + 3].chain(Broken(0));
    let opened = open(cut, io::sink(), &key(), &context(), &sealed.digest);
    assert!(matches!(opened, Err(CryptoError::Read(_))));
}

/// Threads that wait for one that is gone end too.
#[test]
fn a_panic_of_the_source_or_the_target_ends_the_work() {
    struct Panics;
    impl Read for Panics {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("source")
        }
    }
    struct PanicsAfter(usize);
    impl Write for PanicsAfter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).expect("target");
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let long = text(10 * BATCH_LEN);
    let read = || seal((&long[..]).chain(Panics), io::sink(), &key(), &context());
    assert!(std::panic::catch_unwind(read).is_err());
    let target = || seal(&long[..], PanicsAfter(5 * BATCH_LEN), &key(), &context());
    assert!(std::panic::catch_unwind(target).is_err());
}

#[test]
fn every_error_says_what_to_do() {
    for error in [
        CryptoError::WrongKey,
        CryptoError::TooLong,
        CryptoError::Truncated(3),
    ] {
        assert!(!error.to_string().is_empty() && error.remedy().ends_with('.'));
    }
}
