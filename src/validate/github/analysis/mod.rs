//! What expressions mean: contexts, functions and names that are there or not.

mod contexts;
mod functions;
mod names;

use std::collections::HashSet;

pub(super) use names::Names;

use super::{
    expression::MAX_LENGTH,
    fault::{FaultKind, Faults},
    view::Expression,
};
use crate::document::Source;

/// Looks at every expression of a file.
pub(super) fn check(
    source: &Source<'_>,
    expressions: &[Expression<'_>],
    names: &Names<'_>,
    faults: &mut Faults,
) {
    let mut seen = HashSet::new();
    for (index, expression) in expressions.iter().enumerate() {
        if faults.full() {
            break;
        }
        if !expression.bare && seen.insert((expression.scalar.at.start, expression.place.name)) {
            let value = &expressions[index..];
            let same = |other: &&Expression<'_>| {
                other.scalar.at == expression.scalar.at && other.place == expression.place
            };
            let value: Vec<_> = value.iter().take_while(same).collect();
            length(source, &value, faults);
            condition(source, &value, faults);
        }
        match &expression.tree {
            Ok(tree) => {
                for part in tree.all() {
                    contexts::check(source, expression, part, faults);
                    functions::check(source, expression, part, faults);
                }
                for path in tree.paths().iter().filter_map(|path| path.path()) {
                    names.check(source, expression, &path, faults);
                }
            }
            Err(error) => {
                let at = expression.range(source, error.at.clone());
                let message = format!("GitHub cannot read this expression: {}", error.message);
                faults.add(FaultKind::ExpressionSyntax, at, message);
            }
        }
    }
}

/// A text with expressions becomes one expression, which has a longest length.
fn length(source: &Source<'_>, value: &[&Expression<'_>], faults: &mut Faults) {
    let Some(first) = value.first() else { return };
    let text = first.scalar.value;
    if text.len() <= MAX_LENGTH {
        return;
    }
    let escaped = |text: &str| -> usize {
        let twice = text.matches(['\'', '{', '}']).count();
        text.encode_utf16().count() + twice
    };
    let mut length = "format('')".len();
    let mut done = 0;
    for (index, expression) in value.iter().enumerate() {
        let found = &expression.found;
        length += escaped(&text[done..found.whole.start]) + format!("{{{index}}}, ").len();
        length += text[found.inside.clone()].trim().encode_utf16().count();
        done = found.whole.end;
    }
    length += escaped(&text[done..]);
    if length > MAX_LENGTH {
        let message = format!(
            "a text with an expression has {length} characters once GitHub has made it one \
             expression, and may have {MAX_LENGTH}"
        );
        faults.add(FaultKind::ExpressionSyntax, first.at(source), message);
    }
}

/// A condition that is a text around an expression is always true.
fn condition(source: &Source<'_>, value: &[&Expression<'_>], faults: &mut Faults) {
    let Some(first) = value.first().filter(|first| first.place.tells_status()) else {
        return;
    };
    let text = first.scalar.value;
    let closed = value.iter().all(|expression| expression.found.closed);
    if !closed || first.found.whole == (0..text.len()) {
        return;
    }
    let at = first.range(source, 0..text.trim_end().len());
    if value.len() == 1 && text.trim().len() == first.found.whole.len() {
        let message = "the white space around the expression makes this condition always true";
        faults
            .add(FaultKind::ConditionAlwaysTrue, at, message)
            .warning()
            .help("Leave `${{` and `}}` out, or end a block with `-`: `if: |-`.");
    } else {
        let message = "this condition is always true: what stands outside of `${{ }}` makes a \
                       text of it, and a text is true";
        faults.add(FaultKind::ConditionAlwaysTrue, at, message);
    }
}
