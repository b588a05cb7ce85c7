//! GitHub's lock of actions: what a repository's workflows run, commit by commit.

use std::collections::{HashMap, HashSet};

use super::{NotEditable, Place, Reference, Target};
use crate::document::{
    Source,
    yaml::{Node, Scalar, Yaml},
};

/// Where the lock is, from the repository's root.
pub const ACTIONS_LOCK: &str = ".github/workflows/actions.lock";

/// The versions of the format that are known.
const VERSIONS: [&str; 2] = ["v0.0.1", "v0.0.2"];

/// The lock as it is written.
pub struct ActionsLock<'a> {
    /// The whole file.
    pub root: Node<'a>,
    /// The version of its format.
    pub version: Option<Scalar<'a>>,
    /// The workflows that are locked: the path of each, and what the lock says that it uses.
    pub workflows: Vec<(Scalar<'a>, Vec<Scalar<'a>>)>,
    /// What is locked, by `owner/repository@reference`.
    pub dependencies: Vec<(Scalar<'a>, Node<'a>)>,
}

impl<'a> ActionsLock<'a> {
    /// Reads the first document of `tree`; nothing where the file holds none.
    pub fn read(tree: &'a Yaml) -> Option<Self> {
        let root = tree.documents().next()?;
        let mappings = |key: &str| root.get(key).into_iter().flat_map(|node| node.entries());
        let workflows = mappings("workflows").filter_map(|(key, value)| {
            let uses = value.items().filter_map(|item| item.scalar()).collect();
            Some((key.scalar()?, uses))
        });
        Some(Self {
            root,
            version: root.get("version").and_then(|version| version.scalar()),
            workflows: workflows.collect(),
            dependencies: mappings("dependencies")
                .filter_map(|(key, value)| Some((key.scalar()?, value)))
                .collect(),
        })
    }

    /// Whether the lock is of a format that is known, so that its parts can be judged.
    pub fn is_known(&self) -> bool {
        let version = self.version.as_ref();
        version.is_none_or(|version| VERSIONS.contains(&version.value))
    }

    /// What is locked, by name as GitHub compares names.
    pub fn names(&self) -> HashSet<String> {
        let names = self.dependencies.iter();
        names.map(|(name, _)| folded(name.value)).collect()
    }

    /// What each thing that is locked uses itself.
    pub fn uses_of(&self) -> HashMap<String, Vec<Scalar<'a>>> {
        let dependencies = self.dependencies.iter();
        dependencies
            .map(|(name, node)| (folded(name.value), uses(node)))
            .collect()
    }
}

/// A name of the lock as a reference, which only the lock's own tool edits.
pub fn locked_reference(source: &Source<'_>, name: &Scalar<'_>) -> Reference {
    Reference {
        file: source.file().to_owned(),
        place: Place::GithubStep,
        written: name.value.to_owned(),
        span: source.span(&name.at),
        target: Target::action(name.value),
        comment: None,
        spots: Vec::new(),
        obstacle: Some(NotEditable::NoPin),
    }
}

/// What the entry of a dependency says that it uses itself.
pub fn uses<'a>(dependency: &Node<'a>) -> Vec<Scalar<'a>> {
    let uses = dependency
        .get("uses")
        .into_iter()
        .flat_map(|uses| uses.items());
    uses.filter_map(|item| item.scalar()).collect()
}

/// A name as GitHub compares it: the owner and the repository in any case, the reference as it is.
pub fn folded(name: &str) -> String {
    match name.split_once('@') {
        Some((repository, reference)) => {
            format!("{}@{reference}", repository.to_ascii_lowercase())
        }
        None => name.to_ascii_lowercase(),
    }
}

/// The name by which the lock has what a `uses` names, folded; nothing of what no lock is about.
pub fn lock_name(uses: &str) -> Option<String> {
    if uses.starts_with("docker://") || uses.starts_with('.') || uses.contains("${{") {
        return None;
    }
    let (path, reference) = uses.split_once('@')?;
    let mut parts = path.split('/');
    let (owner, repository) = (parts.next()?, parts.next()?);
    Some(folded(&format!("{owner}/{repository}@{reference}")))
}
