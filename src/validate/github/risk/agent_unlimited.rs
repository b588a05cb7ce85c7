//! An agent that nothing stops.

use super::agent::{self, Agents};
use crate::{
    model::text::excerpt,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-agent-unlimited",
        summary: "An agent runs without limits",
        help: "Give its job `timeout-minutes` a little above the agent's own, and start it by \
               `fullsend exec`, which knows its limits.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-agent-unlimited.md",
    },
    why: "Without `timeout-minutes` a job runs for six hours: an agent that hangs, or talks to \
          itself, keeps the runner and spends tokens for as long. A container without a limit of \
          memory or processes takes the runner down with it, and nobody learns how the agent \
          ended.",
    bad: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: concat!(
                "on: workflow_dispatch\n",
                "permissions: {}\n",
                "jobs:\n",
                "  triage:\n",
                "    runs-on: ubuntu-24.04\n",
                "    steps:\n",
                "      - run: fullsend exec triage\n",
            ),
        },
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("workflow_dispatch"
                "    steps:\n"
                "      - run: docker run --rm ghcr.io/fullsend-ai/agent-sandbox:1.4.2 triage\n"
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

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    for it in Agents::jobs(workflow) {
        let step = it.job.steps.get(it.agent.step).map(|step| step.node);
        let mut holders = step.into_iter().chain([it.job.node]);
        if !holders.any(|holder| holder.get("timeout-minutes").is_some()) {
            let message = format!(
                "the job `{}` runs an agent for up to six hours: it has no `timeout-minutes`",
                excerpt(it.job.id)
            );
            report.at(&RULE, it.job.at.clone(), message);
        }
    }
    for launch in workflow.jobs.iter().flat_map(agent::launches) {
        if let Some(lacking) = lacking(launch.command()) {
            let message = format!("the agent's container has no {lacking}");
            report.at(&RULE, launch.at(workflow), message);
        }
    }
}

fn lacking(command: &str) -> Option<&'static str> {
    let has = |options: &[&str]| {
        let mut words = command.split_whitespace();
        words.any(|word| options.iter().any(|option| word.starts_with(option)))
    };
    // Options that a variable holds are not known.
    if has(&["$", "\"$", "\"${"]) {
        return None;
    }
    match (has(&["--memory", "-m"]), has(&["--pids-limit"])) {
        (false, false) => Some("limit of memory or of processes (`--memory`, `--pids-limit`)"),
        (false, true) => Some("limit of memory (`--memory`)"),
        (true, false) => Some("limit of processes (`--pids-limit`)"),
        (true, true) => None,
    }
}
