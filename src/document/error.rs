//! Why a document could not be read.

use std::{fmt, path::PathBuf};

use crate::model::{
    span::Position,
    text::{printable, shortened},
};

/// A document that could not be read, with the place where that showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Where in the file; nothing where it is the file as a whole.
    pub position: Option<Position>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// More bytes than a document of its kind has reason to have.
    #[error("the file has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// The file's length.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// Not UTF-8: another encoding, or no text.
    #[error("the file is not UTF-8")]
    NotUtf8,
    /// Not of the language.
    #[error("not valid {language}: {reason}")]
    Syntax {
        /// `YAML`, `TOML`, `Dockerfile`.
        language: &'static str,
        /// The parser's words, on one line.
        reason: String,
    },
    /// Nested deeper than any reader could follow.
    #[error("nested more than {limit} levels deep")]
    TooDeep {
        /// The most levels that are followed.
        limit: usize,
    },
    /// Too many values once aliases are expanded.
    #[error("more than {limit} values, those that aliases repeat included")]
    TooManyNodes {
        /// The most values that are read.
        limit: usize,
    },
    /// An alias stands inside of the value that it names.
    #[error("an alias stands inside of the value that it repeats")]
    Cycle,
    /// A template, which becomes a document only when it is rendered.
    #[error("a template, which is {0} only once it is rendered")]
    Template(&'static str),
}

impl Problem {
    /// A fault of syntax in the words of a parser, which may quote the document.
    pub(super) fn syntax(language: &'static str, words: &str) -> Self {
        let line = words.lines().next().unwrap_or_default();
        Self::Syntax {
            language,
            reason: shortened(line, 200),
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name from a checkout may hold anything, an escape sequence included.
        f.write_str(&printable(&self.file.to_string_lossy()))?;
        if let Some(at) = self.position {
            write!(f, ":{}:{}", at.line, at.column)?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for DocumentError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_name_nor_words_steer_what_shows_them() {
        let words = format!("a\u{202e}b\u{200b}##[error]c{}\nd", "x".repeat(300));
        let error = DocumentError {
            file: PathBuf::from("e\u{2066}\u{1b}[2J##[group]f"),
            position: None,
            problem: Problem::syntax("YAML", &words),
        };
        let text = error.to_string();
        let start = "e\u{fffd}\u{fffd}[2J##\u{fffd}group]f: \
                     not valid YAML: a\u{fffd}b\u{fffd}##\u{fffd}error]cx";
        assert!(text.starts_with(start), "{text:?}");
        assert!(text.ends_with("xx…"), "{text:?}");
    }
}
