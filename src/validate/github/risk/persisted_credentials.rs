//! The checkout leaves the token where an agent, or an archive, finds it.

use std::ops::Range;

use super::{agent::Agents, mend, uses};
use crate::{
    document::{Source, edit::Edit},
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
          the whole workspace, hidden files included, may carry it away. Jobs that push by themselves are left alone.",
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
                "      - uses: actions/checkout@9f698171ed81b15d1823a05fc7211befd50c8ae0 # v6.0.3\n"
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
    for (index, job) in workflow.jobs.iter().enumerate() {
        let agent = agents.of_job(index).map(|agent| agent.step);
        let (last, message) = match (agent, uploads_all(job)) {
            (Some(step), _) => (step, "the agent of this job finds the job's token here"),
            (None, Some(step)) => (step, "the uploaded workspace may hold the job's token"),
            (None, None) => continue,
        };
        if pushes(job) {
            continue;
        }
        for step in job.steps.iter().take(last) {
            if let Some(at) = keeps_token(step) {
                let edit = edit(workflow.subject.source, step);
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

/// The step that uploads all of the workspace.
fn uploads_all(job: &Job<'_>) -> Option<usize> {
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
        let path = uses::input(&step.node, "path").filter(|_| uploads_hidden(step));
        path.is_some_and(|path| path.value.lines().any(|line| all.contains(&line.trim())))
    })
}

/// Whether `step` uploads hidden files too; since its fourth version the action does so only where
/// it is told.
fn uploads_hidden(step: &Step<'_>) -> bool {
    let Some(uses) = step.uses.as_ref() else {
        return false;
    };
    let (name, version) = uses.value.split_once('@').unwrap_or((uses.value, ""));
    let hidden = uses::input(&step.node, "include-hidden-files");
    let is_old = ["v1", "v2", "v3"]
        .iter()
        .any(|old| version.starts_with(old));
    let uploads = name.eq_ignore_ascii_case("actions/upload-artifact");
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
    let (column, line_end) = mend::margin(source, at).filter(|_| within)?;
    Some(Edit {
        at: at..at,
        text: format!("persist-credentials: false{line_end}{:column$}", ""),
    })
}
