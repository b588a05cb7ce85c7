//! The inputs that a file declares, and whether a value fits one.

use std::{collections::HashMap, ops::Range};

use regex::{Regex, RegexBuilder};

use super::{
    condition::{self, Truth},
    scalar::{self, Read},
};
use crate::document::yaml::Node;

/// A longer pattern is not tried.
const MAX_PATTERN: usize = 1_024;

/// What an input holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Bool,
    Array,
    /// A word that this program does not know.
    Unknown,
}

/// One input of a file.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) name: String,
    /// The bytes of its name in the file that declares it.
    pub(super) at: Range<usize>,
    pub(super) is: Type,
    pub(super) has_default: bool,
    pub(super) options: Option<Vec<String>>,
    pub(super) pattern: Option<String>,
    pub(super) rules: Vec<Choice>,
    default: Option<String>,
}

/// What one of an input's rules allows.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) condition: Option<String>,
    pub(super) options: Option<Vec<String>>,
    pub(super) has_default: bool,
}

/// The inputs of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    pub(super) declared: Vec<Input>,
    by_name: HashMap<String, usize>,
    /// Whether other files declare more.
    pub(super) open: bool,
}

impl Inputs {
    /// Those that the header `spec` declares.
    pub(super) fn of(spec: &Node<'_>) -> Self {
        let entries = spec
            .get("inputs")
            .map(|node| node.entries())
            .unwrap_or_default();
        let declared = entries
            .iter()
            .filter_map(|(key, node)| Input::of(key, node));
        let declared: Vec<Input> = declared.collect();
        let names = declared.iter().map(|input| input.name.clone());
        Self {
            by_name: names.zip(0..).collect(),
            declared,
            open: spec.get("include").is_some(),
        }
    }

    /// The input called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&Input> {
        self.declared.get(*self.by_name.get(name)?)
    }
}

impl Input {
    fn of(key: &Node<'_>, node: &Node<'_>) -> Option<Self> {
        let name = key.scalar()?;
        let is = match node.get("type").and_then(|node| node.text()) {
            None | Some("string") => Type::Text,
            Some("number") => Type::Number,
            Some("boolean") => Type::Bool,
            Some("array") => Type::Array,
            Some(_) => Type::Unknown,
        };
        let rules = node
            .get("rules")
            .map(|rules| rules.items().map(|it| Choice::of(&it)));
        Some(Self {
            name: name.value.to_owned(),
            at: name.at,
            is,
            has_default: node.get("default").is_some(),
            options: options(node),
            pattern: node
                .get("regex")
                .and_then(|it| it.text())
                .map(str::to_owned),
            rules: rules.map(Iterator::collect).unwrap_or_default(),
            default: node
                .get("default")
                .and_then(|it| it.text())
                .map(str::to_owned),
        })
    }

    /// Whether whoever includes the file must give a value.
    pub(super) fn is_required(&self) -> bool {
        !self.has_default && !self.rules.iter().any(|rule| rule.has_default)
    }

    /// Why the value `node` does not fit; nothing where it may.
    ///
    /// `given` are the values of the other inputs, on which rules look.
    pub(super) fn refuses(&self, node: &Node<'_>, given: &Given<'_>) -> Option<String> {
        if let Some(wrong) = self.wrong_type(node) {
            return Some(wrong);
        }
        let found = node.scalar().filter(|it| !it.value.contains('$'))?;
        if let Some(options) = self.options_for(given)
            && !options.iter().any(|option| option == found.value)
        {
            return Some(format!("takes one of: {}", listed(&options)));
        }
        let pattern = self.pattern.as_deref()?;
        let matches = compiled(pattern)?.is_match(found.value);
        (!matches).then(|| format!("takes only what matches `{}`", super::fault::brief(pattern)))
    }

    fn wrong_type(&self, node: &Node<'_>) -> Option<String> {
        let wanted = match self.is {
            Type::Text => "takes text",
            Type::Number => "takes a number",
            Type::Bool => "takes `true` or `false`",
            Type::Array => "takes a list",
            Type::Unknown => return None,
        };
        if node.tag().is_some() {
            return None;
        }
        let fits = match node.scalar() {
            Some(found) if scalar::is_interpolated(found.value) => true,
            Some(found) => match (self.is, scalar::read(&found)) {
                // A variable may stand for text alone.
                (Type::Text, Read::Text)
                | (Type::Number, Read::Integer(_) | Read::Number)
                | (Type::Bool, Read::Bool(_)) => true,
                (_, read) => {
                    self.is != Type::Text && read == Read::Text && is_variable(found.value)
                }
            },
            None if node.is_mapping() => self.is == Type::Array,
            None => self.is == Type::Array || node.items().next().is_none(),
        };
        (!fits).then(|| wanted.to_owned())
    }

    /// The values that may be chosen; nothing where any may, or it cannot be told.
    fn options_for(&self, given: &Given<'_>) -> Option<Vec<String>> {
        if self.rules.is_empty() {
            return self.options.clone();
        }
        let mut all = Vec::new();
        for rule in &self.rules {
            let truth = match &rule.condition {
                None => Truth::Yes,
                Some(condition) => condition::holds(condition, &|name| given.value_of(name)),
            };
            if truth != Truth::No {
                all.extend(rule.options.clone()?);
            }
            if truth == Truth::Yes {
                return Some(all);
            }
        }
        // Without a rule that surely applies, what GitLab does is left to it.
        None
    }
}

impl Choice {
    fn of(node: &Node<'_>) -> Self {
        Self {
            condition: node.get("if").and_then(|it| it.text()).map(str::to_owned),
            options: options(node),
            has_default: node.get("default").is_some(),
        }
    }
}

/// The values that an `include` gives, with the defaults of what it leaves out.
pub(super) struct Given<'a> {
    values: HashMap<&'a str, Option<&'a str>>,
    inputs: &'a Inputs,
}

impl<'a> Given<'a> {
    /// Those of the mapping `inputs:` of an include.
    pub(super) fn of(entries: &'a [(Node<'a>, Node<'a>)], inputs: &'a Inputs) -> Self {
        let values = entries
            .iter()
            .filter_map(|(key, value)| Some((key.text()?, value.text())))
            .collect();
        Self { values, inputs }
    }

    /// The value of `name`, if it is known.
    fn value_of(&self, name: &str) -> Option<String> {
        let value = match self.values.get(name) {
            Some(value) => (*value)?,
            None => self.inputs.get(name)?.default.as_deref()?,
        };
        (!value.contains('$')).then(|| value.to_owned())
    }
}

/// The pattern as GitLab takes it; nothing where it is none, or too large to try.
pub(super) fn compiled(pattern: &str) -> Option<Regex> {
    if pattern.len() > MAX_PATTERN {
        return None;
    }
    RegexBuilder::new(pattern).size_limit(1 << 20).build().ok()
}

/// Whether the whole of `text` is a variable.
fn is_variable(text: &str) -> bool {
    text.starts_with('$') && text.len() > 1
}

fn options(node: &Node<'_>) -> Option<Vec<String>> {
    let options = node.get("options")?;
    let known = options.items().map(|item| item.text().map(str::to_owned));
    known.collect()
}

fn listed(options: &[String]) -> String {
    let mut shown: Vec<String> = options
        .iter()
        .take(10)
        .map(|option| format!("`{}`", super::fault::brief(option)))
        .collect();
    if options.len() > shown.len() {
        shown.push("...".to_owned());
    }
    shown.join(", ")
}
