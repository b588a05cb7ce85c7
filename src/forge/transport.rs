//! The one way to a forge's API: at the governor's pace, bounded, reads tried again, writes never.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{
    Reason, Refusal,
    governor::{Cost, Governor},
};
use crate::seam::{
    exchange,
    http::{Http, HttpError, Request, authority, header::HeaderMap, is_loopback},
    retry,
};

/// The most of an answer that is read.
const MAX_ANSWER: u64 = 64 << 20;

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
    /// It may be done already when its answer is lost.
    Never,
}

impl Transport {
    /// Sends `request` and reads the whole answer, whatever its status below 500.
    ///
    /// A call that may be [repeated](Repeat::Safe) is, where that may help. A lost answer to any
    /// other is [`Reason::Unsure`], unless nothing was ever sent.
    pub(super) async fn call(
        &self,
        request: &Request,
        cost: Cost,
        repeat: Repeat,
    ) -> Result<Answer, Reason> {
        let url = &request.url;
        let host = authority(url);
        let is_plain = |named: &String| named.eq_ignore_ascii_case(&host);
        if url.scheme() != "https" && !is_loopback(url) && !self.insecure_hosts.iter().any(is_plain)
        {
            return Err(Reason::Plain);
        }
        self.governor.admit(cost).await;
        match repeat {
            Repeat::Safe => {
                let until = Instant::now() + self.deadline;
                retry::until(until, self.first_wait, || self.once(request, cost)).await
            }
            Repeat::Never => {
                let once = timeout(self.deadline, self.once(request, cost)).await;
                let failed = match once.unwrap_or(Err(Reason::Deadline(self.deadline))) {
                    Ok(answer) => return Ok(answer),
                    Err(failed) => failed,
                };
                Err(match failed {
                    Reason::Unreachable(
                        HttpError::Dns(_)
                        | HttpError::Connect(_)
                        | HttpError::Tls(_)
                        | HttpError::Setup(_),
                    )
                    | Reason::RateLimited { .. }
                    | Reason::Offline => failed,
                    failed => Reason::Unsure(Box::new(failed)),
                })
            }
        }
    }

    async fn once(&self, request: &Request, cost: Cost) -> Result<Answer, Reason> {
        let response = self.http.send(request.clone()).await?;
        let retry_after = exchange::wait_asked(&response);
        let answer = Answer {
            status: response.status(),
            headers: response.all_headers().clone(),
            body: response.read(MAX_ANSWER).await?,
        };
        if let Some(wait) = self.governor.learn(cost, &answer) {
            let until = Timestamp::now().checked_add(wait).ok();
            return Err(Reason::RateLimited { until });
        }
        if answer.status >= 500 {
            return Err(Reason::Server(Refusal {
                status: answer.status,
                retry_after,
                with_token: true,
            }));
        }
        Ok(answer)
    }
}
