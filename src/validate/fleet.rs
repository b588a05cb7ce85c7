//! fleet.yaml, as the verbs of the fleet read it.

use super::{Example, Report, Rule, Subject, config::report_faults, rule::Check};
use crate::{
    config::parse_fleet,
    report::finding::{self, Severity},
};

pub(super) static RULES: &[&Rule] = &[&INVALID, &SKEW];

/// A fleet of one ring, with the further lines of its release.
macro_rules! fleet {
    ($($line:literal)*) => {
        concat!(
            "version: 1\n",
            "forge: {kind: github, owner: acme}\n",
            "rings: {all: {}}\n",
            $($line),*
        )
    };
}

/// What no other verb would accept.
static INVALID: Rule = Rule {
    about: finding::Rule {
        id: "fleet-invalid",
        summary: "fleet.yaml is not valid",
        help: "`fullsend schema fleet` prints what may stand in it.",
        severity: Severity::Error,
        page: "docs/rules/fleet-invalid.md",
    },
    why: "The verbs of the fleet refuse the file as a whole: no repository is enrolled, upgraded or \
          rolled back.",
    bad: &[Example {
        path: "fleet.yaml",
        text: fleet!(
            "action: fullsend-ai/sandbox@6862ffc5ab2cdb4405cf318a62a6f4c066e2298b\n"
            "image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2\n"
        ),
    }],
    good: &[Example {
        path: "fleet.yaml",
        text: fleet!(
            "action: fullsend-ai/sandbox@6862ffc5ab2cdb4405cf318a62a6f4c066e2298b # v1.4.0\n"
            "image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        ),
    }],
    check: Check::Fleet(invalid),
};

/// An action and an image that do not go together.
static SKEW: Rule = Rule {
    about: finding::Rule {
        id: "fleet-version-skew",
        summary: "A release of an action and an image that do not go together",
        help: "Name an action and an image of the same major version.",
        severity: Severity::Error,
        page: "docs/rules/fleet-version-skew.md",
    },
    why: "An action starts images of its own major version. A rollout would bring the pair to every \
          repository, ring by ring, and no agent would start there.",
    bad: &[Example {
        path: "fleet.yaml",
        text: fleet!(
            "action: fullsend-ai/sandbox@6862ffc5ab2cdb4405cf318a62a6f4c066e2298b # v1.4.0\n"
            "image: ghcr.io/fullsend-ai/agent-sandbox:2.0.0@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        ),
    }],
    good: &[Example {
        path: "fleet.yaml",
        text: fleet!(
            "action: fullsend-ai/sandbox@6862ffc5ab2cdb4405cf318a62a6f4c066e2298b # v2.1.0\n"
            "image: ghcr.io/fullsend-ai/agent-sandbox:2.0.0@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        ),
    }],
    check: Check::Fleet(skewed),
};

/// Looks at fleet.yaml with every rule.
pub(super) fn check(subject: Subject<'_>, report: &mut Report<'_>) {
    for rule in RULES {
        if let Check::Fleet(check) = rule.check {
            check(subject, report);
        }
    }
}

fn invalid(subject: Subject<'_>, report: &mut Report<'_>) {
    let name = subject.source.file().to_string_lossy();
    if let Err(error) = parse_fleet(subject.source.text().as_bytes(), &name) {
        report_faults(&INVALID, &error, report);
    }
}

fn skewed(subject: Subject<'_>, report: &mut Report<'_>) {
    let text = subject.source.text();
    let Ok(fleet) = parse_fleet(text.as_bytes(), "") else {
        return;
    };
    for (release, skew) in fleet.skews() {
        // Where the tag is written with its digest, which no other release has.
        let tag = release.image().tag().unwrap_or_default();
        let written = release.image().digest().map(|it| format!("{tag}@{it}"));
        let at = written.and_then(|it| Some((text.find(&it)?, it.len())));
        let problem = match at {
            Some((at, length)) => report.at(&SKEW, at..at + length, skew.to_string()),
            None => report.whole(&SKEW, skew.to_string()),
        };
        problem.help(format!("{}.", capitalised(&skew.hint())));
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
