//! A called workflow gets every secret.

use super::uses;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-secrets-inherit",
        summary: "A called workflow gets every secret",
        help: "Name the secrets that it needs: `secrets: {TOKEN: ${{ secrets.TOKEN }}}`.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-secrets-inherit.md",
    },
    why: "`secrets: inherit` hands over every secret of the repository and the organisation, \
          those of tomorrow included, and nothing in the file tells which are used. For a \
          workflow of the same repository it is a note.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on: push\n",
            "permissions: {}\n",
            "jobs:\n",
            "  work:\n",
            "    uses: acme/ci/.github/workflows/build.yml@9f698171ed81b15d1823a05fc7211befd50c8ae0\n",
            "    secrets: inherit\n",
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on: push\n",
            "permissions: {}\n",
            "jobs:\n",
            "  work:\n",
            "    uses: acme/ci/.github/workflows/build.yml@9f698171ed81b15d1823a05fc7211befd50c8ae0\n",
            "    secrets:\n",
            "      TOKEN: ${{ secrets.TOKEN }}\n",
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    for job in &workflow.jobs {
        let uses = job.node.get("uses").and_then(|uses| uses.scalar());
        let secrets = job.node.get("secrets").and_then(|it| it.scalar());
        let inherited = secrets.filter(|secrets| secrets.value == "inherit");
        let (Some(uses), Some(inherited)) = (uses, inherited) else {
            continue;
        };
        let message = "the called workflow gets every secret of this one";
        let problem = report.at(&RULE, inherited.at, message);
        if !uses::is_remote(uses.value) {
            problem.severity(Severity::Note);
        }
    }
}
