//! Inputs whose declarations contradict themselves.

use super::{
    Pipeline,
    fault::brief,
    inputs::{self, Given, Input, Type},
};
use crate::{
    document::yaml::Scalar,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-input-declaration",
        summary: "An input is declared in a way that contradicts itself",
        help: "Let type, options, pattern and default agree.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-input-declaration.md",
    },
    why: "GitLab refuses every pipeline that includes the file.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "spec:\n  inputs:\n    ring:\n      options: [canary, stable]\n      default: latest\n---\n$[[ inputs.ring ]]:\n  script: [make]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "spec:\n  inputs:\n    cpus:\n      type: number\n      default: two\n---\ntest:\n  script: [\"make $[[ inputs.cpus ]]\"]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "spec:\n  inputs:\n    tag:\n      regex: \"[a-z\"\n---\ntest:\n  script: [\"make $[[ inputs.tag ]]\"]\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "spec:\n  inputs:\n    ring:\n      options: [canary, stable]\n      default: stable\n    cpus:\n      type: number\n      default: 2\n    tag:\n      regex: ^v\\d+$\n---\n$[[ inputs.ring ]]:\n  script: [\"make $[[ inputs.cpus ]] $[[ inputs.tag ]]\"]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let (Some(header), Some(inputs)) = (&pipeline.header, &pipeline.inputs) else {
        return;
    };
    let given = Given::of(&[], inputs);
    let entries = header
        .get("inputs")
        .map(|node| node.entries())
        .unwrap_or_default();
    for (key, node) in entries {
        let Some(input) = key.text().and_then(|name| inputs.get(name)) else {
            continue;
        };
        let name = brief(&input.name);
        if let Some(default) = node.get("default")
            && let Some(wrong) = input.refuses(&default, &given)
        {
            let message = format!("the default of `{name}` does not fit: it {wrong}");
            report.at(&RULE, default.at(), message);
        }
        if let Some(pattern) = node.get("regex").and_then(|node| node.scalar()) {
            pattern_of(input, &pattern, report);
        }
        if node.get("rules").is_some() {
            for word in ["options", "default"] {
                if let Some(value) = node.get(word) {
                    let message = format!("`{name}` has `rules`: its `{word}` belongs into them");
                    report.at(&RULE, value.at(), message);
                }
            }
        }
    }
}

fn pattern_of(input: &Input, pattern: &Scalar<'_>, report: &mut Report<'_>) {
    let name = brief(&input.name);
    if input.is != Type::Text && input.is != Type::Unknown {
        let message = format!("`{name}` is no text, and `regex` judges text only");
        report.at(&RULE, pattern.at.clone(), message);
    } else if inputs::compiled(pattern.value).is_none() {
        let message = format!("the pattern of `{name}` is none that GitLab's RE2 takes");
        report.at(&RULE, pattern.at.clone(), message);
    }
}
