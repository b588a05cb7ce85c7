//! GitLab runner's config.toml, by itself and inside Helm values.

/// config.toml with these lines in its `[[runners]]`, for examples.
macro_rules! runner {
    ($($line:literal),* $(,)?) => {
        concat!(
            "concurrent = 4\n\n[[runners]]\n  name = \"agents\"\n",
            "  url = \"https://gitlab.example.com\"\n  token = \"${RUNNER_TOKEN}\"\n",
            "  executor = \"shell\"\n",
            $("  ", $line, "\n",)*
        )
    };
}

/// config.toml with these lines in its `[runners.docker]`, for examples.
macro_rules! docker {
    ($($line:literal),* $(,)?) => {
        concat!(
            "concurrent = 4\n\n[[runners]]\n  name = \"agents\"\n",
            "  url = \"https://gitlab.example.com\"\n  token = \"${RUNNER_TOKEN}\"\n",
            "  executor = \"docker\"\n  [runners.docker]\n",
            "    image = \"registry.example.com/agents/triage@sha256:",
            "0000000000000000000000000000000000000000000000000000000000000000\"\n",
            "    allowed_images = [\"registry.example.com/agents/triage@sha256:*\"]\n",
            "    memory = \"4g\"\n",
            $("    ", $line, "\n",)*
        )
    };
}

/// config.toml with these lines in its `[runners.kubernetes]`, for examples.
macro_rules! kubernetes {
    ($($line:literal),* $(,)?) => {
        concat!(
            "concurrent = 4\n\n[[runners]]\n  name = \"agents\"\n",
            "  url = \"https://gitlab.example.com\"\n  token = \"${RUNNER_TOKEN}\"\n",
            "  executor = \"kubernetes\"\n  [runners.kubernetes]\n",
            "    image = \"registry.example.com/agents/triage@sha256:",
            "0000000000000000000000000000000000000000000000000000000000000000\"\n",
            "    allowed_images = [\"registry.example.com/agents/triage@sha256:*\"]\n",
            "    cpu_limit = \"2\"\n    memory_limit = \"4Gi\"\n",
            $("    ", $line, "\n",)*
        )
    };
}

mod bad_value;
mod capabilities;
mod concurrent;
mod duplicate_key;
mod duplicate_name;
mod executor_section;
mod faults;
mod feature_flag;
mod fragment;
mod helm;
mod helm_dead_key;
mod helm_template;
mod host_namespace;
mod host_path;
mod keys;
mod limit;
mod missing_key;
mod no_limits;
mod open_images;
mod overwrite;
mod plain_http;
mod privileged;
mod pull_policy;
mod pull_policy_not_allowed;
mod quantity;
mod request_above_limit;
mod runtime_socket;
mod secret;
mod size;
mod swap;
mod table_form;
#[cfg(test)]
mod tests;
mod unconfined;
mod unknown_executor;
mod unknown_key;
mod unpinned_image;
mod view;
mod wrong_type;

pub(super) use helm::{are_values, check_values};
pub(super) use view::RunnerConfig;

use self::{
    keys::{KEYS, ROOT},
    view::{Extent, Section},
};
use super::{Report, Rule, Subject, rule::Check};
use crate::document::{
    DocumentError,
    toml::{self, Table},
};

pub(super) static RULES: &[&Rule] = &[
    &unknown_key::RULE,
    &wrong_type::RULE,
    &table_form::RULE,
    &duplicate_key::RULE,
    &missing_key::RULE,
    &fragment::RULE,
    &unknown_executor::RULE,
    &executor_section::RULE,
    &bad_value::RULE,
    &pull_policy::RULE,
    &pull_policy_not_allowed::RULE,
    &size::RULE,
    &swap::RULE,
    &request_above_limit::RULE,
    &privileged::RULE,
    &capabilities::RULE,
    &runtime_socket::RULE,
    &host_path::RULE,
    &host_namespace::RULE,
    &unconfined::RULE,
    &open_images::RULE,
    &unpinned_image::RULE,
    &concurrent::RULE,
    &limit::RULE,
    &duplicate_name::RULE,
    &plain_http::RULE,
    &overwrite::RULE,
    &feature_flag::RULE,
    &no_limits::RULE,
    &secret::RULE,
    &helm_dead_key::RULE,
    &helm_template::RULE,
];

/// Whether TOML could be the runner's; most of a repository is other programs'.
pub(super) fn may_be_ours(bytes: &[u8]) -> bool {
    let lower = bytes.to_ascii_lowercase();
    memchr::memmem::find(&lower, b"runners").is_some()
}

/// Looks at config.toml with every rule; whether it is one.
pub(super) fn check(subject: Subject<'_>, report: &mut Report<'_>) -> Result<bool, DocumentError> {
    let root = match toml::parse(subject.source) {
        Err(_) if !has_header(subject.source.text()) => return Ok(false),
        parsed => parsed.map_err(|error| super::secret::concealed(subject.source.text(), error))?,
    };
    if !is_ours(&root) {
        return Ok(false);
    }
    let config = RunnerConfig::new(subject, &root, extent(&root));
    for rule in RULES {
        if let Check::Runner(check) = rule.check {
            check(&config, report);
        }
    }
    Ok(true)
}

/// Whether a line opens a section of the runner's, for text that is no TOML.
fn has_header(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    lines.any(|line| line.starts_with("[[runners]]") || line.starts_with("[runners."))
}

/// Whether `runners` is the runner's and no other program's.
fn is_ours(root: &Table) -> bool {
    /// Keys of a runner that other programs could have as well.
    const COMMON: &[&str] = &[
        "name",
        "id",
        "labels",
        "environment",
        "limit",
        "url",
        "token",
        "shell",
    ];
    let runner = KEYS.section("RunnerConfig");
    let global = KEYS.section(ROOT);
    let own = |table: &Table| {
        let mut keys = table.entries().iter().map(|entry| entry.key.as_str());
        keys.any(|key| {
            let known = runner.and_then(|shape| shape.key(key));
            known.is_some_and(|(name, _)| !COMMON.contains(name))
        })
    };
    let has_global = || {
        let mut keys = root.entries().iter();
        keys.any(|entry| {
            let known = global.and_then(|shape| shape.key(&entry.key));
            known.is_some_and(|(name, _)| matches!(*name, "concurrent" | "check_interval"))
        })
    };
    let mut runners = root.get_ignoring_case("runners").peekable();
    runners.peek().is_some()
        && (has_global()
            || runners
                .flat_map(|entry| entry.value.items())
                .any(|runner| runner.as_table().is_some_and(own)))
}

/// A whole file knows where GitLab is and has a token for it.
fn extent(root: &Table) -> Extent {
    let runners = root.get_ignoring_case("runners");
    let mut runners = runners.flat_map(|entry| entry.value.items());
    let whole = runners.any(|runner| {
        let section = runner.as_table().map(Section);
        section.is_some_and(|section| section.has("url") && section.has("token"))
    });
    if whole {
        Extent::Whole
    } else {
        Extent::Fragment
    }
}
