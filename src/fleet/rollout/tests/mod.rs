//! What is decided about rollouts, case by case.

mod gates;
mod steps;

use jiff::Timestamp;

use super::*;
use crate::config::Release;

/// The release 1.`minor`.0.
fn release(minor: u64) -> Release {
    let digit = minor % 10;
    let action = format!(
        "a/b@{} # v1.{minor}.0",
        digit.to_string().repeat(40).replace('0', "a")
    );
    let image = format!("x.y/z:1.{minor}.0@sha256:{}", digit.to_string().repeat(64));
    Release::new(action.parse().unwrap(), image.parse().unwrap()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn rollout() -> Rollout {
    let to = release(5);
    let id = RolloutId::new(Kind::Upgrade, to.version(), now(), 1);
    let mut rollout = Rollout::begin(id, Kind::Upgrade, release(4), to, now());
    rollout.waves = vec![Wave::new("a", 100), Wave::new("b", 100)];
    rollout
}

#[test]
fn a_rollout_is_named_after_what_it_does() {
    let id = rollout().id;
    assert_eq!(id.as_str(), "upgrade-1.5.0-20261122-1");
    assert_eq!(id.branch(), "fullsend/upgrade-1.5.0-20261122-1");
    assert_eq!(id.as_str().parse(), Ok(id));
    let odd = "1.5.0-rc.1+x.2".parse().unwrap();
    let odd = RolloutId::new(Kind::Rollback, &odd, now(), 2);
    assert_eq!(odd.as_str(), "rollback-1.5.0-rc.1_x.2-20261122-2");
    assert_eq!(odd.as_str().parse(), Ok(odd));
    let long = format!("upgrade-{}", "1".repeat(100));
    for bad in [
        "",
        "x",
        "upgrade-1/2",
        "upgrade-..",
        "rollback-\n",
        "../upgrade-1",
        &long,
    ] {
        assert!(bad.parse::<RolloutId>().is_err(), "{bad:?}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let mut rollout = rollout();
    let entry = Entry {
        state: EntryState::PrOpen,
        reason: Some("a review is missing".to_owned()),
        request: Some(7),
        commits: vec!["0123456789ab".to_owned()],
        smoke: Some(Smoke::intended(now())),
        ..Entry::new("team/api")
    };
    rollout.waves[0].started_at = Some(now());
    rollout.waves[0].repositories = vec![entry];
    rollout.waves[0].gate = Some(Verdict::Inconclusive {
        reason: "nothing ran".to_owned(),
        evidence: Evidence::default(),
    });
    let written = rollout.written().unwrap();
    let path = rollout.id.path();
    assert_eq!(Rollout::read(&path, &written), Ok(rollout.clone()));
    let text = String::from_utf8(written).unwrap();
    assert!(
        text.contains("\"action\": \"a/b@5555555555555555555555555555555555555555 # v1.5.0\""),
        "{text}"
    );
    // Ten thousand repositories still fit.
    let many = (0..10_000).map(|number| Entry {
        state: EntryState::PrOpen,
        request: Some(number),
        ..Entry::new(&format!("team/repository-{number}"))
    });
    rollout.waves[0].repositories = many.collect();
    let written = rollout.written().unwrap();
    assert_eq!(Rollout::read(&path, &written), Ok(rollout));
}

#[test]
fn a_rollout_is_told_in_short() {
    let mut rollout = rollout();
    rollout.waves[0].ended_at = Some(now());
    let evidence = Evidence::default();
    let reason = "nothing ran".to_owned();
    rollout.waves[1].gate = Some(Verdict::Inconclusive { reason, evidence });
    let headline = rollout.headline();
    assert_eq!(headline.ring.as_deref(), Some("b"));
    assert_eq!((headline.through, headline.waves), (1, 2));
    assert_eq!(headline.verdict, Some(Says::Inconclusive));
    assert!(headline.is_unfinished());
    // More runs say nothing new, another verdict does.
    let mut later = rollout.clone();
    let evidence = Evidence {
        runs: 3,
        ..Evidence::default()
    };
    let reason = "little ran".to_owned();
    later.waves[1].gate = Some(Verdict::Inconclusive { reason, evidence });
    assert!(rollout != later && rollout.tells_as(&later));
    later.waves[1].gate = None;
    assert!(!rollout.tells_as(&later));
    rollout.state = State::Finished;
    assert!(!rollout.headline().is_unfinished());
}

#[test]
fn started_runs_of_others_are_learned() {
    let mut known = rollout();
    known.waves[0].repositories = vec![Entry::new("x"), Entry::new("y")];
    let (mut ours, mut theirs) = (known.clone(), known.clone());
    let at = |rollout: &mut Rollout, index: usize, seconds: i64| {
        let at = Timestamp::from_second(seconds).unwrap();
        rollout.waves[0].repositories[index].smoke = Some(Smoke::intended(at));
    };
    at(&mut ours, 0, 9);
    at(&mut ours, 1, 9);
    at(&mut theirs, 0, 5);
    ours.learn(&known, &theirs);
    let of = |rollout: &Rollout, index: usize| rollout.waves[0].repositories[index].smoke.clone();
    assert_eq!(
        of(&ours, 0),
        of(&theirs, 0),
        "who wrote it down first starts it"
    );
    assert_ne!(of(&ours, 1), None);
    // What we knew already is ours to go on with.
    let mut ours = theirs.clone();
    at(&mut ours, 0, 700);
    let mine = of(&ours, 0);
    ours.learn(&theirs, &theirs);
    assert_eq!(of(&ours, 0), mine);
}

#[test]
fn what_others_wrote_is_refused() {
    let rollout = rollout();
    let path = rollout.id.path();
    let text = String::from_utf8(rollout.written().unwrap()).unwrap();
    let with = |old: &str, new: &str| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    };
    for (bad, reason) in [
        (
            with("\"schema_version\": 1", "\"schema_version\": 2"),
            "another version",
        ),
        (with("\"schema_version\"", "\"schema\""), "unknown field"),
        (
            with("1.5.0-20261122-1", "1.5.0-20261122-2"),
            "it is the record of",
        ),
        (with("\"running\"", "\"walking\""), "unknown variant"),
        (
            with("1.5.0@sha256", "latest@sha256"),
            "the tag `latest` is not a version",
        ),
        (with(" # v1.5.0", ""), "nothing says which version"),
        (with("\"id\"", "\"by\": \"x\", \"id\""), "by"),
        (
            format!("{}{text}", " ".repeat(MAX_ROLLOUT_BYTES)),
            "it is too large",
        ),
        (text[..100].to_owned(), "ends too early"),
        ("[".repeat(200_000), ""),
    ] {
        let error = Rollout::read(&path, bad.as_bytes())
            .unwrap_err()
            .to_string();
        let start = format!("{path} of the branch fullsend/state cannot be read: ");
        assert!(
            error.starts_with(&start) && error.contains(reason),
            "{reason}: {error}"
        );
    }
}
