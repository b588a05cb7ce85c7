//! Functions: whether they exist, can be called in this place, and get what they need.

use crate::{
    config::suggest,
    document::Source,
    validate::github::{
        expression::{Expr, ExprKind},
        fault::{FaultKind, Faults},
        grammar::short,
        view::Expression,
    },
};

/// Every function with its name in small letters, its name, and how many arguments it takes.
const FUNCTIONS: &[(&str, &str, usize, usize)] = &[
    ("always", "always", 0, 0),
    ("cancelled", "cancelled", 0, 0),
    ("case", "case", 3, 255),
    ("contains", "contains", 2, 2),
    ("endswith", "endsWith", 2, 2),
    ("failure", "failure", 0, 255),
    ("format", "format", 1, 255),
    ("fromjson", "fromJSON", 1, 1),
    ("hashfiles", "hashFiles", 1, 255),
    ("join", "join", 1, 2),
    ("startswith", "startsWith", 2, 2),
    ("success", "success", 0, 255),
    ("tojson", "toJSON", 1, 1),
];

/// Looks at `part` of an expression, where that is a call.
pub(super) fn check(
    source: &Source<'_>,
    expression: &Expression<'_>,
    part: &Expr<'_>,
    faults: &mut Faults,
) {
    let ExprKind::Call(name, name_at, arguments) = &part.kind else {
        return;
    };
    let at = expression.range(source, name_at.clone());
    let folded = name.to_ascii_lowercase();
    let Some((_, known, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == folded)
    else {
        unknown(name, at, faults);
        return;
    };
    let place = expression.place;
    let offered = match folded.as_str() {
        "always" | "cancelled" | "failure" | "success" => place.tells_status(),
        "hashfiles" => place.hashes_files(),
        _ => true,
    };
    if !offered {
        let message = format!("`{known}()` cannot be called in `{}`", place.name);
        faults.add(FaultKind::UnavailableFunction, at.clone(), message);
    }
    let count = arguments.len();
    if count < *least || count > *most {
        let message = format!(
            "`{known}()` takes {}, and gets {count}",
            counted(*least, *most)
        );
        faults.add(FaultKind::FunctionArguments, at, message);
    } else if folded == "case" && count % 2 == 0 {
        let message = "`case()` takes pairs of a condition and a value, and a last value for when \
                       no condition holds: an odd number of arguments";
        faults.add(FaultKind::FunctionArguments, at, message);
    } else if folded == "format" {
        placeholders(source, expression, arguments, faults);
    }
}

fn unknown(name: &str, at: std::ops::Range<usize>, faults: &mut Faults) {
    let near = suggest(name, FUNCTIONS.iter().map(|(_, name, ..)| *name));
    let name = short(name);
    if let Some(near) = near {
        let message = format!("there is no function `{name}`; did you mean `{near}`?");
        faults.add(FaultKind::UnknownFunction, at, message);
        return;
    }
    let message = format!("`{name}` is no function that is known");
    faults.add(FaultKind::UnknownFunction, at, message).note();
}

fn counted(least: usize, most: usize) -> String {
    match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        (1, 1) => "one argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, 255) => format!("at least {least}"),
        (least, most) => format!("{least} to {most} arguments"),
    }
}

/// `{2}` in the text of `format`, where no third argument follows.
fn placeholders(
    source: &Source<'_>,
    expression: &Expression<'_>,
    arguments: &[Expr<'_>],
    faults: &mut Faults,
) {
    let Some((text, at)) = arguments.first().and_then(|first| match &first.kind {
        ExprKind::Text(text) => Some((text, &first.at)),
        _ => None,
    }) else {
        return;
    };
    let values = arguments.len() - 1;
    let highest = numbers(text).max();
    if let Some(highest) = highest.filter(|highest| *highest >= values) {
        let message = format!(
            "`format()` is to put a value at `{{{highest}}}`, and gets {values} to put anywhere"
        );
        let at = expression.range(source, at.clone());
        faults.add(FaultKind::FunctionArguments, at, message);
    }
}

/// The numbers in single braces; doubled ones stand for a brace.
fn numbers(text: &str) -> impl Iterator<Item = usize> {
    let plain = text.replace("{{", "").replace("}}", "");
    let parts: Vec<usize> = plain
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}')?.0.parse().ok())
        .collect();
    parts.into_iter()
}
