//! A way to the daemon that a test can watch and cut: over TCP as to another machine, or over a
//! Unix socket as to this one.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use fullsend::seam::environment::Environment;

/// The client's end of a connection.
struct Near {
    from: Box<dyn Read + Send>,
    to: Box<dyn Write + Send>,
    /// Passes the daemon's end on.
    end: Box<dyn Fn() + Send>,
}

/// Forwards connections to this machine's daemon until it is cut.
pub(super) struct Relay {
    /// What `DOCKER_HOST` must say.
    pub(super) host: String,
    /// The daemon's ends of all connections; none once cut.
    connections: Arc<Mutex<Option<Vec<UnixStream>>>>,
    spoils_removal: Arc<AtomicBool>,
}

impl Relay {
    /// An address that shares no files with the daemon, as far as a client can tell.
    pub(super) fn tcp() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("tcp://{}", listener.local_addr().unwrap());
        Self::serve(host, move || {
            let (near, _) = listener.accept().ok()?;
            let back = near.try_clone().ok()?;
            let end = near.try_clone().ok()?;
            Some(Near {
                from: Box::new(near),
                to: Box::new(back),
                end: Box::new(move || drop(end.shutdown(Shutdown::Write))),
            })
        })
    }

    /// A socket at `path`, beside which files are shared.
    pub(super) fn unix(path: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let host = format!("unix://{}", path.display());
        Self::serve(host, move || {
            let (near, _) = listener.accept().ok()?;
            let back = near.try_clone().ok()?;
            let end = near.try_clone().ok()?;
            Some(Near {
                from: Box::new(near),
                to: Box::new(back),
                end: Box::new(move || drop(end.shutdown(Shutdown::Write))),
            })
        })
    }

    /// A socket at `path`, through which the daemon removes nothing: it refuses the request.
    pub(super) fn without_removal(path: &Path) -> Self {
        let relay = Self::unix(path);
        relay.spoils_removal.store(true, Ordering::Relaxed);
        relay
    }

    fn serve(host: String, mut accept: impl FnMut() -> Option<Near> + Send + 'static) -> Self {
        let connections = Arc::new(Mutex::new(Some(Vec::new())));
        let ours = connections.clone();
        let spoils_removal = Arc::new(AtomicBool::new(false));
        let spoils = spoils_removal.clone();
        thread::spawn(move || {
            while let Some(mut near) = accept() {
                let Some(mut far) = dial(&ours) else { return };
                let mut down = far.try_clone().unwrap();
                let spoils = spoils.load(Ordering::Relaxed);
                thread::spawn(move || {
                    let _ = if spoils {
                        copy_without_removal(&mut near.from, &mut far)
                    } else {
                        io::copy(&mut near.from, &mut far).map(drop)
                    };
                    let _ = far.shutdown(Shutdown::Write);
                });
                thread::spawn(move || {
                    let _ = io::copy(&mut down, &mut near.to);
                    (near.end)();
                });
            }
        });
        Self {
            host,
            connections,
            spoils_removal,
        }
    }

    /// Ends every connection, and accepts none any more: the daemon is gone.
    pub(super) fn cut(&self) {
        for connection in self.connections.lock().unwrap().take().unwrap() {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

/// Asks for removals in a version of the API that no daemon has.
fn copy_without_removal(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    const REQUEST: &[u8] = b"DELETE /containers/";
    let mut bytes = [0; 16 << 10];
    loop {
        let read = from.read(&mut bytes)?;
        match bytes[..read].strip_prefix(REQUEST) {
            Some(rest) => to.write_all(&[b"DELETE /v9.99/containers/", rest].concat())?,
            None => to.write_all(&bytes[..read])?,
        }
        if read == 0 {
            return Ok(());
        }
    }
}

/// A connection to the real daemon, noted down; none once cut.
fn dial(connections: &Mutex<Option<Vec<UnixStream>>>) -> Option<UnixStream> {
    let environment = Environment::of_process();
    let host = environment.get("DOCKER_HOST");
    let path = host.unwrap_or("unix:///var/run/docker.sock");
    let far = UnixStream::connect(path.strip_prefix("unix://").unwrap()).unwrap();
    let mut connections = connections.lock().unwrap();
    connections.as_mut()?.push(far.try_clone().unwrap());
    Some(far)
}
