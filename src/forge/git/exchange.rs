//! One question to a git host: its token, and its reasons for a no.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    super::error::{Reason, Refusal},
    credentials::Scheme,
    limits,
};
use crate::seam::{
    environment::Environment,
    exchange::{self, Answer, NoAnswer},
    http::{
        Request, Response,
        header::{AUTHORIZATION, HeaderName, HeaderValue},
    },
    retry::{self, Again},
};

/// What carries questions to git hosts.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) web: exchange::Exchange,
    /// Where the tokens are.
    pub(super) environment: Environment,
}

/// A question.
#[derive(Debug)]
pub(super) struct Question {
    /// Without a token.
    pub(super) request: Request,
    pub(super) scheme: Scheme,
    /// No answer is waited for past this, all tries together.
    pub(super) until: Instant,
}

impl Exchange {
    /// Asks until `read` makes something of an answer of status 200, the reason is final, or the
    /// time is up.
    pub(super) async fn ask<T, F>(
        &self,
        question: &Question,
        read: impl Fn(Answer) -> F,
    ) -> Result<T, Reason>
    where
        F: Future<Output = Result<T, Reason>>,
    {
        let url = &question.request.url;
        if url.scheme() != "https" && !self.web.is_plain(url) {
            return Err(Reason::Plain);
        }
        let attempt = || async { read(self.attempt(question).await?).await };
        retry::until(question.until, self.web.first_wait, attempt).await
    }

    /// A token that the host refuses is left out once: an organisation may shut out tokens that it
    /// has not let in, or machines that it does not know, from what it shows to everyone.
    async fn attempt(&self, question: &Question) -> Result<Answer, Reason> {
        let request = &question.request;
        let Some(token) = question.scheme.header(&self.environment, &request.url) else {
            return self.follow(request).await;
        };
        let first = self.follow(&with_token(request, token)).await;
        match first {
            // The host's answer to the token tells more than that to a stranger.
            Err(Reason::Unauthorized(_)) => self.follow(request).await.or(first),
            outcome => outcome,
        }
    }

    async fn follow(&self, request: &Request) -> Result<Answer, Reason> {
        let answer = self.web.follow(request).await?;
        if answer.response.status() == 200 {
            return Ok(answer);
        }
        let with_token = answer.at_home && request.headers.contains_key(AUTHORIZATION);
        Err(refused(answer.response, with_token).await)
    }
}

fn with_token(request: &Request, token: HeaderValue) -> Request {
    let mut request = request.clone();
    request.headers.insert(AUTHORIZATION, token);
    request
}

impl From<NoAnswer> for Reason {
    fn from(failure: NoAnswer) -> Self {
        match failure {
            NoAnswer::Transport(error) => error.into(),
            NoAnswer::Redirect(what) => Self::Redirect(what),
        }
    }
}

impl retry::Failure for Reason {
    fn again(&self) -> Option<Again> {
        match self {
            // A host that does not tell when would refuse the next ones as well.
            Self::RateLimited { until } => {
                let wait = (*until)?.duration_since(Timestamp::now());
                let wait = Duration::try_from(wait).unwrap_or(Duration::ZERO);
                Again::after_status(429, Some(wait))
            }
            Self::Server(refusal) => Again::after_status(refusal.status, refusal.retry_after),
            Self::Unreachable(error) => Again::after_error(error),
            _ => None,
        }
    }

    fn too_late(waited: Duration) -> Self {
        Self::Deadline(waited)
    }
}

/// The reason behind a status that says no.
async fn refused(response: Response, with_token: bool) -> Reason {
    let retry_after = exchange::wait_asked(&response);
    let asked = retry_after.and_then(|wait| Timestamp::now().checked_add(wait).ok());
    let until = asked.or_else(|| exhausted(&response));
    let refusal = Refusal {
        status: response.status(),
        retry_after,
        with_token,
    };
    // Read, so that the connection can be used again.
    let _ = response.read(limits::ERROR_BODY).await;
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
    let header = |name| response.header(HeaderName::from_static(name));
    let left: u64 = header("x-ratelimit-remaining")?.parse().ok()?;
    let reset: i64 = header("x-ratelimit-reset")?.parse().ok()?;
    (left == 0)
        .then(|| Timestamp::from_second(reset).ok())
        .flatten()
}
