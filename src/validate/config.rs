//! fullsend.yaml, as `fullsend exec` and `fullsend verify` read it.

use super::{Example, Report, Rule, Subject, rule::Check};
use crate::{
    config::{self, ConfigError},
    report::finding::{self, Severity},
};

pub(super) static RULES: &[&Rule] = &[&INVALID];

/// What no other verb would accept.
static INVALID: Rule = Rule {
    about: finding::Rule {
        id: "config-invalid",
        summary: "fullsend.yaml is not valid",
        help: "`fullsend schema config` prints what may stand in it.",
        severity: Severity::Error,
        page: "docs/rules/config-invalid.md",
    },
    why: "`fullsend exec` and `fullsend verify` refuse the file as a whole: no agent of this \
          repository is started.",
    bad: &[Example {
        path: "fullsend.yaml",
        text: "version: 1\nagents:\n  triage: {cpu: 1.0, memory: 2GiB}\n",
    }],
    good: &[Example {
        path: "fullsend.yaml",
        text: "version: 1\nagents:\n  triage: {cpus: 1.0, memory: 2GiB}\n",
    }],
    check: Check::Config(invalid),
};

/// Looks at fullsend.yaml with every rule.
pub(super) fn check(subject: Subject<'_>, report: &mut Report<'_>) {
    for rule in RULES {
        if let Check::Config(check) = rule.check {
            check(subject, report);
        }
    }
}

fn invalid(subject: Subject<'_>, report: &mut Report<'_>) {
    let name = subject.source.file().to_string_lossy();
    if let Err(error) = config::parse(subject.source.text().as_bytes(), &name) {
        report_faults(&INVALID, &error, report);
    }
}

/// Reports everything that is wrong with a configuration file.
pub(super) fn report_faults(rule: &'static Rule, error: &ConfigError, report: &mut Report<'_>) {
    for diagnostic in error.diagnostics() {
        let problem = match diagnostic.at() {
            Some(at) => report.at(rule, at, diagnostic.message()),
            None => report.whole(rule, diagnostic.message()),
        };
        if let Some(help) = diagnostic.hint() {
            problem.help(help);
        }
    }
}
