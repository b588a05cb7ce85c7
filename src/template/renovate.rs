//! Renovate's configuration of a repository, and the presets of a fleet.

use serde::Serialize;

use super::{Context, Template};

/// The configuration of a repository.
#[derive(Clone, Debug, Serialize)]
pub struct Repository {
    /// What it is for, a sentence each; at least one.
    pub about: Vec<String>,
    /// The presets, the later going before the earlier.
    pub extends: Vec<String>,
    /// The packages that are to move, each behind a `!`; none where all are.
    pub only: Vec<String>,
    /// What stays where it is.
    pub hold: Vec<Hold>,
}

/// What stays where it is.
#[derive(Clone, Debug, Serialize)]
pub struct Hold {
    /// Until when, and why.
    pub about: String,
    /// The matcher that takes the names.
    pub matcher: &'static str,
    /// The packages by name.
    pub packages: Vec<String>,
    /// The only version of theirs, as a pattern.
    pub allowed: String,
}

/// The versions that a ring may be on.
#[derive(Clone, Debug, Serialize)]
pub struct Ring {
    /// What it is for.
    pub about: String,
    /// One rule a package: of two that match, the last would count alone.
    pub rules: Vec<Allow>,
    /// Where the components of GitLab are.
    pub components: Option<Components>,
}

/// Where the components of GitLab are.
#[derive(Clone, Debug, Serialize)]
pub struct Components {
    /// The project.
    pub name: String,
    /// The address of its instance.
    pub registry: String,
    /// The address of its repository.
    pub git: String,
}

/// The versions that are allowed of a package.
#[derive(Clone, Debug, Serialize)]
pub struct Allow {
    /// What it is about.
    pub about: String,
    /// Where the versions come from.
    pub datasources: Vec<String>,
    /// The matcher that takes the names.
    pub matcher: &'static str,
    /// The names under which the package is written.
    pub packages: Vec<String>,
    /// All allowed versions, as one pattern.
    pub allowed: String,
}

/// The way back from versions that are denied.
#[derive(Clone, Debug, Serialize)]
pub struct Deny {
    /// What it is for, a sentence each; at least one.
    pub about: Vec<String>,
    /// One rule a package and version.
    pub rules: Vec<Rollback>,
}

/// The way back from one version.
#[derive(Clone, Debug, Serialize)]
pub struct Rollback {
    /// What is wrong with it.
    pub about: String,
    /// Where the versions come from.
    pub datasources: Vec<String>,
    /// The matcher that takes the names.
    pub matcher: &'static str,
    /// The names under which the package is written.
    pub packages: Vec<String>,
    /// The version that is denied, as a pattern.
    pub current: String,
    /// How versions are compared.
    pub versioning: &'static str,
    /// The only version that is seen then, as a pattern.
    pub only: String,
}

impl Context for Repository {
    const TEMPLATE: Template = Template {
        name: "renovate/repository.json.j2",
        source: include_str!("../../templates/renovate/repository.json.j2"),
        revision: 3,
    };
}

impl Context for Ring {
    const TEMPLATE: Template = Template {
        name: "renovate/ring.json.j2",
        source: include_str!("../../templates/renovate/ring.json.j2"),
        revision: 1,
    };
}

impl Context for Deny {
    const TEMPLATE: Template = Template {
        name: "renovate/deny.json.j2",
        source: include_str!("../../templates/renovate/deny.json.j2"),
        revision: 1,
    };
}
