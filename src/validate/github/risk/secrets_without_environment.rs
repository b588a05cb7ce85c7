//! An agent's job takes secrets that no environment guards.

use std::collections::HashSet;

use super::{agent::Agents, flow::flows};
use crate::{
    model::text::excerpt,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-secrets-without-environment",
        summary: "An agent's job takes secrets that no environment guards",
        help: "Move the secret into an environment of the repository and name that in the job's \
               `environment:`.",
        severity: Severity::Note,
        page: "docs/rules/workflow-secrets-without-environment.md",
    },
    why: "A secret of the repository is there for every workflow of every branch: whoever can \
          push a branch can read it. One of an environment is there only for jobs that name the \
          environment, from branches that it admits, after the approval that it asks for.",
    bad: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("workflow_dispatch"
            "    steps:\n"
            "      - run: fullsend exec triage\n"
            "        env:\n"
            "          MODEL_KEY: ${{ secrets.MODEL_KEY }}\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("workflow_dispatch"
            "    environment: agents\n"
            "    steps:\n"
            "      - run: fullsend exec triage\n"
            "        env:\n"
            "          MODEL_KEY: ${{ secrets.MODEL_KEY }}\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let agents = Agents::of(workflow);
    let mut seen = HashSet::new();
    for expression in &workflow.expressions {
        let Some((index, tree)) = expression.job.zip(expression.tree.as_ref().ok()) else {
            continue;
        };
        let guarded =
            (workflow.jobs.get(index)).is_none_or(|job| job.node.get("environment").is_some());
        if guarded || agents.of_job(index).is_none() {
            continue;
        }
        for flow in flows(tree) {
            let [Some(context), Some(name)] = flow.path.as_slice() else {
                continue;
            };
            if context != "secrets" || name == "github_token" {
                continue;
            }
            if seen.insert((index, name.clone())) {
                let at = expression.range(workflow.subject.source, flow.at());
                let written = expression.scalar.value.get(flow.at()).unwrap_or(name);
                let message = format!(
                    "`{}` is given to an agent's job without an `environment`",
                    excerpt(written)
                );
                report.at(&RULE, at, message);
            }
        }
    }
}
