//! An agent's container that is no wall.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::agent::{self, Agents};
use crate::{
    document::yaml::Scalar,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, view::Job},
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-agent-privileged",
        summary: "An agent's container gives it the runner",
        help: "Leave the option out: `fullsend exec` gives an agent what it needs, and no more.",
        severity: Severity::Error,
        page: "docs/rules/workflow-agent-privileged.md",
    },
    why: "A container that is privileged, or that holds the socket of Docker, is root on the \
          runner whenever it wants: it reads the secrets of the job and of the jobs beside it. \
          Then nothing is left of the sandbox but its name.",
    bad: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("workflow_dispatch"
                "    steps:\n"
                "      - run: docker run --privileged --memory 2g --pids-limit 512 ghcr.io/fullsend-ai/agent-sandbox:1.4.2 triage\n"
            ),
        },
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("workflow_dispatch"
                "    container:\n"
                "      image: alpine:3.22@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
                "      volumes:\n"
                "        - /var/run/docker.sock:/var/run/docker.sock\n"
                "    steps:\n"
                "      - run: claude --print \"What is new?\"\n"
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

/// What takes the wall down.
static OPENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let opens = r"--privileged\b|/(?:docker|podman|containerd)\.sock\b|--cap-add[= ](?:ALL|SYS_ADMIN|CAP_SYS_ADMIN)\b|--(?:pid|userns)[= ]host\b|=unconfined\b";
    Regex::new(opens).ok()
});

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let agents = Agents::of(workflow);
    let source = workflow.subject.source;
    for (index, job) in workflow.jobs.iter().enumerate() {
        let runs_agent = agents.of_job(index).is_some();
        for launch in agent::launches(job) {
            if let Some(found) = opens(launch.command()) {
                let start = launch.range.start;
                let within = start + found.start..start + found.end;
                let at = launch.run.origin(source).range(within);
                say(at, &launch.command()[found], report);
            }
        }
        let own = of_container(job).into_iter().filter(|_| runs_agent);
        for text in own {
            if let Some(found) = opens(text.value) {
                let at = text.origin(source).range(found.clone());
                say(at, &text.value[found], report);
            }
        }
    }
}

fn say(at: Range<usize>, option: &str, report: &mut Report<'_>) {
    let message = format!("`{option}` gives the agent the runner, and with it every secret there");
    report.at(&RULE, at, message);
}

fn opens(text: &str) -> Option<Range<usize>> {
    Some(OPENS.as_ref()?.find(text)?.range())
}

/// The options and the volumes of the container that the job runs in.
fn of_container<'a>(job: &Job<'a>) -> Vec<Scalar<'a>> {
    let Some(container) = job.node.get("container") else {
        return Vec::new();
    };
    let options = container.get("options").and_then(|it| it.scalar());
    let volumes = container.get("volumes").into_iter();
    let volumes = volumes.flat_map(|it| it.items().collect::<Vec<_>>());
    let volumes = volumes.filter_map(|it| it.scalar());
    options.into_iter().chain(volumes).collect()
}
