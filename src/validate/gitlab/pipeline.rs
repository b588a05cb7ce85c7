//! A file of GitLab CI, parsed once for all rules.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    path::Path,
    sync::LazyLock,
};

use regex::Regex;

use super::{
    fault::{Fault, Kind, Walk, Whole},
    include::Include,
    inputs::Inputs,
    interpolation::{self, Interpolation},
    keywords::{self, GLOBAL},
    scalar::is_interpolated,
    world::{self, World},
};
use crate::{
    document::yaml::{Node, Scalar, Yaml},
    reference::{self, FileKind, Reference},
    validate::Subject,
};

/// More than GitLab follows.
const MAX_INCLUDES: usize = 500;

/// A file of GitLab CI as rules see it.
pub(in crate::validate) struct Pipeline<'a> {
    pub(super) subject: Subject<'a>,
    /// The value of the header's `spec`.
    pub(super) header: Option<Node<'a>>,
    /// What the header declares; nothing where there is no header.
    pub(super) inputs: Option<Inputs>,
    /// Everything but the header.
    pub(super) body: Option<Node<'a>>,
    /// Jobs in their order, hidden ones among them.
    pub(super) jobs: Vec<Job<'a>>,
    by_name: HashMap<&'a str, usize>,
    /// Everything at the top of the body.
    pub(super) tops: HashMap<&'a str, Node<'a>>,
    pub(super) includes: Vec<Include<'a>>,
    /// The images and includes that it names, in order.
    pub(super) references: Vec<Reference>,
    pub(super) world: World,
    /// What GitLab puts in before it reads the body.
    pub(super) interpolations: Vec<Interpolation<'a>>,
    /// What does not fit the shapes of the keywords.
    pub(super) faults: Vec<Fault>,
}

/// A job as it is written.
#[derive(Clone, Debug)]
pub(super) struct Job<'a> {
    pub(super) name: &'a str,
    pub(super) key: Scalar<'a>,
    pub(super) node: Node<'a>,
    /// Its keywords, with what merge keys bring.
    pub(super) keys: HashMap<&'a str, Node<'a>>,
}

impl Job<'_> {
    /// Whether it never runs by itself: its name begins with a dot.
    pub(super) fn is_hidden(&self) -> bool {
        self.name.starts_with('.')
    }
}

impl<'a> Pipeline<'a> {
    pub(super) fn of(subject: Subject<'a>, tree: &'a Yaml) -> Self {
        let (header, body) = world::halves(tree);
        let jobs = body.as_ref().map(jobs).unwrap_or_default();
        let includes = body.map(|body| body.all("include")).unwrap_or_default();
        let all = includes.iter().flat_map(Include::all);
        let includes: Vec<_> = all.take(MAX_INCLUDES).collect();
        let is_root = subject.source.file() == Path::new(".gitlab-ci.yml") && header.is_none();
        let world = World::of(body.as_ref(), &includes, is_root, subject.files);
        let interpolations = body.map(|body| interpolation::all(&body, subject.source));
        let interpolations = interpolations.unwrap_or_default();
        let tops = body.map(|body| body.entries()).unwrap_or_default();
        let tops = tops
            .into_iter()
            .filter_map(|(key, node)| Some((key.text()?, node)));
        let tops = tops.collect();
        let by_name = (0..).zip(&jobs).map(|(at, job)| (job.name, at)).collect();
        let mut pipeline = Self {
            subject,
            header,
            inputs: header.as_ref().map(Inputs::of),
            body,
            jobs,
            by_name,
            tops,
            includes,
            references: reference::in_tree(FileKind::GitlabCi, tree, subject.source),
            world,
            interpolations,
            faults: Vec::new(),
        };
        pipeline.faults = pipeline.walk();
        // What only looks like GitLab's may be a template for it.
        if FileKind::of_path(subject.source.file()) != Some(FileKind::GitlabCi) {
            pipeline.faults.iter_mut().for_each(Fault::doubt);
        }
        pipeline
    }

    /// The jobs that run.
    pub(super) fn visible(&self) -> impl Iterator<Item = &Job<'a>> {
        self.jobs.iter().filter(|job| !job.is_hidden())
    }

    /// `default`, the file itself, and every job: wherever a job's keywords may stand.
    pub(super) fn holders(&self) -> impl Iterator<Item = Node<'a>> {
        let default = self.body.into_iter().flat_map(|body| body.all("default"));
        let jobs = self.jobs.iter().map(|job| job.node);
        self.body.into_iter().chain(default).chain(jobs)
    }

    /// The job called `name`, where this file writes it.
    pub(super) fn job(&self, name: &str) -> Option<&Job<'a>> {
        self.jobs.get(*self.by_name.get(name)?)
    }

    /// The value of `key` in a job, its own or that of a job that it extends in this file.
    pub(super) fn inherited(&self, job: &Job<'a>, key: &str) -> Option<Node<'a>> {
        let mut job = job;
        // As deep as GitLab goes, along the parent that wins.
        for _ in 0..=10 {
            if let Some(value) = job.keys.get(key) {
                return Some(*value);
            }
            job = self.job(self.world.parents(job.name).last()?)?;
        }
        None
    }

    /// Every single value below `keys` of a job, of `default` and of the file itself.
    pub(super) fn texts_of(holder: &Node<'a>, keys: &[&str]) -> Vec<Scalar<'a>> {
        let mut found = Vec::new();
        for key in keys {
            for value in holder.all(key) {
                texts(value, &mut found);
            }
        }
        found
    }

    /// The bytes of the file for `range` of a value; the whole value where the file spells it
    /// otherwise.
    pub(super) fn within(&self, value: &Scalar<'_>, range: Range<usize>) -> Range<usize> {
        if self.subject.source.slice(value.at.clone()) == value.value {
            value.at.start + range.start..value.at.start + range.end
        } else {
            value.at.clone()
        }
    }

    /// The lines of the scripts of a job, of `default` or of the file itself.
    pub(super) fn script_of(holder: &Node<'a>) -> Vec<Scalar<'a>> {
        Self::texts_of(
            holder,
            &["before_script", "script", "after_script", "run", "hooks"],
        )
    }

    /// Whether a job launches an agent.
    pub(super) fn runs_agent(holder: &Node<'a>) -> bool {
        static LAUNCH: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"(?:^|[\s;&|(/])fullsend\s+(?:exec|run)\b").ok());
        let script = Self::script_of(holder);
        let launches =
            |line: &Scalar<'_>| LAUNCH.as_ref().is_some_and(|it| it.is_match(line.value));
        script.iter().any(launches)
    }

    fn walk(&self) -> Vec<Fault> {
        let mut walk = Walk::default();
        if let Some(header) = &self.header {
            walk.value(header, &keywords::SPEC, "`spec`", Whole::Yes);
        }
        let Some(body) = &self.body else {
            return walk.into_faults();
        };
        walk.duplicates(body);
        self.walk_globals(body, &mut walk);
        let extended = self.extended();
        for job in &self.jobs {
            if job.is_hidden() && !extended.contains(job.name) {
                continue;
            }
            // What a job lacks, another file may bring, or a job that it extends.
            let alone =
                !job.is_hidden() && self.world.closed && self.world.parents(job.name).is_empty();
            let whole = if alone { Whole::Yes } else { Whole::No };
            walk.value(&job.node, &keywords::JOB_SHAPE, "a job", whole);
        }
        walk.into_faults()
    }

    fn walk_globals(&self, body: &Node<'_>, walk: &mut Walk) {
        let entries = body.entries();
        let present: HashSet<&str> = entries.iter().filter_map(|(key, _)| key.text()).collect();
        for (key, value) in &entries {
            let Some(name) = key.scalar() else { continue };
            if let Some(shape) = GLOBAL.get(name.value) {
                let whole = if name.value == "include" {
                    Whole::Yes
                } else {
                    Whole::No
                };
                walk.value(value, shape, &format!("`{}`", name.value), whole);
            } else if name.value == "spec" && self.header.is_none() {
                let message = "`spec` stands in a header of its own, before a line `---`";
                walk.add(Kind::UnknownKeyword, name.at, message.to_owned());
            } else if !value.is_mapping() && value.tag().is_none() && !may_be_other(name.value) {
                walk.unknown(&name, &GLOBAL, &present);
            }
        }
    }

    /// The hidden jobs that jobs of this file extend, with those that they extend.
    fn extended(&self) -> HashSet<&str> {
        let mut found = HashSet::new();
        let mut open: Vec<&str> = self.visible().map(|job| job.name).collect();
        while let Some(name) = open.pop() {
            for parent in self.world.parents(name) {
                if found.insert(parent.as_str()) {
                    open.push(parent);
                }
            }
        }
        found
    }
}

fn texts<'a>(node: Node<'a>, found: &mut Vec<Scalar<'a>>) {
    found.extend(node.scalar());
    for item in node.items() {
        texts(item, found);
    }
    for (_, value) in node.own_entries() {
        texts(value, found);
    }
}

/// Keys of a file that are neither keywords nor jobs, and no mistake.
fn may_be_other(name: &str) -> bool {
    name.starts_with('.') || is_interpolated(name) || matches!(name, "<<" | "$schema")
}

fn jobs<'a>(body: &Node<'a>) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for (key, node) in body.entries() {
        let Some(key) = key.scalar() else { continue };
        let is_global = GLOBAL.get(key.value).is_some() || key.value == "spec";
        if !is_global && node.is_mapping() {
            let name = key.value;
            let mut keys = HashMap::new();
            for (key, value) in node.entries() {
                if let Some(key) = key.text() {
                    keys.entry(key).or_insert(value);
                }
            }
            jobs.push(Job {
                name,
                key,
                node,
                keys,
            });
        }
    }
    jobs
}

/// Whether a document that has a `script` somewhere is GitLab's, and not another CI's.
pub(in crate::validate) fn looks_like_pipeline(root: &Node<'_>) -> bool {
    if root.get("spec").is_some() {
        return true;
    }
    root.own_entries().all(|(key, value)| {
        let name = key.text().unwrap_or_default();
        let is_job = || {
            let keys = value.own_entries();
            value.is_mapping()
                && keys
                    .filter_map(|(key, _)| key.text())
                    .any(|key| key == "<<" || keywords::is_of_job(key))
        };
        GLOBAL.get(name).is_some() || may_be_other(name) || is_job()
    })
}
