//! From a created container to its end: streams, signals, the time limit, init's record.

use std::{
    io::{self, IsTerminal as _},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use tokio::{io::sink, sync::Notify, task::JoinHandle, time::sleep_until};

pub(super) use super::watch::Ended;
use super::{
    failure::Failure,
    line::Line,
    output::Output,
    terminal::{self, RawMode},
    watch::{Act, Event, Watch},
};
use crate::{
    model::chain::chain,
    model::outcome::LaunchFailure,
    runtime::{
        AttachOptions, Attached, AttachedInput, AttachedOutput, ContainerId, ContainerState,
        CopyError, OutputEnd, Runtime, RuntimeError,
    },
    seam::{
        signals::Signals,
        stdio::{ThreadReader, ThreadWriter},
    },
};

/// What our reader's end was to a shell: SIGPIPE.
const SIGPIPE: u8 = 13;

/// SIGKILL's number, the same on all architectures of Linux.
const SIGKILL: i32 = 9;

/// How a run is supervised.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) timeout: Duration,
    pub(super) grace: Duration,
    pub(super) tty: bool,
    pub(super) filter_sections: bool,
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
) -> Result<Ended, Failure> {
    let options = AttachOptions {
        stdin: true,
        tty: terms.tty,
    };
    let attached = runtime.attach(container, options).await;
    let Attached { stdin, output } =
        attached.map_err(|error| Failure::runtime(&error, LaunchFailure::StartFailed))?;
    let raw_mode = (terms.tty && io::stdin().is_terminal()).then(RawMode::enter);
    let _raw_mode = raw_mode.transpose().map_err(ours_failed)?;
    let ready = Arc::new(Notify::new());
    if line.is_none() {
        ready.notify_one();
    }
    let input = Aborting(tokio::spawn(feed(stdin, ready.clone())));
    let resizing = terms
        .tty
        .then(|| Aborting(tokio::spawn(resize(runtime.clone(), container.clone()))));
    let filtered = terms.filter_sections;
    let stdout = Output::new(ThreadWriter::stdout().map_err(ours_failed)?, filtered);
    let stderr = Output::new(ThreadWriter::stderr().map_err(ours_failed)?, filtered);
    let watch = Watch::new(terms.timeout, terms.grace, line.is_some(), Instant::now());
    let hands = Hands {
        runtime: &**runtime,
        container,
        line,
        ready,
        asked: None,
    };
    // The connection is closed when this returns: until then the runtime would wait for its reader.
    let watch = until_over(watch, hands, (output, stdout, stderr), signals).await;
    drop((input, resizing));
    let state = if watch.lacks_runtimes_word() {
        runtime.inspect(container).await
    } else {
        Ok(None)
    };
    Ok(watch.finish(state.map_err(|error| chain(&error))))
}

/// The agent's output, and ours.
type Streams = (AttachedOutput, Output<ThreadWriter>, Output<ThreadWriter>);

/// Starts the container, and tells the watch what happens until nothing more will.
async fn until_over(
    mut watch: Watch,
    mut hands: Hands<'_>,
    streams: Streams,
    signals: &mut Signals,
) -> Watch {
    let reader_gone = Notify::new();
    let mut copying = pin!(copy(streams, &reader_gone));
    let mut living = pin!(run(hands.runtime, hands.container));
    while !watch.is_over() {
        let alarm = watch.alarm();
        let event = tokio::select! {
            end = &mut living, if watch.awaits_container() => {
                Event::ContainerEnded(end.map_err(|error| chain(&error)))
            }
            end = &mut copying, if watch.awaits_output() => {
                Event::OutputEnded(end.map_err(|error| chain(&error)))
            }
            Some(heard) = async { Some(hands.line.as_mut()?.next().await) },
                if watch.awaits_init() => Event::Heard(heard),
            Some(state) = async { Some(hands.asked.as_mut()?.await) } => {
                hands.asked = None;
                Event::FirstProcess(state.ok().flatten().and_then(|state| state.pid))
            }
            () = reader_gone.notified() => Event::Interrupted(SIGPIPE),
            signal = signals.next() => Event::Interrupted(signal),
            () = sleep_until(alarm.into()) => Event::Alarm,
        };
        for act in watch.on(event, Instant::now()) {
            hands.perform(act).await;
        }
    }
    watch
}

async fn run(runtime: &dyn Runtime, container: &ContainerId) -> Result<(), RuntimeError> {
    runtime.start(container).await?;
    runtime.wait(container).await
}

/// What the watch's acts are performed with.
struct Hands<'a> {
    runtime: &'a dyn Runtime,
    container: &'a ContainerId,
    line: Option<Line>,
    /// Told once input may be passed on.
    ready: Arc<Notify>,
    /// The runtime's answer that is still to come.
    asked: Option<BoxFuture<'a, Result<Option<ContainerState>, RuntimeError>>>,
}

impl Hands<'_> {
    /// An act that fails is no error: the watch acts again until it hears of the end.
    async fn perform(&mut self, act: Act) {
        let (runtime, container) = (self.runtime, self.container);
        match act {
            Act::PassInput => self.ready.notify_one(),
            Act::FindFirstProcess => self.asked = Some(runtime.inspect(container)),
            Act::Order(order) => {
                if let Some(line) = &self.line {
                    line.order(order);
                }
            }
            Act::HangUp => self.line = None,
            Act::Signal(signal) => {
                let _ = runtime.signal(container, signal.into()).await;
            }
            Act::Kill => {
                if runtime.signal(container, SIGKILL).await.is_err() {
                    let _ = runtime.remove(container).await;
                }
            }
            Act::Remove => {
                let _ = runtime.remove(container).await;
            }
        }
    }
}

/// Copies the agent's output, and says when nobody reads ours any more.
///
/// What comes then is still read: an agent, and the runtime after its end, would wait for ever.
async fn copy(streams: Streams, reader_gone: &Notify) -> Result<(), CopyError> {
    let (mut output, mut stdout, mut stderr) = streams;
    match output.copy(&mut stdout, &mut stderr).await? {
        OutputEnd::Complete => Ok(()),
        OutputEnd::ConsumerGone(_) => {
            reader_gone.notify_one();
            output.copy(&mut sink(), &mut sink()).await.map(|_| ())
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "stands behind map_err, which hands errors over"
)]
fn ours_failed(error: io::Error) -> Failure {
    let text = format!("our own standard streams cannot be used: {error}");
    Failure::launch(LaunchFailure::StartFailed, text)
}

/// A task that ends with its owner.
struct Aborting<T>(JoinHandle<T>);

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Passes standard input on; its end, or that there is none, is the agent's end of input.
///
/// Nothing is taken before init is there: another container may have to stand in for this one.
async fn feed(mut stdin: AttachedInput, ready: Arc<Notify>) {
    ready.notified().await;
    if let Ok(mut ours) = ThreadReader::stdin() {
        // An agent that does not read, or is gone, is no error of ours.
        let _ = stdin.copy_from(&mut ours).await;
    }
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
