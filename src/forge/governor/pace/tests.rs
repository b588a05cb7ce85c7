//! The pace against a forge that counts at any moment between sending and answer.

use proptest::prelude::*;

use super::*;
use crate::forge::Cost;

const START: Moment = Moment(1_800_000_000_000);
const WRITE: Call = Call {
    api: Api::GraphQl,
    cost: Cost::WRITE,
    writes: true,
};
const READ: Call = Call {
    api: Api::Rest,
    cost: Cost::READ,
    writes: false,
};

const FINE: Told = Told {
    verdict: Verdict::Allowed,
    budget: None,
};

fn told(verdict: Verdict) -> Told {
    Told {
        verdict,
        budget: None,
    }
}

/// Makes `call` as soon as it may be, answered after `latency`; when it was sent, and answered.
fn make(pace: &mut Pace, now: Moment, call: &Call, latency: u64, told: Told) -> (Moment, Moment) {
    let sent = pace.when(now, call);
    assert_eq!(pace.when(sent, call), sent, "it waits for nothing new");
    pace.begin(sent, call);
    let answered = sent.plus(latency);
    pace.note(answered, sent, call, told, 0.0);
    (sent, answered)
}

fn seconds(pace: &Pace, now: Moment, call: &Call) -> u64 {
    pace.when(now, call).since(now).as_secs()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However slow the answers and wherever between sending and answer the forge counts, no
    /// minute and no hour has more than it allows; and no time is given away.
    #[test]
    fn no_window_is_ever_too_full(
        latencies in prop::collection::vec((0..3_000_u64, 0..=100_u64), 700..900),
    ) {
        let mut pace = Pace::new(Limits::GITHUB);
        let (mut now, mut counted) = (START, Vec::new());
        for (latency, where_counted) in latencies {
            let (sent, answered) = make(&mut pace, now, &WRITE, latency, FINE);
            counted.push(sent.0 + latency * where_counted / 100);
            now = answered;
        }
        for (most, length) in [(80, 60_000), (500, 3_600_000)] {
            for pair in counted.windows(most + 1) {
                prop_assert!(pair[most] - pair[0] > length, "{most} and one more");
            }
        }
        let latest = counted[counted.len() - 1] - START.0;
        prop_assert!(latest < 2 * 3_600_000, "{latest}");
    }

    /// Whatever a file holds, nothing panics, and nobody waits for longer than the longest limit.
    #[test]
    fn any_state_is_resumed(
        entries in prop::collection::vec((any::<u64>(), any::<u32>()), 0..600),
        moments in any::<[u64; 4]>(),
        numbers in any::<[u32; 3]>(),
        windows in 0..6_usize,
    ) {
        let entries: Vec<_> = entries.iter().map(|(at, count)| (Moment(*at), *count)).collect();
        let window: Window = serde_json::from_value(serde_json::json!(entries)).unwrap();
        let mut pace = Pace::new(Limits::GITHUB);
        pace.resume(
            State {
                windows: vec![window; windows],
                last_write: Moment(moments[0]),
                closed_until: Moment(moments[1]),
                refusals: numbers[0],
                share: numbers[1],
                halved: Moment(moments[2]),
                budgets: [None, Some(Budget { left: numbers[2], resets: Moment(moments[3]) })],
            },
            START,
        );
        for call in [WRITE, READ] {
            let at = pace.when(START, &call);
            prop_assert!(at.since(START).as_millis() <= u128::from(LONGEST_MS) + 10_000);
        }
        for call in [WRITE, READ] {
            let at = pace.when(START, &call);
            pace.begin(at, &call);
            pace.note(at, at, &call, told(Verdict::TooFast(None)), 1.0);
            pace.when(at, &call);
        }
    }
}

#[test]
fn reads_wait_for_no_write() {
    let mut pace = Pace::new(Limits::GITHUB);
    pace.begin(START, &WRITE);
    assert_eq!(pace.when(START, &WRITE), START.plus(1_000));
    assert_eq!(pace.when(START, &READ), START);
    for _ in 0..900 {
        assert_eq!(pace.when(START, &READ), START);
        pace.begin(START, &READ);
    }
    assert_eq!(seconds(&pace, START, &READ), 61, "900 points a minute");
}

#[test]
fn a_call_counts_from_its_answer_on() {
    let mut pace = Pace::new(Limits::GITHUB);
    let mut now = START;
    for _ in 0..80 {
        now = make(&mut pace, now, &WRITE, 0, FINE).1;
    }
    let last = START.plus(79_000);
    assert_eq!(now, last);
    let mut slow = Pace::new(Limits::GITHUB);
    // The first answer takes a minute: the window begins with its end.
    let (_, mut now) = make(&mut slow, START, &WRITE, 60_000, FINE);
    for _ in 0..499 {
        now = make(&mut slow, now, &WRITE, 0, FINE).1;
    }
    let next = slow.when(now, &WRITE);
    assert_eq!(next, START.plus(60_000 + 3_601_000));
}

#[test]
fn a_refusal_halves_the_pace_and_successes_mend_it() {
    let mut pace = Pace::new(Limits::GITHUB);
    let refused = told(Verdict::TooFast(Some(30_000)));
    let (_, now) = make(&mut pace, START, &WRITE, 100, refused);
    assert_eq!(seconds(&pace, now, &WRITE), 30);
    assert_eq!(
        seconds(&pace, now, &READ),
        30,
        "the identity is refused, not the write"
    );
    let now = make(&mut pace, now, &WRITE, 0, FINE).1;
    // 502 thousandths of the pace.
    assert_eq!(pace.when(now, &WRITE).since(now).as_millis(), 1_992);
    let mut now = now;
    for _ in 0..249 {
        now = make(&mut pace, now, &WRITE, 0, FINE).1;
    }
    assert_eq!(pace.when(now, &WRITE).since(now).as_millis(), 1_000);
}

#[test]
fn refusals_of_one_burst_count_once() {
    let mut pace = Pace::new(Limits::GITHUB);
    for _ in 0..8 {
        pace.begin(START, &READ);
    }
    for late in 0..8 {
        let now = START.plus(10 + late);
        pace.note(now, START, &READ, told(Verdict::TooFast(None)), 0.0);
    }
    assert_eq!(pace.state.share, WHOLE / 2);
    assert_eq!(seconds(&pace, START.plus(20), &READ), 59);
}

#[test]
fn waits_that_nobody_names_double_up_to_a_bound() {
    let mut pace = Pace::new(Limits::GITLAB);
    let mut now = START;
    let mut waits = Vec::new();
    for _ in 0..9 {
        let refused = told(Verdict::TooFast(None));
        now = make(&mut pace, now, &READ, 0, refused).1;
        waits.push(seconds(&pace, now, &READ));
    }
    assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3660, 3660, 3660]);
    assert_eq!(pace.state.share, LEAST);
    make(&mut pace, now, &READ, 0, FINE);
    assert_eq!(pace.state.refusals, 0);
}

#[test]
fn chance_adds_to_a_wait_and_never_takes() {
    for (wait, chance, expected) in [
        (0, 0.0, 1_000),
        (60_000, 0.5, 63_000),
        (60_000, 1.0, 66_000),
        (3_600_000, 1.0, 3_610_000),
        (u64::MAX, 1.0, 3_670_000),
    ] {
        assert_eq!(with_chance(wait, chance), expected);
    }
}

#[test]
fn a_budget_is_spent_to_its_reserve_and_comes_back() {
    let resets = START.plus(600_000);
    let left = |left| Told {
        verdict: Verdict::Allowed,
        budget: Some(Budget { left, resets }),
    };
    let question = Call {
        api: Api::GraphQl,
        ..READ
    };
    let mut pace = Pace::new(Limits::GITHUB);
    let mut now = make(&mut pace, START, &question, 0, left(53)).1;
    // An answer that was overtaken tells nothing.
    now = make(&mut pace, now, &question, 0, left(60)).1;
    now = make(&mut pace, now, &question, 0, FINE).1;
    assert_eq!(seconds(&pace, now, &question), 0);
    now = make(&mut pace, now, &question, 0, FINE).1;
    assert_eq!(seconds(&pace, now, &question), 600);
    assert_eq!(
        seconds(&pace, now, &READ),
        0,
        "REST has a budget of its own"
    );

    let (sent, now) = make(&mut pace, now, &question, 0, FINE);
    assert_eq!(sent, resets);
    let full = Budget {
        left: 5_000,
        resets: resets.plus(3_600_000),
    };
    let fresh = Told {
        verdict: Verdict::Allowed,
        budget: Some(full),
    };
    pace.note(now, sent, &question, fresh, 0.0);
    assert_eq!(seconds(&pace, now, &question), 0);
}

#[test]
fn a_spent_budget_says_nothing_about_the_pace() {
    let mut pace = Pace::new(Limits::GITLAB);
    let spent = told(Verdict::Spent(20_000));
    let now = make(&mut pace, START, &READ, 0, spent).1;
    assert_eq!(pace.state.share, WHOLE);
    let question = Call {
        api: Api::GraphQl,
        ..READ
    };
    assert_eq!(seconds(&pace, now, &question), 20, "GitLab has one budget");
}

#[test]
fn a_clock_that_was_set_back_makes_nobody_wait_for_long() {
    let mut pace = Pace::new(Limits::GITHUB);
    let mut now = START;
    for _ in 0..500 {
        now = make(&mut pace, now, &WRITE, 0, FINE).1;
    }
    let kept = pace.state().clone();
    let long_ago = Moment(START.0 - 86_400_000 * 365);
    let mut later = Pace::new(Limits::GITHUB);
    later.resume(kept.clone(), long_ago);
    assert_eq!(
        seconds(&later, long_ago, &WRITE),
        3_601,
        "as if all were made just now"
    );

    let text = serde_json::to_vec(&kept).unwrap();
    assert!(text.len() < 100_000, "{}", text.len());
    let read: State = serde_json::from_slice(&text).unwrap();
    assert_eq!(read, kept);
    later.resume(read, now);
    assert_eq!(later.when(now, &WRITE), pace.when(now, &WRITE));
}
