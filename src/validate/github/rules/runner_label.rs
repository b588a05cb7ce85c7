//! A job waits for a runner that does not exist, or no longer.

use crate::{
    document::yaml::{Node, Scalar},
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-runner-label",
        summary: "A job waits for a runner that does not exist, or no longer",
        help: "Take a label of the present, as `ubuntu-24.04`.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-runner-label.md",
    },
    why: "No runner ever takes the job: it waits for a day, and fails then.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  build:\n",
                "    runs-on: ubuntu-lastest\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  build:\n",
                "    runs-on: ubuntu-18.04\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
        ),
    }],
    check: Check::Workflow(check),
};

/// What GitHub's own runners are called.
const HOSTED: &[&str] = &[
    "ubuntu-latest",
    "ubuntu-slim",
    "ubuntu-26.04",
    "ubuntu-24.04",
    "ubuntu-22.04",
    "windows-latest",
    "windows-2025",
    "windows-2022",
    "macos-latest",
    "macos-26",
    "macos-15",
    "macos-14",
];

/// What they were called, and are no longer.
const RETIRED: &[&str] = &[
    "ubuntu-20.04",
    "ubuntu-18.04",
    "ubuntu-16.04",
    "windows-2019",
    "windows-2016",
    "macos-13",
    "macos-12",
    "macos-11",
    "macos-10.15",
];

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    for job in &workflow.jobs {
        for label in labels(&job.node) {
            let name = label.value.to_ascii_lowercase();
            if RETIRED.contains(&name.as_str()) {
                let message = format!("GitHub has no runners of the label `{name}` any more");
                report.at(&RULE, label.at, message);
            } else if let Some(near) = misspelt(&name) {
                let message =
                    format!("no runner of GitHub is called `{name}`; did you mean `{near}`?");
                report.at(&RULE, label.at, message);
            }
        }
    }
}

/// A `-latest` that is not quite one; other labels are people's own, or newer.
fn misspelt(name: &str) -> Option<&'static str> {
    let (system, end) = name.split_once('-')?;
    if HOSTED.contains(&name) || end.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let latest = ["ubuntu-latest", "windows-latest", "macos-latest"];
    let near = strsim::osa_distance("latest", end) <= 2 || end == "latest";
    let same = |known: &&str| strsim::osa_distance(system, &known[..known.len() - 7]) <= 2;
    latest.into_iter().find(|known| near && same(known))
}

/// The labels of a job, where they are written out.
fn labels<'a>(job: &Node<'a>) -> Vec<Scalar<'a>> {
    let Some(runs_on) = job.get("runs-on") else {
        return Vec::new();
    };
    let labels = runs_on.get("labels").unwrap_or(runs_on);
    let listed = labels.items().filter_map(|item| item.scalar());
    labels.scalar().into_iter().chain(listed).collect()
}
