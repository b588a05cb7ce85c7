//! What GitLab takes a plain scalar for, and spans of time in words.

use crate::document::yaml::{Scalar, Style};

/// What a scalar is to GitLab, which reads YAML 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Text,
    Bool(bool),
    Integer(i64),
    /// Another number.
    Number,
}

/// What GitLab reads `scalar` as.
pub(super) fn read(scalar: &Scalar<'_>) -> Read {
    if scalar.style != Style::Plain {
        return Read::Text;
    }
    let lower = scalar.value.to_ascii_lowercase();
    match lower.as_str() {
        "true" | "yes" | "on" => return Read::Bool(true),
        "false" | "no" | "off" => return Read::Bool(false),
        _ => {}
    }
    if let Ok(number) = lower.parse() {
        return Read::Integer(number);
    }
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-');
    let is_number = lower.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
        && lower.chars().all(numeric)
        && lower.parse::<f64>().is_ok();
    if is_number { Read::Number } else { Read::Text }
}

/// Whether a value is put in only when a pipeline is made, so that the file does not tell it.
pub(super) fn is_interpolated(text: &str) -> bool {
    text.contains("$[[")
}

/// Whether `text` is a span of time: `1h 30m`, `2 hours and 5 minutes`, `01:30:00`.
pub(super) fn is_duration(text: &str) -> bool {
    let spaced = split_units(text);
    let words: Vec<&str> = spaced
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    !words.is_empty()
        && words.len() <= 64
        && words.iter().all(|word| is_time_word(word))
        && words.iter().any(|word| !is_filler(word))
}

/// `1h30m` as `1 h 30 m`.
fn split_units(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut last = None;
    for c in text.chars().take(256) {
        let c = c.to_ascii_lowercase();
        let turns = last.is_some_and(|last: char| last.is_alphabetic() != c.is_alphabetic());
        if turns {
            spaced.push(' ');
        }
        spaced.push(c);
        last = Some(c);
    }
    spaced
}

fn is_filler(word: &str) -> bool {
    matches!(word, "and" | "with" | "plus")
}

fn is_time_word(word: &str) -> bool {
    const UNITS: &[&str] = &[
        "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h",
        "hr", "hrs", "hour", "hours", "d", "dy", "day", "days", "w", "wk", "wks", "week", "weeks",
        "mo", "mos", "month", "months", "y", "yr", "yrs", "year", "years", "never",
    ];
    const NUMBERS: &[&str] = &[
        "a", "an", "half", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
        "ten", "eleven", "twelve", "fifteen", "twenty", "thirty", "forty", "fifty", "sixty",
        "ninety", "hundred",
    ];
    is_filler(word)
        || UNITS.contains(&word)
        || NUMBERS.contains(&word)
        || word
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_told_from_other_text() {
        for good in [
            "1h",
            "1h30m",
            "3600",
            "10 minutes",
            "2 weeks",
            "1 hour and 30 minutes",
            "1 hr, 2 min",
            "never",
            "01:30:00",
            "3 mins 4 sec",
            "one week",
            "6 mos 1 day",
        ] {
            assert!(is_duration(good), "{good}");
        }
        for bad in [
            "",
            " ",
            "15 minuts",
            "soon",
            "and",
            "1 fortnight",
            "1h; rm",
            "10x",
        ] {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
