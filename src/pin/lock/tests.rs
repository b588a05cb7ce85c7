//! Recorded, checked and gone back to, with facts made by hand.

use std::{collections::BTreeMap, path::Path};

use globset::GlobSet;
use jiff::Timestamp;

use super::{Lock, LockError, Use};
use crate::{
    forge::{Refs, RemoteRepository, Tag},
    model::{digest::Digest, image::ImageReference, pinning::Status, version::Step},
    pin::{Bounds, Decision, Fact, Facts, Options, Pin, Site, Tagged, decide},
    reference::{Reference, references},
};

const WORKFLOW: &str = ".github/workflows/ci.yml";
const COMMIT: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";

fn options() -> Options {
    Options {
        only: None,
        exclude: GlobSet::empty(),
        step: Step::None,
        min_age: None,
        now: Timestamp::UNIX_EPOCH,
        github: "https://github.com".parse().unwrap(),
        gitlab: None,
        components_by_commit: false,
        verify: false,
        bounds: Bounds::default(),
    }
}

fn workflow(uses: &[&str], image: &str) -> Vec<Reference> {
    let steps = uses.iter().map(|uses| format!("    - uses: {uses}\n"));
    let steps = steps.collect::<Vec<_>>().concat();
    let text = format!("on: push\njobs:\n  a:\n    container: {image}\n    steps:\n{steps}");
    references(Path::new(WORKFLOW), text.as_bytes()).unwrap()
}

fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    let base = "https://github.com".parse().unwrap();
    let mut refs = Refs::default();
    for (tag, commit) in [("v1.0.0", OTHER), ("v1.1.0", COMMIT), ("v1", COMMIT)] {
        let tagged = Tag {
            commit: commit.parse().unwrap(),
            object: None,
        };
        refs.tags.insert(tag.to_owned(), tagged);
    }
    let repository = RemoteRepository::new(&base, "o/r").unwrap();
    facts.learn(Fact::Refs(repository, Ok(refs)));
    for tag in ["3.20", "3.21"] {
        let image: ImageReference = format!("alpine:{tag}").parse().unwrap();
        let found = Tagged {
            digest: digest(tag),
            platforms: Vec::new(),
        };
        let by_digest = image.repository().at(&found.digest);
        for image in [image, by_digest] {
            facts.learn(Fact::Digest(image, Ok(Some(found.clone()))));
        }
    }
    facts
}

fn site(reference: &Reference) -> Site<'_> {
    Site {
        reference,
        locked: None,
    }
}

fn restored(lock: &Lock, file: &str, references: &[Reference]) -> Vec<Decision> {
    let sites: Vec<_> = references.iter().map(site).collect();
    lock.restore(file, &sites, &options())
}

/// What is recorded of `references` once everything that can be changed is.
fn uses(references: &[Reference], facts: &Facts) -> Vec<Use> {
    let uses = references.iter().filter_map(|reference| {
        let decision = decide(reference, facts, &options()).unwrap();
        let status = match decision.to {
            Some(_) => Status::Changed,
            None => decision.status,
        };
        Use::of(site(reference), &decision, status, facts, &options())
    });
    uses.collect()
}

fn renewed(old: &Lock, file: &str, references: &[Reference], second: i64) -> Lock {
    let files = BTreeMap::from([(file.to_owned(), uses(references, &facts()))]);
    let now = Timestamp::from_second(second).unwrap();
    old.renewed(&files, |_| true, now)
}

fn lines(lock: &Lock) -> Vec<String> {
    let line = |entry: &super::Entry| {
        let version = entry.version.as_deref().unwrap_or("-");
        let digest: String = entry.digest.to_string().chars().take(12).collect();
        format!("{} {version} {digest} {}", entry.name, entry.resolved_at)
    };
    lock.entries().iter().map(line).collect()
}

fn again(lock: &Lock) -> Lock {
    let text = serde_json::to_vec(&lock.clone().into_file()).unwrap();
    Lock::parse(&text).unwrap()
}

fn statuses(decisions: &[Decision]) -> Vec<Status> {
    decisions.iter().map(|decision| decision.status).collect()
}

#[test]
fn what_was_resolved_is_recorded_once_for_equal_uses() {
    let references = workflow(&["o/r@v1", "o/r/sub@v1", "o/r@v1", "./x"], "alpine:3.20");
    let lock = again(&renewed(&Lock::default(), WORKFLOW, &references, 60));
    let alpine = digest("3.20").to_string();
    assert_eq!(
        lines(&lock),
        [
            "o/r v1.1.0 111111111111 1970-01-01T00:01:00Z".to_owned(),
            "o/r/sub v1.1.0 111111111111 1970-01-01T00:01:00Z".to_owned(),
            format!(
                "docker.io/library/alpine 3.20 {} 1970-01-01T00:01:00Z",
                &alpine[..12]
            ),
        ]
    );
    let sources: Vec<&str> = lock.entries().iter().map(|it| it.source.as_str()).collect();
    assert_eq!(
        sources,
        [
            "https://github.com/o/r",
            "https://github.com/o/r",
            "docker.io"
        ]
    );
}

#[test]
fn an_entry_keeps_its_time_until_it_says_something_else() {
    let first = renewed(
        &Lock::default(),
        WORKFLOW,
        &workflow(&["o/r@v1"], "alpine:3.20"),
        60,
    );
    let second = renewed(&first, WORKFLOW, &workflow(&["o/r@v1"], "alpine:3.21"), 120);
    let times: Vec<&str> = second
        .entries()
        .iter()
        .map(|it| it.resolved_at.as_str())
        .collect();
    assert_eq!(times, ["1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z"]);
}

#[test]
fn what_failed_and_what_was_not_looked_at_keep_their_entries() {
    let references = workflow(&["o/r@v1"], "alpine:3.20");
    let first = renewed(&Lock::default(), WORKFLOW, &references, 60);
    let failed = BTreeMap::from([(
        WORKFLOW.to_owned(),
        references
            .iter()
            .filter_map(|reference| {
                let decision = decide(reference, &facts(), &options()).unwrap();
                Use::of(
                    site(reference),
                    &decision,
                    Status::Error,
                    &facts(),
                    &options(),
                )
            })
            .collect(),
    )]);
    let now = Timestamp::from_second(120).unwrap();
    assert_eq!(
        lines(&first.renewed(&failed, |_| false, now)),
        lines(&first)
    );
    let other = renewed(&first, "other.yml", &[], 120);
    assert_eq!(lines(&other), lines(&first));
    let gone = first.renewed(&BTreeMap::new(), |file| file != WORKFLOW, now);
    assert_eq!(lines(&gone), [""; 0]);
    let emptied = BTreeMap::from([(WORKFLOW.to_owned(), Vec::new())]);
    assert_eq!(lines(&first.renewed(&emptied, |_| true, now)), [""; 0]);
}

#[test]
fn a_check_knows_only_what_was_recorded() {
    let references = workflow(&["o/r@v1"], "alpine:3.20");
    let lock = renewed(&Lock::default(), WORKFLOW, &references, 60);
    let (good, bad) = (digest("3.20"), digest("bad"));
    let commented = |commit: &str, version: &str| format!("o/r@{commit} # {version}");
    for (action, image, expected) in [
        (
            commented(COMMIT, "v1.1.0"),
            format!("alpine:3.20@{good}"),
            [Status::Pinned, Status::Pinned],
        ),
        // Without its version, and under another's.
        (
            format!("o/r/other@{COMMIT}"),
            format!("alpine@{good}"),
            [Status::Pinned, Status::Pinned],
        ),
        (
            commented(COMMIT, "v9"),
            format!("alpine:3.21@{good}"),
            [Status::Mismatch, Status::Mismatch],
        ),
        (
            commented(OTHER, "v1.1.0"),
            format!("alpine:3.20@{bad}"),
            [Status::Mismatch, Status::Mismatch],
        ),
        (
            commented(OTHER, "v9"),
            format!("alpine:3.21@{bad}"),
            [Status::Error, Status::Error],
        ),
        (
            "o/other@v1".to_owned(),
            "alpine:3.20".to_owned(),
            [Status::Unpinned, Status::Unpinned],
        ),
        (
            format!("o/other@{COMMIT} # v1.1.0"),
            format!("busybox:3.20@{good}"),
            [Status::Error, Status::Error],
        ),
        (
            "./local".to_owned(),
            "${{ inputs.image }}".to_owned(),
            [Status::Ignored, Status::Ignored],
        ),
    ] {
        let references = workflow(&[&action], &image);
        let mut found: Vec<_> = references
            .iter()
            .map(|reference| lock.check(site(reference), &options()).status)
            .collect();
        found.reverse();
        assert_eq!(found, expected, "{action} {image}");
    }
}

#[test]
fn what_is_recorded_from_another_source_is_told() {
    let references = workflow(&["o/r@v1"], "alpine:3.20");
    let lock = renewed(&Lock::default(), WORKFLOW, &references, 60);
    let elsewhere = Options {
        github: "https://git.example".parse().unwrap(),
        ..options()
    };
    let pinned = workflow(&[&format!("o/r@{COMMIT} # v1.1.0")], "alpine:3.20");
    let action = pinned.last().unwrap();
    let said = "o/r is recorded from https://github.com/o/r, and here it would come from \
                https://git.example/o/r: ";
    let checked = lock.check(site(action), &elsewhere);
    assert_eq!(checked.status, Status::Error);
    let reason = checked.reason.unwrap();
    assert!(reason.starts_with(said), "{reason}");
    let back = lock.restore(WORKFLOW, &[site(action)], &elsewhere);
    assert_eq!(statuses(&back), [Status::Unknown]);
    let reason = back[0].reason.as_deref().unwrap();
    assert!(reason.contains(said), "{reason}");

    let other = workflow(&[&format!("o/other@{COMMIT} # v1.1.0")], "alpine:3.20");
    let checked = lock.check(site(other.last().unwrap()), &elsewhere);
    let reason = checked.reason.unwrap();
    assert!(
        reason.starts_with("nothing is recorded of o/other"),
        "{reason}"
    );
}

#[test]
fn every_use_goes_back_to_its_own_entry() {
    let old = workflow(&["o/r@v1.0.0", "o/r@v1.1.0"], "alpine:3.20");
    let lock = renewed(&Lock::default(), WORKFLOW, &old, 60);
    let now = workflow(&["o/r@main", "o/r@v1.1.0"], "alpine:3.21");
    let back = restored(&lock, WORKFLOW, &now);
    let to: Vec<_> = back.iter().map(|it| it.to.clone().unwrap()).collect();
    let commit = |commit: &str, version: &str| Pin::Commit {
        commit: commit.parse().unwrap(),
        version: Some(version.to_owned()),
    };
    let image = Pin::Image {
        tag: "3.20".to_owned(),
        digest: digest("3.20"),
    };
    assert_eq!(
        to,
        [image, commit(OTHER, "v1.0.0"), commit(COMMIT, "v1.1.0")]
    );

    let there = workflow(
        &[
            &format!("o/r@{OTHER} # v1.0.0"),
            &format!("o/r@{COMMIT} # v1.1.0"),
        ],
        &format!("alpine:3.20@{}", digest("3.20")),
    );
    let back = restored(&lock, WORKFLOW, &there);
    assert_eq!(statuses(&back), [Status::Pinned; 3]);
}

#[test]
fn what_cannot_be_recorded_stands_in_no_ones_way() {
    let dockerfile = |first: &str, second: &str, last: &str| {
        let text = format!("ARG V=3.20\nFROM {first} AS a\nFROM {second}\nFROM {last}\n");
        references(Path::new("Dockerfile"), text.as_bytes()).unwrap()
    };
    let at = |tag: &str| format!("alpine:{tag}@{}", digest(tag));
    // One that a variable decides, and one that the registry does not have.
    for last in ["alpine:${V}", "alpine:9.9"] {
        let mut known = facts();
        let missing: ImageReference = "alpine:9.9".parse().unwrap();
        known.learn(Fact::Digest(missing, Ok(None)));
        let recorded = |old: &Lock, references: &[Reference]| {
            let files = BTreeMap::from([("Dockerfile".to_owned(), uses(references, &known))]);
            old.renewed(&files, |_| true, Timestamp::UNIX_EPOCH)
        };
        let lock = recorded(
            &Lock::default(),
            &dockerfile("alpine:3.20", "alpine:3.21", last),
        );
        assert_eq!(lines(&lock).len(), 2, "{last}");

        let there = dockerfile(&at("3.20"), &at("3.21"), last);
        let back = statuses(&restored(&lock, "Dockerfile", &there));
        assert_eq!(back[..2], [Status::Pinned; 2], "{last}");
        let moved = dockerfile(&at("3.21"), &at("3.20"), last);
        let back = restored(&lock, "Dockerfile", &moved);
        let to: Vec<_> = back.iter().map(|it| it.to.clone()).collect();
        let image = |tag: &str| {
            Some(Pin::Image {
                tag: tag.to_owned(),
                digest: digest(tag),
            })
        };
        assert_eq!(to, [image("3.20"), image("3.21"), None], "{last}");
    }
}

#[test]
fn uses_that_were_not_recorded_are_left_alone_unless_all_agree() {
    let image = format!("alpine@{}", digest("3.20"));
    let lock = |uses: &[&str]| renewed(&Lock::default(), WORKFLOW, &workflow(uses, &image), 60);
    let more = workflow(&["o/r@v1", "o/r@v1", "o/r@v1", "o/new@v1"], &image);

    let differing = lock(&["o/r@v1.0.0", "o/r@v1.1.0"]);
    let back = restored(&differing, WORKFLOW, &more);
    let several = Status::Mismatch;
    assert_eq!(
        statuses(&back)[1..],
        [several, several, several, Status::Unknown]
    );
    assert!(back.iter().all(|decision| decision.to.is_none()));

    let equal = lock(&["o/r@v1.0.0", "o/r@v1.0.0"]);
    let back = restored(&equal, WORKFLOW, &more);
    let [_, first, second, third, new] = &back[..] else {
        panic!("{back:?}");
    };
    assert!(first.to.is_some() && first == second && second == third);
    assert_eq!(new.status, Status::Unknown);
    let elsewhere = restored(&equal, "other.yml", &more);
    assert!(elsewhere.iter().all(|decision| decision.to.is_none()));
}

#[test]
fn hostile_locks_are_refused() {
    let entry = |field: &str, value: &str| {
        let mut entry = serde_json::json!({
            "file": "a", "kind": "action", "name": "o/r", "version": "v1", "digest": COMMIT,
            "resolved_at": "2026-11-30T08:00:00Z", "source": "https://github.com/o/r",
        });
        entry[field] = serde_json::Value::from(value);
        let document = serde_json::json!({"schema_version": 1, "entries": [entry]});
        Lock::parse(&serde_json::to_vec(&document).unwrap())
    };
    entry("name", "o/r").unwrap();
    for (field, value) in [
        ("version", "v1\n    run: x"),
        ("version", "v1 # x"),
        ("version", ""),
        ("digest", "v1"),
        ("digest", digest("x").as_str()),
        ("kind", "image"),
        ("kind", "chart"),
        ("resolved_at", "yesterday"),
        ("extra", "x"),
    ] {
        assert!(entry(field, value).is_err(), "{field}: {value}");
    }
    let newer = br#"{"schema_version": 2, "entries": []}"#;
    assert_eq!(Lock::parse(newer).unwrap_err(), LockError::Schema(2));
    let broken = Lock::parse(b"{\n\"schema_version\": 1,\n}").unwrap_err();
    assert!(broken.to_string().contains("line 3"), "{broken}");
}
