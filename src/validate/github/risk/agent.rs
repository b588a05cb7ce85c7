//! Jobs that run an agent, and who can make them.

use std::{cell::OnceCell, collections::HashMap, ops::Range, sync::LazyLock};

use regex::Regex;

use super::uses;
use crate::{
    document::yaml::{Node, Scalar},
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
    ("fullsend-ai/sandbox", None),
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

/// Conditions on who started the run.
static CONDITION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let asks = r"(?i)author_association|github\.(?:triggering_)?actor\b|(?:sender|user|owner)\.(?:login|id)\b|event\.label\.name|head\.repo\.|head_repository";
    Regex::new(asks).ok()
});

/// Scripts, and names of actions, that ask what whoever started the run may do.
static QUESTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let asks = r"(?i)author_association|/permission\b|collaborators/|getCollaboratorPermissionLevel|checkCollaborator|getMembershipForUser|/memberships/|user-permission|actor-permission|repo(?:sitory)?-permission|has-permission|team-member";
    Regex::new(asks).ok()
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
    gated: OnceCell<Vec<bool>>,
}

impl Agents {
    pub(super) fn of<'w>(workflow: &'w Workflow<'_>) -> &'w Self {
        workflow.agents.get_or_init(|| Self {
            jobs: workflow
                .jobs
                .iter()
                .map(|job| in_job(workflow, job))
                .collect(),
            gated: OnceCell::new(),
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

    /// Whether the job `index`, or one that it waits for, asks who started the run.
    pub(super) fn is_gated(workflow: &Workflow<'_>, index: usize) -> bool {
        let gated = Self::of(workflow).gated.get_or_init(|| gated(workflow));
        gated.get(index).is_some_and(|it| *it)
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
    if *known == "fullsend-ai/sandbox" && mode.is_some_and(|mode| mode.value != "exec") {
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

/// Which jobs ask who started the run; each job is looked at once.
fn gated(workflow: &Workflow<'_>) -> Vec<bool> {
    let ids: HashMap<_, _> = (workflow.jobs.iter().enumerate())
        .map(|(index, job)| (job.id.to_ascii_lowercase(), index))
        .collect();
    let mut gated: Vec<bool> = workflow.jobs.iter().map(asks).collect();
    let mut waiting = vec![Vec::new(); gated.len()];
    for (index, job) in workflow.jobs.iter().enumerate() {
        let needs = job.needs.iter();
        for need in needs.filter_map(|need| ids.get(&need.value.to_ascii_lowercase())) {
            if !runs_anyway(job) {
                waiting[*need].push(index);
            }
        }
    }
    let mut open: Vec<usize> = (0..gated.len()).filter(|index| gated[*index]).collect();
    while let Some(index) = open.pop() {
        for job in std::mem::take(&mut waiting[index]) {
            if !gated[job] {
                gated[job] = true;
                open.push(job);
            }
        }
    }
    gated
}

/// Whether a job is not skipped with those that it waits for.
fn runs_anyway(job: &Job<'_>) -> bool {
    let condition = job.node.get("if").and_then(|node| node.text());
    condition.is_some_and(|text| text.contains("always()") && !text.contains("needs."))
}

/// Whether a job or a step of it says anything of who started the run.
fn asks(job: &Job<'_>) -> bool {
    let condition = |node: &Node<'_>| {
        let condition = node.get("if").and_then(|node| node.text());
        condition.is_some_and(|text| matches(&CONDITION, text))
    };
    condition(&job.node)
        || job.steps.iter().any(|step| {
            let script = uses::input(&step.node, "script");
            let mut texts = [&step.run, &step.uses, &script].into_iter().flatten();
            condition(&step.node) || texts.any(|text| matches(&QUESTION, text.value))
        })
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
