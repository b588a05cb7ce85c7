//! Names that a file itself defines: steps, jobs, inputs, keys of a matrix.

use std::collections::{HashMap, HashSet};

use crate::{
    config::suggest,
    document::{
        Source,
        yaml::{Kind, Node},
    },
    validate::github::{
        expression::Segment,
        fault::{FaultKind, Faults},
        grammar::short,
        view::{Expression, Job, Step, Trigger},
    },
};

/// Names in small letters, as GitHub compares them; nothing where they are computed.
type Open<'a> = Option<HashMap<String, &'a str>>;

/// What expressions of one file may name.
pub(in crate::validate::github) struct Names<'a> {
    inputs: Open<'a>,
    jobs: Vec<JobNames<'a>>,
    by_id: HashMap<String, usize>,
}

/// What expressions of one job may name.
struct JobNames<'a> {
    id: &'a str,
    /// Its steps, with their order.
    steps: HashMap<String, (&'a str, usize)>,
    needs: HashSet<String>,
    /// The keys of its matrix; of a job without one, nothing in it.
    matrix: Open<'a>,
    outputs: Open<'a>,
}

impl<'a> Names<'a> {
    /// The names of a workflow.
    pub(in crate::validate::github) fn of_workflow(
        triggers: &[Trigger<'a>],
        jobs: &[Job<'a>],
    ) -> Self {
        let mut inputs = Some(HashMap::new());
        for trigger in triggers {
            if matches!(trigger.name, "workflow_call" | "workflow_dispatch") {
                let defined = trigger.config.and_then(|config| config.get("inputs"));
                merge(&mut inputs, defined);
            }
        }
        let by_id = (0..)
            .zip(jobs)
            .map(|(index, job)| (job.id.to_ascii_lowercase(), index));
        Self {
            inputs,
            by_id: by_id.collect(),
            jobs: jobs.iter().map(JobNames::of).collect(),
        }
    }

    /// The names of an action.
    pub(in crate::validate::github) fn of_action(root: Node<'a>, steps: &[Step<'a>]) -> Self {
        let mut inputs = Some(HashMap::new());
        merge(&mut inputs, root.get("inputs"));
        let job = JobNames {
            id: "",
            steps: by_id(steps),
            needs: HashSet::new(),
            matrix: None,
            outputs: None,
        };
        Self {
            inputs,
            jobs: vec![job],
            by_id: HashMap::new(),
        }
    }

    /// Looks at `path`, which `expression` names.
    pub(super) fn check(
        &self,
        source: &Source<'_>,
        expression: &Expression<'_>,
        path: &[Segment<'_>],
        faults: &mut Faults,
    ) {
        let [context, first, rest @ ..] = path else {
            return;
        };
        let (Some(context), Some(name)) = (context.name, first.name) else {
            return;
        };
        let context = context.to_ascii_lowercase();
        // What cannot be used in this place is said once.
        if !expression.place.offers(&context) {
            return;
        }
        let job = self.jobs.get(expression.job.unwrap_or(0));
        let mut report = Undefined {
            source,
            expression,
            faults,
        };
        match (context.as_str(), job) {
            ("inputs", _) => self.input(name, first, &mut report),
            ("steps", Some(job)) => job.step(name, first, rest, &mut report),
            ("needs", Some(job)) => self.need(job, name, first, rest, &mut report),
            ("matrix", Some(job)) => job.matrix(name, first, &mut report),
            ("jobs", _) => self.job(name, first, rest, &mut report),
            ("github" | "runner" | "strategy" | "job", _) => {
                property(&context, name, first, &mut report);
            }
            _ => {}
        }
    }

    fn input(&self, name: &str, at: &Segment<'_>, report: &mut Undefined<'_, '_, '_>) {
        let Some(inputs) = &self.inputs else { return };
        if inputs.contains_key(&name.to_ascii_lowercase()) {
            return;
        }
        let message = format!("there is no input `{}`", short(name));
        report.add(
            FaultKind::UndefinedInput,
            at,
            message,
            name,
            inputs.values().copied(),
        );
    }

    fn need(
        &self,
        job: &JobNames<'_>,
        name: &str,
        at: &Segment<'_>,
        rest: &[Segment<'_>],
        report: &mut Undefined<'_, '_, '_>,
    ) {
        let folded = name.to_ascii_lowercase();
        if !job.needs.contains(&folded) {
            let named = short(name);
            let message = if self.by_id.contains_key(&folded) {
                format!(
                    "`{named}` is not among the jobs that `{}` needs",
                    short(job.id)
                )
            } else {
                format!("there is no job `{named}`")
            };
            let needs = job.needs.iter().map(String::as_str);
            report.add(FaultKind::UndefinedNeed, at, message, name, needs);
            return;
        }
        self.of_job(&folded, rest, report);
    }

    fn job(
        &self,
        name: &str,
        at: &Segment<'_>,
        rest: &[Segment<'_>],
        report: &mut Undefined<'_, '_, '_>,
    ) {
        let folded = name.to_ascii_lowercase();
        if !self.by_id.contains_key(&folded) {
            let message = format!("there is no job `{}`", short(name));
            let ids = self.jobs.iter().map(|job| job.id);
            report.add(FaultKind::UndefinedNeed, at, message, name, ids);
            return;
        }
        self.of_job(&folded, rest, report);
    }

    /// What stands after the name of a job.
    fn of_job(&self, id: &str, rest: &[Segment<'_>], report: &mut Undefined<'_, '_, '_>) {
        let [what, rest @ ..] = rest else { return };
        let Some(word) = what.name else { return };
        let known = ["outputs", "result"];
        if !known.contains(&word.to_ascii_lowercase().as_str()) {
            let message = format!("a job has no `{}`", short(word));
            report.add(
                FaultKind::UndefinedProperty,
                what,
                message,
                word,
                known.into_iter(),
            );
            return;
        }
        let [output, ..] = rest else { return };
        let job = self.by_id.get(id).and_then(|index| self.jobs.get(*index));
        let (
            Some(name),
            Some(JobNames {
                outputs: Some(outputs),
                id,
                ..
            }),
        ) = (output.name, job)
        else {
            return;
        };
        if !outputs.contains_key(&name.to_ascii_lowercase()) {
            let message = format!("the job `{}` has no output `{}`", short(id), short(name));
            let outputs = outputs.values().copied();
            report.add(FaultKind::UndefinedNeed, output, message, name, outputs);
        }
    }
}

impl<'a> JobNames<'a> {
    fn of(job: &Job<'a>) -> Self {
        let needs = job.needs.iter().map(|need| need.value.to_ascii_lowercase());
        let mut outputs = Some(HashMap::new());
        merge(&mut outputs, job.node.get("outputs"));
        // What a workflow that is called puts out is written there.
        let outputs = outputs.filter(|_| job.node.get("uses").is_none());
        Self {
            id: job.id,
            steps: by_id(&job.steps),
            needs: needs.collect(),
            matrix: matrix(&job.node),
            outputs,
        }
    }

    fn step(
        &self,
        name: &str,
        at: &Segment<'_>,
        rest: &[Segment<'_>],
        report: &mut Undefined<'_, '_, '_>,
    ) {
        let here = report.expression.step;
        match (self.steps.get(&name.to_ascii_lowercase()), here) {
            (None, _) => {
                let message = format!("no step has the id `{}`", short(name));
                let ids = self.steps.values().map(|(id, _)| *id);
                report.add(FaultKind::UndefinedStep, at, message, name, ids);
                return;
            }
            (Some((id, index)), Some(here)) if *index >= here => {
                let message = format!("the step `{}` has not run when this is read", short(id));
                report.add(
                    FaultKind::UndefinedStep,
                    at,
                    message,
                    name,
                    std::iter::empty(),
                );
            }
            _ => {}
        }
        let Some(Segment {
            name: Some(word), ..
        }) = rest.first()
        else {
            return;
        };
        let known = ["outputs", "outcome", "conclusion"];
        if !known.contains(&word.to_ascii_lowercase().as_str()) {
            let message = format!("a step has no `{}`", short(word));
            report.add(
                FaultKind::UndefinedProperty,
                &rest[0],
                message,
                word,
                known.into_iter(),
            );
        }
    }

    fn matrix(&self, name: &str, at: &Segment<'_>, report: &mut Undefined<'_, '_, '_>) {
        let Some(keys) = &self.matrix else { return };
        if keys.contains_key(&name.to_ascii_lowercase()) {
            return;
        }
        let message = if keys.is_empty() {
            "this job has no matrix".to_owned()
        } else {
            format!("the matrix has no key `{}`", short(name))
        };
        report.add(
            FaultKind::UndefinedMatrix,
            at,
            message,
            name,
            keys.values().copied(),
        );
    }
}

/// Where something that is not there is reported.
struct Undefined<'r, 's, 'a> {
    source: &'r Source<'s>,
    expression: &'r Expression<'a>,
    faults: &'r mut Faults,
}

impl Undefined<'_, '_, '_> {
    fn add<'k>(
        &mut self,
        kind: FaultKind,
        at: &Segment<'_>,
        message: String,
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        if self.faults.full() {
            return;
        }
        // Of thousands of names nobody wants the nearest.
        let near = suggest(name, known.take(50).filter(|known| *known != name));
        let message = match near {
            Some(near) => format!("{message}; did you mean `{}`?", short(near)),
            None => message,
        };
        let at = self.expression.range(self.source, at.at.clone());
        self.faults.add(kind, at, message);
    }
}

/// The properties of the contexts that GitHub fills.
const PROPERTIES: &[(&str, &[&str])] = &[
    (
        "github",
        &[
            "action",
            "action_path",
            "action_ref",
            "action_repository",
            "action_status",
            "actor",
            "actor_id",
            "api_url",
            "artifact_cache_size_limit",
            "base_ref",
            "env",
            "event",
            "event_name",
            "event_path",
            "graphql_url",
            "head_ref",
            "job",
            "job_workflow_sha",
            "output",
            "path",
            "ref",
            "ref_name",
            "ref_protected",
            "ref_type",
            "repository",
            "repository_id",
            "repository_owner",
            "repository_owner_id",
            "repository_visibility",
            "repositoryurl",
            "retention_days",
            "run_attempt",
            "run_id",
            "run_number",
            "secret_source",
            "server_url",
            "sha",
            "state",
            "step_summary",
            "token",
            "triggering_actor",
            "workflow",
            "workflow_ref",
            "workflow_sha",
            "workspace",
        ],
    ),
    (
        "runner",
        &[
            "arch",
            "debug",
            "environment",
            "name",
            "os",
            "temp",
            "tool_cache",
            "workspace",
        ],
    ),
    (
        "strategy",
        &["fail-fast", "job-index", "job-total", "max-parallel"],
    ),
    (
        "job",
        &[
            "check_run_id",
            "container",
            "services",
            "status",
            "workflow_file_path",
            "workflow_ref",
            "workflow_repository",
            "workflow_sha",
        ],
    ),
];

fn property(context: &str, name: &str, at: &Segment<'_>, report: &mut Undefined<'_, '_, '_>) {
    let Some((_, known)) = PROPERTIES.iter().find(|(known, _)| *known == context) else {
        return;
    };
    let folded = name.to_ascii_lowercase();
    if known.contains(&folded.as_str()) {
        return;
    }
    // One that is like none of them may be newer than this list.
    if suggest(&folded, known.iter().copied()).is_some() {
        let message = format!("`{context}` has no `{}`", short(name));
        report.add(
            FaultKind::UndefinedProperty,
            at,
            message,
            name,
            known.iter().copied(),
        );
    }
}

/// Adds the keys of `node` to `names`; gives them up where they are computed.
fn merge<'a>(names: &mut Open<'a>, node: Option<Node<'a>>) {
    let Some(node) = node else { return };
    match node.kind() {
        Kind::Null => {}
        Kind::Mapping => {
            for (key, _) in node.entries() {
                match (key.text(), names.as_mut()) {
                    (Some(key), _) if key.contains("${{") => *names = None,
                    (Some(key), Some(names)) => {
                        names.insert(key.to_ascii_lowercase(), key);
                    }
                    _ => {}
                }
            }
        }
        _ => *names = None,
    }
}

/// The keys of a job's matrix, those of `include` among them.
fn matrix<'a>(job: &Node<'a>) -> Open<'a> {
    let mut names = Some(HashMap::new());
    let Some(strategy) = job.get("strategy") else {
        return names;
    };
    if strategy.scalar().is_some() {
        return None;
    }
    let Some(matrix) = strategy.get("matrix") else {
        return names;
    };
    merge(&mut names, Some(matrix));
    if let Some(names) = &mut names {
        names.remove("include");
        names.remove("exclude");
    }
    if let Some(include) = matrix.get("include") {
        if include.kind() != Kind::Sequence {
            return None;
        }
        for item in include.items() {
            merge(&mut names, Some(item));
        }
    }
    names
}

/// The ids of steps; of two that are equal the first.
fn by_id<'a>(steps: &[Step<'a>]) -> HashMap<String, (&'a str, usize)> {
    let mut ids = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        if let Some(id) = &step.id {
            let folded = id.value.to_ascii_lowercase();
            ids.entry(folded).or_insert((id.value, index));
        }
    }
    ids
}
