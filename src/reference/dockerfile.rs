//! Dockerfiles: what is built upon, and what is copied from.

use std::collections::{HashMap, HashSet};

use super::found::{Found, ImagePlace, Unresolved, resolve};
use crate::document::dockerfile::{Dockerfile, Instruction, Word};

/// The stages so far, and the variables that `FROM` may use.
#[derive(Default)]
struct Scope {
    /// In lower case: their names do not mind it.
    stages: HashSet<String>,
    /// Nothing for an `ARG` without a default.
    defaults: HashMap<String, Option<String>>,
    started: bool,
}

impl Scope {
    fn is_stage(&self, name: &str) -> bool {
        self.stages.contains(&name.to_ascii_lowercase())
    }
}

/// The images of `file`: its stages, `scratch` and numbers are none.
pub(super) fn images(file: &Dockerfile, found: &mut Found<'_>) {
    if let Some(syntax) = &file.syntax {
        found.whole(
            ImagePlace::DockerfileSyntax,
            &syntax.text,
            syntax.at.clone(),
        );
    }
    let mut scope = Scope::default();
    for instruction in &file.instructions {
        match instruction.name.as_str() {
            "ARG" if !scope.started => arguments(instruction, &mut scope),
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

fn arguments(instruction: &Instruction, scope: &mut Scope) {
    for word in &instruction.words {
        let (name, default) = match word.text.split_once('=') {
            Some((name, _)) => {
                let value = word.after(name.len() + 1).unquoted().text;
                (name, expand(&value, scope))
            }
            None => (word.text.as_str(), None),
        };
        scope.defaults.insert(name.to_owned(), default);
    }
}

fn from(instruction: &Instruction, scope: &mut Scope, found: &mut Found<'_>) {
    scope.started = true;
    let Some(word) = instruction.words.first().map(Word::unquoted) else {
        return;
    };
    let name = expand(&word.text, scope);
    let known = name.as_deref().unwrap_or(&word.text);
    if known != "scratch" && !scope.is_stage(known) {
        let image = match &name {
            Some(name) => resolve(name),
            None => Err(Unresolved::Variable),
        };
        found.resolved(ImagePlace::DockerfileFrom, &word.text, word.at, image);
    }
    if let [_, keyword, stage, ..] = instruction.words.as_slice()
        && keyword.text.eq_ignore_ascii_case("as")
    {
        scope.stages.insert(stage.text.to_ascii_lowercase());
    }
}

fn mounts(flag: &Word, scope: &Scope, found: &mut Found<'_>) {
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

fn copied(word: &Word, scope: &Scope, found: &mut Found<'_>) {
    let word = word.unquoted();
    let index = word.text.bytes().all(|byte| byte.is_ascii_digit());
    if !index && word.text != "scratch" && !scope.is_stage(&word.text) {
        found.whole(ImagePlace::DockerfileCopy, &word.text, word.at);
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
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (inside, length) = if let Some(rest) = text.strip_prefix('{') {
        let end = rest.find('}')?;
        (&rest[..end], end + 2)
    } else {
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        (&text[..end], end)
    };
    let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
    let (name, operator) = inside.split_at(end);
    let default = scope.defaults.get(name).cloned().flatten();
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
