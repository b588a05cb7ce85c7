//! Jobs wait for each other.

use std::collections::HashMap;

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
        id: "workflow-needs-cycle",
        summary: "Jobs wait for each other",
        help: "Take one of the `needs` away.",
        severity: Severity::Error,
        page: "docs/rules/workflow-needs-cycle.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    needs: test\n"
            "  test:\n"
            "    needs: build\n"
            "    runs-on: ubuntu-24.04\n"
            "    timeout-minutes: 10\n"
            "    steps:\n"
            "      - run: make test\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "  test:\n"
            "    needs: build\n"
            "    runs-on: ubuntu-24.04\n"
            "    timeout-minutes: 10\n"
            "    steps:\n"
            "      - run: make test\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let ids = workflow.jobs.iter().map(|job| job.id.to_ascii_lowercase());
    let index: HashMap<String, usize> = ids.zip(0..).collect();
    let waits: Vec<Vec<usize>> = (workflow.jobs.iter())
        .map(|job| {
            let needs = job.needs.iter().map(|need| need.value.to_ascii_lowercase());
            needs.filter_map(|need| index.get(&need).copied()).collect()
        })
        .collect();
    let mut left = waiting(&waits);
    for start in 0..waits.len() {
        let Some(cycle) = cycle_from(start, &waits, &mut left) else {
            continue;
        };
        let names: Vec<String> = cycle
            .iter()
            .map(|job| short(workflow.jobs[*job].id))
            .collect();
        let Some(first) = cycle.first().map(|job| &workflow.jobs[*job]) else {
            continue;
        };
        let message = match names.as_slice() {
            [one] => format!("the job `{one}` waits for itself"),
            names if names.len() > 10 => format!("{} jobs wait for each other", names.len()),
            names => format!("the jobs `{}` wait for each other", names.join("`, `")),
        };
        report.at(&RULE, first.at.clone(), message);
    }
}

/// The jobs that can never start: those in a circle, and those that wait for one.
fn waiting(waits: &[Vec<usize>]) -> Vec<bool> {
    let mut behind = vec![Vec::new(); waits.len()];
    for (job, needs) in waits.iter().enumerate() {
        for need in needs {
            behind[*need].push(job);
        }
    }
    let mut open: Vec<usize> = waits.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..waits.len()).filter(|job| open[*job] == 0).collect();
    while let Some(job) = ready.pop() {
        for next in &behind[job] {
            open[*next] -= 1;
            if open[*next] == 0 {
                ready.push(*next);
            }
        }
    }
    open.into_iter().map(|open| open > 0).collect()
}

/// The circle that `start` leads to among the jobs that are left; takes everything away that was
/// looked at. Nothing where it waits only for a circle that was told before.
fn cycle_from(start: usize, waits: &[Vec<usize>], left: &mut [bool]) -> Option<Vec<usize>> {
    let mut way = Vec::new();
    let mut place = HashMap::new();
    let mut here = left[start].then_some(start);
    let mut cycle = None;
    while let Some(job) = here {
        if let Some(first) = place.get(&job) {
            cycle = Some(way[*first..].to_vec());
            break;
        }
        place.insert(job, way.len());
        way.push(job);
        here = waits[job].iter().copied().find(|need| left[*need]);
    }
    for job in way {
        left[job] = false;
    }
    cycle
}
