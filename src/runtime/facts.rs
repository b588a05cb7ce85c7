//! What is known about the runtime that answered.

use crate::model::platform::Platform;

/// The oldest API version with everything that is asked for: Docker 20.10's.
pub(super) const MINIMUM_API: ApiVersion = ApiVersion(1, 41);

/// A version of the Docker Engine API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(pub u16, pub u16);

/// Which program answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeName {
    /// Docker, or Moby under another name.
    Docker,
    /// Podman's Docker-compatible API.
    Podman,
}

/// Whether client and runtime can share files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locality {
    /// A Unix socket: usually this machine, though a virtual machine or an ssh tunnel may lie
    /// behind it. Only a bind mount that was tried proves it.
    MaybeLocal,
    /// A network address: paths mean something else there.
    Remote,
}

/// The system call filter that containers get by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seccomp {
    /// The runtime's own default profile.
    Default,
    /// A profile that the machine's administrator chose.
    Custom,
    /// None: the daemon was told to, or its kernel has no seccomp.
    Missing,
}

/// What the runtime says about itself and its machine.
#[derive(Clone, Debug)]
pub struct RuntimeFacts {
    /// Which program it is.
    pub name: RuntimeName,
    /// Its own version, `20.10.24`.
    pub version: String,
    /// The newest API version it speaks.
    pub api_version: ApiVersion,
    /// Its machine's CPUs.
    pub cpus: u32,
    /// Its machine's memory.
    pub memory_bytes: u64,
    /// What its machine runs.
    pub platform: Platform,
    /// 1 or 2.
    pub cgroup_version: u8,
    /// Whether it can share files with this program.
    pub locality: Locality,
    /// Whether it runs without root.
    pub rootless: bool,
    /// Whether the container's root is another user on the machine.
    pub userns_remap: bool,
    /// The default system call filter.
    pub seccomp: Seccomp,
    /// Whether the kernel can limit swap.
    pub swap_limit: bool,
}

impl RuntimeName {
    /// As reports and `--runtime` have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

impl ApiVersion {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl RuntimeFacts {
    /// What weakens the sandbox on this machine, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.seccomp == Seccomp::Missing {
            warnings.push(format!(
                "{} applies no seccomp profile on this machine: the agent may use every system call",
                self.name.as_str()
            ));
        }
        if !self.swap_limit && self.cgroup_version == 1 {
            warnings.push(
                "this machine's kernel does not limit swap: an agent over its memory limit may \
                 swap instead of ending"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// Reads the security options of `GET /info`: (rootless, user namespaces, seccomp).
pub(super) fn security_options(options: &[String]) -> (bool, bool, Seccomp) {
    let named = |name: &str| {
        options.iter().find(|option| {
            option
                .split(',')
                .any(|part| part == name || part.strip_prefix("name=") == Some(name))
        })
    };
    let seccomp = match named("seccomp") {
        None => Seccomp::Missing,
        Some(option) => match option
            .split(',')
            .find_map(|part| part.strip_prefix("profile="))
        {
            None | Some("default" | "builtin") => Seccomp::Default,
            Some("unconfined") => Seccomp::Missing,
            Some(_) => Seccomp::Custom,
        },
    };
    (
        named("rootless").is_some(),
        named("userns").is_some(),
        seccomp,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_options_are_read() {
        let options = |list: &[&str]| {
            security_options(&list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            options(&["name=apparmor", "name=seccomp,profile=default"]),
            (false, false, Seccomp::Default)
        );
        // Podman adds a path, Docker 23 and newer say `builtin`.
        assert_eq!(
            options(&["name=rootless", "name=seccomp,profile=builtin"]),
            (true, false, Seccomp::Default)
        );
        assert_eq!(
            options(&["name=userns", "name=seccomp,profile=unconfined"]),
            (false, true, Seccomp::Missing)
        );
        assert_eq!(
            options(&["name=seccomp,profile=/etc/s.json"]).2,
            Seccomp::Custom
        );
        assert_eq!(options(&[]).2, Seccomp::Missing);
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(ApiVersion::parse("1.9").unwrap() < MINIMUM_API);
        assert!(ApiVersion::parse("1.41").unwrap() >= MINIMUM_API);
        assert!(ApiVersion::parse("2.0").unwrap() >= MINIMUM_API);
        assert_eq!(ApiVersion::parse("1"), None);
    }
}
