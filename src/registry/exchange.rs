//! One question to a registry: its challenge, its reasons for a no, and bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{
    auth::{Access, Authenticator, Challenge, Pass},
    error::{Reason, Refusal},
    limits, manifest,
};
use crate::{
    model::{digest::Digest, image::Repository},
    seam::{
        exchange::{self, NoAnswer},
        http::{
            self, Request, Response, Url,
            header::{
                ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName,
                HeaderValue, LINK, WWW_AUTHENTICATE,
            },
        },
        retry::{self, Again},
    },
};

/// What registries call themselves by, also those that answer `HEAD` without a body.
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// Codes of what is absent beside the specification's, which end in `_UNKNOWN`: Harbor's and
/// Quay's.
const ABSENT: &[&str] = &["NOT_FOUND", "TAG_EXPIRED"];

/// What carries questions to registries.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) web: exchange::Exchange,
    pub(super) auth: Authenticator,
}

/// A question.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) repository: &'a Repository,
    /// What is done there beside this question.
    pub(super) access: Access,
    pub(super) url: Url,
    pub(super) accept: &'static str,
    pub(super) size: Size,
    /// No answer is waited for past this, all tries together.
    pub(super) until: Instant,
}

/// How many bytes an answer has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    AtMost(u64),
    Exactly(u64),
}

/// An answer.
#[derive(Debug)]
pub(super) enum Answer {
    Found(Received),
    /// A 404.
    Absent(Absence),
}

/// How a 404 came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// In a registry's words.
    Told,
    /// With nothing that only a registry would say.
    Bare,
    /// With a web page, as servers do that are no registries.
    WebPage,
}

/// An answer's content; the digest was taken while it came in.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Bytes,
    pub(super) digest: Digest,
    pub(super) content_type: Option<String>,
    pub(super) links: Vec<String>,
}

impl Exchange {
    /// The URL of `rest` in `repository`. Neither can hold anything that would leave its place.
    pub(super) fn url(&self, repository: &Repository, rest: &str) -> Result<Url, Reason> {
        let base = base_url(repository.host(), &self.web.insecure_hosts)?;
        base.join(&format!("/v2/{}/{rest}", repository.path()))
            .map_err(|_| Reason::Malformed("its address is no URL".to_owned()))
    }

    /// Asks until there is an answer, the reason is final, or the time is up.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<Answer, Reason> {
        let attempt = || self.attempt(question);
        retry::until(question.until, self.web.first_wait, attempt).await
    }

    /// Asks once.
    pub(super) async fn attempt(&self, question: &Question<'_>) -> Result<Answer, Reason> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(question.accept));
        let request = Request::get(question.url.clone(), headers);
        let admitted = self.admitted(question.repository, question.access, &request);
        let answer = admitted.await?;
        receive(answer.response, question.size, answer.at_home).await
    }

    /// Sends a request to the registry itself, a second time where it then says what lets it in.
    ///
    /// Redirects are followed. What lets us in never leaves the registry's own origin.
    pub(super) async fn admitted(
        &self,
        repository: &Repository,
        access: Access,
        request: &Request,
    ) -> Result<exchange::Answer, Reason> {
        let pass = self.auth.current(repository, access).await;
        let answer = self.follow(request, pass.as_ref()).await?;
        if answer.response.status() != 401 || !answer.at_home {
            return Ok(answer);
        }
        let challenge = Challenge::choose(answer.response.headers(WWW_AUTHENTICATE))?;
        let refusal = refusal(answer.response).await;
        let Some(challenge) = challenge else {
            return Err(Reason::Unauthorized(refusal));
        };
        let pass = self
            .auth
            .answer(repository, access, &request.url, &challenge, pass)
            .await?;
        match pass {
            Some(pass) => self.follow(request, Some(&pass)).await,
            None => Err(Reason::Unauthorized(refusal)),
        }
    }

    async fn follow(
        &self,
        request: &Request,
        pass: Option<&Pass>,
    ) -> Result<exchange::Answer, Reason> {
        let mut request = request.clone();
        if let Some(pass) = pass {
            request.headers.insert(AUTHORIZATION, pass.header().clone());
        }
        Ok(self.web.follow(&request).await?)
    }
}

/// Where `host` answers: plain HTTP on this machine and where the user said so, HTTPS elsewhere.
pub(super) fn base_url(host: &str, insecure_hosts: &[String]) -> Result<Url, Reason> {
    let host = match host {
        "docker.io" => "registry-1.docker.io",
        host => host,
    };
    let malformed = |_| Reason::Malformed("its address is no URL".to_owned());
    let plain = Url::parse(&format!("http://{host}/")).map_err(malformed)?;
    let insecure = |name: &String| name.eq_ignore_ascii_case(host);
    if http::is_loopback(&plain) || insecure_hosts.iter().any(insecure) {
        Ok(plain)
    } else {
        Url::parse(&format!("https://{host}/")).map_err(malformed)
    }
}

async fn receive(response: Response, size: Size, at_home: bool) -> Result<Answer, Reason> {
    match response.status() {
        200 => read(response, size).await.map(Answer::Found),
        404 => Ok(Answer::Absent(absence(response, at_home).await)),
        _ => Err(refused(response, at_home).await),
    }
}

/// How a 404 was meant: a proxy's, a storage's or a web server's says nothing about what the
/// registry has.
async fn absence(response: Response, at_home: bool) -> Absence {
    let kind = response.header(CONTENT_TYPE).map(manifest::essence);
    let is_registry = response.header(API_VERSION).is_some();
    let body = response.read(limits::ERROR_BODY).await;
    if kind.as_deref() == Some("text/html") {
        return Absence::WebPage;
    }
    let told = body.is_ok_and(|body| match error_code(&body) {
        Some(code) => code.ends_with("_UNKNOWN") || ABSENT.contains(&code.as_str()),
        None => is_registry && body.is_empty(),
    });
    if told && at_home {
        Absence::Told
    } else {
        Absence::Bare
    }
}

/// The reason behind a status that says no.
pub(super) async fn refused(response: Response, at_home: bool) -> Reason {
    let refusal = refusal(response).await;
    match refusal.status {
        // A storage's no has nothing to do with the user's credential.
        401 if at_home => Reason::Unauthorized(refusal),
        403 if at_home => Reason::Forbidden(refusal),
        429 => Reason::RateLimited(refusal),
        500.. => Reason::Server(refusal),
        _ => Reason::Unexpected(refusal),
    }
}

async fn refusal(response: Response) -> Refusal {
    Refusal {
        status: response.status(),
        retry_after: exchange::wait_asked(&response),
        code: match response.read(limits::ERROR_BODY).await {
            Ok(body) => error_code(&body),
            Err(_) => None,
        },
    }
}

impl From<Absence> for Reason {
    fn from(absence: Absence) -> Self {
        match absence {
            Absence::Told => Self::NotFound,
            Absence::Bare => Self::BareNotFound,
            Absence::WebPage => {
                Self::Malformed("404 with a web page, as no registry answers".to_owned())
            }
        }
    }
}

/// The code of a registry's error. Its message is left out: it may echo what we sent.
fn error_code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Code>,
    }
    #[derive(Deserialize)]
    struct Code {
        code: String,
    }
    let errors: Errors = serde_json::from_slice(body).ok()?;
    let code = errors.errors.into_iter().next()?.code;
    let plain = |b: u8| b.is_ascii_uppercase() || b == b'_';
    ((1..=32).contains(&code.len()) && code.bytes().all(plain)).then_some(code)
}

impl From<NoAnswer> for Reason {
    fn from(failure: NoAnswer) -> Self {
        match failure {
            NoAnswer::Transport(error) => Self::Transport(error),
            NoAnswer::Redirect(what) => Self::Redirect(what),
        }
    }
}

impl retry::Failure for Reason {
    fn again(&self) -> Option<Again> {
        match self {
            Self::Token { reason, .. } => reason.again(),
            Self::RateLimited(refusal) | Self::Server(refusal) => {
                Again::after_status(refusal.status, refusal.retry_after)
            }
            Self::Transport(error) => Again::after_error(error),
            _ => None,
        }
    }

    fn too_late(waited: Duration) -> Self {
        Self::Deadline(waited)
    }
}

/// Reads a body within its bounds and hashes it on the way.
async fn read(mut response: Response, size: Size) -> Result<Received, Reason> {
    if response
        .header(CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    {
        return Err(Reason::Malformed(
            "it is compressed, though that was not asked for".to_owned(),
        ));
    }
    if let Some(length) = response.content_length() {
        size.check(length, true)?;
    }
    let mut hasher = Sha256::new();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        size.check((bytes.len() + chunk.len()) as u64, false)?;
        hasher.update(&chunk);
        bytes.extend_from_slice(&chunk);
    }
    size.check(bytes.len() as u64, true)?;
    Ok(Received {
        bytes: bytes.freeze(),
        digest: Digest::from_sha256(hasher.finalize().into()),
        content_type: response.header(CONTENT_TYPE).map(str::to_owned),
        links: response.headers(LINK).map(str::to_owned).collect(),
    })
}

impl Size {
    /// Refuses a length that is out of bounds; only the `whole` length can be too small.
    fn check(self, received: u64, whole: bool) -> Result<(), Reason> {
        match self {
            Self::AtMost(limit) if received > limit => Err(Reason::TooLarge {
                limit,
                unit: "bytes",
            }),
            Self::Exactly(expected) if received > expected || (whole && received < expected) => {
                Err(Reason::SizeMismatch { expected, received })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_and_named_hosts() {
        let insecure = ["plain.example:5000".to_owned()];
        for (host, url) in [
            ("127.0.0.1:5000", "http://127.0.0.1:5000/"),
            ("[::1]:5000", "http://[::1]:5000/"),
            ("localhost", "http://localhost/"),
            ("plain.example:5000", "http://plain.example:5000/"),
            ("plain.example", "https://plain.example/"),
            ("docker.io", "https://registry-1.docker.io/"),
            ("10.0.0.1:5000", "https://10.0.0.1:5000/"),
        ] {
            assert_eq!(base_url(host, &insecure).unwrap().as_str(), url);
        }
    }

    #[test]
    fn an_error_code_is_a_word_and_never_what_we_sent() {
        let body = |code: &str| format!(r#"{{"errors":[{{"code":"{code}","message":"secret"}}]}}"#);
        assert_eq!(
            error_code(body("DENIED").as_bytes()).as_deref(),
            Some("DENIED")
        );
        assert_eq!(error_code(body("ghp_abcDEF").as_bytes()), None);
        assert_eq!(error_code(body(&"A".repeat(33)).as_bytes()), None);
        assert_eq!(error_code(b"<html>"), None);
    }
}
