//! The presets of a fleet: what a ring offers, holds back and takes back.

use std::thread;

use fullsend::{
    config::{self, Fleet},
    generate::{self, Kind, Pins, renovate::presets},
    model::files::NoFiles,
};
use serde_json::json;

use super::world::{Dependency, LookUp, World, commit, digest, the};
use crate::generate::made;

const IMAGE: &str = "acme/agent-sandbox";
/// The same image where tags begin with `v`.
const V_IMAGE: &str = "acme/v-agent-sandbox";
const TAGS: &[&str] = &[
    "1.1.0", "1.2.4", "1.3.0", "1.3.5", "1.4.2", "1.5.0", "2.0.0",
];

/// `all` follows the release to reach, `behind` stands on one that is denied.
const FLEET: &str = "\
version: 1
forge: {kind: gitlab, group: acme, url: 'URL', component_source: platform/fullsend}
action: fullsend-ai/sandbox@COMMIT1.4.0 # v1.4.0
image: HOST/acme/agent-sandbox:1.4.2@DIGEST1.4.2
approved:
  - action: fullsend-ai/sandbox@COMMIT1.3.1 # v1.3.1
    image: HOST/acme/v-agent-sandbox:v1.3.5@DIGEST1.3.5
  - action: fullsend-ai/sandbox@COMMIT1.3.0 # v1.3.0
    image: HOST/acme/agent-sandbox:1.3.0@DIGEST1.3.0
  - action: fullsend-ai/sandbox@COMMIT1.2.0 # v1.2.0
    image: HOST/acme/agent-sandbox:1.2.4@DIGEST1.2.4
rings:
  behind: {percent: 5, version: 1.3.0}
  all: {}
deny:
  - {version: 1.3.0, reason: It leaks., replacement: '1.2.4@DIGEST1.2.4'}
";

pub(super) fn world() -> World {
    let world = World::new();
    world.serve_shipped();
    world.images(IMAGE, TAGS);
    let tags: Vec<String> = TAGS.iter().map(|tag| format!("v{tag}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    world.images(V_IMAGE, &tags);
    let days = ["v1.1.0", "v1.2.0", "v1.3.0", "v1.3.1", "v1.4.0", "v1.5.0"];
    world.github(&days.map(|tag| (tag, "2025-01-01")));
    world.git(
        "platform/fullsend",
        &["1.1.0", "1.2.0", "1.3.0", "1.3.1", "1.4.0", "1.5.0"],
    );
    let fleet = fleet(&world);
    let drafts = presets(&fleet).unwrap();
    for file in generate::settle(drafts, &NoFiles, Pins::Kept).unwrap() {
        world.serve(&format!("/{}", file.path.display()), &file.text);
    }
    world
}

/// The fleet whose images and git hosts `world` has.
pub(super) fn fleet(world: &World) -> Fleet {
    let mut text = FLEET
        .replace("URL", &world.url())
        .replace("HOST", &world.host());
    for version in ["1.2.4", "1.3.0", "1.3.5", "1.4.2"] {
        text = text.replace(&format!("DIGEST{version}"), &digest(IMAGE, version));
    }
    for version in ["1.2.0", "1.3.0", "1.3.1", "1.4.0"] {
        text = text.replace(&format!("COMMIT{version}"), &commit(version));
    }
    config::parse_fleet(text.as_bytes(), "fleet.yaml").unwrap()
}

/// Each version of the image and the action, in a file of its own, and two in the same.
fn repository(world: &World) -> Vec<(&'static str, String)> {
    let config = |tag: &str| {
        let name = if tag.starts_with('v') { V_IMAGE } else { IMAGE };
        format!("version: 1\nimage: {}\n", world.image(name, tag))
    };
    let workflow = |versions: &[&str]| {
        let steps = versions.iter().map(|version| {
            format!(
                "      - uses: fullsend-ai/sandbox@{} # v{version}\n",
                commit(version)
            )
        });
        let steps: String = steps.collect();
        format!("on: push\njobs:\n  a:\n    runs-on: $label\n    steps:\n{steps}")
    };
    let pipeline = |version: &str| {
        let commit = commit(version);
        format!(
            "include:\n  - component: $CI_SERVER_FQDN/platform/fullsend/exec@{commit} # {version}\n"
        )
    };
    let twice = format!(
        "{}agents:\n  triage:\n    image: {}\n",
        config("1.3.0"),
        world.image(IMAGE, "1.2.4")
    );
    vec![
        ("first/fullsend.yaml", config("1.1.0")),
        ("v-first/fullsend.yaml", config("v1.1.0")),
        ("target/fullsend.yaml", config("1.4.2")),
        ("denied/fullsend.yaml", config("1.3.0")),
        ("v-denied/fullsend.yaml", config("v1.3.0")),
        ("twice/fullsend.yaml", twice),
        (".github/workflows/first.yml", workflow(&["1.1.0"])),
        (".github/workflows/target.yml", workflow(&["1.4.0"])),
        (
            ".github/workflows/denied.yml",
            workflow(&["1.3.0", "1.2.0"]),
        ),
        ("first/.gitlab-ci.yml", pipeline("1.1.0")),
        ("denied/.gitlab-ci.yml", pipeline("1.3.0")),
    ]
}

fn look_up(world: &World, presets: &[&str]) -> Vec<Dependency> {
    let url = |name: &&str| format!("{}/{name}.json", world.url());
    let extends: Vec<String> = presets.iter().map(url).collect();
    world
        .look_up(&repository(world), json!({ "extends": extends }))
        .found
}

/// Kind, version and digest of the only update, and its branch.
#[track_caller]
fn only<'d>(
    found: &'d [Dependency],
    file: &str,
    value: &str,
) -> (&'d str, &'d str, &'d str, &'d str) {
    let [update] = &the(found, file, value).updates[..] else {
        panic!("{file} {value}: {found:#?}");
    };
    (&update.kind, &update.value, &update.digest, &update.branch)
}

const BRANCH: &str = "renovate/fullsend";

#[test]
fn a_ring_goes_up_to_its_release_and_back_from_what_is_denied_in_either_order() {
    let world = world();
    let orders: [&[&str]; 2] = [
        &["default", "automerge", "renovate/ring-all", "renovate/deny"],
        &["renovate/deny", "renovate/ring-all", "automerge", "default"],
    ];
    let runs = thread::scope(|scope| {
        let runs = orders.map(|order| scope.spawn(|| look_up(&world, order)));
        runs.map(|run| run.join().unwrap())
    });
    for found in &runs {
        // Up to the ring's release, and no further.
        let new = digest(IMAGE, "1.4.2");
        let up = ("minor", "1.4.2", new.as_str(), BRANCH);
        assert_eq!(only(found, "first/fullsend.yaml", "1.1.0"), up);
        let new = digest(V_IMAGE, "v1.4.2");
        let up = ("minor", "v1.4.2", new.as_str(), BRANCH);
        assert_eq!(only(found, "v-first/fullsend.yaml", "v1.1.0"), up);
        assert!(
            the(found, "target/fullsend.yaml", "1.4.2")
                .updates
                .is_empty()
        );
        let new = commit("1.4.0");
        let up = ("minor", "v1.4.0", new.as_str(), BRANCH);
        assert_eq!(only(found, ".github/workflows/first.yml", "v1.1.0"), up);
        assert!(
            the(found, ".github/workflows/target.yml", "v1.4.0")
                .updates
                .is_empty()
        );
        let up = ("minor", "1.4.0", new.as_str(), BRANCH);
        assert_eq!(only(found, "first/.gitlab-ci.yml", "1.1.0"), up);
        back(found);
    }
}

/// The way back, as the pair, with the right digests, though a file names the package twice.
#[track_caller]
fn back(found: &[Dependency]) {
    let old = digest(IMAGE, "1.2.4");
    let down = ("rollback", "1.2.4", old.as_str(), BRANCH);
    assert_eq!(only(found, "denied/fullsend.yaml", "1.3.0"), down);
    assert_eq!(only(found, "twice/fullsend.yaml", "1.3.0"), down);
    let old = digest(V_IMAGE, "v1.2.4");
    let down = ("rollback", "v1.2.4", old.as_str(), BRANCH);
    assert_eq!(only(found, "v-denied/fullsend.yaml", "v1.3.0"), down);
    let old = commit("1.2.0");
    let down = ("rollback", "v1.2.0", old.as_str(), BRANCH);
    assert_eq!(only(found, ".github/workflows/denied.yml", "v1.3.0"), down);
    let down = ("rollback", "1.2.0", old.as_str(), BRANCH);
    assert_eq!(only(found, "denied/.gitlab-ci.yml", "1.3.0"), down);
}

#[test]
fn a_denied_version_is_hidden_even_where_a_ring_stands_on_it() {
    let world = world();
    let found = look_up(
        &world,
        &["default", "renovate/ring-behind", "renovate/deny"],
    );
    let new = digest(IMAGE, "1.2.4");
    let up = ("minor", "1.2.4", new.as_str(), BRANCH);
    assert_eq!(only(&found, "first/fullsend.yaml", "1.1.0"), up);
    let new = digest(V_IMAGE, "v1.2.4");
    let up = ("minor", "v1.2.4", new.as_str(), BRANCH);
    assert_eq!(only(&found, "v-first/fullsend.yaml", "v1.1.0"), up);
    let new = commit("1.2.0");
    let up = ("minor", "v1.2.0", new.as_str(), BRANCH);
    assert_eq!(only(&found, ".github/workflows/first.yml", "v1.1.0"), up);
    back(&found);
}

/// What Renovate does where fullsend.yaml holds `version`, in a ring that allows every version.
fn held(version: &str) -> LookUp {
    let world = world();
    let kind = Kind::named("renovate").unwrap();
    let image = world.image(IMAGE, version);
    let held = format!(
        "version: 1\nimage: {image}\nhold: {{version: {version}, reason: slow, until: 2030-01-31}}\n"
    );
    let config = config::parse(held.as_bytes(), "fullsend.yaml").unwrap();
    let place = format!("{}/renovate", world.url());
    let pairs = [
        ("presets", &*world.url()),
        ("fleet", &place),
        ("ring", "all"),
    ];
    let files = made(kind, &config, pairs).unwrap();
    let configuration = serde_json::from_str(&files[0].text).unwrap();
    world.look_up(&repository(&world), configuration)
}

#[test]
fn a_hold_goes_before_the_ring_but_not_before_a_denial() {
    let looked_up = held("1.1.0");
    back(&looked_up.found);
    // Of the image and the action, only the ways back are left.
    let left = |name: &str| {
        looked_up
            .left
            .iter()
            .filter(|it| it.ends_with(name))
            .count()
    };
    assert_eq!(left("/agent-sandbox"), 2, "{:?}", looked_up.left);
    assert_eq!(left("fullsend-ai/sandbox"), 1, "{:?}", looked_up.left);
    // What is not held goes up, too.
    assert_eq!(left("/v-agent-sandbox"), 2, "{:?}", looked_up.left);
}

#[test]
fn a_held_version_is_reached_and_not_passed() {
    let looked_up = held("1.2.4");
    let new = digest(IMAGE, "1.2.4");
    let up = ("minor", "1.2.4", new.as_str(), BRANCH);
    assert_eq!(only(&looked_up.found, "first/fullsend.yaml", "1.1.0"), up);
    back(&looked_up.found);
}
