//! Pages.

use super::{super::refuse::Fail, Arguments, Field, Made, Thing};

/// A connection of these nodes, of which the arguments want a page.
pub(super) fn of(
    kind: &'static str,
    field: &str,
    arguments: &Arguments,
    all: Vec<Made>,
) -> Result<Made, Fail> {
    paged(kind, field, arguments, all, |made| made)
}

/// The same, of which only the nodes of the page are made.
pub(super) fn paged<T>(
    kind: &'static str,
    field: &str,
    arguments: &Arguments,
    all: Vec<T>,
    made: impl Fn(T) -> Made,
) -> Result<Made, Fail> {
    let total = all.len();
    let (from, to) = page(field, arguments, total)?;
    let nodes: Vec<Made> = all
        .into_iter()
        .skip(from)
        .take(to - from)
        .map(made)
        .collect();
    let empty = nodes.is_empty();
    let cursor = |at: usize| (!empty).then(|| format!("c{at}"));
    let at = |at: usize| cursor(at).map_or_else(Made::null, Made::from);
    let info = vec![
        ("hasNextPage", (to < total).into()),
        ("hasPreviousPage", (from > 0).into()),
        ("startCursor", at(from)),
        ("endCursor", at(to.saturating_sub(1))),
    ];
    let fields = vec![
        ("nodes", Made::List(nodes)),
        ("pageInfo", Thing::Plain("PageInfo", info).into()),
        ("totalCount", total.into()),
    ];
    Ok(Thing::Plain(kind, fields).into())
}

/// The same for a field.
pub(super) fn field(
    kind: &'static str,
    field: &str,
    arguments: &Arguments,
    all: impl IntoIterator<Item = Thing>,
) -> Field {
    let all = all.into_iter().map(Made::Object).collect();
    of(kind, field, arguments, all).map(Some)
}

/// From which to which of `total` the page goes.
fn page(field: &str, arguments: &Arguments, total: usize) -> Result<(usize, usize), Fail> {
    let count = |name| {
        arguments
            .number(name)
            .and_then(|it| usize::try_from(it).ok())
    };
    let at = |name| -> Option<usize> { arguments.text(name)?.strip_prefix('c')?.parse().ok() };
    let begin = at("after").map_or(0, |at| at + 1).min(total);
    let end = at("before").unwrap_or(total).clamp(begin, total);
    let most = count("first").or(count("last"));
    match (most, count("first"), count("last")) {
        (Some(most), ..) if most > 100 => Err(Fail::new(
            "EXCESSIVE_PAGINATION",
            format!(
                "Requesting {most} records on the `{field}` connection exceeds the `first` limit of 100 records."
            ),
        )),
        (_, Some(first), _) => Ok((begin, (begin + first).min(end))),
        (_, _, Some(last)) => Ok((end.saturating_sub(last).max(begin), end)),
        _ => Err(Fail::new(
            "MISSING_PAGINATION_BOUNDARIES",
            format!(
                "You must provide a `first` or `last` value to properly paginate the `{field}` connection."
            ),
        )),
    }
}
