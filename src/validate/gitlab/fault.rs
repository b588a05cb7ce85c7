//! What does not fit the shapes of the keywords, found in one walk and shared by several rules.

use std::{collections::HashSet, ops::Range};

use super::{
    scalar::{self, Read},
    shape::{Keys, Mapping, One, Shape, Words},
};
use crate::{
    config::suggest,
    document::{
        edit::Edit,
        yaml::{Node, Scalar, Style},
    },
    report::finding::Severity,
    validate::{Report, Rule},
};

/// More of one file tell nobody more.
const MAX_FAULTS: usize = 1_000;

/// The rule that a fault belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    UnknownKeyword,
    WrongType,
    BadValue,
    MissingKeyword,
    DuplicateKey,
}

/// Something that does not fit.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    kind: Kind,
    at: Range<usize>,
    message: String,
    help: Option<String>,
    /// Where another than the rule's own.
    severity: Option<Severity>,
    fix: Option<Edit>,
}

/// Reports the faults of `kind` as findings of `rule`.
pub(super) fn tell(rule: &'static Rule, kind: Kind, faults: &[Fault], report: &mut Report<'_>) {
    for fault in faults.iter().filter(|fault| fault.kind == kind) {
        let problem = report.at(rule, fault.at.clone(), fault.message.as_str());
        if let Some(help) = &fault.help {
            problem.help(help.as_str());
        }
        if let Some(severity) = fault.severity {
            problem.severity(severity);
        }
        problem.fix(fault.fix.clone());
    }
}

/// How much of a mapping the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// All of it: what is needed must be there.
    Yes,
    /// Another mapping may add to it.
    No,
}

/// Walks documents and gathers what does not fit.
#[derive(Debug, Default)]
pub(super) struct Walk {
    faults: Vec<Fault>,
    /// Where aliases lead more than once.
    seen: HashSet<(usize, usize)>,
}

impl Walk {
    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Compares `node`, which is called `what` in messages, with `shape`.
    pub(super) fn value(&mut self, node: &Node<'_>, shape: &Shape, what: &str, whole: Whole) {
        if self.faults.len() >= MAX_FAULTS || shape.is_anything() || node.tag().is_some() {
            return;
        }
        let at = node.at();
        if !at.is_empty()
            && !self
                .seen
                .insert((at.start, std::ptr::from_ref(shape) as usize))
        {
            return;
        }
        if let Some(found) = node.scalar() {
            self.single(&found, shape, what);
        } else if node.is_mapping() {
            self.duplicates(node);
            match shape.mapping {
                Some(Mapping::Any(shape)) => {
                    for (key, value) in node.entries() {
                        let name = key.text().unwrap_or_default();
                        self.value(&value, shape, &format!("`{}`", brief(name)), whole);
                    }
                }
                Some(Mapping::Known(keys)) => self.known(node, keys, whole),
                None => self.unfit(node, shape, what),
            }
        } else {
            let mut items = node.items().peekable();
            match shape.list {
                Some(item) => {
                    for node in items {
                        let of = if what.starts_with("an item") {
                            what.to_owned()
                        } else {
                            format!("an item of {what}")
                        };
                        self.value(&node, item, &of, whole);
                    }
                }
                None if items.peek().is_some() => self.unfit(node, shape, what),
                // Nothing at all: the keyword is as good as absent.
                None => {}
            }
        }
    }

    fn known(&mut self, node: &Node<'_>, keys: &Keys, whole: Whole) {
        let entries = node.entries();
        let mut present = HashSet::new();
        for (key, _) in &entries {
            present.extend(key.text());
        }
        for (key, value) in &entries {
            let Some(name) = key.scalar() else { continue };
            if scalar::is_interpolated(name.value) || name.value == "<<" {
                continue;
            }
            match keys.get(name.value) {
                Some(shape) => self.value(value, shape, &format!("`{}`", name.value), whole),
                None => self.unknown(&name, keys, &present),
            }
        }
        // What is put in as a whole may hold anything.
        let open = present.iter().any(|name| scalar::is_interpolated(name));
        if whole == Whole::No || open {
            return;
        }
        for alternatives in keys.needed {
            if !alternatives.iter().any(|name| present.contains(name)) {
                let names: Vec<String> = alternatives.iter().map(|it| format!("`{it}`")).collect();
                let message = format!("{} lacks {}", keys.of, names.join(" or "));
                self.add(Kind::MissingKeyword, first_line(node), message);
            }
        }
    }

    /// Says that no mapping described by `keys` has the key `name`.
    pub(super) fn unknown(&mut self, name: &Scalar<'_>, keys: &Keys, present: &HashSet<&str>) {
        if self.faults.len() >= MAX_FAULTS || !self.seen.insert((name.at.start, 0)) {
            return;
        }
        let word = brief(name.value);
        let at = name.at.clone();
        if let Some((_, now)) = keys.gone.iter().find(|(gone, _)| *gone == name.value) {
            let message = format!("GitLab no longer knows `{word}`");
            let fault = self.add(Kind::UnknownKeyword, at, message);
            fault.help = Some(format!("Write {now} instead."));
            return;
        }
        let message = format!("{} has no keyword `{word}`", keys.of);
        let near = suggest(name.value, keys.known.iter().map(|(name, _)| *name));
        let fault = self.add(Kind::UnknownKeyword, at.clone(), message);
        match near {
            Some(near) if present.contains(near) => {
                fault.help = Some(format!(
                    "`{near}` stands here too: was this one meant to go?"
                ));
            }
            Some(near) => {
                fault.help = Some(format!("Did you mean `{near}`?"));
                let text = near.to_owned();
                fault.fix = (name.style == Style::Plain).then_some(Edit { at, text });
            }
            None => {
                fault.severity = Some(Severity::Note);
                fault.help = Some(
                    "GitLab refuses keywords that it does not know; this one may be newer than \
                     this program."
                        .to_owned(),
                );
            }
        }
    }

    /// Keys that stand twice: GitLab takes the last and says nothing.
    pub(super) fn duplicates(&mut self, node: &Node<'_>) {
        let mut seen = HashSet::new();
        for (key, _) in node.own_entries() {
            let Some(name) = key.scalar() else { continue };
            let twice = !seen.insert(name.value) && name.value != "<<";
            if twice && self.seen.insert((name.at.start, 1)) {
                let word = brief(name.value);
                let message = format!("`{word}` stands here twice, and only the last one counts");
                self.add(Kind::DuplicateKey, name.at, message);
            }
        }
    }

    fn single(&mut self, found: &Scalar<'_>, shape: &Shape, what: &str) {
        if scalar::is_interpolated(found.value) {
            return;
        }
        let Some(one) = shape.one else {
            let message = format!("{what} takes {}, not a single value", accepted(shape));
            let fault = self.add(Kind::WrongType, found.at.clone(), message);
            let plain = found.style == Style::Plain && !found.value.contains(['\n', ',', ']']);
            if shape.list.is_some_and(|item| item.one.is_some()) && plain {
                let text = format!("[{}]", found.value);
                fault.fix = Some(Edit {
                    at: found.at.clone(),
                    text,
                });
            }
            return;
        };
        let read = scalar::read(found);
        match one {
            One::Scalar | One::BoolOrText => {}
            One::Text => self.text(found, read, what),
            One::CacheKey => {
                self.text(found, read, what);
                if found.value.contains('/') || found.value.chars().all(|c| c == '.') {
                    let message = "the key of a cache is a file's name: no `/`, and more than dots";
                    self.add(Kind::BadValue, found.at.clone(), message.to_owned());
                }
            }
            One::Bool => {
                if !matches!(read, Read::Bool(_)) && !found.value.contains('$') {
                    let message = format!("{what} takes {}", accepted(shape));
                    self.add(Kind::WrongType, found.at.clone(), message);
                }
            }
            One::Integer(least, most) => self.integer(found, read, what, least, most),
            One::Word(words) => self.word(found, words, what),
            One::Duration => self.duration(found, read, what),
        }
    }

    fn text(&mut self, found: &Scalar<'_>, read: Read, what: &str) {
        let is = match read {
            Read::Text => return,
            Read::Bool(value) => format!("{value}, no text"),
            Read::Integer(_) | Read::Number => "a number, no text".to_owned(),
        };
        let message = format!(
            "{what} takes text; YAML reads `{}` as {is}",
            brief(found.value)
        );
        let fault = self.add(Kind::WrongType, found.at.clone(), message);
        fault.help = Some("Put it in quotes.".to_owned());
        fault.fix = Some(Edit {
            at: found.at.clone(),
            text: format!("\"{}\"", found.value),
        });
    }

    fn integer(&mut self, found: &Scalar<'_>, read: Read, what: &str, least: i64, most: i64) {
        match read {
            Read::Integer(number) if (least..=most).contains(&number) => {}
            Read::Integer(_) => {
                let message = format!("{what} lies between {least} and {most}");
                self.add(Kind::BadValue, found.at.clone(), message);
            }
            _ => {
                let message = format!("{what} takes a whole number");
                self.add(Kind::WrongType, found.at.clone(), message);
            }
        }
    }

    fn word(&mut self, found: &Scalar<'_>, words: &Words, what: &str) {
        let good = words.known.contains(&found.value);
        // No place but a few takes a variable, but which do has changed before.
        if good || found.value.contains('$') && (words.variable || words.grows) {
            return;
        }
        let near = suggest(found.value, words.known.iter().copied());
        let message = format!("{what} knows no `{}`", brief(found.value));
        let fault = self.add(Kind::BadValue, found.at.clone(), message);
        fault.help = Some(format!("One of: {}.", words.known.join(", ")));
        match near {
            Some(near) => {
                fault.help = Some(format!("Did you mean `{near}`?"));
                let (at, text) = (found.at.clone(), near.to_owned());
                fault.fix = Some(Edit { at, text });
            }
            None if words.grows => fault.severity = Some(Severity::Note),
            None => {}
        }
    }

    fn duration(&mut self, found: &Scalar<'_>, read: Read, what: &str) {
        if read != Read::Text {
            let message = format!("{what} takes a span of time as text, such as `30 minutes`");
            self.add(Kind::WrongType, found.at.clone(), message);
        } else if !found.value.contains('$') && !scalar::is_duration(found.value) {
            let message = format!("{what}: `{}` is no span of time", brief(found.value));
            let fault = self.add(Kind::BadValue, found.at.clone(), message);
            fault.help = Some("Write it as `90 seconds`, `30 minutes` or `1h 30m`.".to_owned());
        }
    }

    fn unfit(&mut self, node: &Node<'_>, shape: &Shape, what: &str) {
        let is = if node.is_mapping() {
            "a mapping"
        } else {
            "a list"
        };
        let message = format!("{what} takes {}, not {is}", accepted(shape));
        let lines = node.is_mapping() && matches!(shape.one, Some(One::Text));
        let fault = self.add(Kind::WrongType, first_line(node), message);
        if lines && what.starts_with("an item") {
            fault.help = Some(
                "A colon followed by a space makes a mapping of the line: put the line in quotes, \
                 or after `|`."
                    .to_owned(),
            );
        }
    }

    /// Adds a fault of `kind`.
    pub(super) fn add(&mut self, kind: Kind, at: Range<usize>, message: String) -> &mut Fault {
        self.faults.push(Fault {
            kind,
            at,
            message,
            help: None,
            severity: None,
            fix: None,
        });
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }
}

impl Fault {
    /// Makes no error of it.
    pub(super) fn doubt(&mut self) {
        self.severity.get_or_insert(Severity::Warning);
    }
}

/// What `shape` accepts, in words.
fn accepted(shape: &Shape) -> String {
    let one = shape.one.map(|one| match one {
        One::Text | One::Word(_) | One::CacheKey => "text",
        One::Scalar | One::BoolOrText => "a single value",
        One::Bool => "`true` or `false`",
        One::Integer(..) => "a whole number",
        One::Duration => "a span of time",
    });
    let list = shape.list.map(|_| "a list");
    let mapping = shape.mapping.map(|_| "a mapping");
    let all: Vec<&str> = [one, list, mapping].into_iter().flatten().collect();
    all.join(" or ")
}

/// The part of `node` that is worth pointing at: its first entry rather than all its lines.
fn first_line(node: &Node<'_>) -> Range<usize> {
    let first = node.own_entries().next().map(|(key, _)| key);
    first
        .or_else(|| node.items().next())
        .map_or(node.at(), |node| node.at())
}

/// `text` cut to what a message can hold.
pub(super) fn brief(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
