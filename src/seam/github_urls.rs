//! Where the GitHub of a job is.
//!
//! Its site and its API are two addresses of one installation. Whoever tells only one of them means
//! that installation, so the other is derived and never taken from github.com.

use super::{environment::Environment, http::Url};

/// The addresses of one GitHub.
#[derive(Clone, Debug)]
pub struct GithubUrls {
    /// The site, where repositories are.
    pub server: Option<Url>,
    /// The API.
    pub api: Option<Url>,
}

impl GithubUrls {
    /// What `GITHUB_SERVER_URL` and `GITHUB_API_URL` say; github.com where neither is set.
    ///
    /// A value that is no URL is no address, and no other takes its place.
    pub fn of(environment: &Environment) -> Self {
        let url = |text| Url::parse(text).ok();
        let (server, api) = match (
            environment.get("GITHUB_SERVER_URL"),
            environment.get("GITHUB_API_URL"),
        ) {
            (None, None) => (url("https://github.com"), url("https://api.github.com")),
            (Some(server), None) => (url(server), url(server).as_ref().and_then(usual_api)),
            (None, Some(api)) => (url(api).as_ref().and_then(server_of), url(api)),
            (Some(server), Some(api)) => (url(server), url(api)),
        };
        Self { server, api }
    }
}

/// Where the API of the GitHub at `server` usually is.
pub fn usual_api(server: &Url) -> Option<Url> {
    let host = server.host_str()?;
    if is_cloud(host) {
        return Url::parse(&format!("https://api.{host}")).ok();
    }
    server.join("/api/v3").ok()
}

/// The site whose API is at `api`: on the same host, but for GitHub's own.
pub fn server_of(api: &Url) -> Option<Url> {
    let host = api.host_str()?;
    match host.strip_prefix("api.").filter(|site| is_cloud(site)) {
        Some(site) => Url::parse(&format!("https://{site}")).ok(),
        None => api.join("/").ok(),
    }
}

fn is_cloud(host: &str) -> bool {
    host == "github.com" || host.ends_with(".ghe.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_tells_the_other() {
        let both = |server: &str, api: &str| (Some(server.to_owned()), Some(api.to_owned()));
        let cloud = both("https://github.com/", "https://api.github.com/");
        let ghe = both(
            "https://ghe.example:8443/",
            "https://ghe.example:8443/api/v3",
        );
        let tenant = both("https://acme.ghe.com/", "https://api.acme.ghe.com/");
        for (variables, expected) in [
            (&[][..], &cloud),
            (&[("SERVER", "https://github.com")], &cloud),
            (&[("API", "https://api.github.com")], &cloud),
            (&[("SERVER", "https://ghe.example:8443")], &ghe),
            (&[("API", "https://ghe.example:8443/api/v3")], &ghe),
            (&[("SERVER", "https://acme.ghe.com")], &tenant),
            (&[("API", "https://api.acme.ghe.com")], &tenant),
            (&[("SERVER", "ghe.example")], &(None, None)),
            (
                &[
                    ("SERVER", "https://a.example"),
                    ("API", "https://b.example"),
                ],
                &both("https://a.example/", "https://b.example/"),
            ),
        ] {
            let named: Vec<_> = variables
                .iter()
                .map(|(name, value)| (format!("GITHUB_{name}_URL"), *value))
                .collect();
            let named = named.iter().map(|(name, value)| (name.as_str(), *value));
            let found = GithubUrls::of(&named.collect());
            let found = (found.server.map(String::from), found.api.map(String::from));
            assert_eq!(found, *expected, "{variables:?}");
        }
    }
}
