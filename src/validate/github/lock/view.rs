//! The lock as rules see it, with the workflows that it is about.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use crate::{
    document::{
        Source,
        yaml::{self, Node, Scalar, Yaml},
    },
    validate::Subject,
};

/// The versions of the format that are known.
const VERSIONS: &[&str] = &["v0.0.1", "v0.0.2"];

/// GitHub's lock of actions as rules see it.
pub(in crate::validate) struct Lock<'a> {
    /// The whole file.
    pub(super) root: Node<'a>,
    /// The version of its format.
    pub(super) version: Option<Scalar<'a>>,
    /// The workflows that are locked.
    pub(super) workflows: Vec<Locked<'a>>,
    /// What is locked.
    pub(super) dependencies: Vec<(Scalar<'a>, Node<'a>)>,
}

/// A workflow that is locked.
pub(super) struct Locked<'a> {
    /// Its path.
    pub(super) path: Scalar<'a>,
    /// What the lock says that it uses.
    pub(super) uses: Vec<Scalar<'a>>,
    /// What the file itself uses; nothing where it is not at hand.
    pub(super) file: Option<Used>,
    /// Whether the file is known not to be there.
    pub(super) absent: bool,
}

/// What a workflow uses, by what its text says.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Actions and workflows of repositories, as the lock names them, with the line of each.
    pub(super) locked: Vec<(String, usize)>,
    /// Actions of the same repository by path, with the line of each.
    pub(super) local: Vec<(String, usize)>,
    /// Whether it calls what may use more: workflows, or actions of the same repository.
    pub(super) leads_on: bool,
}

impl<'a> Lock<'a> {
    /// Reads the first document of `tree`, and the workflows that it names; nothing where the file
    /// holds none.
    pub(in crate::validate) fn read(subject: Subject<'a>, tree: &'a Yaml) -> Option<Self> {
        let root = tree.documents().next()?;
        let visible = subject.files.read(subject.source.file()).is_some();
        let mappings = |key: &str| root.get(key).into_iter().flat_map(|node| node.entries());
        let workflows = mappings("workflows").filter_map(|(key, value)| {
            let path = key.scalar()?;
            let bytes = subject.files.read(Path::new(path.value));
            Some(Locked {
                uses: value.items().filter_map(|item| item.scalar()).collect(),
                absent: visible && bytes.is_none(),
                file: bytes.and_then(|bytes| used(Path::new(path.value), &bytes)),
                path,
            })
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
    pub(super) fn is_known(&self) -> bool {
        let version = self.version.as_ref();
        version.is_none_or(|version| VERSIONS.contains(&version.value))
    }

    /// What is locked, by name as GitHub compares names.
    pub(super) fn names(&self) -> HashSet<String> {
        let names = self.dependencies.iter();
        names.map(|(name, _)| folded(name.value)).collect()
    }

    /// What each thing that is locked uses itself.
    pub(super) fn uses_of(&self) -> HashMap<String, Vec<Scalar<'a>>> {
        let dependencies = self.dependencies.iter();
        dependencies
            .map(|(name, node)| {
                let uses = node.get("uses").into_iter().flat_map(|uses| uses.items());
                let uses = uses.filter_map(|item| item.scalar()).collect();
                (folded(name.value), uses)
            })
            .collect()
    }
}

/// A name as GitHub compares it: the owner and the repository in any case, the reference as it is.
pub(super) fn folded(name: &str) -> String {
    match name.split_once('@') {
        Some((repository, reference)) => {
            format!("{}@{reference}", repository.to_ascii_lowercase())
        }
        None => name.to_ascii_lowercase(),
    }
}

fn used(path: &Path, bytes: &[u8]) -> Option<Used> {
    let source = Source::decode(path, bytes).ok()?;
    let tree = yaml::parse(&source).ok()?;
    let root = tree.documents().next()?;
    let mut used = Used::default();
    let jobs = root.get("jobs")?;
    for (_, job) in jobs.entries() {
        if let Some(call) = job.get("uses").and_then(|uses| uses.scalar()) {
            used.leads_on = true;
            if let Some(name) = lock_name(call.value) {
                used.locked.push((name, line(&source, &call)));
            }
        }
        let steps = job.get("steps").into_iter().flat_map(|steps| steps.items());
        for uses in steps.filter_map(|step| step.get("uses")?.scalar()) {
            let line = line(&source, &uses);
            if let Some(name) = lock_name(uses.value) {
                used.locked.push((name, line));
            } else if uses.value.starts_with("./") || uses.value.starts_with("$/") {
                used.leads_on = true;
                if uses.value.starts_with("./") {
                    used.local.push((uses.value.to_owned(), line));
                }
            }
        }
    }
    Some(used)
}

fn line(source: &Source<'_>, scalar: &Scalar<'_>) -> usize {
    source.span(&scalar.at).start.line
}

/// `owner/repository@reference` of a `uses`; nothing of what no lock is about.
fn lock_name(uses: &str) -> Option<String> {
    if uses.starts_with("docker://") || uses.starts_with('.') || uses.contains("${{") {
        return None;
    }
    let (path, reference) = uses.split_once('@')?;
    let mut parts = path.split('/');
    let (owner, repository) = (parts.next()?, parts.next()?);
    Some(folded(&format!("{owner}/{repository}@{reference}")))
}
