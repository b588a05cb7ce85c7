//! Keys that the runner drops.

use super::{
    RunnerConfig,
    faults::What,
    view::{Extent, shown},
};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-unknown-key",
        summary: "A key that GitLab runner does not read there",
        help: "Write the key that was meant, in the section that has it.",
        severity: Severity::Error,
        page: "docs/rules/runner-unknown-key.md",
    },
    why: "GitLab runner drops what it does not know without a word, and runs with its own \
          default: a mistyped limit or allow list is no limit and no list.",
    bad: &[
        Example {
            path: "config.toml",
            text: runner![r#"buids_dir = "/builds""#],
        },
        Example {
            path: "config.toml",
            text: kubernetes!["allowPrivilegeEscalation = false"],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: runner![r#"builds_dir = "/builds""#],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for fault in config.faults() {
        let at = fault.at.clone();
        let key = shown(fault.key);
        let section = header(&fault.header);
        match &fault.what {
            What::Unknown(Some(near)) => {
                let message = format!("{section} has no key `{key}`");
                let problem = config.at(report, &RULE, at, message);
                problem.help(format!("Did you mean `{near}`?"));
            }
            What::Unknown(None) => {
                let message = format!("{section} has no key `{key}` in GitLab runner 19.4");
                let problem = config.at(report, &RULE, at, message);
                problem.severity(Severity::Note);
                problem.help(advice(&fault.key.to_ascii_lowercase()).unwrap_or(
                    "Look it up in GitLab's documentation: the runner drops keys that it does not know.",
                ));
            }
            // A piece may leave out the header of its first section.
            What::Elsewhere(_) if config.extent == Extent::Fragment && fault.header.is_empty() => {}
            What::Elsewhere(homes) => {
                let homes: Vec<String> = homes.iter().map(|home| header(home)).collect();
                let homes = homes.join(" or ");
                let message = format!("{section} has no key `{key}`: it belongs to {homes}");
                let problem = config.at(report, &RULE, at, message);
                problem.help(format!("Move it to {homes}."));
            }
            _ => {}
        }
    }
}

/// How people write the header of a section.
fn header(header: &str) -> String {
    match header {
        "" => "the file's global part".to_owned(),
        "runners" => "`[[runners]]`".to_owned(),
        section => format!("`[{section}]`"),
    }
}

/// What people take for a key of the file.
fn advice(key: &str) -> Option<&'static str> {
    match key {
        "tags" | "tag_list" | "tag-list" | "run_untagged" | "locked" | "access_level"
        | "maximum_timeout" | "paused" | "maintenance_note" | "protected" => Some(
            "Set it in GitLab, where the runner is created: a configuration file cannot say it.",
        ),
        "metrics_server" | "metrics_server_address" => Some("Write `listen_address`."),
        "registration_token" => Some("Create the runner in GitLab, and use its `glrt-` token."),
        _ => None,
    }
}
