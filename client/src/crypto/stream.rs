//! Content encryption: C2SP chunked encryption, <https://c2sp.org/chunked-encryption>.
//!
//! ```text
//! object = salt (24) ‖ commitment (32) ‖ chunk 0 ‖ chunk 1 ‖ … ‖ last chunk
//! chunk  = AEAD[key, base nonce XOR number](up to 16,384 bytes of content) ‖ tag (16)
//! ```
//!
//! Every chunk but the last holds exactly 16,384 bytes; the last holds fewer and may be empty, which is how
//! the end is recognised. `key`, `base nonce` and `commitment` come from the input key, the random salt and
//! a context, so an object opens under exactly one key and one context. Ours is instantiated with
//! AEAD_CHACHA20_POLY1305 (RFC 8439) and HKDF-SHA512; the engine takes any [`ChunkCipher`], so that the
//! published AES-GCM vectors run against the very code that ships.
//!
//! The object's name is the BLAKE3 digest of all its bytes, computed while it is written or read: 28 bytes of BLAKE3's
//! extendable output (`b3sum --length 28`), the collision resistance of SHA-224, so that digest, version and epoch fit
//! one slot of the registry.

mod chacha;
mod pipeline;
mod schedule;

use std::fmt;
use std::io::{ErrorKind, IoSliceMut, Read, Write};

use aead::Key;

pub use chacha::ChaCha20Poly1305;
pub use schedule::{COMMITMENT_LEN, ChunkCipher, HEADER_LEN, MAX_CHUNKS, SALT_LEN};

use super::CryptoError;
use super::context::ContentContext;
use super::key::RecordKey;
use pipeline::{BATCH_CHUNKS, Batch, More};
use schedule::Schedule;

/// Bytes of content in every chunk but the last.
pub const CHUNK_LEN: usize = 16 * 1024;
/// Length of an authentication tag in bytes.
pub const TAG_LEN: usize = 16;
/// Bytes of a full chunk in the object.
pub const SEALED_CHUNK_LEN: usize = CHUNK_LEN + TAG_LEN;

/// Length of a digest in bytes.
pub const DIGEST_LEN: usize = 28;

/// BLAKE3 digest of a whole object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; DIGEST_LEN]);

impl Digest {
    fn of(hasher: &blake3::Hasher) -> Self {
        let mut digest = [0; DIGEST_LEN];
        hasher.finalize_xof().fill(&mut digest);
        Self(digest)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// What sealing or opening an object came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Digest of the object.
    pub digest: Digest,
    /// Bytes of content.
    pub content_len: u64,
    /// Bytes of the object.
    pub object_len: u64,
}

/// Length of the object that holds `content_len` bytes, or `None` past the format's 4 PiB - 1 byte.
pub fn object_len(content_len: u64) -> Option<u64> {
    let chunks = content_len / CHUNK_LEN as u64 + 1;
    (chunks <= MAX_CHUNKS).then(|| HEADER_LEN as u64 + content_len + chunks * TAG_LEN as u64)
}

/// Seals all of `content` into `object`, on all cores, in constant memory.
///
/// # Errors
/// [`CryptoError::Read`], [`CryptoError::Write`], [`CryptoError::Randomness`], [`CryptoError::TooLong`].
/// What was written up to then is not an object.
pub fn seal(
    content: impl Read + Send,
    object: impl Write + Send,
    key: &RecordKey,
    context: &ContentContext,
) -> Result<Summary, CryptoError> {
    let context = context.to_content_bytes();
    seal_with::<ChaCha20Poly1305>(
        content,
        object,
        key.expose().into(),
        &random_salt()?,
        &context,
    )
}

/// Opens all of `object` into `content`, on all cores, in constant memory, and checks its digest.
///
/// Content is written before the whole digest is known: the caller keeps it out of sight until this
/// function has returned `Ok`, and discards it otherwise. Every byte written was authenticated.
///
/// # Errors
/// [`CryptoError::DigestMismatch`] whenever the object is not the one `expected` names, whatever else is
/// wrong with it. For the right object: [`CryptoError::WrongKey`] before any content is written,
/// [`CryptoError::ForgedChunk`], [`CryptoError::Truncated`]. And [`CryptoError::Read`],
/// [`CryptoError::Write`].
pub fn open(
    object: impl Read + Send,
    content: impl Write + Send,
    key: &RecordKey,
    context: &ContentContext,
    expected: &Digest,
) -> Result<Summary, CryptoError> {
    let mut source = Hashing::new(object);
    let context = context.to_content_bytes();
    let opened = open_with::<ChaCha20Poly1305>(&mut source, content, key.expose().into(), &context);
    if matches!(opened, Err(CryptoError::Read(_) | CryptoError::Write(_))) {
        return opened;
    }
    source.drain()?;
    let found = source.digest();
    if found == *expected {
        return opened;
    }
    Err(CryptoError::DigestMismatch {
        expected: *expected,
        found,
    })
}

/// Digest and length of an object: what anybody can check without a key.
///
/// # Errors
/// [`CryptoError::Read`].
pub fn digest(object: impl Read) -> Result<(Digest, u64), CryptoError> {
    let mut source = Hashing::new(object);
    source.drain()?;
    Ok((source.digest(), source.len))
}

fn random_salt() -> Result<[u8; SALT_LEN], CryptoError> {
    let mut salt = [0; SALT_LEN];
    getrandom::fill(&mut salt)?;
    Ok(salt)
}

/// Sealing with any cipher, under a given salt.
fn seal_with<A: ChunkCipher>(
    mut content: impl Read + Send,
    mut object: impl Write + Send,
    key: &Key<A>,
    salt: &[u8; SALT_LEN],
    context: &[u8],
) -> Result<Summary, CryptoError> {
    let schedule = Schedule::<A>::derive(key, salt, context);
    let mut hasher = blake3::Hasher::new();
    for part in [&salt[..], schedule.commitment()] {
        hasher.update(part);
        object.write_all(part).map_err(CryptoError::Write)?;
    }
    let mut next = 0;
    let mut content_len = 0;
    let mut object_len = HEADER_LEN as u64;
    pipeline::run(
        |batch| {
            batch.first = next;
            next += BATCH_CHUNKS as u64;
            let (read, more) = read_content(&mut content, batch)?;
            content_len += read;
            Ok(more)
        },
        |batch| schedule.seal_run(batch.first, batch.sealed_mut()),
        |batch| {
            hasher.update(batch.sealed());
            object_len += batch.sealed().len() as u64;
        },
        |batch| object.write_all(batch.sealed()).map_err(CryptoError::Write),
    )?;
    object.flush().map_err(CryptoError::Write)?;
    Ok(Summary {
        digest: Digest::of(&hasher),
        content_len,
        object_len,
    })
}

/// Opening with any cipher. Reads the object to its end unless something fails.
fn open_with<A: ChunkCipher>(
    object: &mut Hashing<impl Read + Send>,
    mut content: impl Write + Send,
    key: &Key<A>,
    context: &[u8],
) -> Result<Summary, CryptoError> {
    let schedule = read_header::<A>(object, key, context)?;
    let mut next = 0;
    let mut content_len = 0;
    pipeline::run(
        |batch| {
            batch.first = next;
            next += BATCH_CHUNKS as u64;
            read_chunks(object, batch)
        },
        |batch| schedule.open_run(batch.first, batch.sealed_mut()),
        |_| {},
        |batch| {
            content_len += write_content(&mut content, batch)?;
            Ok(())
        },
    )?;
    content.flush().map_err(CryptoError::Write)?;
    Ok(Summary {
        digest: object.digest(),
        content_len,
        object_len: object.len,
    })
}

/// Reads salt and commitment, derives the keys and checks the commitment before anything else.
fn read_header<A: ChunkCipher>(
    object: &mut Hashing<impl Read>,
    key: &Key<A>,
    context: &[u8],
) -> Result<Schedule<A>, CryptoError> {
    let (mut salt, mut commitment) = ([0; SALT_LEN], [0; COMMITMENT_LEN]);
    if object.fill(&mut salt)? < SALT_LEN || object.fill(&mut commitment)? < COMMITMENT_LEN {
        return Err(CryptoError::Truncated(0));
    }
    let schedule = Schedule::<A>::derive(key, &salt, context);
    schedule.check(&commitment)?;
    Ok(schedule)
}

/// Lays content out at the stride of sealed chunks, leaving room for each tag.
fn read_content(content: &mut impl Read, batch: &mut Batch) -> Result<(u64, More), CryptoError> {
    let mut slots: Vec<IoSliceMut> = batch
        .space()
        .chunks_exact_mut(SEALED_CHUNK_LEN)
        .map(|slot| IoSliceMut::new(&mut slot[..CHUNK_LEN]))
        .collect();
    let read = fill_vectored(content, &mut slots)?;
    let (chunks, rest) = (read / CHUNK_LEN, read % CHUNK_LEN);
    if chunks == BATCH_CHUNKS {
        batch.set_len(BATCH_CHUNKS * SEALED_CHUNK_LEN);
        return Ok((read as u64, More::Yes));
    }
    batch.set_len(chunks * SEALED_CHUNK_LEN + rest + TAG_LEN);
    Ok((read as u64, More::No))
}

/// Reads until all `slots` are full or the source ends; returns how much was read.
fn fill_vectored(
    source: &mut impl Read,
    mut slots: &mut [IoSliceMut],
) -> Result<usize, CryptoError> {
    let mut filled = 0;
    while !slots.is_empty() {
        match source.read_vectored(slots) {
            Ok(0) => break,
            Ok(n) => {
                filled += n;
                IoSliceMut::advance_slices(&mut slots, n);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(CryptoError::Read(error)),
        }
    }
    Ok(filled)
}

/// Reads sealed chunks; the last one must be short, or the object was cut.
fn read_chunks(object: &mut Hashing<impl Read>, batch: &mut Batch) -> Result<More, CryptoError> {
    let space = batch.space();
    let wanted = space.len();
    let n = object.fill(space)?;
    batch.set_len(n);
    if n == wanted {
        return Ok(More::Yes);
    }
    if n % SEALED_CHUNK_LEN < TAG_LEN {
        return Err(CryptoError::Truncated(
            batch.first + (n / SEALED_CHUNK_LEN) as u64,
        ));
    }
    Ok(More::No)
}

/// Writes the opened text of a batch, without the tags between.
fn write_content(content: &mut impl Write, batch: &Batch) -> Result<u64, CryptoError> {
    let mut written = 0;
    for chunk in batch.sealed().chunks(SEALED_CHUNK_LEN) {
        let text = &chunk[..chunk.len() - TAG_LEN];
        content.write_all(text).map_err(CryptoError::Write)?;
        written += text.len() as u64;
    }
    Ok(written)
}

/// Reads until `space` is full or the source ends; returns how much was read.
fn fill(source: &mut impl Read, space: &mut [u8]) -> Result<usize, CryptoError> {
    let mut filled = 0;
    while filled < space.len() {
        match source.read(&mut space[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(CryptoError::Read(error)),
        }
    }
    Ok(filled)
}

/// A source whose bytes are hashed and counted as they pass.
struct Hashing<R> {
    inner: R,
    hasher: blake3::Hasher,
    len: u64,
}

impl<R: Read> Hashing<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: blake3::Hasher::new(),
            len: 0,
        }
    }

    fn fill(&mut self, space: &mut [u8]) -> Result<usize, CryptoError> {
        let n = fill(&mut self.inner, space)?;
        self.hasher.update(&space[..n]);
        self.len += n as u64;
        Ok(n)
    }

    /// Reads to the end, for the digest alone.
    fn drain(&mut self) -> Result<(), CryptoError> {
        let mut space = vec![0; BATCH_CHUNKS * SEALED_CHUNK_LEN];
        while self.fill(&mut space)? == space.len() {}
        Ok(())
    }

    fn digest(&self) -> Digest {
        Digest::of(&self.hasher)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
