//! An output of a composite action has no value.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Action, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "action-empty-output",
        summary: "An output of a composite action has no value",
        help: "Give the output its `value`, as `${{ steps.build.outputs.digest }}`.",
        severity: Severity::Warning,
        page: "docs/rules/action-empty-output.md",
    },
    why: "The output is always empty: a composite action puts out nothing by itself.",
    bad: &[Example {
        path: "action.yml",
        text: concat!(
            "name: build\n",
            "description: Builds.\n",
            "outputs:\n",
            "  digest: {description: What was built.}\n",
            "runs:\n",
            "  using: composite\n",
            "  steps:\n",
            "    - run: make\n",
            "      shell: bash\n",
        ),
    }],
    good: &[Example {
        path: "action.yml",
        text: concat!(
            "name: build\n",
            "description: Builds.\n",
            "outputs:\n",
            "  digest:\n",
            "    description: What was built.\n",
            "    value: ${{ steps.build.outputs.digest }}\n",
            "runs:\n",
            "  using: composite\n",
            "  steps:\n",
            "    - run: make\n",
            "      shell: bash\n",
            "      id: build\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    let using = action.runs.and_then(|runs| runs.get("using")?.text());
    if using != Some("composite") {
        return;
    }
    let outputs = action.root.get("outputs");
    for (key, output) in outputs.into_iter().flat_map(|outputs| outputs.entries()) {
        if output.get("value").is_none() {
            let name = short(key.text().unwrap_or_default());
            report.at(
                &RULE,
                key.at(),
                format!("the output `{name}` has no `value`"),
            );
        }
    }
}
