//! What runs say about a release.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    config::Gates,
    fleet::testing::commit,
    forge::{Ended, Run, SandboxEnd},
};

/// How a run ended, in a word; a capital letter is one of the release.
fn runs(text: &str) -> Vec<Run> {
    let words = text.split(' ').filter(|it| !it.is_empty()).enumerate();
    let run = |(index, word): (usize, &str)| {
        let (ended, sandbox) = match word.to_lowercase().as_str() {
            "ok" => (Ended::Passed, None),
            "failed" | "else" => (Ended::Failed, None),
            "agent" => (Ended::Failed, Some(SandboxEnd::Agent)),
            "died" => (Ended::Failed, Some(SandboxEnd::Sandbox)),
            "hidden" => (Ended::Passed, Some(SandboxEnd::Sandbox)),
            "unstarted" => (Ended::NotStarted, None),
            "cancelled" => (Ended::Cancelled, Some(SandboxEnd::Sandbox)),
            other => panic!("{other}"),
        };
        let is_new = word.starts_with(char::is_uppercase);
        let late = is_new || word == "else";
        let minutes = i64::try_from(index).unwrap() + 1;
        let away = SignedDuration::from_mins(if late { minutes } else { -minutes });
        Run {
            url: format!("https://x.y/{index}"),
            commit: Some(commit(match (is_new, word) {
                (true, _) => '5',
                (false, "else") => '6',
                (false, _) => '4',
            })),
            branch: None,
            at: now() + away,
            ended,
            sandbox,
        }
    };
    words.map(run).collect()
}

fn says(gates: &Gates, samples: &[&str]) -> Verdict {
    let commits = [commit('5').short().to_owned()];
    let all: Vec<Vec<Run>> = samples.iter().map(|text| runs(text)).collect();
    let samples = all.iter().map(|runs| Sample {
        commits: commits.iter().map(String::as_str).collect(),
        started_at: now(),
        runs,
    });
    gate(gates, &samples.collect::<Vec<_>>())
}

fn gates(runs: u32, repositories: u32) -> Gates {
    Gates {
        runs,
        repositories,
        ..Gates::default()
    }
}

#[test]
fn only_enough_good_runs_pass() {
    let good = "ok ok Ok Ok Ok Ok";
    for (samples, wanted) in [
        (
            vec![],
            "0 of the 4 runs that are needed have ended, in 0 of 1 repositories",
        ),
        (
            vec!["ok ok", ""],
            "0 of the 4 runs that are needed have ended, in 0 of 2 repositories",
        ),
        (
            vec!["Ok Ok Ok"],
            "3 of the 4 runs that are needed have ended, in 1 of 1",
        ),
        // As many repositories as the gate wants are there, but one ran nothing.
        (
            vec![good, ""],
            "4 of the 4 runs that are needed have ended, in 1 of 2 repositories",
        ),
        // As many as there are, if that is fewer.
        (vec![good], "pass"),
        (vec!["Ok Ok", "Ok Ok"], "pass"),
        (vec!["Ok Agent", "Agent Agent"], "pass"),
        (vec!["Ok Ok Cancelled", "Ok Ok Cancelled"], "pass"),
        (vec!["Ok Ok Ok Cancelled"], "3 of the 4"),
        (
            vec!["Ok Ok else else"],
            "; 2 more ran commits that are not known to have the release",
        ),
    ] {
        let said = match says(&gates(4, 2), &samples) {
            Verdict::Pass { .. } => "pass".to_owned(),
            Verdict::Stop { reason, .. } => format!("stop: {reason}"),
            Verdict::Inconclusive { reason, .. } => reason,
        };
        assert!(said.contains(wanted), "{samples:?}: {said}");
    }
}

#[test]
fn bad_runs_stop_it() {
    for (samples, wanted) in [
        (
            vec!["Unstarted"],
            "a run could not even start, see https://x.y/0",
        ),
        (vec!["unstarted Ok Ok Ok Ok"], ""),
        (vec!["Ok Ok Ok Ok Unstarted"], "a run could not even start"),
        // One of ten may be chance.
        (vec!["Died"], ""),
        // Two of ten are more than ten points, whatever the others do.
        (
            vec!["Died Died"],
            "2 of 2 runs failed (100 %), and of 0 before 0 (0 %); 10 points more are allowed",
        ),
        (vec!["Hidden Failed"], "2 of 2 runs failed"),
        (vec!["Failed Agent Agent"], ""),
        // They failed as often before.
        (vec!["failed ok ok ok ok Died Died Ok"], ""),
        // Elsewhere they did, which excuses nothing.
        (
            vec!["failed failed failed", "Died Died"],
            "2 of 2 runs failed",
        ),
        // What ran other commits does not count.
        (vec!["else else else else else"], ""),
    ] {
        let said = match says(&gates(10, 3), &samples) {
            Verdict::Stop { reason, .. } => reason,
            _ => String::new(),
        };
        assert_eq!(said.is_empty(), wanted.is_empty(), "{samples:?}: {said}");
        assert!(said.contains(wanted), "{samples:?}: {said}");
    }
}

fn some_runs() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "ok",
        "failed",
        "died",
        "agent",
        "cancelled",
        "Ok",
        "Ok",
        "Ok",
        "Failed",
        "Died",
        "Agent",
        "Cancelled",
        "else",
    ]);
    let runs = prop::collection::vec(word, 0..30).prop_map(|words| words.join(" "));
    prop::collection::vec(runs, 0..5)
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Stop { .. } => 0,
        Verdict::Inconclusive { .. } => 1,
        Verdict::Pass { .. } => 2,
    }
}

proptest! {
    /// More failures never turn a stop into anything else, and a pass needs what it needs.
    #[test]
    fn worse_is_never_better(samples in some_runs(), pick in 0_usize..5, needed in 1_u32..8) {
        let of = |samples: &[String]| {
            let samples: Vec<&str> = samples.iter().map(String::as_str).collect();
            says(&gates(needed, 2), &samples)
        };
        let before = of(&samples);
        let mut with_another = samples.clone();
        if let Some(text) = with_another.get_mut(pick) {
            // Where it ran already, a failure more.
            if text.contains("Ok") || text.contains("Died") {
                text.push_str(" Died");
            }
        }
        let after = of(&with_another);
        prop_assert!(rank(&before) != 0 || rank(&after) == 0, "{before:?} {after:?}");
        let mut turned = samples.clone();
        if let Some(text) = turned.get_mut(pick) {
            *text = text.replacen("Ok", "Failed", 1);
        }
        let turned = of(&turned);
        prop_assert!(rank(&turned) <= rank(&before), "{before:?} {turned:?}");
        let evidence = before.evidence();
        if rank(&before) == 2 {
            prop_assert!(evidence.runs >= u64::from(needed));
            prop_assert!(evidence.failed <= evidence.runs);
        }
    }
}
