//! The presets of a ring in the files that Renovate reads.

use super::*;

pub(super) const RENOVATE: &[(&str, &str)] = &[
    (
        "renovate.json",
        "{\n  \"$schema\": \"https://docs.renovatebot.com/renovate-schema.json\",\n  \"extends\": [\n    \"config:recommended\"\n  ]\n}\n",
    ),
    (
        ".github/renovate.json5",
        "// Ours.\n{\n  extends: [\n    'config:recommended', // all\n    ':semanticCommits',\n  ],\n  packageRules: [],\n}\n",
    ),
    (
        ".renovaterc",
        "{\"extends\":[\"config:base\"],\"labels\":[\"deps\"]}",
    ),
    (
        ".renovaterc.json",
        "{\r\n\t\"extends\": \"local>acme/renovate-config\"\r\n}\r\n",
    ),
    (
        ".gitlab/renovate.json",
        "{\n    \"timezone\": \"Europe/Berlin\"\n}",
    ),
    (
        "package.json",
        "{\n  \"name\": \"x\",\n  \"renovate\": {\n    \"extends\": [\"config:recommended\"]\n  },\n  \"version\": \"1.0.0\"\n}\n",
    ),
    ("package.json", "{\"renovate\": {\"automerge\": true}}\n"),
    ("renovate.json", "{}\n"),
    ("renovate.json5", "{\n  // only comments\n}\n"),
];

#[test]
fn the_presets_go_into_the_file_that_renovate_takes() {
    for (path, text) in RENOVATE {
        let enrolled = assert_round(Scene::github(&[(path, text)]));
        assert_eq!(enrolled.len(), 3, "{enrolled:#?}");
        let text = &enrolled[*path];
        for preset in [
            "github>fullsend-ai/fullsend//renovate/default",
            "github>acme/fleet//renovate/ring-stable",
            "github>acme/fleet//renovate/deny",
        ] {
            assert_eq!(text.matches(preset).count(), 1, "{text}");
        }
    }
    let mut scene = Scene::github(&[RENOVATE[0], RENOVATE[1]]);
    assert_eq!(scene.enrol().changes.len(), 3);
    assert_eq!(scene.files[RENOVATE[1].0], RENOVATE[1].1);
    // Without the key, a package.json is nothing to Renovate.
    let mut scene = Scene::github(&[("package.json", "{\"name\": \"x\"}")]);
    scene.enrol();
    assert!(scene.files.contains_key("renovate.json"));
}

#[test]
fn a_file_of_json5_keeps_its_hand() {
    let enrolled = assert_round(Scene::github(&[RENOVATE[1]]));
    let after = "// Ours.\n{\n  extends: [\n    'config:recommended', // all\n    ':semanticCommits',\n    \
                 'github>fullsend-ai/fullsend//renovate/default',\n    \
                 'github>acme/fleet//renovate/ring-stable',\n    \
                 'github>acme/fleet//renovate/deny',\n  ],\n  packageRules: [],\n}\n";
    assert_eq!(enrolled[RENOVATE[1].0], after);
}

#[test]
fn a_repository_changes_its_ring() {
    let other = "{\"extends\": [\"a\", \"github>acme/fleet//renovate/ring-canary\", \"b\"]}";
    let mut scene = Scene::github(&[("renovate.json", other)]);
    let enrolment = scene.enrol();
    let text = &scene.files["renovate.json"];
    assert!(
        text.starts_with(
            "{\"extends\": [\"a\", \"github>acme/fleet//renovate/ring-stable\", \"b\", "
        )
    );
    assert!(
        enrolment.notes[0].contains("takes the place of github>acme/fleet//renovate/ring-canary")
    );
    // And one that was made for it.
    let mut scene = Scene::github(&[]);
    scene.enrol();
    let ring = scene.fleet.rings.remove(0);
    scene.fleet.rings.push(ring);
    let enrolment = scene.enrol();
    assert_eq!(enrolment.changes.len(), 1);
    assert!(scene.files["renovate.json"].contains("renovate/ring-canary\""));
    assert_eq!(scene.plan().unwrap().changes, []);
    assert_eq!(scene.unenrol(), []);
    assert_eq!(scene.files, Files::new());
}

#[test]
fn a_configuration_of_ours_that_somebody_had_stays_theirs() {
    // As `fullsend generate renovate` makes it.
    let own = crate::generate::Kind::named("renovate").unwrap();
    let config = crate::config::parse(b"version: 1", "a").unwrap();
    let given = crate::generate::Given {
        settings: &[],
        today: "2026-01-01".parse().unwrap(),
    };
    let made =
        crate::generate::regenerate(own, &config, given, &NoFiles, crate::generate::Pins::Kept);
    let text = made.unwrap().files.remove(0).text;
    let mut scene = Scene::github(&[("renovate.json", &text)]);
    scene.enrol();
    assert!(scene.files["renovate.json"].contains("--set ring=stable"));
    assert_eq!(scene.enrol().changes, []);
    assert_eq!(scene.unenrol(), []);
    assert_eq!(scene.files, files(&[("renovate.json", &text)]));
}

#[test]
fn rules_that_go_before_the_ring_are_told() {
    let text = r#"{
        "extends": ["config:recommended"], "ignoreDeps": ["fullsend-ai/sandbox"],
        "packageRules": [
            {"matchPackageNames": ["ghcr.io/fullsend-ai/**"], "allowedVersions": "<2"},
            {"matchManagers": ["npm"], "allowedVersions": "<3"},
            {"matchUpdateTypes": ["major"], "enabled": false},
            {"matchDepNames": ["fullsend-ai/sandbox"], "enabled": false}
        ]
    }"#;
    let notes = Scene::github(&[("renovate.json", text)])
        .plan()
        .unwrap()
        .notes;
    assert_eq!(notes.len(), 3, "{notes:#?}");
    assert!(notes[0].contains("`allowedVersions` `<2` for ghcr.io/fullsend-ai/agent-sandbox"));
    assert!(notes[1].contains("switches fullsend-ai/sandbox off"));
    assert!(notes[2].contains("`ignoreDeps` names fullsend-ai/sandbox"));
}

#[test]
fn without_renovate_no_configuration_is_made() {
    let mut scene = Scene::github(&[]);
    scene.via = Via::Direct;
    scene.enrol();
    assert!(!scene.files.contains_key("renovate.json"));
    // One that is there still follows its ring.
    let mut scene = Scene::github(&[("renovate.json", "{}")]);
    scene.via = Via::Direct;
    scene.enrol();
    assert!(scene.files["renovate.json"].contains("ring-stable"));
}
