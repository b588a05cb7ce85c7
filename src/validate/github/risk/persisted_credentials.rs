//! The checkout leaves the token where an agent, or an archive, finds it.

use std::ops::Range;

use super::{agent::Agents, mend, uses};
use crate::{
    document::{Source, edit::Edit, yaml::Scalar},
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{
            Workflow,
            view::{Job, Step},
        },
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-persisted-credentials",
        summary: "A checkout leaves the token where an agent or an archive finds it",
        help: "Give the checkout `persist-credentials: false`.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-persisted-credentials.md",
    },
    why: "actions/checkout keeps the job's token for later `git` commands. An agent in the same \
          job can read it there and push with it, whatever its own limits are; an artifact of \
          the whole workspace, hidden files included, may carry it away: checkouts before the \
          sixth version keep the token in `.git/config`. Jobs that push by themselves are left alone.",
    bad: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("workflow_dispatch"
                "    steps:\n"
                "      - uses: actions/checkout@9f698171ed81b15d1823a05fc7211befd50c8ae0 # v6.0.3\n"
                "        with:\n"
                "          fetch-depth: 0\n"
                "      - run: fullsend exec triage\n"
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: flow!("push"
                "    steps:\n"
                "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0\n"
                "      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0\n"
                "        with:\n"
                "          path: .\n"
                "          include-hidden-files: true\n"
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("workflow_dispatch"
            "    steps:\n"
            "      - uses: actions/checkout@9f698171ed81b15d1823a05fc7211befd50c8ae0 # v6.0.3\n"
            "        with:\n"
            "          persist-credentials: false\n"
            "      - run: fullsend exec triage\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let agents = Agents::of(workflow);
    let source = workflow.subject.source;
    for (index, job) in workflow.jobs.iter().enumerate() {
        let agent = agents.of_job(index).map(|agent| agent.step);
        let (last, message) = match (agent, uploads_all(source, job)) {
            (Some(step), _) => (step, "the agent of this job finds the job's token here"),
            (None, Some(step)) => (step, "the uploaded workspace may hold the job's token"),
            (None, None) => continue,
        };
        if pushes(job) {
            continue;
        }
        for step in job.steps.iter().take(last) {
            if agent.is_none() && !keeps_in_workspace(source, step) {
                continue;
            }
            if let Some(at) = keeps_token(step) {
                let edit = edit(source, step);
                report.at(&RULE, at, message).fix(edit);
            }
        }
    }
}

/// Where `step` is a checkout that keeps the token.
fn keeps_token(step: &Step<'_>) -> Option<Range<usize>> {
    let uses = step.uses.as_ref()?;
    if uses::name(uses.value) != "actions/checkout" {
        return None;
    }
    match uses::input(&step.node, "persist-credentials") {
        None => Some(uses.at.clone()),
        Some(kept) => (kept.value == "true").then_some(kept.at),
    }
}

/// Whether the checkout `step` leaves the token within the workspace, as it did before its sixth
/// version; so may one whose version is not known.
fn keeps_in_workspace(source: &Source<'_>, step: &Step<'_>) -> bool {
    let version = step.uses.as_ref().and_then(|uses| version(source, uses));
    version.is_none_or(|(major, _)| major < 6)
}

/// The numbers of the version that `uses` names, or the comment behind it.
fn version(source: &Source<'_>, uses: &Scalar<'_>) -> Option<(u32, Option<u32>)> {
    let (_, reference) = uses.value.split_once('@')?;
    if !uses::is_commit(reference) {
        return numbers(reference);
    }
    let behind = source.text().get(uses.at.end..)?.lines().next()?;
    numbers(behind.split_once('#')?.1.trim())
}

/// The first two numbers of `v4.3.1`.
fn numbers(version: &str) -> Option<(u32, Option<u32>)> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next().and_then(|minor| minor.parse().ok())))
}

/// The step that uploads all of the workspace.
fn uploads_all(source: &Source<'_>, job: &Job<'_>) -> Option<usize> {
    let all = [
        ".",
        "./",
        "*",
        "./*",
        "**",
        "${{ github.workspace }}",
        "${{github.workspace}}",
    ];
    job.steps.iter().position(|step| {
        let path = uses::input(&step.node, "path").filter(|_| uploads_hidden(source, step));
        path.is_some_and(|path| path.value.lines().any(|line| all.contains(&line.trim())))
    })
}

/// Whether `step` uploads hidden files too; since its version 4.4 the action does so only where it
/// is told.
fn uploads_hidden(source: &Source<'_>, step: &Step<'_>) -> bool {
    let Some(uses) = step.uses.as_ref() else {
        return false;
    };
    let hidden = uses::input(&step.node, "include-hidden-files");
    // `v4` alone is the last of them.
    let is_old = version(source, uses)
        .is_some_and(|(major, minor)| major < 4 || (major == 4 && minor.is_some_and(|it| it < 4)));
    let uploads = uses::name(uses.value) == "actions/upload-artifact";
    uploads && (is_old || hidden.is_some_and(|hidden| hidden.value == "true"))
}

/// Whether the job itself pushes with what the checkout left.
fn pushes(job: &Job<'_>) -> bool {
    let mut runs = job.steps.iter().filter_map(|step| step.run.as_ref());
    runs.any(|run| run.value.contains("git push") || run.value.contains("git fetch"))
}

/// The input where other inputs stand already.
fn edit(source: &Source<'_>, step: &Step<'_>) -> Option<Edit> {
    if uses::input(&step.node, "persist-credentials").is_some() {
        return None;
    }
    let with = step.node.own_entries();
    let (_, with) = with
        .into_iter()
        .find(|(key, _)| key.text() == Some("with"))?;
    let at = with.own_entries().next()?.0.at().start;
    let within = step.node.at().contains(&at);
    let (column, line_end) = mend::margin(source, &with, at).filter(|_| within)?;
    Some(Edit {
        at: at..at,
        text: format!("persist-credentials: false{line_end}{:column$}", ""),
    })
}
