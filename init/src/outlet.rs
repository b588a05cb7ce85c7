//! Where the record goes: the CLI's socket, a file, or nowhere.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fullsend_init::{Event, NONCE_LIMIT, Order, Record};

/// How long a CLI that is there but does not read or close may hold up the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// The way out for what PID 1 knows. Opened before the agent exists and out of its reach.
#[derive(Debug)]
pub(crate) enum Outlet {
    /// The CLI listens, and its end of the connection is its sign of life.
    Socket {
        /// The connection.
        stream: UnixStream,
        /// What the CLI sent of its next order.
        received: Vec<u8>,
    },
    /// The CLI fetches the file after the end.
    File {
        /// Where the CLI will look.
        path: PathBuf,
        /// What lay there at the beginning.
        file: File,
        /// What it held: a secret that shows the CLI who wrote the record.
        nonce: Option<String>,
    },
    /// Nobody asked.
    Nowhere,
}

/// The CLI is no longer there, or no longer makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

impl Outlet {
    /// Connects to the CLI and greets it.
    pub(crate) fn connect(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        (&stream).write_all(Event::Hello.encode().as_bytes())?;
        Ok(Self::Socket {
            stream,
            received: Vec::new(),
        })
    }

    /// Opens the record file and takes the nonce out of it, before an agent can read it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut text = String::new();
        (&file)
            .take(NONCE_LIMIT as u64 + 2)
            .read_to_string(&mut text)?;
        let nonce = text.trim_end_matches('\n');
        if nonce.len() > NONCE_LIMIT || !nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it holds more than a nonce",
            ));
        }
        file.set_len(0)?;
        let nonce = (!nonce.is_empty()).then(|| nonce.to_owned());
        Ok(Self::File {
            path: path.to_owned(),
            file,
            nonce,
        })
    }

    /// The descriptor whose readiness means an order, or the CLI's end.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Socket { stream, .. } => Some(stream.as_fd()),
            Self::File { .. } | Self::Nowhere => None,
        }
    }

    /// The secret that the record has to hold.
    pub(crate) fn nonce(&self) -> Option<String> {
        match self {
            Self::File { nonce, .. } => nonce.clone(),
            Self::Socket { .. } | Self::Nowhere => None,
        }
    }

    /// Tells the CLI that the agent runs.
    pub(crate) fn started(&self) {
        if let Self::Socket { stream, .. } = self {
            // A CLI that is gone shows when its end is read.
            let _ = (&mut &*stream).write_all(Event::Started.encode().as_bytes());
        }
    }

    /// Reads what the CLI sent, after the descriptor became ready.
    pub(crate) fn orders(&mut self) -> Result<Vec<Order>, Gone> {
        let Self::Socket { stream, received } = self else {
            return Ok(Vec::new());
        };
        let mut buffer = [0; 256];
        match stream.read(&mut buffer) {
            Ok(0) => return Err(Gone),
            Ok(length) => received.extend_from_slice(buffer.get(..length).unwrap_or_default()),
            Err(error) if is_transient(&error) => return Ok(Vec::new()),
            Err(_) => return Err(Gone),
        }
        let mut orders = Vec::new();
        while let Some(order) = Order::take(received).map_err(|_| Gone)? {
            orders.push(order);
        }
        Ok(orders)
    }

    /// Delivers the record. Nothing else of the container is alive by now.
    pub(crate) fn finish(self, record: Record) {
        match self {
            Self::Socket { stream, .. } => send(stream, record),
            // A record that cannot be written is lost, which the CLI takes for what it is.
            Self::File { path, file, .. } => drop(write(&path, file, &record)),
            Self::Nowhere => {}
        }
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

/// Sends the record and waits a moment for the CLI to close: the end of PID 1 is the end of the
/// container, and of whatever the kernel still buffers for it.
fn send(mut stream: UnixStream, record: Record) {
    if stream
        .write_all(Event::Record(record).encode().as_bytes())
        .is_err()
    {
        return;
    }
    let _ = stream.shutdown(Shutdown::Write);
    let mut rest = [0; 256];
    // Late orders are let pass; a CLI that sends without end is not waited for.
    for _ in 0..16 {
        match stream.read(&mut rest) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

fn write(path: &Path, file: File, record: &Record) -> io::Result<()> {
    let file = if is_at(path, &file) {
        file
    } else {
        replace(path)?
    };
    file.set_len(0)?;
    file.write_all_at(record.encode().as_bytes(), 0)?;
    file.sync_all()
}

fn is_at(path: &Path, file: &File) -> bool {
    let identity = |meta: fs::Metadata| (meta.dev(), meta.ino());
    match (fs::symlink_metadata(path), file.metadata()) {
        (Ok(there), Ok(ours)) => identity(there) == identity(ours),
        _ => false,
    }
}

/// The agent moved the file away, or put another in its place: ours goes back there.
fn replace(path: &Path) -> io::Result<File> {
    if fs::remove_file(path).is_err() {
        // A folder, perhaps; where neither goes, the creation below says why.
        let _ = fs::remove_dir_all(path);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::options().write(true).create_new(true).open(path)
}
