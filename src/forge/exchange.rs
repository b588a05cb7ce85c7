//! One question to a git host: tokens, redirects, retries and bounds.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    credentials::{Credentials, Pass, Scheme},
    error::{Reason, Refusal},
    limits,
};
use crate::seam::{
    http::{
        self, Http, HttpError, Method, Request, Response, Url,
        header::{AUTHORIZATION, HeaderMap, LOCATION, RETRY_AFTER},
    },
    retry,
};

/// What carries questions to git hosts.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) http: Http,
    pub(super) credentials: Credentials,
    /// Hosts that are spoken to in plain HTTP, as the user said.
    pub(super) insecure_hosts: Vec<String>,
    /// The wait before a second try.
    pub(super) first_wait: Duration,
}

/// A question.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) scheme: Scheme,
    /// No answer is waited for past this, all tries together.
    pub(super) until: Instant,
}

/// An answer of status 200, and where it came from in the end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) url: Url,
}

impl Exchange {
    /// Asks until `read` makes something of an answer, the reason is final, or the time is up.
    pub(super) async fn ask<T, F>(
        &self,
        question: &Question,
        read: impl Fn(Answer) -> F,
    ) -> Result<T, Reason>
    where
        F: Future<Output = Result<T, Reason>>,
    {
        let started = Instant::now();
        let work = async {
            for tries in 1.. {
                let attempt = async { read(self.attempt(question).await?).await };
                let reason = match attempt.await {
                    Ok(found) => return Ok(found),
                    Err(reason) => reason,
                };
                match pause(&reason, tries, self.first_wait) {
                    Some(wait) if Instant::now() + wait < question.until => {
                        tracing::debug!(%reason, ?wait, "a git host is asked again");
                        tokio::time::sleep(wait).await;
                    }
                    _ => return Err(reason),
                }
            }
            Err(Reason::Deadline(started.elapsed()))
        };
        let outcome = tokio::time::timeout_at(question.until, work).await;
        outcome.unwrap_or_else(|_| Err(Reason::Deadline(started.elapsed())))
    }

    /// A token that the host refuses is left out once: an organisation may shut out tokens that it
    /// has not let in, or machines that it does not know, from what it shows to everyone.
    async fn attempt(&self, question: &Question) -> Result<Answer, Reason> {
        let pass = self.credentials.pass(&question.url, question.scheme);
        let first = self.follow(question, pass.as_ref()).await;
        match first {
            Err(Reason::Unauthorized(_)) if pass.is_some() => {
                // The host's answer to the token tells more than that to a stranger.
                self.follow(question, None).await.or(first)
            }
            outcome => outcome,
        }
    }

    /// Sends the question and follows redirects, with the same method and body each time. The
    /// token never leaves the host that it was meant for.
    async fn follow(&self, question: &Question, pass: Option<&Pass>) -> Result<Answer, Reason> {
        self.check(&question.url)?;
        let mut url = question.url.clone();
        let mut pass = pass;
        for _ in 0..=limits::REDIRECTS {
            let mut headers = question.headers.clone();
            if let Some(pass) = pass {
                headers.insert(AUTHORIZATION, pass.header().clone());
            }
            let request = Request {
                method: question.method.clone(),
                url: url.clone(),
                headers,
                body: question.body.clone(),
            };
            let response = self.http.send(request).await?;
            match response.status() {
                200 => return Ok(Answer { response, url }),
                301 | 302 | 307 | 308 => {
                    let target = self.redirect_target(&url, response.header(LOCATION))?;
                    // Once abroad, a way back does not bring the token back.
                    pass = pass.filter(|_| target.origin() == url.origin());
                    url = target;
                    // Read, so that the connection can be used again.
                    let _ = response.read(limits::ERROR_BODY).await;
                }
                _ => return Err(refused(response, pass.is_some()).await),
            }
        }
        Err(Reason::Redirect("too often"))
    }

    fn redirect_target(&self, from: &Url, location: Option<&str>) -> Result<Url, Reason> {
        let target = location.and_then(|location| from.join(location).ok());
        let target = target.ok_or(Reason::Redirect("to nowhere"))?;
        if !target.username().is_empty() || target.password().is_some() {
            return Err(Reason::Redirect("to an address with a user name"));
        }
        if http::is_loopback(&target) && !http::is_loopback(from) {
            return Err(Reason::Redirect("from another machine to this one"));
        }
        match (from.scheme(), target.scheme()) {
            (_, "https") => Ok(target),
            ("http", "http") if self.is_plain(&target) => Ok(target),
            (_, "http") => Err(Reason::Redirect("to an unencrypted address")),
            _ => Err(Reason::Redirect("to something else than HTTP")),
        }
    }

    fn check(&self, url: &Url) -> Result<(), Reason> {
        if url.scheme() == "https" || self.is_plain(url) {
            Ok(())
        } else {
            Err(Reason::Plain)
        }
    }

    fn is_plain(&self, url: &Url) -> bool {
        let authority = http::authority(url);
        let insecure = |host: &String| host.eq_ignore_ascii_case(&authority);
        http::is_loopback(url) || self.insecure_hosts.iter().any(insecure)
    }
}

/// How long to wait before another try; `None` where that would change nothing.
fn pause(reason: &Reason, tries: u32, first: Duration) -> Option<Duration> {
    let (most, asked) = match reason {
        Reason::RateLimited { until } => {
            let wait = (*until)?.duration_since(Timestamp::now());
            (
                limits::TRIES,
                Some(Duration::try_from(wait).unwrap_or(Duration::ZERO)),
            )
        }
        Reason::Server(refusal) if matches!(refusal.status, 500 | 502 | 503 | 504) => {
            (limits::TRIES, refusal.retry_after)
        }
        Reason::Unreachable(HttpError::Broken(_)) => (limits::TRIES, None),
        Reason::Unreachable(HttpError::Dns(_) | HttpError::Connect(_)) => {
            (limits::CONNECT_TRIES, None)
        }
        _ => return None,
    };
    let wait = asked.unwrap_or_else(|| retry::backoff(first, tries));
    (tries < most && wait <= limits::LONGEST_RETRY_AFTER).then_some(wait)
}

/// The reason behind a status that says no.
async fn refused(response: Response, with_token: bool) -> Reason {
    let now = Timestamp::now();
    let asked = response.header(RETRY_AFTER);
    let retry_after = asked.and_then(|value| retry::retry_after(value, now));
    let reset = exhausted(&response);
    let refusal = Refusal {
        status: response.status(),
        retry_after,
        with_token,
    };
    // Read, so that the connection can be used again.
    let _ = response.read(limits::ERROR_BODY).await;
    let until = retry_after
        .and_then(|wait| now.checked_add(wait).ok())
        .or(reset);
    match refusal.status {
        429 => Reason::RateLimited { until },
        403 if until.is_some() => Reason::RateLimited { until },
        401 | 403 => Reason::Unauthorized(refusal),
        404 | 410 => Reason::NotFound(refusal),
        500.. => Reason::Server(refusal),
        _ => Reason::Unexpected(refusal),
    }
}

/// When GitHub's API allows more, if it says that nothing is left until then.
fn exhausted(response: &Response) -> Option<Timestamp> {
    let header = |name| response.header(http::header::HeaderName::from_static(name));
    let left: u64 = header("x-ratelimit-remaining")?.parse().ok()?;
    let reset: i64 = header("x-ratelimit-reset")?.parse().ok()?;
    (left == 0)
        .then(|| Timestamp::from_second(reset).ok())
        .flatten()
}
