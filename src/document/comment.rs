//! The comments of a document, which may say something to us.

use std::ops::Range;

use super::{DocumentError, Source, dockerfile, jsonc, toml, yaml};

/// A comment with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes, from `#` or `//` to the last before the end of the line.
    pub at: Range<usize>,
    /// Whether nothing stands before it on its line.
    pub alone: bool,
}

/// A language that has comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `#`
    Yaml,
    /// `#`
    Toml,
    /// `#` where a line begins; a directive such as `# syntax=` is none.
    Dockerfile,
    /// `//` and `/* */`, of JSON with comments and of JSON5.
    Json,
}

impl Comment {
    pub(super) fn at(source: &Source<'_>, at: Range<usize>) -> Self {
        let before = source.slice(0..at.start);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let alone = line.trim_start_matches('\u{feff}').trim().is_empty();
        let length = source.slice(at.clone()).trim_end().len();
        Self {
            at: at.start..at.start + length,
            alone,
        }
    }
}

/// Every comment of `source`, in order; never what only looks like one inside of a value.
///
/// Whoever has a tree of YAML or JSON finds them there too.
pub fn comments(source: &Source<'_>, language: Language) -> Result<Vec<Comment>, DocumentError> {
    let found = match language {
        Language::Yaml => return Ok(yaml::parse(source)?.comments().to_vec()),
        Language::Toml => toml::comments(source),
        Language::Dockerfile => dockerfile::parse(source)?.comments,
        Language::Json => jsonc::comments(source),
    };
    let comment = |at| Comment::at(source, at);
    Ok(found.into_iter().map(comment).collect())
}
