//! An input of an action becomes part of its script.

use super::{
    author::{Author, Authors},
    injection,
};
use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Action, view::Expression},
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "action-template-injection",
        summary: "A value that others write becomes part of an action's script",
        help: "Put it into the step's `env:` and write `\"$NAME\"` in the script.",
        severity: Severity::Warning,
        page: "docs/rules/action-template-injection.md",
    },
    why: "An action cannot know what its users give it: the title of an issue, the name of a \
          branch. Where `${{ inputs.who }}` stands in `run`, that text is a part of the script \
          before a shell reads it, and so a command of whoever wrote it.",
    bad: &[Example {
        path: "action.yml",
        text: composite!(
            "    - shell: bash\n"
            "      run: echo \"Hello ${{ inputs.who }}\"\n"
        ),
    }],
    good: &[Example {
        path: "action.yml",
        text: composite!(
            "    - shell: bash\n"
            "      env:\n"
            "        WHO: ${{ inputs.who }}\n"
            "      run: echo \"Hello $WHO\"\n"
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    let authors = Authors::of_action(action);
    let step = |expression: &Expression<'_>| action.steps.get(expression.step?);
    let source = action.subject.source;
    for injection in injection::find(&action.expressions, &authors, step) {
        let at = injection
            .expression
            .range(source, injection.foreign.at.clone());
        let problem = report.at(&RULE, at, injection.message());
        match injection.foreign.author {
            Author::Anyone => problem.severity(Severity::Error),
            Author::Caller => problem,
            Author::Writer => problem.severity(Severity::Note),
        };
        if let Some(help) = injection.help() {
            problem.help(help);
        }
    }
}
