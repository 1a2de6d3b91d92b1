//! An ordered pipeline: one thread reads, all cores work, the calling thread writes.
//!
//! Batch `i` goes to worker `i mod n`, and the writer takes from the workers in the same turn, so order is
//! kept without sequence numbers or locks. A fixed set of buffers circulates, so memory is constant.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::{CryptoError, SEALED_CHUNK_LEN};

/// Chunks in one batch: 256 KiB of content, enough to make hand-over cheap and small enough for caches.
pub(super) const BATCH_CHUNKS: usize = 16;
/// Most threads that encrypt; past this, reading and hashing are the limit.
const MAX_WORKERS: usize = 16;
/// Batches that may wait before and after each worker.
const QUEUE: usize = 2;

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

/// Buffers that came back, and new ones up to a fixed number: small objects need only few.
struct Buffers {
    returned: Receiver<Batch>,
    still_to_make: usize,
}

impl Buffers {
    /// A buffer, or `None` once the writer has stopped.
    fn next(&mut self) -> Option<Batch> {
        match self.returned.try_recv() {
            Ok(batch) => Some(batch),
            Err(_) if self.still_to_make > 0 => {
                self.still_to_make -= 1;
                Some(Batch::new())
            }
            Err(_) => self.returned.recv().ok(),
        }
    }
}

type Worked = Result<Batch, CryptoError>;

/// Runs `read` until it says [`More::No`], `work` on every batch, and `write` in the order of reading.
///
/// The first error wins and stops all three; `write` sees no batch after a failed one. The first batch is
/// done on the calling thread: most objects have no other, and threads would cost more than they bring.
pub(super) fn run(
    mut read: impl FnMut(&mut Batch) -> Result<More, CryptoError> + Send,
    work: impl Fn(&mut Batch) -> Result<(), CryptoError> + Sync,
    mut write: impl FnMut(&Batch) -> Result<(), CryptoError>,
) -> Result<(), CryptoError> {
    let mut first = Batch::new();
    let more = read(&mut first)?;
    work(&mut first)?;
    write(&first)?;
    drop(first);
    match more {
        More::Yes => run_threads(read, work, write),
        More::No => Ok(()),
    }
}

/// The rest of a long object, on all cores.
fn run_threads(
    read: impl FnMut(&mut Batch) -> Result<More, CryptoError> + Send,
    work: impl Fn(&mut Batch) -> Result<(), CryptoError> + Sync,
    mut write: impl FnMut(&Batch) -> Result<(), CryptoError>,
) -> Result<(), CryptoError> {
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MAX_WORKERS);
    let buffers = workers * (2 * QUEUE + 1) + 2;
    thread::scope(|scope| {
        let (give_back, returned) = sync_channel(buffers);
        let free = Buffers {
            returned,
            still_to_make: buffers,
        };
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (input, todo) = sync_channel(QUEUE);
            let (done, output) = sync_channel(QUEUE);
            let work = &work;
            scope.spawn(move || work_all(&todo, &done, work));
            inputs.push(input);
            outputs.push(output);
        }
        let reader = scope.spawn(move || read_all(read, free, &inputs));
        let written = write_all(&mut write, outputs, &give_back);
        drop(give_back);
        let read = reader
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        written.and(read)
    })
}

/// Reads until the end, or until the others have stopped.
fn read_all(
    mut read: impl FnMut(&mut Batch) -> Result<More, CryptoError>,
    mut free: Buffers,
    inputs: &[SyncSender<Batch>],
) -> Result<(), CryptoError> {
    for input in inputs.iter().cycle() {
        let Some(mut batch) = free.next() else {
            return Ok(());
        };
        let more = read(&mut batch)?;
        if input.send(batch).is_err() || more == More::No {
            return Ok(());
        }
    }
    Ok(())
}

fn work_all(
    todo: &Receiver<Batch>,
    done: &SyncSender<Worked>,
    work: &(impl Fn(&mut Batch) -> Result<(), CryptoError> + Sync),
) {
    for mut batch in todo {
        let worked = work(&mut batch).map(|()| batch);
        if done.send(worked).is_err() {
            return;
        }
    }
}

/// Takes from the workers in turn; the first closed queue in turn is the end.
fn write_all(
    write: &mut impl FnMut(&Batch) -> Result<(), CryptoError>,
    outputs: Vec<Receiver<Worked>>,
    give_back: &SyncSender<Batch>,
) -> Result<(), CryptoError> {
    for output in outputs.iter().cycle() {
        let Ok(worked) = output.recv() else {
            return Ok(());
        };
        let batch = worked?;
        write(&batch)?;
        // A reader that has reached the end takes no more buffers; the batches behind this one still count.
        let _ = give_back.send(batch);
    }
    Ok(())
}
