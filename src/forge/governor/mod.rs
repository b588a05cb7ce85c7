//! The pace that a forge allows to one identity: what is sent waits here for its turn.

mod limits;
mod memory;
mod moment;
mod pace;
mod told;
mod waiting;
mod window;

use std::{path::Path, sync::OnceLock, time::Duration};

pub use limits::{Api, Call, Cost, Limits};
use memory::Memory;
use moment::Clock;
pub use moment::Moment;
pub use pace::{Budget, Pace, Told, Verdict};
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit, watch};
pub use waiting::Waiting;

use super::{Reason, transport::Answer};
use crate::seam::{retry, stop::Stop};

/// A longer wait ends a call of somebody who is not [patient](Governor::patient).
const PATIENCE: Duration = Duration::from_mins(15);

/// Lets calls through at the pace that the forge allows: writes one by one, reads a few at once.
#[derive(Debug)]
pub struct Governor {
    limits: Limits,
    /// The longest wait; any where `None`.
    patience: Option<Duration>,
    stop: Option<Stop>,
    clock: Clock,
    pace: Mutex<Pace>,
    memory: OnceLock<Memory>,
    writer: Mutex<()>,
    readers: Semaphore,
    waiting: watch::Sender<Option<Waiting>>,
}

impl Default for Governor {
    fn default() -> Self {
        Self::new(Limits::GITHUB)
    }
}

/// Leave to make one call, and the turn that goes with it.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a> {
    call: Call,
    sent: Moment,
    _turn: Turn<'a>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held, not looked at")]
enum Turn<'a> {
    Writer(MutexGuard<'a, ()>),
    Reader(Option<SemaphorePermit<'a>>),
}

impl Governor {
    /// Keeps to `limits`, from a clean slate and for this process alone until it is told to
    /// [remember](Self::remember).
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            patience: Some(PATIENCE),
            stop: None,
            clock: Clock::start(),
            pace: Mutex::new(Pace::new(limits)),
            memory: OnceLock::new(),
            writer: Mutex::new(()),
            readers: Semaphore::new(limits.readers),
            waiting: watch::Sender::new(None),
        }
    }

    /// Waits however long it takes.
    #[must_use]
    pub fn patient(self) -> Self {
        Self {
            patience: None,
            ..self
        }
    }

    /// Ends every wait when the user asks to stop, with [`Reason::Stopped`].
    #[must_use]
    pub fn stopped_by(self, stop: Stop) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// From now on shares the pace with every process of the same `identity` of `host` on this
    /// machine, now and later, in a file below `folder`.
    ///
    /// The first time counts. A file that cannot be used costs no more than the sharing.
    pub fn remember(&self, folder: &Path, host: &str, identity: &str) {
        let _ = self.memory.set(Memory::new(folder, host, identity));
    }

    /// What is waited for, while it is.
    pub fn waiting(&self) -> watch::Receiver<Option<Waiting>> {
        self.waiting.subscribe()
    }

    /// Waits until `call` may be made; fails with [`Reason::RateLimited`] where that takes too
    /// long.
    pub async fn admit(&self, call: Call) -> Result<Permit<'_>, Reason> {
        let turn = if call.writes {
            Turn::Writer(self.writer.lock().await)
        } else {
            // Never closed: a failure would only mean that nobody counts.
            Turn::Reader(self.readers.acquire().await.ok())
        };
        loop {
            let (now, at) = self.try_begin(&call).await;
            if at <= now {
                return Ok(Permit {
                    call,
                    sent: now,
                    _turn: turn,
                });
            }
            self.wait(now, at).await?;
        }
    }

    /// Learns from an answer, or from its absence; why the call was refused, if it was for the
    /// pace and nothing of it was done.
    pub async fn learn(&self, permit: Permit<'_>, answer: Option<&Answer>) -> Option<Reason> {
        let (call, sent) = (permit.call, permit.sent);
        let now = self.clock.now();
        let reading = answer.map(|answer| told::read(call.api, answer, now));
        let told = reading.map(|it| it.told).unwrap_or_default();
        self.with_pace(|pace, now| pace.note(now, sent, &call, told, retry::chance()))
            .await;
        let refused = matches!(told.verdict, Verdict::Spent(_) | Verdict::TooFast(_));
        if !refused || reading.is_some_and(|it| it.in_part) {
            return None;
        }
        let at = self.with_pace(|pace, now| pace.when(now, &call)).await;
        let until = at.timestamp();
        Some(Reason::RateLimited { until })
    }

    /// Begins the call if it may be made now; the time, and the time at which it may.
    async fn try_begin(&self, call: &Call) -> (Moment, Moment) {
        self.with_pace(|pace, now| {
            let at = pace.when(now, call);
            if at <= now {
                pace.begin(now, call);
            }
            (now, at)
        })
        .await
    }

    async fn wait(&self, now: Moment, at: Moment) -> Result<(), Reason> {
        let wait = at.since(now);
        let until = at.timestamp();
        if self.patience.is_some_and(|patience| wait > patience) {
            return Err(Reason::RateLimited { until });
        }
        let forge = self.limits.forge;
        let _shown = waiting::show(&self.waiting, Waiting { forge, wait, until });
        let stopped = async {
            match &self.stop {
                Some(stop) => stop.once().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            _ = stopped => Err(Reason::Stopped),
        }
    }

    /// Does `work` on the pace as every process knows it.
    async fn with_pace<T>(&self, work: impl FnOnce(&mut Pace, Moment) -> T) -> T {
        let mut pace = self.pace.lock().await;
        let Some(memory) = self.memory.get() else {
            return work(&mut pace, self.clock.now());
        };
        memory.with(&mut pace, self.clock, work).await
    }
}

#[cfg(test)]
mod tests;
