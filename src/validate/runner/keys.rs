//! Every key of config.toml with the type that the runner decodes it into, from `keys.txt`.

use std::{collections::HashMap, sync::LazyLock};

/// The section that is the file itself.
pub(super) const ROOT: &str = "Config";

/// A key with more homes than this is no evidence of which section was meant.
const MAX_HOMES: usize = 3;

/// What may stand behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Whole,
    Number,
    Flag,
    /// A text such as `1h30m`, or nanoseconds.
    Duration,
    Time,
    /// One text or several.
    Texts,
    Any,
    Array(Box<Self>),
    /// A table whose keys may have any name.
    Map(Box<Self>),
    /// A table with the keys of this section.
    Section(&'static str),
}

/// The keys of one section.
#[derive(Debug, Default)]
pub(super) struct Shape {
    names: Vec<&'static str>,
    types: HashMap<String, (&'static str, Type)>,
}

/// The table of all sections.
#[derive(Debug)]
pub(super) struct Keys {
    sections: HashMap<&'static str, Shape>,
    /// The headers of the sections that know a key.
    homes: HashMap<String, Vec<String>>,
}

/// The table, read once.
pub(super) static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::read(include_str!("keys.txt")));

impl Keys {
    fn read(text: &'static str) -> Self {
        let mut sections: HashMap<&'static str, Shape> = HashMap::new();
        let mut current = ROOT;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                current = name;
            } else if let Some((of, names)) = line.split_once(" = ") {
                let shape = sections.entry(current).or_default();
                for name in names.split_whitespace() {
                    let entry = (name, Type::read(of));
                    shape.types.insert(name.to_ascii_lowercase(), entry);
                    shape.names.push(name);
                }
            }
        }
        let mut keys = Self {
            sections,
            homes: HashMap::new(),
        };
        keys.find_homes(ROOT, "");
        keys
    }

    /// Follows the sections from `name` on, whose header is `header`; none contains itself.
    fn find_homes(&mut self, name: &str, header: &str) {
        let shape = self.sections.get(name);
        let entries: Vec<_> = shape.into_iter().flat_map(|it| it.types.values()).collect();
        let entries: Vec<_> = entries.into_iter().cloned().collect();
        for (key, of) in entries {
            let homes = self.homes.entry(key.to_ascii_lowercase()).or_default();
            homes.push(header.to_owned());
            if let Some(section) = of.section() {
                let below = if header.is_empty() {
                    key.to_owned()
                } else {
                    format!("{header}.{key}")
                };
                self.find_homes(section, &below);
            }
        }
    }

    /// The keys of the section `name`.
    pub(super) fn section(&self, name: &str) -> Option<&Shape> {
        self.sections.get(name)
    }

    /// The headers of the outermost sections that know `key`, where they are few enough to tell which
    /// was meant; an empty one is the file itself.
    pub(super) fn homes(&self, key: &str) -> Vec<&str> {
        let homes = self.homes.get(&key.to_ascii_lowercase());
        let homes = homes.into_iter().flatten().map(String::as_str);
        let depth = |home: &str| home.split('.').count();
        let outermost = homes.clone().map(depth).min();
        let mut homes: Vec<&str> = homes
            .filter(|home| Some(depth(home)) == outermost)
            .collect();
        homes.sort_unstable();
        if homes.len() > MAX_HOMES {
            return Vec::new();
        }
        homes
    }
}

impl Shape {
    /// The key as it is documented, and its type; case does not matter to the runner.
    pub(super) fn key(&self, key: &str) -> Option<&(&'static str, Type)> {
        self.types.get(&key.to_ascii_lowercase())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().copied()
    }
}

impl Type {
    fn read(text: &'static str) -> Self {
        if let Some(inner) = text.strip_suffix("|string[]") {
            debug_assert_eq!(inner, "string");
            return Self::Texts;
        }
        if let Some(inner) = text.strip_suffix("[]") {
            return Self::Array(Box::new(Self::read(inner)));
        }
        if let Some(inner) = text.strip_suffix("{}") {
            return match Self::read(inner) {
                Self::Any => Self::Any,
                inner => Self::Map(Box::new(inner)),
            };
        }
        match text {
            "string" => Self::Text,
            "int" => Self::Whole,
            "float" => Self::Number,
            "bool" => Self::Flag,
            "duration" => Self::Duration,
            "time" => Self::Time,
            "any" => Self::Any,
            section => Self::Section(section),
        }
    }

    /// The section that this leads to, by itself or in an array.
    pub(super) fn section(&self) -> Option<&'static str> {
        match self {
            Self::Section(name) => Some(name),
            Self::Array(inner) => inner.section(),
            _ => None,
        }
    }

    /// What it is called in a message.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Text => "a string".to_owned(),
            Self::Whole => "an integer".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Duration => "a duration such as `\"30s\"`".to_owned(),
            Self::Time => "a date and time".to_owned(),
            Self::Texts => "a string or an array of strings".to_owned(),
            Self::Any => "anything".to_owned(),
            Self::Array(inner) => match **inner {
                Self::Text => "an array of strings".to_owned(),
                Self::Whole => "an array of integers".to_owned(),
                Self::Number => "an array of numbers".to_owned(),
                _ => "an array of tables".to_owned(),
            },
            Self::Map(_) | Self::Section(_) => "a table".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        for (name, shape) in &KEYS.sections {
            for (_, of) in shape.types.values() {
                if let Some(section) = of.section() {
                    assert!(KEYS.section(section).is_some(), "{name} leads to {section}");
                }
            }
        }
        let count: usize = KEYS.sections.values().map(|shape| shape.names.len()).sum();
        assert_eq!((KEYS.sections.len(), count), (72, 583));
    }

    #[test]
    fn keys_are_found_whatever_their_case_and_know_their_homes() {
        let docker = KEYS.section("DockerConfig").unwrap();
        assert_eq!(
            docker.key("Pull_Policy"),
            Some(&("pull_policy", Type::Texts))
        );
        assert_eq!(docker.key("nothing"), None);
        assert_eq!(KEYS.homes("shm_size"), ["runners.docker"]);
        assert_eq!(
            KEYS.homes("PRIVILEGED"),
            ["runners.docker", "runners.kubernetes"]
        );
        assert!(KEYS.homes("buids_dir").is_empty());
        assert_eq!(KEYS.homes("concurrent"), [""]);
    }
}
