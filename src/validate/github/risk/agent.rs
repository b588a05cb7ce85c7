//! Jobs that run an agent, and who can make them.

use std::{ops::Range, sync::LazyLock};

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
    let command = r"(?m)(?:^|[\s;&|(/])(?:fullsend\s+(?:exec|run)\b|codex\s+exec\b|opencode\s+run\b|goose\s+run\b|(?:claude|gemini|copilot|cursor-agent)\s[^\n]*?(?:-p|--print|--prompt|--yolo)\b)";
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
    /// Whether it, or a job that it waits for, asks who started the run.
    pub(super) is_gated: bool,
}

/// What of a workflow concerns agents, found once for all the rules.
pub(in crate::validate::github) struct Agents {
    jobs: Vec<Option<Agent>>,
    gated: Vec<bool>,
}

impl Agents {
    pub(super) fn of<'w>(workflow: &'w Workflow<'_>) -> &'w Self {
        workflow.agents.get_or_init(|| Self {
            jobs: workflow
                .jobs
                .iter()
                .map(|job| in_job(workflow, job))
                .collect(),
            gated: gated(workflow),
        })
    }

    /// The jobs that run an agent.
    pub(super) fn jobs<'w, 'a>(
        workflow: &'w Workflow<'a>,
    ) -> impl Iterator<Item = Employed<'w, 'a>> {
        let of = Self::of(workflow);
        let pairs = workflow.jobs.iter().zip(&of.jobs).zip(&of.gated);
        pairs.filter_map(|((job, agent), is_gated)| {
            Some(Employed {
                job,
                agent: agent.as_ref()?,
                is_gated: *is_gated,
            })
        })
    }

    /// The agent that the job `index` runs.
    pub(super) fn of_job(&self, index: usize) -> Option<&Agent> {
        self.jobs.get(index)?.as_ref()
    }

    /// Whether the job `index`, or one that it waits for, asks who started the run.
    pub(super) fn is_gated(workflow: &Workflow<'_>, index: usize) -> bool {
        Self::of(workflow).gated.get(index).is_some_and(|it| *it)
    }
}

fn in_job(workflow: &Workflow<'_>, job: &Job<'_>) -> Option<Agent> {
    let mut steps = job.steps.iter().enumerate();
    steps.find_map(|(index, step)| {
        let (at, asks) = by_action(step).or_else(|| by_command(workflow, step))?;
        Some(Agent {
            step: index,
            at,
            asks,
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
    let command = launch.as_str();
    let trimmed = command.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let start = launch.end() - trimmed.len();
    let at = run
        .origin(workflow.subject.source)
        .range(start..launch.end());
    Some((at, false))
}

/// Which jobs ask who started the run; each job is looked at once.
fn gated(workflow: &Workflow<'_>) -> Vec<bool> {
    let ids: std::collections::HashMap<_, _> = (workflow.jobs.iter().enumerate())
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

/// The commands of a step that start a container, by their bytes of `run`.
pub(super) fn containers<'a>(step: &Step<'a>) -> Vec<(Scalar<'a>, Range<usize>)> {
    let (Some(run), Some(container)) = (&step.run, CONTAINER.as_ref()) else {
        return Vec::new();
    };
    let found = container.find_iter(run.value);
    found.map(|it| (run.clone(), it.range())).collect()
}

/// Whether a command, or an image, is about the image that agents run in.
pub(super) fn is_agents_image(text: &str) -> bool {
    text.contains("agent-sandbox")
}

/// The first line of a command.
pub(super) fn first_line(run: &Scalar<'_>, range: Range<usize>) -> Range<usize> {
    let command = &run.value[range.clone()];
    let line = command.lines().next().unwrap_or_default();
    range.start..range.start + line.len()
}
