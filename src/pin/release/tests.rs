//! A release is a pair of unequal versions, and every place gets its own half.

use std::path::PathBuf;

use super::*;
use crate::{
    config::parse_fleet,
    pin::{Repository, Settlement},
};

const FLEET: &str = "\
version: 1
forge: {kind: gitlab, group: acme, url: 'https://git.example', component_source: platform/fullsend}
action: fullsend-ai/sandbox@4444444444444444444444444444444444444444 # v1.4.0
image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:DDDD
approved:
  - action: fullsend-ai/sandbox@2222222222222222222222222222222222222222 # v1.2.0
    image: ghcr.io/fullsend-ai/agent-sandbox:1.2.4@sha256:BBBB
rings: {all: {}}
";

/// The same text with the pins of the release with image 1.2.4 in the place of those of 1.4.2.
fn old(text: &str) -> String {
    text.replace(&"4".repeat(40), &"2".repeat(40))
        .replace("v1.4.0", "v1.2.0")
        .replace("lint@1.4.0", "lint@1.2.0")
        .replace("1.4.2@sha256:DDDD", "1.2.4@sha256:BBBB")
}

fn whole(text: &str) -> String {
    text.replace("BBBB", &"b".repeat(64))
        .replace("DDDD", &"d".repeat(64))
}

fn fleet() -> Fleet {
    parse_fleet(whole(FLEET).as_bytes(), "fleet.yaml").unwrap()
}

fn moved(files: &[(&str, String)], to: &str) -> Settlement {
    let files = files.iter();
    let files = files.map(|(path, text)| (PathBuf::from(path), whole(text).into_bytes()));
    let (repository, unread) = Repository::read(files);
    assert_eq!(unread, []);
    let fleet = fleet();
    let release = fleet.release_of(to).unwrap();
    repository.settle(to_release(&repository.sites(), &fleet, release))
}

/// What the file with `text` is at image `to`.
#[track_caller]
fn one(path: &str, text: &str, to: &str) -> String {
    let settlement = moved(&[(path, text.to_owned())], to);
    assert_eq!(settlement.stuck().next(), None);
    let mut changed = settlement.files.into_iter();
    changed.next().map_or(whole(text), |change| change.new)
}

const WORKFLOW: &str = "\
on: issues
jobs:
  agent:
    container: { image: 'ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:DDDD' } # ours
    steps:
      - uses: actions/checkout@1111111111111111111111111111111111111111 # v5.0.0
      - uses:   Fullsend-AI/sandbox@4444444444444444444444444444444444444444   # v1.4.0
      - uses: fullsend-ai/sandbox/setup@4444444444444444444444444444444444444444 # v1.4.0
";

const PIPELINE: &str = "\
include:
  - component: $CI_SERVER_FQDN/platform/fullsend/lint@1.4.0
  - component: git.example/platform/fullsend/other@v1.4.0
  - component: elsewhere.example/platform/fullsend/lint@1.0.0
  - component: $CI_SERVER_FQDN/acme/lint@1.0.0
  - {project: platform/fullsend, file: a.yml, ref: v1.4.0}
agent:
  image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:DDDD
";

const CONFIG: &str = "version: 1\r\nimage: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:DDDD\r\nagents:\r\n  triage: {image: 'quay.io/a/b:1.4.2'}\r\n";

#[test]
fn every_place_goes_up_and_down_and_nothing_else_changes() {
    for (path, text) in [
        (".github/workflows/a.yml", WORKFLOW),
        (".gitlab-ci.yml", PIPELINE),
        ("fullsend.yaml", CONFIG),
    ] {
        assert_ne!(old(text), text, "{path}");
        assert_eq!(one(path, &old(text), "1.4.2"), whole(text), "{path}");
        assert_eq!(one(path, text, "1.2.4"), whole(&old(text)), "{path}");
        assert_eq!(one(path, text, "1.4.2"), whole(text), "{path}");
    }
}

#[test]
fn fleet_yaml_says_what_the_releases_are_and_follows_none() {
    assert_eq!(
        moved(&[("fleet.yaml", FLEET.to_owned())], "1.2.4").files,
        []
    );
}

#[test]
fn a_tag_or_nothing_is_pinned_on_the_way() {
    let text = "on: push\njobs:\n  a:\n    steps:\n      - uses: fullsend-ai/sandbox@v1\n";
    let new = text.replace("@v1", &format!("@{} # v1.4.0", "4".repeat(40)));
    assert_eq!(one(".github/workflows/a.yml", text, "1.4.2"), new);
    let text = "image: ghcr.io/fullsend-ai/agent-sandbox:latest\n";
    let new = text.replace("latest", "1.4.2@sha256:DDDD");
    assert_eq!(one("fullsend.yaml", text, "1.4.2"), whole(&new));
    let text = "include:\n  - component: $CI_SERVER_FQDN/platform/fullsend/lint@~latest\n";
    let new = text.replace("~latest", "1.4.0");
    assert_eq!(one(".gitlab-ci.yml", text, "1.4.2"), new);
}

const LOCK: &str = "\
version: v0.0.2
workflows:
  .github/workflows/a.yml:
    - actions/checkout@v5
    - fullsend-ai/sandbox@v1.4.0
dependencies:
  actions/checkout@v5:
    ref: refs/tags/v5
    commit: sha1-1111111111111111111111111111111111111111
  fullsend-ai/sandbox@v1.4.0:
    ref: refs/tags/v1.4.0
    commit: sha1-4444444444444444444444444444444444444444
";

const LOCKED: &str = "\
on: issues
jobs:
  agent:
    steps:
      - uses: actions/checkout@v5
      - uses: fullsend-ai/sandbox@v1.4.0
";

const LOCK_PATH: &str = ".github/workflows/actions.lock";

#[test]
fn a_locked_workflow_goes_together_with_its_lock() {
    let files = |text: fn(&str) -> String| {
        [
            (".github/workflows/a.yml", text(LOCKED)),
            (LOCK_PATH, text(LOCK)),
        ]
    };
    let settlement = moved(&files(old), "1.4.2");
    assert_eq!(settlement.stuck().next(), None);
    let new: Vec<&str> = settlement.files.iter().map(|it| &*it.new).collect();
    assert_eq!(new, [LOCKED, LOCK]);
    assert_eq!(settlement.groups.len(), 1);
    assert_eq!(settlement.groups[0].files, [0, 1]);
    assert_eq!(settlement.groups[0].sites, [1]);
    assert_eq!(moved(&files(str::to_owned), "1.4.2").files, []);
}

#[test]
fn a_lock_that_was_left_behind_follows() {
    let files = [
        (".github/workflows/a.yml", LOCKED.to_owned()),
        (LOCK_PATH, old(LOCK)),
    ];
    let settlement = moved(&files, "1.4.2");
    let changed: Vec<_> = settlement
        .files
        .iter()
        .map(|it| (&*it.path, &*it.new))
        .collect();
    assert_eq!(changed, [(LOCK_PATH.as_ref(), LOCK)]);
    assert_eq!(settlement.groups[0].sites, [1]);
}

#[test]
fn what_cannot_follow_stays_and_is_named() {
    let at_commit = format!(
        "include:\n  - component: $CI_SERVER_FQDN/platform/fullsend/lint@{} # 1.2.0\n",
        "9".repeat(40)
    );
    let strange = old(LOCK).replace("v0.0.2", "v9");
    let absent = old(LOCK).replace("fullsend-ai/sandbox@", "fullsend-ai/other@");
    let workflow = (".github/workflows/a.yml", old(LOCKED));
    for (files, why) in [
        (vec![(".gitlab-ci.yml", at_commit)], "it is at a commit"),
        (
            vec![workflow.clone(), (LOCK_PATH, absent)],
            "not in actions.lock",
        ),
    ] {
        let settlement = moved(&files, "1.4.2");
        assert_eq!(settlement.files, [], "{why}");
        let stuck: Vec<_> = settlement.stuck().collect();
        assert!(
            stuck.iter().any(|(_, reason)| reason.contains(why)),
            "{stuck:?}"
        );
    }
    let files = [workflow, (LOCK_PATH, strange)];
    let files = files.map(|(path, text)| (PathBuf::from(path), text.into_bytes()));
    let (repository, unread) = Repository::read(files);
    assert!(unread[0].reason.contains("is of version v9"), "{unread:?}");
    let fleet = fleet();
    let settlement = repository.settle(to_release(&repository.sites(), &fleet, &fleet.release));
    assert_eq!(settlement.files, []);
    assert_eq!(settlement.stuck().count(), 1);
}
