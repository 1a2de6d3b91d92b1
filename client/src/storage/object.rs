//! Upload and download of whole objects, in constant memory.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::task::JoinSet;
use tokio_util::io::StreamReader;

use super::{DIGEST_LEN, ObjectName, StorageError};

const MIB: u64 = 1 << 20;
/// Smallest part; S3 asks for at least 5 MiB. Objects up to this length go in one request.
const MIN_PART: u64 = 8 * MIB;
/// Largest part.
const MAX_PART: u64 = 16 * MIB;
/// Bytes of parts in flight, beside the one that is being filled.
const IN_FLIGHT: u64 = 32 * MIB;
/// Most parts of an upload, S3's limit.
const MAX_PARTS: u64 = 10_000;

/// Told how many bytes of the object have been handed to the store so far.
pub type Progress<'a> = &'a mut (dyn FnMut(u64) + Send);

/// What an upload came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object is new.
    Stored,
    /// An object of that name and length was there already and was left alone.
    AlreadyThere,
}

/// An object as a listing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name.
    pub name: ObjectName,
    /// Its length in bytes.
    pub len: u64,
    /// When it was stored, by the store's clock.
    pub modified: SystemTime,
}

/// A place that holds objects.
///
/// Contract of every backend: an object appears whole or not at all; what stands under a name is never
/// overwritten; removing what is not there succeeds.
#[derive(Clone)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    folder: Option<PathBuf>,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Storage({}, prefix {:?})",
            self.store,
            self.prefix.as_ref()
        )
    }
}

impl Storage {
    pub(super) fn over(store: Arc<dyn ObjectStore>, prefix: Path, folder: Option<PathBuf>) -> Self {
        Self {
            store,
            prefix,
            folder,
        }
    }

    /// The folder behind a `file://` store.
    pub(super) fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// Uploads an object of `len` bytes and reads its length back.
    ///
    /// The bytes are hashed on their way; unless they are the ones the name stands for, no object appears.
    /// Memory: at most 48 MiB, whatever `len` is.
    ///
    /// A caller that gets [`Put::AlreadyThere`] and then refers to the object looks at it once more
    /// afterwards: a collection of orphans may have taken it in between.
    ///
    /// # Errors
    /// [`StorageError::SourceMismatch`], [`StorageError::Source`], [`StorageError::WrongLength`],
    /// [`StorageError::TooLong`], [`StorageError::Denied`], [`StorageError::Failed`].
    pub async fn put(
        &self,
        name: &ObjectName,
        len: u64,
        source: impl AsyncRead + Unpin + Send,
        progress: Progress<'_>,
    ) -> Result<Put, StorageError> {
        let part = part_len(len)?;
        if self.check_len(name, len).await? {
            return Ok(Put::AlreadyThere);
        }
        let mut source = Source::new(source, name, len);
        let outcome = if len <= part {
            self.put_whole(name, &mut source, progress).await
        } else {
            self.put_parts(name, &mut source, part, progress).await
        };
        let there = self.check_len(name, len).await;
        match (outcome, there) {
            (Ok(Put::Stored), Ok(true)) => Ok(Put::Stored),
            // The reply to the last request was lost although the object was stored, and its repetition was
            // refused. Stores publish whole objects only, so what is there is what was sent.
            (Err(error), Ok(true)) if error.is_from_store() => Ok(Put::Stored),
            (Ok(Put::AlreadyThere), Ok(true)) => Ok(Put::AlreadyThere),
            (Ok(_), Ok(false)) => Err(StorageError::NotFound(*name)),
            (Ok(_), Err(error)) | (Err(error), _) => Err(error),
        }
    }

    /// Opens an object for reading. A connection that breaks is taken up again where it broke.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], [`StorageError::Denied`], [`StorageError::Failed`]. Those met later come
    /// out of the reader, inside [`std::io::Error`].
    pub async fn get(&self, name: &ObjectName) -> Result<ObjectReader, StorageError> {
        let result = self.store.get(&self.path(name)).await;
        let result = result.map_err(|error| StorageError::from_store(&error, Some(name)))?;
        let (name, len) = (*name, result.meta.size);
        let body = result
            .into_stream()
            .map_err(move |error| StorageError::from_store(&error, Some(&name)).into())
            .boxed();
        Ok(ObjectReader {
            name,
            len,
            left: len,
            body: StreamReader::new(body),
        })
    }

    /// Length of an object in bytes, or `None` if there is none.
    ///
    /// # Errors
    /// [`StorageError::Denied`], [`StorageError::Failed`].
    pub async fn len(&self, name: &ObjectName) -> Result<Option<u64>, StorageError> {
        match self.store.head(&self.path(name)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(StorageError::from_store(&error, Some(name))),
        }
    }

    /// Removes an object; that there is none is fine.
    ///
    /// In a bucket that keeps versions the older ones stay: erasure needs versioning switched off, or a
    /// lifecycle rule that expires non-current versions.
    ///
    /// # Errors
    /// [`StorageError::Denied`], [`StorageError::Failed`].
    pub async fn delete(&self, name: &ObjectName) -> Result<(), StorageError> {
        match self.store.delete(&self.path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StorageError::from_store(&error, Some(name))),
        }
    }

    /// All objects, in no particular order. What has no name of ours is left out.
    pub fn list(&self) -> BoxStream<'_, Result<StoredObject, StorageError>> {
        let found = self.store.list(Some(&self.prefix));
        found
            .map_err(|error| StorageError::from_store(&error, None))
            .try_filter_map(async |meta| {
                let name = ObjectName::from_path(&self.prefix, &meta.location);
                Ok(name.map(|name| StoredObject {
                    name,
                    len: meta.size,
                    modified: meta.last_modified.into(),
                }))
            })
            .boxed()
    }

    fn path(&self, name: &ObjectName) -> Path {
        name.path(&self.prefix)
    }

    /// Whether the object is there; an error if it is there with another length.
    async fn check_len(&self, name: &ObjectName, expected: u64) -> Result<bool, StorageError> {
        match self.len(name).await? {
            None => Ok(false),
            Some(found) if found == expected => Ok(true),
            Some(found) => Err(StorageError::WrongLength {
                name: *name,
                expected,
                found,
            }),
        }
    }

    /// One request that creates and never replaces.
    async fn put_whole(
        &self,
        name: &ObjectName,
        source: &mut Source<'_, impl AsyncRead + Unpin + Send>,
        progress: Progress<'_>,
    ) -> Result<Put, StorageError> {
        let bytes = source.next(source.left).await?;
        source.check()?;
        let len = bytes.len() as u64;
        match self
            .store
            .put_opts(&self.path(name), bytes.into(), PutMode::Create.into())
            .await
        {
            Ok(_) => {
                progress(len);
                Ok(Put::Stored)
            }
            Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::AlreadyThere),
            Err(error) => Err(StorageError::from_store(&error, Some(name))),
        }
    }

    /// Many requests; the object appears with the last one.
    async fn put_parts(
        &self,
        name: &ObjectName,
        source: &mut Source<'_, impl AsyncRead + Unpin + Send>,
        part: u64,
        progress: Progress<'_>,
    ) -> Result<Put, StorageError> {
        let failed = |error| StorageError::from_store(&error, Some(name));
        let mut upload = self
            .store
            .put_multipart(&self.path(name))
            .await
            .map_err(failed)?;
        let sent = send_parts(&mut upload, name, source, part, progress).await;
        let outcome = match sent.and_then(|()| source.check()) {
            Ok(()) => upload.complete().await.map(|_| Put::Stored).map_err(failed),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // The parts are of no use any more; if even this fails, the store's own rules clean up.
            let _ = upload.abort().await;
        }
        outcome
    }
}

/// Reads, hashes and sends parts, several at a time; those on their way go on while the next one is read.
async fn send_parts(
    upload: &mut Box<dyn MultipartUpload>,
    name: &ObjectName,
    source: &mut Source<'_, impl AsyncRead + Unpin + Send>,
    part: u64,
    progress: Progress<'_>,
) -> Result<(), StorageError> {
    let most = usize::try_from(IN_FLIGHT / part).unwrap_or(1).max(1);
    let mut sending = JoinSet::new();
    let mut done = 0;
    while source.left > 0 || !sending.is_empty() {
        if source.left > 0 && sending.len() < most {
            let bytes = source.next(part.min(source.left)).await?;
            let len = bytes.len() as u64;
            let sent = upload.put_part(PutPayload::from(bytes));
            sending.spawn(async move { sent.await.map(|()| len) });
        } else if let Some(sent) = sending.join_next().await {
            let sent = sent.map_err(object_store::Error::from).flatten();
            done += sent.map_err(|error| StorageError::from_store(&error, Some(name)))?;
            progress(done);
        }
    }
    Ok(())
}

/// Length of a part, so that the object fits into the number of parts allowed.
fn part_len(len: u64) -> Result<u64, StorageError> {
    let part = len.div_ceil(MAX_PARTS).next_multiple_of(MIB).max(MIN_PART);
    if part <= MAX_PART {
        Ok(part)
    } else {
        Err(StorageError::TooLong(len))
    }
}

/// Bytes to upload: counted, hashed, and compared with the name at the end.
struct Source<'a, R> {
    inner: R,
    name: &'a ObjectName,
    left: u64,
    hasher: blake3::Hasher,
}

impl<'a, R: AsyncRead + Unpin> Source<'a, R> {
    fn new(inner: R, name: &'a ObjectName, len: u64) -> Self {
        Self {
            inner,
            name,
            left: len,
            hasher: blake3::Hasher::new(),
        }
    }

    /// The next `len` bytes; fewer there must not be.
    async fn next(&mut self, len: u64) -> Result<Bytes, StorageError> {
        let wanted = usize::try_from(len).map_err(|_| StorageError::TooLong(len))?;
        let mut bytes = BytesMut::with_capacity(wanted);
        let mut limited = (&mut self.inner).take(len);
        while limited
            .read_buf(&mut bytes)
            .await
            .map_err(StorageError::Source)?
            > 0
        {}
        if bytes.len() != wanted {
            return Err(StorageError::SourceMismatch(*self.name));
        }
        self.hasher.update(&bytes);
        self.left -= len;
        Ok(bytes.freeze())
    }

    /// Whether what was read is what the name stands for.
    fn check(&self) -> Result<(), StorageError> {
        let mut digest = [0; DIGEST_LEN];
        self.hasher.finalize_xof().fill(&mut digest);
        if digest == self.name.digest {
            return Ok(());
        }
        Err(StorageError::SourceMismatch(*self.name))
    }
}

/// Bytes of one object, as they come.
pub struct ObjectReader {
    name: ObjectName,
    len: u64,
    left: u64,
    body: StreamReader<BoxStream<'static, io::Result<Bytes>>, Bytes>,
}

impl ObjectReader {
    /// Length of the object in bytes, as the store says.
    pub fn object_len(&self) -> u64 {
        self.len
    }
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectReader({}, {} bytes left)", self.name, self.left)
    }
}

impl AsyncRead for ObjectReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut self.body).poll_read(cx, buf))?;
        let read = (buf.filled().len() - before) as u64;
        let ended = read == 0 && buf.remaining() > 0;
        if read > self.left || (ended && self.left > 0) {
            let found = if ended {
                self.len - self.left
            } else {
                self.len + read - self.left
            };
            let wrong = StorageError::WrongLength {
                name: self.name,
                expected: self.len,
                found,
            };
            return Poll::Ready(Err(wrong.into()));
        }
        self.left -= read;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_with_the_object_within_memory() {
        assert_eq!(part_len(0).unwrap(), MIN_PART);
        assert_eq!(part_len(5 << 30).unwrap(), MIN_PART);
        assert_eq!(part_len(100 << 30).unwrap(), 11 * MIB);
        let longest = MAX_PARTS * MAX_PART;
        assert_eq!(part_len(longest).unwrap(), MAX_PART);
        assert!(matches!(
            part_len(longest + 1),
            Err(StorageError::TooLong(_))
        ));
        assert!(part_len(u64::MAX).is_err());
    }
}
