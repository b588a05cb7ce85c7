//! Errors that point into the text: file, line, column, the source line, and the mend.

use std::{fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::value::{ValueError, printable};

/// One thing wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    message: String,
    label: String,
    at: Option<Range<usize>>,
    related: Option<(Range<usize>, String)>,
    help: Option<String>,
    /// Whether what follows the first `=` of the bytes `at` may be a secret.
    conceals: bool,
}

/// Everything found wrong in a file, in its order, at most [`ConfigError::MAX_DIAGNOSTICS`].
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    name: String,
    text: String,
    diagnostics: Vec<Diagnostic>,
    left_out: usize,
}

impl Diagnostic {
    /// An error about the bytes `at`.
    pub(super) fn about(at: &Range<usize>, message: impl Into<String>) -> Self {
        Self {
            at: Some(at.clone()),
            ..Self::whole(message)
        }
    }

    /// An error about the file as a whole.
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self {
            message: printable(&message.into()),
            label: String::new(),
            at: None,
            related: None,
            help: None,
            conceals: false,
        }
    }

    pub(super) fn of_value(at: &Range<usize>, error: &ValueError) -> Self {
        Self {
            help: error.hint(),
            conceals: error.conceals(),
            ..Self::about(at, error.to_string())
        }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn related(mut self, at: Range<usize>, label: impl Into<String>) -> Self {
        self.related = Some((at, label.into()));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The bytes of the file that it is about; nothing for the file as a whole.
    pub fn at(&self) -> Option<Range<usize>> {
        self.at.clone()
    }

    /// What is wrong, as a lowercase fragment.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How to mend it.
    pub fn hint(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl ConfigError {
    /// More are counted, but not shown.
    pub const MAX_DIAGNOSTICS: usize = 20;

    pub(super) fn new(name: &str, text: &str, mut diagnostics: Vec<Diagnostic>) -> Self {
        let start = |d: &Diagnostic| d.at.as_ref().map_or(0, |at| at.start);
        diagnostics.sort_by_key(start);
        diagnostics.dedup();
        let mut text = text.to_owned();
        for diagnostic in diagnostics.iter().filter(|d| d.conceals) {
            text = conceal(&text, diagnostic.at.as_ref());
        }
        let left_out = diagnostics.len().saturating_sub(Self::MAX_DIAGNOSTICS);
        diagnostics.truncate(Self::MAX_DIAGNOSTICS);
        for diagnostic in &mut diagnostics {
            for at in diagnostic
                .at
                .iter_mut()
                .chain(diagnostic.related.iter_mut().map(|(at, _)| at))
            {
                *at = on_boundaries(&text, at);
            }
        }
        Self {
            name: printable(name),
            text,
            diagnostics,
            left_out,
        }
    }

    /// The file's name as it was given to the parser, printable.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was found, in the file's order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Where `diagnostic` points: line and column, both from 1, the column in characters.
    pub fn position(&self, diagnostic: &Diagnostic) -> Option<(usize, usize)> {
        let before = self.text.get(..diagnostic.at.as_ref()?.start)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        Some((line, before[line_start..].chars().count() + 1))
    }

    /// How to mend the first error.
    pub fn hint(&self) -> Option<String> {
        self.diagnostics.first()?.help.clone()
    }

    /// The whole message for a terminal: each error with its source line, a caret and the mend.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut blocks: Vec<String> = self
            .diagnostics
            .iter()
            .map(|diagnostic| renderer.render(&self.groups(diagnostic)))
            .collect();
        if self.left_out > 0 {
            let title = format!("{} more errors are not shown", self.left_out);
            let group = Group::with_title(Level::NOTE.secondary_title(title));
            blocks.push(renderer.render(&[group]));
        }
        blocks.join("\n\n")
    }

    fn groups<'a>(&'a self, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
        let title = Level::ERROR.primary_title(&diagnostic.message);
        let Some(at) = &diagnostic.at else {
            let named = format!("{}: {}", self.name, diagnostic.message);
            let group = Group::with_title(Level::ERROR.primary_title(named));
            let help = diagnostic.help.as_deref();
            return vec![help.into_iter().fold(group, |group, text| {
                group.element(Level::HELP.message(text))
            })];
        };
        let mut snippet = Snippet::source(&self.text).path(&self.name).annotation(
            AnnotationKind::Primary
                .span(at.clone())
                .label(&diagnostic.label),
        );
        if let Some((at, label)) = &diagnostic.related {
            snippet = snippet.annotation(AnnotationKind::Context.span(at.clone()).label(label));
        }
        let mut group = title.element(snippet);
        if let Some(text) = &diagnostic.help {
            group = group.element(Level::HELP.message(text));
        }
        vec![group]
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.diagnostics.first() else {
            return write!(f, "{}: not usable", self.name);
        };
        let name = &self.name;
        match self.position(first) {
            Some((line, column)) => {
                write!(f, "{name}:{line}:{column}: {}", first.message)?;
            }
            None => write!(f, "{name}: {}", first.message)?,
        }
        match self.diagnostics.len() + self.left_out - 1 {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Without the file's text, which may hold anything.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigError")
            .field("name", &self.name)
            .field("diagnostics", &self.diagnostics)
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}

/// Overwrites what follows the first `=` within `at`, keeping every offset.
fn conceal(text: &str, at: Option<&Range<usize>>) -> String {
    let Some((at, value)) = at.and_then(|at| Some((at, text.get(at.clone())?))) else {
        return text.to_owned();
    };
    let Some((name, secret)) = value.split_once('=') else {
        return text.to_owned();
    };
    let start = at.start + name.len() + 1;
    let masked = secret
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { '*' });
    let mut concealed = text[..start].to_owned();
    concealed.extend(masked);
    concealed + &text[at.end..]
}

/// Widens `at` to whole characters and keeps it inside `text` and, where possible, on one line.
fn on_boundaries(text: &str, at: &Range<usize>) -> Range<usize> {
    let mut start = at.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line_end = text[start..]
        .find(['\n', '\r'])
        .map_or(text.len(), |length| start + length);
    let mut end = at.end.clamp(start, line_end);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}
