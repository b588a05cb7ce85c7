//! Patterns that RE2 refuses.

use regex_syntax::ast::ErrorKind;

use super::view::{Renovate, shown};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-pattern",
        summary: "A pattern that Renovate's engine refuses",
        help: "Write the pattern without looking ahead or behind and without references back.",
        severity: Severity::Error,
        page: "docs/rules/renovate-pattern.md",
    },
    why: "Renovate reads patterns with RE2, which is safe on any input and so knows no \
          look-around and no references back. Renovate treats its configuration as invalid as \
          a whole: it opens an issue and makes no more updates, those for security among them, \
          until somebody mends the file.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "packageRules": [{"matchPackageNames": ["/^react(?!-dom)/"], "enabled": false}]}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "packageRules": [{"matchPackageNames": ["/^react/", "!react-dom"], "enabled": false}]}
"#,
    }],
    check: Check::Renovate(check),
};

/// Options whose texts are patterns between slashes, or names.
const SLASHED: &[&str] = &[
    "allowedVersions",
    "baseBranchPatterns",
    "excludeCommitPaths",
    "gitIgnoredAuthors",
    "managerFilePatterns",
    "matchBaseBranches",
    "matchCategories",
    "matchCurrentValue",
    "matchCurrentVersion",
    "matchDatasources",
    "matchDepNames",
    "matchDepTypes",
    "matchFileNames",
    "matchManagers",
    "matchNewValue",
    "matchPackageNames",
    "matchRegistryUrls",
    "matchRepositories",
    "matchSourceUrls",
    "matchUpdateTypes",
];

/// Options whose texts are patterns as they stand.
const BARE: &[&str] = &[
    "excludeDepPatterns",
    "excludePackagePatterns",
    "extractVersion",
    "fileMatch",
    "matchDepPatterns",
    "matchPackagePatterns",
    "matchStrings",
    "packagePattern",
    "packagePatterns",
];

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for object in &renovate.objects {
        let kind = object.get("customType");
        let jsonata = kind.is_some_and(|kind| kind.value.text() == Some("jsonata"));
        for entry in object.entries() {
            let Some(form) = Form::of(entry.name, jsonata) else {
                continue;
            };
            for text in entry.texts() {
                // Templates are filled in first.
                let pattern = form.pattern(text.value).filter(|it| !it.contains("{{"));
                if let Some((pattern, reason)) = pattern.and_then(|it| Some((it, refused(it)?))) {
                    let message = format!("`{}` {reason}", shown(pattern));
                    report.at(&RULE, text.at, message);
                }
            }
        }
    }
}

/// How an option holds patterns.
#[derive(Clone, Copy)]
enum Form {
    Slashed,
    Bare,
    Versioning,
}

impl Form {
    fn of(name: &str, jsonata: bool) -> Option<Self> {
        if SLASHED.contains(&name) {
            return Some(Self::Slashed);
        }
        if name == "versioning" || name == "versioningTemplate" {
            return Some(Self::Versioning);
        }
        (BARE.contains(&name) && !jsonata).then_some(Self::Bare)
    }

    fn pattern(self, text: &str) -> Option<&str> {
        match self {
            Self::Slashed => between_slashes(text),
            Self::Bare => Some(text),
            Self::Versioning => text.strip_prefix("regex:"),
        }
    }
}

/// The pattern of `/pattern/`, `!/pattern/i`.
fn between_slashes(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('!').unwrap_or(text).strip_prefix('/')?;
    let rest = rest.strip_suffix('i').unwrap_or(rest);
    rest.strip_suffix('/')
}

/// Why RE2 refuses the pattern; nothing where it only may.
pub(super) fn refused(pattern: &str) -> Option<&'static str> {
    let error = regex_syntax::ast::parse::Parser::new()
        .parse(pattern)
        .err()?;
    Some(match error.kind() {
        ErrorKind::UnsupportedLookAround => "looks ahead or behind, which RE2 does not know",
        ErrorKind::UnsupportedBackreference => "refers back to a group, which RE2 does not know",
        ErrorKind::GroupUnclosed => "has a group that is not closed",
        ErrorKind::GroupUnopened => "closes a group that is not open",
        ErrorKind::RepetitionMissing => "repeats nothing",
        ErrorKind::GroupNameDuplicate { .. } => "names two groups alike",
        _ => return None,
    })
}
