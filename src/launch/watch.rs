//! The state of one supervised container: what has been heard and what must happen when nothing is.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fullsend_init::{Order, Record};
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    decide::{OurKill, Seen},
    line::{Heard, Line},
    supervise::{Ended, Terms},
};
use crate::model::chain::chain;
use crate::runtime::{ContainerId, Runtime, RuntimeError};

/// How long after its own limits init may still be silent before the container is killed.
const OVERDUE_SLACK: Duration = Duration::from_secs(10);

/// How long it may take to start the container and for init to say its first word; a busy daemon
/// alone may need a minute and a half.
const HELLO_PATIENCE: Duration = Duration::from_mins(2);

/// How long what init says last may take to arrive, and a killed container to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long a killed container may take before the runtime is given up.
const FORCED_PATIENCE: Duration = Duration::from_secs(30);

/// SIGKILL's number, the same on all architectures of Linux.
const SIGKILL: i32 = 9;

/// How far the conversation with init has come.
enum Talk {
    /// There is none: init leaves its record in a file.
    Silent,
    /// Init has not connected yet.
    Awaited(Line),
    /// Init listens.
    Open(Line),
    /// Init has said its last word, or will never say one.
    Over { connected: bool },
}

/// How far the container has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Running,
    /// We killed it from outside.
    Forced,
    Over,
    /// We killed it from outside, and it is over.
    CutShort,
}

/// The state of one supervised container.
pub(super) struct Watch {
    runtime: Arc<dyn Runtime>,
    container: ContainerId,
    terms: Terms,
    talk: Talk,
    life: Life,
    record: Result<Record, String>,
    /// Whether who connected is the container's first process.
    peer: Option<JoinHandle<bool>>,
    /// Told once there is an init that input may go to.
    ready: Arc<Notify>,
    agent_started: Option<Instant>,
    our_kill: Option<OurKill>,
    error: Option<String>,
    /// When we first killed the container from outside.
    forced_at: Option<Instant>,
    /// When something has to be done although nothing happens.
    alarm: Instant,
}

impl Watch {
    pub(super) fn new(
        runtime: Arc<dyn Runtime>,
        container: ContainerId,
        line: Option<Line>,
        terms: Terms,
        ready: Arc<Notify>,
    ) -> Self {
        let patience = if line.is_some() {
            HELLO_PATIENCE
        } else {
            ready.notify_one();
            overdue(terms) + HELLO_PATIENCE
        };
        Self {
            runtime,
            container,
            terms,
            talk: line.map_or(Talk::Silent, Talk::Awaited),
            life: Life::Running,
            record: Err("the sandbox's init left no record".to_owned()),
            peer: None,
            ready,
            agent_started: None,
            our_kill: None,
            error: None,
            forced_at: None,
            alarm: Instant::now() + patience,
        }
    }

    /// Nothing more is to come but output.
    pub(super) fn is_over(&self) -> bool {
        self.is_container_over() && matches!(self.talk, Talk::Silent | Talk::Over { .. })
    }

    pub(super) fn is_container_over(&self) -> bool {
        matches!(self.life, Life::Over | Life::CutShort)
    }

    /// The container was killed from outside, so that its output is not waited for.
    pub(super) fn is_cut_short(&self) -> bool {
        self.life == Life::CutShort
    }

    pub(super) fn alarm(&self) -> Instant {
        self.alarm
    }

    /// What init says next, or never where nobody talks. Safe to cancel.
    pub(super) async fn listen(&mut self) -> Option<Heard> {
        match &mut self.talk {
            Talk::Awaited(line) | Talk::Open(line) => line.next().await,
            Talk::Silent | Talk::Over { .. } => std::future::pending().await,
        }
    }

    pub(super) fn hear(&mut self, heard: Option<Heard>) {
        match heard {
            Some(Heard::Connected(peer)) => self.connected(peer),
            Some(Heard::Started) => {
                self.agent_started = Some(Instant::now());
                if self.our_kill.is_none() {
                    self.alarm = Instant::now() + overdue(self.terms);
                }
            }
            Some(Heard::Record(record)) => self.hang_up(Ok(*record)),
            Some(Heard::Lost(reason)) => self.hang_up(Err(reason)),
            None => self.hang_up(Err(
                "the conversation with the sandbox's init ended".to_owned()
            )),
        }
    }

    fn connected(&mut self, peer: Option<i32>) {
        self.talk = match std::mem::replace(&mut self.talk, Talk::Silent) {
            Talk::Awaited(line) | Talk::Open(line) => Talk::Open(line),
            other => other,
        };
        self.ready.notify_one();
        if self.our_kill.is_none() {
            self.alarm = Instant::now() + overdue(self.terms);
        } else if let Talk::Open(line) = &self.talk {
            // The kill came before there was anything to kill.
            line.order(Order::Kill);
            self.alarm = Instant::now() + LAST_WORDS;
        }
        // Only where our kernel numbers the process can it be compared with the runtime's word.
        if let Some(peer) = peer {
            let (runtime, container) = (self.runtime.clone(), self.container.clone());
            self.peer = Some(tokio::spawn(async move {
                let state = runtime.inspect(&container).await.ok().flatten();
                let first = state.and_then(|state| state.pid);
                first.is_none_or(|first| i64::from(first) == i64::from(peer))
            }));
        }
    }

    fn hang_up(&mut self, record: Result<Record, String>) {
        let connected = matches!(self.talk, Talk::Open(_));
        self.talk = Talk::Over { connected };
        self.record = record;
    }

    pub(super) fn container_ended(&mut self, result: Result<(), RuntimeError>) {
        self.life = match self.life {
            Life::Running | Life::Over => Life::Over,
            Life::Forced | Life::CutShort => Life::CutShort,
        };
        if let Err(error) = result {
            self.note_error(chain(&error));
        }
        self.alarm = Instant::now() + LAST_WORDS;
    }

    /// A signal came to us, or the reader of our output is gone.
    pub(super) async fn interrupt(&mut self, signal: u8) {
        if self.is_container_over() {
            // What is left is output that nobody may be reading: it is not waited for any more.
            self.life = Life::CutShort;
            return;
        }
        if self.our_kill.is_some() {
            return self.kill().await;
        }
        let grace = self.terms.grace;
        match &self.talk {
            Talk::Open(line) => {
                line.order(Order::Terminate {
                    signal: signal.into(),
                    grace,
                });
                self.alarm = Instant::now() + grace + LAST_WORDS;
            }
            Talk::Silent => {
                // A container that has just ended needs no signal.
                let _ = self.runtime.signal(&self.container, signal.into()).await;
                self.alarm = Instant::now() + grace;
            }
            // The agent ended before the signal came: its end stays its own.
            Talk::Over { .. } if self.record.is_ok() => return,
            // There is no agent that could end by itself.
            Talk::Awaited(_) | Talk::Over { .. } => self.force().await,
        }
        self.our_kill = Some(OurKill::Interrupted(signal));
    }

    /// Ends everything at once: by init where it answers, so that the record is not lost.
    async fn kill(&mut self) {
        if let Talk::Open(line) = &self.talk {
            line.order(Order::Kill);
            self.alarm = Instant::now() + LAST_WORDS;
        } else {
            self.force().await;
        }
    }

    async fn force(&mut self) {
        if self.life == Life::Running {
            self.life = Life::Forced;
        }
        let forced_at = *self.forced_at.get_or_insert_with(Instant::now);
        if forced_at.elapsed() > FORCED_PATIENCE {
            self.note_error("the runtime does not end the container".to_owned());
            self.life = Life::CutShort;
        }
        self.alarm = Instant::now() + LAST_WORDS;
        // Before init has connected the container may not even run, so that no signal can end it.
        let ended = match self.talk {
            Talk::Awaited(_) => self.runtime.remove(&self.container).await,
            _ => self.runtime.signal(&self.container, SIGKILL).await,
        };
        if ended.is_err() {
            let _ = self.runtime.remove(&self.container).await;
        }
    }

    pub(super) async fn alarm_rang(&mut self) {
        if self.is_container_over() {
            if matches!(self.talk, Talk::Awaited(_) | Talk::Open(_)) {
                self.hang_up(Err("the sandbox's init ended without a record".to_owned()));
            }
            // What is left is output, which takes as long as its reader does.
            self.alarm = Instant::now() + overdue(self.terms);
            return;
        }
        let may_still_run = self.record.is_err() && !matches!(self.talk, Talk::Awaited(_));
        if self.our_kill.is_none() && may_still_run {
            self.our_kill = Some(OurKill::Overdue);
        }
        self.force().await;
    }

    pub(super) fn note_error(&mut self, error: String) {
        self.error.get_or_insert(error);
    }

    /// Asks the runtime for its side of the end, unless init has told all of it.
    ///
    /// That the runtime cannot say is no reason to doubt init.
    pub(super) async fn finish(mut self) -> Ended {
        let told_all = |record: &Record| record.agent_oom.is_some() && record.oom_kills.is_some();
        let state = if self.record.as_ref().is_ok_and(told_all) {
            None
        } else {
            match self.runtime.inspect(&self.container).await {
                Ok(state) => state,
                Err(error) => {
                    self.note_error(chain(&error));
                    None
                }
            }
        };
        let is_init = match self.peer {
            Some(check) => check.await.unwrap_or(false),
            None => true,
        };
        let record = if is_init {
            self.record
        } else {
            Err("another process than the sandbox's init sent the record".to_owned())
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
            line_failed: !matches!(self.talk, Talk::Silent | Talk::Over { connected: true }),
            error,
        }
    }
}

/// How long a run may take in all before init must be broken.
fn overdue(terms: Terms) -> Duration {
    terms.timeout + terms.grace + OVERDUE_SLACK
}
