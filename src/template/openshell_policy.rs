//! The policy of one agent's sandbox.

use serde::Serialize;

use super::{Context, Template};

/// What the policy of one agent depends on.
#[derive(Clone, Debug, Serialize)]
pub struct OpenshellPolicy {
    /// The gateway's generation, `0.0` or `0.1`.
    pub generation: &'static str,
    /// What happens where the kernel cannot confine files.
    pub landlock: String,
    /// Paths that the agent may read, beside its working directory.
    pub read_only: Vec<String>,
    /// Paths that it may write, beside its working directory.
    pub read_write: Vec<String>,
    /// What it may reach.
    pub networks: Vec<Network>,
}

/// Some hosts, and the programs that may reach them.
#[derive(Clone, Debug, Serialize)]
pub struct Network {
    /// Its key.
    pub key: &'static str,
    /// What it is for, in a comment.
    pub about: &'static str,
    /// The hosts.
    pub endpoints: Vec<Endpoint>,
    /// The programs, by their real paths.
    pub binaries: Vec<String>,
}

/// A host and what may be asked of it.
#[derive(Clone, Debug, Serialize)]
pub struct Endpoint {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u32,
    /// Which paths of a host with several endpoints are meant; empty for all.
    pub path: &'static str,
    /// By which protocol requests are looked at.
    pub protocol: &'static str,
    /// What is allowed.
    pub rules: Vec<Rule>,
}

/// What a rule allows.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// The method of HTTP; empty for GraphQL.
    pub method: &'static str,
    /// The path's pattern.
    pub path: String,
    /// A parameter and its value.
    pub query: Option<(&'static str, &'static str)>,
    /// The kind of GraphQL operation; empty for HTTP.
    pub operation: &'static str,
}

impl Context for OpenshellPolicy {
    const TEMPLATE: Template = Template {
        name: "openshell/policy.yaml.j2",
        source: include_str!("../../templates/openshell/policy.yaml.j2"),
        revision: 1,
    };
}
