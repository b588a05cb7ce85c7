//! Every kind of file, before and after, byte for byte.
//!
//! In the texts `{R}` is the registry, `{H}` the git host, `{D}` the image's digest and `{C}` the
//! commit of `v1.1.0`.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fullsend::model::digest::Digest;
use serde_json::Value;

use super::scene::Scene;

/// What every remote file of these tests holds.
const REMOTE: &str = "{\"job\": {}}";

struct World {
    scene: Scene,
    digest: String,
    commit: String,
}

impl World {
    fn new() -> Self {
        let scene = Scene::new();
        let digest = scene.image("a/b", "1.2.3", "2024-01-01T00:00:00Z");
        scene.registry.move_tag("a/b", "latest", &[&digest]);
        let commit = scene.action("o/r").new;
        scene.git.json("/remote.yml", REMOTE);
        Self {
            scene,
            digest,
            commit,
        }
    }

    fn filled(&self, text: &str) -> String {
        let hash = BASE64_STANDARD.encode(Digest::of(REMOTE.as_bytes()).sha256());
        text.replace("{R}", &self.scene.registry.host())
            .replace("{H}", &self.scene.git.host())
            .replace("{D}", &self.digest)
            .replace("{C}", &self.commit)
            .replace("{I}", &format!("sha256-{hash}"))
    }

    /// Pins the file `name`, which must become `after`; the statuses of its references.
    #[track_caller]
    fn becomes(&self, name: &str, before: &str, after: &str) -> Vec<String> {
        self.scene.write(name, self.filled(before));
        let (_, rows) = self.scene.rows(&[name]);
        assert_eq!(self.scene.text(name), self.filled(after), "{rows:#?}");
        let (_, again) = self.scene.rows(&[name]);
        assert_eq!(self.scene.text(name), self.filled(after), "{again:#?}");
        let is_changed = |row: &Value| row["status"] == "changed";
        assert!(!again.iter().any(is_changed), "{again:#?}");
        let statuses = rows.iter().map(|row| row["status"].as_str().unwrap());
        statuses.map(str::to_owned).collect()
    }

    /// The same of a file of which every reference is pinned.
    #[track_caller]
    fn all_become(&self, name: &str, before: &str, after: &str) {
        let statuses = self.becomes(name, before, after);
        let found = self.filled(after).matches(&self.digest).count()
            + self.filled(after).matches(&self.commit).count();
        assert_eq!(statuses, vec!["changed"; found.max(1)], "{name}");
    }

    /// Checks that these references of `text` are left alone, and why.
    #[track_caller]
    fn are_left(&self, name: &str, text: &str, expected: &[(&str, &str, &str)]) {
        self.scene.write(name, self.filled(text));
        let (_, rows) = self.scene.rows(&[name]);
        assert_eq!(self.scene.text(name), self.filled(text));
        let found: Vec<_> = rows.iter().map(|row| &row["before"]).collect();
        assert_eq!(rows.len(), expected.len(), "{found:?}");
        for (row, (before, status, reason)) in rows.iter().zip(expected) {
            assert_eq!(row["before"], *before);
            assert_eq!(row["status"], *status, "{row:#}");
            let told = row["reason"].as_str().unwrap();
            assert!(told.contains(reason), "{before}: {told}");
        }
    }
}

#[test]
fn workflows() {
    let world = World::new();
    world.all_become(
        ".github/workflows/all.yaml",
        "\u{feff}on: push # o/r@v1\r\njobs:\r\n  call:\r\n    uses: o/r/.github/workflows/w.yml@v1   # why\r\n  \
         a:\r\n    container: {R}/a/b:1.2.3\r\n    services: {db: {image: '{R}/a/b'}, q: \"{R}/a/b:1.2.3\"}\r\n    \
         steps:\r\n    - &x\tuses: o/r@v1 \r\n    - {uses: 'docker://{R}/a/b:1.2.3', with: {uses: o/r@v1}}\r\n    \
         - run: |\r\n        uses: o/r@v1\r\n    - *x\r\n",
        "\u{feff}on: push # o/r@v1\r\njobs:\r\n  call:\r\n    uses: o/r/.github/workflows/w.yml@{C} # v1.1.0   # why\r\n  \
         a:\r\n    container: {R}/a/b:1.2.3@{D}\r\n    services: {db: {image: '{R}/a/b:latest@{D}'}, q: \"{R}/a/b:1.2.3@{D}\"}\r\n    \
         steps:\r\n    - &x\tuses: o/r@{C} # v1.1.0 \r\n    - {uses: 'docker://{R}/a/b:1.2.3@{D}', with: {uses: o/r@v1}}\r\n    \
         - run: |\r\n        uses: o/r@v1\r\n    - *x\r\n",
    );
    world.all_become(
        ".github/workflows/map.yml",
        "jobs:\n  a:\n    container:\n      image: {R}/a/b:1.2.3\n      options: --cpus 1\n    steps: []",
        "jobs:\n  a:\n    container:\n      image: {R}/a/b:1.2.3@{D}\n      options: --cpus 1\n    steps: []",
    );
}

#[test]
fn actions() {
    let world = World::new();
    world.all_become(
        "sub/action.yml",
        "runs:\n  using: composite\n  steps:\n  - uses: o/r@v1\n  - uses: docker://{R}/a/b:1.2.3\n",
        "runs:\n  using: composite\n  steps:\n  - uses: o/r@{C} # v1.1.0\n  - uses: docker://{R}/a/b:1.2.3@{D}\n",
    );
    world.all_become(
        "action.yaml",
        "runs:\n  using: docker\n  image: docker://{R}/a/b:1.2.3\n",
        "runs:\n  using: docker\n  image: docker://{R}/a/b:1.2.3@{D}\n",
    );
    world.are_left(
        "action.yml",
        "runs:\n  using: docker\n  image: Dockerfile\n",
        &[("Dockerfile", "ignored", "of this repository")],
    );
}

#[test]
fn gitlab_pipelines() {
    let world = World::new();
    world.all_become(
        ".gitlab-ci.yml",
        "image: {R}/a/b:1.2.3\nservices: ['{R}/a/b:1.2.3', {name: {R}/a/b}]\ndefault:\n  image:\n    \
         name: {R}/a/b:1.2.3 # why\n    entrypoint: ['']\n.job:\n  image: \"{R}/a/b:1.2.3\"\n  script: [docker run {R}/a/b:1.2.3]\n",
        "image: {R}/a/b:1.2.3@{D}\nservices: ['{R}/a/b:1.2.3@{D}', {name: {R}/a/b:latest@{D}}]\ndefault:\n  image:\n    \
         name: {R}/a/b:1.2.3@{D} # why\n    entrypoint: ['']\n.job:\n  image: \"{R}/a/b:1.2.3@{D}\"\n  script: [docker run {R}/a/b:1.2.3]\n",
    );
    world.all_become(
        "templates/scan.yml",
        "spec:\n  inputs:\n    image: {default: '{R}/a/b:1.2.3'}\n---\nscan:\n  image: {R}/a/b:1.2.3\n",
        "spec:\n  inputs:\n    image: {default: '{R}/a/b:1.2.3'}\n---\nscan:\n  image: {R}/a/b:1.2.3@{D}\n",
    );
    world.are_left(
        ".gitlab-ci.yml",
        "image: $IMAGE\njob:\n  image: ${VAR:-x}\n  services: [\"{R}/a/b:$TAG\"]\ninclude:\n- local: x.yml\n",
        &[
            ("$IMAGE", "ignored", "a variable decides"),
            ("${VAR:-x}", "ignored", "a variable decides"),
            (&world.filled("{R}/a/b:$TAG"), "ignored", "a variable decides"),
            ("x.yml", "ignored", "of this repository"),
        ],
    );
}

/// A component's commit has no version for Renovate, unless our preset's manager reads it.
#[test]
fn gitlab_components_and_projects() {
    let world = World::new();
    let before = "include:\n- component: {H}/o/r/c@~latest # why\n- component: $CI_SERVER_FQDN/o/r/c@1\n- project: o/r\n  \
                  ref: v1\n  file: x.yml\n";
    let statuses = world.becomes(
        ".gitlab-ci.yml",
        before,
        "include:\n- component: {H}/o/r/c@v1.1.0 # why\n- component: $CI_SERVER_FQDN/o/r/c@v1.1.0\n- project: o/r\n  \
         ref: v1.1.0\n  file: x.yml\n",
    );
    assert_eq!(statuses, ["changed"; 3]);
    world.are_left(
        ".gitlab-ci.yml",
        "include:\n- component: {H}/o/r/c@v1.1.0\n- project: o/r\n  file: x.yml\n",
        &[
            (
                &world.filled("{H}/o/r/c@v1.1.0"),
                "ignored",
                "kept at its tag",
            ),
            ("o/r", "unpinned", "without `ref:`"),
        ],
    );
    let extends = "{\"extends\": [\"github>fullsend-ai/fullsend//renovate/default\"]}";
    world.scene.write("renovate.json", extends);
    world.all_become(
        ".gitlab-ci.yml",
        before,
        "include:\n- component: {H}/o/r/c@{C} # v1.1.0 # why\n- component: $CI_SERVER_FQDN/o/r/c@{C} # v1.1.0\n- project: o/r\n  \
         ref: {C} # v1.1.0\n  file: x.yml\n",
    );
}

#[test]
fn gitlab_files_of_the_web() {
    let world = World::new();
    let statuses = world.becomes(
        ".gitlab-ci.yml",
        "include:\n  - remote: 'http://{H}/remote.yml' # why\n",
        "include:\n  - remote: 'http://{H}/remote.yml' # why\n    integrity: {I}\n",
    );
    assert_eq!(statuses, ["changed"]);
    // The same file with two hashes: what goes for one does not for the other.
    world.scene.write(
        ".gitlab-ci.yml",
        world.filled(
            "include:\n  - remote: http://{H}/remote.yml\n    integrity: {I}\n  \
             - remote: http://{H}/remote.yml\n    integrity: sha256-AAAA\n",
        ),
    );
    world.scene.forget_requests();
    let (code, rows) = world.scene.rows(&["--check"]);
    assert_eq!(
        (code, &rows[0]["status"], &rows[1]["status"]),
        (1, &"pinned".into(), &"mismatch".into())
    );
    assert_eq!(world.scene.asked(), ["GET /remote.yml"]);
}

#[test]
fn runner_configurations() {
    let world = World::new();
    let text = "[[runners]]\n  [runners.docker]\n    image = \"{R}/a/b:1.2.3\" # why\n    helper_image = '{R}/a/b'\n    \
                allowed_images = [\"{R}/a/b:1.2.3\", \"{R}/*:*\"]\n    [[runners.docker.services]]\n      name = \"{R}/a/b:1.2.3\"\n";
    let statuses = world.becomes(
        "runner/config.toml",
        text,
        "[[runners]]\n  [runners.docker]\n    image = \"{R}/a/b:1.2.3@{D}\" # why\n    helper_image = '{R}/a/b:latest@{D}'\n    \
         allowed_images = [\"{R}/a/b:1.2.3\", \"{R}/*:*\"]\n    [[runners.docker.services]]\n      name = \"{R}/a/b:1.2.3@{D}\"\n",
    );
    assert_eq!(
        statuses,
        ["changed", "changed", "ignored", "ignored", "changed"]
    );
}

#[test]
fn dockerfiles() {
    let world = World::new();
    world.all_become(
        "Dockerfile",
        "# syntax={R}/a/b:1.2.3\nARG BASE={R}/a/b:1.2.3\nFROM --platform=$BUILDPLATFORM ${BASE} AS build\nFROM {R}/a/b AS other\n\
         COPY --from=build /a /b\nCOPY --from={R}/a/b:1.2.3 /a /b\nRUN <<E\nFROM {R}/a/b:1.2.3\nE\nFROM scratch\n",
        "# syntax={R}/a/b:1.2.3@{D}\nARG BASE={R}/a/b:1.2.3@{D}\nFROM --platform=$BUILDPLATFORM ${BASE} AS build\nFROM {R}/a/b:latest@{D} AS other\n\
         COPY --from=build /a /b\nCOPY --from={R}/a/b:1.2.3@{D} /a /b\nRUN <<E\nFROM {R}/a/b:1.2.3\nE\nFROM scratch\n",
    );
    world.all_become(
        "sub/Containerfile",
        "FROM {R}/a/b:1.2.3",
        "FROM {R}/a/b:1.2.3@{D}",
    );
    world.are_left(
        "Dockerfile",
        "FROM $NOTHING\n",
        &[("$NOTHING", "ignored", "a variable decides")],
    );
}

#[test]
fn kubernetes_and_helm() {
    let world = World::new();
    world.all_become(
        "deploy.yaml",
        "# first\n---\napiVersion: v1\nkind: Pod\nspec:\n  initContainers: [{image: {R}/a/b:1.2.3}]\n  containers:\n  - image: {R}/a/b # why\n---\n\
         apiVersion: v1\nkind: ConfigMap\ndata: {image: {R}/a/b:1.2.3}\n",
        "# first\n---\napiVersion: v1\nkind: Pod\nspec:\n  initContainers: [{image: {R}/a/b:1.2.3@{D}}]\n  containers:\n  - image: {R}/a/b:latest@{D} # why\n---\n\
         apiVersion: v1\nkind: ConfigMap\ndata: {image: {R}/a/b:1.2.3}\n",
    );
    world.all_become(
        "chart/values.yaml",
        "image:\n  repository: {R}/a/b\n  tag: \"1.2.3\"\n  pullPolicy: Always\n",
        "image:\n  repository: {R}/a/b\n  tag: \"1.2.3@{D}\"\n  pullPolicy: Always\n",
    );
    world.all_become(
        "chart/values.yaml",
        "image:\n  registry: {R}\n  repository: a/b\n  tag: 1.2.3\n  digest: ''\n",
        "image:\n  registry: {R}\n  repository: a/b\n  tag: 1.2.3\n  digest: '{D}'\n",
    );
    world.all_become(
        "chart/values.yaml",
        "sidecar:\n  image: {R}/a/b:1.2.3\n",
        "sidecar:\n  image: {R}/a/b:1.2.3@{D}\n",
    );
}

#[test]
fn our_own_files() {
    let world = World::new();
    world.all_become(
        "fullsend.yaml",
        "version: 1\nimage: {R}/a/b:1.2.3\nagents:\n  x: {image: '{R}/a/b:1.2.3'} # why\n",
        "version: 1\nimage: {R}/a/b:1.2.3@{D}\nagents:\n  x: {image: '{R}/a/b:1.2.3@{D}'} # why\n",
    );
    world.all_become(
        "fleet.yaml",
        "version: 1\nforge: {kind: github, owner: acme}\naction: o/r@v1\nimage: {R}/a/b:1.2.3\nselect: {include: ['*']}\nrings:\n  stable: {}\n",
        "version: 1\nforge: {kind: github, owner: acme}\naction: o/r@{C} # v1.1.0\nimage: {R}/a/b:1.2.3@{D}\nselect: {include: ['*']}\nrings:\n  stable: {}\n",
    );
}

/// What looks like a reference, and is none.
#[test]
fn what_is_no_reference_is_not_found() {
    let world = World::new();
    let files: BTreeMap<_, _> = [
        ("README.md", "uses: o/r@v1\nimage: {R}/a/b:1.2.3\n"),
        ("notes.yml", "uses: o/r@v1\nimage: {R}/a/b:1.2.3\n"),
        (".github/dependabot.yml", "updates: [{uses: o/r@v1}]\n"),
        ("compose.txt", "image: {R}/a/b:1.2.3\n"),
        ("docs/.gitlab-ci.md", "image: {R}/a/b:1.2.3\n"),
    ]
    .into();
    for (name, text) in &files {
        world.scene.write(name, world.filled(text));
    }
    let (code, rows) = world.scene.rows(&[]);
    assert_eq!((code, rows.len()), (0, 0), "{rows:#?}");
    for (name, text) in &files {
        assert_eq!(world.scene.text(name), world.filled(text));
    }
}
