//! The entries of our workflows in GitHub's lock of actions.
//!
//! Where a repository has a lock, a workflow that uses what the lock does not have ends before it
//! starts, without a job and without a log.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    Obstacle, Wanted,
    obstacle::in_file,
    sheet::{Sheet, read},
};
use crate::{
    document::{
        insert::{self, Made, NoRoom, Notation, Step, Value},
        yaml::Scalar,
    },
    forge::Numbers,
    model::commit::CommitId,
    reference::{self, ACTIONS_LOCK, ActionsLock, Target, folded, lock_name},
};

/// The version of the format that is written here.
const WRITTEN: &str = "v0.0.2";

/// What is known of actions, by the names that the lock has for them: what it would say of each,
/// else why nobody can tell.
pub type Actions = BTreeMap<String, Result<LockedAction, String>>;

/// What GitHub's lock says of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedAction {
    /// The tag or branch that has the commit.
    pub reference: String,
    /// What runs.
    pub commit: CommitId,
    /// Whose it is, whatever the name says one day.
    pub numbers: Numbers,
    /// What it uses itself, by the names that the lock has for it.
    pub uses: BTreeSet<String>,
}

/// Adds what our workflows use to the lock, where there is one.
pub(super) fn add(sheet: &mut Sheet<'_>, wanted: &Wanted<'_>) -> Result<(), Obstacle> {
    let Some(text) = sheet.text(ACTIONS_LOCK)? else {
        return Ok(());
    };
    let tree = read(ACTIONS_LOCK, &text, Notation::Yaml)
        .map_err(|error| Obstacle::NeedsLock(error.to_string()))?;
    let lock = ActionsLock::read(&tree);
    let version = lock
        .as_ref()
        .and_then(|it| Some(it.version.as_ref()?.value));
    let Some(lock) = lock.filter(|_| version == Some(WRITTEN)) else {
        let version = crate::model::text::excerpt(version.unwrap_or("none"));
        let why = format!("it is of version {version}, which is not known here");
        return Err(Obstacle::NeedsLock(why));
    };
    let mut draft = text.clone();
    for (path, workflow) in workflows(sheet) {
        let names = names(&path, &workflow);
        let more = missing(&lock, &path, &names, wanted.actions)?;
        draft = more
            .written(draft, &path)
            .map_err(|error| Obstacle::NeedsLock(in_file(&error)))?;
        for (what, value) in more.entries(&path) {
            sheet.entry(ACTIONS_LOCK, what, value.into(), Made::Key);
        }
        if more.is_empty() {
            sheet.keep(ACTIONS_LOCK, "workflows", path.as_str().into());
            for name in reached(&lock, names) {
                sheet.keep(ACTIONS_LOCK, "dependencies", repository(&name).into());
            }
        }
    }
    if draft != text {
        sheet.edit(ACTIONS_LOCK, draft);
    }
    Ok(())
}

/// What our workflows use that the lock does not have, as they write it.
pub(super) fn lacks(sheet: &Sheet<'_>) -> BTreeSet<String> {
    let Ok(Some(text)) = sheet.text(ACTIONS_LOCK) else {
        return BTreeSet::new();
    };
    let tree = Notation::Yaml.read(&text);
    let Some(lock) = tree.as_ref().ok().and_then(ActionsLock::read) else {
        return BTreeSet::new();
    };
    let locked = lock.names();
    let uses = workflows(sheet).into_iter();
    let uses = uses.flat_map(|(path, text)| uses_of(&path, &text));
    uses.filter(|it| lock_name(it).is_some_and(|name| !locked.contains(&name)))
        .collect()
}

/// Our workflows.
fn workflows(sheet: &Sheet<'_>) -> Vec<(String, String)> {
    let paths = sheet.files().into_iter();
    let workflows = paths.filter(|path| path.starts_with(".github/workflows/"));
    workflows
        .filter_map(|path| {
            let text = sheet.text(&path).ok()??;
            Some((path, text))
        })
        .collect()
}

/// The actions that the workflow `text` uses.
fn uses_of(path: &str, text: &str) -> Vec<String> {
    let references = reference::references(Path::new(path), text.as_bytes()).unwrap_or_default();
    let actions = references.into_iter();
    let actions = actions.filter(|it| matches!(it.target, Target::Action { .. }));
    actions.map(|it| it.written).collect()
}

/// The same, by the lock's names.
fn names(path: &str, text: &str) -> BTreeSet<String> {
    let uses = uses_of(path, text);
    uses.iter().filter_map(|it| lock_name(it)).collect()
}

/// `names`, and what the lock says that those use themselves.
fn reached(lock: &ActionsLock<'_>, names: BTreeSet<String>) -> BTreeSet<String> {
    let uses = lock.uses_of();
    let mut open: Vec<String> = names.into_iter().collect();
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        let deeper: &[Scalar<'_>] = uses.get(&name).map_or(&[], Vec::as_slice);
        if reached.insert(name) {
            open.extend(deeper.iter().map(|it| folded(it.value)));
        }
    }
    reached
}

/// The part of a lock's name before its version.
fn repository(name: &str) -> &str {
    name.split('@').next().unwrap_or_default()
}

/// What the lock lacks for one workflow.
struct More<'a> {
    /// The workflow stands in the lock.
    is_listed: bool,
    /// What is missing in its list.
    listed: Vec<String>,
    dependencies: BTreeMap<String, &'a LockedAction>,
}

/// What `lock` lacks of the `names` that the workflow `path` uses, and of what those use.
fn missing<'a>(
    lock: &ActionsLock<'_>,
    path: &str,
    names: &BTreeSet<String>,
    actions: &'a Actions,
) -> Result<More<'a>, Obstacle> {
    let listed = lock.workflows.iter().find(|(it, _)| it.value == path);
    let has: BTreeSet<String> = listed
        .iter()
        .flat_map(|(_, uses)| uses.iter().map(|it| folded(it.value)))
        .collect();
    let locked = lock.names();
    let mut dependencies = BTreeMap::new();
    let mut open: Vec<&str> = names.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if !locked.contains(name) && !dependencies.contains_key(name) {
            let action = known(actions, name)?;
            dependencies.insert(name.to_owned(), action);
            open.extend(action.uses.iter().map(String::as_str));
        }
    }
    Ok(More {
        is_listed: listed.is_some(),
        listed: names.difference(&has).cloned().collect(),
        dependencies,
    })
}

fn known<'a>(actions: &'a Actions, name: &str) -> Result<&'a LockedAction, Obstacle> {
    let why = match actions.get(name) {
        Some(Ok(action)) => return Ok(action),
        Some(Err(why)) => format!("{name}: {why}"),
        None => format!("{name} was not known when this began: run the same command again"),
    };
    Err(Obstacle::NeedsLock(why))
}

impl More<'_> {
    fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.dependencies.is_empty()
    }

    /// The lock `text` with all of it.
    fn written(&self, mut text: String, path: &str) -> Result<String, NoRoom> {
        let workflow = [Step::Key("workflows"), Step::Key(path)];
        if !self.is_listed && !self.listed.is_empty() {
            let uses = self.listed.iter().map(Value::text);
            text = set(&text, &workflow, Value::List(uses.collect()))?;
        } else {
            for name in &self.listed {
                text = insert::push(&text, Notation::Yaml, &workflow, &Value::text(name))?.0;
            }
        }
        for (name, action) in &self.dependencies {
            let at = [Step::Key("dependencies"), Step::Key(name)];
            text = set(&text, &at, action.entry())?;
        }
        Ok(text)
    }

    /// How it is recorded.
    fn entries(&self, path: &str) -> Vec<(&'static str, String)> {
        let workflow = (!self.listed.is_empty()).then(|| ("workflows", path.to_owned()));
        let dependencies = self.dependencies.keys();
        let dependencies = dependencies.map(|name| ("dependencies", repository(name).to_owned()));
        workflow.into_iter().chain(dependencies).collect()
    }
}

impl LockedAction {
    /// As it stands in the lock.
    fn entry(&self) -> Value {
        let digest = if self.commit.as_str().len() == 40 {
            "sha1"
        } else {
            "sha256"
        };
        let commit = format!("{digest}-{}", self.commit);
        let mut entry = vec![
            ("ref".to_owned(), Value::text(&self.reference)),
            ("commit".to_owned(), Value::Text(commit)),
            ("owner_id".to_owned(), Value::Number(self.numbers.owner)),
            ("repo_id".to_owned(), Value::Number(self.numbers.repository)),
        ];
        if !self.uses.is_empty() {
            let uses = self.uses.iter().map(Value::text);
            entry.push(("uses".to_owned(), Value::List(uses.collect())));
        }
        Value::Map(entry)
    }
}

fn set(text: &str, at: &[Step<'_>], value: Value) -> Result<String, NoRoom> {
    let (parents, _) = at.split_at(1);
    match insert::set(text, Notation::Yaml, at, &value) {
        // The map is still to be made.
        Err(NoRoom::Absent(_)) => {
            let [_, Step::Key(key)] = at else {
                return Err(NoRoom::Absent(String::new()));
            };
            let map = Value::Map(vec![((*key).to_owned(), value)]);
            insert::set(text, Notation::Yaml, parents, &map)
        }
        set => set,
    }
}

/// The lock `text` without the workflow `path`, and without what only it used of `ours`.
pub(super) fn without(text: &str, path: &str, ours: &[&str]) -> Result<String, NoRoom> {
    let tree = Notation::Yaml.read(text)?;
    let Some(lock) = ActionsLock::read(&tree) else {
        return Ok(text.to_owned());
    };
    let is_own = |it: &&str| *it == path;
    if !lock.workflows.iter().any(|(it, _)| is_own(&it.value)) {
        return Ok(text.to_owned());
    }
    let others = lock.workflows.iter().filter(|(it, _)| !is_own(&it.value));
    let others = others.flat_map(|(_, uses)| uses.iter().map(|it| folded(it.value)));
    let needed = reached(&lock, others.collect());
    let workflow = [Step::Key("workflows"), Step::Key(path)];
    let mut draft = insert::remove(text, Notation::Yaml, &workflow)?;
    for (name, _) in &lock.dependencies {
        let folded = folded(name.value);
        if ours.contains(&repository(&folded)) && !needed.contains(&folded) {
            let at = [Step::Key("dependencies"), Step::Key(name.value)];
            draft = insert::remove(&draft, Notation::Yaml, &at)?;
        }
    }
    Ok(draft)
}
