//! A question over HTTP until its answer: redirects, tries, time and size. What an answer means is
//! the caller's to say.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    http::{
        self, Http, HttpError, Method, Request, Response, Url,
        header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER},
    },
    retry::{self, Again},
};

/// Redirects of one request. Registries use one, to their storage; a forge, one or two.
const REDIRECTS: usize = 5;
/// The most of a body that is read for no more than to use its connection again.
const LEFTOVER: u64 = 64 << 10;

/// What asks and follows; clones share connections.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What carries each request; it follows nothing and tries once.
    pub http: Http,
    /// Where plain HTTP may go (`host` or `host:port`, in any case of letters), besides this
    /// machine and the origin that a redirect comes from.
    pub insecure_hosts: Vec<String>,
    /// The wait before a second try; doubled with each try.
    pub first_wait: Duration,
}

/// The head of an answer that is no redirect.
#[derive(Debug)]
pub struct Answer {
    /// The answer.
    pub response: Response,
    /// Where it comes from, after every redirect.
    pub url: Url,
    /// Whether it comes from the origin that was asked, and every redirect before it did.
    pub at_home: bool,
}

/// Why no answer came, or not all of one.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// No connection, or it broke off, or too much came over it.
    #[error(transparent)]
    Transport(#[from] HttpError),
    /// A redirect that is not followed.
    #[error("it redirects {0}")]
    Redirect(&'static str),
}

/// Why there is nothing to use.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No answer came, or not all of it.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// A status other than 200.
    #[error("it answered {status}")]
    Refused {
        /// The status.
        status: u16,
        /// How long it asked us to wait.
        retry_after: Option<Duration>,
    },
    /// It dripped, hung or failed until the time was up.
    #[error("it took longer than {:.1} s", .0.as_secs_f32())]
    Deadline(Duration),
}

impl Exchange {
    /// Gets the body of a 200 of at most `limit` bytes, by as many tries as help until `until`.
    ///
    /// The request may arrive more than once.
    pub async fn fetch(
        &self,
        request: &Request,
        limit: u64,
        until: Instant,
    ) -> Result<Bytes, ExchangeError> {
        let attempt = || async {
            let response = self.follow(request).await?.response;
            match response.status() {
                200 => Ok(response.read(limit).await.map_err(NoAnswer::from)?),
                _ => Err(refused(response).await),
            }
        };
        retry::until(until, self.first_wait, attempt).await
    }

    /// Sends `request`, once, and follows redirects.
    ///
    /// Headers that are marked as sensitive never leave the origin. A body is sent again wherever
    /// it is asked for, as git does, so no secret belongs in it.
    pub async fn follow(&self, request: &Request) -> Result<Answer, NoAnswer> {
        let origin = request.url.origin();
        let mut request = request.clone();
        let mut at_home = true;
        for _ in 0..=REDIRECTS {
            let response = self.http.send(request.clone()).await?;
            if !matches!(response.status(), 301 | 302 | 303 | 307 | 308) {
                return Ok(Answer {
                    response,
                    url: request.url,
                    at_home,
                });
            }
            request.url = self.target(&request.url, response.header(LOCATION))?;
            if response.status() == 303 {
                request.method = Method::GET;
                request.body = None;
                request.headers.remove(CONTENT_TYPE);
            }
            // Once abroad, a way back does not bring the credential back.
            at_home &= request.url.origin() == origin;
            if !at_home {
                request.headers = without_secrets(&request.headers);
            }
            let _ = response.read(LEFTOVER).await;
        }
        Err(NoAnswer::Redirect("too often"))
    }

    /// Where `location` in an answer from `from` leads, unless that is no place to send anything to.
    pub fn target(&self, from: &Url, location: Option<&str>) -> Result<Url, NoAnswer> {
        let refused = |what| Err(NoAnswer::Redirect(what));
        let Some(target) = location.and_then(|location| from.join(location).ok()) else {
            return refused("to nowhere");
        };
        if !target.username().is_empty() || target.password().is_some() {
            return refused("to an address with a user name");
        }
        if http::is_loopback(&target) && !http::is_loopback(from) {
            return refused("from another machine to this one");
        }
        match (from.scheme(), target.scheme()) {
            (_, "https") => Ok(target),
            ("http", "http") if from.origin() == target.origin() || self.is_plain(&target) => {
                Ok(target)
            }
            (_, "http") => refused("to an unencrypted address"),
            _ => refused("to something else than HTTP"),
        }
    }

    /// Whether plain HTTP may go to the host of `url`.
    pub fn is_plain(&self, url: &Url) -> bool {
        let authority = http::authority(url);
        let insecure = |host: &String| host.eq_ignore_ascii_case(&authority);
        http::is_loopback(url) || self.insecure_hosts.iter().any(insecure)
    }
}

/// The failure behind a status that says no; reads the body, so that the connection can be used
/// again.
async fn refused(response: Response) -> ExchangeError {
    let (status, retry_after) = (response.status(), wait_asked(&response));
    let _ = response.read(LEFTOVER).await;
    ExchangeError::Refused {
        status,
        retry_after,
    }
}

/// How long the answer asks us to wait before another try.
pub fn wait_asked(response: &Response) -> Option<Duration> {
    let value = response.header(RETRY_AFTER)?;
    retry::retry_after(value, Timestamp::now())
}

fn without_secrets(headers: &HeaderMap) -> HeaderMap {
    let harmless = headers
        .iter()
        .filter(|(name, value)| **name != AUTHORIZATION && !value.is_sensitive());
    let pairs = harmless.map(|(name, value)| (name.clone(), value.clone()));
    pairs.collect()
}

impl retry::Failure for ExchangeError {
    fn again(&self) -> Option<Again> {
        match self {
            Self::NoAnswer(NoAnswer::Transport(error)) => Again::after_error(error),
            Self::Refused {
                status,
                retry_after,
            } => Again::after_status(*status, *retry_after),
            Self::NoAnswer(NoAnswer::Redirect(_)) | Self::Deadline(_) => None,
        }
    }

    fn too_late(waited: Duration) -> Self {
        Self::Deadline(waited)
    }
}
