//! What may stand where: a file's grammar as data, and the walk that compares.

pub(super) mod action;
mod walk;
pub(super) mod workflow;

pub(super) use walk::{Walk, short};

use super::place::Place;

/// What a value may be: at most one of each form, since its form tells which is meant.
#[derive(Debug)]
pub(super) struct Shape {
    scalar: Option<Word>,
    list: Option<&'static Self>,
    map: Option<&'static Map>,
    /// Whether it may be left empty.
    null: bool,
    part: Part,
}

/// What a single value may be.
#[derive(Clone, Copy, Debug)]
enum Word {
    /// Any text, a number or a boolean as well.
    Text,
    /// The same, but not the empty one.
    Filled,
    /// `true` or `false`, without quotes.
    Boolean,
    /// A number, without quotes.
    Number,
    /// One of these; others may be newer than this program.
    OneOf(&'static [&'static str]),
    /// An expression, with or without `${{`.
    Condition,
}

/// Which part of a file a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Job,
    Step,
    Other,
}

/// The keys of a mapping.
#[derive(Debug)]
struct Map {
    keys: &'static [Key],
    /// What any other key is.
    rest: Rest,
    /// What it is, as a message has it: `a job`.
    what: &'static str,
}

/// What GitHub does with keys that have no meaning of their own.
#[derive(Debug)]
enum Rest {
    /// It refuses the file.
    Refused,
    /// It ignores them.
    Ignored,
    /// They are names, of values of this shape.
    Are(&'static Shape),
}

/// A key of a mapping.
#[derive(Debug)]
struct Key {
    name: &'static str,
    shape: &'static Shape,
    required: bool,
    /// What expressions at and below it may use; otherwise as above it.
    place: Option<&'static Place>,
}

const fn key(name: &'static str, shape: &'static Shape) -> Key {
    Key {
        name,
        shape,
        required: false,
        place: None,
    }
}

impl Key {
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn at(mut self, place: &'static Place) -> Self {
        self.place = Some(place);
        self
    }
}

impl Shape {
    const NOTHING: Self = Self {
        scalar: None,
        list: None,
        map: None,
        null: false,
        part: Part::Other,
    };

    const fn scalar(word: Word) -> Self {
        Self {
            scalar: Some(word),
            null: matches!(word, Word::Text),
            ..Self::NOTHING
        }
    }

    const fn list(item: &'static Self) -> Self {
        Self {
            list: Some(item),
            ..Self::NOTHING
        }
    }

    const fn map(map: &'static Map) -> Self {
        Self {
            map: Some(map),
            ..Self::NOTHING
        }
    }

    /// The same, or a list of `item`.
    const fn or_list(mut self, item: &'static Self) -> Self {
        self.list = Some(item);
        self
    }

    /// The same, or a mapping.
    const fn or_map(mut self, map: &'static Map) -> Self {
        self.map = Some(map);
        self
    }

    /// The same, or nothing.
    const fn or_null(mut self) -> Self {
        self.null = true;
        self
    }

    const fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Its forms, as a message has them: `a text or a list`.
    fn forms(&self) -> String {
        let scalar = self.scalar.map(|word| match word {
            Word::Text | Word::Filled | Word::OneOf(_) => "a text",
            Word::Condition => "an expression",
            Word::Boolean => "`true` or `false` without quotes",
            Word::Number => "a number without quotes",
        });
        let list = self.list.map(|_| "a list");
        let map = self.map.map(|_| "a mapping");
        let forms: Vec<&str> = [scalar, list, map].into_iter().flatten().collect();
        match forms.as_slice() {
            [] => "empty".to_owned(),
            forms => forms.join(" or "),
        }
    }
}

static TEXT: Shape = Shape::scalar(Word::Text);
static FILLED: Shape = Shape::scalar(Word::Filled);
static BOOLEAN: Shape = Shape::scalar(Word::Boolean);
static NUMBER: Shape = Shape::scalar(Word::Number);
static CONDITION: Shape = Shape::scalar(Word::Condition).or_null();
/// Values of any form.
static ANY: Shape = Shape {
    scalar: Some(Word::Text),
    list: Some(&ANY),
    map: Some(&ANY_MAP),
    null: true,
    part: Part::Other,
};
static ANY_MAP: Map = Map {
    keys: &[],
    rest: Rest::Are(&ANY),
    what: "a mapping",
};
static TEXTS: Shape = Shape::list(&FILLED);
static ONE_OR_MORE: Shape = Shape::scalar(Word::Filled).or_list(&FILLED);
/// Names and their values: variables, inputs.
static VALUES: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(&TEXT),
    what: "a mapping of names to texts",
})
.or_null();
