//! The one way to a forge's API: at the governor's pace, bounded, reads tried again, writes never.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use super::{
    Reason, Refusal, Site,
    governor::{Api, Call, Cost, Governor},
};
use crate::seam::{
    environment::Environment,
    http::{
        Http, HttpError, HttpOptions, Request, Url, authority,
        header::{HeaderMap, RETRY_AFTER},
        is_loopback,
    },
    retry::{self, Failure as _},
};

/// The most of an answer that is read.
const MAX_ANSWER: u64 = 64 << 20;
/// Refusals for the forge's limits, one after another, after which a call is given up.
const REFUSALS: u32 = 5;

/// What carries calls to a forge's API.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    /// What carries each request; it follows nothing and tries once.
    pub(super) http: Http,
    /// Whose pace it keeps.
    pub(super) governor: Arc<Governor>,
    /// Hosts (`host` or `host:port`) that may be spoken to in plain HTTP, besides this machine.
    pub(super) insecure_hosts: Vec<String>,
    /// The most that one call takes, all tries together; what the governor makes it wait is not
    /// counted.
    pub(super) deadline: Duration,
    /// The wait before a second try; doubled with each try.
    pub(super) first_wait: Duration,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// What a call must be known by before it can be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It changes nothing.
    Safe,
    /// It changes nothing; where it is too much, a smaller one will be sent instead.
    Once,
    /// It may be done already when its answer is lost.
    Never,
}

/// How long a forge is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Between two signs of life of an answer.
    pub(super) idle: Duration,
    /// For one call with all its tries.
    pub(super) deadline: Duration,
}

impl Transport {
    /// The way to the forge at `site`.
    pub(super) fn of(
        site: &Site,
        environment: &Environment,
        governor: Arc<Governor>,
        patience: Patience,
    ) -> Self {
        let options = HttpOptions {
            idle_timeout: patience.idle,
            offline: site.offline.clone(),
            ..HttpOptions::default()
        };
        Self {
            http: Http::new(environment, options),
            governor,
            insecure_hosts: site.insecure_hosts.clone(),
            deadline: patience.deadline,
            first_wait: retry::FIRST_WAIT,
        }
    }

    /// Sends `request` and reads the whole answer, whatever its status below 500.
    ///
    /// A call that may be [repeated](Repeat::Safe) is, where that may help. A lost answer to any
    /// other is [`Reason::Unsure`], unless nothing was ever sent. What the forge refused for its
    /// limits alone is sent again once they allow it, be it a write: nothing of it was done.
    pub(super) async fn call(
        &self,
        request: &Request,
        cost: Cost,
        repeat: Repeat,
    ) -> Result<Answer, Reason> {
        self.check_encryption(&request.url)?;
        let call = Call {
            api: api(&request.url),
            cost,
            writes: repeat == Repeat::Never,
        };
        let mut left = self.deadline;
        let (mut tries, mut refusals) = (0, 0);
        loop {
            let permit = self.governor.admit(call).await?;
            let started = Instant::now();
            let once = timeout(left, self.once(request)).await;
            left = left.saturating_sub(started.elapsed());
            let outcome = once.unwrap_or(Err(Reason::Deadline(self.deadline)));
            if let Some(refused) = self.governor.learn(permit, outcome.as_ref().ok()).await {
                refusals += 1;
                if refusals < REFUSALS {
                    continue;
                }
                return Err(refused);
            }
            let failed = match outcome.and_then(served) {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            match repeat {
                Repeat::Once if is_too_much(&failed) => return Err(failed),
                Repeat::Safe | Repeat::Once => {}
                Repeat::Never => return Err(unless_unsent(failed)),
            }
            tries += 1;
            let wait = failed
                .again()
                .and_then(|it| it.wait(tries, self.first_wait));
            let Some(wait) = wait.filter(|wait| *wait < left) else {
                return Err(failed);
            };
            tracing::debug!(%failed, ?wait, "a question is asked again");
            left = left.saturating_sub(wait);
            sleep(wait).await;
        }
    }

    fn check_encryption(&self, url: &Url) -> Result<(), Reason> {
        let host = authority(url);
        let mut plain = self.insecure_hosts.iter();
        let is_fine = url.scheme() == "https"
            || is_loopback(url)
            || plain.any(|named| named.eq_ignore_ascii_case(&host));
        if is_fine { Ok(()) } else { Err(Reason::Plain) }
    }

    async fn once(&self, request: &Request) -> Result<Answer, Reason> {
        let response = self.http.send(request.clone()).await?;
        Ok(Answer {
            status: response.status(),
            headers: response.all_headers().clone(),
            body: response.read(MAX_ANSWER).await?,
        })
    }
}

/// GraphQL has one address at GitHub, at GitHub Enterprise and at GitLab alike.
fn api(url: &Url) -> Api {
    if url.path().ends_with("/graphql") {
        Api::GraphQl
    } else {
        Api::Rest
    }
}

/// The answer, unless the forge failed on its side.
fn served(answer: Answer) -> Result<Answer, Reason> {
    if answer.status < 500 {
        return Ok(answer);
    }
    let asked = answer.headers.get(RETRY_AFTER);
    let asked = asked.and_then(|value| value.to_str().ok());
    Err(Reason::Server(Refusal {
        status: answer.status,
        retry_after: asked.and_then(|value| retry::retry_after(value, Timestamp::now())),
        with_token: true,
    }))
}

/// Whether a smaller call may be answered where this one failed.
pub(super) fn is_too_much(failed: &Reason) -> bool {
    match failed {
        Reason::Server(refusal) => matches!(refusal.status, 500 | 502 | 503 | 504),
        Reason::Unreachable(error) => matches!(error, HttpError::Timeout | HttpError::Broken(_)),
        Reason::Deadline(_) | Reason::TooLarge { .. } => true,
        _ => false,
    }
}

/// The failure of a write: nobody knows what became of it, unless it never left.
fn unless_unsent(failed: Reason) -> Reason {
    match failed {
        Reason::Unreachable(
            HttpError::Dns(_) | HttpError::Connect(_) | HttpError::Tls(_) | HttpError::Setup(_),
        )
        | Reason::Offline => failed,
        failed => Reason::Unsure(Box::new(failed)),
    }
}

#[cfg(test)]
mod tests;
