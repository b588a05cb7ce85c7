//! A stranger's change is checked out and run with the repository's rights.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{agent::Agents, gate::Events, uses};
use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{
            Workflow,
            view::{Job, Step},
        },
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-pull-request-target-checkout",
        summary: "A stranger's change is checked out and run with the repository's rights",
        help: "Run it in a workflow of `pull_request`, which has no secrets, or ask in the job's \
               `if:` who started it.",
        severity: Severity::Error,
        page: "docs/rules/workflow-pull-request-target-checkout.md",
    },
    why: "Runs of `pull_request_target`, `issue_comment` and `workflow_run` have the secrets and \
          the token of the repository. Whoever opens a pull request from a fork writes its \
          `Makefile`, its `package.json` and its tests: checked out and run there, they take \
          both. Reading the change as data is safe; building it is not.",
    bad: &[
        Example {
            path: ".github/workflows/test.yml",
            text: flow!("pull_request_target"
                "    steps:\n"
                "      - uses: actions/checkout@9f698171ed81b15d1823a05fc7211befd50c8ae0 # v6.0.3\n"
                "        with:\n"
                "          ref: ${{ github.event.pull_request.head.sha }}\n"
                "          persist-credentials: false\n"
                "      - run: npm ci\n"
            ),
        },
        Example {
            path: ".github/workflows/test.yml",
            text: flow!("issue_comment"
                "    steps:\n"
                "      - run: gh pr checkout \"$NUMBER\"\n"
                "        env:\n"
                "          NUMBER: ${{ github.event.issue.number }}\n"
                "      - run: make test\n"
            ),
        },
    ],
    good: &[
        Example {
            path: ".github/workflows/test.yml",
            text: flow!("pull_request"
                "    steps:\n"
                "      - uses: actions/checkout@9f698171ed81b15d1823a05fc7211befd50c8ae0 # v6.0.3\n"
                "      - run: npm ci\n"
            ),
        },
        Example {
            path: ".github/workflows/label.yml",
            text: flow!("pull_request_target"
                "    if: contains(fromJSON('[\"OWNER\",\"MEMBER\"]'), github.event.pull_request.author_association)\n"
                "    steps:\n"
                "      - uses: actions/checkout@9f698171ed81b15d1823a05fc7211befd50c8ae0 # v6.0.3\n"
                "        with:\n"
                "          ref: ${{ github.event.pull_request.head.sha }}\n"
                "      - run: npm ci\n"
            ),
        },
    ],
    check: Check::Workflow(check),
};

/// References that name the change of a pull request.
static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let head = r"(?i)event\.pull_request\.(?:head\.(?:sha|ref)|merge_commit_sha)|github\.head_ref|event\.workflow_run\.head_(?:sha|branch|commit)|refs/pull/";
    Regex::new(head).ok()
});

/// Commands that fetch the change of a pull request and switch to it.
static FETCH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let fetch = r"\bgh\s+pr\s+checkout\b|\bgit\s+(?:fetch|pull)\s[^\n]*(?:refs/)?pull/[^\n]*/(?:head|merge)";
    Regex::new(fetch).ok()
});

/// Commands that run what lies in a checkout.
static BUILDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let builds = r"(?m)(?:^|[\s;&|(])(?:(?:npm|pnpm|yarn|bun|npx|make|just|bazel|bazelisk|ninja|cmake|mvn|gradle|rake|bundle|composer|dotnet|cargo|tox|nox|pytest|poetry|pdm|uv|hatch|pre-commit|terraform|mage|task)\s+(?:-C\s+)?\w|(?:npm|yarn|make|pytest|tox|nox|rake)\s*$|go\s+(?:test|build|run|generate|install)\b|pip3?\s+install\s+[^\n]*(?:-e\s|-r\s|\.(?:\s|$|\[))|(?:bash|sh|python3?|node|ruby|perl|source)\s+[\w./-]+\.\w+|docker\s+(?:build|compose|buildx\s+build)\b|\./[\w.-])";
    Regex::new(builds).ok()
});

/// Actions that run what lies in a checkout.
const BUILDERS: [&str; 5] = [
    "docker/build-push-action",
    "golangci/golangci-lint-action",
    "goreleaser/goreleaser-action",
    "gradle/gradle-build-action",
    "pre-commit/action",
];

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let trusted = ["pull_request_target", "issue_comment", "workflow_run"];
    let triggers = workflow.triggers.iter().map(|it| it.name);
    let open = Events::named(triggers.filter(|it| trusted.contains(it)));
    if open == Events::default() {
        return;
    }
    for (index, job) in workflow.jobs.iter().enumerate() {
        if follows_runs(job) {
            continue;
        }
        let Some((step, from, at, folder)) = checkout(workflow, job) else {
            continue;
        };
        let gates = Agents::gates(workflow, index);
        let open_at = |step| gates.map_or(open, |gates| open.without(gates.step(step)));
        let mut later = job.steps.iter().enumerate().skip(from);
        let ran = later.find_map(|(later, it)| {
            // Strangers come to both, by the same event.
            let event = open_at(step).also_in(open_at(later)).first()?;
            Some((event, runs(it, folder)?))
        });
        let Some((event, run)) = ran else {
            continue;
        };
        let line = workflow.subject.source.span(&run).start.line;
        let message = format!(
            "the change that anybody proposes is checked out here and run on line {line}, and a \
             run of `{event}` has the repository's secrets and token"
        );
        let problem = report.at(&RULE, at, message);
        if event != "pull_request_target" {
            problem.severity(Severity::Warning);
        }
    }
}

/// Whether the job asks where the run that it follows came from, which is not judged.
fn follows_runs(job: &Job<'_>) -> bool {
    let condition = job.node.get("if").and_then(|it| it.text());
    let origins = ["workflow_run.event", "workflow_run.head"];
    condition.is_some_and(|it| origins.iter().any(|origin| it.contains(origin)))
}

/// The step that checks out a change, the first that may run it, where that is named, and its
/// folder.
fn checkout<'a>(
    workflow: &Workflow<'a>,
    job: &Job<'a>,
) -> Option<(usize, usize, Range<usize>, Option<&'a str>)> {
    let mut steps = job.steps.iter().enumerate();
    steps.find_map(|(index, step)| {
        if let Some(run) = &step.run {
            let found = FETCH.as_ref()?.find(run.value)?;
            let at = run.origin(workflow.subject.source).range(found.range());
            // The same script may build what it fetched.
            return Some((index, index, at, None));
        }
        let is_checkout = uses::name(step.uses.as_ref()?.value) == "actions/checkout";
        let reference = uses::input(&step.node, "ref").filter(|_| is_checkout)?;
        HEAD.as_ref()?.find(reference.value)?;
        let folder = uses::input(&step.node, "path").map(|path| path.value);
        let folder = folder.filter(|path| !matches!(*path, "." | "./" | ""));
        Some((index, index + 1, reference.at, folder))
    })
}

/// Where `step` runs what lies in `folder`; nothing where it does not.
fn runs(step: &Step<'_>, folder: Option<&str>) -> Option<Range<usize>> {
    let within = |text: &str| folder.is_none_or(|folder| text.contains(folder));
    if let Some(run) = &step.run {
        let place = step.node.get("working-directory");
        let there = within(run.value) || place.and_then(|it| it.text()).is_some_and(within);
        let builds = BUILDS.as_ref()?.is_match(run.value);
        return (there && builds).then(|| run.at.clone());
    }
    let uses = step.uses.as_ref()?;
    let is_local = uses.value.starts_with("./") && within(uses.value);
    let is_builder = folder.is_none() && BUILDERS.contains(&uses::name(uses.value).as_str());
    (is_local || is_builder).then(|| uses.at.clone())
}
