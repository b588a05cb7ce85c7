//! From a created container to its end: streams, signals, the time limit, init's record.

use std::{
    io::{self, IsTerminal as _},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use fullsend_init::Record;
use tokio::{io::sink, sync::Notify, task::JoinHandle, time::sleep_until};

use super::{
    decide::{OurKill, Seen},
    failure::Failure,
    line::Line,
    output::Output,
    signals::Signals,
    terminal::{self, RawMode},
    watch::Watch,
};
use crate::{
    model::chain::chain,
    model::outcome::LaunchFailure,
    runtime::{
        AttachOptions, Attached, AttachedInput, AttachedOutput, ContainerId, CopyError, OutputEnd,
        Runtime,
    },
    seam::stdio::{ThreadReader, ThreadWriter},
};

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
    let input = Aborting(tokio::spawn(feed(stdin, ready.clone())));
    let resizing = terms
        .tty
        .then(|| Aborting(tokio::spawn(resize(runtime.clone(), container.clone()))));
    let filtered = terms.filter_sections;
    let stdout = Output::new(ThreadWriter::stdout().map_err(ours_failed)?, filtered);
    let stderr = Output::new(ThreadWriter::stderr().map_err(ours_failed)?, filtered);
    let watch = Watch::new(runtime.clone(), container.clone(), line, terms, ready);
    // The connection is closed when this returns: until then the runtime would wait for its reader.
    let watch = until_over(watch, (output, stdout, stderr), runtime, container, signals).await;
    drop((input, resizing));
    Ok(watch.finish().await)
}

/// The agent's output, and ours.
type Streams = (AttachedOutput, Output<ThreadWriter>, Output<ThreadWriter>);

/// Starts the container and waits until it is over and its output out.
async fn until_over(
    mut watch: Watch,
    streams: Streams,
    runtime: &Arc<dyn Runtime>,
    container: &ContainerId,
    signals: &mut Signals,
) -> Watch {
    let reader_gone = Notify::new();
    let mut copying = pin!(copy(streams, &reader_gone));
    let mut living = pin!(async {
        runtime.start(container).await?;
        runtime.wait(container).await
    });
    let mut output_over = false;
    while !(output_over && watch.is_over()) {
        let (container_over, alarm) = (watch.is_container_over(), watch.alarm());
        tokio::select! {
            result = &mut living, if !container_over => watch.container_ended(result),
            end = &mut copying, if !output_over => {
                output_over = true;
                if let Err(error) = end {
                    watch.note_error(chain(&error));
                }
            }
            () = reader_gone.notified() => watch.interrupt(SIGPIPE).await,
            heard = watch.listen() => watch.hear(heard),
            signal = signals.next() => watch.interrupt(signal).await,
            () = sleep_until(alarm.into()) => watch.alarm_rang().await,
        }
        // Once killed for good, output that nobody takes is not waited for.
        output_over |= watch.is_cut_short();
    }
    watch
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
