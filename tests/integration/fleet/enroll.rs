//! `enroll` and `unenroll`, their reruns, and what people do in between.

use super::*;

const README: &[(&str, &str)] = &[("README.md", "hello\n")];
const BRANCH: &str = "fullsend/enroll";

#[test]
fn a_repository_is_asked_once_and_leaves_as_it_came() {
    let stage = Stage::new(0);
    let renovate = "{\n  // ours\n  \"extends\": [\"config:recommended\"],\n}\n";
    stage.add(
        "service-0000",
        &[("README.md", "hello\n"), ("renovate.json5", renovate)],
    );
    stage.add("api", README);
    let before = stage.left();
    let (document, code) = stage.document("enroll");
    assert_eq!(code, 0, "{document}");
    assert_eq!(states(&document)["api"], "missing open");
    let writes = stage.server.counts().writing;
    assert_eq!(writes, 4, "one each, a state branch and a commit on it");
    let edited = stage
        .file("service-0000", BRANCH, "renovate.json5")
        .unwrap();
    assert!(
        edited.contains("renovate/ring-canary") && edited.contains("// ours"),
        "{edited}"
    );
    let workflow = ".github/workflows/fullsend-triage.yml";
    let workflow = stage.file("api", BRANCH, workflow).unwrap();
    assert!(workflow.contains("# v1.4.0"), "{workflow}");

    let (_, code) = stage.document("enroll");
    assert_eq!(
        (code, stage.server.counts().writing),
        (0, writes),
        "a rerun writes nothing"
    );

    stage.server.act("merge").unwrap();
    let (document, code) = stage.document("enroll");
    assert_eq!((states(&document)["api"].as_str(), code), ("current -", 0));
    let (document, code) = stage.document("status");
    assert_eq!(states(&document)["api"], "current -", "{document}");
    assert_eq!(code, 0);

    let (document, code) = stage.document("unenroll");
    assert_eq!(code, 0, "{document}");
    stage.server.act("merge").unwrap();
    stage.document("unenroll");
    let main = |left: &BTreeMap<String, String>, name: &str| {
        let (_, branches) = left[name].split_once('{').unwrap();
        branches.to_owned()
    };
    let after = stage.left();
    for name in ["api", "service-0000"] {
        assert_eq!(main(&after, name), main(&before, name), "{name}");
    }
}

#[test]
fn a_plan_is_shown_and_nothing_is_written() {
    let stage = Stage::new(20);
    let before = stage.left();
    let output = stage.run("enroll --dry-run");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("+++ b/acme/"), "{text}");
    assert_eq!(stage.left(), before);
    assert_eq!(stage.server.counts().writing, 0);
    stage.document("enroll");
    stage.server.act("merge").unwrap();
    let output = stage.run("unenroll --dry-run");
    let text = String::from_utf8(output.stderr).unwrap();
    let counted: Vec<&str> = text
        .lines()
        .filter(|it| it.contains("would be asked"))
        .collect();
    assert!(
        counted.len() == 1 && !counted[0].starts_with("0 "),
        "{text}"
    );
}

#[test]
fn a_plan_says_who_is_not_asked_and_why() {
    let stage = Stage::new(0);
    stage.add("api", &[("fullsend.yaml", "version: 1\n\"\\e[2J\": 1\n")]);
    let output = stage.run("enroll --dry-run");
    let text = String::from_utf8(output.stdout).unwrap();
    let line = "# acme/api is not asked: fullsend.yaml:2:1: unknown key `";
    assert!(text.starts_with(line) && !text.contains('\u{1b}'), "{text}");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a file where the program would keep a folder"
)]
fn a_journal_that_cannot_be_kept_is_no_other_fullsend() {
    let stage = Stage::new(1);
    std::fs::write(stage.home.path().join(".local"), "a file").unwrap();
    let output = stage.run("enroll");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("XDG_STATE_HOME") && !text.contains("wait for"),
        "{text}"
    );
    assert_eq!(stage.server.counts().writing, 0);
}

#[test]
fn what_is_for_the_whole_fleet_takes_no_names() {
    let stage = Stage::new(1);
    for (words, said) in [
        ("rollback --only service-0000 --reason bad", "everywhere"),
        (
            "hold api --version 1.4.2 --reason x --until 2099-01-01 --only service-0000",
            "named twice",
        ),
    ] {
        let output = stage.run(words);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(said) && text.contains("--only"), "{text}");
    }
    let output = stage.run("hold api --version 1.4.2 --until 2099-01-01 --reason=a\nb");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("write why in one line"), "{text}");
    assert!(stage.server.calls().is_empty());
}

#[test]
fn more_than_are_written_down_at_once_are_enrolled() {
    let stage = Stage::new(130);
    let (document, code) = stage.document("enroll");
    assert_eq!(code, 0, "{document:#}");
    let open = document["summary"]["missing"].as_u64().unwrap();
    assert!(open > 100, "{document:#}");
    let writes = stage.server.counts().writing;
    assert!(writes <= open + open / 10, "{writes} writes for {open}");
}

#[test]
fn what_people_did_stays() {
    let stage = Stage::new(0);
    for name in ["closed", "service-0000", "foreign"] {
        stage.add(name, README);
    }
    stage.document("enroll");
    stage.server.act("edit foreign renovate.json {}").unwrap();
    stage.server.with(|store| {
        let theirs = store.named("service-0000").unwrap();
        let (id, head) = (theirs.id, theirs.branch(BRANCH).unwrap());
        let (by, edit) = (Actor::user("grace"), Edit::file("fullsend.yaml", "mine\n"));
        let at = Expected::At(head);
        store.commit(id, &by, BRANCH, at, &[edit], "mine").unwrap();
        let closed = store.named("closed").unwrap().id;
        let request = store.repository_mut(closed).unwrap().requests.values_mut();
        request.for_each(|it| it.state = RequestState::Closed);
    });
    let (document, code) = stage.document("enroll");
    assert_eq!(code, 1, "{document}");
    assert_eq!(states(&document)["closed"], "blocked -");
    assert_eq!(states(&document)["service-0000"], "blocked open");
    let theirs = stage.file("service-0000", BRANCH, "fullsend.yaml");
    assert_eq!(theirs.as_deref(), Some("mine\n"));
    let (ours, main) = (BRANCH, "main");
    let extended = stage.file("foreign", ours, "renovate.json").unwrap();
    assert!(extended.contains("ring-stable"), "{extended}");
    let left = stage.file("foreign", main, "renovate.json");
    assert_eq!(left.as_deref(), Some("{}\n"));
    let (document, code) = stage.document("enroll --repair");
    assert_eq!(
        (states(&document)["closed"].as_str(), code),
        ("missing open", 1),
        "{document:#}"
    );
}

#[test]
fn no_token_is_told_before_anything_is_asked() {
    let stage = Stage::new(0);
    let output = stage
        .command("enroll")
        .env_remove("GITHUB_TOKEN")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("GITHUB_TOKEN"), "{text}");
    assert!(stage.server.calls().is_empty());
}

#[test]
fn a_token_never_shows() {
    let stage = Stage::new(3);
    let output = stage.run("-v -v enroll");
    for stream in [output.stdout, output.stderr] {
        assert!(!String::from_utf8_lossy(&stream).contains(TOKEN));
    }
    assert!(stage.server.urls_with(TOKEN).is_empty());
    let journals = walk(stage.home.path());
    assert!(!journals.is_empty());
    for bytes in journals {
        assert!(!String::from_utf8_lossy(&bytes).contains(TOKEN));
    }
}

/// The contents of every file below `folder`.
fn walk(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let found = fullsend::seam::walk::walk(folder, |_| true);
    let files = found.files.iter();
    files
        .map(|path| fullsend::seam::files::read(&folder.join(path), 1 << 20).unwrap())
        .collect()
}
