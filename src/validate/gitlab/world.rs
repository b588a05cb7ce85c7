//! What a pipeline holds with the files that it includes, as far as they lie in this repository.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{include::Include, inputs::Inputs, scalar::is_interpolated};
use crate::{
    document::{
        Source,
        yaml::{self, Node, Yaml},
    },
    model::files::Files,
};

/// As many as GitLab follows.
const MAX_FILES: usize = 150;

/// The bytes of all included files together.
const MAX_TOTAL: usize = 8 << 20;

/// How deep GitLab follows `extends`.
const MAX_EXTENDS: usize = 10;

/// More jobs than one ever extends.
const MAX_PARENTS: usize = 500;

/// The keywords of a job that rules ask for.
const ASKED: &[&str] = &[
    "script", "trigger", "run", "timeout", "only", "except", "rules",
];

/// What matters of a job, hidden or not, put together from every file that writes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    stage: Option<Rc<str>>,
    extends: Vec<String>,
    has: BTreeSet<&'static str>,
    /// What is written as nothing, so that nothing is inherited.
    emptied: BTreeSet<&'static str>,
}

/// A job with what it inherits.
#[derive(Clone, Debug)]
struct Inherited {
    stage: Option<Rc<str>>,
    has: BTreeSet<&'static str>,
}

/// An included file of this repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Included {
    /// What it takes; nothing where it has no header.
    pub(super) inputs: Option<Inputs>,
    jobs: Vec<(String, Facts)>,
    stages: Option<Vec<String>>,
    includes: Vec<Wanted>,
}

/// A file that another includes.
#[derive(Clone, Debug)]
struct Wanted {
    candidates: Option<Vec<PathBuf>>,
}

/// The jobs and stages of a pipeline.
#[derive(Debug, Default)]
pub(super) struct World {
    jobs: HashMap<String, Facts>,
    stages: Option<Vec<String>>,
    /// Whether `stages` is the pipeline's own, which no include changes.
    pub(super) own_stages: bool,
    /// Whether every file is known that adds to the pipeline.
    pub(super) closed: bool,
    /// The files of this repository, by path; nothing for one that cannot be read.
    files: HashMap<PathBuf, Option<Included>>,
    /// With what is inherited.
    resolved: HashMap<String, Inherited>,
}

impl World {
    /// The world of the pipeline `body`, which is complete where it `is_root`.
    pub(super) fn of(
        body: Option<&Node<'_>>,
        includes: &[Include<'_>],
        is_root: bool,
        files: &dyn Files,
    ) -> Self {
        let mut world = Self {
            closed: is_root,
            ..Self::default()
        };
        let own = body.map(Included::of_body).unwrap_or_default();
        world.load(includes, is_root, files);
        world.own_stages = is_root && own.stages.is_some();
        world.take(&own);
        let names: Vec<String> = world.jobs.keys().cloned().collect();
        for name in names {
            world.resolve(&name, 0);
        }
        world
    }

    fn load(&mut self, includes: &[Include<'_>], deep: bool, files: &dyn Files) {
        let mut waiting: VecDeque<Wanted> = includes.iter().map(Wanted::of).collect();
        let mut read = 0;
        while let Some(wanted) = waiting.pop_front() {
            let Some(candidates) = wanted.candidates else {
                self.closed = false;
                continue;
            };
            if candidates
                .iter()
                .any(|path| matches!(self.files.get(path), Some(Some(_))))
            {
                continue;
            }
            let mut found = None;
            for path in candidates {
                if self.files.len() >= MAX_FILES || read >= MAX_TOTAL {
                    break;
                }
                let file = files.found(&path).and_then(|bytes| {
                    read += bytes.len();
                    Included::parse(&path, &bytes)
                });
                self.files.insert(path, file.clone());
                found = found.or(file);
            }
            match found {
                Some(file) => {
                    if deep {
                        waiting.extend(file.includes.iter().cloned());
                    }
                    self.take(&file);
                }
                None => self.closed = false,
            }
        }
    }

    /// Adds what `file` holds; what comes later wins.
    fn take(&mut self, file: &Included) {
        for (name, facts) in &file.jobs {
            let dynamic = is_interpolated(name)
                || facts.stage.as_deref().is_some_and(is_interpolated)
                || facts.extends.iter().any(|parent| is_interpolated(parent));
            self.closed &= !dynamic;
            let known = self.jobs.entry(name.clone()).or_default();
            known.has.extend(&facts.has);
            known.emptied.extend(&facts.emptied);
            known.stage = facts.stage.clone().or(known.stage.take());
            if !facts.extends.is_empty() {
                known.extends.clone_from(&facts.extends);
            }
        }
        if let Some(stages) = &file.stages {
            self.stages = Some(stages.clone());
        }
    }

    /// Puts together what the job `name` has and inherits.
    fn resolve(&mut self, name: &str, depth: usize) -> Option<Inherited> {
        if let Some(known) = self.resolved.get(name) {
            return Some(known.clone());
        }
        let facts = self.jobs.get(name)?.clone();
        let mut whole = Inherited {
            stage: facts.stage,
            has: facts.has,
        };
        if depth <= MAX_EXTENDS {
            for parent in facts.extends.iter().rev() {
                let Some(inherited) = self.resolve(parent, depth + 1) else {
                    continue;
                };
                let wanted = inherited.has.difference(&facts.emptied);
                whole.has.extend(wanted);
                whole.stage = whole.stage.or(inherited.stage);
            }
        }
        self.resolved.insert(name.to_owned(), whole.clone());
        Some(whole)
    }

    /// Whether any file writes the job `name`.
    pub(super) fn has_job(&self, name: &str) -> bool {
        self.jobs.contains_key(name)
    }

    /// The names of every job, hidden ones included.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.jobs.keys().map(String::as_str)
    }

    /// The jobs that the job `name` extends.
    pub(super) fn parents(&self, name: &str) -> &[String] {
        self.jobs.get(name).map_or(&[], |facts| &facts.extends)
    }

    /// The stage of the job `name`, as far as it is written anywhere; GitLab's default is `test`.
    pub(super) fn stage(&self, name: &str) -> &str {
        let facts = self.resolved.get(name);
        facts
            .and_then(|facts| facts.stage.as_deref())
            .unwrap_or("test")
    }

    /// Whether the job `name` has the keyword `key`, its own or inherited.
    pub(super) fn has(&self, name: &str, key: &str) -> bool {
        let facts = self.resolved.get(name);
        facts.is_some_and(|facts| facts.has.contains(key))
    }

    /// The stages in their order, with those that are always there.
    pub(super) fn stages(&self) -> Vec<&str> {
        let mut stages = vec![".pre"];
        match &self.stages {
            Some(written) => stages.extend(written.iter().map(String::as_str)),
            None => stages.extend(["build", "test", "deploy"]),
        }
        stages.push(".post");
        stages
    }

    /// The file behind `include`, if it lies in this repository and can be read.
    pub(super) fn included(&self, include: &Include<'_>) -> Option<&Included> {
        let candidates = include.candidates()?;
        candidates
            .iter()
            .find_map(|path| self.files.get(path)?.as_ref())
    }
}

impl Wanted {
    fn of(include: &Include<'_>) -> Self {
        Self {
            candidates: include.candidates(),
        }
    }
}

impl Included {
    fn parse(path: &Path, bytes: &[u8]) -> Option<Self> {
        let source = Source::decode(path, bytes).ok()?;
        let tree = yaml::parse(&source).ok()?;
        let (header, body) = halves(&tree);
        let mut file = body.as_ref().map(Self::of_body).unwrap_or_default();
        file.inputs = header.as_ref().map(Inputs::of);
        Some(file)
    }

    fn of_body(body: &Node<'_>) -> Self {
        let mut file = Self::default();
        for (key, value) in body.entries() {
            let Some(name) = key.text() else { continue };
            match name {
                "include" => file.includes = Include::all(&value).iter().map(Wanted::of).collect(),
                "stages" => file.stages = Some(texts(value)),
                _ if value.is_mapping() || name.starts_with('.') => {
                    file.jobs.push((name.to_owned(), Facts::of(&value)));
                }
                _ => {}
            }
        }
        file
    }
}

impl Facts {
    fn of(job: &Node<'_>) -> Self {
        let mut facts = Self::default();
        for (key, value) in job.entries() {
            match key.text() {
                Some("stage") if facts.stage.is_none() => {
                    facts.stage = value.text().map(Rc::from);
                }
                Some("extends") => {
                    let parents = value.text().map(|one| vec![one.to_owned()]);
                    facts.extends = parents.unwrap_or_else(|| texts(value));
                    facts.extends.truncate(MAX_PARENTS);
                }
                Some(key) => {
                    let asked = ASKED.iter().find(|asked| **asked == key);
                    if is_nothing(&value) {
                        facts.emptied.extend(asked);
                    } else {
                        facts.has.extend(asked);
                    }
                }
                None => {}
            }
        }
        facts
    }
}

/// Whether a value is null, or a list of nothing.
pub(super) fn is_nothing(node: &Node<'_>) -> bool {
    node.scalar().is_none() && !node.is_mapping() && node.items().next().is_none()
}

/// The header's `spec` and the body of a file.
pub(super) fn halves(tree: &Yaml) -> (Option<Node<'_>>, Option<Node<'_>>) {
    let mut documents = tree.documents();
    let first = documents.next();
    let spec = first.and_then(|first| first.get("spec"));
    match (spec, documents.next()) {
        (Some(spec), body) if body.is_some() || is_header(first) => (Some(spec), body),
        _ => (None, first),
    }
}

fn is_header(first: Option<Node<'_>>) -> bool {
    first.is_some_and(|first| first.own_entries().count() == 1)
}

/// Every text below `node`, which may be a list of lists.
fn texts(node: Node<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if let Some(text) = node.text() {
            found.push(text.to_owned());
        }
        let mut items: Vec<_> = node.items().collect();
        items.reverse();
        open.extend(items);
    }
    found
}
