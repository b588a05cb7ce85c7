//! Dockerfiles: what is built upon, and what is copied from.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{NotEditable, Place, Target, gather::Gathered};
use crate::document::dockerfile::{Dockerfile, Instruction, Word};

/// The stages so far, and the variables that `FROM` may use.
#[derive(Default)]
struct Scope {
    /// In lower case: their names do not mind it.
    stages: HashSet<String>,
    /// By the name of the `ARG`.
    defaults: HashMap<String, Argument>,
    /// The arguments that are a part of other texts, which a digest would spoil.
    parts: HashSet<String>,
    started: bool,
}

/// The default of an `ARG`.
struct Argument {
    /// With variables put in; nothing where there is none.
    value: Option<String>,
    /// Where it is written as it is.
    literal: Option<Range<usize>>,
}

impl Scope {
    fn is_stage(&self, name: &str) -> bool {
        self.stages.contains(&name.to_ascii_lowercase())
    }

    fn default_of(&self, name: &str) -> Option<&String> {
        self.defaults.get(name)?.value.as_ref()
    }
}

/// The images of `file`: its stages, `scratch` and numbers are none.
pub(super) fn instructions(file: &Dockerfile, found: &mut Gathered<'_>) {
    if let Some(syntax) = &file.syntax {
        let text = found.text(&syntax.text, syntax.at.clone());
        found.whole_image(Place::DockerfileSyntax, &text);
    }
    let mut scope = Scope {
        parts: parts(file),
        ..Scope::default()
    };
    for instruction in &file.instructions {
        match instruction.name.as_str() {
            "ARG" if !scope.started => arguments(instruction, &mut scope, found),
            "FROM" => from(instruction, &mut scope, found),
            "COPY" => {
                for flag in &instruction.flags {
                    if flag.text.starts_with("--from=") {
                        copied(&flag.after("--from=".len()), &scope, found);
                    }
                }
            }
            "RUN" => {
                for flag in &instruction.flags {
                    mounts(flag, &scope, found);
                }
            }
            _ => {}
        }
    }
}

/// The names of the arguments that stand in a text beside something else.
fn parts(file: &Dockerfile) -> HashSet<String> {
    let before = file.instructions.iter();
    let before = before.take_while(|instruction| instruction.name != "FROM");
    let arguments = before.filter(|instruction| instruction.name == "ARG");
    let from = file.instructions.iter();
    let from = from.filter(|instruction| instruction.name == "FROM");
    let words = arguments
        .chain(from)
        .flat_map(|it| it.flags.iter().chain(&it.words));
    let mut names = HashSet::new();
    for word in words.filter(|word| only_variable(&word.unquoted().text).is_none()) {
        let rests = word.text.split('$').skip(1);
        names.extend(rests.map(|rest| name_of(rest.trim_start_matches('{')).to_owned()));
    }
    names
}

/// The name that `text` begins with.
fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    &text[..end]
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The name of the variable that is all of `text`: `$NAME` or `${NAME}`.
fn only_variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = match name.strip_prefix('{') {
        Some(name) => name.strip_suffix('}')?,
        None => name,
    };
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

fn arguments(instruction: &Instruction, scope: &mut Scope, found: &Gathered<'_>) {
    for word in &instruction.words {
        let (name, default) = match word.text.split_once('=') {
            Some((name, _)) => {
                let written = word.after(name.len() + 1).unquoted();
                let is_literal = !written.text.contains(['$', '\\', '`', '"', '\''])
                    && found.source.slice(written.at.clone()) == written.text;
                let default = Argument {
                    value: expand(&written.text, scope),
                    literal: is_literal.then_some(written.at),
                };
                (name, default)
            }
            None => (
                word.text.as_str(),
                Argument {
                    value: None,
                    literal: None,
                },
            ),
        };
        scope.defaults.insert(name.to_owned(), default);
    }
}

fn from(instruction: &Instruction, scope: &mut Scope, found: &mut Gathered<'_>) {
    scope.started = true;
    let Some(word) = instruction.words.first().map(Word::unquoted) else {
        return;
    };
    let name = expand(&word.text, scope);
    let known = name.as_deref().unwrap_or(&word.text);
    if known != "scratch" && !scope.is_stage(known) {
        base(&word, name.as_deref(), scope, found);
    }
    if let [_, keyword, stage, ..] = instruction.words.as_slice()
        && keyword.text.eq_ignore_ascii_case("as")
    {
        scope.stages.insert(stage.text.to_ascii_lowercase());
    }
}

/// The image `name` that `word` means.
fn base(word: &Word, name: Option<&str>, scope: &Scope, found: &mut Gathered<'_>) {
    let place = Place::DockerfileFrom;
    let text = found.text(&word.text, word.at.clone());
    let Some(name) = name else {
        return found.unpinned(place, &text, Target::Variable, NotEditable::NoPin);
    };
    if name == word.text {
        return found.whole_image(place, &text);
    }
    let argument = only_variable(&word.text).filter(|name| !scope.parts.contains(*name));
    let default = argument.and_then(|argument| scope.defaults.get(argument)?.literal.clone());
    if let Some(at) = default {
        let text = found.text(name, at);
        return found.whole_image(place, &text);
    }
    found.unpinned(place, &text, Target::image(name), NotEditable::Derived);
}

fn mounts(flag: &Word, scope: &Scope, found: &mut Gathered<'_>) {
    let Some(options) = flag.text.strip_prefix("--mount=") else {
        return;
    };
    let mut start = "--mount=".len();
    for option in options.split(',') {
        if option.starts_with("from=") {
            let end = start + option.len();
            let mut word = flag.after(start + "from=".len());
            word.text.truncate(end - start - "from=".len());
            word.at.end = word.at.start + word.text.len();
            copied(&word, scope, found);
        }
        start += option.len() + 1;
    }
}

fn copied(word: &Word, scope: &Scope, found: &mut Gathered<'_>) {
    let word = word.unquoted();
    let index = word.text.bytes().all(|byte| byte.is_ascii_digit());
    if !index && word.text != "scratch" && !scope.is_stage(&word.text) {
        let text = found.text(&word.text, word.at);
        found.whole_image(Place::DockerfileCopy, &text);
    }
}

/// `text` with the defaults of its variables; nothing where one has none, or is used in a way
/// that only a build can tell.
fn expand(text: &str, scope: &Scope) -> Option<String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let (value, length) = variable(&rest[at + 1..], scope)?;
        expanded.push_str(&value);
        rest = &rest[at + 1 + length..];
        // A few lines can double a text without end.
        if expanded.len() > crate::model::image::ImageReference::MAX_LENGTH {
            return None;
        }
    }
    expanded.push_str(rest);
    Some(expanded)
}

/// The value of the variable that `text` begins with, after its `$`, and its length.
fn variable(text: &str, scope: &Scope) -> Option<(String, usize)> {
    let (inside, length) = if let Some(rest) = text.strip_prefix('{') {
        let end = rest.find('}')?;
        (&rest[..end], end + 2)
    } else {
        let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
        (&text[..end], end)
    };
    let end = inside.find(|c: char| !is_name(c)).unwrap_or(inside.len());
    let (name, operator) = inside.split_at(end);
    let default = scope.default_of(name).cloned();
    let fallback = |rest: &str| (!rest.contains('$')).then(|| rest.to_owned());
    let value = match operator {
        _ if name.is_empty() => None,
        "" => default,
        _ => match (operator.strip_prefix(":-"), operator.strip_prefix('-')) {
            (Some(rest), _) => match default.filter(|value| !value.is_empty()) {
                Some(value) => Some(value),
                None => fallback(rest),
            },
            (None, Some(rest)) => default.or_else(|| fallback(rest)),
            (None, None) => None,
        },
    };
    value.map(|value| (value, length))
}
