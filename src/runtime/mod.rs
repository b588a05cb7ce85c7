//! Container runtimes over their API: Docker, and Podman by the same one.
//!
//! No runtime's program is ever spawned, and bollard's types stay in this room. An image is named
//! by the digest that was verified, never by a tag (`identity.rs` says why that binds).

mod attach;
mod context;
mod docker;
mod endpoint;
mod error;
mod facts;
mod frames;
mod identity;
pub(crate) mod init;
pub mod own_container;
mod refusal;
mod spec;
mod tar;
mod tls;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;

pub use self::{
    attach::{AttachOptions, Attached, AttachedInput, AttachedOutput, CopyError, OutputEnd},
    endpoint::Choice,
    error::RuntimeError,
    facts::{ApiVersion, Locality, RuntimeFacts, RuntimeName, Seccomp},
    frames::OutputStream,
    identity::{ImageDefaults, LocalImage},
    spec::{ContainerSpec, EnvVar, Mount, Profile},
};
use crate::{
    model::{digest::Digest, image::Repository, platform::Platform},
    seam::environment::Environment,
};

/// Finds the runtime that the user means and asks it what it is.
///
/// An address that the user named (`DOCKER_HOST`, a docker context) is the only one tried.
pub async fn connect(
    choice: Choice,
    environment: &Environment,
) -> Result<Arc<dyn Runtime>, RuntimeError> {
    docker::connect(choice, environment).await
}

/// A container runtime.
///
/// Every call but [`wait`](Self::wait) and the streams of [`attach`](Self::attach) ends within a
/// time of its own. When the runtime goes away, calls under way end with [`RuntimeError::Lost`].
#[async_trait]
pub trait Runtime: Send + Sync {
    /// What it said about itself when it was connected to.
    fn facts(&self) -> &RuntimeFacts;

    /// Looks for an image that is present under one of the verified `digests` of `repository` and
    /// is for `platform`.
    ///
    /// An image that merely has the right tag is not looked at.
    async fn find_image(
        &self,
        repository: &Repository,
        digests: &[Digest],
        platform: &Platform,
    ) -> Result<Option<LocalImage>, RuntimeError>;

    /// Pulls `repository@digest`, then finds it as [`find_image`](Self::find_image) does.
    async fn pull(
        &self,
        request: PullRequest<'_>,
        progress: &mut (dyn FnMut(PullProgress) + Send),
    ) -> Result<LocalImage, RuntimeError>;

    /// Creates a container and starts nothing.
    ///
    /// A container that turns out to have another image than `spec` names is removed again.
    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError>;

    /// Unpacks the tar archive `tar` at `path` in the container, which need not run.
    async fn put_files(
        &self,
        id: &ContainerId,
        path: &str,
        tar: Vec<u8>,
    ) -> Result<(), RuntimeError>;

    /// Reads a regular file of at most `limit` bytes out of the container, which need not run.
    ///
    /// `None` means that it is not there, not a file, or larger.
    async fn read_file(
        &self,
        id: &ContainerId,
        path: &str,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, RuntimeError>;

    /// Connects to the container's standard streams; before [`start`](Self::start), to miss
    /// nothing.
    async fn attach(
        &self,
        id: &ContainerId,
        options: AttachOptions,
    ) -> Result<Attached, RuntimeError>;

    /// Starts the container's process.
    async fn start(&self, id: &ContainerId) -> Result<(), RuntimeError>;

    /// Waits until the container, which was started, does not run any more.
    ///
    /// How it ended is in [`inspect`](Self::inspect).
    async fn wait(&self, id: &ContainerId) -> Result<(), RuntimeError>;

    /// What the runtime knows of the container; `None` if there is none.
    async fn inspect(&self, id: &ContainerId) -> Result<Option<ContainerState>, RuntimeError>;

    /// Sends a signal to the container's first process. One that does not run is left alone.
    async fn signal(&self, id: &ContainerId, signal: i32) -> Result<(), RuntimeError>;

    /// Tells the container's terminal its size.
    async fn resize(&self, id: &ContainerId, rows: u16, columns: u16) -> Result<(), RuntimeError>;

    /// Kills what runs in the container, and removes it with its anonymous volumes. One that is
    /// gone already is not an error.
    async fn remove(&self, id: &ContainerId) -> Result<(), RuntimeError>;

    /// All containers, running or not, that have every one of `labels`.
    async fn list(
        &self,
        labels: &[(&str, Option<&str>)],
    ) -> Result<Vec<ContainerSummary>, RuntimeError>;

    /// The bind mounts and volumes of a container: where they lie in it and on the machine.
    ///
    /// For a program that runs in a container and speaks to the runtime beside it, whose paths
    /// the runtime would not understand. `None` if there is no such container.
    async fn mounts(&self, id: &ContainerId) -> Result<Option<Vec<MountPoint>>, RuntimeError>;
}

/// A container's full identifier, safe to stand in a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerId(String);

/// An image to pull.
#[derive(Clone, Copy, Debug)]
pub struct PullRequest<'a> {
    /// Where it lies.
    pub repository: &'a Repository,
    /// The verified digest.
    pub digest: &'a Digest,
    /// The platform to choose from an index.
    pub platform: &'a Platform,
    /// What the registry wants to see.
    pub credential: Option<&'a RegistryCredential>,
}

/// What opens a registry to the runtime.
#[derive(Clone, Debug)]
pub enum RegistryCredential {
    /// A name and a password or token.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A refresh token, as `docker login` stores it for some registries.
    IdentityToken(SecretString),
}

/// How far a pull has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// Bytes that have arrived of the layers known so far.
    pub done: u64,
    /// Bytes of the layers known so far; grows while layers begin.
    pub total: u64,
}

/// What the runtime knows of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerState {
    /// The first process's identifier on the runtime's machine, while it runs.
    pub pid: Option<u32>,
    /// Whether it runs.
    pub running: bool,
    /// Whether it ever ran: a container without this failed to launch.
    pub started: bool,
    /// What the first process ended with; meaningless while it runs.
    pub exit_code: i64,
    /// Whether the runtime saw the kernel kill any of its processes for memory. Docker misses a kill
    /// that comes before its start has answered, or just before the container's end.
    pub oom_killed: bool,
    /// Why it could not be started, or empty.
    pub error: String,
}

/// A container in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerSummary {
    /// Its identifier.
    pub id: ContainerId,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it ran and has ended; one that was created and never started has not.
    pub stopped: bool,
    /// When it was created, in seconds since 1970.
    pub created: i64,
}

/// A part of a container's file system that comes from the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// The path in the container.
    pub destination: PathBuf,
    /// The path on the runtime's machine.
    pub source: PathBuf,
    /// Whether the container may write to it.
    pub writable: bool,
}

impl ContainerId {
    /// The identifier's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ContainerId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if (12..=64).contains(&text.len()) && text.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a container's identifier has 12 to 64 hexadecimal digits")
        }
    }
}

impl std::fmt::Display for ContainerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
