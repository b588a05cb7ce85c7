//! One container from its creation to its removal, and the way in for init.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use fullsend_init::{RECORD_LIMIT, RECORD_PATH, Record};
use jiff::Timestamp;

use super::{
    channel::Channel,
    ci::Markers,
    console::Console,
    failure::Failure,
    host_paths::{HostPaths, Unreachable},
    labels,
    line::Line,
    plan::{Sandbox, Way},
    supervise::{Ended, Terms, supervise},
};
use crate::{
    model::chain::chain,
    model::outcome::LaunchFailure,
    runtime::{ContainerId, Locality, Runtime, RuntimeError, init},
    seam::{environment::Environment, signals::Signals},
};

/// How files of ours can get into a container.
#[derive(Debug)]
pub(super) struct Entry {
    paths: HostPaths,
    temporary: PathBuf,
    shares_files: bool,
}

impl Entry {
    /// Finds out how this process and the runtime's machine see each other's files.
    pub(super) async fn detect(
        runtime: &Arc<dyn Runtime>,
        environment: &Environment,
    ) -> Result<Self, RuntimeError> {
        // On a CI runner this folder is shared with job containers, which /tmp is not.
        let runner = environment.get("RUNNER_TEMP").map(PathBuf::from);
        let temporary = runner
            .filter(|folder| folder.is_dir())
            .unwrap_or_else(std::env::temp_dir);
        let shares_files = runtime.facts().locality == Locality::MaybeLocal;
        let paths = HostPaths::detect(&**runtime).await?;
        Ok(Self {
            paths,
            temporary,
            shares_files,
        })
    }

    /// The path that the runtime must be given for `path`.
    pub(super) fn translate(&self, path: &Path) -> Result<PathBuf, Unreachable> {
        self.paths.translate(path)
    }
}

/// What surrounds the agent's streams.
pub(super) struct Io<'a> {
    pub(super) markers: &'a Markers,
    pub(super) console: &'a dyn Console,
    pub(super) event: Option<Vec<u8>>,
}

/// A container that has come to its end and is removed.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) container: ContainerId,
    pub(super) ended: Ended,
    /// Init and its record were copied, so that the record is a file in the container.
    pub(super) copied: bool,
}

/// Creates the container, stays with it, and removes it.
pub(super) async fn run(
    runtime: &Arc<dyn Runtime>,
    sandbox: &Sandbox,
    entry: &Entry,
    io: Io<'_>,
    signals: &mut Signals,
) -> Result<Ran, Failure> {
    let architecture = &runtime.facts().platform.architecture;
    let init = init::binary(architecture).ok_or_else(|| {
        let text = format!("there is no init for containers of architecture {architecture}");
        Failure::launch(LaunchFailure::RuntimeUnsuitable, text)
    })?;
    let attempt = Attempt {
        runtime,
        sandbox,
        io: &io,
    };
    if entry.shares_files
        && let Some(ran) = attempt.mounted(entry, init, signals).await?
    {
        return Ok(ran);
    }
    attempt.copied(init, signals).await
}

struct Attempt<'a> {
    runtime: &'a Arc<dyn Runtime>,
    sandbox: &'a Sandbox,
    io: &'a Io<'a>,
}

impl Attempt<'_> {
    /// Runs with init mounted; `None` where the runtime does not share our files after all.
    async fn mounted(
        &self,
        entry: &Entry,
        init: &[u8],
        signals: &mut Signals,
    ) -> Result<Option<Ran>, Failure> {
        let event = self.io.event.as_deref();
        let channel = Channel::open(&entry.temporary, init, event).map_err(|error| {
            let folder = entry.temporary.display();
            let text = format!(
                "no folder for the sandbox's init in {folder}: {}",
                chain(&error)
            );
            Failure::launch(LaunchFailure::CreateFailed, text)
        })?;
        let channel = Arc::new(channel);
        let Ok(way) = mounted_way(&channel, entry) else {
            return Ok(None);
        };
        let container = match self.create(&way).await {
            Ok(container) => container,
            Err(RuntimeError::Create { message }) if channel.is_named_in(&message) => {
                return Ok(None);
            }
            Err(error) => return Err(Failure::runtime(&error, LaunchFailure::CreateFailed)),
        };
        let line = Line::open(&channel);
        let ended = self.supervised(&container, Some(line), signals).await;
        self.remove(&container).await;
        let ended = ended?;
        if ended.line_failed && ended.our_kill.is_none() && ended.seen.is_some_and(|it| it.started)
        {
            return Ok(None);
        }
        Ok(Some(Ran {
            container,
            ended,
            copied: false,
        }))
    }

    /// Runs with init copied into the container, and its record copied out.
    async fn copied(&self, init: &[u8], signals: &mut Signals) -> Result<Ran, Failure> {
        let failed = |error: &RuntimeError| Failure::runtime(error, LaunchFailure::CreateFailed);
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let event = self.io.event.as_deref();
        let archive = archive(init, &nonce, event).map_err(|error| {
            Failure::launch(
                LaunchFailure::CreateFailed,
                format!("could not pack init: {error}"),
            )
        })?;
        let way = Way::Copied {
            event: event.is_some(),
        };
        let container = self.create(&way).await.map_err(|error| failed(&error))?;
        let ended = match self
            .runtime
            .put_files(&container, "/run/fullsend", archive)
            .await
        {
            Ok(()) => self.supervised(&container, None, signals).await,
            Err(error) => Err(failed(&error)),
        };
        let read = self
            .runtime
            .read_file(&container, RECORD_PATH, RECORD_LIMIT)
            .await;
        self.remove(&container).await;
        let record = record_in(read, &nonce);
        Ok(Ran {
            container,
            ended: Ended { record, ..ended? },
            copied: true,
        })
    }

    async fn create(&self, way: &Way) -> Result<ContainerId, RuntimeError> {
        let created = self.runtime.create(&self.sandbox.spec(way)).await;
        if let Err(RuntimeError::Timeout { .. } | RuntimeError::Lost { .. }) = &created {
            // The runtime may have created it all the same, and only we know that nobody uses it.
            let run = self.sandbox.labels.get(labels::RUN).map(String::as_str);
            let left = self.runtime.list(&[(labels::RUN, run)]).await;
            for container in left.unwrap_or_default() {
                self.remove(&container.id).await;
            }
        }
        created
    }

    async fn supervised(
        &self,
        container: &ContainerId,
        line: Option<Line>,
        signals: &mut Signals,
    ) -> Result<Ended, Failure> {
        let Io {
            markers, console, ..
        } = self.io;
        let terms = Terms {
            timeout: self.sandbox.limits.timeout.duration(),
            grace: self.sandbox.grace,
            tty: self.sandbox.tty,
            filter_sections: markers.filters_sections(),
        };
        console.raw(&markers.agent_begins());
        let ended = supervise(self.runtime, container, line, terms, signals).await;
        console.raw(&markers.agent_ends());
        ended
    }

    async fn remove(&self, container: &ContainerId) {
        if let Err(error) = self.runtime.remove(container).await {
            self.io.console.warn(&format!(
                "the container {container} could not be removed ({error}): \
                 `fullsend exec --reap` removes it later"
            ));
        }
    }
}

fn mounted_way(channel: &Channel, entry: &Entry) -> Result<Way, Unreachable> {
    Ok(Way::Mounted {
        folder: channel.path().to_owned(),
        init: entry.translate(&channel.init_path())?,
        socket: entry.translate(&channel.socket_path())?,
        event: channel
            .event_path()
            .map(|path| entry.translate(&path))
            .transpose()?,
    })
}

/// Init, an empty record that names the run's secret, and the event.
fn archive(init: &[u8], nonce: &str, event: Option<&[u8]>) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |name: &str, mode: u32, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        header.set_mtime(u64::try_from(Timestamp::now().as_second()).unwrap_or_default());
        archive.append_data(&mut header, name, bytes)
    };
    add("init", 0o555, init)?;
    // The agent's user, whoever that is, runs init too and must be able to write it.
    add("record", 0o666, nonce.as_bytes())?;
    if let Some(event) = event {
        add("event.json", 0o444, event)?;
    }
    archive.into_inner()
}

/// The record that lay in the container, if it is of this run.
fn record_in(read: Result<Option<Vec<u8>>, RuntimeError>, nonce: &str) -> Result<Record, String> {
    let bytes = match read {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err("the sandbox's init left no record".to_owned()),
        Err(error) => return Err(format!("the sandbox's record could not be read: {error}")),
    };
    let record = Record::parse(&bytes).map_err(|error| error.to_string())?;
    if record.nonce.as_deref() == Some(nonce) {
        Ok(record)
    } else {
        Err("the sandbox's record was not written by its init".to_owned())
    }
}
