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
        yaml::Node,
    },
    reference::{self, ACTIONS_LOCK, ActionsLock, folded, lock_name, locked_uses},
};

/// The version of the format that is written here.
const WRITTEN: &str = "v0.0.2";

/// GitHub's numbers of an action, which its lock has beside each name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockIds {
    /// The owner's.
    pub owner: u64,
    /// The repository's.
    pub repository: u64,
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
    for path in sheet.files() {
        if !path.starts_with(".github/workflows/") {
            continue;
        }
        let workflow = sheet.text(&path)?.unwrap_or_default();
        let names = names(&path, &workflow);
        let more = missing(&lock, &path, &names, wanted)?;
        draft = more
            .written(draft, &path)
            .map_err(|error| Obstacle::NeedsLock(in_file(&error)))?;
        for (what, value) in more.entries(&path) {
            sheet.entry(ACTIONS_LOCK, what, value.into(), Made::Key);
        }
        if more.is_empty() {
            sheet.keep(ACTIONS_LOCK, "workflows", path.as_str().into());
            for name in &names {
                sheet.keep(ACTIONS_LOCK, "dependencies", repository(name).into());
            }
        }
    }
    if draft != text {
        sheet.edit(ACTIONS_LOCK, draft);
    }
    Ok(())
}

/// What the workflow `text` uses, by the lock's names.
fn names(path: &str, text: &str) -> BTreeSet<String> {
    let references = reference::references(Path::new(path), text.as_bytes()).unwrap_or_default();
    let written = references.iter().map(|it| it.written.as_str());
    written.filter_map(lock_name).collect()
}

/// The part of a lock's name before its version.
fn repository(name: &str) -> &str {
    name.split('@').next().unwrap_or_default()
}

/// What the lock lacks for one workflow.
struct More {
    /// The workflow stands in the lock.
    is_listed: bool,
    listed: Vec<String>,
    dependencies: BTreeMap<String, LockIds>,
}

/// What `lock` lacks of the `names` that the workflow `path` uses.
fn missing(
    lock: &ActionsLock<'_>,
    path: &str,
    names: &BTreeSet<String>,
    wanted: &Wanted<'_>,
) -> Result<More, Obstacle> {
    let listed = lock.workflows.iter().find(|(it, _)| it.value == path);
    let has: BTreeSet<String> = listed
        .iter()
        .flat_map(|(_, uses)| uses.iter().map(|it| folded(it.value)))
        .collect();
    let locked = lock.names();
    let mut dependencies = BTreeMap::new();
    for name in names.iter().filter(|name| !locked.contains(*name)) {
        dependencies.insert(name.clone(), ids(lock, name, wanted)?);
    }
    Ok(More {
        is_listed: listed.is_some(),
        listed: names.difference(&has).cloned().collect(),
        dependencies,
    })
}

/// The numbers of an action: those of another version of it in the lock, else those that are known.
fn ids(lock: &ActionsLock<'_>, name: &str, wanted: &Wanted<'_>) -> Result<LockIds, Obstacle> {
    let own = repository(name);
    let number = |entry: &Node<'_>, key: &str| entry.get(key)?.text()?.parse().ok();
    for (other, entry) in &lock.dependencies {
        if repository(&folded(other.value)) != own {
            continue;
        }
        if !locked_uses(entry).is_empty() {
            let why = format!("{own} uses others, which have to be locked with it");
            return Err(Obstacle::NeedsLock(why));
        }
        if let (Some(owner), Some(repository)) =
            (number(entry, "owner_id"), number(entry, "repo_id"))
        {
            return Ok(LockIds { owner, repository });
        }
    }
    let known = wanted.lock_ids.get(own).copied();
    known.ok_or_else(|| Obstacle::NeedsLock(format!("the lock has no version of {own}")))
}

impl More {
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
        for (name, ids) in &self.dependencies {
            let (_, commit) = name.split_once('@').unwrap_or_default();
            let entry = Value::Map(vec![
                ("ref".to_owned(), Value::text(commit)),
                ("commit".to_owned(), Value::Text(format!("sha1-{commit}"))),
                ("owner_id".to_owned(), Value::Number(ids.owner)),
                ("repo_id".to_owned(), Value::Number(ids.repository)),
            ]);
            text = set(&text, &[Step::Key("dependencies"), Step::Key(name)], entry)?;
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
    let mut needed: BTreeSet<String> = others
        .flat_map(|(_, uses)| uses.iter().map(|it| folded(it.value)))
        .collect();
    for uses in lock.uses_of().values() {
        needed.extend(uses.iter().map(|it| folded(it.value)));
    }
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
