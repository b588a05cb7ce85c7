//! The lines of a file that a finding is about, and how they are shown to people.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::finding::{Finding, Findings, Severity};
use crate::model::{span::Span, text::printable};

/// A finding of more lines is shown by its first.
const MAX_LINES: usize = 3;

/// What stands farther to the right is not shown: nobody reads minified text.
const MAX_LINE: usize = 400;

/// The lines that a finding stands in, without what follows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    text: String,
    /// The number of its first line, from 1.
    line: usize,
    /// The finding's bytes within the text.
    at: Range<usize>,
}

impl Excerpt {
    /// The lines of `text` that `span` stands in; nothing where it begins too far to the right.
    ///
    /// What would steer a terminal is replaced.
    pub fn of(text: &str, span: Span) -> Option<Self> {
        let Range { start, end } = span.bytes();
        let line = text
            .get(..start)?
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        if start - line > MAX_LINE {
            return None;
        }
        let end = shown_end(text, start, end.min(text.len()));
        let before = lines_of(text.get(line..start)?);
        let inside = lines_of(text.get(start..end)?);
        let rest = text.get(end..)?.split('\n').next().unwrap_or_default();
        let after: String = rest.chars().take(MAX_LINE).collect();
        Some(Self {
            at: before.len()..before.len() + inside.len(),
            text: before + &inside + printable(after.trim_end()).as_str(),
            line: span.start.line,
        })
    }
}

impl Excerpt {
    /// The lines.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Where the last shown byte of a finding ends.
fn shown_end(text: &str, start: usize, end: usize) -> usize {
    let shown = text.get(start..end).unwrap_or_default();
    let lines = shown.split_inclusive('\n').take(MAX_LINES);
    let length = lines.map(str::len).sum::<usize>().min(MAX_LINES * MAX_LINE);
    let shown = &shown[..shown.floor_char_boundary(length)];
    start + shown.trim_end_matches(['\r', '\n']).len()
}

/// Every line of `text`, printable; a tab is drawn as it is.
fn lines_of(text: &str) -> String {
    let line = |line: &str| {
        let parts: Vec<String> = line
            .trim_end_matches('\r')
            .split('\t')
            .map(printable)
            .collect();
        parts.join("\t")
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// `findings` for people: each with its source line, a caret and the mend, then how many there are.
pub fn text(findings: &Findings, files: usize, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    for finding in &findings.findings {
        text.push_str(&renderer.render(&[group(finding)]));
        text.push_str("\n\n");
    }
    text + &summary(findings, files) + "\n"
}

fn group(finding: &Finding) -> Group<'_> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(finding.message.as_str())
        .id(finding.rule.id);
    let mut group = match &finding.excerpt {
        Some(excerpt) => Group::with_title(title).element(
            Snippet::source(excerpt.text.as_str())
                .line_start(excerpt.line)
                .path(printable(&finding.file.to_string_lossy()))
                .annotation(AnnotationKind::Primary.span(excerpt.at.clone())),
        ),
        None => Group::with_title(title).element(origin(finding)),
    };
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// The place of a finding that has no lines to show.
fn origin(finding: &Finding) -> Origin<'_> {
    let mut origin = Origin::path(printable(&finding.file.to_string_lossy()));
    if let (Some(line), Some(column)) = (finding.line, finding.column) {
        origin = origin.line(line).char_column(column);
    }
    origin
}

/// How many findings of each severity there are, in words.
pub(super) fn summary(findings: &Findings, files: usize) -> String {
    let counted = |severity, word: &str| {
        let count = findings.findings.iter().filter(|f| f.severity == severity);
        match count.count() {
            0 => None,
            1 => Some(format!("1 {word}")),
            n => Some(format!("{n} {word}s")),
        }
    };
    let files = if files == 1 {
        "1 file".to_owned()
    } else {
        format!("{files} files")
    };
    let counts: Vec<String> = [
        counted(Severity::Error, "error"),
        counted(Severity::Warning, "warning"),
        counted(Severity::Note, "note"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if counts.is_empty() {
        return format!("no findings in {files}");
    }
    format!("{} in {files}", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{model::span::Lines, report::finding::Rule};

    static RULE: Rule = Rule {
        id: "a-rule",
        summary: "Something",
        help: "Mend it.",
        severity: Severity::Note,
        page: "docs/rules/a-rule.md",
    };

    fn excerpt(text: &str, at: Range<usize>) -> Option<(String, String)> {
        let excerpt = Excerpt::of(text, Lines::of(text).span(text, &at))?;
        let inside = excerpt.text[excerpt.at].to_owned();
        Some((excerpt.text, inside))
    }

    #[test]
    fn the_lines_around_a_finding_are_shown() {
        let shown = |text, at| excerpt(text, at).unwrap();
        assert_eq!(shown("a\n  b: c\nd", 4..5), ("  b: c".into(), "b".into()));
        assert_eq!(shown("a: b\r\nc\r\n", 0..4), ("a: b".into(), "a: b".into()));
        assert_eq!(shown("a\nb\nc\nd\ne", 2..9).0, "b\nc\nd");
        assert_eq!(
            shown("\u{feff}a\u{1b}[2J: \u{202e}b", 3..4).0,
            "\u{fffd}a\u{fffd}[2J: \u{fffd}b"
        );
        assert_eq!(shown("", 0..0), (String::new(), String::new()));
    }

    #[test]
    fn long_lines_are_cut() {
        let text = format!("a: {}", "x".repeat(1 << 20));
        assert!(excerpt(&text, 0..1).unwrap().0.len() < 2 * MAX_LINE);
        assert!(excerpt(&text, 0..text.len()).unwrap().0.len() < 5 * MAX_LINE);
        assert_eq!(excerpt(&text, 1000..1001), None);
    }

    proptest! {
        #[test]
        fn any_place_of_any_text_can_be_drawn(
            text in "[ -~\n\r\té\u{202e}]{0,60}",
            at in 0_usize..70,
            length in 0_usize..70,
        ) {
            let end = text.ceil_char_boundary((at + length).min(text.len()));
            let at = text.floor_char_boundary(at.min(text.len()))..end;
            let span = Lines::of(&text).span(&text, &at);
            let file = std::path::Path::new("a.yml");
            let mut finding = Finding::at(&RULE, file, span, "message");
            finding.excerpt = Excerpt::of(&text, span);
            let drawn = super::text(&Findings::new(vec![finding]), 1, false);
            prop_assert!(drawn.contains("message"));
        }
    }
}
