//! What a container is made of: the runtime's view of a launch.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use secrecy::SecretString;

use super::identity::LocalImage;
use crate::model::limits::Limits;

/// A container to create. There is no name: names would collide between concurrent runs.
#[derive(Clone, Debug)]
pub struct ContainerSpec {
    /// The image, as it was checked.
    pub image: LocalImage,
    /// Replaces the image's entrypoint; an empty list clears it, `None` keeps it.
    pub entrypoint: Option<Vec<String>>,
    /// Replaces the image's command; `None` keeps it unless there is an entrypoint.
    pub command: Option<Vec<String>>,
    /// Added to the image's environment.
    pub env: Vec<EnvVar>,
    /// `UID[:GID]` or a name in the image; `None` is the image's user.
    pub user: Option<String>,
    /// `None` is the image's working directory.
    pub workdir: Option<String>,
    /// By which a later run finds what this one left behind.
    pub labels: BTreeMap<String, String>,
    /// What lies in the container beside the image.
    pub mounts: Vec<Mount>,
    /// The runtime's network mode; `None` is its bridge.
    pub network: Option<String>,
    /// CPU, memory and processes; the time-out is not the runtime's to keep.
    pub limits: Limits,
    /// Whether the image's own files can be changed.
    pub read_only: bool,
    /// How much the container may do.
    pub profile: Profile,
    /// Whether the container has a terminal.
    pub tty: bool,
    /// Whether anything will be written to its standard input.
    pub stdin: bool,
}

/// How much a container may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// No capabilities, and no way to gain any.
    #[default]
    Default,
    /// What `OpenShell`'s supervisor needs to build its own sandbox inside: four capabilities
    /// beyond docker's own, never `--privileged`.
    OpenShell,
}

/// An environment variable, whose value may be secret.
#[derive(Clone)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: SecretString,
}

/// Something that lies in the container beside the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mount {
    /// A path of the runtime's machine. A missing source is an error, never created.
    Bind {
        /// The path on the runtime's machine.
        source: PathBuf,
        /// The path in the container.
        target: String,
        /// Whether the container may only read it.
        read_only: bool,
    },
    /// A file system in memory, counted in the memory limit.
    Tmpfs {
        /// The path in the container.
        target: String,
        /// Its size; `None` is half of the machine's memory, as the kernel has it.
        size: Option<u64>,
        /// Whether programs in it may be executed.
        exec: bool,
        /// User and group that it belongs to; `None` is root, in a folder open to everyone.
        ///
        /// Where the image has a folder there, that one's mode is kept, open or not: a container
        /// with a user of its own is to name it.
        owner: Option<(u32, u32)>,
    },
    /// An empty volume that goes with the container.
    Volume {
        /// The path in the container.
        target: String,
    },
}

impl Mount {
    /// The path in the container.
    pub fn target(&self) -> &str {
        match self {
            Self::Bind { target, .. } | Self::Tmpfs { target, .. } | Self::Volume { target } => {
                target
            }
        }
    }
}

impl EnvVar {
    /// A variable whose value need not be kept secret by the caller, but is kept so here.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: SecretString::from(value.into()),
        }
    }
}

impl fmt::Debug for EnvVar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnvVar").field(&self.name).finish()
    }
}
