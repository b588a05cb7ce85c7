//! Who starts a workflow.

use crate::validate::github::{Workflow, view::Trigger};

/// Events that anybody can cause, and whose runs have the repository's secrets and token.
const BY_ANYONE: [&str; 9] = [
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "issue_comment",
    "issues",
    "pull_request_target",
    "watch",
    "workflow_run",
];

/// Activities that only people of the repository cause.
const BY_MAINTAINERS: [&str; 16] = [
    "answered",
    "assigned",
    "auto_merge_disabled",
    "auto_merge_enabled",
    "category_changed",
    "demilestoned",
    "enqueued",
    "labeled",
    "locked",
    "milestoned",
    "pinned",
    "transferred",
    "unassigned",
    "unlabeled",
    "unlocked",
    "unpinned",
];

/// The events that anybody can cause, and whose runs are trusted with secrets all the same.
pub(super) fn by_anyone<'w, 'a>(
    workflow: &'w Workflow<'a>,
) -> impl Iterator<Item = &'w Trigger<'a>> {
    let triggers = workflow.triggers.iter();
    triggers.filter(|it| BY_ANYONE.contains(&it.name) && !by_maintainers(it))
}

/// The events that let people without rights talk to a job: a review of a branch of the same
/// repository has its secrets too.
pub(super) fn by_talk<'w, 'a>(workflow: &'w Workflow<'a>) -> impl Iterator<Item = &'w Trigger<'a>> {
    let reviews = ["pull_request_review", "pull_request_review_comment"];
    let triggers = workflow.triggers.iter();
    triggers.filter(move |it| {
        let open = BY_ANYONE.contains(&it.name) && it.name != "workflow_run";
        (open || reviews.contains(&it.name)) && !by_maintainers(it)
    })
}

/// Whether a pull request, from a fork as from a branch, starts the workflow.
pub(super) fn by_pull_request<'w, 'a>(
    workflow: &'w Workflow<'a>,
) -> impl Iterator<Item = &'w Trigger<'a>> {
    let triggers = workflow.triggers.iter();
    triggers.filter(|it| it.name.starts_with("pull_request"))
}

/// Whether `types` holds nothing that others cause.
fn by_maintainers(trigger: &Trigger<'_>) -> bool {
    let Some(types) = trigger.config.and_then(|config| config.get("types")) else {
        return false;
    };
    let alone = types.scalar().into_iter();
    let listed = types.items().filter_map(|item| item.scalar());
    let mut types = alone.chain(listed).peekable();
    types.peek().is_some() && types.all(|it| BY_MAINTAINERS.contains(&it.value))
}
