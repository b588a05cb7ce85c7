//! Inputs that are used and not declared.

use super::{
    Pipeline, fault::brief, inputs::Inputs, interpolation::Interpolation, nearest::Nearest,
};
use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-input-undeclared",
        summary: "An input that the file does not declare",
        help: "Declare the input under `spec:inputs` in the header, or correct its name.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-input-undeclared.md",
    },
    why: "GitLab refuses every pipeline that includes the file: what stands between `$[[` and \
          `]]` must lead to an input. In a file without a header the text stays as it is, and \
          the script gets it literally.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "spec:\n  inputs:\n    agent:\n---\n$[[ inputs.agnet ]]:\n  script: [\"make $[[ inputs.agent ]]\"]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "spec:\n  inputs:\n    agent:\n---\n$[[ inputs.agent ]]:\n  script: [make]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let mut nearest = Nearest::new();
    for found in &pipeline.interpolations {
        match (found.context, &pipeline.inputs) {
            ("inputs", Some(inputs)) => undeclared(found, inputs, &mut nearest, report),
            ("inputs", None) => {
                let message = "this file has no header, so `$[[ inputs... ]]` stays as it is";
                let problem = report.at(&RULE, found.at.clone(), message);
                problem.severity(Severity::Warning);
            }
            ("matrix" | "component", _) => {}
            (context, _) => {
                let message = format!("`{}` is nothing that GitLab puts in", brief(context));
                let problem = report.at(&RULE, found.at.clone(), message);
                match suggest(context, ["inputs", "matrix", "component"].into_iter()) {
                    Some(near) => problem.help(format!("Did you mean `{near}`?")),
                    None => problem.severity(Severity::Note),
                };
            }
        }
    }
}

fn undeclared(
    found: &Interpolation<'_>,
    inputs: &Inputs,
    nearest: &mut Nearest,
    report: &mut Report<'_>,
) {
    if inputs.open || inputs.get(found.name).is_some() {
        return;
    }
    let message = format!("no input `{}` is declared", brief(found.name));
    let problem = report.at(&RULE, found.at.clone(), message);
    let names = inputs.declared.iter().map(|input| input.name.as_str());
    if let Some(near) = nearest.advice(found.name, names) {
        problem.help(near);
    }
}
