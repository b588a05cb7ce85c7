//! Who can write the values that expressions yield.

use std::{collections::HashMap, ops::Range};

use super::flow::{Flow, flows};
use crate::{
    document::yaml::Node,
    validate::github::{
        Action, Workflow,
        expression::Expr,
        place,
        view::{Expression, Step, Trigger},
    },
};

/// Who decides what a value is, the least trusted last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Author {
    /// People who may push or start workflows.
    Writer,
    /// Whoever calls the workflow, or uses the action, with values of any origin.
    Caller,
    /// Anybody with an account.
    Anyone,
}

/// A value of an expression that somebody else than the file's authors writes.
pub(super) struct Foreign {
    pub(super) author: Author,
    /// Its bytes of the text that holds the expression.
    pub(super) at: Range<usize>,
    /// Whether a variable of `env` stands between.
    pub(super) by_env: bool,
}

/// Values below `github.event` that anybody can write; `*` is any name.
const BY_ANYONE: &[&str] = &[
    "changes.body.from",
    "changes.title.from",
    "comment.body",
    "commits.*.author.email",
    "commits.*.author.name",
    "commits.*.committer.email",
    "commits.*.committer.name",
    "commits.*.message",
    "discussion.body",
    "discussion.title",
    "head_commit.author.email",
    "head_commit.author.name",
    "head_commit.committer.email",
    "head_commit.committer.name",
    "head_commit.message",
    "issue.body",
    "issue.title",
    "pages.*.page_name",
    "pages.*.summary",
    "pages.*.title",
    "pull_request.body",
    "pull_request.head.label",
    "pull_request.head.ref",
    "pull_request.head.repo.default_branch",
    "pull_request.head.repo.description",
    "pull_request.head.repo.homepage",
    "pull_request.title",
    "review.body",
    "workflow_run.display_title",
    "workflow_run.head_branch",
    "workflow_run.head_commit.author.email",
    "workflow_run.head_commit.author.name",
    "workflow_run.head_commit.message",
    "workflow_run.head_repository.description",
    "workflow_run.pull_requests.*.head.ref",
];

/// Values below `github.event` that people who may push can write.
const BY_WRITERS: &[&str] = &[
    "label.description",
    "label.name",
    "milestone.description",
    "milestone.title",
    "release.body",
    "release.name",
    "release.tag_name",
];

/// Outputs of actions that anybody can write: an action, and the start of its outputs' names.
const OUTPUTS: &[(&str, &[&str])] = &[
    ("dorny/paths-filter", &["changes_files", "_files"]),
    ("jitterbit/get-changed-files", &[""]),
    ("khan/pull-request-comment-trigger", &["comment_body"]),
    (
        "potiuk/get-workflow-origin",
        &["sourceheadbranch", "sourceheadrepo"],
    ),
    (
        "tj-actions/branch-names",
        &["current_branch", "head_ref_branch", "ref_branch"],
    ),
    (
        "tj-actions/changed-files",
        &[
            "_files",
            "all_",
            "added_",
            "modified_",
            "deleted_",
            "renamed_",
        ],
    ),
    ("trilom/file-changes-action", &["files"]),
    ("xt0rted/pull-request-comment-branch", &["head_ref"]),
];

type Scope = (Option<usize>, Option<usize>);

/// What a file says of the values that its expressions name.
#[derive(Default)]
pub(super) struct Authors {
    inputs: HashMap<String, Author>,
    /// The variables of `env` by where they are set, and their names in small letters.
    variables: HashMap<(Scope, String), Author>,
    /// The outputs of jobs.
    outputs: HashMap<(String, String), Author>,
    /// The actions of the steps that have an id.
    actions: HashMap<(Option<usize>, String), String>,
}

impl Authors {
    pub(super) fn of_workflow(workflow: &Workflow<'_>) -> Self {
        let mut authors = Self::default();
        for trigger in &workflow.triggers {
            let author = match trigger.name {
                "workflow_call" => Author::Caller,
                "workflow_dispatch" => Author::Writer,
                _ => continue,
            };
            authors.inputs_of(trigger, author);
        }
        for (index, job) in workflow.jobs.iter().enumerate() {
            authors.steps_of(Some(index), &job.steps);
        }
        authors.set_by(&workflow.expressions);
        for expression in &workflow.expressions {
            let job = expression.job.and_then(|index| workflow.jobs.get(index));
            if let (true, Some(job)) = (*expression.place == place::JOB_OUTPUT, job)
                && let Some(author) = authors.worst(expression)
            {
                let name = (
                    job.id.to_ascii_lowercase(),
                    expression.key.to_ascii_lowercase(),
                );
                raise(authors.outputs.entry(name).or_insert(author), author);
            }
        }
        authors
    }

    pub(super) fn of_action(action: &Action<'_>) -> Self {
        let mut authors = Self::default();
        let inputs = action.root.get("inputs");
        let inputs = inputs.map(|inputs| inputs.entries()).unwrap_or_default();
        for (key, _) in inputs {
            let name = key.text().unwrap_or_default().to_ascii_lowercase();
            authors.inputs.insert(name, Author::Caller);
        }
        authors.steps_of(None, &action.steps);
        authors.set_by(&action.expressions);
        authors
    }

    fn inputs_of(&mut self, trigger: &Trigger<'_>, author: Author) {
        let inputs = trigger.config.and_then(|config| config.get("inputs"));
        for (key, input) in inputs.map(|inputs| inputs.entries()).unwrap_or_default() {
            let Some(name) = key.text().filter(|_| is_text(&input)) else {
                continue;
            };
            let name = name.to_ascii_lowercase();
            raise(self.inputs.entry(name).or_insert(author), author);
        }
    }

    fn steps_of(&mut self, job: Option<usize>, steps: &[Step<'_>]) {
        for step in steps {
            let (Some(id), Some(uses)) = (&step.id, &step.uses) else {
                continue;
            };
            let name = super::uses::name(uses.value);
            self.actions
                .insert((job, id.value.to_ascii_lowercase()), name);
        }
    }

    /// Notes the variables of `env`; what they take from other variables is not followed.
    fn set_by(&mut self, expressions: &[Expression<'_>]) {
        let sets = [
            &place::ENVIRONMENT,
            &place::JOB_ENV,
            &place::STEP_ENV,
            &place::ACTION_STEP_ENV,
        ];
        for expression in expressions {
            if !sets.contains(&expression.place) {
                continue;
            }
            if let Some(author) = self.worst(expression) {
                let scope = (expression.job, expression.step);
                let name = expression.key.to_ascii_lowercase();
                let slot = self.variables.entry((scope, name)).or_insert(author);
                raise(slot, author);
            }
        }
    }

    fn worst(&self, expression: &Expression<'_>) -> Option<Author> {
        self.foreign(expression).map(|foreign| foreign.author)
    }

    /// The least trusted value that `expression` yields; nothing where the file's authors, or
    /// GitHub, decide on all of it.
    pub(super) fn foreign(&self, expression: &Expression<'_>) -> Option<Foreign> {
        let tree: &Expr<'_> = expression.tree.as_ref().ok()?;
        let mut worst: Option<Foreign> = None;
        for flow in flows(tree) {
            let Some(author) = self.author(&flow, expression) else {
                continue;
            };
            if worst.as_ref().is_none_or(|worst| worst.author < author) {
                worst = Some(Foreign {
                    author,
                    at: flow.at(),
                    by_env: flow
                        .path
                        .first()
                        .is_some_and(|it| it.as_deref() == Some("env")),
                });
            }
        }
        worst
    }

    fn author(&self, flow: &Flow<'_>, expression: &Expression<'_>) -> Option<Author> {
        let path: Vec<&str> = (flow.path.iter())
            .map(|name| name.as_deref().unwrap_or("*"))
            .collect();
        match path.as_slice() {
            ["github"] => flow.as_json.then_some(Author::Anyone),
            ["github", "event", rest @ ..] => self.of_event(rest, flow.as_json),
            ["github", "head_ref"] => Some(Author::Anyone),
            ["github", "ref_name"] => Some(Author::Writer),
            ["inputs", name] => self.inputs.get(*name).copied(),
            ["inputs"] if flow.as_json => self.inputs.values().max().copied(),
            ["env", name] => self.variable(expression, name),
            ["needs", job, "outputs", name] => {
                let output = ((*job).to_owned(), (*name).to_owned());
                self.outputs.get(&output).copied()
            }
            ["steps", step, "outputs", name] => self.output(expression, step, name),
            _ => None,
        }
    }

    fn of_event(&self, path: &[&str], as_json: bool) -> Option<Author> {
        if let ["inputs", name] = path {
            return self.inputs.get(*name).copied();
        }
        if let ["client_payload", ..] = path {
            return Some(Author::Writer);
        }
        let holds = |known: &[&str]| known.iter().any(|known| leads_to(path, known, as_json));
        if holds(BY_ANYONE) {
            return Some(Author::Anyone);
        }
        holds(BY_WRITERS).then_some(Author::Writer)
    }

    fn variable(&self, expression: &Expression<'_>, name: &str) -> Option<Author> {
        let (job, step) = (expression.job, expression.step);
        let scopes = [(job, step), (job, None), (None, None)];
        let mut found = scopes
            .into_iter()
            .filter_map(|scope| self.variables.get(&(scope, name.to_owned())));
        found.next().copied()
    }

    fn output(&self, expression: &Expression<'_>, step: &str, name: &str) -> Option<Author> {
        let action = self.actions.get(&(expression.job, step.to_owned()))?;
        let (_, outputs) = OUTPUTS.iter().find(|(known, _)| known == action)?;
        let fits = |known: &&&str| match known.strip_prefix('_') {
            Some(end) => name.ends_with(end),
            None => name.starts_with(**known),
        };
        // `any_changed` and the counts are no names of files.
        let plain = name.contains("any_") || name.contains("only_") || name.ends_with("_count");
        (!plain && outputs.iter().any(|known| fits(&known))).then_some(Author::Anyone)
    }
}

/// Whether `path` is `known`, or `as_json` an object that holds it.
fn leads_to(path: &[&str], known: &str, as_json: bool) -> bool {
    let mut known = known.split('.');
    for part in path {
        match known.next() {
            Some(wanted) if wanted == "*" || *part == wanted => {}
            _ => return false,
        }
    }
    as_json || known.next().is_none()
}

fn raise(slot: &mut Author, author: Author) {
    *slot = (*slot).max(author);
}

/// Whether an input takes any text.
fn is_text(input: &Node<'_>) -> bool {
    let kind = input.get("type").and_then(|kind| kind.text());
    kind.is_none_or(|kind| kind == "string")
}
