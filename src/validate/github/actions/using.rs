//! An action runs by something that GitHub does not have, or no longer.

use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Action, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "action-using",
        summary: "An action runs by something that GitHub does not have, or no longer",
        help: "Write `composite`, `docker`, or `node24`.",
        severity: Severity::Error,
        page: "docs/rules/action-using.md",
    },
    why: "GitHub refuses the action: every job that uses it fails at that step.",
    bad: &[
        Example {
            path: "action.yml",
            text: concat!(
                "name: build\n",
                "description: Builds.\n",
                "runs:\n",
                "  using: nod24\n",
                "  main: index.js\n",
            ),
        },
        Example {
            path: "action.yml",
            text: concat!(
                "name: build\n",
                "description: Builds.\n",
                "runs:\n",
                "  using: node16\n",
                "  main: index.js\n",
            ),
        },
    ],
    good: &[Example {
        path: "action.yml",
        text: concat!(
            "name: build\n",
            "description: Builds.\n",
            "runs:\n",
            "  using: node24\n",
            "  main: index.js\n",
        ),
    }],
    check: Check::Action(check),
};

/// What is offered, and what is run by something newer instead.
const OFFERED: &[&str] = &["composite", "docker", "node20", "node24"];
const RETIRED: &[&str] = &["node12", "node16"];

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    let using = action.runs.and_then(|runs| runs.get("using")?.scalar());
    let Some(using) = using else { return };
    let name = using.value.to_ascii_lowercase();
    if OFFERED.contains(&name.as_str()) {
        return;
    }
    if RETIRED.contains(&name.as_str()) {
        let message = format!("`{name}` is gone: GitHub runs the action by a newer Node.js");
        report
            .at(&RULE, using.at, message)
            .severity(Severity::Warning);
        return;
    }
    let message = format!("`{}` is nothing that runs an action", short(using.value));
    let newer = name
        .strip_prefix("node")
        .is_some_and(|version| version.parse::<u32>().is_ok());
    let near = suggest(&name, OFFERED.iter().copied()).is_some();
    let problem = report.at(&RULE, using.at, message);
    if newer || !near {
        problem.severity(Severity::Note);
    }
}
