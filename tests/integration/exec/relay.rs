//! A way to the daemon that a test can watch and cut: over TCP as to another machine, or over a
//! Unix socket as to this one.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{Arc, Mutex},
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

    fn serve(host: String, mut accept: impl FnMut() -> Option<Near> + Send + 'static) -> Self {
        let connections = Arc::new(Mutex::new(Some(Vec::new())));
        let ours = connections.clone();
        thread::spawn(move || {
            while let Some(mut near) = accept() {
                let Some(mut far) = dial(&ours) else { return };
                let mut down = far.try_clone().unwrap();
                thread::spawn(move || {
                    let _ = io::copy(&mut near.from, &mut far);
                    let _ = far.shutdown(Shutdown::Write);
                });
                thread::spawn(move || {
                    let _ = io::copy(&mut down, &mut near.to);
                    (near.end)();
                });
            }
        });
        Self { host, connections }
    }

    /// Ends every connection, and accepts none any more: the daemon is gone.
    pub(super) fn cut(&self) {
        for connection in self.connections.lock().unwrap().take().unwrap() {
            let _ = connection.shutdown(Shutdown::Both);
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
