//! Anybody can make an agent work.

use super::{agent::Agents, gate::Events, trigger};
use crate::{
    model::text::excerpt,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-untrusted-trigger",
        summary: "Anybody can make an agent work",
        help: "Ask in the job's `if:` who started it: \
               `contains(fromJSON('[\"OWNER\",\"MEMBER\",\"COLLABORATOR\"]'), \
               github.event.issue.author_association)`.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-untrusted-trigger.md",
    },
    why: "Whoever writes an issue or a comment then speaks to the agent, as often as they like: \
          they pay nothing for its tokens, and tell it what to do with the job's secrets and \
          rights. A condition on `author_association`, a label that only maintainers set, or a \
          step that asks for the permission of `github.actor` keeps strangers out.",
    bad: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("issues"
            "    steps:\n"
            "      - run: fullsend exec triage\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("issues"
            "    if: contains(fromJSON('[\"OWNER\",\"MEMBER\"]'), github.event.issue.author_association)\n"
            "    steps:\n"
            "      - run: fullsend exec triage\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let talk = Events::named(trigger::by_talk(workflow).map(|it| it.name));
    for it in Agents::jobs(workflow) {
        let gates = Agents::gates(workflow, it.index);
        let kept_out = gates.map_or_else(Events::default, |gates| gates.step(it.agent.step));
        let Some(event) = talk.without(kept_out).first().filter(|_| !it.agent.asks) else {
            continue;
        };
        let message = format!(
            "anybody who causes `{event}` makes the agent of the job `{}` work: nothing asks who that is",
            excerpt(it.job.id)
        );
        report.at(&RULE, it.agent.at.clone(), message);
    }
}
