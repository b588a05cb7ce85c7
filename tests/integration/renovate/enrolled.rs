//! What an enrolment writes, before the real Renovate: it follows the ring from there on.

use std::collections::BTreeMap;

use bytes::Bytes;
use fullsend::{
    config::Visibility,
    fleet::{
        Texts,
        enrol::{self, Via, Wanted},
    },
    forge::{BranchRules, Entry, EntryMode, MergeMethods, Repository, Seen, blob_id},
};
use serde_json::json;

use super::{
    rings::{fleet, world},
    world::{Dependency, World, digest, the},
};

const PIPELINE: &str = ".gitlab-ci.yml";
const OTHER: &str = "Dockerfile";
const IMAGE: &str = "acme/agent-sandbox";

/// A repository with an image of its own, for which there is a newer version.
fn repository(world: &World, more: &[(&'static str, String)]) -> BTreeMap<&'static str, String> {
    world.images("acme/other", &["1.0.0", "1.1.0"]);
    let other = format!("FROM {}/acme/other:1.0.0\n", world.host());
    let pipeline = "# Ours.\ninclude: other.yml\n".to_owned();
    let own = [(OTHER, other), (PIPELINE, pipeline)];
    own.into_iter().chain(more.iter().cloned()).collect()
}

fn seen(files: &BTreeMap<&'static str, String>) -> (Seen, Texts) {
    let entry = |(path, text): (&&str, &String)| {
        let entry = Entry {
            id: blob_id(text.as_bytes()),
            mode: EntryMode::File,
            size: None,
        };
        ((*path).to_owned(), entry)
    };
    let repository = Repository {
        id: "1".to_owned(),
        name: "api".to_owned(),
        full_name: "acme/api".to_owned(),
        default_branch: Some("main".to_owned()),
        is_archived: false,
        is_disabled: false,
        is_fork: false,
        is_mirror: false,
        topics: Vec::new(),
        visibility: Visibility::Private,
        may_push: true,
        takes_requests: true,
        methods: MergeMethods::default(),
        rules: BranchRules::default(),
    };
    let seen = Seen {
        repository,
        head: "1".repeat(40).parse().ok(),
        files: files.iter().map(entry).collect(),
        branch: None,
        request: None,
        open: Vec::new(),
    };
    let texts = files.iter();
    let texts = texts.map(|(path, text)| ((*path).to_owned(), Bytes::from(text.clone())));
    (seen, texts.collect())
}

/// Has `files` enrolled in the ring that follows the release to reach.
fn enrolled(world: &World, files: &BTreeMap<&'static str, String>) -> Vec<(String, String)> {
    let fleet = fleet(world);
    let (seen, texts) = seen(files);
    let wanted = Wanted {
        fleet: &fleet,
        ring: fleet.rings.last().unwrap(),
        presets: &format!("{}/renovate", world.url()),
        via: Via::Renovate,
        today: "2026-01-01".parse().unwrap(),
        actions: &BTreeMap::new(),
    };
    let enrolment = enrol::plan(&wanted, &seen, &texts, None).unwrap();
    let old = files.iter();
    let mut all: BTreeMap<String, String> = old
        .map(|(path, text)| ((*path).to_owned(), text.clone()))
        .collect();
    for change in enrolment.changes {
        let text = String::from_utf8(change.content.unwrap()).unwrap();
        all.insert(change.path, text);
    }
    all.into_iter().collect()
}

/// What Renovate finds once the enrolled repository has fallen behind.
fn look_up(world: &World, files: &[(String, String)]) -> Vec<Dependency> {
    let (new, old) = (digest(IMAGE, "1.4.2"), digest(IMAGE, "1.1.0"));
    let aged = files.iter().map(|(path, text)| {
        let text = text.replace(&format!("1.4.2@{new}"), &format!("1.1.0@{old}"));
        (path.as_str(), text.replace("/exec@1.4.0", "/exec@1.1.0"))
    });
    let aged: Vec<(&str, String)> = aged.collect();
    world.look_up_as_is(&aged).found
}

/// Everything of ours is offered what the ring allows, though there is more.
#[track_caller]
fn assert_follows_ring(found: &[Dependency]) {
    for (file, new) in [("fullsend.yaml", "1.4.2"), (PIPELINE, "1.4.0")] {
        let of_file = found.iter().filter(|it| it.file == file);
        let ours: Vec<_> = of_file.filter(|it| it.value == "1.1.0").collect();
        assert!(!ours.is_empty(), "{file}: {found:#?}");
        let updates = ours.iter().flat_map(|it| &it.updates);
        for update in updates {
            let is_image = update.value == "1.4.2" && update.digest == digest(IMAGE, "1.4.2");
            assert!(is_image || update.value == "1.4.0", "{update:#?}");
        }
        let offered = |it: &&Dependency| it.updates.iter().any(|it| it.value == new);
        assert!(ours.iter().any(offered), "{file}: {ours:#?}");
    }
}

/// The rules by which all git hosts are this one, and our default preset.
fn served() -> World {
    let world = world();
    let here = json!({ "packageRules": world.here() });
    world.serve("/here.json", &here.to_string());
    world.serve_shipped_at("/renovate");
    world
}

#[test]
fn renovate_follows_the_ring_from_somebodys_own_file() {
    let world = served();
    let url = world.url();
    let own = format!(
        "// Ours.\n{{\n  extends: [\n    '{url}/here.json', // hosts\n    \
         '{url}/renovate/default.json',\n  ],\n  \
         enabledManagers: ['dockerfile', 'custom.regex', 'gitlabci', 'gitlabci-include'],\n}}\n"
    );
    let files = repository(&world, &[(".github/renovate.json5", own)]);
    let files = enrolled(&world, &files);
    assert!(files.iter().all(|(path, _)| path != "renovate.json"));
    let found = look_up(&world, &files);
    assert_follows_ring(&found);
    // What is the team's moves as before.
    assert_eq!(the(&found, OTHER, "1.0.0").updates.len(), 1, "{found:#?}");
}

#[test]
fn renovate_comes_to_a_repository_for_our_packages_alone() {
    let world = served();
    let files = repository(&world, &[]);
    let mut files = enrolled(&world, &files);
    let (_, text) = files
        .iter_mut()
        .find(|(path, _)| path == "renovate.json")
        .unwrap();
    let ours = "\"github>fullsend-ai/fullsend//renovate/default\"";
    assert!(text.contains(ours), "{text}");
    let here = format!(
        "\"{0}/here.json\", \"{0}/renovate/default.json\"",
        world.url()
    );
    *text = text.replace(ours, &here);
    let found = look_up(&world, &files);
    assert_follows_ring(&found);
    let others: Vec<_> = found.iter().filter(|it| it.file == OTHER).collect();
    assert!(others.iter().all(|it| it.updates.is_empty()), "{others:#?}");
}
