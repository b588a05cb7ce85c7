//! What holds for every rule.

use std::{
    collections::{BTreeSet, HashSet},
    path::{Path, PathBuf},
};

use super::*;

/// Looks at `example` in a repository where the rule's good examples of other files lie beside it.
fn found(rule: &Rule, example: &Example) -> Vec<Problem> {
    let path = Path::new(example.path);
    check(path, example.text.as_bytes(), None, &Beside(rule, example)).problems
}

struct Beside<'a>(&'a Rule, &'a Example);

impl Files for Beside<'_> {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let Self(rule, example) = self;
        let mut files = [*example].into_iter().chain(rule.good);
        let file = files.find(|file| Path::new(file.path) == path)?;
        Some(file.text.as_bytes().to_vec())
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let Self(rule, example) = self;
        let files = [*example].into_iter().chain(rule.good);
        let paths = files.map(|file| PathBuf::from(file.path));
        let within = paths.filter(|path| path.parent() == Some(folder));
        within.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

#[test]
fn every_rule_finds_its_bad_examples_and_nothing_in_its_good_ones() {
    for rule in rules() {
        let id = rule.about.id;
        assert!(!rule.bad.is_empty(), "{id} shows nothing bad");
        for example in rule.bad {
            let found = found(rule, example);
            let has_it = found.iter().any(|problem| problem.finding.rule.id == id);
            assert!(has_it, "{id} does not find {}: {found:#?}", example.text);
        }
        for example in rule.good {
            let found = found(rule, example);
            assert!(found.is_empty(), "{id}: {}: {found:#?}", example.text);
        }
    }
}

#[test]
fn a_mend_mends_and_is_made_once() {
    for rule in rules() {
        for example in rule.bad {
            let problems = found(rule, example);
            let edits: Vec<_> = problems.iter().flat_map(|it| it.fix.clone()).collect();
            if edits.is_empty() {
                continue;
            }
            let text = crate::document::edit::apply(example.text, &edits).unwrap();
            let beside = Beside(rule, example);
            let again = check(Path::new(example.path), text.as_bytes(), None, &beside).problems;
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
