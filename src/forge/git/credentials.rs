//! How the token of a host is shown to it.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use crate::seam::{
    environment::Environment,
    http::{Url, authority, header::HeaderValue, is_loopback},
    job_tokens,
};

/// In which way a token is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// As a password, for git.
    Basic,
    /// As it is, for an API.
    Bearer,
}

impl Scheme {
    /// The `Authorization` header for `url`, marked as sensitive, if one of the job's tokens belongs
    /// there. Unencrypted, it leaves this machine for nobody.
    pub(super) fn header(self, environment: &Environment, url: &Url) -> Option<HeaderValue> {
        if url.scheme() != "https" && !is_loopback(url) {
            return None;
        }
        let token = job_tokens::for_host(environment, &authority(url))?;
        let secret = token.secret.expose_secret();
        let text = match self {
            Self::Basic => {
                let pair = format!("{}:{secret}", token.user);
                format!("Basic {}", STANDARD.encode(pair))
            }
            Self::Bearer => format!("Bearer {secret}"),
        };
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_takes_a_password_and_an_api_the_token() {
        let job = [
            ("CI_JOB_TOKEN", "t0ken"),
            ("CI_SERVER_FQDN", "gitlab.example:8443"),
        ];
        let shown = |scheme: Scheme, url: &str| {
            let header = scheme.header(&job.into_iter().collect(), &Url::parse(url).unwrap())?;
            assert!(header.is_sensitive());
            Some(header.to_str().unwrap().to_owned())
        };
        let own = "https://gitlab.example:8443/g/r";
        let basic = format!("Basic {}", STANDARD.encode("gitlab-ci-token:t0ken"));
        assert_eq!(shown(Scheme::Basic, own), Some(basic));
        let bearer = "Bearer t0ken".to_owned();
        assert_eq!(shown(Scheme::Bearer, own), Some(bearer));
        for other in ["https://gitlab.example/g/r", "https://github.com/o/r"] {
            assert_eq!(shown(Scheme::Basic, other), None, "{other}");
        }
    }

    #[test]
    fn no_token_leaves_the_machine_unencrypted() {
        let is_shown = |server: &str| {
            let job = [("GITHUB_TOKEN", "t0ken"), ("GITHUB_SERVER_URL", server)];
            let url = Url::parse(server).unwrap();
            Scheme::Basic
                .header(&job.into_iter().collect(), &url)
                .is_some()
        };
        assert!(is_shown("https://ghe.example") && is_shown("http://127.0.0.1:3000"));
        assert!(!is_shown("http://ghe.example") && !is_shown("http://github.com:443"));
    }
}
