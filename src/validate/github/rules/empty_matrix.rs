//! A matrix has no values, or excludes by a key that it does not have.

use std::collections::HashSet;

use crate::{
    document::yaml::{Kind, Node},
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-empty-matrix",
        summary: "A matrix has no values, or excludes by a key that it does not have",
        help: "Give every key of the matrix a value; exclude by keys that it has.",
        severity: Severity::Error,
        page: "docs/rules/workflow-empty-matrix.md",
    },
    why: "GitHub cannot make the jobs of the matrix: the run fails before any of them starts.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    strategy:\n"
            "      matrix:\n"
            "        os: []\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    strategy:\n"
            "      matrix:\n"
            "        os: [linux]\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    for job in &workflow.jobs {
        let matrix = job.node.get("strategy").and_then(|it| it.get("matrix"));
        let Some(matrix) = matrix.filter(Node::is_mapping) else {
            continue;
        };
        let mut keys = HashSet::new();
        for (key, values) in matrix.entries() {
            let Some(name) = key.text() else { continue };
            keys.insert(name.to_ascii_lowercase());
            let empty = values.kind() == Kind::Sequence && values.items().next().is_none();
            if empty && !matches!(name, "include" | "exclude") {
                let message = format!("`{}` has no values", short(name));
                report.at(&RULE, key.at(), message);
            }
        }
        if keys.iter().any(|key| key.contains("${{")) {
            continue;
        }
        let excluded = matrix.all("exclude").into_iter().flat_map(|it| it.items());
        for (key, _) in excluded.flat_map(|item| item.entries()) {
            let Some(name) = key.text() else { continue };
            if !keys.contains(&name.to_ascii_lowercase()) {
                let message = format!("the matrix has no key `{}` to exclude by", short(name));
                report.at(&RULE, key.at(), message);
            }
        }
    }
}
