//! Comments that silence a finding: `# fullsend: ignore[rule] reason`.
//!
//! One at a line's end is about what begins on that line; one that stands alone is about the next
//! line that is no comment.

use std::collections::HashMap;

use super::Problem;
use crate::document::Source;

const MARK: &str = "fullsend: ignore[";

/// Takes those out of `problems` that a comment in their file silences.
pub(super) fn silence(source: &Source<'_>, problems: &mut Vec<Problem>) {
    if problems.is_empty() || !source.text().contains(MARK) {
        return;
    }
    let ignored = ignored(source.text());
    problems.retain(|problem| {
        let rules = problem.finding.line.and_then(|line| ignored.get(&line));
        !rules.is_some_and(|rules| rules.contains(&problem.finding.rule.id))
    });
}

/// The names of rules that are silenced, by line.
fn ignored(text: &str) -> HashMap<usize, Vec<&str>> {
    let mut ignored: HashMap<usize, Vec<&str>> = HashMap::new();
    let mut waiting: Vec<&str> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let alone = line.trim_start().starts_with('#');
        let named = line.split_once('#').map_or("", |(_, comment)| comment);
        let named = names(named);
        if alone {
            waiting.extend(named);
        } else if !line.trim().is_empty() {
            let here = ignored.entry(number).or_default();
            here.extend(waiting.drain(..));
            here.extend(named);
        }
    }
    ignored
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
