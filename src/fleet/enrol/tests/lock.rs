//! GitHub's lock of actions: what our workflows bring into it, and what leaves with them.

use super::*;
use crate::forge::Numbers;

const LOCK: &str = "\
# gh actions-lock
version: 'v0.0.2'
workflows:
    '.github/workflows/a.yml':
        - 'actions/checkout@v4'
dependencies:
    'actions/checkout@v4':
        ref: 'v4'
        commit: 'sha1-1111111111111111111111111111111111111111'
        owner_id: 44036562
        repo_id: 197814629
";

fn scene(lock: &str) -> Scene {
    Scene::github(&[(ACTIONS_LOCK, lock)])
}

fn unlocked(scene: &Scene) -> BTreeSet<String> {
    let (seen, texts) = scene.look();
    super::unlocked(&scene.wanted(), &seen, &texts)
}

fn action(reference: &str, uses: &[&str]) -> LockedAction {
    LockedAction {
        reference: reference.to_owned(),
        commit: COMMIT.parse().unwrap(),
        numbers: Numbers {
            owner: 7,
            repository: 8,
        },
        uses: uses.iter().map(|it| (*it).to_owned()).collect(),
    }
}

/// Has everything known that the workflow uses; our action uses `uses` itself.
fn know(scene: &mut Scene, uses: &[&str]) {
    for name in unlocked(scene) {
        let is_own = name.starts_with("fullsend-ai/sandbox@");
        let uses = if is_own { uses } else { &[] };
        scene.actions.insert(name, Ok(action("v1.4.0", uses)));
    }
}

#[track_caller]
fn needs(scene: &Scene, why: &str) {
    let error = scene.plan().unwrap_err();
    assert_eq!(error.name(), "needs-lock");
    let (sentence, mend) = (error.to_string(), "`fullsend generate github-workflow`");
    assert!(sentence.contains(why) && sentence.contains(mend), "{error}");
}

#[test]
fn what_our_workflow_uses_is_asked_for_and_comes_into_the_lock() {
    let mut scene = scene(LOCK);
    let asked = unlocked(&scene);
    let sandbox = format!("fullsend-ai/sandbox@{COMMIT}");
    assert!(asked.contains(&sandbox), "{asked:?}");
    assert!(
        asked.iter().any(|it| it.starts_with("actions/")),
        "{asked:?}"
    );
    needs(&scene, "was not known when this began");
    know(&mut scene, &[]);
    let lock = &assert_round(scene)[ACTIONS_LOCK];
    assert!(
        lock.starts_with(LOCK.split("dependencies").next().unwrap()),
        "{lock}"
    );
    let entry = format!(
        "    {sandbox}:\n        ref: v1.4.0\n        commit: sha1-{COMMIT}\n        owner_id: 7\n        \
         repo_id: 8\n"
    );
    assert!(lock.contains(&entry), "{lock}");
    let checked = validate::check(Path::new(ACTIONS_LOCK), lock.as_bytes(), None, &NoFiles);
    let problems: Vec<_> = checked
        .problems
        .iter()
        .map(|it| &it.finding.message)
        .collect();
    assert!(problems.is_empty(), "{problems:?}\n{lock}");
}

#[test]
fn what_an_action_uses_itself_comes_with_it_and_leaves_with_it() {
    let mut scene = scene(LOCK);
    let (cache, deep) = ("acme/cache@v1", "acme/deep@main");
    know(&mut scene, &[cache, "actions/checkout@v4"]);
    needs(&scene, "acme/cache@v1 was not known");
    scene
        .actions
        .insert(cache.to_owned(), Ok(action("v1", &[deep])));
    scene
        .actions
        .insert(deep.to_owned(), Ok(action("main", &[])));
    let lock = &assert_round(scene)[ACTIONS_LOCK];
    let uses = "        uses:\n            - acme/cache@v1\n            - actions/checkout@v4\n";
    assert!(lock.contains(uses), "{lock}");
    let listed = lock
        .lines()
        .filter(|line| line.trim() == format!("- {deep}"));
    assert_eq!(
        listed.count(),
        1,
        "an action's own is its list's alone: {lock}"
    );
    assert!(
        lock.contains("    acme/deep@main:\n        ref: main\n"),
        "{lock}"
    );
}

#[test]
fn what_nobody_can_tell_is_the_reason() {
    let mut scene = scene(LOCK);
    know(&mut scene, &[]);
    for known in scene.actions.values_mut() {
        *known = Err("github.com is closed".to_owned());
    }
    needs(&scene, ": github.com is closed");
    for lock in ["version: 'v0.0.3'\n", "a: [", ""] {
        scene.files.insert(ACTIONS_LOCK.to_owned(), lock.to_owned());
        needs(&scene, "");
    }
}

#[test]
fn what_the_lock_has_is_not_asked_for_again() {
    let mut scene = scene(LOCK);
    know(&mut scene, &[]);
    scene.enrol();
    assert_eq!(unlocked(&scene), BTreeSet::new());
    scene.files.remove(ACTIONS_LOCK);
    assert_eq!(unlocked(&scene), BTreeSet::new(), "there is no lock");
}

#[test]
fn what_others_use_stays() {
    let mut scene = scene(LOCK);
    know(&mut scene, &["acme/cache@v1"]);
    scene
        .actions
        .insert("acme/cache@v1".to_owned(), Ok(action("v1", &[])));
    scene.enrol();
    let lock = &scene.files[ACTIONS_LOCK];
    let sandbox = format!("fullsend-ai/sandbox@{COMMIT}");
    let theirs = format!("- 'actions/checkout@v4'\n        - '{sandbox}'\n");
    let lock = lock.replacen("- 'actions/checkout@v4'\n", &theirs, 1);
    scene.files.insert(ACTIONS_LOCK.to_owned(), lock);
    scene.unenrol();
    let lock = &scene.files[ACTIONS_LOCK];
    assert!(!lock.contains("fullsend-triage.yml"), "{lock}");
    for used in [&*sandbox, "acme/cache@v1"] {
        assert!(lock.contains(&format!("    {used}:\n")), "{lock}");
    }
    assert!(!lock.contains("upload-artifact"), "{lock}");
}
