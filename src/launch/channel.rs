//! The host's end of the line to PID 1: a private folder with init and a socket in it.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use fullsend_init::{Decoder, Event, Order};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use crate::seam::files::{self, FileError};

/// What a Unix socket's path may have, less the room for our own file names.
const LONGEST_FOLDER: usize = 80;

/// How long an order may take to leave; init reads at once or is stuck.
const ORDER_PATIENCE: Duration = Duration::from_secs(1);

/// A folder that only we can enter, with the files that are mounted into the container.
///
/// Its random name is the nonce: a daemon that does not share our files finds no such source and
/// refuses to create the container.
#[derive(Debug)]
pub(super) struct Channel {
    folder: tempfile::TempDir,
    listener: UnixListener,
    has_event: bool,
}

/// A folder that could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChannelError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("could not listen on a socket in it")]
    Socket(#[source] io::Error),
}

impl Channel {
    /// Makes the folder under `temporary`, or under /tmp where that path is too long for a socket.
    pub(super) fn open(
        temporary: &Path,
        init: &[u8],
        event: Option<&[u8]>,
    ) -> Result<Self, ChannelError> {
        let short = temporary.as_os_str().len() <= LONGEST_FOLDER;
        let folder = files::private_folder(if short { temporary } else { Path::new("/tmp") })?;
        files::create(&folder.path().join("init"), init, 0o555)?;
        if let Some(event) = event {
            files::create(&folder.path().join("event.json"), event, 0o444)?;
        }
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).map_err(ChannelError::Socket)?;
        // The folder keeps others out; in the container the agent's user must reach the socket.
        files::set_mode(&socket, 0o666)?;
        Ok(Self {
            folder,
            listener,
            has_event: event.is_some(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn init_path(&self) -> PathBuf {
        self.folder.path().join("init")
    }

    pub(super) fn socket_path(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(super) fn event_path(&self) -> Option<PathBuf> {
        self.has_event
            .then(|| self.folder.path().join("event.json"))
    }

    /// Whether a message speaks of this folder, whose name nothing else has.
    pub(super) fn is_named_in(&self, message: &str) -> bool {
        let name = self
            .folder
            .path()
            .file_name()
            .and_then(|name| name.to_str());
        name.is_some_and(|name| message.contains(name))
    }

    /// Accepts the one connection that init makes before there is an agent.
    pub(super) async fn accept(&self) -> io::Result<Connection> {
        let (stream, _) = self.listener.accept().await?;
        let peer = stream
            .peer_cred()
            .ok()
            .and_then(|credentials| credentials.pid());
        Ok(Connection {
            stream,
            decoder: Decoder::default(),
            peer,
        })
    }
}

/// The connection to a running init.
#[derive(Debug)]
pub(super) struct Connection {
    stream: UnixStream,
    decoder: Decoder,
    peer: Option<i32>,
}

impl Connection {
    /// The process at the other end, as the kernel numbers it here; 0 or none where its namespace
    /// is not below ours.
    pub(super) fn peer(&self) -> Option<i32> {
        self.peer.filter(|&pid| pid != 0)
    }

    /// The next events; an empty list is the end of the connection.
    ///
    /// Safe to cancel: bytes are taken from the socket only together with their events.
    pub(super) async fn events(&mut self) -> io::Result<Vec<Event>> {
        let mut buffer = [0; 4096];
        loop {
            let length = self.stream.read(&mut buffer).await?;
            if length == 0 {
                return Ok(Vec::new());
            }
            let bytes = buffer.get(..length).unwrap_or_default();
            let events = self.decoder.push(bytes).map_err(io::Error::other)?;
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    /// Sends an order; that it cannot be sent shows at the next read.
    pub(super) async fn order(&mut self, order: Order) {
        let text = order.to_string();
        let _ = tokio::time::timeout(ORDER_PATIENCE, self.stream.write_all(text.as_bytes())).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[tokio::test]
    async fn one_connection_carries_events_and_orders() {
        let temporary = tempfile::tempdir().unwrap();
        let channel = Channel::open(temporary.path(), b"init", None).unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(channel.folder.path().to_owned()), 0o700);
        assert_eq!(mode(channel.init_path()), 0o555);
        assert_eq!(mode(channel.socket_path()), 0o666);
        let mut init = UnixStream::connect(channel.socket_path()).await.unwrap();
        init.write_all(b"hello 1\nstar").await.unwrap();
        let mut connection = channel.accept().await.unwrap();
        assert_eq!(connection.peer(), i32::try_from(std::process::id()).ok());
        assert_eq!(connection.events().await.unwrap(), [Event::Hello]);
        connection.order(Order::Kill).await;
        let mut order = [0; 5];
        init.read_exact(&mut order).await.unwrap();
        assert_eq!(&order, b"kill\n");
        init.write_all(b"ted\n").await.unwrap();
        assert_eq!(connection.events().await.unwrap(), [Event::Started]);
        drop(init);
        assert_eq!(connection.events().await.unwrap(), []);
    }
}
