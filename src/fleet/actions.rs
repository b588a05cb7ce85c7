//! What GitHub's lock says of actions, asked of those who have them.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    path::Path,
};

use super::enrol::{Actions, LockedAction};
use crate::{
    forge::{ForgeError, GitHosts, Numbers, Reach, Reason, Refs, RemoteRepository},
    model::{
        commit::CommitId,
        text::excerpt,
        version::{Flavor, most_exact},
    },
    reference::{self, Place, Target, folded, lock_name},
};

/// GitHub runs no action that lies deeper in others.
const DEPTH: usize = 10;
/// Nothing of ours uses nearly as many; whoever is beyond is not asked.
const MOST: usize = 100;
/// Where an action says what it uses.
const FILES: [&str; 2] = ["action.yml", "action.yaml"];

/// Asks what GitHub's lock would say of what `uses` name and of all that those use themselves; of
/// `sources`, the first that has an action's repository is asked.
///
/// It takes three to six requests an action, and is worth doing once for a whole fleet.
pub async fn actions(sources: &[GitHosts], uses: BTreeSet<String>) -> Actions {
    let mut asking = Asking {
        sources,
        repositories: BTreeMap::new(),
        asked: BTreeSet::new(),
        found: Actions::new(),
    };
    let mut open = uses;
    for _ in 0..DEPTH {
        let mut deeper = BTreeSet::new();
        for one in open {
            deeper.extend(asking.one(one).await);
        }
        open = deeper;
    }
    for name in open.iter().filter_map(|it| lock_name(it)) {
        let too_deep = || Err(format!("it lies more than {DEPTH} actions deep"));
        asking.found.entry(name).or_insert_with(too_deep);
    }
    asking.found
}

/// A repository with actions, and who has it.
struct Home<'a> {
    host: &'a GitHosts,
    repository: RemoteRepository,
    numbers: Numbers,
    refs: Refs,
}

struct Asking<'a> {
    sources: &'a [GitHosts],
    repositories: BTreeMap<String, Result<Home<'a>, String>>,
    /// What was looked at, as it is written: of a repository, each path for itself.
    asked: BTreeSet<String>,
    found: Actions,
}

impl Asking<'_> {
    /// Looks at what `uses` names, and gives back what that uses itself.
    async fn one(&mut self, uses: String) -> BTreeSet<String> {
        let Some(name) = lock_name(&uses).filter(|_| !self.asked.contains(&uses)) else {
            return BTreeSet::new();
        };
        let looked = if self.asked.len() < MOST {
            self.look(&uses, &name).await
        } else {
            Err(format!("it is one of more than {MOST} actions"))
        };
        self.asked.insert(uses);
        let (action, deeper) = match looked {
            Ok((action, deeper)) => (Ok(action), deeper),
            Err(why) => (Err(why), BTreeSet::new()),
        };
        match (self.found.entry(name), action) {
            (Entry::Vacant(place), action) => {
                place.insert(action);
            }
            // What is used of another path of the same repository.
            (Entry::Occupied(mut place), Ok(action)) => {
                if let Ok(known) = place.get_mut() {
                    known.uses.extend(action.uses);
                }
            }
            (Entry::Occupied(mut place), Err(why)) => {
                *place.get_mut() = Err(why);
            }
        }
        deeper
    }

    async fn look(
        &mut self,
        uses: &str,
        name: &str,
    ) -> Result<(LockedAction, BTreeSet<String>), String> {
        let target = Target::action(uses);
        let Target::Action {
            repository,
            path,
            reference,
        } = &target
        else {
            return Err("it is not named as an action is".to_owned());
        };
        let home = self.home(repository).await?;
        let (commit, reference) = home.locate(reference).await?;
        let deeper = home.uses(path.as_deref(), &commit, uses).await?;
        let names = deeper.iter().filter_map(|it| lock_name(it));
        let action = LockedAction {
            reference,
            commit,
            numbers: home.numbers,
            uses: names.filter(|it| it != name).collect(),
        };
        Ok((action, deeper))
    }

    /// Who has the repository of that name.
    async fn home(&mut self, name: &str) -> Result<&Home<'_>, String> {
        let key = folded(name);
        if !self.repositories.contains_key(&key) {
            let found = find(self.sources, name).await;
            self.repositories.insert(key.clone(), found);
        }
        match self.repositories.get(&key) {
            Some(Ok(home)) => Ok(home),
            Some(Err(why)) => Err(why.clone()),
            None => Err("nobody was asked".to_owned()),
        }
    }
}

/// The first of `sources` that has the repository `name`.
async fn find<'a>(sources: &'a [GitHosts], name: &str) -> Result<Home<'a>, String> {
    let mut why = "nobody is known who could have it".to_owned();
    for host in sources {
        let repository = host.github(name).map_err(|error| error.to_string())?;
        let numbers = match host.numbers(&repository).await {
            Ok(numbers) => numbers,
            Err(error) => {
                // To a stranger, what is not there may be what is not shown.
                let reason = error.reason();
                let is_elsewhere = matches!(reason, Reason::NotFound(_) | Reason::Unauthorized(_));
                why = told(&error);
                if is_elsewhere {
                    continue;
                }
                break;
            }
        };
        let refs = host.refs(&repository).await.map_err(|error| told(&error))?;
        if let Some(new) = &refs.moved_to {
            return Err(format!(
                "its repository is now called {}, and GitHub runs nothing that is locked by a \
                 former name",
                new.path()
            ));
        }
        return Ok(Home {
            host,
            repository,
            numbers,
            refs,
        });
    }
    Err(why)
}

impl Home<'_> {
    /// The commit that `reference` means, and the tag or branch that has it.
    ///
    /// GitHub runs nothing that is locked unless a branch of the repository leads to it.
    async fn locate(&self, reference: &str) -> Result<(CommitId, String), String> {
        let refs = &self.refs;
        let own = reference.parse::<CommitId>().ok();
        let named = || refs.tag(reference).or_else(|| refs.branch(reference));
        let commit = own.clone().or_else(|| named().cloned());
        let commit = commit.ok_or_else(|| format!("it has no tag or branch {reference}"))?;
        if !self.leads(&refs.branches, &commit).await? {
            return Err(format!("no branch of it leads to {}", commit.short()));
        }
        let name = match own {
            Some(_) => self.name(&commit).await?,
            None => reference.to_owned(),
        };
        Ok((commit, name))
    }

    /// The most exact tag of `commit`, else a branch that leads to it.
    async fn name(&self, commit: &CommitId) -> Result<String, String> {
        let tags = || self.refs.tags_of(commit);
        if let Some(tag) = most_exact(tags(), None, Flavor::Git).or_else(|| tags().next()) {
            return Ok(tag.to_owned());
        }
        let mut branches = self.refs.branches.iter();
        if let Some((branch, _)) = branches.find(|(_, tip)| *tip == commit) {
            return Ok(branch.clone());
        }
        let head = self.refs.head.as_ref();
        if let Some((head, tip)) = head.and_then(|it| self.refs.branches.get_key_value(it)) {
            let only = BTreeMap::from([(head.clone(), tip.clone())]);
            if self.leads(&only, commit).await? {
                return Ok(head.clone());
            }
        }
        let commit = commit.short();
        Err(format!(
            "it has no tag for {commit}, and its default branch does not lead there"
        ))
    }

    /// Whether one of `branches` leads to `commit`.
    async fn leads(
        &self,
        branches: &BTreeMap<String, CommitId>,
        commit: &CommitId,
    ) -> Result<bool, String> {
        if branches.is_empty() {
            return Ok(false);
        }
        let refs = Refs {
            branches: branches.clone(),
            ..Refs::default()
        };
        let reach = self.host.reach(&self.repository, &refs, commit).await;
        let reach = reach.map_err(|error| told(&error))?;
        Ok(reach == Reach::Reachable)
    }

    /// What the action below `path` uses at `commit`; `uses` is how it is named itself.
    async fn uses(
        &self,
        path: Option<&str>,
        commit: &CommitId,
        uses: &str,
    ) -> Result<BTreeSet<String>, String> {
        for file in FILES {
            let file = path.map_or_else(|| file.to_owned(), |path| format!("{path}/{file}"));
            let text = self.host.file(&self.repository, &file, commit).await;
            if let Some(text) = text.map_err(|error| told(&error))? {
                return nested(&text, uses).map_err(|why| format!("its {file} {why}"));
            }
        }
        // A Dockerfile alone is an action too.
        Ok(BTreeSet::new())
    }
}

/// What the steps of an action use, which is named `own` itself.
fn nested(text: &[u8], own: &str) -> Result<BTreeSet<String>, String> {
    let read = reference::references(Path::new(FILES[0]), text);
    let references = read.map_err(|error| format!("cannot be read: {error}"))?;
    let steps = references.iter().filter(|it| it.place == Place::GithubStep);
    let mut uses = BTreeSet::new();
    for step in steps {
        let written = &step.written;
        match (&step.target, written.strip_prefix("$/")) {
            (Target::Action { .. }, _) => {
                uses.insert(written.clone());
            }
            // Of the action's own repository, at its own commit.
            (_, Some(path)) => {
                uses.extend(beside(own, path));
            }
            _ => return Err(format!("uses {}, which no lock can have", excerpt(written))),
        }
    }
    Ok(uses)
}

/// The action below `path` of the same repository, at the same commit as `own`.
fn beside(own: &str, path: &str) -> Option<String> {
    let (name, reference) = own.split_once('@')?;
    let mut parts = name.split('/');
    let (owner, repository) = (parts.next()?, parts.next()?);
    Some(format!("{owner}/{repository}/{path}@{reference}"))
}

fn told(error: &ForgeError) -> String {
    error.with_hint()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "acme/tools/setup@v1";

    fn uses(steps: &str) -> Result<Vec<String>, String> {
        let text = format!("runs:\n  using: composite\n  steps:\n{steps}");
        Ok(nested(text.as_bytes(), OWN)?.into_iter().collect())
    }

    #[test]
    fn an_action_uses_what_its_steps_name() {
        let steps = "    - run: make\n    - uses: actions/cache/save@v4\n    - uses: docker://alpine\n    \
                     - uses: $/lint\n";
        assert_eq!(
            uses(steps).unwrap(),
            ["acme/tools/lint@v1", "actions/cache/save@v4"]
        );
        assert_eq!(nested(b"runs: {using: node24}", OWN), Ok(BTreeSet::new()));
    }

    #[test]
    fn what_no_lock_can_have_is_named() {
        for (step, why) in [
            ("./lint", "uses ./lint, which no lock can have"),
            ("${{ inputs.a }}", "uses ${{ inputs.a }}, which"),
            ("actions/cache", "uses actions/cache, which"),
        ] {
            let error = uses(&format!("    - uses: {step}\n")).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
        let error = nested(b"runs: [", OWN).unwrap_err();
        assert!(error.starts_with("cannot be read: "), "{error}");
    }
}
