//! Contexts: whether they exist, and can be used in this place.

use crate::{
    config::suggest,
    document::Source,
    validate::github::{
        expression::{Expr, ExprKind},
        fault::{FaultKind, Faults},
        grammar::short,
        place::CONTEXTS,
        view::Expression,
    },
};

/// Looks at `part` of an expression, where that is a context.
pub(super) fn check(
    source: &Source<'_>,
    expression: &Expression<'_>,
    part: &Expr<'_>,
    faults: &mut Faults,
) {
    let ExprKind::Context(name) = part.kind else {
        return;
    };
    let folded = name.to_ascii_lowercase();
    let place = expression.place;
    if place.offers(&folded) {
        return;
    }
    let at = expression.range(source, part.at.clone());
    if CONTEXTS.contains(&folded.as_str()) {
        let message = format!("`{name}` is not available in `{}`", place.name);
        let offered: Vec<&str> = place.contexts().collect();
        faults
            .add(FaultKind::UnavailableContext, at, message)
            .help(format!("Available are `{}`.", offered.join("`, `")));
        return;
    }
    let name = short(name);
    if let Some(near) = suggest(&folded, place.contexts()) {
        let message = format!("there is no context `{name}`; did you mean `{near}`?");
        faults.add(FaultKind::UnknownContext, at, message);
        return;
    }
    let message = format!("`{name}` is no context that is known");
    faults
        .add(FaultKind::UnknownContext, at, message)
        .note()
        .help(format!("A text stands in single quotes: `'{name}'`."));
}
