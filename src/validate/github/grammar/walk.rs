//! The walk over a file: what stands where it may not, and every expression.

use std::{cell::OnceCell, collections::HashSet, ops::Range, rc::Rc};

use super::{Map, Part, Rest, Shape, Word};
use crate::{
    config::suggest,
    document::yaml::{Kind, Node, Scalar},
    validate::github::{
        expression::{self, Found, SyntaxError},
        fault::{FaultKind, Faults},
        place::Place,
        view::Expression,
    },
};

/// What a walk over a file found.
pub(in crate::validate::github) struct Walk<'a> {
    pub(in crate::validate::github) expressions: Vec<Expression<'a>>,
    pub(in crate::validate::github) faults: Faults,
    /// The next job, and the next step of the present one.
    next: (usize, usize),
    job: Option<usize>,
    step: Option<usize>,
}

/// What leads to a value.
#[derive(Clone)]
struct Here<'a> {
    key: &'a str,
    /// The bytes that stand for the value in a message: its key, or the first key below it.
    at: Range<usize>,
    place: Option<&'static Place>,
}

/// Keys that people put into the wrong mapping, with the right one.
const BELONGS: &[(&str, &str)] = &[
    ("args", "`runs` of a docker action"),
    ("branches", "an event, as `push`"),
    ("cancel-in-progress", "`concurrency`"),
    ("concurrency", "the workflow or a job"),
    ("container", "a job"),
    ("continue-on-error", "a job or a step"),
    ("cron", "an item of `on.schedule`"),
    ("defaults", "the workflow or a job"),
    ("description", "an input or an output"),
    ("entrypoint", "`runs` of a docker action, or a service"),
    ("env", "the workflow, a job with steps or a step"),
    ("environment", "a job with steps"),
    ("fail-fast", "`strategy`"),
    ("if", "a job or a step"),
    ("image", "a container, or `runs` of a docker action"),
    ("include", "`strategy.matrix`"),
    ("inputs", "`on.workflow_call` or `on.workflow_dispatch`"),
    ("jobs", "the workflow"),
    ("main", "`runs` of a JavaScript action"),
    ("matrix", "`strategy`"),
    ("max-parallel", "`strategy`"),
    ("name", "the workflow, a job or a step"),
    ("needs", "a job"),
    ("on", "the workflow"),
    ("outputs", "a job or `on.workflow_call`"),
    ("paths", "an event, as `push`"),
    ("permissions", "the workflow or a job"),
    ("post", "`runs` of a JavaScript action"),
    ("post-entrypoint", "`runs` of a docker action"),
    ("post-if", "`runs` of a JavaScript or docker action"),
    ("pre", "`runs` of a JavaScript action"),
    ("pre-entrypoint", "`runs` of a docker action"),
    ("pre-if", "`runs` of a JavaScript or docker action"),
    ("run", "a step"),
    ("runs-on", "a job"),
    ("secrets", "a job that calls a workflow"),
    ("services", "a job"),
    ("shell", "a step with `run`, or `defaults.run`"),
    ("steps", "a job"),
    ("strategy", "a job"),
    ("timeout-minutes", "a job or a step"),
    ("types", "an event, as `issues`"),
    ("uses", "a step, or a job that calls a workflow"),
    ("with", "a step with `uses`, or a job that calls a workflow"),
    ("working-directory", "a step with `run`, or `defaults.run`"),
];

impl<'a> Walk<'a> {
    /// Compares the file `root` with the grammar `shape`.
    pub(in crate::validate::github) fn over(root: Node<'a>, shape: &'static Shape) -> Self {
        let mut walk = Self {
            expressions: Vec::new(),
            faults: Faults::default(),
            next: (0, 0),
            job: None,
            step: None,
        };
        let here = Here {
            key: "",
            at: start_of(&root),
            place: None,
        };
        walk.value(root, shape, &here);
        walk
    }

    fn value(&mut self, node: Node<'a>, shape: &'static Shape, here: &Here<'a>) {
        match shape.part {
            Part::Job => {
                self.job = Some(self.next.0);
                self.step = None;
                self.next = (self.next.0 + 1, 0);
            }
            Part::Step => {
                self.step = Some(self.next.1);
                self.next.1 += 1;
            }
            Part::Other => {}
        }
        match (node.kind(), shape.map, shape.list) {
            (Kind::Null, ..) if shape.null => {}
            (Kind::Mapping, Some(map), _) => self.map(node, map, here),
            (Kind::Sequence, _, Some(item)) => self.list(node, item, here),
            (Kind::Null | Kind::Mapping | Kind::Sequence, ..) => {
                self.wrong(here.at.clone(), shape, here, node.kind());
            }
            _ => {
                if let Some(scalar) = node.scalar() {
                    self.scalar(scalar, node.kind(), shape, here);
                }
            }
        }
        match shape.part {
            Part::Job => (self.job, self.step) = (None, None),
            Part::Step => self.step = None,
            Part::Other => {}
        }
    }

    fn list(&mut self, node: Node<'a>, item: &'static Shape, here: &Here<'a>) {
        for value in node.items() {
            let here = Here {
                at: start_of(&value),
                ..here.clone()
            };
            self.value(value, item, &here);
        }
    }

    fn map(&mut self, node: Node<'a>, map: &'static Map, here: &Here<'a>) {
        self.own_keys(&node, map);
        let mut names = HashSet::new();
        let mut open = false;
        for (key, value) in node.entries() {
            let Some(scalar) = key.scalar() else {
                let message = format!("a key of {} must be a text", map.what);
                self.faults
                    .add(FaultKind::WrongType, start_of(&key), message);
                continue;
            };
            let name = scalar.value;
            names.insert(name);
            if name.contains("${{") {
                open = true;
                self.computed_key(&scalar, value, here);
                continue;
            }
            let known = map.keys.iter().find(|known| known.name == name);
            let here = Here {
                key: name,
                at: scalar.at,
                place: known.and_then(|known| known.place).or(here.place),
            };
            match (known, &map.rest) {
                (Some(known), _) => self.value(value, known.shape, &here),
                (None, Rest::Are(shape)) => self.value(value, shape, &here),
                (None, rest) => self.unknown(&here, map, rest),
            }
        }
        let required = map.keys.iter().filter(|key| key.required && !open);
        for key in required.filter(|key| !names.contains(key.name)) {
            let message = format!("{} needs `{}`", described(map, here), key.name);
            let fault = self
                .faults
                .add(FaultKind::MissingKey, here.at.clone(), message);
            // The documentation demands it, the runner does not.
            if key.name == "name" && matches!(map.rest, Rest::Ignored) {
                fault.warning();
            }
        }
    }

    /// Keys that stand twice, as GitHub compares them, and merge keys.
    fn own_keys(&mut self, node: &Node<'a>, map: &Map) {
        let mut seen = HashSet::new();
        for (key, _) in node.own_entries() {
            let Some(name) = key.text() else { continue };
            if name == "<<" {
                let message = format!("{} has a merge key, which GitHub does not read", map.what);
                self.faults.add(FaultKind::MergeKey, key.at(), message);
            } else if !seen.insert(name.to_ascii_lowercase()) {
                let name = short(name);
                let message = format!("`{name}` stands twice in {}", map.what);
                self.faults.add(FaultKind::DuplicateKey, key.at(), message);
            }
        }
    }

    /// A key that only an expression tells, `${{ insert }}` among them.
    fn computed_key(&mut self, key: &Scalar<'a>, value: Node<'a>, here: &Here<'a>) {
        let directive = key.value.trim() == "${{ insert }}";
        if here.place.is_none() || !directive {
            self.expressions(key, false, here);
        }
        self.value(value, &super::ANY, here);
    }

    fn unknown(&mut self, here: &Here<'a>, map: &Map, rest: &Rest) {
        if self.faults.full() {
            return;
        }
        let near = suggest(here.key, map.keys.iter().map(|key| key.name));
        let name = short(here.key);
        let mut message = format!("`{name}` is not a key of {}", map.what);
        if let Some(near) = near {
            message = format!("{message}; did you mean `{near}`?");
        }
        let belongs = BELONGS.iter().find(|(known, _)| *known == here.key);
        let kind = match rest {
            Rest::Ignored if near.is_none() => return,
            Rest::Ignored => FaultKind::IgnoredKey,
            Rest::Refused | Rest::Are(_) => FaultKind::UnknownKey,
        };
        let fault = self.faults.add(kind, here.at.clone(), message);
        match (near, belongs) {
            (Some(_), _) => {}
            (None, Some((_, place))) => {
                fault.help(format!("`{name}` is a key of {place}."));
            }
            (None, None) => {
                fault.note();
            }
        }
    }

    fn scalar(&mut self, scalar: Scalar<'a>, kind: Kind, shape: &'static Shape, here: &Here<'a>) {
        let condition = matches!(shape.scalar, Some(Word::Condition));
        let before = self.expressions.len();
        self.expressions(&scalar, condition, here);
        if let Some(first) = self.expressions.get(before)
            && (first.bare || is_whole(&scalar, &first.found))
        {
            return;
        }
        let computed = self.expressions.len() > before;
        let fits = match shape.scalar {
            None => false,
            Some(Word::Text | Word::Condition) => true,
            Some(Word::Filled) => {
                if scalar.value.is_empty() {
                    let message = format!("`{}` must not be empty", short(here.key));
                    self.faults
                        .add(FaultKind::WrongType, here.at.clone(), message);
                }
                true
            }
            Some(Word::Boolean) => computed || kind == Kind::Boolean,
            Some(Word::Number) => computed || matches!(kind, Kind::Integer | Kind::Float),
            Some(Word::OneOf(words)) => {
                if !computed && !words.contains(&scalar.value) {
                    self.none_of(&scalar, words, here);
                }
                true
            }
        };
        // A template's placeholder stands for a value of any form.
        let placeholder = scalar.value.starts_with('$');
        if !fits && !placeholder {
            self.wrong(scalar.at, shape, here, kind);
        }
    }

    fn none_of(&mut self, scalar: &Scalar<'a>, words: &[&str], here: &Here<'a>) {
        if self.faults.full() {
            return;
        }
        let near = suggest(scalar.value, words.iter().copied());
        let value = short(scalar.value);
        let message = format!("`{value}` is none of the values of `{}`", short(here.key));
        let help = format!("One of `{}`.", words.join("`, `"));
        let fault = self
            .faults
            .add(FaultKind::BadValue, scalar.at.clone(), message);
        fault.help(help);
        if near.is_none() {
            fault.note();
        }
    }

    fn wrong(&mut self, at: Range<usize>, shape: &Shape, here: &Here<'_>, kind: Kind) {
        let what = match here.key {
            "" => "the file".to_owned(),
            key => format!("`{}`", short(key)),
        };
        let message = format!("{what} must be {}, and is {}", shape.forms(), kind.name());
        self.faults.add(FaultKind::WrongType, at, message);
    }

    /// Notes the expressions of `scalar`.
    fn expressions(&mut self, scalar: &Scalar<'a>, condition: bool, here: &Here<'a>) {
        let value = scalar.value;
        let found = expression::find(value);
        let Some(place) = here.place else {
            if !found.is_empty() {
                let message = format!("`{}` takes no expressions", short(here.key));
                let at = scalar.at.clone();
                self.faults
                    .add(FaultKind::ExpressionNotAllowed, at, message);
            }
            return;
        };
        let bare = condition && found.is_empty() && !value.trim().is_empty();
        let whole = bare.then_some(Found {
            whole: 0..value.len(),
            inside: 0..value.len(),
            closed: true,
        });
        let origin = Rc::new(OnceCell::new());
        for found in found.into_iter().chain(whole) {
            let tree = if found.closed {
                expression::parse(value, found.inside.clone())
            } else {
                Err(unclosed(value, &found))
            };
            self.expressions.push(Expression {
                scalar: scalar.clone(),
                found,
                bare,
                tree,
                place,
                key: here.key,
                job: self.job,
                step: self.step,
                origin: Rc::clone(&origin),
            });
        }
    }
}

/// Whether the expression is all that the value holds.
fn is_whole(scalar: &Scalar<'_>, found: &Found) -> bool {
    found.whole == (0..scalar.value.len())
}

fn unclosed(value: &str, found: &Found) -> SyntaxError {
    let rest = value.get(found.inside.clone()).unwrap_or_default();
    let message = if rest.contains("}}") {
        "a text after ' is never closed, so that the `}}` belongs to it"
    } else {
        "`${{` is never closed by `}}`"
    };
    let line = rest.find('\n').unwrap_or(rest.len());
    SyntaxError {
        at: found.whole.start..found.inside.start + line,
        message: message.to_owned(),
    }
}

/// What a mapping is, with its name where it has one.
fn described(map: &Map, here: &Here<'_>) -> String {
    match here.key {
        "" | "steps" | "schedule" | "parallel" => map.what.to_owned(),
        key if map.what.contains('`') && map.what.contains(key) => map.what.to_owned(),
        key => format!("{} (`{}`)", map.what, short(key)),
    }
}

/// The bytes that show where a value begins: those of a single value, or of the first key or item.
fn start_of(node: &Node<'_>) -> Range<usize> {
    let mut here = *node;
    loop {
        let first = here.own_entries().next().map(|(key, _)| key);
        match first.or_else(|| here.items().next()) {
            Some(next) => here = next,
            None => return here.at(),
        }
    }
}

/// As much of a name as a message quotes.
pub(in crate::validate::github) fn short(name: &str) -> String {
    let mut short: String = name.chars().take(60).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}
