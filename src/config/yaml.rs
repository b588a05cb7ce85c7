//! Reads hostile YAML into typed values that know where they stood.

use std::{borrow::Cow, cmp::Ordering, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{DuplicateKeyPolicy, Error, MergeKeyPolicy, Spanned};

use super::{
    diagnostic::{ConfigError, Diagnostic},
    duplicate,
    suggest::suggest,
    value::excerpt,
};
use crate::model::text::shortened;

/// Longer files are refused before they are parsed.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// A value and the bytes it was read from.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

/// The value of a key that may be absent; a key without a value is an error, unlike `Option`.
#[derive(Clone, Debug)]
pub(super) struct Field<T>(pub(super) Option<Located<T>>);

impl<T> Field<T> {
    pub(super) fn get(&self) -> Option<&Located<T>> {
        self.0.as_ref()
    }
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self {
            value: spanned.value,
            at: bytes(&spanned.defined).unwrap_or_default(),
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Located::deserialize(deserializer).map(|located| Self(Some(located)))
    }
}

impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Located<T> {}

impl<T: Ord> PartialOrd for Located<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> Ord for Located<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

macro_rules! transparent_schema {
    ($wrapper:ident) => {
        impl<T: JsonSchema> JsonSchema for $wrapper<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }

            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }

            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    };
}

transparent_schema!(Located);
transparent_schema!(Field);

/// Parses `text` as one YAML document of type `T`; `name` is the file's name in messages.
///
/// `if_empty` says what to write into a file that holds nothing.
pub(super) fn parse<T: serde::de::DeserializeOwned>(
    text: &[u8],
    name: &str,
    if_empty: &str,
) -> Result<(T, String), ConfigError> {
    let text = decode(text, name)?;
    let refuse = |diagnostic| ConfigError::new(name, &text, vec![diagnostic]);
    if text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#')
    }) {
        return Err(refuse(
            Diagnostic::whole("the file is empty").help(if_empty),
        ));
    }
    match serde_saphyr::from_str_with_options(&text, options()) {
        Ok(value) => Ok((value, text)),
        Err(error) => Err(refuse(diagnose(&error, &text))),
    }
}

fn decode(bytes: &[u8], name: &str) -> Result<String, ConfigError> {
    let refuse = |text: &str, diagnostic| Err(ConfigError::new(name, text, vec![diagnostic]));
    if bytes.len() > MAX_FILE_BYTES {
        let message = format!(
            "the file has {} bytes, more than the {MAX_FILE_BYTES} allowed",
            bytes.len()
        );
        return refuse("", Diagnostic::whole(message));
    }
    let mend = "save the file as UTF-8 without a byte order mark";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return refuse(
            "",
            Diagnostic::whole("the file is UTF-16, not UTF-8").help(mend),
        );
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = error.valid_up_to();
            let shown = String::from_utf8_lossy(bytes);
            let at = Diagnostic::about(&(good..good + 1), "the file is not UTF-8").help(mend);
            return refuse(&shown, at.label("this byte"));
        }
    };
    // Windows editors write the mark; it carries no meaning in UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(text.to_owned())
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 100_000,
            max_nodes: 50_000,
            max_depth: 32,
            flow_nesting_limit: 32,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 2,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        ignore_binary_tag_for_string: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// Turns the parser's error into one of ours, in the words of someone who writes the file.
fn diagnose(error: &Error, text: &str) -> Diagnostic {
    let error = innermost(error);
    let at = error
        .location()
        .and_then(|location| located(&location, text))
        .unwrap_or(0..0);
    let here = |message: String| Diagnostic::about(&at, message);
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => unknown_key(&at, field, expected),
        Error::DuplicateMappingKey { .. } => match duplicate::find(text) {
            Some(found) => Diagnostic::about(
                &found.second,
                format!("the key `{}` stands twice", excerpt(&found.key)),
            )
            .label("again here")
            .related(found.first, "first here")
            .help("keep one of the two"),
            None => here("a key stands twice".to_owned()),
        },
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => here(format!(
            "expected {}, found {}",
            plain(expected),
            plain(unexpected)
        )),
        Error::Unexpected { expected, .. } => shape(&at, expected, text),
        Error::TaggedScalarCannotDeserializeIntoString { .. }
        | Error::UnsupportedTag { .. }
        | Error::TaggedStructFieldName { .. }
        | Error::TaggedEnumMismatch { .. } => {
            here("YAML tags (`!name`) are not supported".to_owned()).help("leave out the tag")
        }
        Error::NullIntoString { .. } => {
            here("the key has no value".to_owned()).help("write a value, or leave out the key")
        }
        Error::InvalidBooleanStrict { .. } | Error::InvalidScalar { ty: "bool", .. } => {
            here("expected `true` or `false`".to_owned())
                .help("YAML 1.2 knows no `yes`, `no`, `on` or `off`")
        }
        Error::MultipleDocuments { .. } => {
            here("the file has more than one YAML document".to_owned())
                .help("remove the `---` and what follows it")
        }
        Error::MergeKeyNotAllowed { .. } => here("merge keys (`<<`) are not supported".to_owned())
            .help("YAML 1.2 has none: write the keys out"),
        Error::UnknownAnchor { .. } => here("no anchor of this name stands before".to_owned())
            .help("a value that starts with `*` must be quoted"),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => here(
            "the file is nested too deeply, or too large once its aliases are expanded".to_owned(),
        ),
        Error::Eof { .. } => here("the file ends too early".to_owned()),
        other => syntax(&at, other, text),
    }
}

/// A mapping, list or single value where another of the three belongs.
fn shape(at: &Range<usize>, expected: &str, text: &str) -> Diagnostic {
    let found = match text.as_bytes().get(at.start) {
        Some(b'[') => ", found a list",
        Some(b'{') => ", found a mapping",
        Some(b'-') if text[at.start..].starts_with("- ") => ", found a list",
        _ => "",
    };
    let expected = plain(expected);
    let diagnostic = Diagnostic::about(at, format!("expected {expected}{found}"));
    if expected.contains("a list") {
        return diagnostic.help("a list is written `[one, two]`, or one `- item` a line");
    }
    if expected.contains("a mapping") {
        return diagnostic.help("a mapping is written `{key: value}`, or one `key: value` a line");
    }
    diagnostic
}

/// What is not YAML at all; the parser's own words, cut to one line.
fn syntax(at: &Range<usize>, error: &Error, text: &str) -> Diagnostic {
    let rendered = error.to_string();
    let first = rendered.lines().next().unwrap_or_default();
    let words = first.split(" at line ").next().unwrap_or(first);
    let line = line_around(text, at.start);
    if words.contains("recursion limit") {
        return Diagnostic::about(at, "the file is nested too deeply");
    }
    let diagnostic = Diagnostic::about(at, format!("not valid YAML: {}", shortened(words, 200)));
    if line.trim_start_matches(' ').starts_with('\t') {
        return diagnostic.help("YAML is indented with spaces, never with tabs");
    }
    if words.contains("mapping values are not allowed") {
        return diagnostic.help("line up the keys of one mapping; quote a value that holds `: `");
    }
    diagnostic
}

fn unknown_key(at: &Range<usize>, field: &str, expected: &[&'static str]) -> Diagnostic {
    let diagnostic = Diagnostic::about(at, format!("unknown key `{}`", excerpt(field)));
    match suggest(field, expected.iter().copied()) {
        Some(near) => diagnostic
            .label(format!("did you mean `{near}`?"))
            .help(format!("known here: {}", expected.join(", "))),
        None => diagnostic
            .label("no such key")
            .help(format!("known here: {}", expected.join(", "))),
    }
}

fn innermost(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } =
        error
    {
        error = inner;
    }
    error
}

fn bytes(location: &serde_saphyr::Location) -> Option<Range<usize>> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    (location.line() > 0).then(|| start..start.saturating_add(length))
}

/// The bytes of `location`, from its line and column where the parser kept no offset.
fn located(location: &serde_saphyr::Location, text: &str) -> Option<Range<usize>> {
    if let Some(range) = bytes(location) {
        return Some(range);
    }
    let line = usize::try_from(location.line()).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column()).ok()?.checked_sub(1)?;
    let line_start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let start = text
        .get(line_start..)?
        .char_indices()
        .nth(column)
        .map_or(text.len(), |(offset, _)| line_start + offset);
    Some(start..start + 1)
}

fn line_around(text: &str, offset: usize) -> &str {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..]
        .find('\n')
        .map_or(text.len(), |at| offset + at);
    &text[start..end]
}

/// serde's words for types, as people who write YAML know them.
fn plain(words: &str) -> String {
    match words {
        "a map" | "map" | "mapping start" => "a mapping (`key: value`)".to_owned(),
        "a sequence" | "sequence" | "sequence start" => "a list (`- value`)".to_owned(),
        "string" | "a string" | "string scalar" => "a single value".to_owned(),
        struct_name if struct_name.starts_with("struct ") => "a mapping (`key: value`)".to_owned(),
        other => other.to_owned(),
    }
}
