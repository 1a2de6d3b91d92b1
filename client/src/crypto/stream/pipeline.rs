//! An ordered pipeline: every thread reads a batch, works on it, hashes it and writes it, so that the batch stays
//! in the cache of one core.
//!
//! The right to read goes round the threads from one to the next, and so do the right to hash and the right to
//! write: order is kept without sequence numbers or locks, and no two of the three wait for each other. Each thread
//! has one buffer, so memory is constant.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::{CryptoError, SEALED_CHUNK_LEN};

/// Chunks in one batch: 512 KiB of content, enough to make hand-over cheap and small enough for caches.
pub(super) const BATCH_CHUNKS: usize = 32;
/// Most threads; past this, reading and writing are the limit.
const MAX_THREADS: usize = 16;

/// Consecutive chunks at a stride of [`SEALED_CHUNK_LEN`]. Wiped on drop.
pub(super) struct Batch {
    /// Number of the first chunk.
    pub(super) first: u64,
    bytes: Box<[u8]>,
    /// Bytes in use now.
    len: usize,
    /// Bytes ever in use.
    most: usize,
    /// Bytes to wipe.
    dirty: usize,
}

impl Batch {
    fn new() -> Self {
        let bytes = vec![0; BATCH_CHUNKS * SEALED_CHUNK_LEN].into();
        Self {
            first: 0,
            bytes,
            len: 0,
            most: 0,
            dirty: 0,
        }
    }

    /// The whole buffer, to be filled; [`Batch::set_len`] then says how far.
    pub(super) fn space(&mut self) -> &mut [u8] {
        self.dirty = self.bytes.len();
        &mut self.bytes
    }

    /// Says how much of the buffer is in use.
    pub(super) fn set_len(&mut self, len: usize) {
        self.len = len;
        self.most = self.most.max(len);
        self.dirty = self.most;
    }

    /// The part in use.
    pub(super) fn sealed(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The part in use.
    pub(super) fn sealed_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.bytes[..self.dirty]);
    }
}

/// Whether a batch was the last one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    Yes,
    No,
}

/// Runs `read` until it says [`More::No`], `work` on every batch, and `hash` and `write` in the order of reading.
///
/// The first error wins and stops all of them; `write` sees no batch after a failed one. The first batch is
/// done on the calling thread: most objects have no other, and threads would cost more than they bring.
pub(super) fn run(
    mut read: impl FnMut(&mut Batch) -> Result<More, CryptoError> + Send,
    work: impl Fn(&mut Batch) -> Result<(), CryptoError> + Sync,
    mut hash: impl FnMut(&Batch) + Send,
    mut write: impl FnMut(&Batch) -> Result<(), CryptoError> + Send,
) -> Result<(), CryptoError> {
    let mut first = Batch::new();
    let more = read(&mut first)?;
    work(&mut first)?;
    hash(&first);
    write(&first)?;
    drop(first);
    match more {
        More::Yes => run_threads(read, &work, hash, write),
        More::No => Ok(()),
    }
}

/// The rest of a long object, on all cores.
fn run_threads(
    read: impl FnMut(&mut Batch) -> Result<More, CryptoError> + Send,
    work: &(impl Fn(&mut Batch) -> Result<(), CryptoError> + Sync),
    hash: impl FnMut(&Batch) + Send,
    write: impl FnMut(&Batch) -> Result<(), CryptoError> + Send,
) -> Result<(), CryptoError> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MAX_THREADS);
    thread::scope(|scope| {
        let seats = ring(read, threads)
            .zip(ring(hash, threads))
            .zip(ring(write, threads));
        let running: Vec<_> = seats
            .map(|((reading, hashing), writing)| {
                scope.spawn(|| take_part(reading, work, hashing, writing))
            })
            .collect();
        running.into_iter().try_for_each(|thread| {
            let outcome = thread.join();
            outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

/// What one thread does. It ends without an error when a right does not come any more: nothing is left to be
/// read, or another thread has failed.
fn take_part(
    reading: Seat<impl FnMut(&mut Batch) -> Result<More, CryptoError>>,
    work: &impl Fn(&mut Batch) -> Result<(), CryptoError>,
    hashing: Seat<impl FnMut(&Batch)>,
    writing: Seat<impl FnMut(&Batch) -> Result<(), CryptoError>>,
) -> Result<(), CryptoError> {
    let mut batch = Batch::new();
    while let Ok(mut read) = reading.turn.recv() {
        let had = read(&mut batch);
        let last = !matches!(had, Ok(More::Yes));
        if !last {
            reading.pass(read);
        }
        let worked = had.and_then(|_| work(&mut batch));
        if worked.is_ok() {
            let Ok(mut hash) = hashing.turn.recv() else {
                break;
            };
            hash(&batch);
            hashing.pass(hash);
        }
        // An error waits for its turn too, since one of an earlier batch goes before it.
        let Ok(mut write) = writing.turn.recv() else {
            break;
        };
        worked?;
        write(&batch)?;
        if last {
            break;
        }
        writing.pass(write);
    }
    Ok(())
}

/// A thread's place in a ring. Whoever leaves without passing the right on ends the round for all.
struct Seat<T> {
    turn: Receiver<T>,
    next: SyncSender<T>,
}

impl<T> Seat<T> {
    fn pass(&self, right: T) {
        // A next thread that has ended is the end of the round.
        let _ = self.next.send(right);
    }
}

/// Seats for a right that is given to the first of them.
fn ring<T>(right: T, seats: usize) -> impl Iterator<Item = Seat<T>> {
    let (mut senders, turns): (Vec<_>, Vec<_>) = (0..seats).map(|_| sync_channel(1)).unzip();
    senders[0].send(right).expect("its receiver is in `turns`");
    senders.rotate_left(1);
    turns
        .into_iter()
        .zip(senders)
        .map(|(turn, next)| Seat { turn, next })
}
