//! How the token of a host is shown to it.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use crate::seam::{
    environment::Environment,
    http::{Url, authority, header::HeaderValue},
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
    /// there.
    pub(super) fn header(self, environment: &Environment, url: &Url) -> Option<HeaderValue> {
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
}
