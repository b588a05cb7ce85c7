//! How a value is written where it lands, so that it stays a value.

use std::fmt;

use minijinja::{
    Error, ErrorKind, Output, State,
    value::{Value, ValueKind},
};

use crate::{document::quote, model::text::printable};

/// What a template's values become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landing {
    /// Scalars, and lists of them in brackets.
    Yaml,
    /// Strings, and arrays of them.
    Toml,
    /// Strings, and arrays of them.
    Json,
    /// One word of a command line.
    Shell,
    /// A piece of one line that means nothing to Markdown.
    Prose,
    /// Text of a page, or an attribute in double quotes.
    Html,
    /// A file that no value may be written to.
    Unknown,
}

/// A value that no way of writing would keep a value.
#[derive(Debug)]
pub(super) struct Refused {
    value: String,
    pub(super) reason: &'static str,
}

impl Landing {
    const ALL: [Self; 7] = [
        Self::Yaml,
        Self::Toml,
        Self::Json,
        Self::Shell,
        Self::Prose,
        Self::Html,
        Self::Unknown,
    ];

    /// By the name of the file that `template` makes.
    pub(super) fn of_template(template: &str) -> Self {
        let file = template.strip_suffix(".j2").unwrap_or(template);
        match file.rsplit_once('.').map(|(_, extension)| extension) {
            Some("yml" | "yaml") => Self::Yaml,
            Some("toml") => Self::Toml,
            Some("json" | "json5") => Self::Json,
            Some("sh") => Self::Shell,
            Some("md") => Self::Prose,
            Some("html") => Self::Html,
            _ => Self::Unknown,
        }
    }

    /// What the engine knows it by.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Json => "json",
            Self::Shell => "shell",
            Self::Prose => "prose",
            Self::Html => "html",
            Self::Unknown => "unknown",
        }
    }

    fn of_state(state: &State<'_, '_>) -> Self {
        let name = match state.auto_escape() {
            minijinja::AutoEscape::Custom(name) => name,
            _ => "unknown",
        };
        let known = Self::ALL.into_iter().find(|landing| landing.name() == name);
        known.unwrap_or(Self::Unknown)
    }

    /// `text` as it is written here.
    fn quoted(self, text: &str) -> Result<String, Refused> {
        let refuse = |reason| Err(Refused::new(text, reason));
        // A page tells of strangers' texts, whatever they hold.
        if self != Self::Html && text.chars().any(is_hidden) {
            return refuse("the value holds characters that cannot be seen");
        }
        match self {
            Self::Yaml => Ok(quote::yaml_scalar(text)),
            Self::Toml => Ok(quote::toml_string(text)),
            Self::Json => Ok(serde_json::Value::from(text).to_string()),
            Self::Shell => shell_word(text),
            Self::Prose if text.contains(['`', '<', '|', '[', '*', '\\', '\n']) => {
                refuse("the value would mean something in Markdown")
            }
            Self::Prose => Ok(text.to_owned()),
            Self::Html => Ok(html(text)),
            Self::Unknown => refuse("no value may be written to this kind of file"),
        }
    }
}

impl Refused {
    fn new(value: &str, reason: &'static str) -> Self {
        Self {
            value: value.to_owned(),
            reason,
        }
    }

    /// The value, short and on one line.
    pub(super) fn shown(&self) -> String {
        let most = self.value.chars().take(60).flat_map(char::escape_debug);
        most.collect()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::new(ErrorKind::InvalidOperation, refused.reason).with_source(refused)
    }
}

/// Writes a value where the template has it.
pub(super) fn format(
    out: &mut Output<'_>,
    state: &State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let landing = Landing::of_state(state);
    let text = written(landing, state.name(), value)?;
    out.write_str(&text).map_err(Error::from)
}

fn written(landing: Landing, template: &str, value: &Value) -> Result<String, Error> {
    match value.kind() {
        // What a filter or a macro made was written by the rules already.
        ValueKind::String if value.is_safe() => Ok(value.to_string()),
        ValueKind::String => {
            let text = value.to_string();
            harmless(template, &text)?;
            Ok(landing.quoted(&text)?)
        }
        ValueKind::Number => Ok(value.to_string()),
        // The engine's own spelling is Python's.
        ValueKind::Bool => Ok(value.is_true().to_string()),
        ValueKind::Seq if matches!(landing, Landing::Yaml | Landing::Toml | Landing::Json) => {
            let items: Result<Vec<_>, _> = value
                .try_iter()?
                .map(|item| written(landing, template, &item))
                .collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        kind => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a value of kind {kind} cannot be written"),
        )),
    }
}

/// What each platform replaces even inside of quotes, by the folder of its templates.
const EXPRESSIONS: &[(&str, &[&str])] = &[
    ("github/", &["${{"]),
    ("gitlab/", &["$"]),
    ("helm/", &["{{"]),
    ("kubernetes/", &["{{"]),
    ("renovate/", &["{{"]),
];

/// Refuses what the platform would take for an expression.
fn harmless(template: &str, text: &str) -> Result<(), Refused> {
    let of_platform = EXPRESSIONS
        .iter()
        .find(|(folder, _)| template.starts_with(folder));
    let marks = of_platform.map_or(&[][..], |(_, marks)| marks);
    if marks.iter().any(|mark| text.contains(mark)) {
        return Err(Refused::new(
            text,
            "the platform would take part of the value for an expression",
        ));
    }
    Ok(())
}

/// One word of a shell's command line, on one line.
///
/// GitLab leaves a script's variables to the shell; only `$[[` is its own there.
pub(super) fn sh(state: &State<'_, '_>, text: &str) -> Result<Value, Error> {
    let in_gitlab = state.name().starts_with("gitlab/");
    if in_gitlab && text.contains("$[[") {
        return Err(Refused::new(text, "GitLab would take part of the value for an input").into());
    }
    if !in_gitlab {
        harmless(state.name(), text)?;
    }
    Ok(Value::from_safe_string(shell_word(text)?))
}

/// A piece of a longer text: only what means nothing anywhere.
pub(super) fn word(text: &str) -> Result<Value, Error> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    if text.is_empty() || !text.chars().all(harmless) {
        let reason = "only letters, digits, `.`, `_`, `/` and `-` can stand here";
        return Err(Refused::new(text, reason).into());
    }
    Ok(Value::from_safe_string(text.to_owned()))
}

/// A string of GitHub's expression language.
pub(super) fn expr(text: &str) -> Result<Value, Error> {
    if text.contains("${{") || text.contains("}}") || text.chars().any(char::is_control) {
        return Err(Refused::new(text, "the value cannot stand in an expression").into());
    }
    let doubled = text.replace('\'', "''");
    Ok(Value::from_safe_string(format!("'{doubled}'")))
}

/// Text of a comment: anything on one line.
pub(super) fn line(text: &str) -> Result<Value, Error> {
    if text.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Err(Refused::new(text, "the value does not fit on one line").into());
    }
    Ok(Value::from_safe_string(text.to_owned()))
}

/// Characters that show nothing, or something else than what is read.
fn is_hidden(c: char) -> bool {
    let is_layout = matches!(c, '\n' | '\t');
    (c.is_control() && !is_layout)
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Text that is nothing but text, for a page's body and for attributes in double quotes.
fn html(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#39;"),
            c => written.push(c),
        }
    }
    written
}

fn shell_word(text: &str) -> Result<String, Refused> {
    if text.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Err(Refused::new(text, "the value does not fit on one line"));
    }
    // There is no NUL among characters that can be seen.
    Ok(quote::shell_word(text).unwrap_or_default())
}
