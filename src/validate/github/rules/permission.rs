//! `permissions` names a scope or a level that GitHub does not know.

use crate::{
    config::suggest,
    document::yaml::Scalar,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-permission",
        summary: "`permissions` names a scope or a level that GitHub does not know",
        help: "Spell scopes and levels as GitHub does: `read`, `write` or `none`.",
        severity: Severity::Error,
        page: "docs/rules/workflow-permission.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions:\n",
                "  content: read\n",
                "jobs:\n",
                "  build:\n",
                "    runs-on: ubuntu-24.04\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: read\n",
                "jobs:\n",
                "  build:\n",
                "    runs-on: ubuntu-24.04\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on: push\n",
            "permissions:\n",
            "  contents: read\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
    check: Check::Workflow(check),
};

/// The scopes, in the order of GitHub's documentation.
const SCOPES: &[&str] = &[
    "actions",
    "artifact-metadata",
    "attestations",
    "checks",
    "code-quality",
    "contents",
    "copilot-requests",
    "deployments",
    "discussions",
    "drives",
    "id-token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "repository-projects",
    "security-events",
    "statuses",
    "vulnerability-alerts",
];

const LEVELS: &[&str] = &["read", "write", "none"];

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let of_jobs = workflow
        .jobs
        .iter()
        .filter_map(|job| job.node.get("permissions"));
    for permissions in workflow.permissions.into_iter().chain(of_jobs) {
        if let Some(scalar) = permissions.scalar() {
            whole(&scalar, report);
        }
        for (key, value) in permissions.entries() {
            if let Some(scope) = key.scalar() {
                self::scope(&scope, report);
                if let Some(level) = value.scalar() {
                    self::level(scope.value, &level, report);
                }
            }
        }
    }
}

fn whole(scalar: &Scalar<'_>, report: &mut Report<'_>) {
    let known = ["read-all", "write-all"];
    if known.contains(&scalar.value) {
        return;
    }
    let name = short(scalar.value);
    let message = format!("`permissions: {name}` says nothing that GitHub knows");
    let problem = report.at(&RULE, scalar.at.clone(), message);
    problem.help("Write `read-all`, `write-all`, `{}` for none, or a mapping of scopes.");
    let meant =
        LEVELS.contains(&scalar.value) || suggest(scalar.value, known.into_iter()).is_some();
    if !meant {
        problem.severity(Severity::Note);
    }
}

fn scope(scope: &Scalar<'_>, report: &mut Report<'_>) {
    if SCOPES.contains(&scope.value) || scope.value.contains("${{") {
        return;
    }
    let near = suggest(scope.value, SCOPES.iter().copied());
    let name = short(scope.value);
    if let Some(near) = near {
        let message = format!("there is no scope `{name}`; did you mean `{near}`?");
        report.at(&RULE, scope.at.clone(), message);
        return;
    }
    let message = format!("`{name}` is no scope that is known");
    let problem = report.at(&RULE, scope.at.clone(), message);
    problem.severity(Severity::Note);
}

fn level(scope: &str, level: &Scalar<'_>, report: &mut Report<'_>) {
    let known = match scope {
        "id-token" | "copilot-requests" => &["write", "none"],
        "models" | "vulnerability-alerts" => &["read", "none"],
        _ => LEVELS,
    };
    if known.contains(&level.value) || level.value.contains("${{") {
        return;
    }
    let near = suggest(level.value, LEVELS.iter().copied()).is_some();
    let message = format!("`{}` has no level `{}`", short(scope), short(level.value));
    let problem = report.at(&RULE, level.at.clone(), message);
    problem.help(format!("One of `{}`.", known.join("`, `")));
    if LEVELS.contains(&level.value) {
        problem.severity(Severity::Warning);
    } else if !near {
        problem.severity(Severity::Note);
    }
}
