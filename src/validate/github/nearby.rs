//! The workflows and actions of the same repository that a file names.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

use crate::{
    document::{
        Source,
        yaml::{self, Kind, Node, Yaml},
    },
    validate::Subject,
};

/// The most files that are read for one.
const MAX_FILES: usize = 200;

/// What a workflow or an action wants from whoever uses it.
#[derive(Debug, Default)]
pub(super) struct Wants {
    pub(super) inputs: HashMap<String, Input>,
    /// The secrets, and whether each is required; nothing of an action.
    pub(super) secrets: HashMap<String, (String, bool)>,
    /// Whether keys or values are computed, so that anything could be wanted.
    pub(super) open: bool,
}

/// An input.
#[derive(Debug)]
pub(super) struct Input {
    /// Its name as it is written.
    pub(super) name: String,
    /// Whether it must be given: it is required, and there is no default.
    pub(super) needed: bool,
    /// `string`, `boolean`, `number`; nothing of an action.
    pub(super) kind: Option<String>,
}

/// What a name of the same repository leads to.
#[derive(Debug)]
pub(super) enum Nearby {
    /// What is wanted there.
    Wants(Wants),
    /// No such file.
    Absent,
    /// A workflow that nobody can call.
    NotCallable,
    /// The repository is not at hand, or the file cannot be read.
    Unknown,
}

/// The files of a repository that one file names, each read once.
pub(super) struct Neighbours<'a> {
    subject: Subject<'a>,
    /// Whether the repository is at hand at all.
    visible: bool,
    read: HashMap<PathBuf, Nearby>,
}

impl<'a> Neighbours<'a> {
    pub(super) fn of(subject: Subject<'a>) -> Self {
        Self {
            subject,
            visible: subject.files.found(subject.source.file()).is_some(),
            read: HashMap::new(),
        }
    }

    /// What the workflow `uses`, `./.github/workflows/a.yml`, wants.
    pub(super) fn workflow(&mut self, uses: &str) -> &Nearby {
        self.find(uses, |path| vec![path.to_owned()])
    }

    /// What the action `uses`, `./folder` or `$/folder`, wants.
    pub(super) fn action(&mut self, uses: &str) -> &Nearby {
        self.find(uses, |path| {
            vec![path.join("action.yml"), path.join("action.yaml")]
        })
    }

    fn find(&mut self, uses: &str, names: fn(&Path) -> Vec<PathBuf>) -> &Nearby {
        let Some(path) = inside(uses) else {
            return &Nearby::Unknown;
        };
        let full = !self.visible || self.read.len() >= MAX_FILES;
        if full && !self.read.contains_key(&path) {
            return &Nearby::Unknown;
        }
        let subject = self.subject;
        self.read.entry(path).or_insert_with_key(|path| {
            let names = names(path);
            let mut found = names
                .iter()
                .filter_map(|name| match subject.files.read(name) {
                    Ok(bytes) => Some(read(name, &bytes?)),
                    Err(_) => Some(Nearby::Unknown),
                });
            found.next().unwrap_or(Nearby::Absent)
        })
    }
}

/// The path below the repository's root that `uses` names.
fn inside(uses: &str) -> Option<PathBuf> {
    let path = uses
        .strip_prefix("./")
        .or_else(|| uses.strip_prefix("$/"))?;
    let path = Path::new(path);
    let plain = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        _ => None,
    };
    path.components()
        .filter(|part| *part != Component::CurDir)
        .map(plain)
        .collect()
}

fn read(name: &Path, bytes: &[u8]) -> Nearby {
    let tree = Source::decode(name, bytes).and_then(|source| yaml::parse(&source));
    match tree {
        Ok(tree) => wants(&tree),
        Err(_) => Nearby::Unknown,
    }
}

fn wants(tree: &Yaml) -> Nearby {
    let Some(root) = tree.documents().next() else {
        return Nearby::Unknown;
    };
    if root.get("runs").is_some() {
        return Nearby::Wants(Wants::read(&root));
    }
    let triggers = super::view::triggers(root);
    let mut called = triggers.iter().filter(|it| it.name == "workflow_call");
    match called.next().map(|trigger| trigger.config) {
        None => Nearby::NotCallable,
        Some(None) => Nearby::Wants(Wants::default()),
        Some(Some(config)) => Nearby::Wants(Wants::read(&config)),
    }
}

impl Wants {
    fn read(node: &Node<'_>) -> Self {
        let mut wants = Self::default();
        for (key, value) in named(node, "inputs", &mut wants.open) {
            let input = Input {
                needed: is_true(&value, "required") && value.get("default").is_none(),
                kind: value
                    .get("type")
                    .and_then(|kind| kind.text())
                    .map(str::to_owned),
                name: key.clone(),
            };
            wants.inputs.insert(key.to_ascii_lowercase(), input);
        }
        for (key, value) in named(node, "secrets", &mut wants.open) {
            let required = is_true(&value, "required");
            wants
                .secrets
                .insert(key.to_ascii_lowercase(), (key, required));
        }
        wants
    }
}

/// The entries of the mapping at `key`; tells where some are computed.
fn named<'t>(node: &Node<'t>, key: &str, open: &mut bool) -> Vec<(String, Node<'t>)> {
    let Some(mapping) = node.get(key) else {
        return Vec::new();
    };
    *open |= !matches!(mapping.kind(), Kind::Mapping | Kind::Null);
    let entries = mapping.entries().into_iter();
    entries
        .filter_map(|(key, value)| Some((key.text()?.to_owned(), value)))
        .collect()
}

fn is_true(node: &Node<'_>, key: &str) -> bool {
    let value = node.get(key).and_then(|value| value.text());
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
