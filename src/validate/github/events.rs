//! The events that start workflows: their activities and filters.

/// An event.
pub(super) struct Event {
    pub(super) name: &'static str,
    /// The activities that `types` may name; nothing where there are none.
    pub(super) types: &'static [&'static str],
    /// The keys that its configuration may have, `types` among them.
    pub(super) keys: &'static [&'static str],
}

const TYPES: &[&str] = &["types"];
const CHANGES: &[&str] = &["created", "edited", "deleted"];
const REVIEWED: &[&str] = &[
    "types",
    "branches",
    "branches-ignore",
    "paths",
    "paths-ignore",
];
const PULL_REQUEST: &[&str] = &[
    "assigned",
    "unassigned",
    "labeled",
    "unlabeled",
    "opened",
    "edited",
    "closed",
    "reopened",
    "synchronize",
    "converted_to_draft",
    "locked",
    "unlocked",
    "enqueued",
    "dequeued",
    "milestoned",
    "demilestoned",
    "ready_for_review",
    "review_requested",
    "review_request_removed",
    "auto_merge_enabled",
    "auto_merge_disabled",
    "stacked",
];

const fn event(
    name: &'static str,
    types: &'static [&'static str],
    keys: &'static [&'static str],
) -> Event {
    Event { name, types, keys }
}

/// Every event that is known.
pub(super) static EVENTS: &[Event] = &[
    event("branch_protection_rule", CHANGES, TYPES),
    event(
        "check_run",
        &["created", "rerequested", "completed", "requested_action"],
        TYPES,
    ),
    event("check_suite", &["completed"], TYPES),
    event("create", &[], &[]),
    event("delete", &[], &[]),
    event("deployment", &[], &[]),
    event("deployment_status", &[], &[]),
    event(
        "discussion",
        &[
            "created",
            "edited",
            "deleted",
            "transferred",
            "pinned",
            "unpinned",
            "labeled",
            "unlabeled",
            "locked",
            "unlocked",
            "category_changed",
            "answered",
            "unanswered",
        ],
        TYPES,
    ),
    event("discussion_comment", CHANGES, TYPES),
    event("fork", &[], &[]),
    event("gollum", &[], &[]),
    event(
        "image_version",
        &["created", "ready", "deleted"],
        &["types", "names", "versions"],
    ),
    event("issue_comment", CHANGES, TYPES),
    event(
        "issues",
        &[
            "opened",
            "edited",
            "deleted",
            "transferred",
            "pinned",
            "unpinned",
            "closed",
            "reopened",
            "assigned",
            "unassigned",
            "labeled",
            "unlabeled",
            "locked",
            "unlocked",
            "milestoned",
            "demilestoned",
            "typed",
            "untyped",
            "field_added",
            "field_removed",
        ],
        TYPES,
    ),
    event("label", CHANGES, TYPES),
    event(
        "merge_group",
        &["checks_requested", "destroyed"],
        &["types", "branches", "branches-ignore"],
    ),
    event(
        "milestone",
        &["created", "closed", "opened", "edited", "deleted"],
        TYPES,
    ),
    event("page_build", &[], &[]),
    event(
        "project",
        &["created", "closed", "reopened", "edited", "deleted"],
        TYPES,
    ),
    event(
        "project_card",
        &["created", "moved", "converted", "edited", "deleted"],
        TYPES,
    ),
    event(
        "project_column",
        &["created", "updated", "moved", "deleted"],
        TYPES,
    ),
    event("public", &[], &[]),
    event("pull_request", PULL_REQUEST, REVIEWED),
    event("pull_request_comment", CHANGES, TYPES),
    event(
        "pull_request_review",
        &["submitted", "edited", "dismissed"],
        &["types", "branches", "branches-ignore"],
    ),
    event(
        "pull_request_review_comment",
        CHANGES,
        &["types", "branches", "branches-ignore"],
    ),
    event("pull_request_target", PULL_REQUEST, REVIEWED),
    event(
        "push",
        &[],
        &[
            "branches",
            "branches-ignore",
            "tags",
            "tags-ignore",
            "paths",
            "paths-ignore",
        ],
    ),
    event("registry_package", &["published", "updated"], TYPES),
    event(
        "release",
        &[
            "published",
            "unpublished",
            "created",
            "edited",
            "deleted",
            "prereleased",
            "released",
        ],
        TYPES,
    ),
    event("repository_dispatch", &[], TYPES),
    event("schedule", &[], &[]),
    event("status", &[], &[]),
    event("watch", &["started"], TYPES),
    event("workflow_call", &[], &["inputs", "outputs", "secrets"]),
    event("workflow_dispatch", &[], &["inputs"]),
    event(
        "workflow_run",
        &["completed", "requested", "in_progress"],
        &["types", "workflows", "branches", "branches-ignore"],
    ),
];

/// The event called `name`.
pub(super) fn named(name: &str) -> Option<&'static Event> {
    EVENTS.iter().find(|event| event.name == name)
}
