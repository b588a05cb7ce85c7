//! The managers of `renovate/default.json`: every place, and nothing else.

use serde_json::json;

use super::world::{Dependency, LookUp, Update, World, commit, digest};

const TOOL: &str = "acme/tool";
const SOURCE: &str = "platform/fullsend";

/// Files with references to [`TOOL`] 1.0.0, and how many our managers find in each.
///
/// `IMAGE` stands for tag and digest, `PLAIN` for the tag alone.
const IMAGES: &[(&str, usize, &str)] = &[
    (
        "gitlab-runner/config.toml",
        6,
        r#"concurrent = 4
[[runners]]
  name = "not:1.0.0"
  [runners.docker]
    image = "IMAGE" # jobs
    helper_image = 'IMAGE'
    allowed_images = ["HOST/acme/*:*", "IMAGE"]
    allowed_services = [
      "IMAGE",
    ]

    [[runners.docker.services]]
      alias = "db"

      name = "IMAGE"

    [[runners.docker.services]]
      name = "PLAIN"
  [runners.cache]
    name = "not:1.0.0"
    # image = "PLAIN"
"#,
    ),
    (
        "gitlab-runner/triage-values.yaml",
        2,
        "runners:
  config: |
    [[runners]]
      [runners.kubernetes]
        image = \"IMAGE\"
image:
  repository: HOST/acme/tool
  tag: \"1.0.0\"
  digest: DIGEST
",
    ),
    (
        "fullsend.yaml",
        3,
        "version: 1
image: \"IMAGE\"
# image: PLAIN
agents:
  triage: {cpus: 1, image: IMAGE}
  review:
    image: PLAIN
    command: ['image: PLAIN']
",
    ),
    (
        "fleet.yaml",
        1,
        "version: 1
action: fullsend-ai/sandbox@COMMIT1.3.0 # v1.3.0
image: IMAGE
approved:
  - action: fullsend-ai/sandbox@COMMIT1.2.0 # v1.2.0
    image: IMAGE
",
    ),
    (
        ".github/workflows/agent.yml",
        2,
        "on: push
jobs:
  agent:
    runs-on: $label
    container: IMAGE
    steps:
      - uses: fullsend-ai/sandbox@COMMIT1.3.0 # v1.3.0
        with:
          agent: triage

          image: IMAGE
          image-name: PLAIN
      - uses: \"fullsend-ai/sandbox@COMMIT1.3.0\" # v1.3.0
        with: {agent: review, image: IMAGE}
      - run: |
          image: PLAIN
      - uses: other/action@v1
        with:
          image: PLAIN
",
    ),
    (
        ".gitlab-ci.yml",
        2,
        "include:
  - component: HOST/platform/fullsend/exec@COMMIT1.2.0 # 1.2.0
    inputs:
      agent: triage

      image: IMAGE
      tools-image: \"IMAGE\"
  - component: $CI_SERVER_FQDN/platform/fullsend/verify@COMMIT1.2.0 # 1.2.0
  - project: platform/fullsend
    file:
      - /a.yml
      - '/b.yml'
    ref: COMMIT1.2.0 # 1.2.0
  - ref: COMMIT1.2.0 # 1.2.0
    project: 'platform/fullsend'
    file: c.yml
  - project: platform/other
    file: d.yml
    ref: main
  - component: gitlab.com/platform/fullsend/exec@1.2.0
agent:
  image: IMAGE
  script: [make]
",
    ),
    (
        "templates/exec/template.yml",
        1,
        "spec:
  inputs:
    tools-image:
      default: IMAGE
    other:
      default: PLAIN
---
agent: {script: [make]}
",
    ),
    (
        "kubernetes/pod.yaml",
        0,
        "apiVersion: v1
kind: Pod
spec: {containers: [
  image: IMAGE
]}
",
    ),
];

fn filled(world: &World, text: &str) -> String {
    let mut text = text
        .replace("IMAGE", &world.image(TOOL, "1.0.0"))
        .replace("PLAIN", &format!("{}/{TOOL}:1.0.0", world.host()))
        .replace("DIGEST", &digest(TOOL, "1.0.0"))
        .replace("HOST", &world.host());
    for version in ["1.2.0", "1.3.0"] {
        text = text.replace(&format!("COMMIT{version}"), &commit(version));
    }
    text
}

fn looked_up() -> LookUp {
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let yesterday = yesterday.to_string()[..10].to_owned();
    let world = World::new();
    world.serve_shipped();
    world.images(TOOL, &["1.0.0", "1.0.1", "2.0.0"]);
    world.git(SOURCE, &["1.2.0", "1.3.0", "2.0.0"]);
    world.github(&[
        ("v1.2.0", "2025-01-01"),
        ("v1.3.0", "2025-02-01"),
        ("v1.3.1", &yesterday),
    ]);
    let files = IMAGES
        .iter()
        .map(|(path, _, text)| (*path, filled(&world, text)));
    let mut files: Vec<(&str, String)> = files.collect();
    // Other people's action, which the preset for merging is about.
    let others = format!(
        "on: push\njobs:\n  a:\n    runs-on: $label\n    steps:\n      - uses: other/action@{} # v1.3.0\n",
        commit("1.3.0")
    );
    files.push((".github/workflows/other.yml", others));
    let extends = ["default", "automerge"].map(|name| format!("{}/{name}.json", world.url()));
    world.look_up(&files, json!({ "extends": extends }))
}

/// The updates but for branches.
fn offered(dependency: &Dependency) -> Vec<(&str, &str, &str)> {
    let updates = dependency.updates.iter();
    updates
        .map(|it| (it.kind.as_str(), it.value.as_str(), it.digest.as_str()))
        .collect()
}

#[test]
fn every_place_is_seen_and_tag_and_digest_move_together() {
    let looked_up = looked_up();
    let found = &looked_up.found;
    images(found);
    commits(found);
    ages(found);
    writes(&looked_up);
}

/// Each update changes its own version and digest once, and no other byte.
fn writes(looked_up: &LookUp) {
    let written = looked_up.written();
    let updates = looked_up.found.iter().map(|it| it.updates.len());
    assert_eq!(written.len(), updates.sum::<usize>());
    for it in written {
        let mut back = it.after.clone();
        for (old, new) in &it.changes {
            let place = it
                .after
                .find(new)
                .unwrap_or_else(|| panic!("{}: no {new}", it.file));
            assert_eq!(
                it.after[place + 1..].find(new),
                None,
                "{}: {new} twice",
                it.file
            );
            back = back.replace(new, old);
        }
        assert_eq!(back, it.before, "{}: {:?}", it.file, it.changes);
    }
}

fn images(found: &[Dependency]) {
    let new = [digest(TOOL, "1.0.1"), digest(TOOL, "2.0.0")];
    for (file, count, _) in IMAGES {
        let ours = found
            .iter()
            .filter(|it| it.file == *file && it.manager == "regex" && it.name.ends_with(TOOL));
        let ours: Vec<_> = ours.collect();
        assert_eq!(ours.len(), *count, "{file}: {ours:#?}");
        for it in ours {
            let new = if it.digest.is_empty() {
                ["", ""]
            } else {
                assert_eq!(it.digest, digest(TOOL, "1.0.0"));
                [new[0].as_str(), new[1].as_str()]
            };
            let expected = [("patch", "1.0.1", new[0]), ("major", "2.0.0", new[1])];
            assert_eq!(offered(it), expected, "{it:#?}");
        }
    }
    // What Renovate sees by itself, ours do not see again.
    for file in [
        "kubernetes/pod.yaml",
        ".gitlab-ci.yml",
        ".github/workflows/agent.yml",
    ] {
        let theirs = found
            .iter()
            .filter(|it| it.file == file && it.manager != "regex" && it.name.ends_with(TOOL));
        assert_eq!(theirs.count(), 1, "{file}");
    }
    // The reference alone is replaced, whatever stands around it.
    for it in found
        .iter()
        .filter(|it| it.manager == "regex" && it.name.ends_with(TOOL))
    {
        let is_triple = it.text.contains("repository:");
        assert!(is_triple || it.text.starts_with(&it.name), "{it:#?}");
    }
}

fn commits(found: &[Dependency]) {
    let components = found
        .iter()
        .filter(|it| it.manager == "regex" && it.name == SOURCE);
    let components: Vec<_> = components.collect();
    assert_eq!(components.len(), 4, "{components:#?}");
    for it in components {
        assert_eq!((it.value.as_str(), &it.digest), ("1.2.0", &commit("1.2.0")));
        let new = [commit("1.3.0"), commit("2.0.0")];
        let expected = [("minor", "1.3.0", &*new[0]), ("major", "2.0.0", &*new[1])];
        assert_eq!(offered(it), expected, "{it:#?}");
    }
    // A commit is no version: Renovate's own managers leave these to ours.
    let own = found
        .iter()
        .filter(|it| it.manager.starts_with("gitlabci") && it.name == SOURCE);
    for it in own {
        assert_eq!(it.value != "1.2.0", it.updates.is_empty(), "{it:#?}");
    }
    let fleet: Vec<_> = found
        .iter()
        .filter(|it| it.file == "fleet.yaml" && it.name == "fullsend-ai/sandbox")
        .collect();
    let [fleet] = fleet[..] else {
        panic!("{fleet:#?}");
    };
    assert_eq!(offered(fleet), [("patch", "v1.3.1", &*commit("1.3.1"))]);
    // With the image.
    let mut both = found.iter().filter(|it| it.file == "fleet.yaml");
    assert!(both.all(|it| it.updates[0].branch == "renovate/fullsend-fleet"));
}

/// `renovate/automerge.json`: what is young waits, what has no age does not wait for ever, and the
/// pair of a fleet is left to its rings.
fn ages(found: &[Dependency]) {
    let pending = |name: &str, file: &str| {
        let mut all = found
            .iter()
            .filter(|it| it.name.ends_with(name) && it.file == file);
        let it = all.next().unwrap();
        let patch = |update: &&Update| update.kind == "patch";
        it.updates.iter().find(patch).unwrap().is_pending
    };
    assert!(pending("other/action", ".github/workflows/other.yml"));
    assert!(!pending(
        "fullsend-ai/sandbox",
        ".github/workflows/agent.yml"
    ));
    assert!(!pending(TOOL, "fullsend.yaml"));
}
