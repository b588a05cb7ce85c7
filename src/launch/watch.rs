//! Decides what supervising one container takes, as things happen: no waiting, no clock of its own.
//!
//! Three things come to an end in any order: the container, the conversation with its init, and
//! the output. `supervise` reports what happens and performs the acts that it is answered with.

use std::time::{Duration, Instant};

use fullsend_init::{Order, Record};

use super::{
    decide::{OurKill, Seen},
    line::Heard,
};
use crate::runtime::ContainerState;

/// How long after its own limits init may still be silent before the container is killed.
const OVERDUE_SLACK: Duration = Duration::from_secs(10);

/// How long it may take to start the container and for init to say its first word; a busy daemon
/// alone may need a minute and a half.
const HELLO_PATIENCE: Duration = Duration::from_mins(2);

/// How long what init says last may take to arrive, and a killed container to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long a killed container may take before the runtime is given up.
const FORCED_PATIENCE: Duration = Duration::from_secs(30);

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    /// Init said this; none where it will never say anything more.
    Heard(Option<Heard>),
    /// This is the container's first process, where the runtime can tell.
    FirstProcess(Option<u32>),
    /// The container is over, or the runtime was lost with these words.
    ContainerEnded(Result<(), String>),
    /// The agent's output is out, or this is why the rest never will be.
    OutputEnded(Result<(), String>),
    /// A signal came to us, or the reader of our output is gone.
    Interrupted(u8),
    /// It is as late as [`Watch::alarm`] says.
    Alarm,
}

/// What must be done now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Pass our input on: there is an init that takes it.
    PassInput,
    /// Ask the runtime which process is the container's first.
    FindFirstProcess,
    /// Tell init.
    Order(Order),
    /// End the conversation, upon which an init that is still there kills everything.
    HangUp,
    /// Send the container's first process a signal.
    Signal(u8),
    /// Kill the container from outside.
    Kill,
    /// Remove the container, whether it runs or not.
    Remove,
}

/// What is known after a container's end.
#[derive(Debug)]
pub(super) struct Ended {
    /// Init's record, or why there is none.
    pub(super) record: Result<Record, String>,
    /// What the runtime saw; none where it was lost or not asked.
    pub(super) seen: Option<Seen>,
    pub(super) our_kill: Option<OurKill>,
    /// When the agent's exec succeeded.
    pub(super) agent_started: Option<Instant>,
    /// Init never connected.
    pub(super) line_failed: bool,
    /// The runtime's words, where it could not start the container or was lost.
    pub(super) error: Option<String>,
}

/// How far the conversation with init has come.
#[derive(Debug)]
enum Talk {
    /// There is none: init leaves its record in a file.
    Silent,
    /// Init has not connected yet.
    Awaited,
    /// Init listens.
    Open,
    /// Init has left its record, or never will for this reason.
    Over {
        connected: bool,
        record: Result<Box<Record>, String>,
    },
}

/// How far the container has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    /// It is starting or runs.
    Running,
    /// We are killing it from outside, again and again.
    Killing { since: Instant },
    /// It does not run any more, or the runtime was lost.
    Over,
    /// The runtime did not end it in time, and is not waited for any more.
    GivenUp,
}

/// The state of one supervised container.
#[derive(Debug)]
pub(super) struct Watch {
    grace: Duration,
    /// How long a run may take in all before init must be broken.
    overdue: Duration,
    talk: Talk,
    container: Container,
    /// Output may still come, and is waited for.
    draining: bool,
    /// Who connected, until it was compared with the container's first process.
    peer: Option<i32>,
    /// Who connected was not init.
    impostor: bool,
    agent_started: Option<Instant>,
    our_kill: Option<OurKill>,
    /// The first thing that went wrong.
    error: Option<String>,
    alarm: Instant,
}

impl Watch {
    /// Watches a container that is about to be started; `talks` says that its init will connect.
    pub(super) fn new(timeout: Duration, grace: Duration, talks: bool, now: Instant) -> Self {
        let overdue = timeout + grace + OVERDUE_SLACK;
        let (talk, patience) = if talks {
            (Talk::Awaited, HELLO_PATIENCE)
        } else {
            (Talk::Silent, HELLO_PATIENCE + overdue)
        };
        Self {
            grace,
            overdue,
            talk,
            container: Container::Running,
            draining: true,
            peer: None,
            impostor: false,
            agent_started: None,
            our_kill: None,
            error: None,
            alarm: now + patience,
        }
    }

    /// Takes note of what happened, and says what is to be done about it.
    pub(super) fn on(&mut self, event: Event, now: Instant) -> Vec<Act> {
        match event {
            Event::Heard(Some(Heard::Connected(peer))) => return self.connected(peer, now),
            Event::Heard(Some(Heard::Started)) => self.started(now),
            Event::Heard(Some(Heard::Record(record))) => self.talk_over(Ok(record)),
            Event::Heard(Some(Heard::Lost(reason))) => self.talk_over(Err(reason)),
            Event::Heard(None) => {
                self.talk_over(Err(
                    "the conversation with the sandbox's init ended".to_owned()
                ));
            }
            Event::FirstProcess(first) => self.compare(first),
            Event::ContainerEnded(result) => self.container_ended(result, now),
            Event::OutputEnded(result) => {
                self.draining = false;
                self.note(result);
            }
            Event::Interrupted(signal) => return self.interrupted(signal, now),
            Event::Alarm => return self.alarm_rang(now),
        }
        Vec::new()
    }

    /// When to come back with [`Event::Alarm`] if nothing else happens until then.
    pub(super) fn alarm(&self) -> Instant {
        self.alarm
    }

    /// Whether init may still say something.
    pub(super) fn awaits_init(&self) -> bool {
        matches!(self.talk, Talk::Awaited | Talk::Open)
    }

    /// Whether the container's end is waited for.
    pub(super) fn awaits_container(&self) -> bool {
        matches!(
            self.container,
            Container::Running | Container::Killing { .. }
        )
    }

    /// Whether output may still come and is waited for.
    pub(super) fn awaits_output(&self) -> bool {
        self.draining
    }

    /// Whether nothing is waited for any more.
    pub(super) fn is_over(&self) -> bool {
        let checked = self.peer.is_none();
        checked && !self.awaits_init() && !self.awaits_container() && !self.awaits_output()
    }

    fn connected(&mut self, peer: Option<i32>, now: Instant) -> Vec<Act> {
        self.talk = Talk::Open;
        let mut acts = vec![Act::PassInput];
        match self.container {
            Container::Running => self.alarm = now + self.overdue,
            // The kill came before there was anything to kill.
            Container::Killing { .. } => {
                acts.push(Act::Order(Order::Kill));
                self.alarm = now + LAST_WORDS;
            }
            Container::Over | Container::GivenUp => {}
        }
        // Only where our kernel numbers the process can it be compared with the runtime's word.
        self.peer = peer;
        acts.extend(peer.map(|_| Act::FindFirstProcess));
        acts
    }

    /// A first process that the runtime does not know, or no longer, is no reason to doubt init.
    fn compare(&mut self, first: Option<u32>) {
        if let (Some(peer), Some(first)) = (self.peer.take(), first) {
            self.impostor = i64::from(peer) != i64::from(first);
        }
    }

    fn started(&mut self, now: Instant) {
        self.agent_started = Some(now);
        if self.container == Container::Running && self.our_kill.is_none() {
            self.alarm = now + self.overdue;
        }
    }

    fn talk_over(&mut self, record: Result<Box<Record>, String>) {
        let connected = matches!(self.talk, Talk::Open);
        self.talk = Talk::Over { connected, record };
    }

    fn container_ended(&mut self, result: Result<(), String>, now: Instant) {
        // What a killed container still had to say is not waited for.
        self.draining &= self.container == Container::Running;
        self.container = Container::Over;
        self.alarm = now + LAST_WORDS;
        self.note(result);
    }

    fn interrupted(&mut self, signal: u8, now: Instant) -> Vec<Act> {
        if !self.awaits_container() {
            // What is left is output that nobody may be reading.
            self.draining = false;
            return Vec::new();
        }
        if self.our_kill.is_some() {
            return self.end_at_once(now);
        }
        let grace = self.grace;
        let acts = match &self.talk {
            Talk::Open => {
                self.alarm = now + grace + LAST_WORDS;
                let signal = signal.into();
                vec![Act::Order(Order::Terminate { signal, grace })]
            }
            Talk::Silent => {
                self.alarm = now + grace;
                vec![Act::Signal(signal)]
            }
            // The agent ended before the signal came: its end stays its own.
            Talk::Over { record: Ok(_), .. } => return Vec::new(),
            // There is no agent that could end by itself.
            Talk::Awaited | Talk::Over { record: Err(_), .. } => self.force(now),
        };
        self.our_kill = Some(OurKill::Interrupted(signal));
        acts
    }

    fn alarm_rang(&mut self, now: Instant) -> Vec<Act> {
        if !self.awaits_container() {
            // What is left is output, which takes as long as its reader does.
            self.alarm = now + self.overdue;
            if !self.awaits_init() {
                return Vec::new();
            }
            self.talk_over(Err("the sandbox's init ended without a record".to_owned()));
            return vec![Act::HangUp];
        }
        let agent_may_run = !matches!(self.talk, Talk::Awaited | Talk::Over { record: Ok(_), .. });
        if agent_may_run {
            self.our_kill.get_or_insert(OurKill::Overdue);
        }
        self.force(now)
    }

    /// Ends everything: by init where it answers, so that the record is not lost.
    fn end_at_once(&mut self, now: Instant) -> Vec<Act> {
        if matches!(self.talk, Talk::Open) {
            // Asking again and again does not give an init that is stuck more time.
            self.alarm = self.alarm.min(now + LAST_WORDS);
            vec![Act::Order(Order::Kill)]
        } else {
            self.force(now)
        }
    }

    /// Ends the container from outside, or gives up after trying for long enough.
    fn force(&mut self, now: Instant) -> Vec<Act> {
        self.alarm = now + LAST_WORDS;
        let since = match self.container {
            Container::Killing { since } => since,
            _ => now,
        };
        if now.saturating_duration_since(since) > FORCED_PATIENCE {
            self.container = Container::GivenUp;
            self.draining = false;
            self.note(Err("the runtime does not end the container".to_owned()));
            return Vec::new();
        }
        self.container = Container::Killing { since };
        // Before init has connected the container may not even run, so that no signal can end it.
        vec![match self.talk {
            Talk::Awaited => Act::Remove,
            _ => Act::Kill,
        }]
    }

    fn note(&mut self, result: Result<(), String>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
    }

    /// Whether the runtime must be asked for its side of the end: init has not told all of it.
    pub(super) fn lacks_runtimes_word(&self) -> bool {
        let told_all = |record: &Record| record.agent_oom.is_some() && record.oom_kills.is_some();
        !matches!(&self.talk, Talk::Over { record: Ok(record), .. } if told_all(record))
    }

    /// All that is known, with what the runtime said if it was asked.
    ///
    /// That the runtime cannot say is no reason to doubt init.
    pub(super) fn finish(mut self, state: Result<Option<ContainerState>, String>) -> Ended {
        let state = state.unwrap_or_else(|error| {
            self.note(Err(error));
            None
        });
        let (connected, record) = match self.talk {
            Talk::Over { connected, record } => (connected, record.map(|record| *record)),
            _ => (true, Err("the sandbox's init left no record".to_owned())),
        };
        let record = if self.impostor {
            Err("another process than the sandbox's init sent the record".to_owned())
        } else {
            record
        };
        let error = match &state {
            Some(state) if !state.error.is_empty() => Some(state.error.clone()),
            _ => self.error,
        };
        Ended {
            record,
            seen: state.map(|state| Seen {
                oom_killed: state.oom_killed,
                started: state.started,
            }),
            our_kill: self.our_kill,
            agent_started: self.agent_started,
            line_failed: !connected,
            error,
        }
    }
}

#[cfg(test)]
mod tests;
