//! Strangers' code, or words, reach a runner that is kept.

use super::{
    agent::{Agents, Gates},
    gate::Events,
    trigger,
};
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
        id: "workflow-self-hosted-public",
        summary: "A self-hosted runner works for whoever opens a pull request or an issue",
        help: "Use GitHub's runners, or ask in the job's `if:` who started it; of a public \
               repository let only runners work that are made anew for each job.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-self-hosted-public.md",
    },
    why: "A pull request from a fork brings its own workflow's scripts and tests. On a runner of \
          your own they run in your network, and what they leave there waits for the next job. In \
          a private repository only its members can do that.",
    bad: &[Example {
        path: ".github/workflows/test.yml",
        text: concat!(
            "on: pull_request\n",
            "permissions: {}\n",
            "jobs:\n",
            "  work:\n",
            "    runs-on: [self-hosted, linux]\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make test\n",
        ),
    }],
    good: &[
        Example {
            path: ".github/workflows/test.yml",
            text: flow!("pull_request"
                "    steps:\n"
                "      - run: make test\n"
            ),
        },
        Example {
            path: ".github/workflows/test.yml",
            text: concat!(
                "on: pull_request\n",
                "permissions: {}\n",
                "jobs:\n",
                "  work:\n",
                "    if: github.event.pull_request.head.repo.full_name == github.repository\n",
                "    runs-on: [self-hosted, linux]\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make test\n",
            ),
        },
    ],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let by_talk = trigger::by_talk(workflow);
    let triggers = trigger::by_pull_request(workflow).chain(by_talk);
    let open = Events::named(triggers.map(|it| it.name));
    for (index, job) in workflow.jobs.iter().enumerate() {
        let gates = Agents::gates(workflow, index);
        let kept_out = gates.map_or_else(Events::default, Gates::all);
        let Some(event) = open.without(kept_out).first() else {
            continue;
        };
        let Some(label) = self_hosted(job) else {
            continue;
        };
        let message = format!("in a public repository anybody reaches this runner by `{event}`");
        report.at(&RULE, label.at, message);
    }
}

/// The label of runners that are somebody's own.
fn self_hosted<'a>(job: &Job<'a>) -> Option<Scalar<'a>> {
    let runs_on = job.node.get("runs-on")?;
    let labels = runs_on.get("labels").unwrap_or(runs_on);
    let listed = labels.items().filter_map(|item| item.scalar());
    let mut labels = labels.scalar().into_iter().chain(listed);
    labels.find(|label| label.value.eq_ignore_ascii_case("self-hosted"))
}
