//! What holds for every rule.

use std::{collections::HashSet, path::Path};

use super::*;
use crate::model::files::NoFiles;

/// An example in its repository: beside it lie the others of its list, and of other files the good.
struct Beside<'a> {
    example: &'a Example,
    list: &'a [Example],
    good: &'a [Example],
}

impl Beside<'_> {
    fn files(&self) -> impl Iterator<Item = &Example> {
        [self.example].into_iter().chain(self.list).chain(self.good)
    }
}

impl Files for Beside<'_> {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        let file = self.files().find(|file| Path::new(file.path) == path);
        Ok(file.map(|file| file.text.as_bytes().to_vec()))
    }
}

/// What is found in `example`, one of the rule's `list`.
fn found(rule: &Rule, example: &Example, list: &[Example]) -> Vec<Problem> {
    let beside = Beside {
        example,
        list,
        good: rule.good,
    };
    let path = Path::new(example.path);
    check(path, example.text.as_bytes(), None, &beside).problems
}

/// Whether `example` only lies beside the bad ones: it stands in both lists.
fn is_companion(rule: &Rule, example: &Example) -> bool {
    let same = |good: &Example| (good.path, good.text) == (example.path, example.text);
    rule.good.iter().any(same)
}

#[test]
fn every_rule_finds_its_bad_examples_and_nothing_in_its_good_ones() {
    for rule in rules() {
        let id = rule.about.id;
        assert!(!rule.bad.is_empty(), "{id} shows nothing bad");
        for example in rule.bad.iter().filter(|bad| !is_companion(rule, bad)) {
            let found = found(rule, example, rule.bad);
            let has_it = found.iter().any(|problem| problem.finding.rule.id == id);
            assert!(has_it, "{id} does not find {}: {found:#?}", example.text);
        }
        for example in rule.good {
            let found = found(rule, example, rule.good);
            assert!(found.is_empty(), "{id}: {}: {found:#?}", example.text);
        }
    }
}

#[test]
fn a_mend_mends_and_is_made_once() {
    for rule in rules() {
        for example in rule.bad {
            let problems = found(rule, example, rule.bad);
            let edits: Vec<_> = problems.iter().flat_map(|it| it.fix.clone()).collect();
            if edits.is_empty() {
                continue;
            }
            let text = crate::document::edit::apply(example.text, &edits).unwrap();
            let again = check(Path::new(example.path), text.as_bytes(), None, &NoFiles).problems;
            let left: Vec<_> = again.iter().filter(|it| !it.fix.is_empty()).collect();
            assert!(left.is_empty(), "{}: {text}: {left:#?}", rule.about.id);
        }
    }
}

#[test]
fn rules_are_named_and_explained_in_one_manner() {
    let mut seen = HashSet::new();
    for rule in rules() {
        let about = &rule.about;
        assert!(seen.insert(about.id), "{} is there twice", about.id);
        assert!(
            about
                .id
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        );
        assert_eq!(about.page, format!("docs/rules/{}.md", about.id));
        assert!(
            !about.summary.ends_with('.') && about.help.ends_with('.'),
            "{}",
            about.id
        );
        assert!(rule.why.ends_with('.'), "{}", about.id);
    }
}

#[test]
fn a_comment_silences_its_line_or_the_next() {
    let count = |text: &str| {
        check(Path::new("fullsend.yaml"), text.as_bytes(), None, &NoFiles)
            .problems
            .len()
    };
    let bad = "version: 1\nagents:\n  triage: {cpu: 1.0}\n";
    assert_eq!(count(bad), 1);
    for comment in [
        "fullsend: ignore[config-invalid] wanted",
        "x, fullsend: ignore[a, config-invalid]",
    ] {
        assert_eq!(
            count(&bad.replace("0}\n", &format!("0}} # {comment}\n"))),
            0
        );
        assert_eq!(
            count(&bad.replace("  tri", &format!("  # {comment}\n\n  # more\n  tri"))),
            0
        );
        assert_eq!(
            count(&bad.replace("agents:", &format!("agents: # {comment}"))),
            1
        );
    }
    assert_eq!(
        count(&bad.replace("0}\n", "0} # fullsend: ignore[other]\n")),
        1
    );
}

#[test]
fn what_only_looks_like_such_a_comment_silences_nothing() {
    let text = "version: 1\nagents:\n  triage: {cpu: \"# fullsend: ignore[config-invalid] x\"}\n";
    let found = check(Path::new("fullsend.yaml"), text.as_bytes(), None, &NoFiles);
    assert_eq!(found.problems.len(), 1);
}

#[test]
fn lines_with_a_secret_are_not_shown() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    for (path, text) in [
        ("fullsend.yaml", format!("version: 1\ntoken: {token}\n")),
        ("renovate.json", format!("{{\"tokenn\": \"{token}\"}}")),
        (
            ".gitlab-ci.yml",
            format!("a: {{script: x, imag: {token}}}\n"),
        ),
        (
            ".github/workflows/a.yml",
            format!("on: push\njobs: {{a: {token}}}\n"),
        ),
        (".github/workflows/a.yml", format!("on: push\n\t{token}\n")),
    ] {
        let found = check(Path::new(path), text.as_bytes(), None, &NoFiles).problems;
        assert!(!found.is_empty(), "{path}");
        let excerpts: Vec<_> = found.iter().map(|it| &it.finding.excerpt).collect();
        assert!(
            !format!("{excerpts:?}").contains(&token),
            "{path}: {excerpts:?}"
        );
    }
}

#[test]
fn what_nobody_may_read_fails_nothing() {
    for text in ["x: [\nscript: y\n", "a: typescript\n[", "apiVersion: {\n"] {
        let found = check(Path::new("notes.yml"), text.as_bytes(), None, &NoFiles).problems;
        let severities: Vec<_> = found.iter().map(|it| it.finding.severity).collect();
        assert!(
            severities.iter().all(|it| it.as_str() == "note"),
            "{severities:?}"
        );
    }
    let found = check(Path::new(".github/workflows/a.yml"), b"", None, &NoFiles).problems;
    assert_eq!(found.len(), 1);
}
