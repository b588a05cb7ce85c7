//! Values of another type.

use super::{
    options::{OPTIONS, Type},
    view::{Entry, Renovate},
};
use crate::{
    document::yaml::Kind,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-wrong-type",
        summary: "A value of a type that Renovate does not take",
        help: "Write a value of the type that the option takes.",
        severity: Severity::Error,
        page: "docs/rules/renovate-wrong-type.md",
    },
    why: "Renovate treats its configuration as invalid as a whole: it opens an issue and makes \
          no more updates, those for security among them, until somebody mends the file.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "prConcurrentLimit": "10"}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "prConcurrentLimit": 10}
"#,
    }],
    check: Check::Renovate(check),
};

/// Options that had another type once, which Renovate rewrites for itself.
const REPAIRED: &[&str] = &[
    "automerge",
    "automergeType",
    "binarySource",
    "composerIgnorePlatformReqs",
    "dryRun",
    "hostRules",
    "packageRules",
    "platformCommit",
    "postUpdateOptions",
    "requireConfig",
    "semanticCommits",
    "separateMultipleMajor",
];

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for (_, entry) in renovate.entries() {
        let Some(of) = OPTIONS.type_of(entry.name) else {
            continue;
        };
        let kind = entry.value.kind();
        if fits(of, kind, &entry) {
            continue;
        }
        let message = format!(
            "`{}` is {}, and Renovate takes {} there",
            entry.name,
            kind.name(),
            of.name()
        );
        let problem = report.at(&RULE, entry.value.at(), message);
        if REPAIRED.contains(&entry.name) {
            problem.severity(Severity::Warning);
        }
    }
}

/// Whether Renovate takes the value, as it is or after its own repairs.
fn fits(of: Type, kind: Kind, entry: &Entry<'_>) -> bool {
    // `null` takes a value back.
    kind == Kind::Null
        || match of {
            Type::Boolean => {
                kind == Kind::Boolean || matches!(entry.value.text(), Some("true" | "false"))
            }
            Type::Integer => kind == Kind::Integer,
            Type::Text => {
                kind == Kind::Text || (kind == Kind::Sequence && entry.value.items().count() == 1)
            }
            Type::Texts => matches!(kind, Kind::Sequence | Kind::Text),
            Type::List | Type::Objects => kind == Kind::Sequence,
            Type::Object => matches!(kind, Kind::Mapping | Kind::Boolean),
            Type::Map => kind == Kind::Mapping,
        }
}
