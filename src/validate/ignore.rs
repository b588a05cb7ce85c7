//! Comments that silence a finding: `# fullsend: ignore[rule] reason`.
//!
//! One at a line's end is about what begins on that line; one that stands alone is about the next
//! line that holds more than a comment.

use std::collections::{HashMap, HashSet};

use super::{Kind, Problem};
use crate::document::{self, Comment, Language, Source};

const MARK: &str = "fullsend: ignore[";

/// The names of rules by the line on which they are silenced.
type Silenced<'a> = HashMap<usize, Vec<&'a str>>;

/// Takes those out of `problems` that a comment in their file silences.
pub(super) fn silence(source: &Source<'_>, kind: Option<Kind>, problems: &mut Vec<Problem>) {
    if problems.is_empty() || !source.text().contains(MARK) {
        return;
    }
    // What cannot be parsed has no comments either.
    let Ok(comments) = document::comments(source, language(source, kind)) else {
        return;
    };
    let silenced = silenced(source, &comments);
    problems.retain(|problem| {
        let rules = problem.finding.line.and_then(|line| silenced.get(&line));
        !rules.is_some_and(|rules| rules.contains(&problem.finding.rule.id))
    });
}

fn language(source: &Source<'_>, kind: Option<Kind>) -> Language {
    let ends_in = |end: &str| source.file().extension().is_some_and(|found| found == end);
    match kind {
        Some(Kind::RunnerConfig) => Language::Toml,
        Some(Kind::Renovate) if !ends_in("yml") && !ends_in("yaml") => Language::Json,
        _ => Language::Yaml,
    }
}

fn silenced<'a>(source: &Source<'a>, comments: &[Comment]) -> Silenced<'a> {
    let line_of = |comment: &Comment| source.span(&comment.at).start.line;
    let alone: HashSet<usize> = comments.iter().filter(|it| it.alone).map(line_of).collect();
    let mut silenced = Silenced::new();
    for comment in comments {
        let names = names(source.slice(comment.at.clone()));
        if names.is_empty() {
            continue;
        }
        let line = line_of(comment);
        let target = if comment.alone {
            next_of_substance(
                source.slice(comment.at.end..source.text().len()),
                line,
                &alone,
            )
        } else {
            line
        };
        silenced.entry(target).or_default().extend(names);
    }
    silenced
}

/// The first line after `line` that holds more than a comment; `rest` begins at that line's end.
fn next_of_substance(rest: &str, line: usize, alone: &HashSet<usize>) -> usize {
    let after = (line..).zip(rest.split('\n')).skip(1);
    let mut of_substance = after.filter(|(n, text)| !alone.contains(n) && !text.trim().is_empty());
    of_substance.next().map_or(line, |(n, _)| n)
}

/// The names between the brackets of a comment's marks.
fn names(comment: &str) -> Vec<&str> {
    let marks = comment.split(MARK).skip(1);
    let lists = marks.filter_map(|rest| rest.split_once(']'));
    lists
        .flat_map(|(list, _)| list.split(','))
        .map(str::trim)
        .collect()
}
