//! From a created container to its end: streams, signals, the time limit, init's record.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use fullsend_init::{Order, Record};
use tokio::{io::AsyncWriteExt as _, task::JoinHandle, time::sleep_until};

use super::{
    decide::{OurKill, Seen},
    line::{Heard, Line},
    output::Output,
    signals::Signals,
    terminal::{self, RawMode},
};
use crate::runtime::{
    AttachOptions, Attached, AttachedInput, ContainerId, OutputEnd, Runtime, RuntimeError,
    ThreadReader, ThreadWriter,
};

/// How long after its own limits init may still be silent before the container is killed.
const OVERDUE_SLACK: Duration = Duration::from_secs(10);

/// How long init may take from the container's start to its first word.
const HELLO_PATIENCE: Duration = Duration::from_secs(30);

/// How long what init said last may take to arrive after the container's end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// SIGKILL's number, the same on all architectures of Linux.
const SIGKILL: i32 = 9;

/// What our reader's end was to a shell: SIGPIPE.
const SIGPIPE: u8 = 13;

/// How a run is supervised.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) timeout: Duration,
    pub(super) grace: Duration,
    pub(super) tty: bool,
    pub(super) filter_sections: bool,
}

/// What is known after a container's end.
#[derive(Debug)]
pub(super) struct Ended {
    /// Init's record, or why there is none.
    pub(super) record: Result<Record, String>,
    /// What the runtime saw; none where it was lost.
    pub(super) seen: Option<Seen>,
    pub(super) our_kill: Option<OurKill>,
    /// When the agent's exec succeeded.
    pub(super) agent_started: Option<Instant>,
    /// Init never connected.
    pub(super) line_failed: bool,
    /// The runtime's words, where it could not start the container or was lost.
    pub(super) error: Option<String>,
}

/// Starts the container and stays with it until it has ended and all its output is out.
///
/// Without a `line`, signals go through the runtime and the record must be fetched later.
pub(super) async fn supervise(
    runtime: &Arc<dyn Runtime>,
    container: &ContainerId,
    line: Option<Line>,
    terms: Terms,
    signals: &mut Signals,
) -> Result<Ended, RuntimeError> {
    let options = AttachOptions {
        stdin: true,
        tty: terms.tty,
    };
    let attached = runtime.attach(container, options).await?;
    let Attached { stdin, mut output } = attached;
    let raw_mode = terms.tty.then(RawMode::enter).transpose();
    let _raw_mode = raw_mode.map_err(|source| RuntimeError::Lost {
        doing: "hand over the terminal",
        source: Some(source.into()),
    })?;
    let input = Aborting(tokio::spawn(feed(stdin)));
    let resizing = terms
        .tty
        .then(|| Aborting(tokio::spawn(resize(runtime.clone(), container.clone()))));

    let mut stdout = Output::new(streams(ThreadWriter::stdout())?, terms.filter_sections);
    let mut stderr = Output::new(streams(ThreadWriter::stderr())?, terms.filter_sections);
    let mut watch = Watch::new(runtime.clone(), container.clone(), line, terms);
    let mut copying = pin!(output.copy(&mut stdout, &mut stderr));
    let mut living = pin!(async {
        runtime.start(container).await?;
        runtime.wait(container).await
    });
    let mut output_over = false;
    while !(output_over && watch.is_over()) {
        tokio::select! {
            result = &mut living, if !watch.container_over => watch.container_ended(result),
            end = &mut copying, if !output_over => {
                output_over = true;
                match end {
                    Ok(OutputEnd::Complete) => {}
                    Ok(OutputEnd::ConsumerGone(_)) => watch.interrupt(SIGPIPE).await,
                    Err(error) => watch.note_error(error.to_string()),
                }
            }
            heard = listen(&mut watch.line) => watch.hear(heard),
            signal = signals.next() => watch.interrupt(signal).await,
            () = sleep_until(watch.alarm.into()) => watch.alarm_rang().await,
        }
        // Once killed for good, output that nobody takes is not waited for.
        output_over |= watch.forced && watch.container_over;
    }
    drop((input, resizing));
    watch.finish().await
}

fn streams(opened: std::io::Result<ThreadWriter>) -> Result<ThreadWriter, RuntimeError> {
    opened.map_err(|source| RuntimeError::Lost {
        doing: "write to our own output",
        source: Some(source.into()),
    })
}

/// A task that ends with its owner.
struct Aborting<T>(JoinHandle<T>);

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Passes standard input on, and its end.
async fn feed(mut stdin: AttachedInput) {
    let Ok(mut ours) = ThreadReader::stdin() else {
        return;
    };
    // An agent that does not read, or is gone, is no error of ours.
    if tokio::io::copy(&mut ours, &mut stdin).await.is_ok() {
        let _ = stdin.shutdown().await;
    }
    // The connection is kept: its end would be the end of the output too.
    std::future::pending::<()>().await;
}

/// Gives the container's terminal our size, now and whenever it changes.
async fn resize(runtime: Arc<dyn Runtime>, container: ContainerId) {
    let kind = tokio::signal::unix::SignalKind::window_change();
    let Ok(mut changes) = tokio::signal::unix::signal(kind) else {
        return;
    };
    // A container that does not run yet cannot be resized: the first attempts may fail.
    let mut attempts = 0;
    loop {
        let done = match terminal::size() {
            Some((rows, columns)) => runtime.resize(&container, rows, columns).await.is_ok(),
            None => true,
        };
        if done || attempts > 50 {
            if changes.recv().await.is_none() {
                return;
            }
        } else {
            attempts += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What init says next, or never where nobody listens.
async fn listen(line: &mut Option<Line>) -> Option<Heard> {
    match line {
        Some(line) => line.next().await,
        None => std::future::pending().await,
    }
}

/// The state of one supervised container.
struct Watch {
    runtime: Arc<dyn Runtime>,
    container: ContainerId,
    terms: Terms,
    line: Option<Line>,
    has_line: bool,
    record: Result<Record, String>,
    connected: bool,
    agent_started: Option<Instant>,
    our_kill: Option<OurKill>,
    container_over: bool,
    /// The container was killed from outside.
    forced: bool,
    error: Option<String>,
    /// When something has to be done although nothing happens.
    alarm: Instant,
}

impl Watch {
    fn new(
        runtime: Arc<dyn Runtime>,
        container: ContainerId,
        line: Option<Line>,
        terms: Terms,
    ) -> Self {
        let has_line = line.is_some();
        let patience = if has_line {
            HELLO_PATIENCE
        } else {
            overdue(terms) + HELLO_PATIENCE
        };
        Self {
            runtime,
            container,
            terms,
            line,
            has_line,
            record: Err("the sandbox's init left no record".to_owned()),
            connected: false,
            agent_started: None,
            our_kill: None,
            container_over: false,
            forced: false,
            error: None,
            alarm: Instant::now() + patience,
        }
    }

    /// Nothing more is to come but output.
    fn is_over(&self) -> bool {
        self.container_over && self.line.is_none()
    }

    fn container_ended(&mut self, result: Result<(), RuntimeError>) {
        self.container_over = true;
        if let Err(error) = result {
            self.note_error(super::failure::chain(&error));
        }
        if self.line.is_some() {
            self.alarm = Instant::now() + LAST_WORDS;
        }
    }

    fn hear(&mut self, heard: Option<Heard>) {
        match heard {
            Some(Heard::Connected(_)) => {
                self.connected = true;
                self.alarm = Instant::now() + overdue(self.terms);
            }
            Some(Heard::Started) => {
                self.agent_started = Some(Instant::now());
                self.alarm = Instant::now() + overdue(self.terms);
            }
            Some(Heard::Record(record)) => {
                self.record = Ok(*record);
                self.line = None;
            }
            Some(Heard::Lost(reason)) => {
                self.record = Err(reason);
                self.line = None;
            }
            None => self.line = None,
        }
    }

    /// A signal came to us, or the reader of our output is gone.
    async fn interrupt(&mut self, signal: u8) {
        if self.our_kill.is_some() {
            return self.kill().await;
        }
        self.our_kill = Some(OurKill::Interrupted(signal));
        let grace = self.terms.grace;
        self.alarm = Instant::now() + grace + LAST_WORDS;
        match &self.line {
            Some(line) if self.connected => {
                line.order(Order::Terminate {
                    signal: signal.into(),
                    grace,
                });
            }
            // There is no agent yet that could end by itself.
            Some(_) => self.kill().await,
            None => {
                let _ = self.runtime.signal(&self.container, signal.into()).await;
                self.alarm = Instant::now() + grace;
            }
        }
    }

    /// Ends everything at once: by init where it answers, so that the record is not lost.
    async fn kill(&mut self) {
        if let Some(line) = self.line.as_ref().filter(|_| self.connected) {
            line.order(Order::Kill);
            self.alarm = Instant::now() + LAST_WORDS;
        } else {
            self.force().await;
        }
    }

    async fn force(&mut self) {
        self.forced = true;
        self.alarm = Instant::now() + LAST_WORDS;
        if self.runtime.signal(&self.container, SIGKILL).await.is_err() {
            // It may be created and not started: then its end is its removal.
            let _ = self.runtime.remove(&self.container).await;
        }
    }

    async fn alarm_rang(&mut self) {
        if self.container_over {
            self.line = None;
            self.alarm = Instant::now() + overdue(self.terms);
            return;
        }
        if self.our_kill.is_none() && (self.connected || !self.has_line) {
            self.our_kill = Some(OurKill::Overdue);
        }
        self.force().await;
    }

    fn note_error(&mut self, error: String) {
        self.error.get_or_insert(error);
    }

    async fn finish(self) -> Result<Ended, RuntimeError> {
        let state = match self.runtime.inspect(&self.container).await {
            Ok(state) => state,
            Err(error) if error.is_unreachable() => None,
            Err(error) => return Err(error),
        };
        let error = match &state {
            Some(state) if !state.error.is_empty() => Some(state.error.clone()),
            _ => self.error,
        };
        Ok(Ended {
            record: self.record,
            seen: state.map(|state| Seen {
                oom_killed: state.oom_killed,
                started: state.started,
            }),
            our_kill: self.our_kill,
            agent_started: self.agent_started,
            line_failed: self.has_line && !self.connected,
            error,
        })
    }
}

/// How long a run may take in all before init must be broken.
fn overdue(terms: Terms) -> Duration {
    terms.timeout + terms.grace + OVERDUE_SLACK
}
