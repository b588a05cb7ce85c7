//! From agent and facts to the container to create; nothing here touches the world.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use secrecy::ExposeSecret as _;

use super::labels;
use crate::{
    config::{Agent, RuntimeProfile},
    model::limits::{ByteSize, Cpus, Limits, Span},
    runtime::{ContainerSpec, EnvVar, ImageDefaults, LocalImage, Mount, Profile, RuntimeFacts},
};

/// What is left to the machine itself when an agent asks for all its memory.
const RESERVED_MEMORY: u64 = 512 << 20;

/// Where the workspace lies in the container.
pub const WORKSPACE: &str = "/workspace";

/// The home folder where the image's own cannot be written.
const HOME: &str = "/home/agent";

/// Where the CI event lies in the container.
pub(super) const EVENT_PATH: &str = "/run/fullsend/event.json";

/// The grace before a kill where none is configured.
pub(super) fn default_grace(on_ci: bool) -> Span {
    Span::seconds(if on_ci { 5 } else { 10 })
}

/// The limits that a machine with `facts` can keep, and a sentence for each that was lowered.
pub(super) fn fit(limits: Limits, facts: &RuntimeFacts) -> (Limits, Vec<String>) {
    let mut fitted = limits;
    let mut lowered = Vec::new();
    let cpus = Cpus::thousandths(facts.cpus.saturating_mul(1000));
    if facts.cpus > 0 && limits.cpus > cpus {
        fitted.cpus = cpus;
        lowered.push(format!(
            "cpus lowered from {} to the machine's {cpus}",
            limits.cpus
        ));
    }
    let left = facts.memory_bytes.saturating_sub(RESERVED_MEMORY);
    let memory = ByteSize::bytes(left).max(ByteSize::MIN_MEMORY);
    if facts.memory_bytes > 0 && limits.memory > memory {
        fitted.memory = memory;
        lowered.push(format!(
            "memory lowered from {} to {memory}: the machine has {}, of which 512 MiB stay its own",
            limits.memory,
            ByteSize::bytes(facts.memory_bytes)
        ));
    }
    (fitted, lowered)
}

/// The command line that the agent is started with: entrypoint first, as docker puts them together.
///
/// A command replaces the image's; an entrypoint of the agent's own drops the image's command.
pub(super) fn command_line(agent: &Agent, image: &ImageDefaults) -> Vec<String> {
    let entrypoint = agent.entrypoint.as_ref().unwrap_or(&image.entrypoint);
    let command = match (&agent.command, &agent.entrypoint) {
        (Some(command), _) => command.as_slice(),
        (None, Some(entrypoint)) if !entrypoint.is_empty() => &[],
        (None, _) => image.command.as_slice(),
    };
    entrypoint.iter().chain(command).cloned().collect()
}

/// How init gets into the container, and its record out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Both are mounted from a folder of ours; paths as the runtime's machine sees them.
    Mounted {
        /// Our folder, as this process sees it.
        folder: PathBuf,
        init: PathBuf,
        socket: PathBuf,
        event: Option<PathBuf>,
    },
    /// Both are copied, as the runtime's machine does not share our files.
    Copied { event: bool },
}

/// Everything that goes into a container, decided.
#[derive(Debug)]
pub(super) struct Sandbox {
    pub(super) image: LocalImage,
    pub(super) command: Vec<String>,
    pub(super) env: Vec<EnvVar>,
    /// The agent's own mounts, sources as the runtime's machine sees them.
    pub(super) mounts: Vec<Mount>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) limits: Limits,
    pub(super) grace: Duration,
    pub(super) user: Option<String>,
    pub(super) workdir: Option<String>,
    pub(super) network: Option<String>,
    pub(super) read_only: bool,
    pub(super) profile: RuntimeProfile,
    pub(super) tty: bool,
}

impl Sandbox {
    /// The container for `way`.
    pub(super) fn spec(&self, way: &Way) -> ContainerSpec {
        let mut mounts = self.mounts.clone();
        mounts.extend(way.mounts());
        let mut env = self.env.clone();
        if way.has_event() {
            env.push(EnvVar::new("FULLSEND_EVENT", EVENT_PATH));
        }
        if self.read_only {
            self.add_scratch(&mut mounts, &mut env);
        }
        ContainerSpec {
            image: self.image.clone(),
            entrypoint: Some(vec![fullsend_init::INIT_PATH.to_owned()]),
            command: Some(self.init_arguments(way)),
            env,
            user: self.user.clone(),
            workdir: self.workdir.clone(),
            labels: self.labels(way),
            mounts,
            network: self.network.clone(),
            limits: self.limits,
            read_only: self.read_only,
            profile: match self.profile {
                RuntimeProfile::Default => Profile::Default,
                RuntimeProfile::OpenShell => Profile::OpenShell,
            },
            tty: self.tty,
            stdin: true,
        }
    }

    fn labels(&self, way: &Way) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        if let Way::Mounted { folder, .. } = way {
            labels.insert(labels::FOLDER.to_owned(), folder.display().to_string());
        }
        labels
    }

    fn init_arguments(&self, way: &Way) -> Vec<String> {
        let (flag, path) = match way {
            Way::Mounted { .. } => ("--socket", fullsend_init::SOCKET_PATH),
            Way::Copied { .. } => ("--record", fullsend_init::RECORD_PATH),
        };
        let timeout = self.limits.timeout.duration().as_millis().to_string();
        let grace = self.grace.as_millis().to_string();
        let mut arguments: Vec<String> = [
            "run",
            flag,
            path,
            "--timeout-ms",
            &timeout,
            "--grace-ms",
            &grace,
        ]
        .map(str::to_owned)
        .into();
        if self.tty {
            arguments.push("--tty".to_owned());
        }
        arguments.push("--".to_owned());
        arguments.extend(self.command.iter().cloned());
        arguments
    }

    /// Where the root cannot be written, /tmp and the home folder lie in memory.
    fn add_scratch(&self, mounts: &mut Vec<Mount>, env: &mut Vec<EnvVar>) {
        let taken =
            |mounts: &[Mount], path: &str| mounts.iter().any(|mount| mount.target() == path);
        let scratch = |target: &str| Mount::Tmpfs {
            target: target.to_owned(),
            size: Some(self.limits.memory.as_bytes()),
            exec: true,
            owner: self.user.as_deref().and_then(numbers),
        };
        if !taken(mounts, "/tmp") {
            mounts.push(scratch("/tmp"));
        }
        let passed = env.iter().find(|variable| variable.name == "HOME");
        let home = passed.map_or(HOME, |variable| variable.value.expose_secret());
        if home.starts_with('/') && !taken(mounts, home) {
            mounts.push(scratch(home));
        }
        if passed.is_none() {
            env.push(EnvVar::new("HOME", HOME));
        }
    }
}

/// The user and group of `UID[:GID]`; a group that is not named is root's, as for docker.
fn numbers(user: &str) -> Option<(u32, u32)> {
    match user.split_once(':') {
        Some((uid, gid)) => Some((uid.parse().ok()?, gid.parse().ok()?)),
        None => Some((user.parse().ok()?, 0)),
    }
}

impl Way {
    fn has_event(&self) -> bool {
        match self {
            Self::Mounted { event, .. } => event.is_some(),
            Self::Copied { event } => *event,
        }
    }

    fn mounts(&self) -> Vec<Mount> {
        let bind = |source: &PathBuf, target: &str, read_only| Mount::Bind {
            source: source.clone(),
            target: target.to_owned(),
            read_only,
        };
        match self {
            Self::Mounted {
                init,
                socket,
                event,
                ..
            } => [
                Some(bind(init, fullsend_init::INIT_PATH, true)),
                Some(bind(socket, fullsend_init::SOCKET_PATH, false)),
                event.as_ref().map(|event| bind(event, EVENT_PATH, true)),
            ]
            .into_iter()
            .flatten()
            .collect(),
            // A volume takes files even where the root is read-only.
            Self::Copied { .. } => vec![Mount::Volume {
                target: "/run/fullsend".to_owned(),
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> ImageDefaults {
        ImageDefaults {
            entrypoint: vec!["/entry".into()],
            command: vec!["default".into()],
            user: String::new(),
        }
    }

    #[test]
    fn commands_are_put_together_as_docker_does() {
        let limits = Limits::of_agent("triage").unwrap();
        let line = |entrypoint: Option<&[&str]>, command: Option<&[&str]>| {
            let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
            let agent = Agent {
                entrypoint: entrypoint.map(owned),
                command: command.map(owned),
                ..Agent::with_limits(limits)
            };
            command_line(&agent, &image()).join(" ")
        };
        assert_eq!(line(None, None), "/entry default");
        assert_eq!(line(None, Some(&["x", "y"])), "/entry x y");
        assert_eq!(line(Some(&[]), Some(&["x"])), "x");
        assert_eq!(line(Some(&[]), None), "default");
        assert_eq!(line(Some(&["/own"]), None), "/own");
    }
}
