//! The lock has an entry that is none.

use super::BUILD;
use crate::{
    document::yaml::{Kind, Node, Scalar},
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Lock, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "lock-malformed",
        summary: "The lock has an entry that is none",
        help: "Write the lock anew with `gh actions-lock`.",
        severity: Severity::Error,
        page: "docs/rules/lock-malformed.md",
    },
    why: "The run of a locked workflow ends as `startup_failure`, without a job and without a \
          log.",
    bad: &[
        Example {
            path: ".github/workflows/actions.lock",
            text: concat!(
                "version: 'v0.0.2'\n",
                "workflows:\n",
                "  .github/workflows/build.yml:\n",
                "    - actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n",
                "dependencies:\n",
                "  actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1:\n",
                "    ref: 3d3c42e5aac5ba805825da76410c181273ba90b1\n",
                "    commit: 'sha1-42e5aac5ba805825da76410c181273ba90b1'\n",
                "    owner_id: 44036562\n",
                "    repo_id: 197814629\n",
            ),
        },
        BUILD,
    ],
    good: &[
        Example {
            path: ".github/workflows/actions.lock",
            text: concat!(
                "version: 'v0.0.2'\n",
                "workflows:\n",
                "  .github/workflows/build.yml:\n",
                "    - actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n",
                "dependencies:\n",
                "  actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1:\n",
                "    ref: 3d3c42e5aac5ba805825da76410c181273ba90b1\n",
                "    commit: 'sha1-3d3c42e5aac5ba805825da76410c181273ba90b1'\n",
                "    owner_id: 44036562\n",
                "    repo_id: 197814629\n",
            ),
        },
        BUILD,
    ],
    check: Check::Lock(check),
};

fn check(lock: &Lock<'_>, report: &mut Report<'_>) {
    if !lock.is_known() {
        return;
    }
    if lock.version.is_none() {
        report.whole(&RULE, "the lock has no `version`");
    }
    for key in ["workflows", "dependencies"] {
        let node = lock.root.get(key);
        if let Some(node) = node.filter(|node| !matches!(node.kind(), Kind::Mapping | Kind::Null)) {
            let message = format!("`{key}` must be a mapping, and is {}", node.kind().name());
            report.at(&RULE, node.at(), message);
        }
    }
    for (name, entry) in &lock.dependencies {
        if !is_name(name.value) {
            let name_text = short(name.value);
            let message = format!("`{name_text}` is no `owner/repository@reference`");
            report.at(&RULE, name.at.clone(), message);
        }
        dependency(name, entry, report);
    }
}

fn dependency(name: &Scalar<'_>, entry: &Node<'_>, report: &mut Report<'_>) {
    let Some(commit) = entry.get("commit").and_then(|commit| commit.scalar()) else {
        let message = format!("`{}` has no `commit`", short(name.value));
        report.at(&RULE, name.at.clone(), message);
        return;
    };
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match commit.value.split_once('-') {
        Some(("sha1", hash)) if hash.len() == 40 && is_hex(hash) => {}
        Some(("sha256", hash)) if hash.len() == 64 && is_hex(hash) => {}
        _ => {
            let message = format!(
                "`{}` is no commit: that is `sha1-` and 40 hexadecimal digits",
                short(commit.value)
            );
            report.at(&RULE, commit.at, message);
        }
    }
}

fn is_name(name: &str) -> bool {
    let Some((path, reference)) = name.split_once('@') else {
        return false;
    };
    let parts: Vec<&str> = path.split('/').collect();
    parts.len() >= 2 && parts.iter().all(|part| !part.is_empty()) && !reference.is_empty()
}
