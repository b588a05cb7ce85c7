//! The connection to a container's standard streams.
//!
//! This is the one call that does not go through bollard: its decoder waits for whole frames, and
//! with a terminal for whole lines, so a prompt would never show. The request is plain HTTP/1.1
//! whose connection becomes the stream, which needs no HTTP library.

use std::{io, pin::Pin, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};

use super::{
    endpoint::Endpoint,
    error::{RuntimeError, excerpt},
    frames::{Demultiplexer, OutputStream},
    tls,
};

const DOING: &str = "attach to the container";

/// As much as a pipe or socket holds by default on Linux: fewer turns, and still in the cache.
const BUFFER: usize = 256 << 10;

/// Docker's answer has four short lines.
const LONGEST_HEAD: usize = 16 << 10;

/// How long dialling and the daemon's answer may take.
const ANSWER: Duration = Duration::from_secs(20);

/// Which of a container's streams to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttachOptions {
    /// Whether to write to its standard input.
    pub stdin: bool,
    /// Whether it has a terminal, whose output is one stream without framing.
    pub tty: bool,
}

/// A container's standard streams.
#[derive(Debug)]
pub struct Attached {
    /// Its standard input. Shutting it down is the end of the input to the agent.
    pub stdin: AttachedInput,
    /// Its standard output and error.
    pub output: AttachedOutput,
}

/// The writing side of an attached container.
pub struct AttachedInput(Writer);

/// The reading side of an attached container.
pub struct AttachedOutput {
    connection: Reader,
    buffer: Vec<u8>,
    /// What came with the answer's head, at the front of `buffer`.
    filled: usize,
    frames: Option<Demultiplexer>,
}

/// How copying a container's output ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputEnd {
    /// The container closed its streams, and every byte was handed on and flushed.
    Complete,
    /// Nobody reads this stream any more, as when `| head` has seen enough.
    ConsumerGone(OutputStream),
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Opens a connection of its own to the runtime.
///
/// Sockets are split by their own means, which, unlike tokio's general one, take no lock.
pub(super) async fn dial(endpoint: &Endpoint) -> io::Result<(Reader, Writer)> {
    Ok(match endpoint {
        Endpoint::Unix(path) => {
            let (reader, writer) = UnixStream::connect(path).await?.into_split();
            (Box::new(reader), Box::new(writer))
        }
        Endpoint::Tcp { authority } => {
            let (reader, writer) = tcp(authority).await?.into_split();
            (Box::new(reader), Box::new(writer))
        }
        Endpoint::Tls { authority, files } => {
            let stream = tls::connect(tcp(authority).await?, authority, files).await?;
            let (reader, writer) = tokio::io::split(stream);
            (Box::new(reader), Box::new(writer))
        }
    })
}

async fn tcp(authority: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Attaches to the container `id`, which only docker's own identifiers may name.
pub(super) async fn attach(
    endpoint: &Endpoint,
    id: &str,
    options: AttachOptions,
) -> Result<Attached, RuntimeError> {
    tokio::time::timeout(ANSWER, request(endpoint, id, options))
        .await
        .map_err(|_| RuntimeError::Timeout {
            doing: DOING,
            after: ANSWER,
        })?
}

async fn request(
    endpoint: &Endpoint,
    id: &str,
    options: AttachOptions,
) -> Result<Attached, RuntimeError> {
    let (mut reader, mut writer) = dial(endpoint).await.map_err(lost)?;
    let stdin = u8::from(options.stdin);
    let head = format!(
        "POST /containers/{id}/attach?stream=1&stdin={stdin}&stdout=1&stderr=1 HTTP/1.1\r\n\
         Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"
    );
    writer.write_all(head.as_bytes()).await.map_err(lost)?;

    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    let body = loop {
        let read = reader.read(&mut buffer[filled..LONGEST_HEAD]).await;
        let read = read.map_err(lost)?;
        if read == 0 {
            return Err(lost(io::ErrorKind::UnexpectedEof.into()));
        }
        filled += read;
        if let Some(at) = find_blank_line(&buffer[..filled]) {
            break at;
        }
        if filled == LONGEST_HEAD {
            return Err(garbled("its head does not end"));
        }
    };
    match status(&buffer[..body]) {
        // 200 is how daemons answer clients that ask for no upgrade, and Podman some that do.
        Some(101 | 200) => {}
        Some(status) => return Err(refused(reader, &buffer[body..filled], status).await),
        None => return Err(garbled("it is not HTTP")),
    }
    buffer.copy_within(body..filled, 0);
    Ok(Attached {
        stdin: AttachedInput(writer),
        output: AttachedOutput {
            connection: reader,
            buffer,
            filled: filled - body,
            frames: (!options.tty).then(Demultiplexer::default),
        },
    })
}

fn find_blank_line(bytes: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let at = bytes.windows(END.len()).position(|window| window == END);
    at.map(|at| at + END.len())
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|&byte| byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let version = words.next()?;
    version.starts_with("HTTP/1.").then_some(())?;
    words.next()?.parse().ok()
}

/// Reads what the daemon says about a refusal, as far as it comes soon.
async fn refused(mut connection: Reader, start: &[u8], status: u16) -> RuntimeError {
    let mut body = start.to_vec();
    // The connection may stay open, and the length may be in any of HTTP's forms: a complete
    // message is enough.
    while message(&body).is_none() && body.len() < LONGEST_HEAD {
        let more = connection.read_buf(&mut body);
        match tokio::time::timeout(Duration::from_secs(1), more).await {
            Ok(Ok(read)) if read > 0 => {}
            _ => break,
        }
    }
    let text = message(&body).unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    RuntimeError::Answered {
        doing: DOING,
        status,
        message: excerpt(&text),
    }
}

/// The first JSON message in `body`, which may stand between a chunk's marks.
fn message(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Answer {
        message: String,
    }
    let start = body.iter().position(|&byte| byte == b'{')?;
    let mut values = serde_json::Deserializer::from_slice(&body[start..]).into_iter::<Answer>();
    Some(values.next()?.ok()?.message)
}

fn lost(error: io::Error) -> RuntimeError {
    RuntimeError::Lost {
        doing: DOING,
        source: Some(error.into()),
    }
}

fn garbled(reason: &'static str) -> RuntimeError {
    RuntimeError::Garbled {
        doing: DOING,
        source: reason.into(),
    }
}

impl AttachedInput {
    /// Copies `source` to its end, which becomes the end of the agent's input.
    ///
    /// An agent that stops reading early is not an error: what it did not want is dropped.
    pub async fn copy_from<R>(&mut self, source: &mut R) -> io::Result<()>
    where
        R: AsyncRead + Unpin + ?Sized,
    {
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = source.read(&mut buffer).await?;
            let passed = match read {
                0 => return self.shutdown().await.or_else(unless_gone),
                _ => self.write_all(&buffer[..read]).await,
            };
            if let Err(error) = passed {
                return unless_gone(error);
            }
            self.flush().await.or_else(unless_gone)?;
        }
    }
}

fn unless_gone(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::NotConnected => Ok(()),
        _ => Err(error),
    }
}

impl AttachedOutput {
    /// Copies the container's output until it ends, and flushes whenever nothing more is waiting.
    ///
    /// Not cancel safe: what was read and not yet written is lost when the future is dropped. An
    /// error of a writer that is not the loss of its reader is an error of the copy.
    pub async fn copy<O, E>(
        &mut self,
        stdout: &mut O,
        stderr: &mut E,
    ) -> Result<OutputEnd, CopyError>
    where
        O: AsyncWrite + Unpin + ?Sized,
        E: AsyncWrite + Unpin + ?Sized,
    {
        match self.pump(stdout, stderr).await {
            Ok(()) => Ok(OutputEnd::Complete),
            Err(CopyError::Write { stream, source })
                if source.kind() == io::ErrorKind::BrokenPipe =>
            {
                Ok(OutputEnd::ConsumerGone(stream))
            }
            Err(error) => Err(error),
        }
    }

    async fn pump<O, E>(&mut self, stdout: &mut O, stderr: &mut E) -> Result<(), CopyError>
    where
        O: AsyncWrite + Unpin + ?Sized,
        E: AsyncWrite + Unpin + ?Sized,
    {
        loop {
            let mut input = &self.buffer[..self.filled];
            while let Some((stream, bytes)) = next(&mut self.frames, &mut input)? {
                match stream {
                    OutputStream::Stdout => stdout.write_all(bytes).await,
                    OutputStream::Stderr => stderr.write_all(bytes).await,
                }
                .map_err(|source| CopyError::Write { stream, source })?;
            }
            self.filled = self.refill(stdout, stderr).await?;
            if self.filled == 0 {
                flush(stdout, OutputStream::Stdout).await?;
                flush(stderr, OutputStream::Stderr).await?;
                return match &self.frames {
                    Some(frames) if !frames.is_complete() => Err(CopyError::Torn),
                    _ => Ok(()),
                };
            }
        }
    }

    /// Reads what is there; where nothing is, flushes the writers before it waits.
    async fn refill<O, E>(&mut self, stdout: &mut O, stderr: &mut E) -> Result<usize, CopyError>
    where
        O: AsyncWrite + Unpin + ?Sized,
        E: AsyncWrite + Unpin + ?Sized,
    {
        if let Some(read) = self.connection.read(&mut self.buffer).now_or_never() {
            return read.map_err(CopyError::Read);
        }
        flush(stdout, OutputStream::Stdout).await?;
        flush(stderr, OutputStream::Stderr).await?;
        let read = self.connection.read(&mut self.buffer).await;
        read.map_err(CopyError::Read)
    }
}

async fn flush<W>(writer: &mut W, stream: OutputStream) -> Result<(), CopyError>
where
    W: AsyncWrite + Unpin + ?Sized,
{
    let flushed = writer.flush().await;
    flushed.map_err(|source| CopyError::Write { stream, source })
}

fn next<'a>(
    frames: &mut Option<Demultiplexer>,
    input: &mut &'a [u8],
) -> Result<Option<(OutputStream, &'a [u8])>, CopyError> {
    match frames {
        Some(frames) => frames.next(input).map_err(|_| CopyError::Torn),
        None if input.is_empty() => Ok(None),
        None => Ok(Some((OutputStream::Stdout, std::mem::take(input)))),
    }
}

/// A container's output that could not be copied to its end.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The connection failed.
    #[error("the connection to the container's output failed")]
    Read(#[source] io::Error),
    /// The connection ended in the middle of a frame, or its framing makes no sense.
    #[error("the container's output ended in the middle")]
    Torn,
    /// The bytes could not be handed on, and not because nobody reads them.
    #[error("could not write the agent's output")]
    Write {
        /// Which of the two.
        stream: OutputStream,
        /// The operating system's reason.
        source: io::Error,
    },
}

impl AsyncWrite for AttachedInput {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl std::fmt::Debug for AttachedInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AttachedInput")
    }
}

impl std::fmt::Debug for AttachedOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AttachedOutput")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_has_a_status() {
        assert_eq!(status(b"HTTP/1.1 101 UPGRADED\r\nA: b\r\n\r\n"), Some(101));
        for other in [
            &b""[..],
            b"HTTP/1.1\r\n",
            b"HTTP/2 200\r\n",
            b"220 smtp\r\n",
            b"\xff 200\r\n",
        ] {
            assert_eq!(status(other), None);
        }
    }

    #[test]
    fn a_refusals_message_is_found_in_any_transfer_form() {
        for body in [
            "{\"message\":\"no\"}\n",
            "13\r\n{\"message\":\"no\"}\n\r\n0\r\n\r\n",
        ] {
            assert_eq!(message(body.as_bytes()).as_deref(), Some("no"));
        }
        assert_eq!(message(b"{\"mess"), None);
        assert_eq!(message(b"<html>"), None);
    }
}
