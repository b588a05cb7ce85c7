//! fleet.yaml while it is edited: its text, and what it has to mean in the end.

use std::path::Path;

use super::{EditError, FLEET_FILE};
use crate::{
    config::{Denied, Fleet, parse_fleet},
    document::{
        Source,
        insert::{self, NoRoom, Notation, Step, Value},
        yaml::{self, Kind, Node},
    },
};

/// fleet.yaml while it is edited.
pub(super) struct Page {
    text: String,
    /// What it has to mean, [`denied`](Self::denied) aside.
    pub(super) wanted: Fleet,
    /// What the deny list has to have in the end besides what it had.
    pub(super) denied: Option<Denied>,
    /// What is done, beginning with a verb.
    doing: String,
    /// The first line that was edited, from 1.
    line: Option<usize>,
}

impl Page {
    pub(super) fn read(text: &str, doing: String) -> Result<Self, EditError> {
        Ok(Self {
            wanted: parse_fleet(text.as_bytes(), FLEET_FILE).map_err(EditError::Config)?,
            text: text.to_owned(),
            denied: None,
            doing,
            line: None,
        })
    }

    pub(super) fn set(&mut self, path: &[Step<'_>], value: &Value) -> Result<(), EditError> {
        let edited = insert::set(&self.text, Notation::Yaml, path, value);
        self.take(path, edited)
    }

    pub(super) fn push(&mut self, path: &[Step<'_>], item: &Value) -> Result<(), EditError> {
        let pushed = insert::push(&self.text, Notation::Yaml, path, item);
        let edited = pushed.map(|(text, _)| text);
        self.take(path, edited)
    }

    pub(super) fn remove(&mut self, path: &[Step<'_>]) -> Result<(), EditError> {
        let edited = insert::remove(&self.text, Notation::Yaml, path);
        self.take(path, edited)
    }

    /// Takes the `version` of a ring away. A ring that says nothing more says so: a key without a
    /// value is a mistake.
    pub(super) fn free_ring(&mut self, name: &str) -> Result<(), EditError> {
        let version: [Step<'_>; 3] = ["rings".into(), name.into(), "version".into()];
        if !has(&self.text, &version) {
            return Ok(());
        }
        self.remove(&version)?;
        if let Some(colon) = colon_of_nothing(&self.text, name) {
            self.text.insert_str(colon, " {}");
        }
        Ok(())
    }

    fn take(&mut self, path: &[Step<'_>], edited: Result<String, NoRoom>) -> Result<(), EditError> {
        let line = line(&self.text, path);
        self.line.get_or_insert(line);
        let text = edited.map_err(|error| EditError::NoRoom {
            line,
            doing: self.doing.clone(),
            error: Box::new(error),
        })?;
        self.text = text;
        Ok(())
    }

    /// The text, which means what is wanted.
    pub(super) fn finish(self) -> Result<String, EditError> {
        let changed = || EditError::Changed {
            line: self.line.unwrap_or(1),
            doing: self.doing.clone(),
        };
        let fleet = parse_fleet(self.text.as_bytes(), FLEET_FILE).map_err(|_| changed())?;
        let denied = self.wanted.deny.entries().iter().chain(&self.denied);
        let same_list = fleet.deny.entries().iter().eq(denied);
        let rest = Fleet {
            deny: fleet.deny.clone(),
            ..self.wanted.clone()
        };
        if same_list && fleet == rest {
            Ok(self.text)
        } else {
            Err(changed())
        }
    }
}

/// Whether something stands at `path`.
fn has(text: &str, path: &[Step<'_>]) -> bool {
    with_tree(text, |root| path.iter().try_fold(root, below).is_some()).unwrap_or_default()
}

/// The end of the colon behind a ring's name, where nothing stands behind it.
fn colon_of_nothing(text: &str, ring: &str) -> Option<usize> {
    let end = with_tree(text, |root| {
        let mut rings = root.get("rings")?.own_entries();
        let (name, says) = rings.find(|(name, _)| name.text() == Some(ring))?;
        (says.kind() == Kind::Null).then(|| name.at().end)
    })??;
    Some(end + text.get(end..)?.find(':')? + 1)
}

/// The line of what stands at `path`, or of the nearest that is there.
fn line(text: &str, path: &[Step<'_>]) -> usize {
    let at = with_tree(text, |root| {
        let mut node = root;
        for step in path {
            node = below(node, step).unwrap_or(node);
        }
        node.at().start
    });
    let before = text.bytes().take(at.unwrap_or_default());
    before.filter(|byte| *byte == b'\n').count() + 1
}

fn with_tree<T>(text: &str, look: impl FnOnce(Node<'_>) -> T) -> Option<T> {
    let source = Source::decode(Path::new(FLEET_FILE), text.as_bytes()).ok()?;
    let tree = yaml::parse(&source).ok()?;
    tree.documents().next().map(look)
}

fn below<'t>(node: Node<'t>, step: &Step<'_>) -> Option<Node<'t>> {
    match step {
        Step::Key(key) => node.get(key),
        Step::Item(index) => node.items().nth(*index),
    }
}
