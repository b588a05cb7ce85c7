//! Files that cannot be read at all.

use super::{Example, Kind, Problem, Report, Rule, rule::Check};
use crate::{
    document::{DocumentError, Problem as Fault},
    reference,
    report::finding::{self, Finding, Severity},
};

pub(super) static RULES: &[&Rule] = &[&UNREADABLE];

/// What is no document of its language, or more of one than is read.
pub static UNREADABLE: Rule = Rule {
    about: finding::Rule {
        id: "unreadable",
        summary: "A file cannot be read",
        help: "Mend the file, or leave it out: nothing in it was looked at.",
        severity: Severity::Error,
        page: "docs/rules/unreadable.md",
    },
    why: "The platform that reads this file refuses it as well, often without saying so where \
          anybody looks: a workflow that is no YAML simply never runs.",
    bad: &[Example {
        path: ".github/workflows/agent.yml",
        text: "name: agent\non: push\njobs:\n  run:\n\truns-on: ubuntu-latest\n",
    }],
    good: &[],
    check: Check::Reading,
};

/// The problem of a file of no readable text.
pub(super) fn undecodable(named: Option<Kind>, error: &DocumentError) -> Problem {
    let finding = Finding::whole_file(&UNREADABLE.about, &error.file, error.problem.to_string());
    let finding = match error.position {
        Some(position) => finding.starting_at(position),
        None => finding,
    };
    Problem {
        finding: finding.severity(severity(named)),
        fix: Vec::new(),
        offset: error.position.map_or(0, |position| position.offset),
    }
}

/// Says that the text is not of its language; a template becomes a document only when rendered.
pub(super) fn unparsable(named: Option<Kind>, error: &DocumentError, report: &mut Report<'_>) {
    let is_syntax = matches!(error.problem, Fault::Syntax { .. });
    if named.is_none() && is_syntax && reference::looks_like_template(report.source()) {
        return;
    }
    let message = error.problem.to_string();
    let problem = match error.position {
        Some(position) => report.at(&UNREADABLE, position.offset..position.offset, message),
        None => report.whole(&UNREADABLE, message),
    };
    problem.severity(severity(named));
}

/// Of a file whose name tells nothing it is not known whether anybody reads it.
fn severity(named: Option<Kind>) -> Severity {
    match named {
        Some(_) => Severity::Error,
        None => Severity::Note,
    }
}
