//! Text of strangers, fit for a terminal and the log of a CI job.

use std::fmt::Display;

/// The most characters of a name or value that a sentence quotes.
const QUOTED: usize = 60;

/// `text` as one line that shows all it holds and steers nothing.
///
/// Whatever would break the line, move a terminal's cursor, turn the direction of writing or take
/// no room becomes U+FFFD.
pub fn printable(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| {
            if steers(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect();
    // GitHub's runner still obeys the commands of its predecessor, anywhere in a line.
    line.replace("##[", "##\u{fffd}")
}

/// `text` for a request's Markdown and a commit's message: one line of code, so that it names
/// nobody, closes nothing, loads nothing and is no trailer.
pub fn as_code(text: &str) -> String {
    let line = printable(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    format!("`{}`", line.replace('`', "'"))
}

/// The start of `text` for a sentence to quote, [`printable`].
pub fn excerpt(text: &str) -> String {
    shortened(text, QUOTED)
}

/// At most `most` characters of `text`, [`printable`]; an ellipsis says that there are more.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => printable(&text[..end]) + "…",
        None => printable(text),
    }
}

/// The sentence with the mend behind it.
pub fn with_hint(sentence: impl Display, hint: Option<impl Display>) -> String {
    match hint {
        Some(hint) => format!("{sentence}; {hint}"),
        None => sentence.to_string(),
    }
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
        // Tags: they spell words that no reader sees.
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_is_replaced() {
        for (text, expected) in [
            (
                "ghcr.io/acme/agent:1 – “fine”",
                "ghcr.io/acme/agent:1 – “fine”",
            ),
            (
                "a\u{1b}[2J\r\n::add-mask::b",
                "a\u{fffd}[2J\u{fffd}\u{fffd}::add-mask::b",
            ),
            (
                "a\u{202e}b\u{9b}c\u{200b}d\u{2066}",
                "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}",
            ),
            (
                "a\u{2028}b\u{feff}c\u{e0041}",
                "a\u{fffd}b\u{fffd}c\u{fffd}",
            ),
            ("a ##[add-mask]b # [c]", "a ##\u{fffd}add-mask]b # [c]"),
            ("###\u{1b}[", "###\u{fffd}["),
        ] {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_people_wrote_does_nothing_in_a_request() {
        let reason =
            "slow\n\nFullsend-Branch: x\r\n`@acme/all` Closes #1 ![](http://a/b.png)\u{202e}";
        assert_eq!(
            as_code(reason),
            "`slow Fullsend-Branch: x '@acme/all' Closes #1 ![](http://a/b.png)\u{fffd}`"
        );
    }

    #[test]
    fn excerpts_say_that_they_are_cut() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöü!", 3), "äöü…");
        assert_eq!(shortened("\nöü!", 1), "\u{fffd}…");
        assert_eq!(shortened("", 0), "");
        assert_eq!(excerpt(&"x".repeat(61)), "x".repeat(60) + "…");
    }

    #[test]
    fn hints_stand_behind_the_sentence() {
        assert_eq!(with_hint("no", Some("do")), "no; do");
        assert_eq!(with_hint("no", None::<&str>), "no");
    }

    proptest! {
        #[test]
        fn any_text_is_one_line(text in any::<String>()) {
            let line = printable(&text);
            prop_assert!(!line.contains(char::is_control) && !line.contains("##["), "{line:?}");
            prop_assert_eq!(printable(&line), line);
        }
    }
}
