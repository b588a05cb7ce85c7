//! Secrets among the variables of the file.

use std::collections::HashSet;

use super::{Pipeline, fault::brief};
use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        rule::Check,
        secret::{self, Secret},
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-secret-variable",
        summary: "A secret stands in the file",
        help: "Revoke it, then keep the new one in a masked and protected variable of the project, or fetch it by `secrets` or `id_tokens`.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-secret-variable.md",
    },
    why: "Whoever can read the repository, or any fork and clone of it, has the secret, now and \
          in its whole history. Variables of the file are neither masked nor protected.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "variables:\n  GITLAB_PAT: glpat-AbCdEfGhIjKlMnOpQrSt\ntest:\n  script: [make test]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  script: [make test]\n  variables: {API_TOKEN: 9fK2mQ7xVb4LpT8sWz3RyHc6}\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "test:\n  script: [\"API_TOKEN=$PROJECT_API_TOKEN make test\"]\n  variables: {DB_PASSWORD: postgres}\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    for holder in pipeline.holders() {
        let of_rules = holder
            .all("rules")
            .into_iter()
            .flat_map(|rules| rules.items());
        let places = std::iter::once(holder).chain(of_rules);
        let sets = places.flat_map(|place| place.all("variables"));
        for (key, node) in sets.flat_map(|set| set.entries()) {
            let value = node.text().or_else(|| node.get("value")?.text());
            let (Some(name), Some(value)) = (key.scalar(), value) else {
                continue;
            };
            let Some(kind) = secret::kind(name.value, value) else {
                continue;
            };
            if !seen.insert(name.at.start) {
                continue;
            }
            let (message, severity) = match kind {
                Secret::Known(what) => (format!("`{}` holds {what}", brief(name.value)), None),
                Secret::Likely => {
                    let message = format!("`{}` looks like a secret", brief(name.value));
                    (message, Some(Severity::Warning))
                }
            };
            let problem = report.at(&RULE, name.at.clone(), message);
            // The line would show the secret to whoever reads the report.
            problem.finding.excerpt = None;
            if let Some(severity) = severity {
                problem.severity(severity);
            }
        }
    }
}
