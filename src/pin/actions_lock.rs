//! GitHub's lock of actions: what it says of the references that it governs.
//!
//! The commit that a governed workflow runs stands in the lock. So a reference stays what it is,
//! and a newer version goes into the workflow and the lock together.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
    path::{Path, PathBuf},
};

use crate::{
    document::{
        Source,
        yaml::{self, Scalar},
    },
    model::commit::CommitId,
    reference::{
        ACTIONS_LOCK, ActionsLock, FileKind, Place, Reference, Target, folded, lock_name,
        locked_reference, locked_uses,
    },
};

/// The version of the format that is written here.
const WRITTEN: &str = "v0.0.2";

/// A lock of one repository.
#[derive(Clone, Debug)]
pub(super) struct WorkflowLock {
    pub(super) text: String,
    pub(super) known: Result<Known, String>,
    /// Whether its format is the one that is written here.
    pub(super) is_written: bool,
    /// The workflows that are locked, as far as the file tells; nothing where it does not.
    pub(super) workflows: Option<HashMap<PathBuf, Vec<Named>>>,
}

/// A lock of a format that is known.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) dependencies: HashMap<String, Dependency>,
    /// What stands in the lock, as references: dependencies and what they use.
    references: HashMap<String, Reference>,
}

/// A name of the lock, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// Folded.
    pub(super) name: String,
    pub(super) at: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Dependency {
    /// The name.
    pub(super) at: Range<usize>,
    /// Where the whole entry ends.
    pub(super) end: usize,
    /// The tag or branch that the lock says has the commit.
    pub(super) reference: Option<(String, Range<usize>)>,
    /// Without `sha1-`.
    pub(super) commit: Option<(CommitId, Range<usize>)>,
    pub(super) uses: Vec<String>,
}

/// How a reference stands in the lock that governs it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Locked {
    /// At a commit, which is what runs.
    At {
        /// What runs.
        commit: CommitId,
        /// Why we cannot move it, for people.
        fixed: Option<&'static str>,
    },
    /// It is not there, so that nothing runs.
    Absent,
    /// It is not there, but something of the same repository is that the workflow does not use:
    /// the workflow was moved, and the lock was not.
    Behind {
        /// What the lock has in its place, folded.
        instead: String,
        /// Why we cannot move it, for people.
        fixed: Option<&'static str>,
    },
    /// It has no commit.
    Broken,
    /// The lock cannot be judged, for this reason.
    Unknown(String),
}

impl WorkflowLock {
    /// Reads a lock; one that cannot be read is one of which nothing is known.
    pub(super) fn read(bytes: &[u8]) -> Self {
        read(bytes).unwrap_or_else(Self::unreadable)
    }

    /// A lock of which nothing is known, for this reason.
    pub(super) fn unreadable(reason: String) -> Self {
        Self {
            text: String::new(),
            known: Err(reason),
            is_written: false,
            workflows: None,
        }
    }

    /// Why it cannot be judged, and whether not even the workflows are known that it governs.
    pub(super) fn problem(&self) -> Option<(&str, bool)> {
        let reason = self.known.as_ref().err()?;
        Some((reason, self.workflows.is_none()))
    }

    fn governs(&self, file: &Path) -> bool {
        match &self.workflows {
            Some(workflows) => workflows.contains_key(file),
            None => FileKind::of_path(file) == Some(FileKind::GithubWorkflow),
        }
    }

    /// How each of the `references` of one file, named from the repository's root, stands; nothing
    /// where the lock does not govern it.
    pub(super) fn locked(&self, references: &[Reference]) -> Vec<Option<Locked>> {
        let used: HashSet<String> = references.iter().filter_map(governed_name).collect();
        let locked = references
            .iter()
            .map(|reference| self.locked_one(reference, &used));
        locked.collect()
    }

    fn locked_one(&self, reference: &Reference, used: &HashSet<String>) -> Option<Locked> {
        let name = governed_name(reference).filter(|_| self.governs(&reference.file))?;
        let known = match &self.known {
            Ok(known) => known,
            Err(reason) => return Some(Locked::Unknown(reason.clone())),
        };
        let calls = reference.place == Place::GithubWorkflow;
        let calls = calls.then_some("what a reusable workflow uses has to be locked with it");
        let listed = self.workflows.as_ref()?.get(&reference.file)?;
        if listed.iter().any(|named| named.name == name) {
            return Some(match known.at(&name) {
                Locked::At { commit, fixed } => Locked::At {
                    commit,
                    fixed: calls.or(fixed),
                },
                locked => locked,
            });
        }
        let (repository, _) = name.split_once('@')?;
        let mut unused = listed.iter().filter(|named| {
            let of = named.name.split_once('@');
            of.is_some_and(|(of, _)| of == repository) && !used.contains(&named.name)
        });
        let instead = match (unused.next(), unused.next()) {
            (Some(instead), None) => &instead.name,
            _ => return Some(Locked::Absent),
        };
        Some(match known.at(instead) {
            Locked::At { fixed, .. } => Locked::Behind {
                instead: instead.clone(),
                fixed: calls.or(fixed),
            },
            _ => Locked::Absent,
        })
    }

    /// What `direct` references bring with them: each once, with how it stands.
    pub(super) fn beyond<'r>(
        &self,
        direct: impl Iterator<Item = &'r Reference>,
    ) -> Vec<(Reference, Locked)> {
        let Ok(known) = &self.known else {
            return Vec::new();
        };
        let governed = direct.filter(|reference| self.governs(&reference.file));
        let direct: HashSet<String> = governed.filter_map(governed_name).collect();
        let mut open: Vec<&String> = direct.iter().collect();
        let mut seen = direct.clone();
        let mut beyond = BTreeSet::new();
        while let Some(name) = open.pop() {
            for uses in known
                .dependencies
                .get(name)
                .into_iter()
                .flat_map(|it| &it.uses)
            {
                if seen.insert(uses.clone()) {
                    beyond.insert(uses);
                    open.push(uses);
                }
            }
        }
        let found = beyond.into_iter().filter_map(|name| {
            let reference = known.references.get(name)?;
            Some((reference.clone(), known.at(name)))
        });
        found.collect()
    }
}

impl Known {
    pub(super) fn at(&self, name: &str) -> Locked {
        let Some(dependency) = self.dependencies.get(name) else {
            return Locked::Absent;
        };
        match &dependency.commit {
            Some((commit, _)) => Locked::At {
                commit: commit.clone(),
                fixed: (!dependency.uses.is_empty())
                    .then_some("what it uses itself has to be locked with it"),
            },
            None => Locked::Broken,
        }
    }
}

/// The name that a lock has for `reference`; nothing for what no lock is about.
pub(super) fn governed_name(reference: &Reference) -> Option<String> {
    let is_action = matches!(reference.target, Target::Action { .. });
    let is_governed = matches!(reference.place, Place::GithubStep | Place::GithubWorkflow);
    lock_name(&reference.written).filter(|_| is_action && is_governed)
}

fn read(bytes: &[u8]) -> Result<WorkflowLock, String> {
    let path = Path::new(ACTIONS_LOCK);
    let source = Source::decode(path, bytes).map_err(|error| error.to_string())?;
    let tree = yaml::parse(&source).map_err(|error| error.to_string())?;
    let Some(lock) = ActionsLock::read(&tree) else {
        return Err(format!("{ACTIONS_LOCK} holds nothing"));
    };
    let entries = lock.dependencies.iter().map(|(_, entry)| *entry);
    let maps = ["workflows", "dependencies"].into_iter();
    let maps = maps.filter_map(|key| lock.root.get(key)).chain(entries);
    if let Some(twice) = maps
        .chain([lock.root])
        .find_map(|map| map.duplicate_keys().into_iter().next())
    {
        let line = source.span(&twice.at()).start.line;
        return Err(format!("{ACTIONS_LOCK}:{line}: the key stands twice"));
    }
    let named = |scalar: &Scalar<'_>| Named {
        name: folded(scalar.value),
        at: scalar.at.clone(),
    };
    let is_told = lock.root.get("workflows").is_some_and(|it| it.is_mapping());
    let workflows = lock.workflows.iter().map(|(path, uses)| {
        let path = PathBuf::from(path.value);
        (path, uses.iter().map(named).collect())
    });
    Ok(WorkflowLock {
        workflows: is_told.then(|| workflows.collect()),
        known: known(&lock, &source),
        is_written: lock.version.as_ref().is_some_and(|it| it.value == WRITTEN),
        text: source.text().to_owned(),
    })
}

fn known(lock: &ActionsLock<'_>, source: &Source<'_>) -> Result<Known, String> {
    let version = lock
        .version
        .as_ref()
        .map_or("none", |version| version.value);
    if !lock.is_known() || lock.version.is_none() {
        return Err(format!(
            "{ACTIONS_LOCK} is of version {}, which is not known here: nothing in it was judged, \
             and no action that it governs is moved but by `gh actions-lock`",
            version.escape_default()
        ));
    }
    let mut dependencies = HashMap::new();
    let mut references = HashMap::new();
    for (name, entry) in &lock.dependencies {
        let text = |key: &str| entry.get(key).and_then(|value| value.scalar());
        let commit = text("commit").and_then(|commit| {
            let (_, digits) = commit.value.split_once('-')?;
            let start = commit.at.end - digits.len();
            Some((
                digits.to_ascii_lowercase().parse().ok()?,
                start..commit.at.end,
            ))
        });
        let uses = locked_uses(entry);
        for name in &uses {
            let reference = references.entry(folded(name.value));
            reference.or_insert_with(|| locked_reference(source, name));
        }
        references.insert(folded(name.value), locked_reference(source, name));
        let dependency = Dependency {
            at: name.at.clone(),
            end: entry.at().end,
            reference: text("ref").map(|it| (it.value.to_owned(), it.at)),
            commit,
            uses: uses.iter().map(|name| folded(name.value)).collect(),
        };
        if dependencies
            .insert(folded(name.value), dependency)
            .is_some()
        {
            let name = name.value.escape_default();
            return Err(format!("{ACTIONS_LOCK} has two entries `{name}`"));
        }
    }
    Ok(Known {
        dependencies,
        references,
    })
}
