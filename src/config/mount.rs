//! Mounts, and why some may not be made.

use std::{
    fmt,
    path::{Component, Path, PathBuf},
    str::FromStr,
};

use super::{
    container::ContainerPath,
    value::{ValueError, excerpt},
};
use crate::model::{control_socket, path::lexical};

/// `SRC:DST[:ro]`: a file or folder of the host inside the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    source: PathBuf,
    target: ContainerPath,
    read_only: bool,
}

/// Where the sandbox itself keeps its things.
const RESERVED: [&str; 4] = ["/proc", "/sys", "/dev", "/run/fullsend"];

impl Mount {
    /// Mounts `source` at `target`, unless it would carry a runtime's socket.
    pub fn new(
        source: PathBuf,
        target: ContainerPath,
        read_only: bool,
    ) -> Result<Self, ValueError> {
        if let Some(reason) = runtime_socket_in(&source) {
            return Err(ValueError::new(reason)
                .mend("mount only what the agent works on, for example `.:/workspace`"));
        }
        let at = target.as_str();
        let reserved = |folder: &&str| at == *folder || Path::new(at).starts_with(folder);
        if at == "/" || at == "/run" || RESERVED.iter().any(reserved) {
            return Err(ValueError::new(format!(
                "`{at}` belongs to the sandbox and cannot be mounted over"
            ))
            .mend("choose another folder, for example `/workspace`"));
        }
        Ok(Self {
            source,
            target,
            read_only,
        })
    }

    /// The path on the host; where relative, to the folder of fullsend.yaml.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The path in the container.
    pub fn target(&self) -> &ContainerPath {
        &self.target
    }

    /// Whether the container may only read it.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }
}

impl FromStr for Mount {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mend = "a mount is written `SRC:DST` or `SRC:DST:ro`";
        let (rest, read_only) = match text.strip_suffix(":ro") {
            Some(rest) => (rest, true),
            None => (text.strip_suffix(":rw").unwrap_or(text), false),
        };
        let (source, target) = rest.rsplit_once(':').ok_or_else(|| {
            ValueError::new(format!("`{}` is not a mount", excerpt(text))).mend(mend)
        })?;
        if source.is_empty() || source.chars().any(char::is_control) {
            return Err(ValueError::new("the mount's source is not a path").mend(mend));
        }
        if matches!(target, "z" | "Z" | "cached" | "delegated") || target.contains(',') {
            return Err(ValueError::new(format!(
                "the mount option `{}` is not known",
                excerpt(target)
            ))
            .mend(mend));
        }
        let target = target.parse().map_err(|error: ValueError| {
            ValueError::new(format!("the mount's target: {error}")).mend(mend)
        })?;
        Self::new(PathBuf::from(source), target, read_only)
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source.display(), self.target)?;
        f.write_str(if self.read_only { ":ro" } else { "" })
    }
}

/// Says why `source` must not be mounted, if it is a control socket or a folder that holds one.
///
/// Looks at the text alone. A link can hide a socket from it: ask again with the resolved path.
pub fn runtime_socket_in(source: &Path) -> Option<String> {
    let socket = control_socket::carried_by(source)?;
    let source = lexical(source);
    let relation = if socket == source { "is" } else { "holds" };
    Some(format!(
        "`{}` {relation} a socket that controls the host: whoever has it is root there",
        source.display()
    ))
}

/// An absolute path without `..`, doubled or trailing slashes.
pub(super) fn clean_absolute(text: &str) -> Result<String, ValueError> {
    if !text.starts_with('/') {
        let text = excerpt(text);
        return Err(ValueError::new(format!("`{text}` is not an absolute path"))
            .mend("a path inside the container starts with `/`"));
    }
    if text.len() > 4096 || text.chars().any(|c| c.is_control() || c == ':') {
        return Err(ValueError::new(
            "the path is too long, or has colons or control characters",
        ));
    }
    let path = Path::new(text);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(ValueError::new("the path has `..` in it").mend("write where it leads"));
    }
    let clean: PathBuf = path.components().collect();
    Ok(clean.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_source_target_and_mode() {
        let mount: Mount = ".:/workspace/:ro".parse().unwrap();
        assert_eq!(mount.source(), Path::new("."));
        assert_eq!(mount.target().as_str(), "/workspace");
        assert!(mount.is_read_only());
        let odd: Mount = "a:b:/c".parse().unwrap();
        assert_eq!(odd.source(), Path::new("a:b"));
        assert_eq!(odd.to_string(), "a:b:/c");
    }

    #[test]
    fn refuses_malformed_mounts() {
        for bad in [
            "",
            "/a",
            ":/a",
            ".:a",
            ".:/a/../b",
            ".:/",
            ".:/a:z",
            ".:/proc",
            ".:/dev/shm",
            ".:/run/fullsend/x",
            "a\0:/b",
        ] {
            assert!(bad.parse::<Mount>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn refuses_control_sockets_and_says_which() {
        for (source, said) in [
            ("docker.sock", "`docker.sock` is a socket"),
            ("/var/../run/", "`/run` holds a socket"),
        ] {
            let error = format!("{source}:/a").parse::<Mount>().unwrap_err();
            assert!(error.to_string().starts_with(said), "{error}");
        }
        assert_eq!(runtime_socket_in(Path::new("../x")), None);
    }
}
