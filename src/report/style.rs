//! Text for people: free of what steers a terminal, coloured where that is wanted, and never broken
//! inside a word.

use std::fmt::Write as _;

use super::fleet::State;
use crate::model::{pinning::Status, text::printable, verdict::Verdict};

/// How text for people is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether verdicts are coloured.
    pub color: bool,
    /// The columns that lines are kept to where words allow it; nothing for lines of any length.
    pub width: Option<usize>,
}

const BOLD_GREEN: &str = "\x1b[1;32m";
const BOLD_YELLOW: &str = "\x1b[1;33m";
const BOLD_RED: &str = "\x1b[1;31m";
const RESET: &str = "\x1b[0m";

/// The columns of the widest name of a row, and the blank after it.
const NAME: usize = 12;

impl Style {
    /// The word for `verdict`, filled up to `columns`.
    pub(super) fn verdict(self, verdict: Verdict, columns: usize) -> String {
        let word = format!("{:<columns$}", verdict.as_str());
        let paint = match verdict {
            _ if !self.color => return word,
            Verdict::Verified => BOLD_GREEN,
            Verdict::Unavailable => BOLD_YELLOW,
            _ => BOLD_RED,
        };
        format!("{paint}{word}{RESET}")
    }

    /// The word for `status`.
    pub(super) fn status(self, status: Status) -> String {
        let paint = match status {
            _ if !self.color => return status.to_string(),
            Status::Pinned | Status::Changed => BOLD_GREEN,
            Status::Stale | Status::Unknown | Status::Ignored => BOLD_YELLOW,
            _ => BOLD_RED,
        };
        format!("{paint}{status}{RESET}")
    }

    /// The word for how a repository stands.
    pub(super) fn fleet_state(self, state: State) -> String {
        let word = state.as_str();
        let paint = match state {
            _ if !self.color => return word.to_owned(),
            State::Current | State::PinsMoved => BOLD_GREEN,
            State::Held | State::Skipped | State::Outdated | State::Missing => BOLD_YELLOW,
            State::Edited | State::Blocked | State::Error => BOLD_RED,
        };
        format!("{paint}{word}{RESET}")
    }

    /// A row of a table, `depth` levels in; what `value` has too many words goes on below them.
    ///
    /// A word that does not fit beside the name begins below it, as a digest does on 80 columns.
    pub(super) fn row(self, text: &mut String, depth: usize, name: &str, value: &str) {
        let value = printable(value);
        let indent = depth * 2;
        let room = |margin| self.width.map(|width| width.saturating_sub(margin));
        let longest = value.split(' ').map(columns).max().unwrap_or_default();
        let is_tight = room(indent + NAME).is_some_and(|room| room < longest);
        let margin = indent + if is_tight { 2 } else { NAME };
        let mut lead = format!("{:indent$}{name:<NAME$}", "");
        if is_tight {
            text.push_str(lead.trim_end());
            text.push('\n');
            lead = " ".repeat(margin);
        }
        for line in wrapped(&value, room(margin)) {
            text.push_str(format!("{lead}{line}").trim_end());
            text.push('\n');
            lead = " ".repeat(margin);
        }
    }

    /// Lines that keep their indentation where they are wrapped.
    pub(super) fn paragraph(self, text: &mut String, lines: &str) {
        for line in lines.lines() {
            let words = line.trim_start_matches(' ');
            let indent = line.len() - words.len();
            let room = self.width.map(|width| width.saturating_sub(indent));
            for line in wrapped(&printable(words), room) {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{:indent$}{line}", "");
            }
        }
    }
}

fn columns(word: &str) -> usize {
    word.chars().count()
}

/// The lines of `text`: words stay whole, though they be longer than `width`.
fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    let mut lines: Vec<(String, usize)> = Vec::new();
    for word in text.split(' ') {
        let length = columns(word);
        match lines.last_mut() {
            Some((line, used)) if *used + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
                *used += 1 + length;
            }
            _ => lines.push((word.to_owned(), length)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_names_stand_before_the_first_line() {
        let style = Style {
            width: Some(24),
            ..Style::default()
        };
        let mut text = String::new();
        style.row(&mut text, 1, "reason", "nobody whom we know signed");
        assert_eq!(
            text,
            "  reason      nobody\n              whom we\n              know\n              signed\n"
        );
        let mut text = String::new();
        style.row(&mut text, 1, "digest", "sha256:0123456789abcdef0 here");
        assert_eq!(text, "  digest\n    sha256:0123456789abcdef0\n    here\n");
        let mut text = String::new();
        style.paragraph(
            &mut text,
            "one two three four five six\n  and\u{1b} seven eight nine ten",
        );
        let expected = "one two three four five\nsix\n  and\u{fffd} seven eight nine\n  ten\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let hostile = "a\u{1b}[2J\r\nb\u{202e}c\u{9b}\u{200b}d";
        let mut text = String::new();
        Style::default().row(&mut text, 0, "x", hostile);
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains("a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}d"));
    }

    #[test]
    fn colour_is_around_the_word_and_its_padding() {
        let color = Style {
            color: true,
            width: None,
        };
        let plain = Style::default();
        assert_eq!(plain.verdict(Verdict::Unsigned, 10), "unsigned  ");
        let painted = color.verdict(Verdict::Unsigned, 10);
        assert_eq!(painted, "\u{1b}[1;31munsigned  \u{1b}[0m");
    }
}
