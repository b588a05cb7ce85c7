//! GitHub's expressions, `${{ ... }}`: where they are in a text, and what they say.
//!
//! Every part of a tree knows its bytes of the text it was read from. What GitHub refuses for its
//! length or depth is refused here, so that no walk over a tree goes deep.

mod find;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::Range};

pub(in crate::validate::github) use find::{Found, find};
pub(in crate::validate::github) use parser::parse;

/// The deepest nesting that GitHub evaluates.
pub(in crate::validate::github) const MAX_DEPTH: usize = 50;

/// The most characters of an expression that GitHub evaluates.
pub(in crate::validate::github) const MAX_LENGTH: usize = 21_000;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::validate::github) struct Expr<'e> {
    /// Its bytes of the text that holds the expression.
    pub(in crate::validate::github) at: Range<usize>,
    /// What it is.
    pub(in crate::validate::github) kind: ExprKind<'e>,
}

/// What a part of an expression is.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::validate::github) enum ExprKind<'e> {
    /// `null`, `true`, `12`.
    Constant,
    /// `'text'`, with its escapes undone.
    Text(Cow<'e, str>),
    /// A context: `github`.
    Context(&'e str),
    /// `object.name`, with the bytes of the name.
    Field(Box<Expr<'e>>, &'e str, Range<usize>),
    /// `object.*` or `object[*]`.
    Every(Box<Expr<'e>>),
    /// `object[index]`.
    Index(Box<Expr<'e>>, Box<Expr<'e>>),
    /// `function(arguments)`, with the bytes of the name.
    Call(&'e str, Range<usize>, Vec<Expr<'e>>),
    /// `!operand`.
    Not(Box<Expr<'e>>),
    /// `left == right` and its like.
    Compare(Box<Expr<'e>>, Box<Expr<'e>>),
    /// All operands of `&&` in a row.
    And(Vec<Expr<'e>>),
    /// All operands of `||` in a row.
    Or(Vec<Expr<'e>>),
}

/// Why an expression could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::validate::github) struct SyntaxError {
    /// The bytes of the text where that showed.
    pub(in crate::validate::github) at: Range<usize>,
    /// What is wrong.
    pub(in crate::validate::github) message: String,
}

/// A name on the way from a context to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::validate::github) struct Segment<'e> {
    /// The name; nothing for `*` and for what is computed.
    pub(in crate::validate::github) name: Option<&'e str>,
    /// Its bytes of the text.
    pub(in crate::validate::github) at: Range<usize>,
}

impl Expr<'_> {
    /// The parts that this is made of, none of them deeper.
    pub(in crate::validate::github) fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Constant | ExprKind::Text(_) | ExprKind::Context(_) => Vec::new(),
            ExprKind::Field(of, ..) | ExprKind::Every(of) | ExprKind::Not(of) => vec![of],
            ExprKind::Index(left, right) | ExprKind::Compare(left, right) => vec![left, right],
            ExprKind::Call(_, _, parts) | ExprKind::And(parts) | ExprKind::Or(parts) => {
                parts.iter().collect()
            }
        }
    }

    /// This and every part of it, from the left.
    pub(in crate::validate::github) fn all(&self) -> Vec<&Self> {
        let mut all = Vec::new();
        let mut open = vec![self];
        while let Some(next) = open.pop() {
            all.push(next);
            open.extend(next.parts().into_iter().rev());
        }
        all
    }

    /// The context and the names after it: `github.event['pull_request']` has three. Nothing of
    /// what is no context.
    pub(in crate::validate::github) fn path(&self) -> Option<Vec<Segment<'_>>> {
        let (mut path, mut here) = (Vec::new(), self);
        loop {
            let (name, at, of) = match &here.kind {
                ExprKind::Context(name) => (Some(*name), here.at.clone(), None),
                ExprKind::Field(of, name, at) => (Some(*name), at.clone(), Some(of)),
                ExprKind::Every(of) => (None, here.at.clone(), Some(of)),
                ExprKind::Index(of, index) => match &index.kind {
                    ExprKind::Text(name) => (Some(name.as_ref()), index.at.clone(), Some(of)),
                    _ => (None, index.at.clone(), Some(of)),
                },
                _ => return None,
            };
            path.push(Segment { name, at });
            match of {
                Some(of) => here = of,
                None => break,
            }
        }
        path.reverse();
        Some(path)
    }

    /// The longest paths in it: of `a.b.c` the whole, and neither `a` nor `a.b`.
    pub(in crate::validate::github) fn paths(&self) -> Vec<&Self> {
        let mut paths = Vec::new();
        let mut open = vec![self];
        while let Some(next) = open.pop() {
            if next.path().is_none() {
                open.extend(next.parts().into_iter().rev());
                continue;
            }
            paths.push(next);
            let mut here = next;
            // An index may hold paths of its own.
            loop {
                match &here.kind {
                    ExprKind::Index(of, index) => {
                        open.push(index);
                        here = of;
                    }
                    ExprKind::Field(of, ..) | ExprKind::Every(of) => here = of,
                    _ => break,
                }
            }
        }
        paths
    }
}
