//! A call of a workflow of the same repository does not give what that wants.

use std::collections::HashMap;

use crate::{
    config::suggest,
    document::yaml::{Kind, Node, Scalar},
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{
            Workflow,
            grammar::short,
            nearby::{Input, Nearby, Neighbours, Wants},
            view::Job,
        },
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-call-input",
        summary: "A call of a workflow of the same repository does not give what that wants",
        help: "Give every required input and secret, in its type, and no others.",
        severity: Severity::Error,
        page: "docs/rules/workflow-call-input.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  test:\n",
                "    uses: ./.github/workflows/test.yml\n",
                "    with:\n",
                "      leval: 3\n",
            ),
        },
        BESIDE,
    ],
    good: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  test:\n",
                "    uses: ./.github/workflows/test.yml\n",
                "    with:\n",
                "      level: 3\n",
            ),
        },
        BESIDE,
    ],
    check: Check::Workflow(check),
};

/// What is used.
const BESIDE: Example = Example {
    path: ".github/workflows/test.yml",
    text: concat!(
        "on:\n",
        "  workflow_call:\n",
        "    inputs:\n",
        "      level: {type: number, required: true}\n",
        "permissions: {}\n",
        "jobs:\n",
        "  test:\n",
        "    runs-on: ubuntu-24.04\n",
        "    timeout-minutes: 10\n",
        "    steps:\n",
        "      - run: make test\n",
    ),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let mut nearby = Neighbours::of(workflow.subject);
    for job in &workflow.jobs {
        let Some(uses) = job.node.get("uses").and_then(|uses| uses.scalar()) else {
            continue;
        };
        match nearby.workflow(uses.value) {
            Nearby::Wants(wants) if !wants.open => {
                inputs(job, &uses, wants, report);
                secrets(job, &uses, wants, report);
            }
            Nearby::NotCallable => {
                let message = format!("{} has no `on: workflow_call`", short(uses.value));
                report.at(&RULE, uses.at, message);
            }
            Nearby::Wants(_) | Nearby::Absent | Nearby::Unknown => {}
        }
    }
}

fn inputs(job: &Job<'_>, uses: &Scalar<'_>, wants: &Wants, report: &mut Report<'_>) {
    let Some(given) = given(job, "with") else {
        return;
    };
    for (key, value) in given.values() {
        match wants.inputs.get(&key.value.to_ascii_lowercase()) {
            None => {
                let near = suggest(key.value, wants.inputs.values().map(|it| it.name.as_str()));
                let near = near.map(|near| format!("; did you mean `{}`?", short(near)));
                let message = format!(
                    "{} has no input `{}`{}",
                    short(uses.value),
                    short(key.value),
                    near.unwrap_or_default()
                );
                report.at(&RULE, key.at.clone(), message);
            }
            Some(input) => typed(input, value, report),
        }
    }
    for (folded, input) in &wants.inputs {
        if input.needed && !given.contains_key(folded) {
            let message = format!(
                "{} needs the input `{}`",
                short(uses.value),
                short(&input.name)
            );
            report.at(&RULE, uses.at.clone(), message);
        }
    }
}

fn typed(input: &Input, value: &Node<'_>, report: &mut Report<'_>) {
    if value.text().is_none_or(|text| text.contains("${{")) {
        return;
    }
    let fits = match input.kind.as_deref() {
        Some("boolean") => value.kind() == Kind::Boolean,
        Some("number") => matches!(value.kind(), Kind::Integer | Kind::Float),
        _ => true,
    };
    if !fits {
        let wanted = input.kind.as_deref().unwrap_or_default();
        let message = format!(
            "the input `{}` must be a {wanted} without quotes",
            short(&input.name)
        );
        report.at(&RULE, value.at(), message);
    }
}

fn secrets(job: &Job<'_>, uses: &Scalar<'_>, wants: &Wants, report: &mut Report<'_>) {
    // `inherit` gives all that there are.
    if job
        .node
        .get("secrets")
        .is_some_and(|it| it.text().is_some())
    {
        return;
    }
    let Some(given) = given(job, "secrets") else {
        return;
    };
    for (folded, (key, _)) in &given {
        if !wants.secrets.contains_key(folded) {
            let message = format!("{} has no secret `{}`", short(uses.value), short(key.value));
            report.at(&RULE, key.at.clone(), message);
        }
    }
    for (folded, (name, required)) in &wants.secrets {
        if *required && !given.contains_key(folded) {
            let message = format!("{} needs the secret `{}`", short(uses.value), short(name));
            report.at(&RULE, uses.at.clone(), message);
        }
    }
}

/// What a call gives at `key`, by name in small letters; nothing where that is computed.
fn given<'a>(job: &Job<'a>, key: &str) -> Option<HashMap<String, (Scalar<'a>, Node<'a>)>> {
    let Some(given) = job.node.get(key) else {
        return Some(HashMap::new());
    };
    if !matches!(given.kind(), Kind::Mapping | Kind::Null) {
        return None;
    }
    let entries = given.entries().into_iter();
    let named = entries.filter_map(|(key, value)| {
        let key = key.scalar()?;
        Some((key.value.to_ascii_lowercase(), (key, value)))
    });
    let named: HashMap<_, _> = named.collect();
    (!named.keys().any(|key| key.contains("${{"))).then_some(named)
}
