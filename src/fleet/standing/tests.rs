//! Repositories as an enrolment leaves them, and as people, Renovate and time change them.

use super::*;
use crate::{
    config::{Release, parse_date},
    fleet::{
        membership,
        testing::{change, seen as fresh},
    },
    forge::{Change, Checks, Mergeable, Request, RequestState, blob_id},
};

const WORKFLOW: &str = ".github/workflows/fullsend-triage.yml";
const HEX: &str = "ab";

/// A fleet with releases 1.4.2 (to reach), 1.3.5 and 1.3.0, which is denied.
fn fleet() -> Fleet {
    let (commit, hex) = ("1".repeat(40), "c".repeat(64));
    let (denied, leaky) = ("2".repeat(40), "d".repeat(64));
    crate::fleet::testing::fleet(&format!(
        "rings: {{canary: {{repositories: [api]}}, stable: {{version: 1.3.5}}}}\n\
         approved:\n\
         - action: fullsend-ai/sandbox@{commit} # v1.3.5\n  \
           image: ghcr.io/fullsend-ai/agent-sandbox:1.3.5@sha256:{hex}\n\
         - action: fullsend-ai/sandbox@{denied} # v1.3.0\n  \
           image: ghcr.io/fullsend-ai/agent-sandbox:1.3.0@sha256:{leaky}\n\
         deny:\n- {{version: 1.3.0, reason: it leaks}}"
    ))
}

fn today() -> Date {
    parse_date("2026-11-22").unwrap()
}

/// The files of an enrolment at `release`.
fn files(fleet: &Fleet, release: &Release) -> Vec<(String, String)> {
    let known: Vec<String> = known(fleet, Some("acme/fleet"), today())
        .into_values()
        .map(|it| String::from_utf8(it.to_vec()).unwrap())
        .collect();
    let action = &release.action.commit;
    let image = release.image().to_string();
    let has = |part: &str| known.iter().find(|it| it.contains(part)).unwrap().clone();
    let renovate = "{\"extends\": [\"github>acme/fleet//renovate/ring-canary\"]}";
    vec![
        (CONFIG.to_owned(), has(&image)),
        (WORKFLOW.to_owned(), has(action)),
        ("renovate.json".to_owned(), renovate.to_owned()),
    ]
}

/// What the judge says of the repository `name` with `files`, having learnt what it asked for; and
/// what that was.
fn judged(
    name: &str,
    files: &[(String, String)],
    also: impl FnOnce(&mut Seen),
) -> (RepositoryRow, Vec<String>) {
    let fleet = fleet();
    let mut seen = fresh(name);
    for (path, text) in files {
        let entry = Entry {
            id: blob_id(text.as_bytes()),
            mode: EntryMode::File,
            size: Some(text.len() as u64),
        };
        seen.files.insert(path.clone(), entry);
    }
    also(&mut seen);
    let all = [seen];
    let membership = membership(&fleet, &all, None);
    let mut judge = Judge::new(&fleet, Some("acme/fleet"), today());
    let needs = judge.needs(&membership.members);
    let asked = needs.iter().map(|it| it.path.clone()).collect();
    judge.learn(needs.into_iter().map(|file| {
        let text = files.iter().find(|(path, _)| *path == file.path);
        let text = text.map(|(_, text)| Bytes::copy_from_slice(text.as_bytes()));
        (file, text)
    }));
    assert_eq!(judge.needs(&membership.members), []);
    (judge.row(&membership.members[0]), asked)
}

/// The state of `api` and the reason for it, after `edit` of an enrolment at the release `version`.
fn after(version: &str, edit: impl Fn(&str, String) -> String) -> (RepositoryRow, Option<String>) {
    let fleet = fleet();
    let files = files(&fleet, fleet.release_of(version).unwrap());
    let edited = files.into_iter().map(|(path, text)| {
        let text = edit(&path, text);
        (path, text)
    });
    let (row, _) = judged("api", &edited.collect::<Vec<_>>(), |_| {});
    let reason = row.reason.clone();
    (row, reason)
}

fn unchanged(_: &str, text: String) -> String {
    text
}

#[test]
fn what_an_enrolment_wrote_is_current_without_being_read() {
    let fleet = fleet();
    let files = files(&fleet, &fleet.release);
    let (row, asked) = judged("api", &files, |_| {});
    assert_eq!((row.state, row.reason), (State::Current, None));
    assert_eq!(asked, ["renovate.json"]);
    assert_eq!(row.ring.as_deref(), Some("canary"));
    let action = format!("fullsend-ai/sandbox@{} # v1.4.0", "01234567".repeat(5));
    assert_eq!(row.action, Some(action));
    let image = "ghcr.io/fullsend-ai/agent-sandbox:1.4.2";
    assert_eq!(row.image.as_deref(), Some(image));
    assert_eq!(row.digest, Some(format!("sha256:{}", HEX.repeat(32))));
    assert_eq!(
        (row.overrides, row.skew, row.hold),
        (Vec::new(), None, None)
    );
    // Nor is that of an earlier release, which another ring may be on.
    let (row, asked) = judged("other", &self::files(&fleet, &fleet.approved[0]), |_| {});
    assert_eq!((row.state, row.reason), (State::Current, None));
    assert_eq!((row.ring.as_deref(), asked.len()), (Some("stable"), 1));
}

#[test]
fn versions_that_moved_are_no_drift() {
    // An action of others.
    let (row, reason) = after("1.4.2", |path, text| {
        let at = text.find("actions/checkout@").filter(|_| path == WORKFLOW);
        let Some(at) = at.map(|at| at + "actions/checkout@".len()) else {
            return text;
        };
        format!("{}{}{}", &text[..at], "f".repeat(40), &text[at + 40..])
    });
    assert_eq!(row.state, State::PinsMoved, "{reason:?}");
    assert_eq!(reason.as_deref(), Some("other versions: actions/checkout"));
    // Our image, to what nobody has approved.
    let (row, reason) = after("1.4.2", |_, text| {
        text.replace("1.4.2@sha256:abab", "1.5.0@sha256:ffff")
    });
    assert_eq!(row.state, State::PinsMoved, "{reason:?}");
    assert_eq!(row.image_version(), Some("1.5.0"));
    let (row, _) = after("1.4.2", |_, text| text.replace('\n', "\r\n"));
    assert_eq!(row.state, State::Current);
}

#[test]
fn another_release_than_the_rings_is_outdated() {
    let (row, reason) = after("1.3.5", unchanged);
    assert_eq!(row.state, State::Outdated);
    let expected = "its action is 1.3.5, and its ring is on 1.4.0";
    assert_eq!(reason.as_deref(), Some(expected));
    // Also where the ring stays behind.
    let fleet = fleet();
    let (row, _) = judged("other", &files(&fleet, &fleet.release), |_| {});
    assert_eq!(row.state, State::Outdated, "{row:?}");
    let (row, reason) = after("1.3.0", unchanged);
    assert_eq!(row.state, State::Outdated);
    assert!(reason.unwrap().ends_with("which is denied"), "{row:?}");
    let (row, reason) = after("1.4.2", |_, text| {
        text.replace("@sha256:abab", "@sha256:aaaa")
    });
    assert_eq!(row.state, State::Edited, "{reason:?}");
    let moved = |_: &str, text: String| {
        let commit = "01234567".repeat(5);
        text.replace(&format!("{commit} # v1.4.0"), "v1")
    };
    let (row, reason) = after("1.4.2", moved);
    assert_eq!(row.state, State::Outdated);
    assert_eq!(
        reason.as_deref(),
        Some("its action is at `v1`, which can be moved")
    );
}

#[test]
fn what_people_did_is_told() {
    let (row, reason) = after("1.4.2", |path, text| match path {
        WORKFLOW => text.replace("timeout-minutes", "timeout-hours"),
        _ => text,
    });
    assert_eq!(row.state, State::Edited);
    assert_eq!(reason, Some(format!("somebody edited {WORKFLOW}")));
    let (row, reason) = after("1.4.2", |path, text| match path {
        WORKFLOW => "on: push\njobs: {}\n".to_owned(),
        _ => text,
    });
    assert_eq!(row.state, State::Edited, "{reason:?}");
    let (row, reason) = after("1.4.2", |path, text| match path {
        CONFIG => text.replace("timeout: 5m", "timeout: 7m"),
        _ => text,
    });
    assert_eq!(row.state, State::Outdated, "{reason:?}");
    assert!(reason.unwrap().contains("fullsend enroll"));
    let (row, reason) = after("1.4.2", |path, text| match path {
        CONFIG => text.replace("version: 1", "version: 9"),
        _ => text,
    });
    assert_eq!(row.state, State::Error);
    assert!(reason.unwrap().contains("version `9` is not known"));
    let (row, reason) = after("1.4.2", |path, text| match path {
        CONFIG => text + "  review: {}\n",
        _ => text,
    });
    assert_eq!(row.state, State::Missing);
    let expected = ".github/workflows/fullsend-review.yml is missing";
    assert_eq!(reason.as_deref(), Some(expected));
}

#[test]
fn holds_are_shown_and_denials_go_before_them() {
    let hold = |version: &'static str, until: &'static str| {
        move |path: &str, text: String| match path {
            CONFIG => {
                let hold = format!("hold: {{version: {version}, reason: slow, until: {until}}}");
                text.replacen("version: 1\n", &format!("version: 1\n{hold}\n"), 1)
            }
            _ => text,
        }
    };
    let (row, reason) = after("1.3.5", hold("1.3.5", "2026-11-22"));
    assert_eq!((row.state, reason), (State::Held, None));
    let told = row.hold.unwrap();
    assert!(!told.is_expired && told.version == "1.3.5" && told.reason == "slow");
    let (row, _) = after("1.3.5", hold("1.3.5", "2026-11-21"));
    assert_eq!(row.state, State::Outdated);
    assert!(row.hold.unwrap().is_expired);
    let (row, reason) = after("1.4.2", hold("1.3.5", "2030-01-01"));
    assert_eq!(row.state, State::Held);
    assert_eq!(
        reason.as_deref(),
        Some("it is held on 1.3.5, and its image is 1.4.2")
    );
    let (row, _) = after("1.3.0", hold("1.3.0", "2030-01-01"));
    assert_eq!(row.state, State::Outdated);
}

#[test]
fn action_and_image_of_different_major_versions_are_told() {
    let (row, _) = after("1.4.2", |_, text| {
        text.replace("1.4.2@sha256:abab", "2.0.0@sha256:ffff")
    });
    let expected = "action 1.4.0 and image 2.0.0 are of different major versions; take an image \
                    of version 1";
    assert_eq!(row.skew.as_deref(), Some(expected));
}

fn request(checks: Checks, mergeable: Mergeable) -> Request {
    Request {
        id: "1".to_owned(),
        number: 7,
        url: "https://github.com/acme/api/pull/7".to_owned(),
        title: String::new(),
        branch: ENROLL_BRANCH.to_owned(),
        head: None,
        state: RequestState::Open,
        author: String::new(),
        is_draft: false,
        checks,
        mergeable,
        is_on_its_way: false,
    }
}

#[test]
fn what_is_not_there_is_missing_or_waits_for_somebody() {
    let state = |also: fn(&mut Seen)| {
        let (row, asked) = judged("api", &[], also);
        assert!(asked.is_empty());
        (row.state, row.reason.unwrap_or_default())
    };
    assert_eq!(state(|_| {}), (State::Missing, String::new()));
    let open = |seen: &mut Seen| seen.open = vec![request(Checks::Pending, Mergeable::Unknown)];
    let (row, _) = judged("api", &[], open);
    assert_eq!(row.state, State::Missing);
    assert_eq!(row.request.unwrap().checks, "pending");
    let url = "https://github.com/acme/api/pull/7";
    let failed = |seen: &mut Seen| seen.open = vec![request(Checks::Failed, Mergeable::Clean)];
    assert_eq!(
        state(failed),
        (State::Blocked, format!("{url} failed its checks"))
    );
    let conflicts = |seen: &mut Seen| {
        seen.request = Some(request(Checks::None, Mergeable::Conflicts));
    };
    let (blocked, reason) = state(conflicts);
    assert_eq!(blocked, State::Blocked);
    assert!(reason.ends_with("has conflicts with the default branch"));
    let closed = |seen: &mut Seen| {
        let mut closed = request(Checks::None, Mergeable::Clean);
        closed.state = RequestState::Closed;
        seen.request = Some(closed);
    };
    let (blocked, reason) = state(closed);
    assert_eq!(blocked, State::Blocked);
    assert!(reason.starts_with("somebody closed"), "{reason}");
    assert_eq!(
        state(|seen| seen.repository.may_push = false).0,
        State::Blocked
    );
    assert_eq!(
        state(|seen| seen.repository.takes_requests = false).0,
        State::Blocked
    );
}

#[test]
fn links_and_giants_are_not_read() {
    let fleet = fleet();
    let files = files(&fleet, &fleet.release);
    let (row, asked) = judged("api", &files, |seen| {
        seen.files.get_mut(CONFIG).unwrap().mode = EntryMode::Link;
    });
    assert_eq!(row.state, State::Error);
    let expected = "fullsend.yaml is a symbolic link, which is not followed";
    assert_eq!(row.reason.as_deref(), Some(expected));
    assert_eq!(asked, ["renovate.json"]);
    let (row, asked) = judged("api", &files, |seen| {
        let entry = seen.files.get_mut(WORKFLOW).unwrap();
        entry.size = Some(100 << 20);
        entry.id = "0".repeat(40);
    });
    assert_eq!(row.state, State::Error);
    assert!(row.reason.unwrap().ends_with("is too large to be read"));
    assert_eq!(asked, ["renovate.json"]);
    // What is longer than was said, or gone, is as unread.
    let (row, _) = judged("api", &files[..1], |seen| {
        let entry = Entry {
            id: "0".repeat(40),
            mode: EntryMode::File,
            size: None,
        };
        seen.files.insert(WORKFLOW.to_owned(), entry);
    });
    assert_eq!(row.state, State::Error);
}

/// What is told of `text` as the repository's renovate.json.
fn overrides(text: &str) -> Vec<String> {
    let (row, _) = after("1.4.2", |path, own| match path {
        "renovate.json" => text.to_owned(),
        _ => own,
    });
    row.overrides
}

#[test]
fn rules_that_go_before_the_rings_are_told() {
    let with = |more: &str| {
        overrides(&format!(
            "{{extends: ['local>acme/fleet//renovate/ring-canary#v1', 'x'], {more}}} // JSON5"
        ))
    };
    for fine in [
        "",
        "packageRules: [{matchPackageNames: ['ghcr.io/other/**'], allowedVersions: '1.x'}]",
        "packageRules: [{matchPackageNames: ['!/sandbox/'], allowedVersions: '1.x'}]",
        "packageRules: [{matchDepNames: ['ghcr.io/fullsend-ai/*'], automerge: true}]",
    ] {
        assert_eq!(with(fine), [""; 0], "{fine}");
    }
    for (more, told) in [
        ("enabled: false", "renovate.json switches Renovate off"),
        (
            "ignoreDeps: ['fullsend-ai/sandbox']",
            "renovate.json ignores fullsend-ai/sandbox",
        ),
        ("ignorePresets: ['x']", "renovate.json ignores x"),
        (
            "packageRules: [{}, {matchPackageNames: ['ghcr.io/fullsend-ai/**'], allowedVersions: '1.x'}]",
            "renovate.json sets `allowedVersions` for ghcr.io/fullsend-ai/agent-sandbox, in \
             packageRules[1]",
        ),
        (
            "packageRules: [{matchPackageNames: ['/^FULLSEND-AI\\\\u002f/i'], enabled: false}]",
            "renovate.json switches updates off for fullsend-ai/sandbox, in packageRules[0]",
        ),
        (
            "packageRules: [{allowedVersions: '<2'}]",
            "renovate.json sets `allowedVersions` for ghcr.io/fullsend-ai/agent-sandbox, in \
             packageRules[0]",
        ),
    ] {
        assert_eq!(with(more), [told], "{more}");
    }
    assert_eq!(
        overrides("{\"extends\": [\"github>acme/fleet//renovate/ring-stable.json\"]}"),
        ["renovate.json extends ring stable, and it is in canary"]
    );
    assert_eq!(
        overrides("{}"),
        ["renovate.json extends no ring of the fleet"]
    );
    assert_eq!(
        overrides("{"),
        ["renovate.json cannot be read, by Renovate neither"]
    );
}

#[test]
fn the_same_files_are_judged_once() {
    let fleet = fleet();
    let files = files(&fleet, &fleet.release);
    let mut all = Vec::new();
    for number in 0..50 {
        let mut seen = fresh(&format!("service-{number}"));
        for (path, text) in &files {
            let entry = Entry {
                id: blob_id(text.as_bytes()),
                mode: EntryMode::File,
                size: None,
            };
            seen.files.insert(path.clone(), entry);
        }
        all.push(seen);
    }
    let membership = membership(&fleet, &all, None);
    let mut judge = Judge::new(&fleet, None, today());
    assert_eq!(judge.needs(&membership.members).len(), 1);
    for member in &membership.members {
        assert_eq!(judge.row(member).name, member.seen.repository.name);
    }
    assert_eq!(judge.judged.len(), 1);
}

#[test]
fn gitlabs_pipelines_include_a_component() {
    let text = "version: 1\n\
                forge: {kind: gitlab, group: acme, component_source: platform/fullsend}\n\
                action: fullsend-ai/sandbox@COMMIT # v1.4.0\n\
                image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:HEX\n\
                rings: {all: {}}\n";
    let text = text
        .replace("COMMIT", &"1".repeat(40))
        .replace("HEX", &"a".repeat(64));
    let fleet = crate::config::parse_fleet(text.as_bytes(), "fleet.yaml").unwrap();
    let state = |pipeline: &str| {
        let config = known(&fleet, None, today()).into_values().next().unwrap();
        let changes: [Change; 2] = [
            change(CONFIG, Some(std::str::from_utf8(&config).unwrap())),
            change(PIPELINE, Some(pipeline)),
        ];
        let mut seen = fresh("api");
        for it in &changes {
            let entry = Entry {
                id: blob_id(it.content.as_ref().unwrap()),
                mode: EntryMode::File,
                size: None,
            };
            seen.files.insert(it.path.clone(), entry);
        }
        let all = [seen];
        let membership = membership(&fleet, &all, None);
        let mut judge = Judge::new(&fleet, None, today());
        let needs = judge.needs(&membership.members);
        judge.learn(
            needs
                .into_iter()
                .map(|it| (it, Some(Bytes::copy_from_slice(pipeline.as_bytes())))),
        );
        let row = judge.row(&membership.members[0]);
        (row.state, row.action.unwrap_or_default())
    };
    let component = |at: &str| {
        format!("include:\n  - component: $CI_SERVER_FQDN/platform/fullsend/agent@{at}\n")
    };
    let (current, action) = state(&component("1.4.0"));
    assert_eq!(current, State::Current);
    assert_eq!(action, "$CI_SERVER_FQDN/platform/fullsend/agent@1.4.0");
    assert_eq!(state(&component("1.2.0")).0, State::Outdated);
    assert_eq!(state(&component("~latest")).0, State::Outdated);
    assert_eq!(state(&component("1.5.0")).0, State::PinsMoved);
    assert_eq!(state(&component(&"a".repeat(40))).0, State::PinsMoved);
    assert_eq!(state("build: {script: make}\n").0, State::Missing);
    assert_eq!(state("a: [\n").0, State::Error);
}
