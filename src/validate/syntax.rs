//! Files that cannot be read at all.

use super::{Example, Kind, Problem, Rule, rule::Check};
use crate::{
    document::{DocumentError, Problem as Fault},
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

/// The problem of a file that could not be read.
///
/// Text that is not of its language is an error only where the name tells that a platform reads
/// the file; a template is a note.
pub(super) fn unreadable(named: Option<Kind>, error: &DocumentError) -> Problem {
    let severity = match error.problem {
        Fault::Template(_) => Severity::Note,
        _ if named.is_none() => Severity::Warning,
        _ => Severity::Error,
    };
    let finding = Finding::whole_file(&UNREADABLE.about, &error.file, error.problem.to_string());
    let finding = match error.position {
        Some(position) => finding.starting_at(position),
        None => finding,
    };
    Problem {
        finding: finding.severity(severity),
        fix: Vec::new(),
        offset: error.position.map_or(0, |position| position.offset),
    }
}
