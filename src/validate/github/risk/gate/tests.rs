//! Who is kept out, and who is not.

use super::super::tests::{found, in_job};

/// Whether an agent, and a change that is built, are found open to anybody behind a condition.
fn is_open(on: &str, condition: &str) -> bool {
    let text = &mut String::new();
    let job = format!(
        "    if: {condition}\n    steps:\n      - run: gh pr checkout 1\n      - run: make\n      \
         - run: fullsend exec triage\n"
    );
    let found = in_job(on, &job, text);
    let has = |id: &str| found.iter().any(|(it, _)| *it == id);
    let open = has("workflow-untrusted-trigger");
    assert_eq!(open, has("workflow-pull-request-target-checkout"), "{job}");
    open
}

#[test]
fn conditions_that_keep_strangers_out_are_gates() {
    for (on, condition) in [
        (
            "issue_comment",
            "contains('OWNER MEMBER', github.event.comment.author_association)",
        ),
        (
            "issue_comment",
            "${{ github.event.comment['author_association'] == 'OWNER' }}",
        ),
        (
            "issue_comment",
            "github.actor == 'me' && contains(github.event.comment.body, 'x')",
        ),
        (
            "issue_comment",
            "(github.event.sender.id == 12 || 'me' == github.triggering_actor)",
        ),
        (
            "issue_comment",
            "contains(fromJSON('[\"me\"]'), github.event.comment.user.login)",
        ),
        (
            "issue_comment",
            "github.event.sender.login == github.repository_owner",
        ),
        ("issue_comment", "(!(github.actor != 'me')) == true"),
        (
            "pull_request_target",
            "github.event.pull_request.head.repo.full_name == github.repository",
        ),
        (
            "pull_request_target",
            "${{ !github.event.pull_request.head.repo.fork }}",
        ),
        (
            "pull_request_target",
            "github.event.pull_request.head.repo.fork == false",
        ),
        ("pull_request_target", "github.event.label.name == 'safe'"),
        (
            "[issue_comment, push]",
            "github.event_name != 'issue_comment' || github.actor == 'me'",
        ),
        (
            "[issue_comment, push]",
            "contains(fromJSON('[\"push\"]'), github.event_name)",
        ),
        (
            "[issue_comment, pull_request]",
            "startsWith(github.event_name, 'pull_request')",
        ),
    ] {
        assert!(!is_open(on, condition), "{condition}");
    }
}

#[test]
fn conditions_that_only_name_somebody_are_none() {
    for (on, condition) in [
        ("pull_request_target", "github.actor != 'dependabot[bot]'"),
        (
            "issue_comment",
            "github.event.comment.user.login != 'my-bot[bot]'",
        ),
        ("issue_comment", "${{ github.actor == 'me' }} && true"),
        ("issue_comment", "contains(github.actor, 'bot')"),
        (
            "issue_comment",
            "github.event.comment.author_association == 'NONE'",
        ),
        (
            "issue_comment",
            "!contains('OWNER', github.event.comment.author_association)",
        ),
        (
            "issue_comment",
            "github.event.comment.user.login == github.event.issue.user.login",
        ),
        (
            "issue_comment",
            "github.event.repository.owner.login == 'acme'",
        ),
        (
            "issue_comment",
            "github.actor == 'me' || contains(github.event.comment.body, 'x')",
        ),
        ("issue_comment", "!github.event.pull_request.head.repo.fork"),
        (
            "pull_request_target",
            "github.event.pull_request.head.repo.fork",
        ),
        (
            "pull_request_target",
            "github.event.pull_request.head.repo.full_name != github.repository",
        ),
        (
            "pull_request_target",
            "github.event_name == 'pull_request_target' || github.actor == 'me'",
        ),
        (
            "[issue_comment, issues]",
            "github.event_name == 'issues' && github.actor == 'me' || github.event_name == 'issue_comment'",
        ),
    ] {
        assert!(
            is_open(on, &format!("\"{}\"", condition.replace('"', "\\\""))),
            "{condition}"
        );
    }
}

#[test]
fn a_step_keeps_strangers_from_itself_and_by_its_end_from_the_later() {
    let text = &mut String::new();
    let mut open = |steps: &str| {
        let job = format!("    steps:\n{steps}");
        let found = in_job("pull_request_target", &job, text);
        found
            .iter()
            .any(|(id, _)| *id == "workflow-untrusted-trigger")
    };
    let agent = "      - run: fullsend exec triage\n";
    let fork = "github.event.pull_request.head.repo.fork";
    assert!(open(&format!(
        "{agent}      - run: echo\n        if: {fork}\n"
    )));
    assert!(open(&format!(
        "      - run: echo\n        if: github.actor == 'me'\n{agent}"
    )));
    assert!(!open(&format!("{agent}        if: github.actor == 'me'\n")));
    assert!(!open(&format!(
        "      - run: exit 1\n        if: {fork}\n{agent}"
    )));
    assert!(open(&format!(
        "      - run: exit 1\n        if: \"!{fork}\"\n{agent}"
    )));
    let asks = "      - run: gh api orgs/acme/members/$ACTOR\n";
    assert!(!open(&format!("{asks}{agent}")));
    assert!(open(&format!("{agent}{asks}")));
}

#[test]
fn workflows_that_the_tool_writes_are_clean() {
    macro_rules! written {
        ($($name:literal),*) => {
            [$(include_str!(concat!(
                "../../../../../tests/integration/generate/snapshots/github-workflow/",
                $name
            ))),*]
        };
    }
    for text in written![
        "any-comment/github/workflows/fullsend-triage.yml",
        "everything/github/workflows/fullsend-triage.yml",
        "label/github/workflows/fullsend-review.yml",
        "strangers-pull-requests/github/workflows/fullsend-review.yml"
    ] {
        let found = found(".github/workflows/a.yml", text);
        let ids = found.iter().map(|it| it.finding.rule.id);
        assert_eq!(ids.collect::<Vec<_>>(), [] as [&str; 0]);
    }
}
