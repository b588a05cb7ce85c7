//! Enrolment and its undoing, by before and after.

mod lock;
mod properties;
mod renovate;

use std::{collections::BTreeMap, path::Path};

use bytes::Bytes;

use self::renovate::RENOVATE;
use super::*;
use crate::{
    config::{Visibility, parse_fleet},
    fleet::testing,
    forge::{Entry as TreeEntry, EntryMode, blob_id},
    model::files::NoFiles,
    validate,
};

const WORKFLOW: &str = ".github/workflows/fullsend-triage.yml";
const PIPELINE: &str = ".gitlab-ci.yml";
const COMMIT: &str = "0123456701234567012345670123456701234567";

/// A repository's files.
type Files = BTreeMap<String, String>;

/// A fleet, and one repository of it.
struct Scene {
    fleet: Fleet,
    files: Files,
    seen: Seen,
    via: Via,
    presets: String,
    record: Option<Record>,
    actions: Actions,
}

fn files(files: &[(&str, &str)]) -> Files {
    let files = files.iter();
    files
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

impl Scene {
    fn github(of: &[(&str, &str)]) -> Self {
        let fleet = testing::fleet("rings: {canary: {repositories: [other]}, stable: {}}");
        Self {
            presets: place(&fleet.forge, "acme/fleet"),
            fleet,
            files: files(of),
            seen: testing::seen("api"),
            via: Via::Renovate,
            record: None,
            actions: Actions::new(),
        }
    }

    fn gitlab(of: &[(&str, &str)]) -> Self {
        let text = format!(
            "version: 1\nforge: {{kind: gitlab, group: acme, url: 'https://git.example', \
             component_source: platform/fullsend}}\naction: fullsend-ai/sandbox@{COMMIT} # v1.4.0\n\
             image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:{}\nrings: {{stable: {{}}}}\n",
            "ab".repeat(32)
        );
        let fleet = parse_fleet(text.as_bytes(), "fleet.yaml").unwrap();
        Self {
            presets: place(&fleet.forge, "acme/fleet"),
            fleet,
            ..Self::github(of)
        }
    }

    fn look(&self) -> (Seen, Texts) {
        let mut seen = self.seen.clone();
        for (path, text) in &self.files {
            let entry = TreeEntry {
                id: blob_id(text.as_bytes()),
                mode: EntryMode::File,
                size: Some(text.len() as u64),
            };
            seen.files.entry(path.clone()).or_insert(entry);
        }
        let needed = needs(&self.fleet.forge, &seen).into_iter();
        let texts = needed.filter_map(|path| {
            let text = self.files.get(&path)?;
            Some((path, Bytes::from(text.clone())))
        });
        let texts = texts.collect();
        (seen, texts)
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            fleet: &self.fleet,
            ring: self.fleet.rings.last().unwrap(),
            presets: &self.presets,
            via: self.via,
            today: "2026-01-01".parse().unwrap(),
            actions: &self.actions,
        }
    }

    fn plan(&self) -> Result<Enrolment, Obstacle> {
        let (seen, texts) = self.look();
        plan(&self.wanted(), &seen, &texts, self.record.as_ref())
    }

    /// Has it enrolled, as if its request were merged.
    #[track_caller]
    fn enrol(&mut self) -> Enrolment {
        let enrolment = self.plan().unwrap();
        self.apply(&enrolment.changes);
        let text = enrolment.record.text();
        self.record = Some(Record::read(text.as_bytes()).unwrap());
        enrolment
    }

    #[track_caller]
    fn unenrol(&mut self) -> Vec<(String, String)> {
        let (seen, texts) = self.look();
        let record = self.record.as_ref();
        let leaving = Leaving {
            fleet: &self.fleet,
            presets: &self.presets,
            today: "2026-01-01".parse().unwrap(),
        };
        let removal = unenrol(leaving, record, &seen, &texts).unwrap();
        self.apply(&removal.changes);
        removal.kept
    }

    fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            match &change.content {
                Some(bytes) => {
                    let text = String::from_utf8(bytes.clone()).unwrap();
                    self.files.insert(change.path.clone(), text);
                }
                None => {
                    self.files.remove(&change.path).unwrap();
                }
            }
        }
    }

    #[track_caller]
    fn refused(&self) -> &'static str {
        self.plan().unwrap_err().name()
    }
}

/// Enrols, enrols again, and leaves: the second time nothing is to be done, and in the end all is
/// as it was.
#[track_caller]
fn assert_round(mut scene: Scene) -> Files {
    let before = scene.files.clone();
    scene.enrol();
    let enrolled = scene.files.clone();
    let again = scene.enrol();
    assert_eq!(again.changes, [], "{enrolled:#?}");
    let with = scene.record.clone();
    assert_eq!(scene.unenrol(), []);
    assert_eq!(scene.files, before);
    scene.files.clone_from(&enrolled);
    scene.record = None;
    let forgotten = scene.plan().unwrap();
    assert_eq!(forgotten.changes, []);
    assert!(with.is_some());
    enrolled
}

#[test]
fn a_first_enrolment_writes_what_our_own_rules_pass() {
    for (scene, paths) in [
        (Scene::github(&[]), vec![WORKFLOW, CONFIG, "renovate.json"]),
        (Scene::gitlab(&[]), vec![PIPELINE, CONFIG, "renovate.json"]),
    ] {
        let mut enrolled = assert_round(scene);
        let found: Vec<&String> = enrolled.keys().collect();
        let mut paths = paths;
        paths.sort_unstable();
        assert_eq!(found, paths);
        for (path, text) in &mut enrolled {
            let checked = validate::check(Path::new(path), text.as_bytes(), None, &NoFiles);
            assert!(checked.kind.is_some(), "{path}");
            let problems: Vec<_> = checked
                .problems
                .iter()
                .map(|it| &it.finding.message)
                .collect();
            assert!(problems.is_empty(), "{path}: {problems:#?}\n{text}");
        }
    }
}

#[test]
fn the_release_of_the_ring_is_what_a_repository_begins_with() {
    let enrolled = assert_round(Scene::github(&[]));
    let image = format!(
        "ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:{}",
        "ab".repeat(32)
    );
    assert!(enrolled[CONFIG].contains(&format!("\nimage: {image}\n")));
    let action = format!("uses: fullsend-ai/sandbox@{COMMIT} # v1.4.0\n");
    assert!(
        enrolled[WORKFLOW].contains(&action),
        "{}",
        enrolled[WORKFLOW]
    );
    let enrolled = assert_round(Scene::gitlab(&[]));
    assert_eq!(
        enrolled[PIPELINE],
        format!(
            "include:\n  - component: $CI_SERVER_FQDN/platform/fullsend/exec@1.4.0\n    inputs:\n      \
             agent: triage\n      image: {image}\n"
        )
    );
}

#[test]
fn what_robots_move_is_no_change() {
    let mut scene = Scene::gitlab(&[(PIPELINE, "include: a.yml\n")]);
    let before = scene.files.clone();
    scene.enrol();
    for text in scene.files.values_mut() {
        *text = text.replace("1.4.2@sha256:ab", "1.5.0@sha256:cd");
        *text = text.replace("exec@1.4.0", "exec@1.5.0");
    }
    assert_eq!(scene.plan().unwrap().changes, []);
    assert_eq!(scene.unenrol(), []);
    assert_eq!(scene.files, before);
    let mut scene = Scene::github(&[]);
    scene.enrol();
    let text = scene.files.get_mut(WORKFLOW).unwrap();
    *text = text.replace(
        &format!("{COMMIT} # v1.4.0"),
        &format!("{} # v1.5.0", "c".repeat(40)),
    );
    assert_eq!(scene.plan().unwrap().changes, []);
    assert_eq!(scene.unenrol(), []);
    assert_eq!(scene.files, Files::new());
}

const DEPENDABOT: &[&str] = &[
    "version: 2\nupdates:\n  - package-ecosystem: github-actions\n    directory: /\n    schedule:\n      interval: weekly\n",
    "version: 2\nupdates:\n- package-ecosystem: \"npm\"\n  directory: \"/\"\n- package-ecosystem: \"github-actions\"\n  directory: \"/\"\n  ignore:\n  # why\n  - dependency-name: \"actions/*\"\n    update-types: [\"version-update:semver-major\"]\n  labels: [a]\n# end\n",
    "version: 2\r\nupdates:\r\n  - {package-ecosystem: github-actions, directory: /}\r\n  - {package-ecosystem: github-actions, directory: /x, ignore: []}",
];

#[test]
fn dependabot_leaves_our_action_alone() {
    for text in DEPENDABOT {
        let enrolled = assert_round(Scene::github(&[(".github/dependabot.yml", text)]));
        let after = &enrolled[".github/dependabot.yml"];
        let count = text.matches("github-actions").count();
        assert_eq!(
            after
                .matches("dependency-name: fullsend-ai/sandbox")
                .count(),
            count,
            "{after}"
        );
    }
    for unconcerned in [
        "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n",
        "version: 2\nupdates:\n  - package-ecosystem: github-actions\n    target-branch: old\n",
        "version: 2\nupdates:\n  - package-ecosystem: github-actions\n    ignore: [{dependency-name: 'fullsend-ai/*'}]\n",
        "version: 2\n",
        "",
    ] {
        let enrolled = assert_round(Scene::github(&[(".github/dependabot.yaml", unconcerned)]));
        assert_eq!(enrolled[".github/dependabot.yaml"], unconcerned);
    }
    let shared = "x: &x\n  package-ecosystem: github-actions\n  ignore: &i [{dependency-name: a}]\nupdates:\n  - *x\n";
    let scene = Scene::github(&[(".github/dependabot.yml", shared)]);
    assert_eq!(scene.refused(), "not-ring-controlled");
}

const PIPELINES: &[&str] = &[
    "include:\n  - local: a.yml\n\nstages: [build, test]\n\njob:\n  script:\n    - make\n",
    "include: a.yml # b\njob: {script: make}\n",
    "include:\n  local: a.yml\n  rules:\n    - if: $CI\njob:\n  script: make\n",
    "include: [a.yml, {project: x/y, file: z.yml}]",
    "stages:\r\n- test\r\n\r\njob:\r\n  script: make\r\n",
    "# A pipeline.\n",
    "",
    "include: {remote: 'https://x.example/a.yml'}\n",
];

#[test]
fn a_pipeline_includes_the_component() {
    for text in PIPELINES {
        let enrolled = assert_round(Scene::gitlab(&[(PIPELINE, text)]));
        let name = "component: $CI_SERVER_FQDN/platform/fullsend/exec@1.4.0";
        assert_eq!(enrolled[PIPELINE].matches(name).count(), 1);
    }
    let stages = "stages: [build, deploy]\njob:\n  stage: build\n  script: make\n";
    let mut scene = Scene::gitlab(&[(PIPELINE, stages)]);
    let notes = scene.enrol().notes;
    assert!(notes[0].contains("has no stage `test`"), "{notes:?}");
    assert!(scene.files[PIPELINE].ends_with("      stage: build\n"));
    for refused in [
        "a: 1\n---\nb: 2\n",
        "include: [",
        "x: &x [a]\ninclude: *x\n",
        "- a\n",
    ] {
        assert_eq!(
            Scene::gitlab(&[(PIPELINE, refused)]).refused(),
            "unreadable"
        );
    }
}

#[test]
fn what_people_changed_stays_and_is_named() {
    let mut scene = Scene::gitlab(&[]);
    scene.enrol();
    let pipeline = scene.files.get_mut(PIPELINE).unwrap();
    *pipeline = format!("{pipeline}job:\n  script: make\n");
    let config = scene.files.get_mut(CONFIG).unwrap();
    config.push_str("# mine\n");
    let kept = scene.unenrol();
    assert_eq!(kept, [(CONFIG.to_owned(), "somebody edited it".to_owned())]);
    assert_eq!(scene.files[PIPELINE], "job:\n  script: make\n");
    assert_eq!(scene.files.len(), 2);

    let mut scene = Scene::gitlab(&[(PIPELINE, PIPELINES[0])]);
    scene.enrol();
    let pipeline = scene.files.get_mut(PIPELINE).unwrap();
    *pipeline = pipeline.replace("agent: triage", "agent: review");
    let edited = pipeline.clone();
    let kept = scene.unenrol();
    assert_eq!(kept[0].0, PIPELINE);
    assert_eq!(scene.files[PIPELINE], edited);

    let mut scene = Scene::github(&[]);
    scene.enrol();
    let workflow = scene.files.get_mut(WORKFLOW).unwrap();
    *workflow = workflow.replace("ubuntu-24.04", "self-made");
    assert_eq!(scene.refused(), "edited");
    let kept = scene.unenrol();
    assert_eq!(
        kept,
        [(WORKFLOW.to_owned(), "somebody edited it".to_owned())]
    );
    assert_eq!(scene.files.len(), 1);
}

/// Anybody who may push to the configuration repository may write a record.
#[test]
fn a_record_that_tells_too_much_takes_nothing_of_others() {
    let package =
        "{\n  \"name\": \"api\",\n  \"renovate\": {\"extends\": [\"github>acme/security\"]}\n}\n";
    let config = "version: 1\nimage: ghcr.io/acme/own:1\n";
    let pipeline = "include:\n  - local: deploy.yml\n";
    let theirs = [(CONFIG, config), ("package.json", package)];
    for (mut scene, theirs) in [
        (Scene::github(&theirs), &theirs[..]),
        (
            Scene::gitlab(&[(PIPELINE, pipeline)]),
            &[(PIPELINE, pipeline)][..],
        ),
    ] {
        let before = scene.files.clone();
        let hashes = theirs.iter();
        let hashes = hashes.map(|(path, text)| ((*path).to_owned(), record::hash(path, text)));
        scene.record = Some(Record {
            schema_version: 1,
            repository: scene.seen.repository.id.clone(),
            files: hashes.collect(),
            entries: vec![Entry {
                file: "package.json".to_owned(),
                what: "extends".to_owned(),
                value: "github>acme/security".into(),
                made: crate::document::insert::Made::Key,
            }],
        });
        scene.unenrol();
        assert_eq!(scene.files, before);
    }
}

#[test]
fn what_is_ours_is_known_without_a_record() {
    let mut scene = Scene::github(&[RENOVATE[1], (".github/dependabot.yml", DEPENDABOT[0])]);
    let before = scene.files.clone();
    scene.enrol();
    scene.record = None;
    let kept = scene.unenrol();
    assert_eq!(kept[0].0, CONFIG);
    let stays = "    'github>fullsend-ai/fullsend//renovate/default',\n";
    let renovate = scene.files[RENOVATE[1].0].replace(stays, "");
    assert_eq!(renovate, RENOVATE[1].1);
    assert_eq!(
        scene.files[".github/dependabot.yml"],
        before[".github/dependabot.yml"]
    );
    assert!(!scene.files.contains_key(WORKFLOW));
}

#[test]
fn an_existing_configuration_decides_which_agents_run() {
    let text =
        "version: 1\nimage: other.example/a:1.0.0\nagents:\n  review: {}\n  fix: {}\n  mine: {}\n";
    let mut scene = Scene::github(&[(CONFIG, text)]);
    let notes = scene.enrol().notes;
    assert!(
        notes[0].contains("other.example/a, which the fleet does not move"),
        "{notes:?}"
    );
    assert!(notes[1].contains("for the agent `mine`"), "{notes:?}");
    let made: Vec<&str> = scene.files.keys().map(String::as_str).collect();
    let workflows = [
        ".github/workflows/fullsend-fix.yml",
        ".github/workflows/fullsend-review.yml",
    ];
    assert_eq!(made, [workflows[0], workflows[1], CONFIG, "renovate.json"]);
    assert_eq!(scene.files[CONFIG], text);
    let kept = scene.unenrol();
    assert_eq!(kept[0].0, CONFIG);
}

#[test]
fn every_repository_that_cannot_be_enrolled_has_a_name_for_it() {
    let with = |change: fn(&mut Seen)| {
        let mut scene = Scene::github(&[]);
        change(&mut scene.seen);
        scene.refused()
    };
    let set = |path: &str, mode: EntryMode, size: u64| {
        let mut scene = Scene::github(&[]);
        let entry = TreeEntry {
            id: "0".repeat(40),
            mode,
            size: Some(size),
        };
        scene.seen.files.insert(path.to_owned(), entry);
        scene.refused()
    };
    assert_eq!(with(|it| it.repository.is_archived = true), "archived");
    assert_eq!(with(|it| it.repository.is_disabled = true), "disabled");
    assert_eq!(with(|it| it.repository.is_fork = true), "fork");
    assert_eq!(with(|it| it.repository.is_mirror = true), "mirror");
    assert_eq!(with(|it| it.head = None), "empty");
    assert_eq!(with(|it| it.repository.may_push = false), "no-push");
    assert_eq!(
        with(|it| it.repository.takes_requests = false),
        "no-requests"
    );
    assert_eq!(set(WORKFLOW, EntryMode::Link, 3), "symlink");
    assert_eq!(set(CONFIG, EntryMode::Other, 3), "folder");
    assert_eq!(
        set("renovate.json", EntryMode::File, 100 << 20),
        "too-large"
    );
    assert_eq!(set("renovate.json", EntryMode::File, 3), "unreadable");
    for (path, text, name) in [
        (WORKFLOW, "on: push\njobs: {}\n", "foreign"),
        (CONFIG, "version: 2\n", "unreadable"),
        ("renovate.json", "{\"extends\": [", "unreadable"),
        (
            "renovate.json",
            "{\"extends\": {}, \"extends\": []}",
            "not-ring-controlled",
        ),
        (
            ".github/workflows/actions.lock",
            "version: v9\n",
            "needs-lock",
        ),
        (
            ".github/workflows/actions.lock",
            "version: v0.0.2\n",
            "needs-lock",
        ),
        (".github/workflows/actions.lock", "a: [", "needs-lock"),
    ] {
        assert_eq!(
            Scene::github(&[(path, text)]).refused(),
            name,
            "{path} {text}"
        );
    }
    let error = Scene::github(&[("renovate.json", "{\n  \"a\": ?\n}")])
        .plan()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("renovate.json: line 2: not valid JSON"),
        "{error}"
    );
}

#[test]
fn names_of_strangers_are_names() {
    let mut scene = Scene::github(&[]);
    scene.seen.repository.name = "a\n$(id)'\"`/..//é".to_owned();
    scene.seen.repository.full_name = format!("acme/{}", scene.seen.repository.name);
    scene.seen.repository.visibility = Visibility::Public;
    let enrolled = assert_round(scene);
    for text in enrolled.values() {
        assert!(!text.contains("$(id)"), "{text}");
    }
    assert_eq!(
        Record::path("team/a\n$(id)/../b c"),
        "enrolled/team/a%0A%24%28id%29/%2E%2E/b%20c.json"
    );
}

#[test]
fn a_record_of_another_time_is_refused() {
    let record = Scene::github(&[]).plan().unwrap().record;
    let newer = record
        .text()
        .replace("\"schema_version\": 1", "\"schema_version\": 2");
    let error = Record::read(newer.as_bytes()).unwrap_err();
    assert!(
        error.to_string().contains("a newer version knows"),
        "{error}"
    );
    Record::read(b"{}").unwrap_err();
    // One of another repository of the same name says nothing.
    let mut scene = Scene::github(&[]);
    scene.enrol();
    scene.seen.repository.id = "R_other".to_owned();
    let kept = scene.unenrol();
    assert_eq!(kept[0].0, CONFIG);
}
