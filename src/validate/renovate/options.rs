//! What Renovate 44 reads, from `options.txt`.

use std::{collections::HashMap, sync::LazyLock};

/// What may stand behind an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Boolean,
    Integer,
    Text,
    /// A list of texts; Renovate takes one text for a list of it.
    Texts,
    List,
    /// A list of objects with options of their own.
    Objects,
    /// An object with options of its own.
    Object,
    /// An object whose keys may have any name.
    Map,
}

/// An option of Renovate.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) of: Type,
    /// Only for whoever runs Renovate.
    pub(super) global: bool,
    /// The only objects that may hold it; none where it does not matter. `.` is the file's top.
    pub(super) parents: Vec<&'static str>,
}

/// The whole table.
#[derive(Debug, Default)]
pub(super) struct Options {
    known: HashMap<&'static str, Known>,
    pub(super) values: HashMap<&'static str, Vec<&'static str>>,
    pub(super) managers: Vec<&'static str>,
    pub(super) datasources: Vec<&'static str>,
    /// Presets that are gone, with those to write; empty for none.
    pub(super) presets: HashMap<&'static str, &'static str>,
    /// Options that have another name now.
    pub(super) renamed: HashMap<&'static str, &'static str>,
    pub(super) gone: Vec<&'static str>,
}

/// The table, read once.
pub(super) static OPTIONS: LazyLock<Options> =
    LazyLock::new(|| Options::read(include_str!("options.txt")));

/// Options that the table of Renovate's own does not list, and that it lets pass.
const IGNORED: &[&str] = &[
    "$schema",
    "depType",
    "forkToken",
    "headers",
    "minimumConfidence",
    "npmToken",
    "packageFile",
    "prBody",
    "repository",
    "vulnerabilityAlertsOnly",
];

impl Options {
    fn read(text: &'static str) -> Self {
        let mut options = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((head, tail)) = line.split_once(" =") else {
                continue;
            };
            let mut head = head.split(' ');
            let names = tail.split_whitespace();
            match (head.next().unwrap_or_default(), head.next()) {
                ("manager", _) => options.managers.extend(names),
                ("datasource", _) => options.datasources.extend(names),
                ("gone", _) => options.gone.extend(names),
                ("value", Some(name)) => {
                    options.values.insert(name, names.collect());
                }
                ("preset", Some(name)) => {
                    options.presets.insert(name, tail.trim());
                }
                ("renamed", Some(name)) => {
                    options.renamed.insert(name, tail.trim());
                }
                (of, next) => {
                    let words: Vec<&str> = next.into_iter().chain(head).collect();
                    options.add(Type::read(of), &words, names);
                }
            }
        }
        options
    }

    fn add(&mut self, of: Type, words: &[&'static str], names: impl Iterator<Item = &'static str>) {
        let parents = words.iter().filter_map(|word| word.strip_prefix('@'));
        let known = Known {
            of,
            global: words.contains(&"global"),
            parents: parents.collect(),
        };
        self.known.extend(names.map(|name| (name, known.clone())));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.known.get(name)
    }

    /// Whether `name` may stand somewhere, an option or not.
    pub(super) fn passes(&self, name: &str) -> bool {
        self.known.contains_key(name) || IGNORED.contains(&name) || self.is_manager(name)
    }

    pub(super) fn is_manager(&self, name: &str) -> bool {
        self.managers.contains(&name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.known.keys().copied()
    }

    /// What the object below `key` is; an option that was renamed counts as what it is now.
    pub(super) fn type_of(&self, key: &str) -> Option<Type> {
        let name = self.renamed.get(key).copied().unwrap_or(key);
        let known = self.known.get(name).map(|known| known.of);
        known.or_else(|| self.is_manager(name).then_some(Type::Object))
    }
}

impl Type {
    fn read(word: &str) -> Self {
        match word {
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "texts" => Self::Texts,
            "list" => Self::List,
            "objects" => Self::Objects,
            "object" => Self::Object,
            "map" => Self::Map,
            _ => Self::Text,
        }
    }

    /// What it is called in a message.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "`true` or `false`",
            Self::Integer => "a whole number",
            Self::Text => "a text",
            Self::Texts | Self::List => "a list",
            Self::Objects => "a list of objects",
            Self::Object | Self::Map => "an object",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(OPTIONS.known.len(), 368);
        assert_eq!(
            (OPTIONS.managers.len(), OPTIONS.datasources.len()),
            (116, 80)
        );
        let rule = OPTIONS.get("matchPackageNames").unwrap();
        assert_eq!(
            (rule.of, rule.parents.as_slice()),
            (Type::Texts, &["packageRules"][..])
        );
        assert!(OPTIONS.get("autodiscover").unwrap().global);
        assert_eq!(
            OPTIONS.presets.get("config:base"),
            Some(&"config:recommended")
        );
        assert_eq!(OPTIONS.type_of("regexManagers"), Some(Type::Objects));
        for (old, new) in &OPTIONS.renamed {
            assert!(!OPTIONS.passes(old) && !new.is_empty(), "{old}");
        }
    }
}
