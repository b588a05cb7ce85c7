//! The lines of a file that a finding is about, and how they are shown to people.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::finding::{Finding, Findings, Severity};
use crate::model::span::Span;

/// A longer finding is shown by its first lines.
const MAX_LINES: usize = 3;

/// A longer line is cut: nobody reads minified text.
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
    /// The lines of `text` that `span` stands in.
    pub fn of(text: &str, span: Span) -> Self {
        let start = text[..span.start.offset]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let rest = &text[start..];
        let lines: Vec<&str> = rest.split('\n').take(MAX_LINES).collect();
        let wanted = (span.end.line + 1).saturating_sub(span.start.line).max(1);
        let before = span.start.offset - start;
        let shown = &rest[..lines[..wanted.min(lines.len())].join("\n").len()];
        let mut cut = shown.len().min(before + MAX_LINE);
        while !shown.is_char_boundary(cut) {
            cut -= 1;
        }
        let shown = shown[..cut].trim_end_matches(['\r', '\n']);
        let end = (span.end.offset - start).min(shown.len());
        // What is drawn must be as wide as what was measured: one character for one.
        let printable = |c: char| {
            if c.is_control() && c != '\n' && c != '\t' {
                ' '
            } else {
                c
            }
        };
        let text: String = shown.chars().map(printable).collect();
        let at = before.min(text.len())..end.max(before).min(text.len());
        if text.is_char_boundary(at.start) && text.is_char_boundary(at.end) {
            let line = span.start.line;
            Self { text, line, at }
        } else {
            let (line, at) = (span.start.line, 0..text.len());
            Self { text, line, at }
        }
    }
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
    let file = finding.file.to_string_lossy();
    let title = level
        .primary_title(finding.message.as_str())
        .id(finding.rule.id);
    let mut group = match &finding.excerpt {
        Some(excerpt) => Group::with_title(title).element(
            Snippet::source(excerpt.text.as_str())
                .line_start(excerpt.line)
                .path(file)
                .annotation(AnnotationKind::Primary.span(excerpt.at.clone())),
        ),
        None => Group::with_title(title).element(annotate_snippets::Origin::path(file)),
    };
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
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
