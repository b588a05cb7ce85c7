//! A forge as a small JSON file describes it, and what is done to it in words.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use super::{
    Actor, Checks, Conclusion, Edit, Expected, Forge, Repository, Store, Told, Visibility,
};

/// A forge in JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// The organisation or group; `acme` where none is named.
    pub owner: Option<String>,
    /// Tokens that may do all that rules do not forbid, by their logins.
    pub tokens: BTreeMap<String, String>,
    /// So many repositories are made up.
    pub made_up: usize,
    /// Repositories by name.
    pub repositories: BTreeMap<String, Described>,
}

/// A repository in JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Described {
    /// Contents by path; none makes it empty.
    pub files: BTreeMap<String, String>,
    /// Its topics.
    pub topics: Vec<String>,
    /// Nothing can be written to it.
    pub archived: bool,
    /// It was forked from another.
    pub fork: bool,
    /// Everyone may see it.
    pub public: bool,
    /// Its default branch moves by requests alone.
    pub protected: bool,
    /// Commits on its default branch must be signed.
    pub signed: bool,
    /// Requests merge by themselves once they may.
    pub auto_merge: bool,
    /// Requests go through a queue.
    pub queue: bool,
    /// A request needs so many approvals.
    pub approvals: u32,
}

impl Forge {
    /// Adds what a scenario describes.
    pub fn play(&self, scenario: &Scenario) {
        self.with(|store| {
            for (login, token) in &scenario.tokens {
                store.grant(token, Actor::user(login), Told::Scopes);
            }
            store.populate(scenario.made_up);
            for (name, described) in &scenario.repositories {
                let (repository, files) = described.as_repository(name);
                store.seed(repository, &files);
            }
        });
    }

    /// Does what a line says, and says what came of it:
    ///
    /// - `count`, or nothing: the requests since the last time;
    /// - `pass` or `fail`: the checks of all open requests; what may merge by itself then does;
    /// - `merge`: a person merges all open requests;
    /// - `runs CONCLUSION COUNT [NAME]`: ended runs of every fullsend workflow or pipeline, or of
    ///   one repository's;
    /// - `edit NAME PATH TEXT`: a person writes a file on the default branch;
    /// - `checkout NAME FOLDER`.
    pub fn act(&self, line: &str) -> Result<String, String> {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words.as_slice() {
            [] | ["" | "count"] => {
                let counts = self.counts();
                self.clear_calls();
                Ok(counts.requests.to_string())
            }
            ["pass"] => Ok(self
                .with(|store| check_all(store, Checks::Passed))
                .to_string()),
            ["fail"] => Ok(self
                .with(|store| check_all(store, Checks::Failed))
                .to_string()),
            ["merge"] => Ok(self.with(merge_all).to_string()),
            ["runs", conclusion, count] => self.with(|store| runs(store, conclusion, count, None)),
            ["runs", conclusion, count, name] => {
                self.with(|store| runs(store, conclusion, count, Some(name)))
            }
            ["edit", name, path, text] => self.with(|store| edit(store, name, path, text)),
            ["checkout", name, folder] => {
                self.checkout(name, Path::new(folder));
                Ok((*folder).to_owned())
            }
            _ => Err(format!("nothing is known of {line:?}")),
        }
    }
}

impl Described {
    fn as_repository(&self, name: &str) -> (Repository, Vec<Edit>) {
        let mut repository = Repository::new(name);
        repository.topics.clone_from(&self.topics);
        repository.archived = self.archived;
        repository.fork = self.fork;
        if self.public {
            repository.visibility = Visibility::Public;
        }
        let rules = &mut repository.rules;
        rules.protected = self.protected;
        rules.signed = self.signed;
        rules.auto_merge = self.auto_merge;
        rules.queue = self.queue;
        rules.approvals = self.approvals;
        let files = self.files.iter();
        let files = files.map(|(path, content)| Edit::file(path, content.clone()));
        (repository, files.collect())
    }
}

fn open_requests(store: &Store) -> Vec<(u64, u64)> {
    let of = |repository: &Repository| {
        let open = repository.requests.values().filter(|it| it.is_open());
        open.map(|it| (repository.id, it.number))
            .collect::<Vec<_>>()
    };
    store.repositories().flat_map(of).collect()
}

fn check_all(store: &mut Store, checks: Checks) -> usize {
    for (id, number) in open_requests(store) {
        let repository = store.repository_mut(id);
        if let Some(request) = repository.and_then(|it| it.requests.get_mut(&number)) {
            request.checks = checks;
        }
    }
    store.settle()
}

fn merge_all(store: &mut Store) -> usize {
    let by = Actor::admin("maintainer");
    let mut merged = 0;
    for (id, number) in open_requests(store) {
        merged += usize::from(store.merge(id, &by, number, super::Method::Squash).is_ok());
    }
    merged
}

fn runs(
    store: &mut Store,
    conclusion: &str,
    count: &str,
    name: Option<&str>,
) -> Result<String, String> {
    let conclusion = match conclusion {
        "passed" => Conclusion::Passed,
        "failed" => Conclusion::Failed,
        "not-started" => Conclusion::NotStarted,
        "cancelled" => Conclusion::Cancelled,
        other => return Err(format!("no run ends {other:?}")),
    };
    let count: usize = count
        .parse()
        .map_err(|_| format!("{count:?} is no number"))?;
    let wanted = |it: &&Repository| name.is_none_or(|name| it.name == name);
    // A repository without a workflow of ours may have a pipeline.
    let ours = |it: &Repository| {
        let mut paths = it.workflows.iter().map(|it| it.path.clone());
        (it.id, paths.find(|path| path.contains("fullsend")))
    };
    let all: Vec<_> = store.repositories().filter(wanted).map(ours).collect();
    let mut added = 0;
    for (id, path) in all {
        for _ in 0..count {
            let run = match &path {
                Some(path) => store.add_run(id, path, conclusion),
                None if has_pipeline(store, id) => store.add_pipeline(id, conclusion),
                None => None,
            };
            added += usize::from(run.is_some());
        }
    }
    Ok(added.to_string())
}

fn has_pipeline(store: &Store, id: u64) -> bool {
    let head = store.repository(id).and_then(Repository::head);
    head.is_some_and(|head| store.objects.files_of(head).contains_key(".gitlab-ci.yml"))
}

fn edit(store: &mut Store, name: &str, path: &str, text: &str) -> Result<String, String> {
    let repository = store
        .named(name)
        .ok_or_else(|| format!("no repository {name}"))?;
    let (id, branch) = (repository.id, repository.default_branch.clone());
    let by = Actor::admin("maintainer");
    let edit = [Edit::file(path, format!("{text}\n"))];
    let made = store.commit(id, &by, &branch, Expected::FastForward, &edit, "Edit");
    made.map(|oid| oid.to_string())
        .map_err(|refused| refused.to_string())
}
