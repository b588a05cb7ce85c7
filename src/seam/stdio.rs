//! This program's own standard streams, as asynchronous readers and writers.
//!
//! Each is served by a thread of its own with a buffer on either side. Making the descriptors
//! non-blocking instead would change them for every process that shares them, the user's shell
//! included; tokio's own wrappers hold the program's end up until a read returns, and turn to
//! their thread pool for every frame.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
};

use rustix::event::{PollFd, PollFlags};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// On each side of the thread: what a pipe holds. Four times as much was slower, out of the cache.
const BUFFER: usize = 64 << 10;

/// Writes to a descriptor that may block.
///
/// What is written goes out at once; a flush waits until it has. Dropping it loses nothing that
/// the descriptor takes before the program ends.
#[derive(Debug)]
pub struct ThreadWriter(Arc<Shared>);

/// Reads from a descriptor that may block, ahead of its caller by at most a buffer.
#[derive(Debug)]
pub struct ThreadReader(Arc<Shared>);

/// What the thread and the asynchronous side share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes on their way, of which the first `taken` are gone.
    bytes: Vec<u8>,
    taken: usize,
    /// The thread holds bytes that have not arrived yet.
    busy: bool,
    /// The asynchronous side is gone, or the thread has come to its end.
    closed: bool,
    /// The operating system's error, for every later call.
    failure: Option<i32>,
    waker: Option<Waker>,
}

impl Shared {
    /// A thread that panicked left nothing half done that matters here.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, on the thread's side, until `idle` does not hold any more.
    fn wait_while(&self, idle: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed
            .wait_while(self.lock(), |state| idle(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }
}

impl State {
    fn check(&self) -> io::Result<()> {
        self.failure
            .map_or(Ok(()), |code| Err(io::Error::from_raw_os_error(code)))
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn fail(&mut self, error: &io::Error) {
        const EIO: i32 = 5;
        self.failure = Some(error.raw_os_error().unwrap_or(EIO));
    }
}

impl ThreadWriter {
    /// Standard output.
    pub fn stdout() -> io::Result<Self> {
        Self::new(io::stdout().as_fd())
    }

    /// Standard error.
    pub fn stderr() -> io::Result<Self> {
        Self::new(io::stderr().as_fd())
    }

    /// A duplicate of `descriptor`.
    pub fn new(descriptor: BorrowedFd<'_>) -> io::Result<Self> {
        let file = File::from(descriptor.try_clone_to_owned()?);
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || write_on(&theirs, &file))?;
        Ok(Self(shared))
    }
}

fn write_on(shared: &Shared, file: &File) {
    let mut bytes = Vec::with_capacity(BUFFER);
    loop {
        {
            let mut state = shared.wait_while(|state| state.bytes.is_empty() && !state.closed);
            if state.bytes.is_empty() {
                return;
            }
            std::mem::swap(&mut bytes, &mut state.bytes);
            state.busy = true;
            state.wake();
        }
        let written = write_all(file, &bytes);
        bytes.clear();
        let mut state = shared.lock();
        state.busy = false;
        if let Err(error) = &written {
            state.fail(error);
        }
        state.wake();
        if written.is_err() {
            return;
        }
    }
}

fn write_all(mut file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) => recover(file, error, PollFlags::OUT)?,
        }
    }
    Ok(())
}

/// Waits where someone else made the descriptor non-blocking.
fn recover(file: &File, error: io::Error, event: PollFlags) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock => {
            match rustix::event::poll(&mut [PollFd::new(file, event)], None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
                Err(errno) => Err(errno.into()),
            }
        }
        _ => Err(error),
    }
}

impl AsyncWrite for ThreadWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        state.check()?;
        let room = BUFFER - state.bytes.len();
        if room == 0 {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let part = &bytes[..bytes.len().min(room)];
        state.bytes.extend_from_slice(part);
        self.0.changed.notify_one();
        Poll::Ready(Ok(part.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        state.check()?;
        if state.bytes.is_empty() && !state.busy {
            return Poll::Ready(Ok(()));
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl Drop for ThreadWriter {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl ThreadReader {
    /// Standard input.
    pub fn stdin() -> io::Result<Self> {
        Self::new(io::stdin().as_fd())
    }

    /// A duplicate of `descriptor`.
    ///
    /// Its thread stays in a read that does not return even after this is dropped, and ends with
    /// the program.
    pub fn new(descriptor: BorrowedFd<'_>) -> io::Result<Self> {
        let file = File::from(descriptor.try_clone_to_owned()?);
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || read_on(&theirs, &file))?;
        Ok(Self(shared))
    }
}

fn read_on(shared: &Shared, mut file: &File) {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = match file.read(&mut buffer) {
            Err(error) => recover(file, error, PollFlags::IN).map(|()| None),
            Ok(read) => Ok(Some(read)),
        };
        if matches!(read, Ok(None)) {
            continue;
        }
        let mut state = shared.wait_while(|state| !state.bytes.is_empty() && !state.closed);
        match read {
            Ok(Some(read)) if read > 0 && !state.closed => {
                state.bytes.extend_from_slice(&buffer[..read]);
                state.wake();
                continue;
            }
            Err(error) => state.fail(&error),
            Ok(_) => {}
        }
        state.closed = true;
        state.wake();
        return;
    }
}

impl AsyncRead for ThreadReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        let waiting = &state.bytes[state.taken..];
        if waiting.is_empty() {
            state.check()?;
            if !state.closed {
                state.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            return Poll::Ready(Ok(()));
        }
        let part = waiting.len().min(into.remaining());
        into.put_slice(&waiting[..part]);
        state.taken += part;
        if state.taken == state.bytes.len() {
            state.bytes.clear();
            state.taken = 0;
            self.0.changed.notify_one();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for ThreadReader {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn bytes_pass_through_both_in_order() {
        let (from, to) = io::pipe().unwrap();
        let mut writer = ThreadWriter::new(to.as_fd()).unwrap();
        drop(to);
        let mut reader = ThreadReader::new(from.as_fd()).unwrap();
        let sent: Vec<u8> = (0..3_000_000_u32).map(|it| it.to_le_bytes()[1]).collect();
        let copy = sent.clone();
        let writing = tokio::spawn(async move {
            for piece in copy.chunks(7777) {
                writer.write_all(piece).await.unwrap();
            }
            writer.flush().await.unwrap();
        });
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await.unwrap();
        writing.await.unwrap();
        assert!(received == sent);
    }

    #[tokio::test]
    async fn a_reader_that_left_is_a_broken_pipe() {
        let (from, to) = io::pipe().unwrap();
        let mut writer = ThreadWriter::new(to.as_fd()).unwrap();
        drop(from);
        let error = loop {
            if let Err(error) = writer.write_all(b"x").await {
                break error;
            }
            if let Err(error) = writer.flush().await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert!(writer.write_all(b"x").await.is_err());
    }

    #[tokio::test]
    async fn a_stalled_reader_stalls_the_writer_and_nothing_else() {
        let (from, to) = io::pipe().unwrap();
        let mut writer = ThreadWriter::new(to.as_fd()).unwrap();
        let bytes = vec![0; 4 << 20];
        let stalled = writer.write_all(&bytes);
        let limit = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(limit, stalled).await.is_err());
        drop(from);
    }

    #[tokio::test]
    async fn a_non_blocking_descriptor_is_waited_for() {
        let (from, to) = io::pipe().unwrap();
        for end in [from.as_fd(), to.as_fd()] {
            rustix::fs::fcntl_setfl(end, rustix::fs::OFlags::NONBLOCK).unwrap();
        }
        let mut writer = ThreadWriter::new(to.as_fd()).unwrap();
        drop(to);
        let mut reader = ThreadReader::new(from.as_fd()).unwrap();
        let writing = tokio::spawn(async move {
            writer.write_all(&vec![7; 1 << 20]).await.unwrap();
            writer.flush().await.unwrap();
        });
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await.unwrap();
        writing.await.unwrap();
        assert_eq!(received.len(), 1 << 20);
    }
}
