//! A schedule is not one that GitHub can read.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-cron",
        summary: "A schedule is not one that GitHub can read",
        help: "Write five fields: minute, hour, day of the month, month, day of the week.",
        severity: Severity::Error,
        page: "docs/rules/workflow-cron.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on:\n",
            "  schedule:\n",
            "    - cron: \"0 24 * * *\"\n",
            "permissions: {}\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on:\n",
            "  schedule:\n",
            "    - cron: \"17 4 * * MON\"\n",
            "permissions: {}\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
    check: Check::Workflow(check),
};

/// The fields with their least and greatest number.
const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 6, DAYS),
];

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let schedules = workflow.triggers.iter().filter(|it| it.name == "schedule");
    for config in schedules.filter_map(|trigger| trigger.config) {
        let crons = config.items().flat_map(|item| item.all("cron"));
        for scalar in crons.filter_map(|cron| cron.scalar()) {
            // A template's placeholder stands for all five.
            if scalar.value.starts_with('$') {
                continue;
            }
            if let Err(message) = fields(scalar.value) {
                report.at(&RULE, scalar.at, message);
            }
        }
    }
}

fn fields(cron: &str) -> Result<(), String> {
    let fields: Vec<&str> = cron.split_ascii_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "a schedule has five fields, and this has {}",
            fields.len()
        ));
    }
    for (field, (name, least, most, names)) in fields.iter().zip(FIELDS) {
        for part in field.split(',') {
            if !is_part(part, least, most, names) {
                return Err(format!(
                    "`{}` is no {name}: they go from {least} to {most}",
                    short(part)
                ));
            }
        }
    }
    Ok(())
}

/// Whether this is `*`, a number or a range, with or without a step.
fn is_part(part: &str, least: u32, most: u32, names: &[&str]) -> bool {
    let number = |text: &str| -> Option<u32> {
        let named = names
            .iter()
            .zip(least..)
            .find(|(name, _)| text.eq_ignore_ascii_case(name));
        let number = named
            .map(|(_, number)| number)
            .or_else(|| text.parse().ok())?;
        (least..=most).contains(&number).then_some(number)
    };
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    let stepped = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
    let ranged = match range.split_once('-') {
        Some((from, to)) => number(from)
            .zip(number(to))
            .is_some_and(|(from, to)| from <= to),
        None => range == "*" || number(range).is_some(),
    };
    stepped && ranged
}
