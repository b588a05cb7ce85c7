//! The lock is of a format that is not known.

use super::BUILD;
use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Lock, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "lock-unknown-version",
        summary: "The lock is of a format that is not known",
        help: "Look for a newer version of this program; nothing else in the lock was looked at.",
        severity: Severity::Note,
        page: "docs/rules/lock-unknown-version.md",
    },
    why: "The format is still moving. What is not known is not judged.",
    bad: &[
        Example {
            path: ".github/workflows/actions.lock",
            text: concat!(
                "version: 'v9.0.0'\n",
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
    if let Some(version) = lock.version.as_ref().filter(|_| !lock.is_known()) {
        let message = format!(
            "the version `{}` of the lock is not known",
            short(version.value)
        );
        report.at(&RULE, version.at.clone(), message);
    }
}
