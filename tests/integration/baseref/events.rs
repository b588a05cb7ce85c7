//! Which jobs are about a stranger's change, and what their events say of the base.

use super::*;

/// What the change would do, where the checkout counts.
const BROKEN_IN: i32 = 0;

#[test]
fn every_event_about_a_pull_request_has_a_base() {
    let world = World::swapped();
    let base = json!({"base": {"sha": world.base, "ref": "main"}});
    let pull_request = json!({"pull_request": base}).to_string();
    for name in [
        "pull_request",
        "pull_request_target",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_sync",
        "",
    ] {
        let job = world.github(name, &pull_request);
        let head = world.git_in("work", &["rev-parse", "HEAD"]);
        job.env("GITHUB_SHA", &head).verify().kept_to_the_base();
    }
}

#[test]
fn a_comment_and_a_run_after_it_start_at_the_default_branch() {
    let world = World::swapped();
    let commented = json!({"issue": {"number": 1, "pull_request": {"url": "x"}}});
    let ran = |event: &str, head: u64| {
        json!({"repository": {"id": 1},
               "workflow_run": {"event": event, "head_repository": {"id": head}}})
    };
    for (name, event, code) in [
        ("issue_comment", commented, UNTRUSTED),
        ("issue_comment", json!({"issue": {"number": 1}}), BROKEN_IN),
        (
            "issues",
            json!({"issue": {"pull_request": null}}),
            BROKEN_IN,
        ),
        ("workflow_run", ran("pull_request", 1), UNTRUSTED),
        ("workflow_run", ran("pull_request_target", 1), UNTRUSTED),
        ("workflow_run", ran("push", 2), UNTRUSTED),
        ("workflow_run", ran("push", 1), BROKEN_IN),
        ("check_suite", json!({}), UNTRUSTED),
        ("check_run", json!({}), UNTRUSTED),
    ] {
        let job = world.github(name, &event.to_string());
        let ended = job.env("GITHUB_SHA", &world.base).verify();
        ended.is(code);
        if code == UNTRUSTED {
            job.verify().gave_up("GITHUB_SHA is not set");
        }
    }
}

#[test]
fn members_own_events_read_the_checkout() {
    let world = World::swapped();
    for name in [
        "push",
        "merge_group",
        "schedule",
        "workflow_dispatch",
        "repository_dispatch",
        "release",
    ] {
        world.github(name, "{}").verify().is(BROKEN_IN);
    }
}

#[test]
fn a_merge_request_has_a_base() {
    let world = World::swapped();
    let (source, name) = ("CI_PIPELINE_SOURCE", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
    let tip = ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &world.base as &str);
    let fork = ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &world.base as &str);
    let head = world.git_in("work", &["rev-parse", "HEAD"]);
    for variables in [
        vec![(source, "merge_request_event"), tip],
        vec![(source, "merge_request_event"), fork],
        vec![
            (source, "merge_request_event"),
            tip,
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &head),
        ],
        // Outside of merged results, GitLab sets the variable to nothing.
        vec![
            (source, "merge_request_event"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", ""),
            fork,
        ],
        vec![
            (source, "parent_pipeline"),
            ("CI_MERGE_REQUEST_IID", "1"),
            fork,
        ],
        vec![
            (source, "external_pull_request_event"),
            ("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA", &world.base),
        ],
    ] {
        let job = world.gitlab(&variables).env(name, "stable");
        job.verify().kept_to_the_base();
    }
    let job = world.gitlab(&[(source, "merge_request_event"), tip]);
    let report = job.env(name, "stable").exec_report();
    let revision = format!("stable@{}", world.base);
    assert_eq!(report["config"]["ref"], revision);
    let nameless = job.env(name, "st\nable").exec_report();
    assert_eq!(nameless["config"]["ref"], format!("base@{}", world.base));
    for source in ["push", "schedule", "web", "trigger"] {
        let job = world.gitlab(&[("CI_PIPELINE_SOURCE", source)]);
        job.verify().is(BROKEN_IN);
    }
    let job = world.gitlab(&[(source, "merge_request_event")]);
    job.verify()
        .gave_up("CI_MERGE_REQUEST_DIFF_BASE_SHA is not set");
}

#[test]
fn a_comment_on_a_merge_request_starts_at_the_webhooks_branch() {
    let world = World::swapped();
    for (payload, code) in [
        (r#"{"object_kind": "note", "merge_request": {}}"#, UNTRUSTED),
        (r#"{"object_kind": "merge_request"}"#, UNTRUSTED),
        (r#"{"object_kind": "note", "issue": {}}"#, BROKEN_IN),
    ] {
        let payload = world.write("payload", payload);
        let job = world.gitlab(&[
            ("CI_PIPELINE_SOURCE", "trigger"),
            ("CI_COMMIT_SHA", &world.base),
            ("TRIGGER_PAYLOAD", payload.to_str().unwrap()),
        ]);
        job.verify().is(code);
    }
}

#[test]
fn a_hostile_event_ends_the_run() {
    let world = World::swapped();
    let sha = |sha: &str| json!({"pull_request": {"base": {"sha": sha, "ref": "m"}}}).to_string();
    let long = "0123456789abcdef".repeat(4);
    let huge = format!("{}{}", " ".repeat(33 << 20), sha(&world.base));
    let deep = format!("{{\"pull_request\": {}", "[".repeat(100_000));
    let evil = "is not a commit's 40 or 64 hexadecimal digits";
    for (event, words) in [
        (sha("--upload-pack=touch /tmp/x"), evil),
        (sha("HEAD"), evil),
        (sha(&world.base[..12]), evil),
        (sha(&format!("{}\n", world.base)), evil),
        (sha(&"0".repeat(40)), evil),
        (sha(&world.base.to_uppercase()), evil),
        (sha(&long), "is not in the checkout"),
        (huge, "is larger than"),
        (deep, "not the JSON"),
        ("not JSON".to_owned(), "not the JSON"),
        ("[]".to_owned(), "not the JSON"),
        (
            r#"{"pull_request": {"base": {"sha": 7}}}"#.to_owned(),
            "not the JSON",
        ),
        (r#"{"pull_request": {}}"#.to_owned(), "not the JSON"),
        ("{}".to_owned(), "has no pull_request"),
        (
            r#"{"pull_request": null}"#.to_owned(),
            "has no pull_request",
        ),
    ] {
        let ended = world.github("pull_request", &event).verify();
        ended.gave_up(words);
    }
    let job = world.pull_request(&world.base);
    job.env("GITHUB_EVENT_PATH", "")
        .verify()
        .gave_up("GITHUB_EVENT_PATH is not set");
    job.env("GITHUB_EVENT_PATH", "/no/such/event")
        .verify()
        .gave_up("could not read");
}
