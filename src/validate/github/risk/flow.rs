//! Which values an expression can put into the text that it stands in.

use std::ops::Range;

use crate::validate::github::expression::{Expr, ExprKind};

/// A value that can become part of a text.
pub(super) struct Flow<'x> {
    /// Its context and the names after it, in small letters; nothing for `*` and what is computed.
    pub(super) path: Vec<Option<String>>,
    /// The value as it is used.
    pub(super) expr: &'x Expr<'x>,
    /// Whether an object gives its whole content, as `toJSON` does.
    pub(super) as_json: bool,
}

impl Flow<'_> {
    /// The bytes of the text that hold it.
    pub(super) fn at(&self) -> Range<usize> {
        self.expr.at.clone()
    }
}

/// Functions that yield no part of what they are given.
const TESTS: [&str; 8] = [
    "always",
    "cancelled",
    "contains",
    "endswith",
    "failure",
    "hashfiles",
    "startswith",
    "success",
];

/// What of `expr` can become part of the text; a comparison yields nothing but `true` or `false`.
pub(super) fn flows<'x>(expr: &'x Expr<'x>) -> Vec<Flow<'x>> {
    let mut found = Vec::new();
    let mut open = vec![(expr, false)];
    while let Some((expr, as_json)) = open.pop() {
        if let Some(path) = expr.path() {
            let path = path.iter().map(|it| it.name.map(str::to_ascii_lowercase));
            found.push(Flow {
                path: path.collect(),
                expr,
                as_json,
            });
            continue;
        }
        match &expr.kind {
            ExprKind::Constant
            | ExprKind::Text(_)
            | ExprKind::Context(_)
            | ExprKind::Not(_)
            | ExprKind::Compare(..) => {}
            // All but the last are empty where they are what comes of it.
            ExprKind::And(parts) => open.extend(parts.last().map(|part| (part, as_json))),
            ExprKind::Or(parts) => open.extend(parts.iter().rev().map(|part| (part, as_json))),
            ExprKind::Field(of, ..) | ExprKind::Every(of) | ExprKind::Index(of, _) => {
                open.push((of, as_json));
            }
            ExprKind::Call(name, _, arguments) => {
                let name = name.to_ascii_lowercase();
                if !TESTS.contains(&name.as_str()) {
                    let as_json = as_json || name == "tojson";
                    open.extend(arguments.iter().rev().map(|part| (part, as_json)));
                }
            }
        }
    }
    found
}
