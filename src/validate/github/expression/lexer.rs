//! The words and signs of an expression.

use std::{borrow::Cow, ops::Range};

use super::SyntaxError;

/// A word or a sign, with its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'e> {
    pub(super) at: Range<usize>,
    pub(super) kind: TokenKind<'e>,
}

/// What a word or a sign is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'e> {
    /// `null`, `true`, `12`.
    Constant,
    /// `'text'`.
    Text(Cow<'e, str>),
    /// A name.
    Name(&'e str),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// The signs, the long ones first.
const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", "*", ".",
];

/// The words of `text`, whose first byte is byte `base` of what holds it.
pub(super) fn words(text: &str, base: usize) -> Result<Vec<Token<'_>>, SyntaxError> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let start = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let after_value = tokens.last().is_some_and(|last| last.kind.ends_value());
        let after_dot = tokens.last().map(|last| &last.kind) == Some(&TokenKind::Sign("."));
        let (kind, length) = match first {
            '\'' => quoted(rest),
            '.' if after_value => Ok((TokenKind::Sign("."), 1)),
            '0'..='9' | '-' | '+' | '.' => number(rest),
            'a'..='z' | 'A'..='Z' | '_' => word(rest, after_dot),
            _ => sign(rest),
        }
        .map_err(|(length, message)| SyntaxError {
            at: base + start..base + start + length,
            message,
        })?;
        tokens.push(Token {
            at: base + start..base + start + length,
            kind,
        });
        rest = &rest[length..];
    }
}

impl TokenKind<'_> {
    /// Whether a dot that follows leads into a value, and begins no number.
    fn ends_value(&self) -> bool {
        matches!(self, Self::Name(_) | Self::Sign(")" | "]" | "*"))
    }
}

/// What was read with its length; or how much is wrong, and why.
type Read<'e> = Result<(TokenKind<'e>, usize), (usize, String)>;

fn quoted(text: &str) -> Read<'_> {
    let mut end = 1;
    loop {
        let Some(found) = text[end..].find('\'') else {
            return Err((text.len(), "the text after ' is never closed".to_owned()));
        };
        end += found + 1;
        if !text[end..].starts_with('\'') {
            break;
        }
        end += 1;
    }
    let inside = &text[1..end - 1];
    let value = if inside.contains("''") {
        Cow::Owned(inside.replace("''", "'"))
    } else {
        Cow::Borrowed(inside)
    };
    Ok((TokenKind::Text(value), end))
}

fn number(text: &str) -> Read<'_> {
    let word = &text[..=end_of_word(&text[1..], true)];
    let unsigned = word.trim_start_matches(['-', '+']);
    let prefixed = [("0x", 16), ("0o", 8)]
        .into_iter()
        .find_map(|(prefix, radix)| {
            let digits = unsigned.strip_prefix(prefix)?;
            Some(u32::from_str_radix(digits, radix).is_ok())
        });
    let decimal = || {
        unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && word.parse::<f64>().is_ok()
    };
    let special = matches!(unsigned, "Infinity");
    if special || prefixed.unwrap_or_else(decimal) {
        return Ok((TokenKind::Constant, word.len()));
    }
    Err((word.len(), "this is not a number".to_owned()))
}

fn word(text: &str, after_dot: bool) -> Read<'_> {
    let word = &text[..end_of_word(text, false)];
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if let Some(wrong) = word.find(|c| !legal(c)) {
        return Err((word.len(), unexpected(&word[wrong..])));
    }
    let constant = matches!(word, "null" | "true" | "false" | "NaN" | "Infinity");
    let kind = if constant && !after_dot {
        TokenKind::Constant
    } else {
        TokenKind::Name(word)
    };
    Ok((kind, word.len()))
}

fn sign(text: &str) -> Read<'_> {
    let mut signs = SIGNS.iter();
    if let Some(sign) = signs.find(|sign| text.starts_with(**sign)) {
        return Ok((TokenKind::Sign(sign), sign.len()));
    }
    let first = text.chars().next().map_or(1, char::len_utf8);
    Err((first, unexpected(text)))
}

/// What is said of a character that stands in no expression.
fn unexpected(text: &str) -> String {
    match text.chars().next() {
        Some('"') => "text in an expression stands in single quotes, not in double".to_owned(),
        Some('=') => "a comparison is `==`".to_owned(),
        Some('&') => "\"and\" is `&&`".to_owned(),
        Some('|') => "\"or\" is `||`".to_owned(),
        Some('$') => "an expression cannot hold another `${{`".to_owned(),
        Some(c) => format!("`{c}` means nothing here"),
        None => "something is missing here".to_owned(),
    }
}

/// The length of the word at the start of `text`.
fn end_of_word(text: &str, dots: bool) -> usize {
    text.find(|c: char| c.is_whitespace() || "()[],!<>=&|".contains(c) || (c == '.' && !dots))
        .unwrap_or(text.len())
}
