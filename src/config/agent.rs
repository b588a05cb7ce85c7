//! Agents: what they run and within which limits.

use std::{fmt, ops::Range, str::FromStr};

use super::{
    checker::Checker,
    container::{ContainerPath, EnvName, Mount, Network, RuntimeProfile, User},
    diagnostic::Diagnostic,
    raw,
    value::{ValueError, excerpt},
    yaml::{Field, Located},
};
use crate::model::{
    image::{ImageReference, ImageReferenceError},
    limits::{ByteSize, LimitError, Limits, Span, parse_pids},
};

/// An agent's name: lower-case letters, digits, `-` and `_`, at most 63, as it names containers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentName(String);

/// An agent as it is to run, before flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The agent's own image; else the file's.
    pub image: Option<ImageReference>,
    /// What it may use.
    pub limits: Limits,
    /// Time between the request to end and the kill; the caller's default depends on CI.
    pub grace: Option<Span>,
    /// Replaces the image's CMD; never empty.
    pub command: Option<Vec<String>>,
    /// Replaces the image's ENTRYPOINT; an empty list clears it.
    pub entrypoint: Option<Vec<String>>,
    /// Variables to pass.
    pub env: Vec<EnvName>,
    /// Folders and files to mount; sources are relative to fullsend.yaml.
    pub mounts: Vec<Mount>,
    /// The working directory.
    pub workdir: Option<ContainerPath>,
    /// Who the agent runs as; `None` is the caller's default.
    pub user: Option<User>,
    /// Whether the root file system is read-only.
    pub read_only: bool,
    /// The network; `None` is the runtime's default.
    pub network: Option<Network>,
    /// What beyond the default the sandbox needs.
    pub runtime_profile: RuntimeProfile,
}

impl AgentName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgentName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let body = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if begins && text.len() <= 63 && text.bytes().all(body) {
            return Ok(Self(text.to_owned()));
        }
        let text = excerpt(text);
        Err(ValueError::new(format!("`{text}` is not an agent's name"))
            .mend("names have 1 to 63 lower-case letters, digits, `-` and `_`"))
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Agent {
    /// An agent with these limits, of which nothing else is known.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            image: None,
            limits,
            grace: None,
            command: None,
            entrypoint: None,
            env: Vec::new(),
            mounts: Vec::new(),
            workdir: None,
            user: None,
            read_only: false,
            network: None,
            runtime_profile: RuntimeProfile::Default,
        }
    }

    pub(super) fn check(
        name: &Located<String>,
        written: &Located<raw::Agent>,
        checker: &mut Checker,
    ) -> Option<(String, Self)> {
        let known = checker.value(name, str::parse::<AgentName>);
        let raw = &written.value;
        let limits = check_limits(name, raw, checker);
        let agent = Self {
            image: checker.field(&raw.image, image),
            grace: checker.field(&raw.grace, duration),
            command: command(&raw.command, checker),
            entrypoint: words(&raw.entrypoint, checker),
            env: checker.list(&raw.env),
            mounts: checker.list(&raw.mounts),
            workdir: checker.parse(&raw.workdir),
            user: checker.parse(&raw.user),
            read_only: raw.read_only.get().is_some_and(|written| written.value),
            network: checker.parse(&raw.network),
            runtime_profile: checker.parse(&raw.runtime_profile).unwrap_or_default(),
            limits,
        };
        check_collisions(raw, &agent, checker);
        Some((known?.0, agent))
    }
}

/// What is not written is as for the agent of that name, or for triage, the smallest.
fn check_limits(name: &Located<String>, raw: &raw::Agent, checker: &mut Checker) -> Limits {
    let default = Limits::of_agent(&name.value).unwrap_or_default();
    // A limit that is written and wrong is reported, and with it the whole file refused.
    Limits {
        cpus: checker.parse(&raw.cpus).unwrap_or(default.cpus),
        memory: checker
            .field(&raw.memory, ByteSize::parse_memory)
            .unwrap_or(default.memory),
        pids: checker.field(&raw.pids, parse_pids).unwrap_or(default.pids),
        timeout: checker
            .field(&raw.timeout, duration)
            .unwrap_or(default.timeout),
    }
}

fn check_collisions(raw: &raw::Agent, agent: &Agent, checker: &mut Checker) {
    let mut repeats = |field: &Field<Vec<Located<String>>>, what: &str, same: Vec<String>| {
        let Some(written) = field.get().filter(|list| list.value.len() == same.len()) else {
            return;
        };
        for (index, item) in same.iter().enumerate() {
            let Some(first) = same[..index].iter().position(|earlier| earlier == item) else {
                continue;
            };
            let at = |index: usize| -> Range<usize> { written.value[index].at.clone() };
            checker.report(
                Diagnostic::about(
                    &at(index),
                    format!("{what} `{}` stands twice", excerpt(item)),
                )
                .label("again here")
                .related(at(first), "first here")
                .help("keep one of the two"),
            );
        }
    };
    let names = agent.env.iter().map(|env| env.name().to_owned()).collect();
    repeats(&raw.env, "the variable", names);
    let targets = agent.mounts.iter().map(|mount| mount.target().to_string());
    repeats(&raw.mounts, "the mount target", targets.collect());
}

fn command(field: &Field<Vec<Located<String>>>, checker: &mut Checker) -> Option<Vec<String>> {
    let written = field.get()?;
    if written
        .value
        .first()
        .is_none_or(|first| first.value.is_empty())
    {
        checker.report(
            Diagnostic::about(&written.at, "the command is empty")
                .help("leave out `command` to run the image's own"),
        );
        return None;
    }
    words(field, checker)
}

fn words(field: &Field<Vec<Located<String>>>, checker: &mut Checker) -> Option<Vec<String>> {
    let no_nul = |word: &str| {
        if word.contains('\0') {
            return Err(ValueError::new("an argument cannot hold a NUL character"));
        }
        Ok(word.to_owned())
    };
    let written = field.get()?;
    Some(
        written
            .value
            .iter()
            .filter_map(|word| checker.value(word, no_nul))
            .collect(),
    )
}

/// Reads a duration; a bare number is the mistake most often made.
pub(super) fn duration(text: &str) -> Result<Span, ValueError> {
    text.parse::<Span>().map_err(|error| {
        if !text.is_empty() && text.len() < 10 && text.bytes().all(|b| b.is_ascii_digit()) {
            ValueError::new(format!("`{text}` has no unit")).mend(format!(
                "write `{text}m` for minutes or `{text}s` for seconds"
            ))
        } else {
            error.into()
        }
    })
}

/// Reads an image reference.
pub(super) fn image(text: &str) -> Result<ImageReference, ValueError> {
    text.parse::<ImageReference>().map_err(|error| {
        let mend = match &error {
            ImageReferenceError::Unpinned => {
                format!("write `{0}:1.2.3`, or `{0}:1.2.3@sha256:…`", excerpt(text))
            }
            ImageReferenceError::Host(host) if host.ends_with("https:") || host == "http:" => {
                "leave out the scheme".to_owned()
            }
            _ => "an image is written `registry/path:tag@sha256:…`".to_owned(),
        };
        ValueError::new(error.to_string()).mend(mend)
    })
}

impl From<LimitError> for ValueError {
    fn from(error: LimitError) -> Self {
        let whole = error.to_string();
        match whole.split_once(": ") {
            Some((problem, mend)) => Self::new(problem).mend(mend),
            None => Self::new(whole).mend(match error {
                LimitError::Size(_) | LimitError::SizeRange => "write for example `2GiB`",
                LimitError::Cpus(_) | LimitError::CpusRange => "write for example `1.5`",
                LimitError::Span(_) | LimitError::SpanRange => "write for example `5m`",
                LimitError::Pids => "write for example `512`",
            }),
        }
    }
}
