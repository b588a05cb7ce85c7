//! Edits of GitHub's lock of actions, so that it says what the workflows say after theirs.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
    path::{Path, PathBuf},
};

use super::{
    actions_lock::{Dependency, Known, Locked, Named, WorkflowLock, governed_name},
    decision::{Decision, Pin},
};
use crate::{
    document::edit::{self, Edit},
    model::commit::CommitId,
    reference::{Reference, folded},
};

/// What becomes of a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Relocked {
    /// The whole lock with every move made; nothing where there is none.
    pub(super) text: Option<String>,
    /// The references that may not move, by their number, and why.
    pub(super) refused: Vec<(usize, String)>,
}

/// Where an entry of the lock goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    /// What stands behind the `@`.
    reference: String,
    /// The tag or branch that has the commit.
    named: String,
    commit: CommitId,
}

/// The uses of one entry, with where each goes; those that stay go nowhere.
type Uses = Vec<(usize, Option<Target>)>;

impl WorkflowLock {
    /// What becomes of the lock by the `decisions` about all references of the repository's files
    /// that are looked at.
    ///
    /// An entry moves as a whole or not at all: with every workflow that has it in its list.
    pub(super) fn relocked(
        &self,
        decisions: &[(&Reference, Option<&Locked>, &Decision)],
    ) -> Relocked {
        let mut moves: BTreeMap<String, Uses> = BTreeMap::new();
        for (number, (reference, locked, decision)) in decisions.iter().enumerate() {
            let from = match locked {
                Some(Locked::Behind { instead, .. }) => Some(instead.clone()),
                Some(Locked::At { .. }) => governed_name(reference),
                _ => None,
            };
            let to = match &decision.to {
                Some(Pin::Locked {
                    reference,
                    version,
                    commit,
                }) => Some(Target {
                    reference: reference.clone(),
                    named: version.clone(),
                    commit: commit.clone(),
                }),
                _ => None,
            };
            if let Some(from) = from {
                moves.entry(from).or_default().push((number, to));
            }
        }
        moves.retain(|_, uses| uses.iter().any(|(_, to)| to.is_some()));
        if moves.is_empty() {
            return Relocked::default();
        }
        let seen: HashSet<_> = decisions
            .iter()
            .map(|(reference, ..)| reference.file.as_path())
            .collect();
        let mut refused = Vec::new();
        let mut good = BTreeMap::new();
        for (from, uses) in moves {
            let is_editable = |number: &usize| {
                let (reference, _, decision) = decisions[*number];
                let pin = decision.to.as_ref().map(Pin::as_pinned);
                pin.is_none_or(|pin| reference.edits(&pin).is_ok())
            };
            match self.one_move(&from, &uses, |file| seen.contains(file)) {
                Ok(to) if uses.iter().all(|(number, _)| is_editable(number)) => {
                    good.insert(from, (to, uses));
                }
                Ok(_) => refuse(&mut refused, &uses, "one of its uses cannot be edited"),
                Err(why) => refuse(&mut refused, &uses, &why),
            }
        }
        let targets: BTreeMap<&str, &Target> = good
            .iter()
            .map(|(from, (to, _))| (from.as_str(), to))
            .collect();
        let text = match self.edited(&targets) {
            Ok(text) => text,
            Err(why) => {
                for (_, uses) in good.values() {
                    refuse(&mut refused, uses, why);
                }
                None
            }
        };
        refused.sort();
        Relocked { text, refused }
    }

    /// Where the entry `from` goes, or why it stays.
    fn one_move(
        &self,
        from: &str,
        uses: &Uses,
        is_seen: impl Fn(&Path) -> bool,
    ) -> Result<Target, String> {
        let (Ok(known), Some(workflows)) = (&self.known, &self.workflows) else {
            return Err("the lock is not known".to_owned());
        };
        if !self.is_written {
            return Err("the lock is of an older version".to_owned());
        }
        let mut targets = uses.iter().map(|(_, to)| to.as_ref());
        let first = targets.next().flatten();
        let Some(to) = first.filter(|_| targets.all(|to| to == first)) else {
            return Err("not every use of it moves".to_owned());
        };
        let listing = workflows
            .iter()
            .filter(|(_, names)| names.iter().any(|named| named.name == from));
        if let Some((other, _)) = listing.into_iter().find(|(path, _)| !is_seen(path)) {
            return Err(format!(
                "{} was not looked at and uses it too",
                other.display()
            ));
        }
        if let Some((other, _)) = known
            .dependencies
            .iter()
            .find(|(_, dependency)| dependency.uses.iter().any(|name| name == from))
        {
            return Err(format!("{other} uses it too"));
        }
        let plain = |text: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "._/~+-".contains(c);
            !text.is_empty() && text.chars().all(known)
        };
        if !plain(&to.reference) || !plain(&to.named) {
            return Err("its name would need quotes".to_owned());
        }
        let length = |commit: &CommitId| commit.as_str().len();
        let own = known
            .dependencies
            .get(from)
            .and_then(|it| it.commit.as_ref());
        if own.is_none_or(|(own, _)| length(own) != length(&to.commit)) {
            return Err("its commit is written in another way".to_owned());
        }
        let name = renamed(from, &to.reference);
        match known.at(&name) {
            Locked::At { commit, .. } if name != from && commit != to.commit => {
                Err("the lock has that version already, at another commit".to_owned())
            }
            _ => Ok(to.clone()),
        }
    }

    /// The text with every entry where `targets` has it go; nothing where none goes anywhere.
    fn edited(&self, targets: &BTreeMap<&str, &Target>) -> Result<Option<String>, &'static str> {
        const STRANGE: &str = "the lock is not written as `gh actions-lock` writes it";
        let (Ok(known), Some(workflows)) = (&self.known, &self.workflows) else {
            return Err(STRANGE);
        };
        if targets.is_empty() {
            return Ok(None);
        }
        let mut edits = Vec::new();
        for names in workflows.values() {
            let mut listed: HashSet<String> = names
                .iter()
                .filter(|named| !targets.contains_key(named.name.as_str()))
                .map(|named| named.name.clone())
                .collect();
            for named in names {
                let Some(to) = targets.get(named.name.as_str()) else {
                    continue;
                };
                edits.push(if listed.insert(renamed(&named.name, &to.reference)) {
                    self.rename(&named.at, to)
                } else {
                    self.without(&named.at, named.at.end)
                });
            }
        }
        let mut present: HashSet<String> = known
            .dependencies
            .keys()
            .filter(|name| !targets.contains_key(name.as_str()))
            .cloned()
            .collect();
        for (from, to) in targets {
            let Some(dependency) = known.dependencies.get(*from) else {
                return Err(STRANGE);
            };
            if present.insert(renamed(from, &to.reference)) {
                edits.push(self.rename(&dependency.at, to));
                edits.extend(values(dependency, to));
            } else {
                edits.push(self.without(&dependency.at, dependency.end));
            }
        }
        let text = edit::apply(&self.text, &edits).map_err(|_| STRANGE)?;
        if self.became(&text, targets, known) {
            Ok(Some(text))
        } else {
            Err(STRANGE)
        }
    }

    /// The name at `at` with the reference of `to`.
    fn rename(&self, at: &Range<usize>, to: &Target) -> Edit {
        let name = self.text.get(at.clone()).unwrap_or_default();
        let start = at.start + name.find('@').map_or(name.len(), |sign| sign + 1);
        Edit {
            at: start..at.end,
            text: to.reference.clone(),
        }
    }

    /// The lines from the one that `at` begins on to the one that holds the last word before `end`.
    fn without(&self, at: &Range<usize>, end: usize) -> Edit {
        let before = self.text.get(..at.start).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |line| line + 1);
        let body = self.text.get(..end).unwrap_or_default().trim_end().len();
        let rest = self.text.get(body..).unwrap_or_default();
        let end = rest
            .find('\n')
            .map_or(self.text.len(), |line| body + line + 1);
        Edit {
            at: start..end.max(start),
            text: String::new(),
        }
    }

    /// Whether `text` is this lock with every entry where `targets` has it go, and nothing else.
    fn became(&self, text: &str, targets: &BTreeMap<&str, &Target>, old: &Known) -> bool {
        let lock = Self::read(text.as_bytes());
        let (Ok(new), Some(lists), Some(old_lists)) =
            (&lock.known, &lock.workflows, &self.workflows)
        else {
            return false;
        };
        let moved = |name: &String| match targets.get(name.as_str()) {
            Some(to) => (renamed(name, &to.reference), Some(&to.commit)),
            None => (name.clone(), None),
        };
        let expected: HashMap<String, Option<&CommitId>> = old
            .dependencies
            .iter()
            .map(|(name, dependency)| {
                let (name, commit) = moved(name);
                let own = dependency.commit.as_ref().map(|(commit, _)| commit);
                (name, commit.or(own))
            })
            .collect();
        let found: HashMap<String, Option<&CommitId>> = new
            .dependencies
            .iter()
            .map(|(name, it)| (name.clone(), it.commit.as_ref().map(|(commit, _)| commit)))
            .collect();
        let same = |path: &PathBuf, old: &Vec<Named>| {
            let old: HashSet<String> = old.iter().map(|named| moved(&named.name).0).collect();
            let new = lists.get(path).into_iter().flatten();
            let new: HashSet<String> = new.map(|named| named.name.clone()).collect();
            old == new
        };
        expected == found
            && lists.len() == old_lists.len()
            && old_lists.iter().all(|(path, old)| same(path, old))
    }
}

fn refuse(refused: &mut Vec<(usize, String)>, uses: &Uses, why: &str) {
    let moving = uses.iter().filter(|(_, to)| to.is_some());
    refused.extend(moving.map(|(number, _)| (*number, why.to_owned())));
}

fn renamed(name: &str, reference: &str) -> String {
    let (repository, _) = name.split_once('@').unwrap_or((name, ""));
    folded(&format!("{repository}@{reference}"))
}

/// The edits of an entry's own values.
fn values(dependency: &Dependency, to: &Target) -> Vec<Edit> {
    let mut edits = Vec::new();
    if let Some((old, at)) = &dependency.reference {
        let prefixes = ["refs/tags/", "refs/heads/"];
        let prefix = prefixes.iter().find(|prefix| old.starts_with(**prefix));
        edits.push(Edit {
            at: at.clone(),
            text: match prefix {
                Some(_) => format!("refs/tags/{}", to.named),
                None => to.named.clone(),
            },
        });
    }
    if let Some((_, at)) = &dependency.commit {
        edits.push(Edit {
            at: at.clone(),
            text: to.commit.to_string(),
        });
    }
    edits
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{model::pinning::Status, reference::references};

    const OLD: &str = "1111111111111111111111111111111111111111";
    const NEW: &str = "2222222222222222222222222222222222222222";
    const FILE: &str = ".github/workflows/a.yml";

    fn decision(to: Option<(&str, &str)>) -> Decision {
        Decision {
            status: Status::Stale,
            to: to.map(|(reference, commit)| Pin::Locked {
                reference: reference.to_owned(),
                version: reference.to_owned(),
                commit: commit.parse().unwrap(),
            }),
            reason: None,
        }
    }

    /// What becomes of `lock` where a workflow with these steps has each go to a version, or stay.
    fn relocked(lock: &str, steps: &[(&str, Option<(&str, &str)>)]) -> Relocked {
        let lines = steps.iter();
        let lines = lines.map(|(uses, _)| format!("    - uses: {uses}\n"));
        let lines = lines.collect::<Vec<_>>().concat();
        let text = format!("on: push\njobs:\n  a:\n    steps:\n{lines}");
        let found = references(Path::new(FILE), text.as_bytes()).unwrap();
        let lock = WorkflowLock::read(lock.as_bytes());
        assert_eq!(lock.problem(), None);
        let locked = lock.locked(&found);
        let decisions: Vec<_> = steps.iter().map(|(_, to)| decision(*to)).collect();
        let sites: Vec<_> = found
            .iter()
            .zip(&locked)
            .zip(&decisions)
            .map(|((reference, locked), decision)| (reference, locked.as_ref(), decision))
            .collect();
        lock.relocked(&sites)
    }

    fn lock(list: &[&str], entries: &[(&str, &str)]) -> String {
        let list = list.iter().map(|name| format!("  - {name}\n"));
        let list = list.collect::<Vec<_>>().concat();
        let entries = entries.iter().map(|(name, commit)| {
            format!("  {name}:\n    ref: refs/tags/x\n    commit: sha1-{commit}\n    repo_id: 1\n")
        });
        let entries: String = entries.collect();
        format!("version: v0.0.2\nworkflows:\n {FILE}:\n{list}dependencies:\n{entries}# end\n")
    }

    #[test]
    fn two_versions_become_one() {
        let old = lock(
            &["O/r@v1.0.0", "o/r@v1.1.0"],
            &[("O/r@v1.0.0", OLD), ("o/r@v1.1.0", NEW)],
        );
        let steps = [("o/r@v1.0.0", Some(("v1.1.0", NEW))), ("o/r@v1.1.0", None)];
        let done = relocked(&old, &steps);
        assert_eq!(done.refused, []);
        assert_eq!(
            done.text.unwrap(),
            lock(&["o/r@v1.1.0"], &[("o/r@v1.1.0", NEW)])
        );
    }

    #[test]
    fn only_the_bytes_of_what_moves_change() {
        let entries = [("o/r@v1.0.0", OLD), ("o/other@v1", OLD)];
        let old = lock(&["o/r@v1.0.0", "o/other@v1"], &entries).replace('\n', "\r\n");
        let steps = [("o/r@v1.0.0", Some(("v1.1.0", NEW))), ("o/other@v1", None)];
        let new = relocked(&old, &steps).text.unwrap();
        let expected = old
            .replace("o/r@v1.0.0", "o/r@v1.1.0")
            .replacen("refs/tags/x", "refs/tags/v1.1.0", 1)
            .replacen(OLD, NEW, 1);
        assert_eq!(new, expected);
    }

    #[test]
    fn a_lock_that_would_not_say_the_same_is_left_alone() {
        let to = Some(("v1.1.0", NEW));
        let plain = lock(&["o/r@v1.0.0"], &[("o/r@v1.0.0", OLD)]);
        let taken = lock(&["o/r@v1.0.0"], &[("o/r@v1.0.0", OLD), ("o/r@v1.1.0", OLD)]);
        let flow = format!(
            "version: v0.0.2\nworkflows: {{{FILE}: [o/r@v1.0.0, o/r@v1.1.0]}}\ndependencies: \
             {{o/r@v1.0.0: {{commit: sha1-{OLD}}}, o/r@v1.1.0: {{commit: sha1-{NEW}}}}}\n"
        );
        for (lock, steps) in [
            (&plain, vec![("o/r@v1.0.0", to), ("o/r@v1.0.0", None)]),
            (&plain, vec![("o/r@v1.0.0", Some(("v1'1", NEW)))]),
            (&taken, vec![("o/r@v1.0.0", to)]),
            (&flow, vec![("o/r@v1.0.0", to), ("o/r@v1.1.0", None)]),
        ] {
            let done = relocked(lock, &steps);
            assert_eq!(done.text, None, "{steps:?}");
            assert_eq!(done.refused.len(), 1, "{steps:?}");
        }
    }
}
