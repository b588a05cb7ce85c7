//! The error of a single value, wherever it was written: in a file or in an argument.

/// Why a value is refused, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ValueError {
    problem: String,
    mend: Option<String>,
    conceals: bool,
}

impl ValueError {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self {
            problem: printable(&problem.into()),
            mend: None,
            conceals: false,
        }
    }

    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(printable(&mend.into()));
        self
    }

    /// Keeps what follows the first `=` of the value out of every message.
    pub(crate) fn conceal(mut self) -> Self {
        self.conceals = true;
        self
    }

    pub(crate) fn conceals(&self) -> bool {
        self.conceals
    }

    /// What to write instead.
    pub fn hint(&self) -> Option<String> {
        self.mend.clone()
    }
}

/// Escapes what could move a terminal's cursor or reorder its text.
pub(crate) fn printable(text: &str) -> String {
    let unsafe_to_print = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if unsafe_to_print(character) {
            clean.extend(character.escape_unicode());
        } else {
            clean.push(character);
        }
    }
    clean
}

/// Shortens a user's text for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
