//! What other programs rely on: every verb takes the group's flags, prints one document, and its rows
//! say how a repository stands.

use super::*;

const HOLD: &str = "--reason slow --until 2099-01-31";

/// An organisation whose one service is enrolled.
fn enrolled() -> Stage {
    let stage = Stage::new(0);
    stage.add("service-0000", &[("README.md", "hello\n")]);
    stage.document("enroll");
    stage.server.act("merge").unwrap();
    stage
}

#[test]
fn every_verb_takes_the_flags_of_the_group_and_prints_one_document() {
    let stage = enrolled();
    let before = stage.server.counts().writing;
    for verb in ["enroll", "status", "unenroll"] {
        for more in ["--dry-run", "--check-access"] {
            let words = format!("{verb} --via direct --only acme/service-0000 {more}");
            let (document, code) = stage.document(&words);
            assert_eq!(code, 0, "{words}: {document:#}");
            let rows = document["repositories"].as_array().unwrap();
            assert_eq!(rows.len(), 1, "{words}: {document:#}");
            for key in ["action", "image", "digest", "state"] {
                assert!(rows[0][key].is_string(), "{words}: {key}: {document:#}");
            }
        }
    }
    assert_eq!(stage.server.counts().writing, before);
    let output = stage.run("status --check-access");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "octocat may see 1 repositories\n");
}

#[test]
fn the_row_of_an_open_request_says_how_the_repository_stands() {
    let stage = enrolled();
    let (document, code) =
        stage.document(&format!("hold acme/service-0000 --version 1.4.1 {HOLD}"));
    assert_eq!(code, 0, "{document:#}");
    assert_eq!(states(&document)["service-0000"], "current open");
    let row = &document["repositories"][0];
    assert!(
        row["action"].as_str().unwrap().ends_with("# v1.4.0"),
        "{row:#}"
    );
    assert!(
        row["image"].as_str().unwrap().ends_with(":1.4.2"),
        "{row:#}"
    );
    assert!(row["digest"].is_string(), "{row:#}");
    let (document, _) = stage.document("unenroll");
    assert_eq!(states(&document)["service-0000"], "current open");
}

#[test]
fn a_request_says_what_it_asks_for_now() {
    let stage = enrolled();
    let titles = || {
        stage.server.with(|store| {
            let requests = store.named("service-0000").unwrap().requests.values();
            let requests = requests.filter(|it| it.state == RequestState::Open);
            let titles = requests.map(|it| it.title.clone());
            titles.collect::<Vec<_>>()
        })
    };
    for version in ["1.4.1", "1.4.0"] {
        stage.document(&format!("hold service-0000 --version {version} {HOLD}"));
        assert_eq!(titles(), [format!("ci: stay on {version}")]);
    }
}

#[test]
fn a_repository_whose_enrolment_cannot_be_closed_has_not_left() {
    const BRANCH: &str = "fullsend/enroll";
    let stage = Stage::new(0);
    stage.add("service-0000", &[("README.md", "hello\n")]);
    stage.document("enroll");
    stage.server.with(|store| {
        let theirs = store.named("service-0000").unwrap();
        let (id, head) = (theirs.id, theirs.branch(BRANCH).unwrap());
        let (by, edit) = (Actor::user("grace"), Edit::file("fullsend.yaml", "mine\n"));
        let at = Expected::At(head);
        store.commit(id, &by, BRANCH, at, &[edit], "mine").unwrap();
    });
    let record = || stage.file("fleet", "fullsend/state", "enrolled/service-0000.json");
    assert!(record().is_some());
    let (document, code) = stage.document("unenroll");
    assert_eq!(code, 1, "{document:#}");
    assert_eq!(states(&document)["service-0000"], "blocked -");
    assert!(record().is_some(), "what is needed to leave stays");
}

#[test]
fn names_are_taken_with_the_owner_and_refused_where_nobody_has_them() {
    let stage = enrolled();
    let hold = format!("hold NAME --version 1.4.2 {HOLD}");
    for words in [
        "enroll --only NAME",
        "status --only NAME",
        "unenroll --only NAME",
        &hold,
        "release NAME",
    ] {
        let dry = |name: &str| stage.run(&format!("{} --dry-run", words.replace("NAME", name)));
        for name in ["service-0000", "ACME/service-0000"] {
            let output = dry(name);
            assert_eq!(output.status.code(), Some(0), "{words}: {output:?}");
        }
        let output = dry("acme/typo");
        assert_eq!(output.status.code(), Some(2), "{words}: {output:?}");
    }
}
