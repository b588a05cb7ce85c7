//! Values that shape a container; flags of the command line read them by the same grammar.

use std::{fmt, str::FromStr};

use super::{
    mount::clean_absolute,
    value::{ValueError, excerpt},
};

pub use super::mount::{Mount, runtime_socket_in};

/// The name of a variable to pass into the container; its value is never written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvName {
    name: String,
    optional: bool,
}

/// An absolute path inside the container, without `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPath(String);

/// Who the agent runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// The image's own user.
    Image,
    /// The user who runs the CLI.
    Host,
    /// A fixed user, and group where one is given.
    Ids {
        /// The user.
        uid: u32,
        /// The group.
        gid: Option<u32>,
    },
}

/// The network the container joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// The runtime's default bridge.
    Bridge,
    /// None but the loopback device.
    None,
    /// The host's own: the agent reaches every local service.
    Host,
    /// A network that exists in the runtime.
    Named(String),
}

/// What the sandbox gets beyond the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuntimeProfile {
    /// Nothing: no capabilities at all.
    #[default]
    Default,
    /// The four capabilities that `OpenShell` needs; the run's record is then less trustworthy.
    OpenShell,
}

impl EnvName {
    /// The variable's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may be unset (written `NAME?`).
    pub fn is_optional(&self) -> bool {
        self.optional
    }
}

impl FromStr for EnvName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((name, _)) = text.split_once('=') {
            // The value may be a secret, so it is not repeated.
            let name = excerpt(name);
            return Err(ValueError::new(format!(
                "`{name}=…` holds a value: files and arguments are public, so only names belong here"
            ))
            .mend(format!(
                "write `{name}` and set the variable in the environment of `fullsend exec`"
            ))
            .conceal());
        }
        let (name, optional) = match text.strip_suffix('?') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let mut bytes = name.bytes();
        let first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
        let good = bytes.next().is_some_and(first) && bytes.all(|b| first(b) || b.is_ascii_digit());
        if !good || name.len() > 256 {
            let text = excerpt(text);
            return Err(
                ValueError::new(format!("`{text}` is not the name of a variable"))
                    .mend("write `NAME`, or `NAME?` where it may be unset"),
            );
        }
        Ok(Self {
            name: name.to_owned(),
            optional,
        })
    }
}

impl fmt::Display for EnvName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        f.write_str(if self.optional { "?" } else { "" })
    }
}

impl ContainerPath {
    /// The path's text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContainerPath {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        clean_absolute(text).map(Self)
    }
}

impl fmt::Display for ContainerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for User {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The kernel reserves the highest number for "no change".
        let id = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            text.parse()
                .ok()
                .filter(|&id: &u32| digits && id != u32::MAX)
        };
        let parsed = match (text, text.split_once(':')) {
            ("image", _) => Some(Self::Image),
            ("host", _) => Some(Self::Host),
            (_, Some((uid, gid))) => id(uid).zip(id(gid)).map(|(uid, gid)| Self::Ids {
                uid,
                gid: Some(gid),
            }),
            (_, None) => id(text).map(|uid| Self::Ids { uid, gid: None }),
        };
        parsed.ok_or_else(|| {
            let text = excerpt(text);
            ValueError::new(format!("`{text}` is not a user")).mend(
                "write `image`, `host`, or numbers as `UID` or `UID:GID`; quote a pair in YAML",
            )
        })
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image => f.write_str("image"),
            Self::Host => f.write_str("host"),
            Self::Ids { uid, gid: None } => write!(f, "{uid}"),
            Self::Ids {
                uid,
                gid: Some(gid),
            } => write!(f, "{uid}:{gid}"),
        }
    }
}

impl Network {
    /// The runtime's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Bridge => "bridge",
            Self::None => "none",
            Self::Host => "host",
            Self::Named(name) => name,
        }
    }
}

impl FromStr for Network {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let body = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        match text {
            "bridge" | "default" => Ok(Self::Bridge),
            "none" => Ok(Self::None),
            "host" => Ok(Self::Host),
            name if name.starts_with("container:") => Err(ValueError::new(
                "the network of another container cannot be shared: it would not be isolated",
            )
            .mend("write the name of a network that both containers join")),
            name if name.len() <= 128
                && name.starts_with(|c: char| c.is_ascii_alphanumeric())
                && name.bytes().all(body) =>
            {
                Ok(Self::Named(name.to_owned()))
            }
            other => Err(
                ValueError::new(format!("`{}` is not a network", excerpt(other)))
                    .mend("write `bridge`, `none`, `host`, or the name of a network"),
            ),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RuntimeProfile {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "default" => Ok(Self::Default),
            "openshell" => Ok(Self::OpenShell),
            other => Err(super::one_of(
                "runtime profile",
                other,
                &["default", "openshell"],
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_holds_names_and_never_shows_values() {
        let name: EnvName = "HTTPS_PROXY?".parse().unwrap();
        assert_eq!((name.name(), name.is_optional()), ("HTTPS_PROXY", true));
        let error = "TOKEN=hunter2".parse::<EnvName>().unwrap_err();
        assert!(error.to_string().contains("TOKEN=…"));
        assert!(!format!("{error:?}").contains("hunter2"));
        for bad in ["", "?", "1A", "A B", "A-B", "A??", "é"] {
            assert!(bad.parse::<EnvName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn users_are_words_or_numbers() {
        let ids = |uid, gid| Ok(User::Ids { uid, gid });
        assert_eq!("1000".parse(), ids(1000, None));
        assert_eq!("1000:0".parse(), ids(1000, Some(0)));
        assert_eq!("host".parse(), Ok(User::Host));
        for bad in [
            "",
            "root",
            "-1",
            "+1",
            "1:",
            ":1",
            "4294967295",
            "1:2:3",
            "1 ",
        ] {
            assert!(bad.parse::<User>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn networks_are_never_another_containers() {
        assert_eq!("none".parse(), Ok(Network::None));
        assert_eq!("ci_net".parse(), Ok(Network::Named("ci_net".to_owned())));
        for bad in ["container:abc", "", "a:b", "-a", "a b", "ns:/proc/1/ns/net"] {
            assert!(bad.parse::<Network>().is_err(), "{bad:?}");
        }
    }
}
