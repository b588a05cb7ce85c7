//! What people do to a rollout that is under way, and clocks that are wrong.

use fullsend_testkit::forge::{Call, Clock, Mishap, Oid, Store, When};

use super::{
    chain::{End, journeyed, start},
    journey::{Journey, NEW},
    left::{assert_asked_once, assert_same, main_alone},
    *,
};

const REPOSITORIES: usize = 15;
const OTHER_TOKEN: &str = "ghp_hunter3";

/// The end of one start that nobody kills.
fn ended(journey: &Journey) -> (i32, String) {
    match start(journey) {
        End::Itself(code, text) => (code, text),
        End::Killed => panic!("nobody was to kill it"),
    }
}

#[test]
fn a_token_that_is_revoked_in_the_middle_loses_nothing() {
    for journey in [Journey::enroll, Journey::upgrade, Journey::rollback] {
        let (wanted, _) = journeyed(&journey(REPOSITORIES), start);
        let mut journey = journey(REPOSITORIES);
        let server = &journey.stage.server;
        server.meanwhile(When::Write(4), |store| store.revoke(TOKEN));
        let before = server.calls().len();
        let (code, text) = ended(&journey);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("no longer, accepted"), "{text}");
        let calls = server.calls().split_off(before);
        let refused = calls.iter().filter(|it| it.status == Some(401));
        // What is under way when the first refusal comes in is refused, too.
        let refused = refused.count();
        assert!((1..=8).contains(&refused), "{refused}: {text}");
        let again = |store: &mut Store| {
            store.grant(OTHER_TOKEN, Actor::user("octocat"), Told::Scopes);
        };
        server.with(again);
        journey.token = OTHER_TOKEN;
        let (left, told) = journeyed(&journey, start);
        assert_same(&left, &wanted, &format!("{} {told:?}", journey.words));
    }
}

#[test]
fn what_a_person_commits_to_our_branch_stays_and_is_named() {
    let journey = Journey::upgrade(REPOSITORIES);
    let server = &journey.stage.server;
    let opens = |call: &Call| call.line().contains("createPullRequest");
    server.stop(When::Where(Box::new(opens)), true);
    assert_eq!(start(&journey), End::Killed);
    server.behave();
    let (name, branch, theirs) = server.with(commit_to_ours);
    let (code, text) = ended(&journey);
    assert_eq!(code, 1, "{text}");
    journey.rest();
    let (document, _) = journey.stage.document(&journey.words);
    let rows = document["repositories"].as_array().unwrap().iter();
    let row = rows.clone().find(|row| row["name"] == *name).unwrap();
    assert_eq!(row["state"], "blocked", "{row}");
    assert!(row["reason"].as_str().unwrap().contains("grace"), "{row}");
    journey.rest();
    let (left, _) = journeyed(&journey, start);
    assert!(left.values().any(|it| it.contains(NEW)), "the others moved");
    let head = server.with(|store| store.named(&name).unwrap().branch(&branch));
    assert_eq!(head, Some(theirs), "nobody wrote on top of it");
}

/// A person commits to the one open branch of an upgrade.
fn commit_to_ours(store: &mut Store) -> (String, String, Oid) {
    let asked = |it: &Repository| {
        let mut open = it.requests.values().filter(|it| it.is_open());
        let ours = open.find(|it| it.branch.starts_with("fullsend/upgrade"))?;
        Some((it.id, it.name.clone(), ours.branch.clone(), ours.head))
    };
    let (id, name, branch, head) = store.repositories().find_map(asked).unwrap();
    let (by, edit) = (Actor::user("grace"), Edit::file("fullsend.yaml", "mine\n"));
    let made = store.commit(id, &by, &branch, Expected::At(head), &[edit], "mine");
    (name, branch, made.unwrap())
}

#[test]
fn a_protected_configuration_repository_is_asked_and_that_is_said() {
    let (wanted, _) = journeyed(&Journey::rollback(REPOSITORIES), start);
    let journey = Journey::rollback(REPOSITORIES);
    let server = &journey.stage.server;
    server.with(|store| {
        let id = store.named("fleet").unwrap().id;
        store.repository_mut(id).unwrap().rules.protected = true;
    });
    for _ in 0..3 {
        let (code, text) = ended(&journey);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("has to be merged"), "{text}");
    }
    assert_asked_once(&journey.stage);
    let denied = || {
        let list = journey.stage.file("fleet", "main", "deny.json");
        list.is_some_and(|it| it.contains(NEW))
    };
    assert!(!denied(), "protection is not passed by");
    server.act("merge").unwrap();
    let (left, _) = journeyed(&journey, start);
    assert_same(&main_alone(left), &main_alone(wanted), "rollback");
    assert!(denied());
}

#[test]
fn a_clock_that_is_wrong_changes_no_verdict() {
    const TEN_MINUTES: i64 = 600;
    for journey in [Journey::upgrade_at, Journey::auto_rollback_at] {
        let (wanted, right) = journeyed(&journey(REPOSITORIES, Clock::real()), start);
        for ahead in [TEN_MINUTES, -TEN_MINUTES] {
            let clock = Clock::wrong_by(ahead);
            let wrong = journey(REPOSITORIES, clock.clone());
            // By the forge's clock it is a matter of seconds, by ours of minutes or of none.
            let reset = (clock.seconds() + 2).to_string();
            let limit = Mishap::status(403)
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", &reset);
            wrong.stage.server.fault(When::Write(2), limit);
            let (left, told) = journeyed(&wrong, start);
            assert_same(&left, &wanted, &format!("{} {ahead} s", wrong.words));
            assert_eq!(told.starts, right.starts, "{} {ahead} s", wrong.words);
        }
    }
}

#[test]
fn two_operators_at_once_ask_once() {
    let (wanted, _) = journeyed(&Journey::enroll(REPOSITORIES), start);
    let journey = Journey::enroll(REPOSITORIES);
    together(&journey);
    assert_asked_once(&journey.stage);
    assert_same(&journey.left(), &wanted, "enroll");
}

/// One may merge what the other is about to ask for, whose request then brings nothing more.
#[test]
fn two_operators_at_once_come_to_the_same_end() {
    let (wanted, _) = journeyed(&Journey::upgrade(REPOSITORIES), start);
    let journey = Journey::upgrade(REPOSITORIES);
    together(&journey);
    assert_same(&main_alone(journey.left()), &main_alone(wanted), "upgrade");
    journey.stage.server.with(|store| {
        for request in store.repositories().flat_map(|it| it.requests.values()) {
            assert!(!request.is_open(), "{request:?}");
        }
    });
}

/// Two operators go the journey at once.
fn together(journey: &Journey) {
    let other = TempDir::new().unwrap();
    let same = |store: &mut Store| {
        store.grant(OTHER_TOKEN, Actor::user("octocat"), Told::Scopes);
    };
    journey.stage.server.with(same);
    let mut rounds = 0;
    while !both_are_through(journey, &other) {
        rounds += 1;
        assert!(rounds < 20, "{} is never through", journey.words);
        journey.rest();
    }
}

/// Two start at once, each on a machine of its own.
fn both_are_through(journey: &Journey, other: &TempDir) -> bool {
    let one = journey.command().spawn().unwrap();
    let mut two = journey.command();
    let two = two
        .env("HOME", other.path())
        .env("GITHUB_TOKEN", OTHER_TOKEN);
    let two = two.spawn().unwrap();
    let ends = [one, two].map(|it| it.wait_with_output().unwrap());
    let through = ends.iter().filter(|end| {
        let (code, text) = (end.status.code(), String::from_utf8_lossy(&end.stderr));
        assert!(matches!(code, Some(0 | 1)), "{code:?}: {text}");
        journey.is_through(code.unwrap(), &text)
    });
    through.count() == 2
}
