//! What stands between a request and the face that answers it: the log, what goes wrong, limits.

use std::{
    panic::AssertUnwindSafe,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::{StatusCode, header::DATE};

use super::{
    clock::http_date,
    journal::{Call, Journal},
    limits::{Hit, Left, Limits, Meters, Nature},
    mishap::{End, Mishap, Plan, What},
    store::Store,
};
use crate::web::{Asked, Plain, Site};

/// What speaks as one kind of forge.
pub(super) trait Face: std::fmt::Debug + Send + Sync + 'static {
    /// What a request does and costs.
    fn nature(&self, asked: &Asked) -> Nature;

    /// The answer. What breaks the published description is put among `violations`.
    fn answer(&self, state: &mut State, base: &str, asked: &Asked) -> Plain;

    /// The answer to a request that a limit refuses.
    fn limited(&self, hit: Hit, left: Left, asked: &Asked) -> Plain;

    /// The headers by which a forge tells what is left.
    fn tell(&self, left: Left, nature: &Nature, plain: Plain) -> Plain;
}

/// A forge, as its server holds it.
#[derive(Debug)]
pub(super) struct World {
    face: Box<dyn Face>,
    state: Mutex<State>,
    stopped: Condvar,
}

/// What changes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) store: Store,
    pub(super) journal: Journal,
    pub(super) violations: Vec<String>,
    pub(super) plans: Vec<Plan>,
    pub(super) limits: Limits,
    pub(super) meters: Meters,
    pub(super) delay: Duration,
    /// No request is answered any more.
    pub(super) stops: bool,
    /// The one at which it stopped has come to its end, if it was to.
    pub(super) has_stopped: bool,
    at_once: u32,
}

/// A request that came in.
struct Arrival {
    number: u64,
    nature: Nature,
    fate: Fate,
    delay: Duration,
}

/// What is to become of a request.
enum Fate {
    Answer,
    Mishap(Mishap),
    Stop { done: bool },
}

/// Counts a request as one of those at once, until it is dropped.
struct Present<'a>(&'a World);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.lock().at_once -= 1;
    }
}

impl World {
    pub(super) fn new(face: Box<dyn Face>, store: Store) -> Self {
        Self {
            face,
            state: Mutex::new(State {
                store,
                journal: Journal::default(),
                violations: Vec::new(),
                plans: Vec::new(),
                limits: Limits::default(),
                meters: Meters::default(),
                delay: Duration::ZERO,
                stops: false,
                has_stopped: false,
                at_once: 0,
            }),
            stopped: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the forge has stopped, at most so long; whether it has.
    pub(super) fn wait_until_stopped(&self, most: Duration) -> bool {
        let waited = self
            .stopped
            .wait_timeout_while(self.lock(), most, |state| !state.has_stopped);
        waited.unwrap_or_else(PoisonError::into_inner).0.has_stopped
    }

    fn arrive(&self, asked: &Asked) -> Arrival {
        let nature = self.face.nature(asked);
        let mut state = self.lock();
        let number = state.journal.next();
        let call = logged(number, state.store.clock.millis(), asked, nature.clone());
        state.at_once += 1;
        let fate = state.fate(&call);
        state.journal.calls.push(call);
        Arrival {
            number,
            nature,
            fate,
            delay: state.delay,
        }
    }

    /// Does what was asked for, where no limit forbids it.
    fn act(&self, nature: &Nature, asked: &Asked) -> Plain {
        let state = &mut *self.lock();
        let who = state.store.who(token(asked).as_deref());
        let now = state.store.clock.millis();
        let hit = state
            .meters
            .count(&who, now, state.at_once, nature, &state.limits);
        let left = state.meters.left(&who, now, nature.door, &state.limits);
        let plain = if let Some(hit) = hit {
            state.journal.limited += 1;
            self.face.limited(hit, left, asked)
        } else {
            self.answered(state, asked)
        };
        self.face.tell(left, nature, plain)
    }

    /// The face's answer; a fault of its own is a violation, and no riddle to the client's test.
    fn answered(&self, state: &mut State, asked: &Asked) -> Plain {
        let base = host(asked);
        let attempt = AssertUnwindSafe(|| self.face.answer(state, &base, asked));
        std::panic::catch_unwind(attempt).unwrap_or_else(|_| {
            let line = format!("the forge itself failed at {} {}", asked.method, asked.path);
            state.violations.push(line);
            Plain {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                ..Plain::default()
            }
        })
    }

    fn finish(&self, number: u64, plain: Plain) -> Plain {
        let state = &mut *self.lock();
        state.journal.answered(number, plain.status.as_u16());
        plain.with(DATE, http_date(state.store.clock.seconds()))
    }

    async fn stop(&self) -> Plain {
        self.lock().has_stopped = true;
        self.stopped.notify_all();
        std::future::pending().await
    }
}

impl Site for World {
    async fn answer(&self, asked: &Asked) -> Plain {
        let Arrival {
            number,
            nature,
            fate,
            delay,
        } = self.arrive(asked);
        let _present = Present(self);
        tokio::time::sleep(delay).await;
        let (end, done) = match fate {
            Fate::Answer => {
                let plain = self.act(&nature, asked);
                return self.finish(number, plain);
            }
            Fate::Stop { done } => (None, done),
            Fate::Mishap(Mishap { end, done }) => (Some(end), done),
        };
        if done {
            self.act(&nature, asked);
        }
        match end {
            None => self.stop().await,
            Some(End::Answer(plain)) => self.finish(number, plain),
            Some(End::Hang) => std::future::pending().await,
            Some(End::Cut) => Plain {
                cut: true,
                ..Plain::default()
            },
        }
    }
}

impl State {
    fn fate(&mut self, call: &Call) -> Fate {
        if self.stops {
            return Fate::Stop { done: false };
        }
        let mut fate = Fate::Answer;
        for plan in &mut self.plans {
            if !plan.meets(call) {
                continue;
            }
            match &mut plan.what {
                What::Mishap(mishap) => fate = Fate::Mishap(mishap.clone()),
                What::Act(act) => act(&mut self.store),
                What::Stop { done } => {
                    self.stops = true;
                    fate = Fate::Stop { done: *done };
                }
            }
        }
        fate
    }
}

fn logged(number: u64, at: i64, asked: &Asked, nature: Nature) -> Call {
    let headers = asked.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into_owned())
    });
    Call {
        number,
        at,
        method: asked.method.to_string(),
        path: asked.path.clone(),
        query: asked.query.clone(),
        headers: headers.collect(),
        body_hash: crate::hex(&crate::sha256(&asked.body)),
        body: String::from_utf8_lossy(&asked.body).into_owned(),
        nature,
        status: None,
    }
}

/// The token that a request shows, in whichever header.
pub(super) fn token(asked: &Asked) -> Option<String> {
    let header = |name: &str| asked.headers.get(name)?.to_str().ok();
    if let Some(token) = header("private-token").or_else(|| header("job-token")) {
        return Some(token.to_owned());
    }
    let (scheme, token) = header("authorization")?.split_once(' ')?;
    let known = ["bearer", "token"].contains(&scheme.to_lowercase().as_str());
    known.then(|| token.trim().to_owned())
}

fn host(asked: &Asked) -> String {
    let host = asked.headers.get("host").and_then(|it| it.to_str().ok());
    format!("http://{}", host.unwrap_or("127.0.0.1"))
}
