//! Runs that are all decision: every race in any order, and no time that really passes.

use fullsend_init::{Ending, KilledBy, WaitStatus};
use proptest::prelude::*;

use super::*;

const GRACE: Duration = Duration::from_secs(5);
const OVERDUE: Duration = Duration::from_secs(60 + 5 + 10);
const KILL: Act = Act::Order(Order::Kill);
const TERMINATE: Act = Act::Order(Order::Terminate {
    signal: 15,
    grace: GRACE,
});
const INTERRUPTED: Option<OurKill> = Some(OurKill::Interrupted(15));
const TERM: Event = Event::Interrupted(15);
const CONNECTED: Event = Event::Heard(Some(Heard::Connected(None)));
const STARTED: Event = Event::Heard(Some(Heard::Started));
const ENDED: Event = Event::ContainerEnded(Ok(()));
const DRAINED: Event = Event::OutputEnded(Ok(()));

fn record() -> Event {
    Event::Heard(Some(Heard::Record(Box::new(Record {
        nonce: None,
        ending: Ending::Waited(WaitStatus(0)),
        killed_by: KilledBy::Nobody,
        agent_oom: Some(false),
        wall: Duration::ZERO,
        cpu_user: None,
        cpu_system: None,
        memory_peak_bytes: None,
        oom_kills: Some(0),
        pids_limit_hits: None,
    }))))
}

fn lost() -> Event {
    Event::Heard(Some(Heard::Lost("cut off".to_owned())))
}

/// A watch and the clock that it does not have.
struct Run {
    watch: Watch,
    now: Instant,
}

impl Run {
    fn new(talks: bool) -> Self {
        let now = Instant::now();
        let watch = Watch::new(Duration::from_mins(1), GRACE, talks, now);
        Self { watch, now }
    }

    /// A run whose init has connected.
    fn connected() -> Self {
        let mut run = Self::new(true);
        assert_eq!(run.on(CONNECTED), [Act::PassInput]);
        run
    }

    fn on(&mut self, event: Event) -> Vec<Act> {
        self.watch.on(event, self.now)
    }

    /// Lets events happen that nothing is to be done about.
    fn quietly(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            let text = format!("{event:?}");
            assert_eq!(self.on(event), [], "{text}");
        }
    }

    /// Lets nothing happen for so long that the alarm rings, and says how long that was.
    fn wait(&mut self) -> (Duration, Vec<Act>) {
        let passed = self.watch.alarm() - self.now;
        self.now += passed;
        (passed, self.on(Event::Alarm))
    }

    /// Ends what is over, unasked by the runtime.
    fn finish(self) -> Ended {
        assert!(self.watch.is_over(), "{:?}", self.watch);
        self.watch.finish(Ok(None))
    }
}

#[test]
fn the_three_ends_come_in_any_order_and_are_all_waited_for() {
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut run = Run::connected();
        run.quietly([STARTED]);
        for end in order {
            assert!(!run.watch.is_over(), "{order:?}");
            run.quietly([[record(), ENDED, DRAINED].into_iter().nth(end).unwrap()]);
        }
        assert!(!run.watch.lacks_runtimes_word());
        let started = run.now;
        let ended = run.finish();
        assert!(ended.record.is_ok() && !ended.line_failed);
        assert_eq!(ended.agent_started, Some(started));
        assert_eq!((ended.our_kill, ended.error), (None, None));
    }
}

#[test]
fn only_the_first_process_is_believed() {
    for (first, believed) in [(Some(7), true), (None, true), (Some(8), false)] {
        let mut run = Run::new(true);
        let acts = run.on(Event::Heard(Some(Heard::Connected(Some(7)))));
        assert_eq!(acts, [Act::PassInput, Act::FindFirstProcess]);
        run.quietly([record(), ENDED, DRAINED]);
        assert!(!run.watch.is_over());
        run.quietly([Event::FirstProcess(first)]);
        assert_eq!(run.finish().record.is_ok(), believed, "{first:?}");
    }
}

#[test]
fn an_init_that_never_connects_is_no_end_of_ours() {
    let mut run = Run::new(true);
    assert_eq!(run.wait(), (HELLO_PATIENCE, vec![Act::Remove]));
    assert_eq!(run.wait(), (LAST_WORDS, vec![Act::Remove]));
    run.quietly([ENDED]);
    assert_eq!(run.wait(), (LAST_WORDS, vec![Act::HangUp]));
    let ended = run.finish();
    let reason = "the sandbox's init ended without a record";
    assert_eq!(ended.record.unwrap_err(), reason);
    assert!(ended.line_failed);
    assert_eq!(ended.our_kill, None);
}

#[test]
fn a_signal_before_init_connects_removes_and_still_orders_the_kill() {
    let mut run = Run::new(true);
    assert_eq!(run.on(TERM), [Act::Remove]);
    assert_eq!(run.on(CONNECTED), [Act::PassInput, KILL]);
    run.quietly([STARTED]);
    assert_eq!(run.wait(), (LAST_WORDS, vec![Act::Kill]));
    run.quietly([record(), ENDED]);
    let ended = run.finish();
    assert!(ended.record.is_ok());
    assert_eq!(ended.our_kill, INTERRUPTED);
}

#[test]
fn a_signal_leaves_the_grace_and_a_second_one_does_not() {
    let mut run = Run::connected();
    assert_eq!(run.on(TERM), [TERMINATE]);
    // The agent may have started just before: that is no reason to wait longer.
    run.quietly([STARTED]);
    assert_eq!(run.wait(), (GRACE + LAST_WORDS, vec![Act::Kill]));

    let mut run = Run::connected();
    assert_eq!(run.on(TERM), [TERMINATE]);
    assert_eq!(run.on(Event::Interrupted(2)), [KILL]);
    run.now += LAST_WORDS / 2;
    assert_eq!(run.on(Event::Interrupted(2)), [KILL]);
    assert_eq!(run.wait(), (LAST_WORDS / 2, vec![Act::Kill]));
    assert_eq!(run.on(Event::Interrupted(2)), [KILL]);
    run.quietly([record()]);
    assert_eq!(run.on(Event::Interrupted(2)), [Act::Kill]);
    run.quietly([ENDED]);
    assert_eq!(run.finish().our_kill, INTERRUPTED);
}

#[test]
fn a_record_after_the_signal_is_kept_and_the_output_waited_for() {
    let mut run = Run::connected();
    assert_eq!(run.on(TERM), [TERMINATE]);
    run.quietly([record(), ENDED]);
    assert!(run.watch.awaits_output());
    run.quietly([DRAINED]);
    let ended = run.finish();
    assert!(ended.record.is_ok());
    assert_eq!(ended.our_kill, INTERRUPTED);
}

#[test]
fn a_signal_after_the_agents_end_is_not_its_cause() {
    let mut run = Run::connected();
    run.quietly([record(), TERM, ENDED]);
    assert!(!run.watch.is_over());
    // Output that nobody may be reading is given up; that kills nothing.
    run.quietly([TERM]);
    assert_eq!(run.finish().our_kill, None);

    // Without a record there may be an agent, but nobody who could end it gently.
    let mut run = Run::connected();
    run.quietly([lost()]);
    assert_eq!(run.on(TERM), [Act::Kill]);
    run.quietly([ENDED]);
    assert_eq!(run.finish().our_kill, INTERRUPTED);
}

#[test]
fn a_slow_reader_has_all_the_time_there_is() {
    let mut run = Run::connected();
    run.quietly([record(), ENDED]);
    assert_eq!(run.wait(), (LAST_WORDS, vec![]));
    for _ in 0..1000 {
        assert_eq!(run.wait(), (OVERDUE, vec![]));
    }
    assert!(!run.watch.is_over());
}

#[test]
fn when_the_runtime_is_lost_an_init_that_still_runs_is_hung_up_on() {
    let mut run = Run::connected();
    run.quietly([STARTED, Event::ContainerEnded(Err("lost".to_owned()))]);
    assert_eq!(run.wait(), (LAST_WORDS, vec![Act::HangUp]));
    assert!(run.watch.awaits_output());
}

#[test]
fn words_that_arrive_after_the_end_leave_no_more_time_for_the_last() {
    let mut run = Run::new(true);
    run.quietly([ENDED]);
    assert_eq!(run.on(CONNECTED), [Act::PassInput]);
    run.quietly([STARTED]);
    assert_eq!(run.wait(), (LAST_WORDS, vec![Act::HangUp]));
}

#[test]
fn an_init_that_forgets_the_time_limit_is_killed() {
    let mut run = Run::connected();
    run.now += Duration::from_secs(3);
    run.quietly([STARTED]);
    assert_eq!(run.wait(), (OVERDUE, vec![Act::Kill]));
    run.quietly([lost(), ENDED]);
    let ended = run.finish();
    assert_eq!(ended.our_kill, Some(OurKill::Overdue));
    assert_eq!(ended.record.unwrap_err(), "cut off");
}

#[test]
fn an_agent_that_ended_in_time_is_not_overdue_when_its_container_will_not_end() {
    let mut run = Run::connected();
    run.quietly([record()]);
    assert_eq!(run.wait(), (OVERDUE, vec![Act::Kill]));
    run.quietly([ENDED]);
    assert_eq!(run.finish().our_kill, None);
}

#[test]
fn a_runtime_that_does_not_end_the_container_is_given_up() {
    let mut run = Run::connected();
    assert_eq!(run.wait(), (OVERDUE, vec![Act::Kill]));
    let killed = run.now;
    while run.now - killed < FORCED_PATIENCE {
        assert_eq!(run.wait(), (LAST_WORDS, vec![Act::Kill]));
    }
    assert_eq!(run.wait(), (LAST_WORDS, vec![]));
    assert!(!run.watch.awaits_container() && !run.watch.awaits_output());
    // Init may still answer.
    assert!(run.watch.awaits_init());
    assert_eq!(run.wait(), (LAST_WORDS, vec![Act::HangUp]));
    let ended = run.finish();
    let error = "the runtime does not end the container";
    assert_eq!(ended.error.as_deref(), Some(error));
    assert_eq!(ended.our_kill, Some(OurKill::Overdue));
}

#[test]
fn where_nobody_talks_signals_go_through_the_runtime() {
    let mut run = Run::new(false);
    assert_eq!(run.on(TERM), [Act::Signal(15)]);
    assert_eq!(run.wait(), (GRACE, vec![Act::Kill]));
    assert_eq!(run.on(TERM), [Act::Kill]);
    run.quietly([ENDED]);
    let ended = run.finish();
    assert_eq!(ended.our_kill, INTERRUPTED);
    let reason = "the sandbox's init left no record";
    assert_eq!(ended.record.unwrap_err(), reason);
    assert!(!ended.line_failed);

    let mut run = Run::new(false);
    assert_eq!(run.wait(), (HELLO_PATIENCE + OVERDUE, vec![Act::Kill]));
    run.quietly([ENDED]);
    assert_eq!(run.finish().our_kill, Some(OurKill::Overdue));
}

#[test]
fn the_runtimes_own_words_come_first_and_then_the_first_error() {
    let failed = |text: &str| Err::<(), _>(text.to_owned());
    let state = |error: &str| ContainerState {
        pid: None,
        running: false,
        started: true,
        exit_code: 0,
        oom_killed: true,
        error: error.to_owned(),
    };
    for (answer, error, is_seen) in [
        (Ok(Some(state("no such file"))), "no such file", true),
        (Ok(Some(state(""))), "lost", true),
        (Ok(None), "lost", false),
        (Err("gone".to_owned()), "lost", false),
    ] {
        let mut run = Run::connected();
        run.quietly([
            Event::ContainerEnded(failed("lost")),
            Event::OutputEnded(failed("torn")),
            Event::Heard(None),
        ]);
        assert!(run.watch.is_over() && run.watch.lacks_runtimes_word());
        let ended = run.watch.finish(answer);
        assert_eq!(ended.error.as_deref(), Some(error));
        assert_eq!(ended.seen.is_some_and(|seen| seen.oom_killed), is_seen);
    }
}

proptest! {
    /// Whatever came before: with no more news, alarms alone end the container and the talk.
    #[test]
    fn no_order_of_events_keeps_a_run_from_its_end(
        talks: bool,
        script in prop::collection::vec((0_u8..8, 0_u64..40), 0..20),
    ) {
        let mut run = Run::new(talks);
        for (event, seconds) in script {
            run.now += Duration::from_secs(seconds);
            let (awaits_init, awaits_container) =
                (run.watch.awaits_init(), run.watch.awaits_container());
            let event = match event {
                0 if awaits_init => CONNECTED,
                1 if awaits_init => STARTED,
                2 if awaits_init => record(),
                3 if awaits_init => lost(),
                4 if awaits_container => ENDED,
                5 => DRAINED,
                6 => TERM,
                _ => Event::Alarm,
            };
            run.on(event);
        }
        for _ in 0..30 {
            run.now = run.now.max(run.watch.alarm());
            run.on(Event::Alarm);
        }
        prop_assert!(!run.watch.awaits_container() && !run.watch.awaits_init());
        run.on(TERM);
        prop_assert!(run.watch.is_over());
    }
}
