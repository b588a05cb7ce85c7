//! Jobs that run an agent, and who can make them.

use std::{cell::OnceCell, collections::HashMap, ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    gate::{Events, Reach},
    uses,
};
use crate::{
    document::yaml::{Node, Scalar},
    model::skew::OWN_ACTION,
    validate::github::{
        Workflow,
        view::{Job, Step},
    },
};

/// Actions that run an agent, and the input that lets anybody speak to it; nothing where everybody
/// may from the beginning.
const ACTIONS: &[(&str, Option<&str>)] = &[
    (
        "anthropics/claude-code-action",
        Some("allowed_non_write_users"),
    ),
    ("anthropics/claude-code-base-action", None),
    ("anomalyco/opencode/github", Some("")),
    ("augmentcode/augment-agent", None),
    ("codium-ai/pr-agent", None),
    (OWN_ACTION, None),
    ("google-gemini/gemini-cli-action", None),
    ("google-github-actions/run-gemini-cli", None),
    ("openai/codex-action", Some("allow-users")),
    ("qodo-ai/pr-agent", None),
    ("sst/opencode/github", Some("")),
];

/// Commands that run an agent.
static LAUNCH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let command = r"\b(?:fullsend\s+(?:exec|run)\b|codex\s+exec\b|opencode\s+run\b|goose\s+run\b|(?:claude|gemini|copilot|cursor-agent)\s[^\n]*?(?:-p|--print|--prompt|--yolo)\b)";
    Regex::new(command).ok()
});

/// Scripts, and names of actions, that ask what whoever started the run may do.
static QUESTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let asks = r"(?i)author_association|/permission\b|collaborators/|getCollaboratorPermissionLevel|checkCollaborator|getMembershipForUser|/memberships/|orgs/[^/\s]+/members/|user-permission|actor-permission|repo(?:sitory)?-permission|has-permission|team-member";
    Regex::new(asks).ok()
});

/// Commands that end a step, and with it the job, as failed.
static EXIT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)(?:^|[\s;&|({])(?:exit\s+[1-9]|false\s*$)|\bsetFailed\b|\bthrow\s").ok()
});

/// A command that starts a container, with its continued lines.
static CONTAINER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:docker|podman|nerdctl)\s+(?:container\s+)?(?:run|create)\b(?:[^\n\\]|\\\r?\n|\\.)*",
    )
    .ok()
});

/// An agent that a job runs.
#[derive(Clone)]
pub(super) struct Agent {
    /// Which of the job's steps runs it.
    pub(super) step: usize,
    /// The bytes of the file that name it.
    pub(super) at: Range<usize>,
    /// Whether it asks by itself who started it.
    pub(super) asks: bool,
}

/// A job that runs an agent.
pub(super) struct Employed<'w, 'a> {
    pub(super) job: &'w Job<'a>,
    pub(super) agent: &'w Agent,
    /// Which of the jobs it is.
    pub(super) index: usize,
}

/// What of a workflow concerns agents, found once for all the rules.
pub(in crate::validate::github) struct Agents {
    jobs: Vec<Option<Agent>>,
    gates: OnceCell<Vec<Gates>>,
}

impl Agents {
    pub(super) fn of<'w>(workflow: &'w Workflow<'_>) -> &'w Self {
        workflow.agents.get_or_init(|| Self {
            jobs: workflow
                .jobs
                .iter()
                .map(|job| in_job(workflow, job))
                .collect(),
            gates: OnceCell::new(),
        })
    }

    /// The jobs that run an agent.
    pub(super) fn jobs<'w, 'a>(
        workflow: &'w Workflow<'a>,
    ) -> impl Iterator<Item = Employed<'w, 'a>> {
        let pairs = workflow.jobs.iter().zip(&Self::of(workflow).jobs);
        pairs.enumerate().filter_map(|(index, (job, agent))| {
            let agent = agent.as_ref()?;
            Some(Employed { job, agent, index })
        })
    }

    /// The agent that the job `index` runs.
    pub(super) fn of_job(&self, index: usize) -> Option<&Agent> {
        self.jobs.get(index)?.as_ref()
    }

    /// The events for which a job keeps strangers out, or one that it waits for.
    pub(super) fn gates<'w>(workflow: &'w Workflow<'_>, index: usize) -> Option<&'w Gates> {
        let gates = Self::of(workflow).gates.get_or_init(|| gates(workflow));
        gates.get(index)
    }
}

/// The events for which a job keeps strangers out.
pub(super) struct Gates {
    /// Of each step.
    steps: Vec<Events>,
    /// Of those before the job, and of all that may end it.
    all: Events,
}

impl Gates {
    /// Those for which strangers do not reach the end of the job.
    pub(super) fn all(&self) -> Events {
        self.all
    }

    /// Those for which strangers do not reach a step.
    pub(super) fn step(&self, step: usize) -> Events {
        self.steps.get(step).copied().unwrap_or(self.all)
    }
}

fn in_job(workflow: &Workflow<'_>, job: &Job<'_>) -> Option<Agent> {
    let mut steps = job.steps.iter().enumerate();
    let named = steps.find_map(|(step, it)| {
        let (at, asks) = by_action(it).or_else(|| by_command(workflow, it))?;
        Some(Agent { step, at, asks })
    });
    named.or_else(|| {
        let launch = launches(job).into_iter().next()?;
        Some(Agent {
            step: launch.step,
            at: launch.at(workflow),
            asks: false,
        })
    })
}

fn by_action(step: &Step<'_>) -> Option<(Range<usize>, bool)> {
    let uses = step.uses.as_ref()?;
    let name = uses::name(uses.value);
    let (known, opens) = ACTIONS.iter().find(|(known, _)| *known == name)?;
    let mode = uses::input(&step.node, "mode");
    if *known == OWN_ACTION && mode.is_some_and(|mode| mode.value != "exec") {
        return None;
    }
    let open = |input: &str| uses::input(&step.node, input).is_some();
    Some((uses.at.clone(), opens.is_some_and(|input| !open(input))))
}

fn by_command(workflow: &Workflow<'_>, step: &Step<'_>) -> Option<(Range<usize>, bool)> {
    let run = step.run.as_ref()?;
    let launch = LAUNCH.as_ref()?.find(run.value)?;
    let at = run.origin(workflow.subject.source).range(launch.range());
    Some((at, false))
}

/// Who keeps strangers out; each job is looked at once.
fn gates(workflow: &Workflow<'_>) -> Vec<Gates> {
    let ids: HashMap<_, _> = (workflow.jobs.iter().enumerate())
        .map(|(index, job)| (job.id.to_ascii_lowercase(), index))
        .collect();
    let mut gates: Vec<Gates> = workflow.jobs.iter().map(of_job).collect();
    let mut waiting = vec![Vec::new(); gates.len()];
    for (index, job) in workflow.jobs.iter().enumerate() {
        let needs = job.needs.iter();
        for need in needs.filter_map(|need| ids.get(&need.value.to_ascii_lowercase())) {
            if !runs_anyway(job) {
                waiting[*need].push(index);
            }
        }
    }
    let none = Events::default();
    let mut before = vec![none; gates.len()];
    let mut open: Vec<usize> = (0..gates.len())
        .filter(|index| gates[*index].all != none)
        .collect();
    // A job comes again for further events only, of which there are few.
    while let Some(index) = open.pop() {
        let passed_on = gates[index].all;
        for job in waiting[index].iter().copied() {
            before[job] = before[job].or(passed_on);
            if !gates[job].all.has(passed_on) {
                gates[job].all = gates[job].all.or(passed_on);
                open.push(job);
            }
        }
    }
    for (gates, before) in gates.iter_mut().zip(before) {
        for step in &mut gates.steps {
            *step = step.or(before);
        }
    }
    gates
}

/// Whether a job is not skipped with those that it waits for.
fn runs_anyway(job: &Job<'_>) -> bool {
    let condition = job.node.get("if").and_then(|node| node.text());
    condition.is_some_and(|text| text.contains("always()") && !text.contains("needs."))
}

/// Whom a job keeps out by itself.
fn of_job(job: &Job<'_>) -> Gates {
    let condition = |node: &Node<'_>| Some(Reach::of(node.get("if")?.text()?));
    let kept_out = |reach: Option<Reach>| {
        reach.map_or_else(Events::default, |it| Events::ALL.without(it.holds))
    };
    let mut all = kept_out(condition(&job.node));
    let steps = job.steps.iter().map(|step| {
        let script = uses::input(&step.node, "script");
        let texts = [&step.run, &step.uses, &script].into_iter().flatten();
        let says = |regex| texts.clone().any(|text| matches(regex, text.value));
        let reach = condition(&step.node);
        if says(&QUESTION) {
            all = all.or(Events::ALL);
        }
        let own = all.or(kept_out(reach));
        // Whoever comes further is somebody for whom the condition failed.
        if let Some(reach) = reach.filter(|_| says(&EXIT)) {
            all = all.or(Events::ALL.without(reach.fails));
        }
        own
    });
    Gates {
        steps: steps.collect(),
        all,
    }
}

fn matches(regex: &LazyLock<Option<Regex>>, text: &str) -> bool {
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// A command that starts the image that agents run in.
pub(super) struct Launch<'a> {
    /// Which of the job's steps holds it.
    pub(super) step: usize,
    /// The script.
    pub(super) run: Scalar<'a>,
    /// Its bytes of the script.
    pub(super) range: Range<usize>,
}

impl<'a> Launch<'a> {
    pub(super) fn command(&self) -> &'a str {
        self.run.value.get(self.range.clone()).unwrap_or_default()
    }

    /// The bytes of the file that hold its first line.
    pub(super) fn at(&self, workflow: &Workflow<'_>) -> Range<usize> {
        let line = self.command().lines().next().unwrap_or_default();
        let range = self.range.start..self.range.start + line.len();
        self.run.origin(workflow.subject.source).range(range)
    }
}

/// The commands of a job that start the image that agents run in.
///
/// None of a job that builds an image: there it is tried before anybody relies on it.
pub(super) fn launches<'a>(job: &Job<'a>) -> Vec<Launch<'a>> {
    let Some(container) = CONTAINER.as_ref() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (step, run) in runs(job).filter(|(_, run)| is_agents_image(run.value)) {
        let commands = container.find_iter(run.value).map(|it| it.range());
        found.extend(commands.map(|range| Launch {
            step,
            run: run.clone(),
            range,
        }));
    }
    found.retain(|launch| is_agents_image(launch.command()));
    if !found.is_empty() && builds_image(job) {
        found.clear();
    }
    found
}

fn runs<'j, 'a>(job: &'j Job<'a>) -> impl Iterator<Item = (usize, &'j Scalar<'a>)> {
    let steps = job.steps.iter().enumerate();
    steps.filter_map(|(index, step)| Some((index, step.run.as_ref()?)))
}

/// Whether the job builds an image.
pub(super) fn builds_image(job: &Job<'_>) -> bool {
    let by_action = |uses: &Scalar<'_>| uses::name(uses.value) == "docker/build-push-action";
    let commands = ["docker build", "docker buildx", "podman build", "buildah "];
    let by_command = |run: &Scalar<'_>| commands.iter().any(|it| run.value.contains(it));
    job.steps.iter().any(|step| {
        step.uses.as_ref().is_some_and(by_action) || step.run.as_ref().is_some_and(by_command)
    })
}

/// Whether an image is the one that agents run in, by its name.
pub(super) fn is_agents_image(text: &str) -> bool {
    text.contains("agent-sandbox")
}
