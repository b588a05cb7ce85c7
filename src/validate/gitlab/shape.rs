//! A small language for what may stand in a file: which keys, and values of what kind.
//!
//! A shape says what a single value, a list and a mapping may each be. So whoever wrote one where
//! another belongs is told that, and not that none of five alternatives fits.

/// What may stand at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// As a single value; nothing where none may.
    pub(super) one: Option<One>,
    /// As the items of a list.
    pub(super) list: Option<&'static Self>,
    /// As a mapping.
    pub(super) mapping: Option<&'static Mapping>,
}

/// A single value.
#[derive(Clone, Copy, Debug)]
pub(super) enum One {
    /// Text; GitLab takes no number and no `true` for text.
    Text,
    /// Text, a number, or `true` and `false`.
    Scalar,
    /// `true` or `false`.
    Bool,
    /// A whole number between two.
    Integer(i64, i64),
    /// Whether, or how many.
    BoolOrText,
    /// One of a few words.
    Word(&'static Words),
    /// A span of time in words: `1h 30m`.
    Duration,
    /// The key of a cache, which becomes the name of a file.
    CacheKey,
}

/// The words of a place that takes only some.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// Those that are known.
    pub(super) known: &'static [&'static str],
    /// Whether GitLab has added to them before, so that another may be newer than this program.
    pub(super) grows: bool,
    /// Whether a variable may stand instead.
    pub(super) variable: bool,
}

/// A mapping.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mapping {
    /// Of any keys to values of one shape.
    Any(&'static Shape),
    /// Of known keys.
    Known(&'static Keys),
}

/// The keys of a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    /// What has them, as a message names it.
    pub(super) of: &'static str,
    /// Every key with what it takes.
    pub(super) known: &'static [(&'static str, &'static Shape)],
    /// Those of which one must be there, unless the mapping is completed elsewhere.
    pub(super) needed: &'static [&'static [&'static str]],
    /// Those that GitLab took once, with what to write today.
    pub(super) gone: &'static [(&'static str, &'static str)],
}

impl Shape {
    /// A single value only.
    pub(super) const fn one(one: One) -> Self {
        Self {
            one: Some(one),
            list: None,
            mapping: None,
        }
    }

    /// A list only.
    pub(super) const fn list(item: &'static Self) -> Self {
        Self {
            one: None,
            list: Some(item),
            mapping: None,
        }
    }

    /// A mapping only.
    pub(super) const fn mapping(mapping: &'static Mapping) -> Self {
        Self {
            one: None,
            list: None,
            mapping: Some(mapping),
        }
    }

    /// The same, or a list.
    pub(super) const fn or_list(self, item: &'static Self) -> Self {
        Self {
            list: Some(item),
            ..self
        }
    }

    /// The same, or a mapping.
    pub(super) const fn or_mapping(self, mapping: &'static Mapping) -> Self {
        Self {
            mapping: Some(mapping),
            ..self
        }
    }

    /// Whether anything may stand here.
    pub(super) const fn is_anything(&self) -> bool {
        self.one.is_none() && self.list.is_none() && self.mapping.is_none()
    }
}

impl Keys {
    /// What `key` takes.
    pub(super) fn get(&self, key: &str) -> Option<&'static Shape> {
        let found = self.known.iter().find(|(name, _)| *name == key);
        found.map(|(_, shape)| *shape)
    }
}
