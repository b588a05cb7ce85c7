//! The checked form of fullsend.yaml.

use std::{collections::BTreeMap, fmt, str::FromStr};

use super::{
    agent::{Agent, image},
    checker::Checker,
    deny::{DenySource, DenyUnavailable},
    diagnostic::{ConfigError, Diagnostic},
    hold::Hold,
    policy::{self, Rule},
    raw, suggest,
    value::{ValueError, excerpt},
    yaml,
};
use crate::model::{image::ImageReference, limits::Limits};

/// What the file is called.
pub const CONFIG_FILE: &str = "fullsend.yaml";

/// Everything that fullsend.yaml says, understood and in range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The image of every agent that names none of its own.
    pub image: Option<ImageReference>,
    /// What starts the sandbox.
    pub runtime: RuntimeChoice,
    /// Whose signatures are accepted, in order; empty is no policy at all.
    pub verify: Vec<Rule>,
    /// The agents by name.
    pub agents: BTreeMap<String, Agent>,
    /// Where the deny list is.
    pub deny: Option<DenySource>,
    /// What happens when it cannot be fetched.
    pub deny_unavailable: DenyUnavailable,
    /// Keeps this repository on one version.
    pub hold: Option<Hold>,
}

/// What starts the sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuntimeChoice {
    /// The first that answers.
    #[default]
    Auto,
    /// Docker's daemon.
    Docker,
    /// Podman's service.
    Podman,
    /// No daemon: the job's own container.
    Native,
    /// A Kubernetes cluster.
    Kubernetes,
    /// An `OpenShell` gateway.
    OpenShell,
}

/// A name that neither fullsend.yaml nor the defaults know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no agent is called `{name}`")]
pub struct UnknownAgent {
    name: String,
    known: Vec<String>,
    near: Option<String>,
}

impl UnknownAgent {
    /// The near name if there is one, and all that are known.
    pub fn hint(&self) -> Option<String> {
        let known = self.known.join(", ");
        Some(match &self.near {
            Some(near) => format!("did you mean `{near}`? Known agents: {known}"),
            None => format!("known agents: {known}"),
        })
    }
}

impl Config {
    const RUNTIMES: [&str; 6] = [
        "auto",
        "docker",
        "podman",
        "native",
        "kubernetes",
        "openshell",
    ];

    /// The agent `name`: as configured, else with the built-in limits of its name.
    pub fn agent(&self, name: &str) -> Result<Agent, UnknownAgent> {
        if let Some(agent) = self.agents.get(name) {
            return Ok(agent.clone());
        }
        if let Some(limits) = Limits::of_agent(name) {
            return Ok(Agent::with_limits(limits));
        }
        let mut known: Vec<&str> = self.agents.keys().map(String::as_str).collect();
        known.extend(
            Limits::AGENTS
                .iter()
                .filter(|name| !self.agents.contains_key(**name)),
        );
        Err(UnknownAgent {
            name: excerpt(name),
            near: suggest(name, known.iter().copied()).map(str::to_owned),
            known: known.into_iter().map(str::to_owned).collect(),
        })
    }

    /// What is allowed, but probably not meant; one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        self.verify.iter().flat_map(Rule::warnings).collect()
    }
}

/// Reads fullsend.yaml; `name` is the file's name in messages.
pub fn parse(text: &[u8], name: &str) -> Result<Config, ConfigError> {
    let (written, text) =
        yaml::parse::<raw::File>(text, name, "`fullsend init` writes a first one")?;
    let mut checker = Checker::default();
    let config = check(&written, &mut checker);
    let diagnostics = checker.into_diagnostics();
    if diagnostics.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError::new(name, &text, diagnostics))
    }
}

fn check(written: &raw::File, checker: &mut Checker) -> Config {
    if written.version.get().is_none() {
        checker.report(
            Diagnostic::about(&(0..0), "the key `version` is missing").help("add `version: 1`"),
        );
    }
    checker.field(&written.version, version);
    let mut agents = BTreeMap::new();
    for (name, agent) in written
        .agents
        .get()
        .map(|agents| &agents.value)
        .into_iter()
        .flatten()
    {
        agents.extend(Agent::check(name, agent, checker));
    }
    Config {
        image: checker.field(&written.image, image),
        runtime: checker.parse(&written.runtime).unwrap_or_default(),
        verify: policy::rules(&written.verify, checker),
        agents,
        deny: checker.parse(&written.deny),
        deny_unavailable: checker.parse(&written.deny_unavailable).unwrap_or_default(),
        hold: written
            .hold
            .get()
            .and_then(|hold| Hold::check(hold, checker)),
    }
}

pub(super) fn version(text: &str) -> Result<(), ValueError> {
    if text == "1" {
        return Ok(());
    }
    let newer = text.parse::<u64>().is_ok_and(|version| version > 1);
    let error = ValueError::new(format!("version `{}` is not known", excerpt(text)));
    Err(error.mend(if newer {
        "write `version: 1`, or update fullsend"
    } else {
        "write `version: 1`"
    }))
}

impl FromStr for RuntimeChoice {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "docker" => Ok(Self::Docker),
            "podman" => Ok(Self::Podman),
            "native" => Ok(Self::Native),
            "kubernetes" => Ok(Self::Kubernetes),
            "openshell" => Ok(Self::OpenShell),
            other => Err(super::one_of("runtime", other, &Config::RUNTIMES)),
        }
    }
}

impl fmt::Display for RuntimeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Native => "native",
            Self::Kubernetes => "kubernetes",
            Self::OpenShell => "openshell",
        })
    }
}
