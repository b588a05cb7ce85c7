//! An agent's image is started unproven.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{agent, uses};
use crate::{
    document::yaml::Scalar,
    model::{skew::OWN_ACTION, text::excerpt},
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, view::Step},
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-agent-unverified",
        summary: "An agent's image is started without a proof of who built it",
        help: "Start it by `fullsend exec`, or by the action fullsend-ai/sandbox: both verify the \
               signature first.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-agent-unverified.md",
    },
    why: "`docker run` takes what the registry gives. Whoever can push there, or move the tag, \
          then has the agent's credentials. `fullsend exec` pulls by the digest whose signature \
          it has checked. An `--insecure-` option takes a part of that proof away.",
    bad: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("workflow_dispatch"
                "    steps:\n"
                "      - run: docker run --rm --memory 2g --pids-limit 512 ghcr.io/fullsend-ai/agent-sandbox:1.4.2 triage\n"
            ),
        },
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("workflow_dispatch"
                "    steps:\n"
                "      - run: fullsend exec triage --insecure-ignore-tlog\n"
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("workflow_dispatch"
            "    steps:\n"
            "      - run: fullsend exec triage\n"
        ),
    }],
    check: Check::Workflow(check),
};

/// Options that leave out a part of the proof.
static INSECURE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bfullsend\s(?:[^\n\\]|\\\r?\n)*?(--insecure-[a-z-]+)").ok());

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let source = workflow.subject.source;
    for job in &workflow.jobs {
        let container = job.node.get("container");
        let image = container.and_then(|it| it.get("image").unwrap_or(it).scalar());
        let image = image.filter(|image| agent::is_agents_image(image.value));
        if let Some(image) = image.filter(|_| job.needs.is_empty()) {
            let message = format!(
                "the job runs in `{}`, which nothing proved",
                excerpt(image.value)
            );
            report.at(&RULE, image.at, message);
        }
        let proven = job.steps.iter().position(proves).unwrap_or(usize::MAX);
        for launch in agent::launches(job) {
            if launch.step < proven {
                let message = "the agent's image is started without a proof of who built it";
                report.at(&RULE, launch.at(workflow), message);
            }
        }
        let insecure: Vec<_> = job.steps.iter().filter_map(insecure).collect();
        // A job that builds an image tries it with a key of its own.
        if insecure.is_empty() || agent::builds_image(job) {
            continue;
        }
        for (text, range) in insecure {
            let option = &text.value[range.clone()];
            let message = format!("`{option}` leaves out a part of the proof");
            let help = "Leave the option out outside of tests.";
            report
                .at(&RULE, text.origin(source).range(range), message)
                .help(help);
        }
    }
}

/// Whether a step proves an image, which later steps then may start.
fn proves(step: &Step<'_>) -> bool {
    let mode = uses::input(&step.node, "mode").is_some_and(|mode| mode.value == "verify");
    let by_command = |run: &Scalar<'_>| {
        run.value.contains("fullsend verify") || run.value.contains("cosign verify")
    };
    mode || step.run.as_ref().is_some_and(by_command)
}

/// The first option of `step` that leaves out a part of the proof.
fn insecure<'a>(step: &Step<'a>) -> Option<(Scalar<'a>, Range<usize>)> {
    if let Some(run) = &step.run {
        let found = INSECURE.as_ref()?.captures(run.value)?.get(1)?.range();
        return Some((run.clone(), found));
    }
    if uses::name(step.uses.as_ref()?.value) != OWN_ACTION {
        return None;
    }
    let args = uses::input(&step.node, "args")?;
    let start = args.value.find("--insecure-")?;
    let rest = &args.value[start..];
    let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '-'));
    Some((args.clone(), start..start + end.unwrap_or(rest.len())))
}
